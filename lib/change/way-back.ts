/** The directory that something goes back to: made again where somebody cleared it away since. */

import { dirname } from "node:path";
import type { Context } from "./context.ts";
import type { Ledger } from "./ledger.ts";
import { isBelow } from "./roots.ts";
import { Obstacle } from "./stop.ts";

/**
 * Sees to it that a path that an undo fills again has its directory.
 *
 * @throws Obstacle where something else stands in its place, or the directory itself has still to
 * come back
 */
export function ensureDirectory(
  context: Context,
  ledger: Ledger,
  { index, path }: { index: number; path: string },
): void {
  const { roots, disk } = context;
  roots.parentOf(path);
  const missing: string[] = [];
  let dir = dirname(path);
  for (; disk.lstat(dir) === null; dir = dirname(dir)) missing.unshift(dir);
  // A root may be a link: a base dir that was moved to another disk.
  const place = disk.lstat(dir)?.kind === "symlink" ? disk.realPath(dir) : dir;
  const isDirectory = disk.lstat(place)?.kind === "directory";
  if (!isDirectory || missing.some((each) => isAway(context, ledger, index, each))) {
    throw new Obstacle(path, "has no directory to go back to");
  }
  for (const each of missing) disk.makeDir(each);
  if (missing.length === 0) return;
  disk.sync([], [dir, ...missing]);
  roots.forget();
}

/** A later operation took it away and could not be taken back: its place must stay free for it. */
function isAway(context: Context, ledger: Ledger, index: number, dir: string): boolean {
  return [...ledger.kept.values()].some((kept) => {
    if (kept.index <= index) return false;
    const later = context.operation(kept.index);
    const vacated = later.op === "move" ? later.from : later.op === "trash" ? later.path : null;
    return vacated !== null && isBelow(dir, vacated);
  });
}
