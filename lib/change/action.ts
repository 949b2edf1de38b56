/**
 * Actions: the few things the engine does to a disk. Operations and their inverses are made of
 * them. Each is one atomic step (a copy across devices ends in one), and `settle` tells from the
 * disk whether it has happened, finishing it when it stopped in the middle.
 */

import { basename, dirname } from "node:path";
import { errorCode } from "../errors.ts";
import { fold } from "./batch.ts";
import { copyTree, removeTree, treeDigest } from "./copy.ts";
import type { Disk, FileStat } from "./disk.ts";
import { dirOf } from "./operation.ts";

/** Moves without replacing. */
export interface Move {
  act: "move";
  from: string;
  to: string;
  /** What moves, see `identityOf`; absent for a staged file, which is known by its content. */
  id?: string;
  /** Where a copy across devices grows, and where the original may go after it. */
  across?: { copy: string; asides: readonly string[] };
  /** As in `Aside`. */
  twin?: string;
}

/** Moves something out of the way, into a trash. */
export interface Aside {
  act: "aside";
  from: string;
  /** Private paths; the first that is on the same file system is taken. */
  asides: readonly string[];
  /** Digest of content of ours, which need not stay when it had to go beside its place. */
  drop?: string;
  /** A path; what equals it need not stay either. */
  twin?: string;
}

/** Puts `staged` in the place of the file at `path`, whose own file goes to `keep`. */
export interface Swap {
  act: "swap";
  path: string;
  staged: string;
  keep: string;
  /** Digests of what is there before, and of `staged`. They differ. */
  before: string;
  after: string;
  /** A free name for a version that turns up unexpectedly. */
  spare: () => string;
  /** The file as it was when `staged` was computed from it. */
  seen?: FileStat;
  /** Digest of content of ours, which may go when it has been swapped out. */
  drop?: string;
}

export type Action =
  | { act: "makeDir"; path: string }
  | { act: "removeDir"; path: string }
  | Move
  | Aside
  | Swap
  | { act: "tmux"; from: string; to: string };

export type DiskAction = Exclude<Action, { act: "tmux" }>;

/** `again`: the disk is not as it was when the action was prepared; prepare it anew. */
export type Performed = "done" | "again";

/** Recognises a file or directory after it was moved, and (less surely) in a copy of the disk. */
export function identityOf(stat: FileStat): string {
  return `${stat.kind}:${stat.ino}:${stat.mtimeNs}:${stat.kind === "file" ? stat.size : ""}`;
}

function matchesSurely(id: string | undefined, stat: FileStat): boolean {
  return id?.split(":").slice(0, 2).join(":") === `${stat.kind}:${stat.ino}`;
}

function matchesLikely(id: string | undefined, stat: FileStat): boolean {
  return id?.replace(/:\d+/, "") === identityOf(stat).replace(/:\d+/, "");
}

/** The directories whose entries an action changes. */
export function changedDirs(action: DiskAction): string[] {
  switch (action.act) {
    case "move": {
      const dirs = [dirOf(action.from), dirOf(action.to)];
      return [...dirs, ...(action.across?.asides ?? []).map(dirOf)];
    }
    case "aside":
      return [action.from, ...action.asides].map(dirOf);
    case "swap":
      return [action.path, action.staged, action.keep].map(dirOf);
    default:
      return [dirOf(action.path)];
  }
}

/**
 * Whether an action that may have been begun before a crash has happened. One that stopped in the
 * middle is finished or taken back, whichever loses nothing.
 */
export function settle(disk: Disk, action: DiskAction): boolean {
  switch (action.act) {
    case "makeDir":
      return disk.lstat(action.path)?.kind === "directory";
    case "removeDir":
      return disk.lstat(action.path) === null;
    case "move":
      return settleMove(disk, action);
    case "aside":
      return settleAside(disk, action);
    case "swap":
      return settleSwap(disk, action);
  }
}

