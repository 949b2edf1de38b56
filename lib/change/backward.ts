/**
 * Prepares an operation to be taken back. What somebody changed after the migration stays: the
 * step then says what is kept, and why.
 */

import { type Action, digestOf, identityOf, settle } from "./action.ts";
import type { Context, Step } from "./context.ts";
import { treeDigest } from "./copy.ts";
import type { FileStat } from "./disk.ts";
import { draftOf } from "./drafts.ts";
import { discard, forwardActions, patchedPaths, stageSwap, unsettled } from "./forward.ts";
import { type Facts, isNearSwap, type SwapFacts } from "./journal.ts";
import type { Ledger } from "./ledger.ts";
import { isAbandonedLock } from "./lock.ts";
import { invertEdits, type Operation, subjectOf } from "./operation.ts";
import type { Kept } from "./options.ts";
import { describeConflicts, type FieldPatch, patchBytes } from "./patch.ts";
import { isBelow } from "./roots.ts";
import { Obstacle } from "./stop.ts";
import { ensureDirectory } from "./way-back.ts";

/**
 * @param attempt 0 at first; later ones come when the disk changed between preparing and doing
 * @throws Obstacle when the operation cannot be taken back at all
 */
export async function prepareBackward(
  context: Context,
  ledger: Ledger,
  index: number,
  attempt: number,
): Promise<Step> {
  const facts = ledger.facts[index];
  const nothing: Step = { index, facts: { i: index }, actions: [], staged: [], bytes: 0 };
  if (facts === undefined || facts.skip === true) return nothing;
  const operation = context.operation(index);
  const begun = ledger.undoFacts.get(index);
  if (begun !== undefined && operation.op !== "renameTmux") {
    const actions = unfinished(context, ledger, begun);
    const isDecided =
      begun.swaps === undefined && (actions.length === 0 || begun.aside !== undefined);
    if (isDecided) return { ...nothing, facts: begun, actions };
  }
  if (index >= ledger.applied && !wasApplied(context, facts)) return nothing;
  refuseOverVacated(context, ledger, index, operation);
  const input = { context, ledger, facts, index, attempt, nothing };
  switch (operation.op) {
    case "makeDir":
      return takeBackDir(input, operation.path);
    case "create":
      return takeBackFile(input, operation.path);
    case "move":
      return takeBackMove(input, operation);
    case "trash":
      return takeBackTrash(input, operation.path);
    case "patchJson":
    case "patchYaml":
      return takeBackPatch(input, operation);
    case "relinkWorktree":
      return takeBackLinks(input, operation);
    case "renameTmux":
      return takeBackTmux(input, operation);
  }
}

interface Input {
  context: Context;
  ledger: Ledger;
  facts: Facts;
  index: number;
  attempt: number;
  /** The step that does nothing. */
  nothing: Step;
}

/** What is left of an undo that was begun before a crash, after finishing half-done actions. */
function unfinished(context: Context, ledger: Ledger, begun: Facts): Action[] {
  const left: Action[] = [];
  for (const action of backwardActions(context, ledger, begun)) {
    if (action === null || action.act === "tmux") continue;
    if (settle(context.disk, action)) {
      context.dropOurs(action);
      continue;
    }
    // A merge is made anew, from the file as it is by now.
    if (action.act === "swap" && begun.exact !== true) {
      context.discardStaged(action.staged, action.after);
    }
    left.push(action);
  }
  return left;
}

/**
 * Whether an operation of a batch that was cut short had happened. What had not is cleared away;
 * of several files those that had are left to be taken back.
 */
function wasApplied(context: Context, facts: Facts): boolean {
  const open = unsettled(context, facts);
  for (const n of open) discard(context, facts, n);
  const all = forwardActions(context, facts).filter((action) => action !== null);
  return open.size < all.length;
}

