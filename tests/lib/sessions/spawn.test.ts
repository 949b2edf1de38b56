import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ToolkitError } from "../../../lib/errors.ts";
import { resolvePlaces } from "../../../lib/paths.ts";
import { readConfigs } from "../../../lib/sessions/configs.ts";
import { programFor } from "../../../lib/sessions/program.ts";
import { chooseProject, findProjects, type Project } from "../../../lib/sessions/projects.ts";
import { spawn } from "../../../lib/sessions/spawn.ts";
import { findStateDirs } from "../../../lib/sessions/state-dirs.ts";
import { scan } from "../../../lib/storage/scan.ts";
import { hasSession, newSession } from "../../../lib/tmux.ts";
import { makeDisk } from "../../disk/build.ts";
import { git, mkdirs, writeFiles } from "../../disk/repos.ts";
import type { Disk, Layout } from "../../disk/spec.ts";
import { readTree } from "../../tree.ts";
import {
  changeOptions,
  type Home,
  makeExample,
  makeExampleRepos,
  makeHome,
  projectAt,
  siteAt,
} from "./site.ts";

const now = new Date("2026-02-17T10:30:00.250Z");

function example(home: Home): Project {
  makeExampleRepos(home);
  return projectAt(home, makeExample(home), "integrator");
}

const state = (home: Home) =>
  [...readTree(home.home, { skip: (path) => path.endsWith("migrations") || path.endsWith("logs") })]
    .map(([path, { digest }]) => `${path} ${digest ?? ""}`)
    // What git itself keeps after a worktree has gone.
    .filter((line) => !/\.git(\/worktrees|\/refs\/heads\/feat|\/COMMIT_EDITMSG)? /.test(line))
    .filter((line) => !/^(\.agent-orchestrator)? ?$/.test(line));

/** The only project on a built disk. */
function only(disk: Disk): Project {
  const site = {
    places: resolvePlaces({ home: disk.home, env: disk.env }),
    cwd: "/",
    env: disk.env,
  };
  const dirs = findStateDirs(disk.baseDir);
  return chooseProject(findProjects(site, dirs, readConfigs(site, dirs)), "integrator");
}

describe("a session is made in the layout that is in use", () => {
  const expected: [Layout, string, string][] = [
    ["v1", "kv", "int-3"],
    ["v1-bare-hash", "kv", "int-3"],
    ["v1-bare", "json", "int-3"],
    ["v2", "json", "int-3"],
    ["v3", "json", "int-3"],
  ];
  for (const [layout, format, id] of expected) {
    test(layout, async () => {
      using disk = makeDisk({ projects: [{ name: "integrator", layout, sessions: 2 }] });
      const project = only(disk);
      const options = changeOptions({ ...disk, env: disk.env });
      const request = { project, issue: "INT-9", command: "sleep 60", now };
      const { session } = await spawn(request, disk.env, options);
      const places = resolvePlaces({ home: disk.home, env: disk.env });
      const { projects, hashDirs, worktrees } = scan(places, {
        tmux: true,
        sizes: false,
        env: disk.env,
      });
      const dir = [...projects, ...hashDirs].find(({ path }) => path === project.dir.path);
      expect(dir?.sessions.find(({ sessionId }) => sessionId === id)).toMatchObject({
        format,
        fields: {
          ...{
            branch: "feat/INT-9",
            issue: "INT-9",
            status: "working",
            worktree: session.worktree,
          },
          ...{ tmuxName: session.tmuxName, createdAt: "2026-02-17T10:30:00Z" },
        },
      });
      expect(worktrees.some(({ path }) => path === session.worktree)).toBe(true);
      expect(dir?.nextSessionId).toBe(layout === "v3" ? 4 : undefined);
      const isV1 = project.dir.hash !== undefined;
      expect(session.tmuxName).toBe(isV1 ? `${project.dir.hash}-${id}` : id);
      expect(hasSession(session.tmuxName, disk.env)).toBe(true);
    });
  }
});

test("the session runs in its worktree, knows its names, and gets hostile words as they are", async () => {
  using home = makeHome();
  const project = example(home);
  const out = join(home.home, "out");
  const command = `printf '%s|' "$PWD" "$AO_SESSION" "$AO_TMUX_NAME" "$AO_ISSUE_ID" > ${out}; sleep 60`;
  const { session } = await spawn(
    { project, issue: "INT-1", command, now },
    home.env,
    changeOptions(home),
  );
  expect(readFileSync(out, "utf8")).toBe(`${session.worktree}|int-1|${session.tmuxName}|INT-1|`);
});

