/** The one rule for migrations that stopped half-way, by the end of their journal alone. */

import type { JournalRecord } from "./journal.ts";

/**
 * Whether a journal's last whole line does not end its run. A torn line behind it counts nothing; a
 * journal without any line is of a migration that was never begun.
 *
 * @param tail all of the journal, or its end; a first line that is cut off counts as damaged
 */
export function isOpenJournal(tail: string): boolean {
  const line = tail.split("\n").at(-2);
  if (line === undefined) return tail !== "";
  if (line === "") return false;
  try {
    const { records } = JSON.parse(line) as { records: JournalRecord[] };
    const last = records.at(-1)?.k;
    return last !== "end" && last !== "pruned";
  } catch {
    // Torn or damaged, or longer than any line that ends a run: either way no clean end.
    return true;
  }
}
