/** The doctor of staged plans: every finding of one migration, or of all and what surrounds them. */

import { join } from "node:path";
import { ToolkitError } from "../errors.ts";
import { checkMigration, type Finding } from "./consistency.ts";
import { momentComplaints } from "./eligibility.ts";
import { executedName, rollbackReason, rolledBackPhases } from "./executed-file.ts";
import { executionName, loadExecution } from "./execution-file.ts";
import { loadManifest, type Manifest, manifestName } from "./manifest.ts";
import { describeOwner, isLockHeld, lockPathOf, readOwner } from "./publish-lock.ts";
import { isUnsettled } from "./recover.ts";
import {
  migrationDirOf,
  type Site,
  transactionsDirOf,
  transactionsName,
  visibleSlugs,
} from "./site.ts";
import { locatedMessage } from "./summary.ts";
import { leftovers } from "./transactions.ts";

export interface SlugFinding extends Finding {
  slug: string;
}

/** Findings of one migration. Reads only. */
export async function examine(site: Site, slug: string): Promise<SlugFinding[]> {
  const dir = migrationDirOf(site, slug);
  const found = checkMigration({ disk: site.disk, dir, slug, mode: "doctor" });
  const manifest = loadedOrNull(site, dir);
  if (manifest !== null) {
    found.push(...momentFindings(dir, manifest), ...(await rollbackFindings(site, slug, manifest)));
    found.push(...executionFindings(site, dir));
  }
  return found.map((finding) => ({ slug, ...finding }));
}

/** Null also for one that does not load, which is a finding of its own. */
function loadedOrNull(site: Site, dir: string): Manifest | null {
  try {
    return loadManifest(site.disk, dir);
  } catch {
    return null;
  }
}

function errorFinding(code: Finding["code"], path: string, message: string): Finding {
  return { severity: "error", mode: "doctor", code, path, message };
}

/** Times are read when a tick looks for what is due, so the manifest loads without them. */
function momentFindings(dir: string, manifest: Manifest): Finding[] {
  const file = join(dir, manifestName);
  return momentComplaints(manifest).map((text) => errorFinding("invalid-manifest", file, text));
}

/** What was begun cannot be gone on with when nobody can read what it was. */
function executionFindings({ disk }: Site, dir: string): Finding[] {
  try {
    loadExecution(disk, dir);
    return [];
  } catch (error) {
    if (!(error instanceof ToolkitError)) throw error;
    return [
      errorFinding("planning-state-invalid", join(dir, executionName), locatedMessage(error)),
    ];
  }
}

/** The manifest says that it is done, and the engine that it was taken back. */
async function rollbackFindings(site: Site, slug: string, manifest: Manifest): Promise<Finding[]> {
  const dir = migrationDirOf(site, slug);
  try {
    const rolledBack = await rolledBackPhases(site, slug, manifest);
    return rolledBack.map((phase) => {
      const message = `${rollbackReason([phase])}; review ${slug} lets it run again`;
      return errorFinding("phase-rolled-back", join(dir, manifestName), message);
    });
  } catch (error) {
    if (!(error instanceof ToolkitError)) throw error;
    return [errorFinding("planning-state-invalid", join(dir, executedName), locatedMessage(error))];
  }
}

/** Findings of every migration, and of what publishing has left. Reads only. */
export async function examineAll(site: Site): Promise<SlugFinding[]> {
  const found: SlugFinding[] = [];
  for (const slug of visibleSlugs(site)) found.push(...(await examine(site, slug)));
  return [...found, ...examineTransactions(site)];
}

function examineTransactions(site: Site): SlugFinding[] {
  const { disk } = site;
  const root = transactionsDirOf(site);
  const finding = (code: Finding["code"], path: string, message: string): SlugFinding => {
    return { slug: transactionsName, severity: "error", mode: "doctor", code, path, message };
  };
  const stat = disk.lstat(root);
  if (stat === null) return [];
  if (stat.kind !== "directory") {
    return [finding("transaction-root-invalid", root, `it is a ${stat.kind}, not a directory`)];
  }
  const found: SlugFinding[] = [];
  const lock = lockPathOf(site);
  const lockStat = disk.lstat(lock);
  if (lockStat !== null) {
    const since = new Date(Number(lockStat.mtimeNs / 1_000_000n)).toISOString();
    const state = isLockHeld(site, lock) ? "held" : "left behind";
    const message = `${state} since ${since}: ${describeOwner(lock, readOwner(site, lock))}`;
    found.push(finding("publish-lock-present", lock, message));
  }
  for (const leftover of leftovers(site)) {
    const { record, dir } = leftover;
    const what =
      record === null
        ? "nothing says whose it is"
        : `${record.operation} of "${record.slug}", ${record.state}, ${record.createdAt}`;
    const next = isUnsettled(leftover)
      ? "the next command settles it"
      : "kept for a look, and yours to remove";
    found.push(finding("transaction-leftover", join(dir), `${what}; ${next}`));
  }
  return found;
}
