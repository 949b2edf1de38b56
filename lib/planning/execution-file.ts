/**
 * `.planning/execution.json`: the phase that is being carried out, and the migration of the change
 * engine that does it. It is there from before the first operation until the phase is done or
 * taken back, so that whoever comes after a crash knows what to finish.
 */

import { join } from "node:path";
import type { Disk } from "../change/disk.ts";
import { loadMigration } from "../change/history.ts";
import { formatDocument, readDocument } from "./document.ts";
import { makeDirs, saveFile } from "./save.ts";
import { migrationDirOf, type Rooted } from "./site.ts";
import { planningName } from "./state-file.ts";

export interface ExecutionRecord {
  phase: string;
  /** `<migrations dir>/<id>` of the change engine. */
  migrationDir: string;
  startedAt: string;
}

export const executionName = `${planningName}/execution.json`;

/**
 * Whether a phase of a live migration was begun and has neither come to an end nor been taken back.
 *
 * @throws ToolkitError `invalid` when its record, or that of the engine, does not tell
 */
export async function isUnderWay({ root, disk }: Rooted, slug: string): Promise<boolean> {
  const record = loadExecution(disk, migrationDirOf({ root, disk }, slug));
  if (record === null || disk.lstat(record.migrationDir) === null) return false;
  const { state } = await loadMigration(record.migrationDir, disk);
  return state !== "rolled-back" && state !== "partly-rolled-back";
}

/** @throws ToolkitError `invalid` with the place of the fault */
export function loadExecution(disk: Disk, dir: string): ExecutionRecord | null {
  const root = readDocument(disk, join(dir, executionName));
  if (root === null) return null;
  root.object(["phase", "migration_dir", "started_at"]);
  const migrationDir = root.get("migration_dir");
  if (!migrationDir.string().startsWith("/")) migrationDir.fail("must be an absolute path");
  return {
    phase: root.get("phase").string(),
    migrationDir: migrationDir.string(),
    startedAt: root.get("started_at").string(),
  };
}

export function saveExecution(disk: Disk, dir: string, record: ExecutionRecord): void {
  const { phase, migrationDir, startedAt } = record;
  makeDirs(disk, join(dir, planningName));
  const document = { phase, migration_dir: migrationDir, started_at: startedAt };
  saveFile(disk, join(dir, executionName), formatDocument(document));
}

export function clearExecution(disk: Disk, dir: string): void {
  const file = join(dir, executionName);
  if (disk.lstat(file) === null) return;
  disk.unlink(file);
  disk.sync([], [join(dir, planningName)]);
}
