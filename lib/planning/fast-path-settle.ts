/** What a run of the fast path was killed before: filing what had allowed it with what it did. */

import { join } from "node:path";
import { listMigrations } from "../change/history.ts";
import { releaseRunLock, takeRunLock } from "../change/lock.ts";
import { ToolkitError } from "../errors.ts";
import {
  type FastPath,
  type FastPathTarget,
  fastPathTargets,
  fileFastPath,
  loadFastPath,
} from "./fast-path.ts";
import type { Site } from "./site.ts";

/**
 * Files an approval that was used up: by the moment in its id a migration says which record it
 * was planned by. While a run is under way, or a record is damaged, nothing is done.
 *
 * @returns one sentence when there was something to settle
 * @throws the disk's own error
 */
export async function settleFastPath(path: FastPath): Promise<string[]> {
  const { disk, migrationsDir, target, now } = path;
  const startedAt = now().toISOString();
  const holder = { pid: process.pid, command: "migration", startedAt, migration: target };
  try {
    if ((await usedBy(path)) === null) return [];
    const lock = await takeRunLock(disk, join(migrationsDir, ".lock"), holder);
    try {
      const id = await usedBy(path);
      if (id === null) return [];
      fileFastPath(path, id);
      return [`put the review of ${target} beside what it had allowed (${id})`];
    } finally {
      releaseRunLock(lock);
    }
  } catch (error) {
    // A run holds the lock, or the record is damaged: whoever needs it says so.
    if (error instanceof ToolkitError) return [];
    throw error;
  }
}

/** All that there are, by where their migrations are recorded. */
export async function settleFastPaths(
  { disk, now }: Pick<Site, "disk" | "now">,
  records: Readonly<Record<FastPathTarget, string>>,
): Promise<string[]> {
  const notes: string[] = [];
  for (const target of fastPathTargets) {
    notes.push(...(await settleFastPath({ target, migrationsDir: records[target], disk, now })));
  }
  return notes;
}

/** The migration that was carried out with an approval which is still there; null without one. */
async function usedBy(path: FastPath): Promise<string | null> {
  const { disk, migrationsDir } = path;
  const record = loadFastPath(path);
  if (record === null || record.awaitingHumanReview) return null;
  const moment = `-${record.createdAt.slice(0, 19).replace(/[-:]/g, "")}Z-`;
  const { migrations } = await listMigrations(migrationsDir, disk);
  const used = migrations.find(({ id, dir, state }) => {
    // What stands half-way takes the record along when it is finished.
    if (state === "planned" || state === "running" || state === "interrupted") return false;
    return id.includes(moment) && disk.lstat(join(dir, "review.json")) === null;
  });
  return used?.id ?? null;
}
