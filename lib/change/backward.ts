/**
 * Prepares an operation to be taken back. What somebody changed after the migration stays: the
 * step then says what is kept, and why.
 */

import { type Action, digestOf, identityOf, settle } from "./action.ts";
import { takeBackLinks, takeBackPatch } from "./backward-patch.ts";
import type { Context, Step } from "./context.ts";
import { treeDigest } from "./copy.ts";
import { discard, forwardActions, unsettled } from "./forward.ts";
import type { Facts } from "./journal.ts";
import type { Ledger } from "./ledger.ts";
import { isAbandonedLock } from "./lock.ts";
import { type Operation, subjectOf } from "./operation.ts";
import { isBelow } from "./roots.ts";
import { Obstacle } from "./stop.ts";
import { backwardActions, type Input, keep, originalOf, step } from "./undo-step.ts";
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

/** Which of the two places it is in; undefined when in none. */
function whereIs(context: Context, index: number, path: string): Facts["aside"] {
  const places = ["trash", "beside"] as const;
  return places.find((w) => context.disk.lstat(originalOf(context, index, path, w)) !== null);
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
  if (isAllThatIsLeft(input, path)) {
    return keep(
      input,
      path,
      "is all that is left: what it was made from is no longer in the trash",
    );
  }
  return step(input, {});
}

/** A file that a plan makes in another's place stands right beside the operation that takes it away. */
function isAllThatIsLeft({ context, ledger, index }: Input, path: string): boolean {
  const isLost = (at: number, isThere: (place: string) => boolean) => {
    const other = context.operations[at];
    // What was given back already may have gone on from there.
    if (other?.op !== "trash" || ledger.undone.has(at)) return false;
    return whereIs(context, at, other.path) === undefined && !isThere(other.path);
  };
  const isElsewhere = (place: string) => context.disk.lstat(place) !== null;
  return isLost(index + 1, isElsewhere) || isLost(index - 1, (place) => place !== path);
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
