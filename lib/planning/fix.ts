/** The mechanical part of mending: what has one right answer, published like any other change. */

import { join } from "node:path";
import { ToolkitError } from "../errors.ts";
import type { FindingCode } from "./consistency.ts";
import { examine } from "./doctor.ts";
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
  "publish-lock-present",
  "transaction-leftover",
];

/**
 * Mends what is mechanical: a manifest that names another folder, a current phase that is none of
 * the phases, interrupted publishes, and the lock of a dead run.
 *
 * @returns one sentence for each thing that was mended
 */
export async function fixAll(site: Site, slugs: readonly string[]): Promise<string[]> {
  const lock = lockPathOf(site);
  const isDead = site.disk.lstat(lock) !== null && !isLockHeld(site, lock);
  const notes = recover(site);
  // Recovery takes the lock, and with that removes what a dead run has left of it.
  if (isDead && site.disk.lstat(lock) === null) notes.push("removed the lock of a dead run");
  const visible = visibleSlugs(site);
  for (const slug of slugs) {
    if (visible.includes(slug)) notes.push(...(await fixMigration(site, slug)));
  }
  return notes;
}

async function fixMigration(site: Site, slug: string): Promise<string[]> {
  const codes = examine(site, slug).map(({ code }) => code);
  const live = loadManifestOrNull(site, slug);
  if (live === null || !codes.some((code) => fixable.includes(code))) return [];
  const { manifest, notes } = mended(live, slug, codes);
  return underRunLock(site, slug, "doctor --fix", async () => {
    const workspace = openWorkspace(site, slug);
    saveManifest(site.disk, workspace.dir, { ...manifest, lastTouch: stamp(site.now()) });
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
