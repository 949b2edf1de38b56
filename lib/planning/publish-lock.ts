/**
 * The lock of a live directory, held while something is published. It is the kernel's: whoever
 * dies lets go of it.
 */

import { basename, dirname, join } from "node:path";
import type { DiskLock } from "../change/disk.ts";
import { errorCode, ToolkitError } from "../errors.ts";
import { asDiskFailure, quietly } from "./disk-failure.ts";
import { makeDirs } from "./save.ts";
import { liveDirOf, type Site, stamp, transactionsDirOf } from "./site.ts";

export interface LockOwner {
  pid: number;
  operation: string;
  /** ISO 8601. */
  createdAt: string;
}

/** Another run is at work. */
export class BusyError extends ToolkitError {
  constructor(message: string) {
    super("refused", message, { hint: "run it again when the other one has ended" });
    this.name = "BusyError";
  }
}

export interface PublishLock {
  path: string;
  /** Deletes the lock file and lets go. @throws system errors of the deletion, after letting go */
  release(): void;
}

export function lockPathOf(site: Site): string {
  return join(transactionsDirOf(site), ".lock");
}

/** The lock, or who holds it. */
export function takePublishLock(
  site: Site,
  operation: string,
): PublishLock | { heldBy: LockOwner | null } {
  const path = lockPathOf(site);
  clearForeignLock(site, path);
  return takeLock(site, path, operation);
}

/** One run of a plan at a time, so that no agent works for nothing; apart from the publish lock. */
function takeRunLock(
  site: Site,
  slug: string,
  operation: string,
): PublishLock | { heldBy: LockOwner | null } {
  return takeLock(site, join(site.stateDir, `${slug}.lock`), operation);
}

/**
 * Works on one migration while nobody else does.
 *
 * @throws ToolkitError `refused`, naming the other run, or `interrupted` when the disk fails
 */
export async function underRunLock<T>(
  site: Site,
  slug: string,
  operation: string,
  work: () => Promise<T>,
): Promise<T> {
  let lock: PublishLock | undefined;
  try {
    const taken = takeRunLock(site, slug, operation);
    if ("heldBy" in taken) {
      const owner = describeOwner(join(site.stateDir, `${slug}.lock`), taken.heldBy);
      throw new BusyError(`Cannot work on "${slug}": another run does (${owner})`);
    }
    lock = taken;
    return await work();
  } catch (error) {
    throw asDiskFailure(error, `work on "${slug}"`);
  } finally {
    quietly(() => lock?.release());
  }
}

/**
 * Takes the publish lock, waiting a little for whoever publishes just now.
 *
 * @throws ToolkitError `refused`, naming the holder
 */
export async function waitForPublishLock(
  site: Site,
  operation: string,
  tries = 50,
): Promise<PublishLock> {
  const lock = takePublishLock(site, operation);
  if (!("heldBy" in lock)) return lock;
  if (tries === 0) {
    const owner = describeOwner(lockPathOf(site), lock.heldBy);
    throw new BusyError(`Cannot write to "${liveDirOf(site)}": ${owner}`);
  }
  await Bun.sleep(100);
  return waitForPublishLock(site, operation, tries - 1);
}

function takeLock(
  site: Site,
  path: string,
  operation: string,
): PublishLock | { heldBy: LockOwner | null } {
  const { disk } = site;
  const lock = open(site, path);
  if (lock === null) return { heldBy: readOwner(site, path) };
  const owner = { pid: process.pid, operation, created_at: stamp(site.now()) };
  lock.write(`${JSON.stringify(owner)}\n`);
  return {
    path,
    release() {
      try {
        // Before letting go: whoever waits for this file finds it gone, and makes its own.
        disk.unlink(path);
      } finally {
        lock.close();
      }
    },
  };
}

/** The directory may go away between its making and the opening, when another run ends. */
function open(site: Site, path: string, tries = 5): DiskLock | null {
  makeDirs(site.disk, dirname(path));
  try {
    return site.disk.tryLock(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT" && tries > 0) return open(site, path, tries - 1);
    // A directory here is another tool's lock, see clearForeignLock.
    if (errorCode(error) === "EISDIR") return null;
    throw error;
  }
}

/** Who holds the lock at a path, as far as the file says. */
export function readOwner(site: Site, path: string): LockOwner | null {
  const { disk } = site;
  try {
    const file = disk.lstat(path)?.kind === "directory" ? join(path, "owner.json") : path;
    const raw = JSON.parse(new TextDecoder().decode(disk.readFile(file)));
    const { pid, operation, created_at: createdAt } = raw;
    if (!Number.isInteger(pid)) return null;
    return { pid, operation: String(operation), createdAt: String(createdAt) };
  } catch {
    return null;
  }
}

/** Whether somebody holds the lock now; its file alone says nothing. */
export function isLockHeld(site: Site, path: string): boolean {
  const stat = site.disk.lstat(path);
  if (stat === null) return false;
  if (stat.kind === "directory") return isAlive(readOwner(site, path)?.pid);
  const lock = site.disk.tryLock(path);
  lock?.close();
  return lock === null;
}

/** A directory as lock comes from a tool without kernel locks; when its owner died it goes. */
function clearForeignLock(site: Site, path: string): void {
  const { disk } = site;
  if (disk.lstat(path)?.kind !== "directory") return;
  const owner = readOwner(site, path);
  if (owner === null || isAlive(owner.pid)) return;
  for (const name of disk.readDir(path)) disk.unlink(join(path, name));
  disk.removeDir(path);
}

function isAlive(pid: number | undefined): boolean {
  if (pid === undefined || pid <= 0) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === "EPERM";
  }
}

/** `publish of "migration.review" by process 12 since …`. */
export function describeOwner(path: string, owner: LockOwner | null): string {
  if (owner === null) return `${basename(path)} is held, by whom it does not say`;
  const { pid, operation, createdAt } = owner;
  return `${operation} by process ${pid} since ${createdAt} holds ${path}`;
}
