/**
 * Prepares an operation to be applied: looks at the disk, writes new contents to private files,
 * and says what to do. Prepared again after a crash, it leaves out what has happened.
 */

import type { LinkFile } from "../git-links.ts";
import { sha256 } from "../hash.ts";
import { type Action, identityOf, type Swap, settle } from "./action.ts";
import { fold } from "./batch.ts";
import type { Context, Owner, Step } from "./context.ts";
import { removeTree } from "./copy.ts";
import type { FileStat } from "./disk.ts";
import { type Draft, draftOf } from "./drafts.ts";
import { type Facts, isNearSwap, type SwapFacts } from "./journal.ts";
import type { Operation } from "./operation.ts";
import { describeConflicts, type FieldPatch, patchBytes } from "./patch.ts";
import { Obstacle } from "./stop.ts";

/**
 * @param old what the journal knows, when the operation may have been begun before
 * @throws Obstacle when the disk is no longer as it was when the plan was checked
 */
export async function prepareForward(
  context: Context,
  index: number,
  old: Facts | undefined,
): Promise<Step> {
  const operation = context.operation(index);
  if (operation.op === "renameTmux") return prepareTmux(context, index, operation, old);
  const open = old === undefined ? null : unsettled(context, old);
  if (old !== undefined && open !== null) {
    if (open.size === 0) return { ...nothingToDo(index), facts: old };
    for (const n of open) discard(context, old, n);
  }
  switch (operation.op) {
    case "makeDir":
      return prepareMakeDir(context, index, operation.path);
    case "create":
      return prepareCreate(context, index, operation);
    case "move":
      return prepareMove(context, index, operation);
    case "trash":
      return prepareTrash(context, index, operation.path);
    case "patchJson":
    case "patchYaml":
      return preparePatch(context, index, operation);
    case "relinkWorktree":
      return prepareRelink(context, index, operation.files, { old, open });
  }
}

/** The actions of an operation whose facts are known, in order; files that stay have none. */
export function forwardActions(context: Context, facts: Facts): (Action | null)[] {
  const index = facts.i;
  const operation = context.operation(index);
  const near = facts.near === true;
  switch (operation.op) {
    case "makeDir":
      return [facts.made === true ? { act: "makeDir", path: operation.path } : null];
    case "create": {
      const to = operation.path;
      return [{ act: "move", from: context.private("staged", { index, path: to, near }), to }];
    }
    case "move": {
      const { from, to } = operation;
      const copy = context.private("copy", { index, path: to, near: true });
      const across = { copy, asides: context.asides({ index, path: from }) };
      return [{ act: "move", from, to, ...idOf(facts), across }];
    }
    case "trash": {
      const { path } = operation;
      return [{ act: "aside", from: path, asides: context.asides({ index, path }) }];
    }
    case "patchJson":
    case "patchYaml":
    case "relinkWorktree":
      return patchedPaths(operation).map((path, n) => {
        const swap = facts.swaps?.[n] ?? null;
        return swap && context.swap({ index, n, path, near: isNearSwap(swap) }, swap);
      });
    case "renameTmux":
      return [{ act: "tmux", from: operation.from, to: operation.to }];
  }
}

/** The files whose content an operation changes. */
export function patchedPaths(
  operation: Extract<Operation, { op: "patchJson" | "patchYaml" | "relinkWorktree" }>,
): string[] {
  if (operation.op !== "relinkWorktree") return [operation.path];
  return operation.files.map((file) => file.path);
}

function idOf(facts: Facts): { id?: string } {
  return facts.id === undefined ? {} : { id: facts.id };
}

/** Which of an operation's actions have not happened yet, after finishing half-done ones. */
export function unsettled(context: Context, facts: Facts): Set<number> {
  const open = new Set<number>();
  for (const [n, action] of forwardActions(context, facts).entries()) {
    if (action !== null && action.act !== "tmux" && !settle(context.disk, action)) open.add(n);
  }
  return open;
}

/** Clears away what was prepared for an action that did not happen. */
export function discard(context: Context, facts: Facts, n: number): void {
  const action = forwardActions(context, facts)[n];
  if (action?.act === "swap") context.discardStaged(action.staged, action.after);
  if (action?.act !== "move") return;
  if (facts.hash !== undefined) context.discardStaged(action.from, facts.hash);
  if (action.across !== undefined) removeTree(context.disk, action.across.copy);
}

function nothingToDo(index: number): Step {
  return { index, facts: { i: index }, actions: [], staged: [], bytes: 0 };
}

function prepareMakeDir(context: Context, index: number, path: string): Step {
  context.roots.parentOf(path);
  const stat = context.disk.lstat(path);
  if (stat !== null && stat.kind !== "directory") {
    throw new Obstacle(path, "is there and is no directory");
  }
  if (stat !== null) return nothingToDo(index);
  const facts: Facts = { i: index, made: true };
  return { index, facts, actions: [{ act: "makeDir", path }], staged: [], bytes: 0 };
}

function prepareCreate(
  context: Context,
  index: number,
  operation: Extract<Operation, { op: "create" }>,
): Step {
  const { path, encoding = "utf8", mode = 0o644 & ~process.umask() } = operation;
  const near = context.isNear(path);
  if (context.disk.lstat(path) !== null) throw new Obstacle(path, "is there already");
  const content = Buffer.from(operation.content, encoding);
  const staged = context.private("staged", { index, path, near });
  context.stage(staged, [content], { mode });
  const facts: Facts = { i: index, hash: sha256(content), ...(near ? { near } : {}) };
  const actions = presentActions(context, facts);
  return { index, facts, actions, staged: [staged], bytes: content.length };
}

