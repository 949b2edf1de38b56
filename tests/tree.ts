/** Snapshots of directory trees, for saying that nothing changed, or exactly what did. */

import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

export interface TreeEntry {
  kind: "file" | "dir" | "symlink" | "other";
  /** Permission bits. */
  mode: number;
  /** Of files only. */
  size?: number;
  /** Of files: SHA-256, `unreadable` without permission. */
  digest?: string;
  /** Of symbolic links. */
  target?: string;
  /** Milliseconds; only with the `mtime` option. */
  mtime?: number;
}

/** Relative path (`.` is the top) → what is there. */
export type Tree = Map<string, TreeEntry>;

export interface TreeOptions {
  /** Compare modification times too. @default false */
  mtime?: boolean;
  /** Leaves out a path (relative, with `/`) and everything below it. */
  skip?: (path: string) => boolean;
}

/** Everything below a directory; links are not followed. A missing directory gives an empty tree. */
export function readTree(root: string, options: TreeOptions = {}): Tree {
  const tree: Tree = new Map();
  visit(root, ".", options, tree);
  return tree;
}

function visit(path: string, name: string, options: TreeOptions, tree: Tree): void {
  if (options.skip?.(name)) return;
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  const entry: TreeEntry = { kind: "other", mode: stats.mode & 0o7777 };
  if (options.mtime) entry.mtime = stats.mtimeMs;
  tree.set(name, entry);
  if (stats.isSymbolicLink()) {
    entry.kind = "symlink";
    entry.target = readlinkSync(path);
  } else if (stats.isFile()) {
    entry.kind = "file";
    entry.size = stats.size;
    entry.digest = digestOf(path);
  } else if (stats.isDirectory()) {
    entry.kind = "dir";
    for (const child of namesIn(path)) {
      visit(`${path}/${child}`, name === "." ? child : `${name}/${child}`, options, tree);
    }
  }
}

function digestOf(path: string): string {
  try {
    return createHash("sha256").update(readFileSync(path)).digest("hex");
  } catch {
    return "unreadable";
  }
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path).sort();
  } catch {
    return [];
  }
}

/** Differences as lines: `+ path`, `- path`, `~ path: size 3 → 4`; empty when the trees are equal. */
export function diffTrees(before: Tree, after: Tree): string[] {
  const lines: string[] = [];
  for (const path of [...new Set([...before.keys(), ...after.keys()])].sort()) {
    const old = before.get(path);
    const now = after.get(path);
    if (old === undefined) lines.push(`+ ${path} (${now?.kind})`);
    else if (now === undefined) lines.push(`- ${path} (${old.kind})`);
    else {
      const changes = changesOf(old, now);
      if (changes.length > 0) lines.push(`~ ${path}: ${changes.join(", ")}`);
    }
  }
  return lines;
}

function changesOf(old: TreeEntry, now: TreeEntry): string[] {
  const keys = ["kind", "mode", "size", "digest", "target", "mtime"] as const;
  return keys
    .filter((key) => old[key] !== now[key])
    .map((key) => `${key} ${show(key, old[key])} → ${show(key, now[key])}`);
}

function show(key: string, value: string | number | undefined): string {
  if (value === undefined) return "none";
  if (key === "mode") return Number(value).toString(8);
  return key === "digest" ? String(value).slice(0, 8) : String(value);
}

/** Both trees of a root in one call: runs `act` between two snapshots and gives the differences. */
export async function changesDuring(
  root: string,
  act: () => unknown,
  options: TreeOptions = {},
): Promise<string[]> {
  const before = readTree(root, options);
  await act();
  return diffTrees(before, readTree(root, options));
}

/** Absolute paths of every file below a directory, sorted. */
export function filesBelow(root: string): string[] {
  return [...readTree(root)]
    .filter(([, { kind }]) => kind === "file")
    .map(([name]) => join(root, name));
}
