/**
 * What the next command does about publishes that were killed: each is finished or undone, by
 * what its record says and what the digests of live and its copies are.
 */

import { join } from "node:path";
import { ToolkitError } from "../errors.ts";
import { asDiskFailure, quietly } from "./disk-failure.ts";
import { install } from "./install.ts";
import { loadManifest } from "./manifest.ts";
import { takePublishLock } from "./publish-lock.ts";
import { makeDirs } from "./save.ts";
import {
  liveDirOf,
  migrationDirOf,
  type Site,
  skipsName,
  transactionsDirOf,
  visibleSlugs,
} from "./site.ts";
import {
  closeRecord,
  type Leftover,
  leftovers,
  removeIfEmpty,
  removeTransaction,
  type TransactionRecord,
} from "./transactions.ts";
import { treeDigest } from "./tree.ts";

/**
 * Settles what dead runs left, unless a living one is at work.
 *
 * @returns one sentence for each publish that was finished or undone
 * @throws ToolkitError `interrupted` when the disk fails
 */
export function recover(site: Site): string[] {
  try {
    return recoverLocked(site);
  } catch (error) {
    throw asDiskFailure(error, `settle what a run left in "${transactionsDirOf(site)}"`);
  }
}

/** As {@link recover}, for whoever only looks: what the disk does not let happen is told. */
export function recoverForLook(site: Site): void {
  try {
    recover(site);
  } catch (error) {
    if (!(error instanceof ToolkitError)) throw error;
    site.onNote?.(error.message);
  }
}

function recoverLocked(site: Site): string[] {
  const hasLeftovers = site.disk.lstat(transactionsDirOf(site))?.kind === "directory";
  if (!hasLeftovers && rejected(site).length === 0) return [];
  const lock = takePublishLock(site, "recovery");
  if ("heldBy" in lock) return [];
  try {
    return [...recoverPublishes(site), ...retireRejected(site)];
  } finally {
    quietly(() => lock.release());
    quietly(() => removeIfEmpty(site));
  }
}

/** Whether a leftover waits to be finished or undone, in contrast to one kept for a look. */
export function isUnsettled({ record, isEmpty }: Leftover): boolean {
  return isEmpty || record?.state === "staging" || record?.state === "ready";
}

/** As {@link recover}, for whoever holds the lock already. */
export function recoverPublishes(site: Site): string[] {
  const notes: string[] = [];
  const tell = (note: string) => {
    notes.push(note);
    site.onNote?.(note);
  };
  for (const leftover of leftovers(site).filter(isUnsettled)) {
    if (leftover.record === null || leftover.record.state === "staging") {
      removeTransaction(site, leftover.dir);
      if (leftover.record !== null) tell(undone(leftover.record));
      continue;
    }
    tell(settle(site, leftover, leftover.record));
  }
  return notes;
}

function undone({ slug, operation }: TransactionRecord): string {
  return `undid the interrupted publish of "${slug}" (${operation})`;
}

function finished({ slug, operation }: TransactionRecord): string {
  return `finished the interrupted publish of "${slug}" (${operation})`;
}

/** A publish that had been checked in full when it was killed. */
function settle(site: Site, leftover: Leftover, record: TransactionRecord): string {
  const { disk } = site;
  const live = migrationDirOf(site, record.slug);
  const digestOf = (path: string) => safeDigest(site, path);
  if (digestOf(live) === record.next) {
    removeTransaction(site, leftover.dir);
    return finished(record);
  }
  const isAbsent = disk.lstat(live) === null;
  const hasStaged = digestOf(leftover.staged) === record.next;
  if (digestOf(live) === record.base && hasStaged) {
    install(disk, live, leftover);
    removeTransaction(site, leftover.dir);
    return finished(record);
  }
  // Between two renames, where names cannot be exchanged, only the rollback copy is there.
  if (isAbsent && digestOf(leftover.rollback) === record.base) {
    const next = hasStaged ? leftover.staged : leftover.rollback;
    disk.renameNoReplace(next, live);
    disk.sync([], [liveDirOf(site), leftover.dir]);
    removeTransaction(site, leftover.dir);
    return hasStaged ? finished(record) : undone(record);
  }
  if (digestOf(live) === record.base) {
    removeTransaction(site, leftover.dir);
    return undone(record);
  }
  closeRecord(disk, leftover.dir, "failed");
  const where = join(leftover.dir);
  return `left an interrupted publish of "${record.slug}" for a look: live changed since (${where})`;
}

function safeDigest(site: Site, path: string): string | null {
  try {
    return treeDigest(site.disk, path);
  } catch {
    return null;
  }
}

/** Migrations that were rejected and are still among the live ones. */
function rejected(site: Site): string[] {
  return visibleSlugs(site).filter((slug) => {
    const dir = migrationDirOf(site, slug);
    try {
      if (site.disk.lstat(join(dir, "intentional-skip.md"))?.kind !== "file") return false;
      return loadManifest(site.disk, dir)?.status === "skipped";
    } catch {
      // One that cannot be looked into is for doctor to tell, and stops no other.
      return false;
    }
  });
}

/** Puts rejected migrations where they are out of the way, for whoever holds the lock. */
export function retireRejected(site: Site): string[] {
  const { disk } = site;
  return rejected(site).map((slug) => {
    const dir = join(liveDirOf(site), skipsName);
    makeDirs(disk, dir);
    let to = join(dir, slug);
    for (let count = 2; disk.lstat(to) !== null; count += 1) to = join(dir, `${slug}-${count}`);
    disk.renameNoReplace(migrationDirOf(site, slug), to);
    disk.sync([], [dir, liveDirOf(site)]);
    const note = `put the rejected plan "${slug}" into ${skipsName}`;
    site.onNote?.(note);
    return note;
  });
}
