/** Where a path of today will be after the plan: the one mapping that all metadata edits share. */

import type { Inventory } from "./inventory.ts";
import type { ProjectTarget, SessionTarget, Target } from "./shape.ts";
import { realOf, spelledOf } from "./spelling.ts";

export interface PathMap {
  /** New place of a worktree path found in a session's metadata, or the same path. */
  of(path: string, session: SessionTarget, target: ProjectTarget): string;
}

/** Builds the mapping from the planned worktree moves and directory renames. */
export function pathMap(inventory: Inventory, target: Target): PathMap {
  const moved = new Map(target.worktrees.map((move) => [move.from, move.to]));
  const present = new Set(inventory.worktrees.map((leaf) => leaf.path));
  const carriers = new Map<string, string>();
  for (const project of target.projects) {
    const { home } = project.project;
    if (home !== null) carriers.set(home.path, project.dir);
    for (const { dir } of project.sources) carriers.set(dir.path, project.dir);
  }
  const projects = `${inventory.places.baseDir}/projects/`;
  const base = `${inventory.places.baseDir}/`;
  const legacy = `${inventory.places.worktreeRoot}/`;
  const carried = (path: string): string => {
    if (!path.startsWith(base)) return path;
    // A state directory is one name below the base dir, or below its `projects`.
    const from = path.startsWith(projects) ? projects.length : base.length;
    const end = path.indexOf("/", from);
    const to = end < 0 ? undefined : carriers.get(path.slice(0, end));
    return to === undefined ? path : to + path.slice(end);
  };
  const final = new Set(inventory.worktrees.map((leaf) => moved.get(leaf.path) ?? leaf.path));
  const { realPlaces } = inventory;
  const map: PathMap = {
    of(path, session, project) {
      const direct = moved.get(path);
      if (direct !== undefined) return direct;
      if (present.has(path)) return path;
      // Elsewhere a path that was not seen may well be there.
      if (!path.startsWith(base) && !path.startsWith(legacy)) return path;
      // AO's own migrator moved worktrees without telling their metadata: the path is gone, and the
      // project holds a worktree of the session's name.
      const own = `${project.dir}/worktrees/${session.sessionId}`;
      return final.has(own) ? own : carried(path);
    },
  };
  return {
    // Where a place is a link, metadata may have it with the link resolved, and then keeps to that.
    of(path, session, project) {
      const spelled = spelledOf(path, realPlaces);
      const place = map.of(spelled, session, project);
      if (spelled === path) return place;
      return place === spelled ? path : realOf(place, realPlaces);
    },
  };
}