/** The inverse actions of an operation, from the facts of its undo. */
function backwardActions(context: Context, ledger: Ledger, undo: Facts): (Action | null)[] {
  const index = undo.i;
  const operation = context.operation(index);
  const run = ledger.undoRuns;
  const id = undo.id === undefined ? {} : { id: undo.id };
  switch (operation.op) {
    case "makeDir":
      return [{ act: "removeDir", path: operation.path }];
    case "create": {
      const { path } = operation;
      const hash = ledger.facts[index]?.hash;
      const drop = hash === undefined ? {} : { drop: hash };
      return [{ act: "aside", from: path, asides: context.asides({ index, path, run }), ...drop }];
    }
    case "move": {
      const { from: to, to: from } = operation;
      const asides = context.asides({ index, path: from, run });
      if (undo.aside !== undefined) {
        const original = originalOf(context, index, to, undo.aside);
        return [
          { act: "move", from: original, to },
          { act: "aside", from, asides, twin: to },
        ];
      }
      const copy = context.private("copy", { index, path: to, near: true, run });
      return [{ act: "move", from, to, ...id, across: { copy, asides }, twin: to }];
    }
    case "trash": {
      const from = originalOf(context, index, operation.path, undo.aside ?? "trash");
      return [{ act: "move", from, to: operation.path, ...id }];
    }
    case "patchJson":
    case "patchYaml":
    case "relinkWorktree":
      return patchedPaths(operation).map((path, n) => {
        const swap = undo.swaps?.[n] ?? null;
        if (swap === null) return null;
        const isNear = isNearSwap(swap);
        const action = context.swap({ index, n, path, near: isNear, run }, swap);
        if (undo.exact !== true) return action;
        // The original waits in the trash, under the name that applying gave it.
        const staged = context.private("trash", { index, n, path, near: isNear });
        return { ...action, staged, ...(isNear ? { drop: swap[0] } : {}) };
      });
    case "renameTmux":
      return [{ act: "tmux", from: operation.to, to: operation.from }];
  }
}

/** What applying moved out of the way. */
function originalOf(
  context: Context,
  index: number,
  path: string,
  where: NonNullable<Facts["aside"]>,
): string {
  return context.private("trash", { index, path, near: where === "beside" });
}

/** Which of the two places it is in; undefined when in none. */
function whereIs(context: Context, index: number, path: string): Facts["aside"] {
  const places = ["trash", "beside"] as const;
  return places.find((w) => context.disk.lstat(originalOf(context, index, path, w)) !== null);
}

function step(input: Input, facts: Omit<Facts, "i">): Step {
  const undo: Facts = { ...facts, i: input.index };
  const actions = backwardActions(input.context, input.ledger, undo);
  return { ...input.nothing, facts: undo, actions: actions.filter((action) => action !== null) };
}

function keep(input: Input, path: string, reason: string, quiet = false): Step {
  const kept: Kept = { index: input.index, path, reason, ...(quiet ? { quiet: true } : {}) };
  return { ...input.nothing, kept };
}

/**
 * A later move that could not be taken back leaves its source empty, or in somebody else's hands:
 * what stands there now is not what this operation made.
 */
function refuseOverVacated(
  context: Context,
  ledger: Ledger,
  index: number,
  operation: Operation,
): void {
  const path = operation.op === "move" ? operation.to : subjectOf(operation);
  for (const kept of ledger.kept.values()) {
    if (kept.index <= index) continue;
    const later = context.operation(kept.index);
    const vacated = later.op === "move" ? later.from : later.op === "trash" ? later.path : null;
    if (vacated !== null && operation.op !== "trash" && isBelow(path, vacated)) {
      const place = later.op === "move" ? later.to : "the trash";
      throw new Obstacle(path, `is still at "${place}", because that could not be taken back`);
    }
  }
}

function takeBackDir(input: Input, path: string): Step {
  const { context, ledger, facts, attempt } = input;
  if (facts.made !== true) return input.nothing;
  const stat = context.disk.lstat(path);
  if (stat === null) return input.nothing;
  context.roots.parentOf(path);
  if (stat.kind !== "directory") return keep(input, path, "is no directory any more");
  // Its content may be taken back in this very batch, so at first the attempt alone can tell.
  if (attempt === 0) return step(input, {});
  const names = context.disk.readDir(path);
  const paths = names.map((name) => `${path}/${name}`);
  if (paths.every((each) => isAbandonedLock(context.disk, each))) return clearDir(input, paths);
  const keptPaths = [...ledger.kept.values()].map((kept) => kept.path);
  const added = names.filter((name) => !keptPaths.some((at) => isBelow(at, `${path}/${name}`)));
  if (added.length === 0) return keep(input, path, "holds what was kept", true);
  const more = added.length === 1 ? "" : ` and ${added.length - 1} more`;
  return keep(input, path, `holds "${added.sort()[0]}"${more}, added after the migration`);
}

