/**
 * The switches of instrumented code; lies at the root of each copy, where every process of a test
 * finds it, whatever its environment. What to do is in `mutation-task.json` beside it.
 */

import { randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What the processes of one test run do. */
export interface Task {
  /** The mutant that is active. */
  mutant?: string;
  /** How often it may run, so that a loop that never ends is over soon. */
  hitLimit?: number;
  /** Directory for a file per process with how often each mutant's place was reached. */
  coverage?: string;
}

const task: Task = JSON.parse(readFileSync(join(import.meta.dir, "mutation-task.json"), "utf8"));
const { mutant, coverage, hitLimit = Number.POSITIVE_INFINITY } = task;
const counts: Record<string, number> = {};
let hits = 0;

/** Writes what this process has reached. */
export function writeCounts(): void {
  if (coverage === undefined) return;
  writeFileSync(join(coverage, `${randomUUID()}.json`), JSON.stringify(counts));
}

// Not called in the process of `bun test` itself: there the preload does it.
process.on("exit", writeCounts);

/** Whether this mutant is the active one. */
export function stryMutAct_9fa48(id: string): boolean {
  if (id !== mutant) return false;
  hits += 1;
  if (hits > hitLimit) throw new Error(`mutant ${id} was reached ${hits} times`);
  return true;
}

/** Counts that these mutants' place was reached. */
export const stryCov_9fa48 =
  coverage === undefined
    ? () => {}
    : (...ids: string[]) => {
        for (const id of ids) counts[id] = (counts[id] ?? 0) + 1;
      };
