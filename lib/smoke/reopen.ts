/**
 * Earlier runs: removing what they left behind, and going on with them.
 */
import { type Cleaned, cleanWorlds, dropTornLine } from "./clean.ts";
import { openRecord, readRecord } from "./record.ts";
import { type RunResult, resultOf } from "./results.ts";
import { findRun, recordFileOf } from "./run.ts";

/** A run that goes on, as it stood when it was stopped. */
export interface Reopened {
  id: string;
  file: string;
  result: RunResult;
}

/**
 * Removes what a run left behind; see {@link findRun} for how it is named.
 *
 * @throws ToolkitError `invalid` when there is no such run or its record cannot be read.
 */
export async function cleanRun(runs: string, asked: string): Promise<Cleaned & Reopened> {
  const id = findRun(runs, asked);
  const file = recordFileOf(runs, id);
  dropTornLine(file);
  const entries = readRecord(file);
  // Entries of a cleaning hold ids and folders only; there is nothing to hide in them.
  const record = openRecord(file, (text) => text);
  try {
    return { ...(await cleanWorlds(entries, record)), id, file, result: resultOf(entries) };
  } finally {
    record.close();
  }
}
