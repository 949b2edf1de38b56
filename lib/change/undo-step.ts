/** What undoing an operation is made of: its inverse actions, what the journal is told, what is kept. */

import type { Action } from "./action.ts";
import type { Context, Step } from "./context.ts";
import { patchedPaths } from "./forward.ts";
import { type Facts, isNearSwap } from "./journal.ts";
import type { Ledger } from "./ledger.ts";
import type { Kept } from "./options.ts";

export interface Input {
  context: Context;
  ledger: Ledger;
  facts: Facts;
  index: number;
  attempt: number;
  /** The step that does nothing. */
  nothing: Step;
}

/** The inverse actions of an operation, from the facts of its undo. */
export function backwardActions(context: Context, ledger: Ledger, undo: Facts): (Action | null)[] {
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
export function originalOf(
  context: Context,
  index: number,
  path: string,
  where: NonNullable<Facts["aside"]>,
): string {
  return context.private("trash", { index, path, near: where === "beside" });
}

export function step(input: Input, facts: Omit<Facts, "i">): Step {
  const undo: Facts = { ...facts, i: input.index };
  const actions = backwardActions(input.context, input.ledger, undo);
  return { ...input.nothing, facts: undo, actions: actions.filter((action) => action !== null) };
}

export function keep(input: Input, path: string, reason: string, quiet = false): Step {
  const kept: Kept = { index: input.index, path, reason, ...(quiet ? { quiet: true } : {}) };
  return { ...input.nothing, kept };
}