test("a branch that exists is gone on with; one that is in use is refused", async () => {
  using home = makeHome();
  const project = example(home);
  git(project.path, "branch", "feat/INT-5");
  const request = { project, issue: "INT-5", now };
  const made = await spawn(request, home.env, changeOptions(home));
  expect(made.base).toBeNull();
  expect(git(made.session.worktree, "branch", "--show-current")).toBe("feat/INT-5");
  await expect(spawn(request, home.env, changeOptions(home))).rejects.toThrow(
    "checked out already",
  );
});

describe("nothing is left of a spawn that fails", () => {
  const failures: [string, (home: Home, project: Project) => object | undefined, string][] = [
    ["because its command ends at once", () => ({ command: "exit 3" }), "it ended at once"],
    [
      "because the default branch is not there",
      (_, project) => {
        project.defaultBranch = "gone";
        return {};
      },
      "no such branch",
    ],
    [
      "because git fails after it has checked out",
      (_, project) => {
        const hook = join(project.path, ".git/hooks/post-checkout");
        writeFiles(join(project.path, ".git/hooks"), { "post-checkout": "#!/bin/sh\nexit 1\n" });
        chmodSync(hook, 0o755);
        return {};
      },
      "Cannot make worktree",
    ],
    [
      "because a branch stands in the way",
      (_, project) => {
        git(project.path, "branch", "feat/INT-1/part");
        return {};
      },
      "Cannot make worktree",
    ],
    [
      "because tmux is not installed",
      (home) => {
        const bin = mkdirs(join(home.home, "../bin"));
        for (const name of ["git", "sh", "env"]) {
          Bun.spawnSync(["ln", "-s", Bun.which(name) ?? "", join(bin, name)]);
        }
        home.env.PATH = bin;
        return {};
      },
      "tmux",
    ],
  ];
  for (const [why, prepare, message] of failures) {
    test(why, async () => {
      using home = makeHome();
      const project = example(home);
      const request = { project, issue: "INT-1", now, ...prepare(home, project) };
      const before = state(home);
      await expect(spawn(request, home.env, changeOptions(home))).rejects.toThrow(message);
      expect(state(home)).toEqual(before);
      const branches = git(project.path, "for-each-ref", "--format=%(refname)", "refs/heads/feat");
      expect(branches.replace("refs/heads/feat/INT-1/part", "")).toBe("");
      expect(
        git(project.path, "worktree", "list", "--porcelain").match(/^worktree /gm),
      ).toHaveLength(1);
    });
  }
});

test("cancelled while git is at work, it ends with git's hooks, and nothing is left of it", async () => {
  using home = makeHome();
  const project = example(home);
  const hooks = join(project.path, ".git/hooks");
  const began = join(home.home, "began");
  writeFiles(hooks, { "post-checkout": `#!/bin/sh\necho $$ > ${began}\nsleep 60\n` });
  chmodSync(join(hooks, "post-checkout"), 0o755);
  const before = state(home);
  const cancel = new AbortController();
  const options = { ...changeOptions(home), signal: cancel.signal };
  const spawning = spawn({ project, issue: "INT-1", now }, home.env, options);
  const ended = spawning.catch((error) => String(error));
  while (!existsSync(began)) await Bun.sleep(10);
  const asked = performance.now();
  cancel.abort(new ToolkitError("cancelled", "Cancelled by SIGINT"));
  expect(await ended).toBe("ToolkitError: Cancelled by SIGINT");
  expect(performance.now() - asked).toBeLessThan(5000);
  rmSync(began);
  expect(state(home)).toEqual(before);
  expect(git(project.path, "for-each-ref", "refs/heads/feat")).toBe("");
});

test("what the command wrote before it failed is kept, and said", async () => {
  using home = makeHome();
  const project = example(home);
  const request = { project, issue: "INT-1", command: "echo work > new.txt", now };
  const worktree = join(project.dir.path, "worktrees/int-1");
  await expect(spawn(request, home.env, changeOptions(home))).rejects.toThrow(`kept: ${worktree}`);
  expect(readFileSync(join(worktree, "new.txt"), "utf8")).toBe("work\n");
  expect(existsSync(join(project.dir.path, "sessions/int-1"))).toBe(false);
  // Its number stays taken, because its worktree is there.
  const next = await spawn({ project, issue: "INT-2", now }, home.env, changeOptions(home));
  expect(next.session.id).toBe("int-2");
});

test("a tmux session that has the name already moves the number on", async () => {
  using home = makeHome();
  const project = example(home);
  const { hash } = project.dir;
  newSession({ name: `${hash}-int-1`, cwd: home.home, command: ["sleep", "60"] }, home.env);
  const { session } = await spawn({ project, issue: "INT-1", now }, home.env, changeOptions(home));
  expect(session.id).toBe("int-2");
});

