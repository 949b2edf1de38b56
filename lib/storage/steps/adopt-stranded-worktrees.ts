/** Worktrees outside the base dir move into their project; links that name an old place are mended. */

import type { StepBuilder } from "../builder.ts";

export const title = "Adopt stranded worktrees";
export const description =
  "Move worktrees from ~/.worktrees into projects/{id}/worktrees/, repair git's links to them, and let Claude and Codex history follow.";

export function build(builder: StepBuilder): void {
  const { target } = builder.context;
  for (const move of target.worktrees) {
    const mended = move.carrier !== null && move.from === move.to;
    if (move.carrier !== null && !mended) continue;
    if (!mended) builder.move(move.from, move.to);
    builder.settleWorktree(move);
    builder.detail(() =>
      mended
        ? `${builder.show(move.to)}: git link repaired`
        : `${builder.show(move.from)} → ${builder.show(move.to)}`,
    );
  }
}