function presentActions(context: Context, facts: Facts): Action[] {
  return forwardActions(context, facts).filter((action) => action !== null);
}

function prepareMove(
  context: Context,
  index: number,
  { from, to }: { from: string; to: string },
): Step {
  context.roots.parentOf(from);
  context.roots.parentOf(to);
  const stat = expectThere(context, from);
  const taken = context.disk.lstat(to);
  const sameEntry = fold(from) === fold(to) && taken?.ino === stat.ino;
  if (taken !== null && !sameEntry) throw new Obstacle(to, "is there already");
  const facts: Facts = { i: index, id: identityOf(stat) };
  return { index, facts, actions: presentActions(context, facts), staged: [], bytes: 0 };
}

function prepareTrash(context: Context, index: number, path: string): Step {
  context.roots.parentOf(path);
  expectThere(context, path);
  const facts: Facts = { i: index };
  return { index, facts, actions: presentActions(context, facts), staged: [], bytes: 0 };
}

function expectThere(context: Context, path: string): FileStat {
  const stat = context.disk.lstat(path);
  if (stat === null) throw new Obstacle(path, "is gone");
  return stat;
}

/** The file at a path that is going to be patched, never through a symlink. */
export function expectFile(context: Context, path: string): FileStat {
  const stat = expectThere(context, path);
  if (stat.kind !== "file") throw new Obstacle(path, "is no file");
  return stat;
}

function preparePatch(
  context: Context,
  index: number,
  operation: Extract<Operation, { op: "patchJson" | "patchYaml" }>,
): Step {
  const { path } = operation;
  const near = context.isNear(path);
  const seen = expectFile(context, path);
  const draft = context.drafts.take(index, seen) ?? patchNow(context, operation);
  if (draft === null) return { ...nothingToDo(index), facts: { i: index, swaps: [null] } };
  const { action, swap } = stageSwap(context, { index, path, near }, seen, draft);
  const facts: Facts = { i: index, swaps: [swap] };
  return { index, facts, actions: [action], staged: [action.staged], bytes: draft.bytes };
}

function patchNow(context: Context, operation: FieldPatch): Draft | null {
  const { path } = operation;
  const bytes = context.disk.readFile(path);
  const { content, conflicts } = patchBytes(operation, bytes, context.patchers);
  if (conflicts.length > 0) throw new Obstacle(path, describeConflicts(conflicts));
  return content === null ? null : draftOf(bytes, content);
}

/** Writes new content beside the old one, with all that the old one has around it. */
export function stageSwap(context: Context, owner: Owner, seen: FileStat, draft: Draft) {
  const swap: SwapFacts = owner.near ? [...draft.digests, "near"] : draft.digests;
  const action: Swap = { ...context.swap(owner, swap), seen };
  const { uid, gid, mode } = seen;
  const like = { mode, owner: { uid, gid }, attributesOf: owner.path };
  context.stage(action.staged, draft.content, like);
  return { action, swap };
}

function prepareRelink(
  context: Context,
  index: number,
  files: readonly LinkFile[],
  earlier: { old: Facts | undefined; open: Set<number> | null },
): Step {
  const { old, open } = earlier;
  const swaps: NonNullable<Facts["swaps"]> = [];
  const step: Step = { index, facts: { i: index }, actions: [], staged: [], bytes: 0 };
  for (const [n, { path, before, after }] of files.entries()) {
    const known = old?.swaps?.[n];
    if (known !== undefined && open?.has(n) !== true) {
      swaps.push(known);
      continue;
    }
    const near = context.isNear(path);
    const seen = expectFile(context, path);
    const bytes = context.disk.readFile(path);
    const text = Buffer.from(bytes).toString("utf8");
    if (text !== before && text !== after) throw new Obstacle(path, "names another place");
    if (text === after) {
      swaps.push(null);
      continue;
    }
    const draft = draftOf(bytes, [Buffer.from(after)]);
    const { action, swap } = stageSwap(context, { index, n, path, near }, seen, draft);
    swaps.push(swap);
    step.actions.push(action);
    step.staged.push(action.staged);
    step.bytes += draft.bytes;
  }
  step.facts = { i: index, swaps };
  return step;
}

async function prepareTmux(
  context: Context,
  index: number,
  { from, to }: { from: string; to: string },
  old: Facts | undefined,
): Promise<Step> {
  const skip = (warning: string): Step => ({
    ...nothingToDo(index),
    facts: { i: index, skip: true },
    warning: `Cannot rename tmux session "${from}": ${warning}`,
  });
  if (context.tmux === undefined) return skip("tmux was not asked");
  const [source, target] = [await context.tmux.hasSession(from), await context.tmux.hasSession(to)];
  if (target && source) return skip(`there is a session "${to}" already`);
  // Begun before a crash, and done.
  if (target && old !== undefined && old.skip !== true) return nothingToDo(index);
  if (!source) return skip("there is no such session");
  return { ...nothingToDo(index), actions: [{ act: "tmux", from, to }] };
}
