import { afterEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { gitStatus, hasUnpushedWork, listWorktrees, verifyWorktree } from "../lib/git.ts";
import { isProjectId } from "../lib/paths.ts";
import { hasSession, listSessions } from "../lib/tmux.ts";
import {
  listMetadata,
  readArchivedMetadataRaw,
  readMetadata,
  readMetadataRaw,
} from "../node_modules/@composio/ao-core/dist/metadata.js";
import { bigDisk } from "./disk/big.ts";
import { makeDisk } from "./disk/build.ts";
import { faults } from "./disk/faults.ts";
import { addWorktree, addWorktreeFast, git, makeRepo, testEnv } from "./disk/repos.ts";
import type { BuiltProject, Disk } from "./disk/spec.ts";
import { states } from "./disk/states.ts";
import { disks } from "./disk.ts";
import { makeTemp } from "./temp.ts";
import { diffTrees, readTree } from "./tree.ts";

const made: { cleanup(): void }[] = [];
afterEach(() => {
  for (const disk of made.splice(0)) disk.cleanup();
});

function keep(disk: Disk): Disk {
  made.push(disk);
  return disk;
}

function tempDir(): string {
  const dir = makeTemp("disk-test");
  made.push({ cleanup: () => rmSync(dir, { recursive: true, force: true }) });
  return dir;
}

function liveSessions(project: BuiltProject) {
  return project.sessions.filter(({ archived }) => !archived);
}

/** Sub-directories and files directly below a project's state directory, by name. */
function names(...path: string[]): string[] {
  return readdirSync(join(...path)).sort();
}

describe("worktrees", () => {
  test("made without git are what git makes, and git works with them", () => {
    const dir = tempDir();
    const repo = makeRepo(join(dir, "repo"), "https://github.com/o/r.git");
    const paths = ["a/x-1", "b/x-1"].map((name) => join(dir, name));
    const [real = "", fast = ""] = paths;
    addWorktree(repo, real, "one");
    addWorktreeFast(repo, fast, "two");
    expect(diffTrees(readTree(real), readTree(fast)).join("\n")).toMatch(/^~ \.git: [^\n]*$/);
    const admin = (id: string) => join(repo, ".git", "worktrees", id);
    expect(names(admin("x-11"))).toEqual(names(admin("x-1")));
    for (const file of ["HEAD", "ORIG_HEAD", "commondir", "gitdir", "logs/HEAD"]) {
      const [ours, gits] = ["x-11", "x-1"].map((id) => readFileSync(join(admin(id), file), "utf8"));
      const asTwo = gits?.replace("/one", "/two").replace("/a/x-1", "/b/x-1");
      expect(ours).toBe(asTwo ?? "");
    }
    expect(gitStatus(fast, testEnv(dir)).changes).toEqual([]);
    git(fast, "commit", "-q", "--allow-empty", "-m", "More");
    git(repo, "fsck", "--strict");
    git(repo, "worktree", "remove", fast);
  });

  test("of every whole disk are clean, pushed, on their branch and known to git", () => {
    for (const build of [states.v1AndV2Mix, states.strandedWorktrees, states.everyLayout]) {
      const disk = keep(build());
      for (const project of disk.projects) {
        const { repo, sessions } = project;
        const worktrees = sessions.filter(({ worktree }) => worktree !== undefined);
        expect(worktrees).toHaveLength(liveSessions(project).length);
        expect(
          listWorktrees(repo, disk.env)
            .map(({ path }) => path)
            .sort(),
        ).toEqual([repo, ...worktrees.map(({ worktree = "" }) => worktree)].sort());
        const [{ worktree = "", branch } = { branch: "" }] = worktrees;
        expect(verifyWorktree(worktree, disk.env)).toBeNull();
        expect(gitStatus(worktree, disk.env)).toMatchObject({ branch, changes: [] });
        expect(hasUnpushedWork(worktree, disk.env)).toBe(false);
      }
    }
  });
});

describe("V1 state", () => {
  test("is read back by AO's own core", () => {
    const disk = keep(states.v1AndV2Mix());
    for (const name of ["integrator", "backend"]) {
      const project = disk.project(name);
      const dir = join(project.stateDir, "sessions");
      expect(listMetadata(dir).sort()).toEqual(
        liveSessions(project)
          .map(({ id }) => id)
          .sort(),
      );
      for (const { id, worktree, branch, tmuxName } of liveSessions(project)) {
        expect(readMetadata(dir, id)).toMatchObject({ worktree, branch, tmuxName, project: name });
        const { id: handle } = JSON.parse(readMetadataRaw(dir, id)?.runtimeHandle ?? "") as {
          id: string;
        };
        expect(handle).toBe(tmuxName ?? "");
      }
      const archived = project.sessions.find((session) => session.archived);
      expect(readArchivedMetadataRaw(dir, archived?.id ?? "")?.branch).toBe(archived?.branch ?? "");
    }
  });

  test("is where AO looks for it, with the owner it expects and reports it can list", () => {
    const disk = keep(states.v1AndV2Mix());
    const core = join(import.meta.dir, "../node_modules/@composio/ao-core/dist");
    const script = `
      const paths = await import("${core}/paths.js");
      const { FeedbackReportStore } = await import("${core}/feedback-tools.js");
      const [config, path] = process.argv.slice(1);
      paths.validateAndStoreOrigin(config, path);
      const dir = paths.getFeedbackReportsDir(config, path);
      console.log(JSON.stringify({
        sessions: paths.getSessionsDir(config, path),
        reports: new FeedbackReportStore(dir).list().length,
      }));`;
    const { configFile = "", path, stateDir } = disk.project("integrator");
    const ran = Bun.spawnSync([process.execPath, "-e", script, configFile, path], {
      env: disk.env,
    });
    expect(JSON.parse(ran.stdout.toString())).toEqual({
      sessions: join(stateDir, "sessions"),
      reports: 2,
    });
    expect(disk.project("backend").hash).toBe(disk.project("integrator").hash);
  });

  test("of the architecture plan's example has its names", () => {
    const disk = keep(states.seedExample());
    const { hash } = disk.project("integrator");
    expect(names(disk.baseDir)).toEqual([`${hash}-backend`, `${hash}-integrator`]);
    for (const [name, id] of [
      ["integrator", "int-1"],
      ["backend", "be-1"],
    ] as const) {
      const { stateDir, sessions } = disk.project(name);
      expect(names(stateDir)).toEqual([".origin", "sessions", "worktrees"]);
      expect(sessions.map((session) => [session.id, session.tmuxName])).toEqual([
        [id, `${hash}-${id}`],
      ]);
    }
  });
});

describe("state since V2", () => {
  test("is JSON with a worktree, under hashed ids or bare names, as the registry says", () => {
    const disk = keep(states.everyLayout());
    const registry = Bun.YAML.parse(readFileSync(disk.configFile, "utf8")) as {
      projects: Record<string, { path: string; sessionPrefix: string }>;
    };
    for (const project of disk.projects.filter(({ layout }) => /^(v1-bare|v2|v3)$/.test(layout))) {
      expect(isProjectId(basename(project.stateDir))).toBe(project.layout !== "v1-bare");
      expect(registry.projects[project.key]).toMatchObject({
        path: project.path,
        sessionPrefix: project.prefix,
      });
      for (const { file, worktree, tmuxName } of liveSessions(project)) {
        const text = readFileSync(file, "utf8");
        const session = JSON.parse(text) as object;
        expect(session).toMatchObject({ worktree, tmuxName, runtimeHandle: { id: tmuxName } });
        expect(text).toBe(`${JSON.stringify(session, null, 2)}\n`);
      }
    }
    expect(names(disk.project("PyTorch").stateDir)).toContain("identity.json");
  });

  test("leaks observability that names projects in every part of its files, or none", () => {
    const disk = keep(states.observabilityLeak());
    const dirs = names(disk.baseDir).filter((name) => name.endsWith("-observability"));
    expect(dirs).toHaveLength(23);
    const texts = dirs.map((name) => {
      const processes = join(disk.baseDir, name, "processes");
      const file = readdirSync(processes).find((entry) => entry.endsWith(".json")) ?? "";
      return readFileSync(join(processes, file), "utf8");
    });
    const named = texts.filter((text) => disk.projects.some(({ key }) => text.includes(key)));
    expect(named).toHaveLength(19);
    for (const part of ["traces", "sessions", "health", "metrics"]) {
      const parts = texts.map((text) =>
        JSON.stringify((JSON.parse(text) as Record<string, unknown>)[part]),
      );
      expect(parts.some((text) => disk.projects.some(({ key }) => text.includes(key)))).toBe(true);
    }
  });
});

describe("a disk", () => {
  test("made twice in one place is the same, byte for byte", () => {
    const dir = join(tempDir(), "disk");
    const trees = [1, 2].map(() => {
      mkdirSync(dir);
      const disk = disks.everyLayout?.(dir);
      const tree = readTree(dir);
      disk?.cleanup();
      return tree;
    });
    const [first = new Map(), second = new Map()] = trees;
    expect(first.size).toBeGreaterThan(300);
    expect(diffTrees(first, second)).toEqual([]);
  });

  test("is gone after cleanup, with its tmux server and its processes", () => {
    const disk = keep(faults.liveOrchestrator());
    const { pid } = JSON.parse(readFileSync(join(disk.baseDir, "running.json"), "utf8")) as {
      pid: number;
    };
    expect(hasSession("int-orchestrator", disk.env)).toBe(true);
    expect(readFileSync(`/proc/${pid}/cmdline`, "utf8")).toContain("/bin/ao\0start");
    const panes = listSessions(disk.env)?.flatMap(({ panePids }) => panePids) ?? [];
    disk.cleanup();
    expect(existsSync(disk.root)).toBe(false);
    expect(listSessions(disk.env)).toEqual([]);
    for (const gone of [pid, ...panes]) expect(commandLine(gone)).toBe("");
  });

  for (const [name, build] of Object.entries(disks)) {
    test(`called ${name} can be made, and leaves nothing behind`, () => {
      const disk = keep(build());
      expect(existsSync(disk.baseDir)).toBe(true);
      disk.cleanup();
      expect(existsSync(disk.root)).toBe(false);
    });
  }

  test("can be had from the command line", () => {
    const command = [process.execPath, join(import.meta.dir, "disk.ts")];
    const usage = Bun.spawnSync(command);
    expect([usage.exitCode, usage.stdout.toString()]).toEqual([2, ""]);
    expect(usage.stderr.toString()).toContain("numberedOrchestrators\n");
    const dir = tempDir();
    const result = Bun.spawnSync([...command, "seedExample", dir]);
    expect(result.stdout.toString()).toContain(`export HOME='${dir}/home'\n`);
    expect(
      existsSync(join(dir, "home", "code", "my-orchestrator", "agent-orchestrator.yaml")),
    ).toBe(true);
  });
});

/** Of a process that may be ending: empty once it has no memory any more. */
function commandLine(pid: number): string {
  for (let tries = 0; tries < 100; tries += 1) {
    const path = `/proc/${pid}/cmdline`;
    const text = existsSync(path) ? readFileSync(path, "utf8") : "";
    if (text === "") return "";
    Bun.sleepSync(10);
  }
  return `${pid} still runs`;
}

test("a big disk has the numbers that were asked for", () => {
  const disk = keep(
    bigDisk({
      projects: 12,
      sessionsPerProject: 20,
      observability: 30,
      worktrees: 8,
      filesPerWorktree: 50,
      dir: tempDir(),
    }),
  );
  const sessions = disk.projects.flatMap((project) => project.sessions);
  expect(sessions).toHaveLength(240);
  const worktrees = sessions.flatMap(({ worktree }) => (worktree === undefined ? [] : [worktree]));
  expect(worktrees).toHaveLength(8);
  for (const worktree of worktrees) {
    expect(git(worktree, "ls-files").split("\n")).toHaveLength(50);
    expect(verifyWorktree(worktree, disk.env)).toBeNull();
    expect(gitStatus(worktree, disk.env).changes).toEqual([]);
  }
  expect(names(disk.baseDir).filter((name) => name.endsWith("-observability"))).toHaveLength(30);
  expect(dirname(disk.baseDir)).toBe(disk.home);
});

test("projects that share a repository share no branch", () => {
  const disk = keep(faults.sharedRepository());
  const branches = disk.projects.flatMap(({ sessions }) => sessions.map(({ branch }) => branch));
  expect(new Set(branches).size).toBe(branches.length);
  expect(
    keep(makeDisk({ projects: [{ name: "x", origin: null }] })).project("x").originUrl,
  ).toBeUndefined();
});
