/** Directories of a plan as a whole: their digest, copies of them, and removing them. */

import { join } from "node:path";
import type { Disk } from "../change/disk.ts";
import { ToolkitError } from "../errors.ts";
import { isInside } from "../paths.ts";

interface Entry {
  /** Relative to the root of the tree. */
  path: string;
  kind: "file" | "directory";
  mode: number;
}

/**
 * Everything below a directory, parents before their children, siblings in the order of bytes.
 *
 * @throws ToolkitError `invalid` for a link or a special file, and unless `dir` is a directory
 */
export function entriesBelow(disk: Disk, dir: string): Entry[] {
  const root = disk.lstat(dir);
  if (root?.kind !== "directory")
    refuse(dir, `it is ${root === null ? "missing" : "no directory"}`);
  const entries: Entry[] = [];
  const visit = (path: string) => {
    for (const name of disk.readDir(join(dir, path)).sort()) {
      const child = path === "" ? name : `${path}/${name}`;
      const stat = disk.lstat(join(dir, child));
      if (stat === null) refuse(join(dir, child), "it went away while it was read");
      if (stat.kind === "file") entries.push({ path: child, kind: "file", mode: stat.mode });
      else if (stat.kind === "directory") {
        entries.push({ path: child, kind: "directory", mode: stat.mode });
        visit(child);
      } else refuse(join(dir, child), "a plan holds files and directories only");
    }
  };
  visit("");
  return entries;
}

function refuse(path: string, detail: string): never {
  throw new ToolkitError("invalid", `Cannot read "${path}": ${detail}`, { place: { file: path } });
}

/**
 * SHA-256 over every path below a directory with its kind and permissions, and every file's
 * content; times, owners and the root's own mode do not count. A missing directory has one too.
 */
export function treeDigest(disk: Disk, dir: string): string {
  const hasher = new Bun.CryptoHasher("sha256").update("plan-tree 1\n");
  if (disk.lstat(dir) === null) return hasher.update("absent\n").digest("hex");
  for (const { path, kind, mode } of entriesBelow(disk, dir)) {
    hasher.update(`${kind} ${JSON.stringify(path)} ${mode.toString(8)}\n`);
    if (kind !== "file") continue;
    const content = disk.readFile(join(dir, path));
    hasher.update(`${content.length}\n`).update(content);
  }
  return hasher.digest("hex");
}

/** Copies a directory to a place where nothing is, and makes the copy durable. */
export function copyTree(disk: Disk, from: string, to: string): void {
  const entries = entriesBelow(disk, from);
  disk.makeDir(to, disk.lstat(from)?.mode ?? 0o755);
  for (const { path, kind, mode } of entries) {
    // Writable while it is filled; its own mode comes last.
    if (kind === "directory") disk.makeDir(join(to, path), mode | 0o700);
    else disk.writeNew(join(to, path), [disk.readFile(join(from, path))], { mode });
  }
  for (const { path, kind, mode } of entries.toReversed()) {
    if (kind === "directory" && (mode & 0o700) !== 0o700) {
      disk.copyAttributes(join(from, path), join(to, path));
    }
  }
  const paths = (wanted: Entry["kind"]) =>
    entries.filter(({ kind }) => kind === wanted).map(({ path }) => join(to, path));
  disk.sync(paths("file"), [to, ...paths("directory")]);
}

/** Removes a directory and all in it; `inside` guards against a wrong path. */
export function removeTree(disk: Disk, path: string, inside: string): void {
  if (!isInside(path, inside) || path === inside) {
    throw new ToolkitError("refused", `Cannot remove "${path}": it is not below ${inside}`);
  }
  const stat = disk.lstat(path);
  if (stat === null) return;
  if (stat.kind !== "directory") {
    disk.unlink(path);
    return;
  }
  for (const name of disk.readDir(path)) removeTree(disk, join(path, name), inside);
  disk.removeDir(path);
}
