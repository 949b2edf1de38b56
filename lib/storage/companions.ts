/**
 * Worktrees that come along with what they stand in: git's links and the agents' chats follow them.
 *
 * What moves where is known only when every step is built; each is settled by the last step that
 * takes it along.
 */

import { isInside } from "../paths.ts";
import type { StepBuilder, StepContext } from "./builder.ts";

export interface CompanionMove {
  from: string;
  to: string;
}

/** Adds what follows the companions to the steps that move them. */
export function settleCompanions(
  builders: readonly StepBuilder[],
  { inventory }: StepContext,
): CompanionMove[] {
  const moves: CompanionMove[] = [];
  for (const { path: from, adminDir, commonDir } of inventory.companions ?? []) {
    let to = from;
    let last: StepBuilder | undefined;
    for (const builder of builders) {
      for (const operation of builder.operations) {
        if (operation.op !== "move" || !isInside(to, operation.from)) continue;
        to = operation.to + to.slice(operation.from.length);
        last = builder;
      }
    }
    if (last === undefined || to === from) continue;
    moves.push({ from, to });
    last.followWorktree(
      { from, to },
      isRelinked(builders, adminDir) ? null : { adminDir, commonDir },
    );
  }
  return moves;
}

/** One inside a worktree of its own repository is linked with that. */
function isRelinked(builders: readonly StepBuilder[], adminDir: string): boolean {
  return builders.some(({ operations }) =>
    operations.some(
      (operation) =>
        operation.op === "relinkWorktree" &&
        operation.files.some(({ path }) => path === `${adminDir}/gitdir`),
    ),
  );
}