test("what configs say is held to names, and told with its place", () => {
  using home = makeHome();
  makeExampleRepos(home);
  const dir = mkdirs(join(home.home, "code"));
  const file = join(dir, "agent-orchestrator.yaml");
  const config = (lines: string) =>
    writeFileSync(
      file,
      `projects:\n  - path: ~/repos/integrator\n    repo: o/integrator\n    ${lines}\n`,
    );
  for (const prefix of ["$(id)", "a b", "../x", "-x", "a;b", "größe", "a.b", "a:b"]) {
    config(`sessionPrefix: ${JSON.stringify(prefix)}`);
    expect(() => projectAt(home, dir, "integrator"), prefix).toThrow("Cannot use session prefix");
  }
  config("defaultBranch: main\n  - path: ~/other/integrator\n    repo: o/x");
  expect(() => projectAt(home, dir, "integrator")).toThrow();
  config("defaultBranch: main\n  - path: ~/repos/internal\n    repo: o/x");
  expect(() => projectAt(home, dir, "integrator")).toThrow('have the session prefix "int"');
  config("defaultBranch: main\n  - path: ~/repos/../../etc\n    repo: o/x");
  expect(projectAt(home, dir, "integrator").prefix).toBe("int");
});

test("the nearest config that lists projects counts, from any directory below it", () => {
  using home = makeHome();
  makeExampleRepos(home);
  const dir = makeExample(home);
  const below = mkdirs(join(dir, "packages/core"));
  writeFiles(below, { "agent-orchestrator.yaml": "agent: codex\n" });
  expect(projectAt(home, below, "integrator")).toMatchObject({
    prefix: "int",
    defaultBranch: "next",
  });
  const site = siteAt(home, "/");
  expect(findProjects(site, [], readConfigs(site, []))).toEqual([]);
});

test("a registered project with no directory yet gets the layout of its registry", async () => {
  using home = makeHome();
  makeExampleRepos(home);
  const path = join(home.home, "repos/integrator");
  const entry = `  integrator_0123456789:\n    path: ${path}\n    defaultBranch: next\n`;
  writeFiles(home.baseDir, { "config.yaml": `projects:\n${entry}` });
  expect(projectAt(home, "/", "integrator").dir.layout).toBe("v2");
  writeFiles(home.baseDir, { "config.yaml": `schemaVersion: 3\nprojects:\n${entry}` });
  const project = projectAt(home, "/", "integrator");
  await spawn({ project, issue: "INT-1", now }, home.env, changeOptions(home));
  const places = resolvePlaces({ home: home.home, env: home.env });
  const { projects, faults } = scan(places, { tmux: false, sizes: false, env: home.env });
  expect(faults).toEqual([]);
  expect(projects).toMatchObject([
    { layout: "v3", nextSessionId: 2, identity: { sessionPrefix: "int" } },
  ]);
});

test("a session runs the command, else the agent if it is installed, else the shell", () => {
  using home = makeHome();
  const bin = mkdirs(join(home.home, "bin"));
  const env = { ...home.env, PATH: bin, SHELL: "/bin/sh" };
  expect(programFor("codex", "a 'b c'", env).words).toEqual(["/bin/sh", "-c", "a 'b c'"]);
  expect(programFor("codex", undefined, env).words).toEqual(["/bin/sh"]);
  for (const [agent, program] of [
    [undefined, "claude"],
    ["claude-code", "claude"],
    ["codex", "codex"],
  ] as const) {
    writeFileSync(join(bin, program), "#!/bin/sh\n", { mode: 0o755 });
    expect(programFor(agent, undefined, env).words).toEqual([join(bin, program)]);
  }
  for (const hostile of ["../x", "a b", "$(id)", "/bin/sh", "-x", "constructor"]) {
    expect(programFor(hostile, undefined, { ...env, SHELL: "not/absolute" }).words).toEqual([
      "/bin/sh",
    ]);
  }
});

test("a git that stumbles over another one's worktree is asked again", async () => {
  using home = makeHome();
  const project = example(home);
  const bin = mkdirs(join(home.home, "bin"));
  const git = Bun.which("git") ?? "";
  // Once it fails after it has made the branch, as the real one may.
  const script = `#!/bin/sh
case "$*" in *"worktree add"*)
  if [ ! -e "${bin}/met" ]; then
    : > "${bin}/met"
    '${git}' -C "${project.path}" branch feat/INT-1 origin/next
    echo "fatal: failed to read .git/worktrees/x/commondir: Success" >&2
    exit 128
  fi;; esac
exec '${git}' "$@"
`;
  writeFileSync(join(bin, "git"), script, { mode: 0o755 });
  const env = { ...home.env, PATH: `${bin}:${home.env.PATH}` };
  const { session } = await spawn({ project, issue: "INT-1", now }, env, changeOptions(home));
  expect(existsSync(join(bin, "met"))).toBe(true);
  expect(existsSync(join(session.worktree, "README"))).toBe(true);
});
