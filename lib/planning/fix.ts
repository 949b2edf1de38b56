/** The mechanical part of mending: what has one right answer, published like any other change. */

import { join } from "node:path";
import { ToolkitError } from "../errors.ts";
import type { FindingCode } from "./consistency.ts";
import { examine } from "./doctor.ts";
import { rollbackReason, rolledBackPhases, withRollbacks } from "./executed-file.ts";
import { loadManifest, type Manifest, saveManifest } from "./manifest.ts";
import { publish } from "./publish.ts";
import { isLockHeld, lockPathOf, underRunLock } from "./publish-lock.ts";
import { recover } from "./recover.ts";
import { migrationDirOf, type Site, stamp, visibleSlugs } from "./site.ts";
import { closeWorkspace, openWorkspace } from "./workspace.ts";

/** Codes that {@link fixAll} can mend; the others need somebody who knows what was meant. */
export const fixable: readonly FindingCode[] = [
  "manifest-slug-mismatch",
  "invalid-current-phase",
  "phase-rolled-back",
  "publish-lock-present",
  "transaction-leftover",
];

/**
 * Mends what is mechanical: a manifest that names another folder, a current phase that is none of
 * the phases, phases that were rolled back, interrupted publishes, and the lock of a dead run.
 *
 * @param slug the only migration that is mended; null for all
 * @returns one sentence for each thing that was mended
 */
export async function fixAll(site: Site, slug: string | null): Promise<string[]> {
  const lock = lockPathOf(site);
  const isDead = site.disk.lstat(lock) !== null && !isLockHeld(site, lock);
  const notes = recover(site);
  // Recovery takes the lock, and with that removes what a dead run has left of it.
  if (isDead && site.disk.lstat(lock) === null) notes.push("removed the lock of a dead run");
  for (const found of visibleSlugs(site)) {
    if (slug === null || found === slug) notes.push(...(await fixMigration(site, found)));
  }
  return notes;
}

async function fixMigration(site: Site, slug: string): Promise<string[]> {
  const live = loadManifestOrNull(site, slug);
  if (live === null) return [];
  const all = await rolledBackPhases(site, slug, live).catch(() => []);
  // A rollback that has not come to its end is for rollback itself to finish.
  const rolledBack = all.some(({ state }) => state === "rolling-back") ? [] : all;
  const codes = (await examine(site, slug))
    .map(({ code }) => code)
    .filter((code) => code !== "phase-rolled-back" || rolledBack.length > 0);
  if (!codes.some((code) => fixable.includes(code))) return [];
  const { manifest, notes } = mended(live, slug, codes);
  return underRunLock(site, slug, "doctor --fix", async () => {
    const workspace = openWorkspace(site, slug);
    const lastTouch = stamp(site.now());
    const opened = withRollbacks(manifest, rolledBack);
    saveManifest(site.disk, workspace.dir, { ...opened, lastTouch });
    if (rolledBack.length > 0) notes.push(`${slug}: ${rollbackReason(rolledBack)}, and waits now`);
    const { baseDigest, dir } = workspace;
    // Whatever else is wrong stays wrong; a snapshot asks for the least.
    const mode = "planning-snapshot" as const;
    publish(site, { slug, workspace: dir, baseDigest, mode, operation: "migration.doctor" });
    closeWorkspace(site, workspace);
    return notes;
  });
}

function mended(
  manifest: Manifest,
  slug: string,
  codes: readonly FindingCode[],
): { manifest: Manifest; notes: string[] } {
  const notes: string[] = [];
  let fixed = manifest;
  if (codes.includes("manifest-slug-mismatch")) {
    fixed = { ...fixed, name: slug };
    notes.push(`${slug}: its manifest names its own folder now`);
  }
  const next = fixed.phases.find(({ done }) => !done);
  if (codes.includes("invalid-current-phase") && next !== undefined) {
    fixed = { ...fixed, currentPhase: next.name };
    notes.push(`${slug}: its current phase is ${next.name}, the first that is not done`);
  }
  return { manifest: fixed, notes };
}

function loadManifestOrNull(site: Site, slug: string): Manifest | null {
  try {
    return loadManifest(site.disk, join(migrationDirOf(site, slug)));
  } catch (error) {
    if (error instanceof ToolkitError) return null;
    throw error;
  }
}