function settleMove(disk: Disk, move: Move): boolean {
  const { from, to, id, across } = move;
  const source = disk.lstat(from);
  const target = disk.lstat(to);
  if (target === null) return false;
  if (source === null) return true;
  if (source.ino === target.ino && source.dev === target.dev) {
    // One entry under two spellings of its name, or a hard link whose old name has to go yet.
    if (fold(from) === fold(to)) return disk.readDir(dirname(to)).includes(basename(to));
    disk.unlink(from);
    return true;
  }
  // Inode numbers of different devices say nothing about each other.
  if (source.dev === target.dev && matchesSurely(id, target)) return true;
  if (across !== undefined && treeDigest(disk, from) === treeDigest(disk, to)) {
    putAside(disk, from, across.asides);
    return true;
  }
  if (id === undefined) {
    if (treeDigest(disk, from) !== treeDigest(disk, to)) return false;
    disk.unlink(from);
    return true;
  }
  return !matchesSurely(id, source) && matchesLikely(id, target);
}

function settleAside(disk: Disk, { from, asides }: Aside): boolean {
  const aside = asides.map((path) => disk.lstat(path)).find((stat) => stat !== null);
  const source = disk.lstat(from);
  if (aside === undefined) return source === null;
  // A hard link whose old name has to go yet.
  if (source?.ino === aside.ino && source.dev === aside.dev) disk.unlink(from);
  return true;
}

function settleSwap(disk: Disk, swap: Swap): boolean {
  const { path, staged, keep, before, after } = swap;
  const waiting = digestOf(disk, staged);
  // After a power cut, contents say more than names: the renames may have come through in part.
  if (waiting === after) return false;
  if (waiting === before) {
    disk.renameNoReplace(staged, keep);
    return true;
  }
  if (waiting !== null) {
    // Somebody wrote the file just before the swap, and that version was swapped out.
    if (digestOf(disk, path) === after) takeBack(disk, swap);
    else disk.renameNoReplace(staged, swap.spare());
    return false;
  }
  const kept = digestOf(disk, keep);
  if (kept === null) return digestOf(disk, path) === after;
  if (kept === after && digestOf(disk, path) === before) {
    disk.renameNoReplace(keep, swap.spare());
    return false;
  }
  return true;
}

/** How often a version that turned up is put back before a newer one than it. */
const maxTakeBacks = 20;

/**
 * Undoes a swap that swapped out something unknown: that is the newest version and belongs in
 * place. Should yet another one come out instead of ours, that one is newer still.
 */
function takeBack(disk: Disk, { path, staged, after, spare }: Swap): void {
  let last = after;
  for (let turn = 0; turn < maxTakeBacks; turn += 1) {
    const newest = disk.hashFile(staged);
    disk.exchange(staged, path);
    if (disk.hashFile(staged) === last) break;
    last = newest;
  }
  if (last !== after) disk.renameNoReplace(staged, spare());
}

const noFile = new Set(["ENOENT", "ENOTDIR", "EISDIR", "ELOOP"]);

/** The digest of the file at a path; null when there is no file. */
export function digestOf(disk: Disk, path: string): string | null {
  try {
    return disk.hashFile(path);
  } catch (error) {
    if (noFile.has(errorCode(error) ?? "")) return null;
    throw error;
  }
}

/** Does what was prepared. */
export function perform(disk: Disk, action: DiskAction): Performed {
  switch (action.act) {
    case "makeDir":
      return retrying(() => disk.makeDir(action.path));
    case "removeDir":
      return retrying(() => disk.removeDir(action.path));
    case "move":
      return performMove(disk, action);
    case "aside":
      return retrying(() => putAside(disk, action.from, action.asides));
    case "swap":
      return performSwap(disk, action);
  }
}

/** What a path's neighbours may have caused; whoever prepares the action again sees it. */
const changedMeanwhile = new Set(["EEXIST", "ENOENT", "ENOTEMPTY"]);

