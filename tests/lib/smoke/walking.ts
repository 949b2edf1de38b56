/** Walks lanes in a test, in this process, and gives back what the record says. */
import { join } from "node:path";
import { createKnownIssues, type KnownIssue } from "../../../lib/smoke/known.ts";
import { loadRunbook } from "../../../lib/smoke/load.ts";
import { type Entry, readRecord } from "../../../lib/smoke/record.ts";
import { type RunResult, resultOf } from "../../../lib/smoke/results.ts";
import { newRunId, type RunOptions, runRunbook } from "../../../lib/smoke/run.ts";
import type { Runbook } from "../../../lib/smoke/schema.ts";
import { type Selection, select } from "../../../lib/smoke/select.ts";
import { examine, type Target } from "../../../lib/smoke/target.ts";
import { unitsOf } from "../../../lib/smoke/walk.ts";

export const lanesDir = join(import.meta.dir, "../../../lib/smoke/lanes");

export interface Walk {
  ao: string;
  /** Folder for sandboxes and records. */
  tmp: string;
  runbook?: Runbook;
  target?: Target;
  selection?: Selection;
  known?: KnownIssue[];
  options?: Partial<RunOptions>;
}

/** Walks and returns the results with the record they were read from. */
export async function walkLanes(
  walk: Walk,
): Promise<{ result: RunResult; entries: Entry[]; file: string }> {
  const runbook = walk.runbook ?? loadRunbook(lanesDir);
  const target = walk.target ?? (await examine(walk.ao, walk.tmp, process.env.PATH ?? ""));
  const jobs = walk.options?.jobs ?? 1;
  const { record } = await runRunbook({
    runbook,
    target,
    units: unitsOf(runbook, select(runbook, walk.selection ?? {}), jobs),
    runs: join(walk.tmp, "runs"),
    id: newRunId(new Date()),
    env: { PATH: process.env.PATH, HOME: walk.tmp },
    tmp: walk.tmp,
    jobs,
    keep: false,
    realAgents: false,
    known: createKnownIssues(walk.known ?? [], target.generation, "2026-01-01"),
    signal: new AbortController().signal,
    ...walk.options,
  });
  const entries = readRecord(record);
  return { result: resultOf(entries), entries, file: record };
}