/** The directory is empty, or AO died in it: its locks are for files that are gone. */
function clearDir(input: Input, locks: readonly string[]): Step {
  const { context } = input;
  const asides = locks.map((from): Action => {
    return { act: "aside", from, asides: [context.spare(from, false)] };
  });
  const removal = step(input, {});
  return { ...removal, actions: [...asides, ...removal.actions] };
}

function takeBackFile(input: Input, path: string): Step {
  const { context, facts } = input;
  const stat = context.disk.lstat(path);
  if (stat === null) return input.nothing;
  context.roots.parentOf(path);
  if (digestOf(context.disk, path) !== facts.hash) {
    return keep(input, path, "was changed after the migration");
  }
  return step(input, {});
}

function takeBackMove(input: Input, { from, to }: { from: string; to: string }): Step {
  const { context, ledger, index } = input;
  const { disk } = context;
  const stat = disk.lstat(to);
  const occupant = disk.lstat(from);
  const sameEntry = occupant?.ino === stat?.ino && stat?.dev === occupant?.dev;
  if (stat === null) {
    if (occupant !== null) return input.nothing;
    return keep(input, to, "is gone, so it cannot go back");
  }
  context.roots.parentOf(to);
  ensureDirectory(context, ledger, { index, path: from });
  if (occupant !== null && !sameEntry) {
    return keep(input, to, `cannot go back: "${from}" is there again`);
  }
  // Only a move across devices has left its original behind. It goes back itself if it can.
  const aside = whereIs(context, index, from);
  if (aside !== undefined) {
    const original = originalOf(context, index, from, aside);
    if (treeDigest(disk, original) === treeDigest(disk, to)) return step(input, { aside });
  }
  return step(input, { id: identityOf(stat) });
}

function takeBackTrash(input: Input, path: string): Step {
  const { context, ledger, index } = input;
  const aside = whereIs(context, index, path);
  const occupant = context.disk.lstat(path);
  if (aside === undefined) {
    return occupant === null ? keep(input, path, "is no longer in the trash") : input.nothing;
  }
  const original = originalOf(context, index, path, aside);
  if (occupant !== null) {
    return keep(input, path, `is there again; the old one stays at "${original}"`);
  }
  ensureDirectory(context, ledger, { index, path });
  const stat = context.disk.lstat(original);
  return step(input, { ...(stat === null ? {} : { id: identityOf(stat) }), aside });
}

function takeBackPatch(input: Input, operation: FieldPatch): Step {
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

function takeBackLinks(
  input: Input,
  operation: Extract<Operation, { op: "relinkWorktree" }>,
): Step {
  const { context, facts } = input;
  const lost: [path: string, reason: string][] = [];
  const swaps = operation.files.map(({ path }, n): SwapFacts | null => {
    const swap = facts.swaps?.[n] ?? null;
    if (swap === null) return null;
    const [before, after] = swap;
    context.roots.parentOf(path);
    const now = digestOf(context.disk, path);
    if (now === before) return null;
    refuseUnderFailed(input, path, now);
    const owner = { index: facts.i, n, path, near: isNearSwap(swap) };
    const original = digestOf(context.disk, context.private("trash", owner));
    if (now === after && original === before) return inverse(swap);
    if (now === after) lost.push([path, "is no longer in the trash as it was"]);
    else
      lost.push([path, now === null ? "is gone" : "names another place than the migration wrote"]);
    return null;
  });
  const undo = step(input, { swaps, exact: true });
  const [first] = lost;
  if (first === undefined) return undo;
  const kept = keep(input, ...first);
  return { ...kept, facts: undo.facts, actions: undo.actions };
}

async function takeBackTmux(
  input: Input,
  { from, to }: { from: string; to: string },
): Promise<Step> {
  const { tmux } = input.context;
  const warning = (reason: string): Step => ({
    ...input.nothing,
    warning: `Cannot rename tmux session "${to}" back to "${from}": ${reason}`,
  });
  if (tmux === undefined) return warning("tmux was not asked");
  if (!(await tmux.hasSession(to))) return input.nothing;
  if (await tmux.hasSession(from)) return warning("there is a session of that name again");
  return step(input, {});
}