function retrying(step: () => void): Performed {
  try {
    step();
    return "done";
  } catch (error) {
    if (changedMeanwhile.has(errorCode(error) ?? "")) return "again";
    throw error;
  }
}

function performMove(disk: Disk, move: Move): Performed {
  try {
    return retrying(() => renameKeepingCase(disk, move));
  } catch (error) {
    if (errorCode(error) !== "EXDEV" || move.across === undefined) throw error;
    const { from, to, across } = move;
    return retrying(() => moveAcross(disk, from, to, across));
  }
}

/** A change of case alone is no clash on a file system that does not tell the two apart. */
function renameKeepingCase(disk: Disk, { from, to }: Move): void {
  const sameName = fold(from) === fold(to);
  if (sameName && disk.lstat(from)?.ino === disk.lstat(to)?.ino) disk.replace(from, to);
  else disk.renameNoReplace(from, to);
}

function moveAcross(
  disk: Disk,
  from: string,
  to: string,
  across: NonNullable<Move["across"]>,
): void {
  removeTree(disk, across.copy);
  try {
    copyWhole(disk, from, across.copy);
  } catch (error) {
    try {
      // It may have filled the disk, for everybody else too.
      removeTree(disk, across.copy);
    } catch {
      // The first error is the one to tell.
    }
    throw error;
  }
  disk.renameNoReplace(across.copy, to);
  // Two devices keep no order between them: the copy must be in place before the original goes.
  disk.sync([], [dirname(to)]);
  putAside(disk, from, across.asides);
}

function copyWhole(disk: Disk, from: string, copy: string): void {
  const copied = copyTree(disk, from, copy);
  if (treeDigest(disk, from) !== treeDigest(disk, copy)) {
    throw Object.assign(new Error(`EBUSY: "${from}" changes while it is copied`), {
      code: "EBUSY",
    });
  }
  disk.sync(copied.files, [...copied.dirs, dirname(copy)]);
}

function putAside(disk: Disk, from: string, asides: readonly string[]): void {
  for (const [number, aside] of asides.entries()) {
    try {
      disk.renameNoReplace(from, aside);
      return;
    } catch (error) {
      if (errorCode(error) !== "EXDEV" || number === asides.length - 1) throw error;
    }
  }
}

function performSwap(disk: Disk, swap: Swap): Performed {
  const { path, staged, keep, before, seen } = swap;
  if (seen !== undefined && !isSame(disk.lstat(path), seen)) return "again";
  try {
    disk.exchange(staged, path);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return "again";
    if (errorCode(error) !== "ENOTSUP") throw error;
    return replaceKeeping(disk, swap);
  }
  // What came out may be newer than what was read: a writer that takes no lock.
  if (disk.hashFile(staged) === before) {
    disk.renameNoReplace(staged, keep);
    return "done";
  }
  settleSwap(disk, swap);
  return "again";
}

function isSame(stat: FileStat | null, seen: FileStat): boolean {
  if (stat === null || stat.ino !== seen.ino) return false;
  return stat.mtimeNs === seen.mtimeNs && stat.size === seen.size;
}

/** For file systems that cannot exchange: a second name for the old file, then a rename over it. */
function replaceKeeping(disk: Disk, { path, staged, keep, before, spare }: Swap): Performed {
  // Left by a crash between the two steps, when `path` still is the old file.
  if (disk.lstat(keep) !== null) disk.renameNoReplace(keep, spare());
  try {
    disk.link(path, keep);
  } catch (error) {
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "EMLINK"].includes(errorCode(error) ?? "")) throw error;
    disk.copyFile(path, keep);
    disk.copyAttributes(path, keep);
  }
  // The second name must be durable before the first one is gone.
  disk.sync([keep], [dirname(keep)]);
  if (disk.hashFile(keep) !== before) {
    disk.unlink(keep);
    return "again";
  }
  disk.replace(staged, path);
  return "done";
}
