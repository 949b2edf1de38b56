/**
 * `.planning/executed.json`: which migration of the change engine carried out which phase. The
 * engine may take one back without a word to the plan; by this the plan finds out.
 */

import { join } from "node:path";
import type { Disk } from "../change/disk.ts";
import { loadMigration } from "../change/history.ts";
import type { MigrationState } from "../change/ledger.ts";
import { ToolkitError } from "../errors.ts";
import { formatDocument, readDocument } from "./document.ts";
import type { Manifest } from "./manifest.ts";
import { makeDirs, saveFile } from "./save.ts";
import { isEngineId, migrationDirOf, type Site } from "./site.ts";
import { planningName } from "./state-file.ts";

/** A phase, and the engine's id of what carried it out last. */
export interface Executed {
  phase: string;
  migration: string;
}

export const executedName = `${planningName}/executed.json`;

/** @throws ToolkitError `invalid` with the place of the fault */
export function loadExecuted(disk: Disk, dir: string): Executed[] {
  const root = readDocument(disk, join(dir, executedName));
  if (root === null) return [];
  const { value } = root.object();
  return Object.keys(value as object).map((phase) => {
    const migration = root.get(phase);
    if (!isEngineId(migration.string())) migration.fail("is no id of a migration");
    return { phase, migration: migration.string() };
  });
}

/** Records what carried out a phase, in the place of what did so before. */
export function addExecuted(disk: Disk, dir: string, done: Executed): void {
  const others = loadExecuted(disk, dir).filter(({ phase }) => phase !== done.phase);
  const entries = [...others, done].map(({ phase, migration }) => [phase, migration]);
  makeDirs(disk, join(dir, planningName));
  saveFile(disk, join(dir, executedName), formatDocument(Object.fromEntries(entries)));
}

/** A phase that was done and is not any more. */
export interface RolledBack extends Executed {
  state: Extract<MigrationState, "rolling-back" | "rolled-back" | "partly-rolled-back">;
}

/**
 * The phases of a live plan that were taken back since they were done. Records of the engine that
 * are not here, or cannot be read, tell nothing.
 *
 * @throws ToolkitError `invalid` when the plan's own record is damaged
 */
export async function rolledBackPhases(
  site: Site,
  slug: string,
  manifest: Manifest,
): Promise<RolledBack[]> {
  const { disk, engineDirs = [] } = site;
  const found: RolledBack[] = [];
  for (const executed of loadExecuted(disk, migrationDirOf(site, slug))) {
    if (manifest.phases.find(({ name }) => name === executed.phase)?.done !== true) continue;
    for (const dir of engineDirs) {
      const state = await stateOf(disk, join(dir, executed.migration));
      if (state?.endsWith("rolled-back") !== true && state !== "rolling-back") continue;
      found.push({ ...executed, state: state as RolledBack["state"] });
    }
  }
  return found;
}

async function stateOf(disk: Disk, dir: string): Promise<MigrationState | null> {
  if (disk.lstat(dir) === null) return null;
  try {
    return (await loadMigration(dir, disk)).state;
  } catch (error) {
    if (error instanceof ToolkitError) return null;
    throw error;
  }
}

/** Why such a plan waits, in a sentence without its full stop. */
export function rollbackReason(rolledBack: readonly RolledBack[]): string {
  return rolledBack
    .map(({ phase, migration, state }) => `phase ${phase} was ${words[state]} (${migration})`)
    .join("; ");
}

const words: Readonly<Record<RolledBack["state"], string>> = {
  "rolled-back": "rolled back",
  "partly-rolled-back": "rolled back in part",
  "rolling-back": "being rolled back, which has not come to its end",
};

/**
 * The manifest with what was rolled back taken into account: those phases are open again, and a
 * person has to say that they may run.
 *
 * @throws ToolkitError `refused` while a rollback has not come to its end
 */
export function withRollbacks(manifest: Manifest, rolledBack: readonly RolledBack[]): Manifest {
  if (rolledBack.length === 0) return manifest;
  const unfinished = rolledBack.find(({ state }) => state === "rolling-back");
  if (unfinished !== undefined) {
    const { migration } = unfinished;
    throw new ToolkitError(
      "refused",
      `Cannot work on "${manifest.name}": the rollback of ${migration} has not come to its end`,
      { hint: `finish it with: rollback ${migration}` },
    );
  }
  const names = new Set(rolledBack.map(({ phase }) => phase));
  const phases = manifest.phases.map((phase) => {
    return names.has(phase.name) ? { ...phase, done: false } : phase;
  });
  return {
    ...manifest,
    phases,
    status: "ready",
    currentPhase: phases.find(({ done }) => !done)?.name ?? "",
    awaitingHumanReview: true,
    humanReviewReason: manifest.humanReviewReason ?? rollbackReason(rolledBack),
  };
}
