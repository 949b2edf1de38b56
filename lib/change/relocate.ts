/**
 * Where the paths of operations are when a rollback is tried once more.
 *
 * An operation names the disk as it was right after the operations before it. Some of those may
 * have been taken back by an earlier rollback that had to keep this one: a directory that was moved
 * is at its old place again, with everything in it.
 */

import type { Ledger } from "./ledger.ts";
import type { Operation } from "./operation.ts";
import { isBelow } from "./roots.ts";

/** One move that was taken back, with the paths it had when that happened. */
interface TakenBack {
  index: number;
  from: string;
  to: string;
}

/** The operations with their paths as of now; those that need no change are the same objects. */
export function relocate(operations: readonly Operation[], ledger: Ledger): readonly Operation[] {
  // The first rollback goes strictly backwards, so nothing before an operation was taken back.
  if (ledger.undoRuns < 2) return operations;
  const history: TakenBack[] = [];
  for (const index of ledger.undone) {
    const operation = operations[index];
    if (operation?.op !== "move") continue;
    const from = pathNow(operation.from, index, history);
    history.push({ index, from, to: pathNow(operation.to, index, history) });
  }
  if (history.length === 0) return operations;
  return operations.map((operation, index) => {
    if (ledger.undone.has(index) || index >= ledger.intended) return operation;
    return mapPaths(operation, (path) => pathNow(path, index, history));
  });
}

/** Follows the moves that were taken back, in the order in which that happened. */
function pathNow(path: string, index: number, history: readonly TakenBack[]): string {
  let now = path;
  for (const { index: earlier, from, to } of history) {
    if (earlier < index && isBelow(now, to)) now = from + now.slice(to.length);
  }
  return now;
}

function mapPaths(operation: Operation, map: (path: string) => string): Operation {
  switch (operation.op) {
    case "move":
      return { ...operation, from: map(operation.from), to: map(operation.to) };
    case "relinkWorktree": {
      const files = operation.files.map((file) => ({ ...file, path: map(file.path) }));
      return { ...operation, worktree: map(operation.worktree), files };
    }
    case "renameTmux":
      return operation;
    default:
      return { ...operation, path: map(operation.path) };
  }
}
