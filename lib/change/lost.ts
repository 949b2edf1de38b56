/**
 * Finds work that a journal does not know of.
 *
 * A crash can only lose what comes after the last flushed line, and nothing is done before the line
 * that announces it is flushed. So operations that no line announces were not done; where the disk
 * says that one was, the journal lost lines in some other way, and nothing may be built on it.
 */

import { ToolkitError } from "../errors.ts";
import { sha256 } from "../hash.ts";
import { digestOf } from "./action.ts";
import type { Context, Owner } from "./context.ts";
import type { Ledger } from "./ledger.ts";
import { type Operation, subjectOf, touchedBy } from "./operation.ts";
import { findMismatches } from "./preflight.ts";

/** Clocks of file systems lag a little. */
const clockSlackNs = 1_000_000_000n;

/**
 * @param createdAt when the migration was made, ISO 8601
 * @throws ToolkitError `invalid` when operations were done that the journal does not announce
 */
export async function refuseLostLines(
  context: Context,
  ledger: Ledger,
  createdAt: string,
): Promise<void> {
  // A rollback that has begun looked before it did.
  if (ledger.run === "undo") return;
  const index =
    keptOriginal(context, ledger) ??
    (await arrived(context, ledger)) ??
    (ledger.intended === 0 ? await madeOrRenamed(context, createdAt) : null);
  if (index === null) return;
  const file = context.places.journal;
  const operation = context.operation(index);
  const what = `operation ${index + 1} (${operation.op} "${subjectOf(operation)}")`;
  const state = `lines are missing: ${what} was done`;
  throw new ToolkitError("invalid", `Cannot use "${file}": ${state}, and it does not say so`, {
    place: { file },
    hint: "restore the file from a backup; nothing was changed",
  });
}

/** An operation whose original is in the trash, under the name that it alone gives it. */
function keptOriginal(context: Context, { intended }: Ledger): number | null {
  const { disk, operations } = context;
  const isThere = (owner: Omit<Owner, "near">) =>
    context.asides(owner).some((path) => disk.lstat(path) !== null);
  for (let index = intended; index < operations.length; index += 1) {
    const operation = context.operation(index);
    if (!keepsOriginals(operation)) continue;
    const { writes } = touchedBy(operation);
    if (writes.some((path, n) => isThere({ index, path, n }))) return index;
  }
  return null;
}

function keepsOriginals({ op }: Operation): boolean {
  return op === "trash" || op === "patchJson" || op === "patchYaml" || op === "relinkWorktree";
}

/** An operation that could not be done now because what it would put somewhere is there. */
async function arrived(context: Context, ledger: Ledger): Promise<number | null> {
  const { disk, operations, roots, patchers } = context;
  // The batch that was cut short may be on the disk or not; what it touched is left open.
  const input = { disk, operations, roots, patchers, from: ledger.applied };
  const mismatches = await findMismatches(input);
  roots.forget();
  for (const { index } of mismatches) {
    if (index < ledger.intended) continue;
    const operation = context.operation(index);
    if (operation.op === "move") {
      if (disk.lstat(operation.from) === null && disk.lstat(operation.to) !== null) return index;
    } else if (operation.op === "create") {
      const content = Buffer.from(operation.content, operation.encoding ?? "utf8");
      if (digestOf(disk, operation.path) === sha256(content)) return index;
    }
  }
  return null;
}

/**
 * What leaves no other trace: empty directories that are younger than the migration, and sessions
 * that have their new names. Asked only when nothing at all is announced, since earlier operations
 * may empty a directory too.
 */
async function madeOrRenamed(context: Context, createdAt: string): Promise<number | null> {
  const { disk, operations, tmux } = context;
  const sinceNs = BigInt(Date.parse(createdAt)) * 1_000_000n - clockSlackNs;
  for (const [index, operation] of operations.entries()) {
    if (operation.op === "makeDir") {
      const stat = disk.lstat(operation.path);
      const isYoung = stat?.kind === "directory" && stat.mtimeNs >= sinceNs;
      if (isYoung && disk.readDir(operation.path).length === 0) return index;
    } else if (operation.op === "renameTmux" && tmux !== undefined) {
      const { from, to } = operation;
      if ((await tmux.hasSession(to)) && !(await tmux.hasSession(from))) return index;
    }
  }
  return null;
}
