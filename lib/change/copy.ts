/**
 * Trees across devices, where nothing can be renamed: copied, compared, and removed when the copy
 * was ours.
 */

import { join } from "node:path";
import { errorCode } from "../errors.ts";
import type { Disk } from "./disk.ts";
import { Obstacle } from "./stop.ts";

/**
 * Copies a file, symlink or directory to a path that must not exist, with modes, times, owners and
 * (best effort) extended attributes.
 *
 * @returns everything that has to be flushed before the copy is durable
 * @throws Obstacle for what cannot be copied: devices, sockets, names that are not UTF-8
 */
export function copyTree(disk: Disk, from: string, to: string): Copied {
  const copied: Copied = { files: [], dirs: [] };
  copyInto(disk, from, to, copied);
  return copied;
}

/** Paths of a copy that `Disk.sync` takes. */
export interface Copied {
  files: string[];
  dirs: string[];
}

function copyInto(disk: Disk, from: string, to: string, copied: Copied): void {
  const stat = disk.lstat(from);
  if (stat === null) throw new Obstacle(from, "is gone");
  if (stat.kind === "other" || from.includes("\ufffd")) {
    throw new Obstacle(from, "cannot be moved to another device (its kind or name forbids it)");
  }
  if (stat.kind === "directory") {
    disk.makeDir(to, 0o700);
    copied.dirs.push(to);
    for (const name of disk.readDir(from)) copyInto(disk, join(from, name), join(to, name), copied);
  } else {
    disk.copyFile(from, to);
    if (stat.kind === "file") copied.files.push(to);
  }
  disk.copyAttributes(from, to);
}

/**
 * A digest over kinds, names, modes, link targets and contents; equal digests mean equal trees.
 * Null when there is nothing at `path`.
 */
export function treeDigest(disk: Disk, path: string): string | null {
  const stat = disk.lstat(path);
  if (stat === null) return null;
  const hasher = new Bun.CryptoHasher("sha256");
  hasher.update(`${stat.kind} ${stat.kind === "symlink" ? "" : stat.mode}\n`);
  if (stat.kind === "file") hasher.update(disk.hashFile(path));
  if (stat.kind === "symlink") hasher.update(disk.readLink(path));
  if (stat.kind === "directory") {
    for (const name of disk.readDir(path).sort()) {
      hasher.update(`${JSON.stringify(name)} ${treeDigest(disk, join(path, name))}\n`);
    }
  }
  return hasher.digest("hex");
}

/** Removes a tree that this toolkit made: an unfinished copy, or a trash. Others may remove it, too. */
export function removeTree(disk: Disk, path: string): void {
  try {
    const stat = disk.lstat(path);
    if (stat === null) return;
    if (stat.kind !== "directory") {
      disk.unlink(path);
      return;
    }
    // Copies have the modes of their originals, and caches of packages cannot be written.
    if ((stat.mode & 0o700) !== 0o700) disk.chmod(path, 0o700);
    for (const name of disk.readDir(path)) removeTree(disk, join(path, name));
    disk.removeDir(path);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
  }
}

const unseen = new Set<string | undefined>(["EACCES", "EPERM", "ENOENT"]);

/** Bytes of all files below a path, but for what may not be looked at or goes meanwhile. */
export function treeBytes(disk: Disk, path: string): number {
  try {
    const stat = disk.lstat(path);
    if (stat === null) return 0;
    if (stat.kind !== "directory") return stat.kind === "file" ? stat.size : 0;
    return disk.readDir(path).reduce((sum, name) => sum + treeBytes(disk, join(path, name)), 0);
  } catch (error) {
    if (unseen.has(errorCode(error))) return 0;
    throw error;
  }
}
