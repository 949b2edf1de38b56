/** Worktrees at every place AO uses, with what git's own files say about them. */

import { realpathSync } from "node:fs";
import { readWorktree } from "../../git-files.ts";
import type { StateDir, WorktreeLeaf } from "../inventory.ts";
import { linkDetail } from "./entries.ts";
import type { Reader } from "./reader.ts";
import { bytesBelow } from "./walk.ts";

/** Worktrees of state dirs, from the names that were listed there. */
export function scanWorktreesOf(
  dirs: StateDir[],
  where: WorktreeLeaf["where"],
  sizes: boolean,
): WorktreeLeaf[] {
  return dirs.flatMap((dir) =>
    dir.worktrees.map((name) =>
      readLeaf(`${dir.path}/worktrees/${name}`, where, dir.name, name, sizes),
    ),
  );
}

/**
 * Worktrees of a root outside the base dir: `{root}/{group}/{name}`, and `{root}/{name}` where that
 * is a checkout itself (its group is then empty).
 *
 * @param sizes Walk every worktree to know its bytes.
 */
export function scanWorktreeRoot(
  reader: Reader,
  root: string,
  where: WorktreeLeaf["where"],
  sizes: boolean,
): WorktreeLeaf[] {
  const groups = reader.list(root);
  if (groups === null) return [];
  faultLinks(reader, root, groups.symlinks);
  return groups.dirs.flatMap((group) => {
    const path = `${root}/${group}`;
    const listing = reader.list(path);
    if (listing === null) return [];
    if (listing.files.includes(".git") || listing.dirs.includes(".git")) {
      return [readLeaf(path, where, "", group, sizes)];
    }
    faultLinks(reader, path, listing.symlinks);
    return listing.dirs.map((name) => readLeaf(`${path}/${name}`, where, group, name, sizes));
  });
}

/** Facts about one worktree, or about what stands where one belongs. */
function readLeaf(
  path: string,
  where: WorktreeLeaf["where"],
  group: string,
  name: string,
  sizes: boolean,
): WorktreeLeaf {
  const leaf: WorktreeLeaf = { path, where, group, name, locked: false, submodules: [] };
  const linked = readWorktree(path);
  if (linked !== null) {
    leaf.adminDir = real(linked.adminDir);
    leaf.locked = linked.locked;
    leaf.submodules = linked.submodules;
    if (linked.commonDir !== undefined) leaf.commonDir = real(linked.commonDir);
    if (linked.branch !== undefined) leaf.branch = linked.branch;
    if (linked.linkedPath !== undefined) leaf.linkedPath = sameOr(linked.linkedPath, path);
  }
  if (sizes) leaf.bytes = bytesBelow(path);
  return leaf;
}

/** git resolves links in paths, AO does not: one place keeps one spelling here. */
function sameOr(linkedPath: string, path: string): string {
  return linkedPath !== path && real(linkedPath) === real(path) ? path : linkedPath;
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function faultLinks(reader: Reader, dir: string, names: string[]): void {
  for (const name of names) reader.fault("symlink", `${dir}/${name}`, linkDetail);
}
