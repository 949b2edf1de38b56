/** The named places: the only directories and files that a storage migration may write to. */

import { existsSync, lstatSync, type Stats } from "node:fs";
import { resolve } from "node:path";
import { type Operation, touchedBy } from "../change/operation.ts";
import type { Plan } from "../change/plan.ts";
import { isBelow } from "../change/roots.ts";
import { isInside, type Places, parseArchiveName, parseSessionId } from "../paths.ts";
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
 * Places for finishing a migration or taking it back, when the disk may no longer say which
 * repositories and V0 directories there are: of the roots that the plan recorded, those that are a git
 * directory's own worktree links, and those in the home where the plan changes nothing but what V0
 * keeps in such a directory. A plan is a file that anybody may have edited.
 */
export function recordedRoots(
  places: Places,
  { roots, operations }: Pick<Plan, "roots" | "operations">,
): string[] {
  // What is gone by now is believed for what it was changed for, and for nothing else.
  const isChanged = (root: string) =>
    operations.some((operation) => touchedBy(operation).writes.some((path) => isBelow(path, root)));
  const isGitLinks = (root: string) => {
    if (!root.endsWith("/worktrees")) return false;
    const gitDir = root.slice(0, -"/worktrees".length);
    if (lstatOrNull(gitDir) === null) return isChanged(root) && isLinksAlone(operations, root);
    return existsSync(`${gitDir}/HEAD`) && existsSync(`${gitDir}/objects`);
  };
  const isV0 = (root: string) =>
    root !== places.home &&
    isInside(root, places.home) &&
    (isDirectory(root) || (lstatOrNull(root) === null && isChanged(root))) &&
    operations.every((operation) => isOfV0(operation, root));
  const plain = roots.map((root) => resolve(root));
  return [...fixedRoots(places), ...plain.filter((root) => isGitLinks(root) || isV0(root))];
}

/** Whether nothing but git's links is changed there: a file that is gone stays so. */
function isLinksAlone(operations: readonly Operation[], root: string): boolean {
  return operations.every(
    (operation) =>
      operation.op === "relinkWorktree" ||
      !touchedBy(operation).writes.some((path) => isBelow(path, root)),
  );
}

/** Whether all that an operation changes in a directory is what V0 kept there. */
function isOfV0(operation: Operation, root: string): boolean {
  return touchedBy(operation).writes.every((path) => {
    if (!isInside(path, root)) return true;
    const [name = "", archived, ...deeper] = path.slice(root.length + 1).split("/");
    if (archived === undefined) return parseSessionId(name) !== null || isWorktree(operation);
    return name === "archive" && parseArchiveName(archived) !== null && deeper.length === 0;
  });
}

/** A worktree that is moved stands at its old or its new place. */
function isWorktree(operation: Operation): boolean {
  if (operation.op !== "move") return false;
  return [operation.from, operation.to].some((dir) => isFile(`${dir}/.git`));
}

function isFile(path: string): boolean {
  return lstatOrNull(path)?.isFile() === true;
}

function isDirectory(path: string): boolean {
  return lstatOrNull(path)?.isDirectory() === true;
}

/** Null for what is not there, and for what cannot be: the paths come from a file. */
export function lstatOrNull(path: string): Stats | null {
  try {
    return lstatSync(path);
  } catch {
    return null;
  }
}
