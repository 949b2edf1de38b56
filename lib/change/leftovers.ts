/**
 * Clears away what a crash left behind and no journal line speaks of: new contents that were being
 * written when it came.
 */

import { join } from "node:path";
import { batchOperations } from "./batch.ts";
import type { Context } from "./context.ts";
import { isNearSwap } from "./journal.ts";
import type { Ledger } from "./ledger.ts";
import { touchedBy } from "./operation.ts";

export function clearLeftovers(context: Context, ledger: Ledger): void {
  const { disk, places } = context;
  for (const name of disk.readDir(places.staging)) {
    // Not removed: were the journal's last line lost to a bad disk, it could be an original.
    if (!isRecorded(ledger, name)) context.setAside(join(places.staging, name));
  }
  for (const { index, run } of unrecorded(context, ledger)) {
    for (const [n, path] of touchedBy(context.operation(index)).writes.entries()) {
      const facts = run === undefined ? ledger.facts[index] : undefined;
      if (facts?.near === true || isNearSwap(facts?.swaps?.[n])) continue;
      const owner = { index, n, path, near: true, ...(run === undefined ? {} : { run }) };
      const staged = context.private("staged", owner);
      // Beside its target, where it would be in the user's way.
      if (disk.lstat(staged)?.kind === "file") disk.unlink(staged);
    }
  }
}

/** Whether the journal speaks of the operation that a staged file is named after. */
function isRecorded(ledger: Ledger, name: string): boolean {
  const [, run, index] = /^(?:undo(\d+)-)?(\d+)(?:\.\d+)?$/.exec(name) ?? [];
  if (index === undefined) return false;
  if (run === undefined) return ledger.facts[Number(index)] !== undefined;
  return Number(run) === ledger.undoRuns && ledger.undoFacts.has(Number(index));
}

/** The operations whose contents may have been written without a line about them. */
function unrecorded(context: Context, ledger: Ledger): { index: number; run?: number }[] {
  const found: { index: number; run?: number }[] = [];
  const { applied, intended, undone, undoFacts, undoRuns: run } = ledger;
  const end = Math.min(intended + batchOperations, context.operations.length);
  // In the batch that is open, some may have been written anew, to another place.
  for (let index = applied; index < end; index += 1) found.push({ index });
  for (let index = intended - 1; index >= 0 && found.length < 3 * batchOperations; index -= 1) {
    if (ledger.run !== "undo" || undone.has(index) || undoFacts.has(index)) continue;
    found.push({ index, run });
  }
  return found;
}
