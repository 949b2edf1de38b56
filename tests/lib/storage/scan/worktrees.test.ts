import { afterEach, describe, expect, test } from "bun:test";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { makeDisk } from "../../../disk/build.ts";
import { faults } from "../../../disk/faults.ts";
import { git, makeRepo } from "../../../disk/repos.ts";
import type { Disk } from "../../../disk/spec.ts";
import { cleanUp, faultsOf, keep, scanned } from "../scanned.ts";

afterEach(cleanUp);

describe("repositories and worktrees", () => {
  test("have their git facts, through links as well", () => {
    const disk = keep(faults.linkedHome());
    const { path } = disk.project("integrator");
    const { repos, worktrees } = scanned(disk);
    const realpath = join(disk.root, "big-disk", "integrator");
    expect(repos[path]).toMatchObject({
      exists: true,
      realpath,
      commonDir: join(realpath, ".git"),
      originUrl: "https://github.com/o/integrator.git",
    });
    expect(worktrees.map(({ commonDir }) => commonDir)).toEqual([join(realpath, ".git")]);
  });

  test("that are gone, stale, pruned, locked or detached say so", () => {
    const leaf = (disk: Disk) => scanned(keep(disk)).worktrees[0];
    expect(leaf(faults.movedWorktreeStaleLink())?.linkedPath).toContain("/.worktrees/");
    const pruned = leaf(faults.prunedWorktree());
    expect([pruned?.adminDir !== undefined, pruned?.commonDir]).toEqual([true, undefined]);
    expect(leaf(faults.lockedWorktree())).toMatchObject({ locked: true, branch: "feat/int-1" });
    expect(leaf(faults.detachedWorktree())?.branch).toBeUndefined();
    expect(leaf(faults.clonedWorkspace())?.adminDir).toBeUndefined();
    const stale = keep(faults.staleAdminEntries());
    const entries = scanned(stale).repos[stale.project("integrator").path]?.adminEntries;
    expect(entries?.map(({ exists }) => exists)).toEqual([false, true, false]);
    const gone = keep(faults.registryPathGone());
    expect(scanned(gone).repos[gone.project("backend").path]).toEqual({
      path: gone.project("backend").path,
      exists: false,
      adminEntries: [],
    });
  });

  test("of worktrees that no project names are known by their own path", () => {
    const disk = keep(makeDisk());
    const repo = makeRepo(join(disk.home, "somewhere"));
    git(repo, "worktree", "add", "-q", join(disk.worktreeRoot, "any", "one-1"));
    symlinkSync("/", join(disk.worktreeRoot, "any", "link"));
    symlinkSync("any", join(disk.worktreeRoot, "other"));
    const inventory = scanned(disk);
    expect(Object.keys(inventory.repos)).toEqual([repo]);
    expect(inventory.worktrees).toHaveLength(1);
    expect(faultsOf(inventory)).toEqual([
      "symlink ~/.worktrees/other",
      "symlink ~/.worktrees/any/link",
    ]);
  });

  test("have their submodules", () => {
    const { worktrees } = scanned(keep(faults.worktreeWithSubmodule()));
    expect(worktrees[0]?.submodules).toContain("libs/shared");
  });

  test("are measured only when asked", () => {
    const disk = keep(faults.terminatedSessions());
    expect(scanned(disk).worktrees.map(({ bytes }) => bytes)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    for (const { bytes } of scanned(disk, { sizes: true }).worktrees) {
      expect(bytes).toBeGreaterThan(300_000);
      expect(bytes).toBeLessThan(301_000);
    }
  });
});
