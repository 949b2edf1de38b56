/** The named places: the only directories and files that a storage migration may write to. */

import { existsSync } from "node:fs";
import type { Places } from "../paths.ts";
import type { Inventory } from "./inventory.ts";

/** Places of the toolkit itself, known without looking at the disk. */
export function fixedRoots(places: Places): string[] {
  return [
    places.baseDir,
    places.configFile,
    places.worktreeRoot,
    `${places.claudeDir}/projects`,
    `${places.codexDir}/sessions`,
    `${places.codexDir}/archived_sessions`,
  ];
}

/** Every place that this inventory's plan may write to, with the repositories' worktree links. */
export function rootsOf(inventory: Inventory): string[] {
  const roots = new Set(fixedRoots(inventory.places));
  for (const repo of Object.values(inventory.repos)) {
    if (repo.commonDir !== undefined) roots.add(`${repo.commonDir}/worktrees`);
  }
  for (const leaf of inventory.worktrees) {
    if (leaf.commonDir !== undefined) roots.add(`${leaf.commonDir}/worktrees`);
    if (leaf.where === "v0") roots.add(leaf.path.slice(0, leaf.path.lastIndexOf("/")));
  }
  for (const dir of inventory.hashDirs) if (dir.layout === "v0") roots.add(dir.path);
  return [...roots].sort();
}

/**
 * Places for taking a migration back when the registry may no longer say which repositories there
 * are: of the roots that the plan recorded, those that are a git directory's own worktree links.
 */
export function recordedRoots(places: Places, recorded: readonly string[]): string[] {
  const isGitLinks = (root: string) => {
    if (!root.endsWith("/worktrees")) return false;
    const gitDir = root.slice(0, -"/worktrees".length);
    return existsSync(`${gitDir}/HEAD`) && existsSync(`${gitDir}/objects`);
  };
  return [...fixedRoots(places), ...recorded.filter(isGitLinks)];
}
