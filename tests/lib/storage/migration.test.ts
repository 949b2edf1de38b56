/**
 * The whole way on every named disk: plan, execute, look again, roll back. Whatever a disk has, the
 * plan after execution is empty, git accepts every worktree, and the rollback brings back each byte.
 */

import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { gitStatus, verifyWorktree } from "../../../lib/git.ts";
import { assess } from "../../../lib/storage/assess.ts";
import { execute, jobOf } from "../../../lib/storage/execute.ts";
import { operationsOf } from "../../../lib/storage/plan.ts";
import type { Disk } from "../../disk/spec.ts";
import { disks } from "../../disk.ts";
import { diffTrees } from "../../tree.ts";
import { optionsFor, stateOf, takeBack } from "./journey.ts";

const run = {
  toolVersion: "0.0.0",
  commands: () => ({ resume: "resume", rollback: "rollback" }),
};

/** Disks on which the plan is blocked: nothing may happen there at all. */
const blocked = new Set(
  Object.keys(disks).filter((name) => /unparsableConfig|aliasBomb/.test(name)),
);

describe.each(Object.keys(disks).filter((name) => !blocked.has(name)))("on the disk %s", (name) => {
  test("a migration leads to an empty plan, and its rollback back to the same bytes", async () => {
    using disk = (disks[name] as () => Disk)();
    const options = optionsFor(disk);
    const before = stateOf(disk);
    const first = assess(options);
    const worktrees = new Map(
      first.plan.inventory.worktrees
        .filter(
          (leaf) => leaf.commonDir !== undefined && verifyWorktree(leaf.path, disk.env) === null,
        )
        .map((leaf) => [leaf.path, gitStatus(leaf.path, disk.env)]),
    );
    if (first.plan.steps.length === 0) return;
    const done = await execute(jobOf(first, options), run);
    expect(done.leftovers).toEqual([]);
    expect(done.warnings).toEqual([]);

    const moves = new Map(first.plan.target.worktrees.map((move) => [move.from, move.to]));
    for (const [path, status] of worktrees) {
      expect(gitStatus(moves.get(path) ?? path, disk.env)).toEqual(status);
    }

    const undone = await takeBack(disk, done.dir, first.plan);
    expect(undone.kept).toEqual([]);
    expect(diffTrees(before, stateOf(disk))).toEqual([]);
    expect(assess(options).plan.id).toBe(first.plan.id);
  });
});

describe.each([...blocked])("on the disk %s", (name) => {
  test("nothing is planned, since half a registry proves half an identity", () => {
    using disk = (disks[name] as () => Disk)();
    const { plan } = assess(optionsFor(disk));
    expect(plan.blockers.length).toBeGreaterThan(0);
    expect(operationsOf(plan)).toEqual([]);
    expect(existsSync(join(disk.baseDir, "migrations"))).toBe(false);
  });
});
