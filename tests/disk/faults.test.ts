import { afterEach, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gitStatus, hasUnpushedWork, listWorktrees, verifyWorktree } from "../../lib/git.ts";
import { readWorktree } from "../../lib/git-files.ts";
import { listSessions } from "../../lib/tmux.ts";
import { diffTrees, readTree } from "../tree.ts";
import { faults } from "./faults.ts";
import { git, testEnv } from "./repos.ts";
import type { BuiltProject, Disk } from "./spec.ts";

const env = testEnv("/nonexistent");
const made: Disk[] = [];
afterEach(() => {
  for (const disk of made.splice(0)) disk.cleanup();
});

function keep(disk: Disk): Disk {
  made.push(disk);
  return disk;
}

/** Names directly below a directory, sorted. */
function names(...path: string[]): string[] {
  return readdirSync(join(...path)).sort();
}

describe("faults are what they say", () => {
  const integrator = (disk: Disk) => keep(disk).project("integrator");
  const worktreeOf = (project: BuiltProject, index = 0) => project.sessions[index]?.worktree ?? "";

  test("a moved worktree is prunable, a pruned one is unknown, a removed one is stale", () => {
    const moved = integrator(faults.movedWorktreeStaleLink());
    expect(listWorktrees(moved.repo, env).filter(({ prunable }) => prunable)).toHaveLength(1);
    expect(readWorktree(worktreeOf(moved))?.linkedPath).toContain("/.worktrees/");
    const pruned = integrator(faults.prunedWorktree());
    expect(readWorktree(worktreeOf(pruned))?.commonDir).toBeUndefined();
    const stale = integrator(faults.staleAdminEntries());
    expect(listWorktrees(stale.repo, env).filter(({ prunable }) => prunable)).toHaveLength(2);
  });

  test("a dirty worktree has every kind of work in it, a locked one is locked", () => {
    const dirty = worktreeOf(integrator(faults.dirtyWorktree()));
    const changes = gitStatus(dirty, env).changes.map((line) => line.slice(0, 4));
    expect(changes).toEqual(["1 .M", "1 A.", "1 A.", "? un"]);
    expect(hasUnpushedWork(dirty, env)).toBe(true);
    expect(git(dirty, "stash", "list")).not.toBe("");
    expect(readWorktree(worktreeOf(integrator(faults.lockedWorktree())))?.locked).toBe(true);
  });

  test("submodules are initialised, nested ones too; a worktree stands in another", () => {
    const project = integrator(faults.worktreeWithSubmodule());
    expect(readWorktree(worktreeOf(project))?.submodules).toEqual([
      "libs/shared",
      "libs/shared/nested",
    ]);
    const outer = integrator(faults.worktreeInsideWorktree());
    const paths = listWorktrees(outer.repo, env).map(({ path }) => path);
    expect(paths).toContain(join(worktreeOf(outer), ".claude", "worktrees", "inner"));
  });

  test("V1 directories hold no session but archives or reports; twins differ; ids meet", () => {
    const archives = keep(faults.v1ArchiveOnly());
    for (const project of archives.projects)
      expect(project.sessions.filter(({ archived }) => !archived)).toEqual([]);
    expect(names(archives.project("backend").stateDir)).toContain("feedback-reports");
    const { stateDir } = integrator(faults.hashAndMigratedTwins());
    expect(
      diffTrees(readTree(join(stateDir, "sessions")), readTree(`${stateDir}.migrated/sessions`)),
    ).toHaveLength(2);
    const twice = keep(faults.sameSessionTwoHashDirs()).projects;
    expect(new Set(twice.map(({ hash }) => hash)).size).toBe(2);
    expect(twice.map(({ sessions }) => sessions[0]?.id)).toEqual(["int-1", "int-1"]);
    expect(new Set(twice.map((project) => worktreeOf(project))).size).toBe(2);
  });

  test("the registry knows a hashed id, the directory is a bare name, an older copy joins them", () => {
    const disk = keep(faults.bareNameRegistryHashed());
    const { id } = disk.project("integrator");
    expect(names(disk.baseDir, "projects")).toEqual(["backend", "integrator"]);
    expect(readFileSync(disk.configFile, "utf8")).toContain(`"${id}":`);
    expect(readFileSync(disk.configFile, "utf8")).not.toContain("storageKey");
    expect(readFileSync(`${disk.configFile}.pre-migration`, "utf8")).toContain("storageKey");
  });

  test("one session is archived three times under three forms of time", () => {
    const { stateDir } = integrator(faults.manyArchives());
    const stamps = names(stateDir, "sessions", "archive").filter((name) =>
      name.startsWith("int-3_"),
    );
    expect(stamps.map((name) => name.replace(/\d/g, "0"))).toEqual([
      "int-0_0000-00-00T00-00-00",
      "int-0_0000-00-00T00:00:00.000Z",
      "int-0_00000000T000000Z",
    ]);
  });

  test("Claude's directories are spelled as told, and shared where paths fall together", () => {
    const spelled = keep(faults.claudeSlugUnderscore());
    const slugs = names(spelled.claudeDir, "projects");
    expect(slugs.filter((name) => name.includes("old_app"))).toHaveLength(1);
    expect(slugs.filter((name) => name.includes("my-app"))).toHaveLength(2);
    expect(names(keep(faults.claudeSlugShared()).claudeDir, "projects")).toHaveLength(1);
  });

  test("live sessions go by the names of every generation", () => {
    const disk = keep(faults.liveSessions());
    const { hash } = disk.project("backend");
    expect(listSessions(disk.env)?.map(({ name }) => name)).toEqual(
      ["ao-ao-1", "ao-ao-orchestrator-1", "int-2", `${hash}-be-1`].sort(),
    );
  });

  test("a registry in the environment, a broken one and a bomb are where they should be", () => {
    const elsewhere = keep(faults.globalConfigEnv());
    expect(elsewhere.env.AO_GLOBAL_CONFIG).toBe(elsewhere.configFile);
    expect(existsSync(elsewhere.configFile)).toBe(true);
    expect(existsSync(join(elsewhere.baseDir, "config.yaml"))).toBe(false);
    const broken = readFileSync(keep(faults.unparsableConfig()).configFile, "utf8");
    expect(() => Bun.YAML.parse(broken)).toThrow();
    expect(readFileSync(keep(faults.aliasBomb()).configFile, "utf8")).toContain("a8: &a8 [*a7");
  });

  test("run files name a dead process, and one that is not AO", () => {
    const pidOf = (disk: Disk) =>
      (JSON.parse(readFileSync(join(disk.baseDir, "running.json"), "utf8")) as { pid: number }).pid;
    expect(() => process.kill(pidOf(keep(faults.deadRunningJson())), 0)).toThrow("ESRCH");
    expect(pidOf(keep(faults.reusedPid()))).toBe(process.pid);
  });

  test("a cloned workspace is no linked worktree, a linked repository answers under both names", () => {
    const cloned = worktreeOf(integrator(faults.clonedWorkspace()));
    expect([readWorktree(cloned), existsSync(join(cloned, ".git", "HEAD"))]).toEqual([null, true]);
    expect(verifyWorktree(worktreeOf(integrator(faults.linkedHome())), env)).toBeNull();
  });
});
