/** The moment at which a new copy becomes live: one atomic exchange, wherever the disk has it. */

import { dirname } from "node:path";
import type { Disk } from "../change/disk.ts";
import { errorCode } from "../errors.ts";
import type { Transaction } from "./transactions.ts";

/**
 * Puts the staged copy in the place of the live one, which becomes the rollback copy. The live
 * path names the old or the new copy at any moment; only a file system that cannot exchange two
 * names is without either between two renames, which `recover.ts` mends.
 */
export function install(disk: Disk, live: string, transaction: Transaction): void {
  const { dir, staged, rollback } = transaction;
  if (disk.lstat(live) === null) {
    disk.renameNoReplace(staged, live);
  } else if (exchanged(disk, staged, live)) {
    try {
      disk.renameNoReplace(staged, rollback);
    } catch (error) {
      disk.exchange(staged, live);
      throw error;
    }
  } else {
    disk.renameNoReplace(live, rollback);
    disk.sync([], [dirname(live), dir]);
    disk.renameNoReplace(staged, live);
  }
  disk.sync([], [dirname(live), dir]);
}

/** Whether the two were exchanged; false where that is not possible. */
function exchanged(disk: Disk, a: string, b: string): boolean {
  try {
    disk.exchange(a, b);
    return true;
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOTSUP" || code === "EINVAL" || code === "ENOSYS") return false;
    throw error;
  }
}

/**
 * Puts the old copy back, as far as it was taken away; whatever is live instead is kept as the
 * failed copy.
 */
export function restore(
  disk: Disk,
  live: string,
  transaction: Transaction,
  hadLive: boolean,
): void {
  const { dir, rollback, failed } = transaction;
  const old = disk.lstat(rollback) !== null ? rollback : null;
  if (hadLive && old === null) return;
  if (old !== null && disk.lstat(live) !== null && exchanged(disk, old, live)) {
    disk.renameNoReplace(old, failed);
  } else {
    if (disk.lstat(live) !== null) disk.renameNoReplace(live, failed);
    if (old !== null) disk.renameNoReplace(old, live);
  }
  disk.sync([], [dirname(live), dir]);
}
