/** The named places: the only directories and files that a storage migration may write to. */

import { existsSync, lstatSync } from "node:fs";
import { isInside, type Places } from "../paths.ts";
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
 * are: of the roots that the plan recorded, those that are a git directory's own worktree links, and
 * V0's directories, which only a config of the user's ever named.
 */
export function recordedRoots(places: Places, recorded: readonly string[]): string[] {
  const isGitLinks = (root: string) => {
    if (!root.endsWith("/worktrees")) return false;
    const gitDir = root.slice(0, -"/worktrees".length);
    return existsSync(`${gitDir}/HEAD`) && existsSync(`${gitDir}/objects`);
  };
  const isV0 = (root: string) =>
    root !== places.home && isInside(root, places.home) && isDirectory(root);
  return [...fixedRoots(places), ...recorded.filter((root) => isGitLinks(root) || isV0(root))];
}

function isDirectory(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
