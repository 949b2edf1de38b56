/**
 * Clears away what a crash left behind and no journal line speaks of: new contents that were being
 * written when it came.
 */

import { join } from "node:path";
import { batchOperations } from "./batch.ts";
import type { Context } from "./context.ts";
import { tagOf } from "./forward.ts";
import type { Ledger } from "./ledger.ts";
import { touchedBy } from "./operation.ts";

export function clearLeftovers(context: Context, ledger: Ledger): void {
  const { disk, places } = context;
  for (const name of disk.readDir(places.staging)) {
    // Not removed: were the journal's last line lost to a bad disk, it could be an original.
    if (!isRecorded(ledger, name)) context.setAside(join(places.staging, name));
  }
  for (const { index, tag } of unrecorded(context, ledger)) {
    for (const [n, path] of touchedBy(context.operation(index)).writes.entries()) {
      const staged = places.private("staged", n === 0 ? tag : `${tag}.${n}`, path, true);
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
function unrecorded(context: Context, ledger: Ledger): { index: number; tag: string }[] {
  const found: { index: number; tag: string }[] = [];
  const end = Math.min(ledger.intended + batchOperations, context.operations.length);
  for (let index = ledger.intended; index < end; index += 1) {
    found.push({ index, tag: tagOf(index, 0) });
  }
  for (
    let index = ledger.intended - 1;
    index >= 0 && found.length < 2 * batchOperations;
    index -= 1
  ) {
    if (ledger.run !== "undo" || ledger.undone.has(index) || ledger.undoFacts.has(index)) continue;
    found.push({ index, tag: `undo${ledger.undoRuns}-${tagOf(index, 0)}` });
  }
  return found;
}
