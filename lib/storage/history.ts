/** Agents' own history follows a worktree: Claude keeps it by path slug, Codex by `cwd`. */

import type { Operation } from "../change/operation.ts";
import { claudeSlug } from "../paths.ts";
import type { Inventory } from "./inventory.ts";
import type { WorktreeMove } from "./shape.ts";

type Way = Pick<WorktreeMove, "from" | "to">;

/** Operations that keep the chat history of a moved worktree reachable from its new place. */
export function historyOperations(move: Way, inventory: Inventory): Operation[] {
  return [...claudeOperations(move, inventory), ...codexOperations(move, inventory)];
}

function claudeOperations(move: Way, inventory: Inventory): Operation[] {
  const { claudeDir } = inventory.places;
  const present = new Set(inventory.claudeProjects);
  const to = claudeSlug(move.to);
  const from = [claudeSlug(move.from), olderSlug(move.from)].find((slug) => present.has(slug));
  if (from === undefined || from === to || present.has(to)) return [];
  // Two worktrees may share a slug (`a_b` and `a-b`): then the history is not this one's alone.
  const sharing = inventory.worktrees.filter((leaf) => claudeSlug(leaf.path) === from);
  if (sharing.length > 1) return [];
  const dir = `${claudeDir}/projects`;
  return [{ op: "move", from: `${dir}/${from}`, to: `${dir}/${to}` }];
}

/** Older tools left `_` as it was. */
function olderSlug(path: string): string {
  return path.replaceAll("\\", "/").replaceAll(":", "").replace(/[/.]/g, "-");
}

function codexOperations(move: Way, inventory: Inventory): Operation[] {
  return inventory.codexRollouts
    .filter(({ cwd }) => cwd === move.from || cwd.startsWith(`${move.from}/`))
    .map(({ path, cwd }) => ({
      op: "patchJson",
      path,
      line: 1,
      edits: [
        { pointer: "/payload/cwd", before: cwd, after: move.to + cwd.slice(move.from.length) },
      ],
    }));
}
