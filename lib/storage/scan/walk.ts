/** Walks whose only answer is one number or one yes: silent, and never through a link. */

import { type Dirent, lstatSync, readdirSync, type Stats } from "node:fs";
import { errorCode } from "../../errors.ts";

/** Whether there is one file (or link) at any depth; stops at the first. True when in doubt. */
export function holdsFile(dir: string): boolean {
  const below: string[] = [];
  try {
    for (const entry of readdirSync(dir, { withFileTypes: true })) {
      if (!entry.isDirectory()) return true;
      below.push(entry.name);
    }
  } catch (error) {
    return errorCode(error) !== "ENOENT";
  }
  return below.some((name) => holdsFile(`${dir}/${name}`));
}

/**
 * Bytes of all files below a directory, a file with several hard links counted once. Costs what
 * `du` costs; what cannot be looked at counts nothing.
 */
export function bytesBelow(dir: string, seen: Set<string> = new Set()): number {
  let bytes = 0;
  for (const entry of entriesOf(dir)) {
    const path = `${dir}/${entry.name}`;
    if (entry.isDirectory()) {
      bytes += bytesBelow(path, seen);
      continue;
    }
    const stats = statOf(path);
    if (stats === null || !stats.isFile()) continue;
    const id = stats.nlink > 1 ? `${stats.dev}:${stats.ino}` : null;
    if (id !== null && seen.has(id)) continue;
    if (id !== null) seen.add(id);
    bytes += stats.size;
  }
  return bytes;
}

function entriesOf(dir: string): Dirent[] {
  try {
    return readdirSync(dir, { withFileTypes: true });
  } catch {
    return [];
  }
}

function statOf(path: string): Stats | null {
  try {
    return lstatSync(path);
  } catch {
    return null;
  }
}
