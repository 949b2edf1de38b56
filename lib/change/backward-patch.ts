/** Prepares patches and links to be taken back: the very file where nobody touched it, else its fields. */

import { sha256 } from "../hash.ts";
import { digestOf } from "./action.ts";
import type { Step } from "./context.ts";
import type { FileStat } from "./disk.ts";
import { draftOf } from "./drafts.ts";
import { stageSwap } from "./forward.ts";
import { type Facts, isNearSwap, type SwapFacts } from "./journal.ts";
import { invertEdits, type Operation } from "./operation.ts";
import { describeConflicts, type FieldPatch, patchBytes } from "./patch.ts";
import { Obstacle } from "./stop.ts";
import { type Input, keep, step } from "./undo-step.ts";

export function takeBackPatch(input: Input, operation: FieldPatch): Step {
  const { context, facts, index } = input;
  const { path } = operation;
  const swap = facts.swaps?.[0] ?? null;
  if (swap === null) return input.nothing;
  const [before, after] = swap;
  context.roots.parentOf(path);
  const seen = context.disk.lstat(path);
  if (seen === null) return keep(input, path, "is gone");
  if (seen.kind !== "file") return keep(input, path, "is no file any more");
  const now = digestOf(context.disk, path);
  if (now === before) return input.nothing;
  refuseUnderFailed(input, path, now);
  const original = context.private("trash", { index, path, near: isNearSwap(swap) });
  const isOriginal = digestOf(context.disk, original) === before;
  if (now === after && isOriginal) {
    const exact = step(input, { swaps: [inverse(swap)], exact: true });
    return { ...exact, actions: exact.actions.map((action) => ({ ...action, seen })) };
  }
  return mergeBack(input, operation, { seen, original: isOriginal ? original : null });
}

/**
 * A later patch of the same file could not be taken back for now, and may or may not have come
 * half-way. Merging around it would lose the way back to the exact original, so this one waits.
 */
function refuseUnderFailed({ ledger, index }: Input, path: string, now: string | null): void {
  for (const kept of ledger.kept.values()) {
    if (now === null || kept.failed !== true || kept.index <= index) continue;
    const isIts = ledger.facts[kept.index]?.swaps?.some((swap) => swap?.includes(now));
    if (isIts === true) throw new Obstacle(path, "waits until a later change of it is taken back");
  }
}

function inverse([before, after, near]: SwapFacts): SwapFacts {
  return near === undefined ? [after, before] : [after, before, near];
}

/** The file was changed since: only the fields that still hold our values go back. */
function mergeBack(
  input: Input,
  operation: FieldPatch,
  found: { seen: FileStat; original: string | null },
): Step {
  const { context, facts, index } = input;
  const { path } = operation;
  const { patchers, disk } = context;
  const edits =
    found.original === null
      ? operation.edits
      : patchBytes(operation, disk.readFile(found.original), patchers).applied;
  const bytes = disk.readFile(path);
  const patched = patchBytes(operation, bytes, patchers, invertEdits(edits));
  const lost = describeConflicts(patched.conflicts);
  const unchanged =
    lost === "" ? input.nothing : keep(input, path, `was changed after the migration: ${lost}`);
  if (patched.content === null) return unchanged;
  const draft = draftOf(bytes, patched.content);
  const near = isNearSwap(facts.swaps?.[0]);
  const owner = { index, path, near, run: input.ledger.undoRuns };
  const { action, swap } = stageSwap(context, owner, found.seen, draft);
  const undo: Facts = { i: index, swaps: [swap] };
  const staged = [action.staged];
  return { ...unchanged, facts: undo, actions: [action], staged, bytes: draft.bytes };
}

export function takeBackLinks(
  input: Input,
  operation: Extract<Operation, { op: "relinkWorktree" }>,
): Step {
  const { context, facts } = input;
  const lost: [path: string, reason: string][] = [];
  const staged: string[] = [];
  const swaps = operation.files.map(({ path, before: text }, n): SwapFacts | null => {
    const swap = facts.swaps?.[n] ?? null;
    if (swap === null) return null;
    const [before, after] = swap;
    context.roots.parentOf(path);
    const now = digestOf(context.disk, path);
    if (now === before) return null;
    refuseUnderFailed(input, path, now);
    const owner = { index: facts.i, n, path, near: isNearSwap(swap) };
    const place = context.private("trash", owner);
    const original = digestOf(context.disk, place);
    if (now === after && original === before) return inverse(swap);
    const like = context.disk.lstat(path);
    // An emptied trash is no loss: all of a link is in the plan.
    if (now === after && original === null && sha256(text) === before && like !== null) {
      context.stage(place, [Buffer.from(text)], { mode: like.mode, owner: like });
      staged.push(place);
      return inverse(swap);
    }
    if (now === after) lost.push([path, "is no longer in the trash as it was"]);
    else
      lost.push([path, now === null ? "is gone" : "names another place than the migration wrote"]);
    return null;
  });
  const undo = { ...step(input, { swaps, exact: true }), staged };
  const [first] = lost;
  if (first === undefined) return undo;
  const kept = keep(input, ...first);
  return { ...kept, facts: undo.facts, actions: undo.actions, staged };
}
