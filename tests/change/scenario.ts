/**
 * One migration on one disk, and what must hold at its end however it got there. The property
 * tests here and the long sweeps elsewhere share it.
 */

import { dirname, join } from "node:path";
import type { Disk } from "../../lib/change/disk.ts";
import type { Operation } from "../../lib/change/operation.ts";
import type { EngineOptions } from "../../lib/change/options.ts";
import type { ApplyOptions } from "../../lib/change/transaction.ts";
import { type Choice, linesOf, makePlan, makeWorld, snapshot, writeWorld } from "./worlds.ts";

export interface Scenario {
  /** The user's tree, without the migrations. */
  root: string;
  migrationDir: string;
  operations: Operation[];
  /** Snapshots before (with times of files) and after applying. */
  before: string[];
  after: string[];
  options: EngineOptions;
  applyOptions: ApplyOptions;
}

/**
 * Writes a world, by default the standard one, below `base/tree` and plans `choices` for it.
 *
 * @param onDirs called with the tree's path when its directories are there and empty
 */
export function makeScenario(
  disk: Disk,
  base: string,
  choices: readonly Choice[],
  onDirs?: (root: string) => void,
  world = makeWorld(),
): Scenario {
  const root = join(base, "tree");
  disk.makeDir(root);
  writeWorld(disk, root, world, onDirs);
  const { operations, after } = makePlan(root, world, choices);
  const migrationDir = join(base, "migrations", "test-20260101T000000Z-abcdef");
  const options: EngineOptions = {
    migrationDir,
    roots: [root],
    commands: { resume: "migrate --resume ID", rollback: "rollback ID" },
  };
  const plan = { script: "test", title: "a test", roots: [root], operations };
  return {
    root,
    migrationDir,
    operations,
    before: snapshot(disk, root, { times: true }),
    after: linesOf(after),
    options,
    applyOptions: { ...options, plan, toolVersion: "0.0.0" },
  };
}

/** The tree as it is now, in the order of `Scenario.after`. */
export function nowOf(disk: Disk, scenario: Scenario): string[] {
  return snapshot(disk, scenario.root).sort();
}

/** The tree as it is now, in the form of `Scenario.before`. */
export function timedOf(disk: Disk, scenario: Scenario): string[] {
  return snapshot(disk, scenario.root, { times: true });
}

/** Contents of all files anywhere under the base, for counting what was lost. */
export function contentsOf(disk: Disk, scenario: Scenario): Set<string> {
  const base = dirname(scenario.root);
  const contents = new Set<string>();
  const visit = (path: string): void => {
    const kind = disk.lstat(path)?.kind;
    if (kind === "directory") for (const name of disk.readDir(path)) visit(join(path, name));
    else if (kind === "file") contents.add(Buffer.from(disk.readFile(path)).toString("latin1"));
  };
  visit(base);
  return contents;
}
