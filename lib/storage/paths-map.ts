/** Where a path of today will be after the plan: the one mapping that all metadata edits share. */

import type { Inventory } from "./inventory.ts";
import type { ProjectTarget, SessionTarget, Target } from "./target.ts";

export interface PathMap {
  /** New place of a worktree path found in a session's metadata, or the same path. */
  of(path: string, session: SessionTarget, target: ProjectTarget): string;
}

/** Builds the mapping from the planned worktree moves and directory renames. */
export function pathMap(inventory: Inventory, target: Target): PathMap {
  const moved = new Map(target.worktrees.map((move) => [move.from, move.to]));
  const present = new Set(inventory.worktrees.map((leaf) => leaf.path));
  const carriers = target.projects.flatMap((project) =>
    [project.project.home, ...project.sources.map((source) => source.dir)].flatMap((dir) =>
      dir === null ? [] : [{ prefix: `${dir.path}/`, to: `${project.dir}/` }],
    ),
  );
  const final = new Map<string, string>();
  for (const leaf of inventory.worktrees) {
    const to = moved.get(leaf.path) ?? leaf.path;
    final.set(to, to);
  }
  return {
    of(path, session, project) {
      const direct = moved.get(path);
      if (direct !== undefined) return direct;
      if (present.has(path)) return path;
      // AO's own migrator moved worktrees without telling their metadata: the path is gone, and the
      // project holds a worktree of the session's name.
      const own = final.get(`${project.dir}/worktrees/${session.sessionId}`);
      if (own !== undefined) return own;
      const carrier = carriers.find(({ prefix }) => path.startsWith(prefix));
      return carrier === undefined ? path : carrier.to + path.slice(carrier.prefix.length);
    },
  };
}
