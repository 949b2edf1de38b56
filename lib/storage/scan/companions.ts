/** Worktrees that stand at no place of AO's, inside something that may move. */

import { realpathSync } from "node:fs";
import { dirname } from "node:path";
import { readWorktree } from "../../git-files.ts";
import { isInside, type Places } from "../../paths.ts";
import type { Companion, Inventory, RepoFacts, WorktreeLeaf } from "../inventory.ts";
import { spelledOf } from "../spelling.ts";

/** Of all that the repositories list, those which really are where git says. */
export function scanCompanions(
  repos: RepoFacts[],
  worktrees: WorktreeLeaf[],
  { baseDir }: Places,
  realPlaces: Inventory["realPlaces"],
): Pick<Inventory, "companions"> {
  const leaves = new Set(worktrees.map(({ path }) => path));
  const isIn = (dir: string): boolean =>
    dir === baseDir || leaves.has(dir) || (dir !== "/" && isIn(dirname(dir)));
  const isAside = (path: string) =>
    !leaves.has(path) && !isInside(path, `${baseDir}/migrations`) && isIn(dirname(path));
  const found = new Map<string, Companion>();
  for (const { commonDir, adminEntries } of repos) {
    for (const { id, path: real, exists } of adminEntries) {
      if (!exists || commonDir === undefined) continue;
      const path = spelledOf(real, realPlaces);
      const adminDir = `${commonDir}/worktrees/${id}`;
      if (isAside(path) && isLinked(path, adminDir)) found.set(path, { path, adminDir, commonDir });
    }
  }
  const companions = [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  return companions.length === 0 ? {} : { companions };
}

function isLinked(path: string, adminDir: string): boolean {
  const linked = readWorktree(path);
  if (linked === null) return false;
  try {
    return realpathSync(linked.adminDir) === adminDir;
  } catch {
    return false;
  }
}
