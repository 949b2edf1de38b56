/**
 * The two kinds of locks: the run lock, a kernel lock that keeps a second run of this toolkit
 * away, and AO's own lock files, taken while its files are changed.
 */

import { basename, dirname } from "node:path";
import { errorCode, ToolkitError } from "../errors.ts";
import type { Disk, DiskLock } from "./disk.ts";
import { dirOf, type Operation, touchedBy } from "./operation.ts";
import type { Places } from "./places.ts";
import { Obstacle } from "./stop.ts";

/** Who holds the run lock; the content of the lock file while it is held. */
export interface Holder {
  pid: number;
  command: string;
  /** ISO 8601, UTC. */
  startedAt: string;
  /** Id of the migration that is running. */
  migration: string;
}

/** A reader of the lock file may hold it for a moment; that is no reason to refuse a run. */
const lockAttempts = 4;
const lockPauseMs = 50;

/**
 * Takes the run lock. The kernel frees it when this process ends, however it ends, and keeps it
 * for a process that is only suspended.
 *
 * @throws ToolkitError `refused`, naming the holder, or when its directory is a link to another
 */
export async function takeRunLock(disk: Disk, file: string, holder: Holder): Promise<DiskLock> {
  refuseLinked(disk, dirname(file));
  const kind = disk.lstat(file)?.kind ?? "file";
  if (kind !== "file") {
    throw new ToolkitError("refused", `Cannot lock "${file}": it is a ${kind}, not a file`, {
      place: { file },
      hint: "move it out of the way; nothing was changed",
    });
  }
  for (let attempt = 1; ; attempt += 1) {
    const lock = disk.tryLock(file);
    if (lock !== null) {
      try {
        lock.write(`${JSON.stringify(holder)}\n`);
        return lock;
      } catch (error) {
        // Who holds it is good to know; whoever makes room on a full disk has to get by without.
        if (errorCode(error) === "ENOSPC" || errorCode(error) === "EDQUOT") return lock;
        lock.close();
        throw error;
      }
    }
    if (attempt === lockAttempts) throw lockedBy(file, readHolder(disk, file));
    await Bun.sleep(lockPauseMs);
  }
}

/** Everything that a migration writes for itself would be wherever the link leads. */
function refuseLinked(disk: Disk, dir: string): void {
  const kind = disk.lstat(dir)?.kind ?? "directory";
  if (kind === "directory") return;
  const state = kind === "symlink" ? "it is a symbolic link" : "it is no directory";
  throw new ToolkitError("refused", `Cannot keep migrations in "${dir}": ${state}`, {
    place: { file: dir },
    hint: "move it out of the way; nothing was changed",
  });
}

/** Gives the lock back. A lock file without a holder in it is free. */
export function releaseRunLock(lock: DiskLock): void {
  try {
    lock.write("");
  } catch {
    // The kernel frees it all the same, and the name in the file counts only while it is held.
  } finally {
    lock.close();
  }
}

function lockedBy(file: string, holder: Holder | null): ToolkitError {
  const who = holder === null ? "another run" : describeHolder(holder);
  return new ToolkitError("refused", `Cannot lock "${file}": it is held by ${who}`, {
    hint: holder === null ? "wait until the other run has ended" : waitFor(holder),
  });
}

/** A holder for a message: `process 12 (migrate --execute, since 2026-11-21T10:00:00.000Z)`. */
export function describeHolder({ pid, command, startedAt }: Holder): string {
  return `process ${pid} (${command}, since ${startedAt})`;
}

/** What to do about a holder: a hint. */
export function waitFor({ pid }: Holder): string {
  return `wait until it has ended, or look at it: ps -o pid,stat,etime,args -p ${pid}`;
}

/** What the lock file says, whether or not its writer still lives. */
function readHolder(disk: Disk, file: string): Holder | null {
  try {
    const holder = JSON.parse(Buffer.from(disk.readFile(file)).toString("utf8")) as Holder;
    return typeof holder.pid === "number" && typeof holder.command === "string" ? holder : null;
  } catch {
    return null;
  }
}

/** A holder is asked for in this many looks: another reader has the lock for a moment only. */
const looks = 3;
const lookPauseMs = 2;

/** Who holds the run lock right now, if anybody does; nothing is written. */
export function liveHolder(disk: Disk, file: string): Holder | null {
  const holder = readHolder(disk, file);
  if (holder === null) return null;
  for (let look = 1; ; look += 1) {
    try {
      const lock = disk.tryLock(file);
      lock?.close();
      if (lock !== null) return null;
    } catch (error) {
      // Whoever cannot lock it cannot run a migration here either: there is no way to know.
      if (errorCode(error) !== undefined) return null;
      throw error;
    }
    if (look === looks) return holder;
    Bun.sleepSync(lookPauseMs);
  }
}

/** The migration whose run holds the lock right now, if any. */
export function runningMigration(disk: Disk, file: string): string | null {
  return liveHolder(disk, file)?.migration ?? null;
}

/** AO's lock file for a path, and the age at which AO takes it for abandoned. */
export interface AoLockRule {
  lock: string;
  staleMs: number;
}

/** AO locks its session files and its registry; the rules are those of its own file lock. */
export function aoLockRules(operation: Operation): AoLockRule[] {
  return touchedBy(operation).writes.flatMap((path) => {
    if (operation.op === "patchYaml" || basename(path) === "config.yaml") {
      return [{ lock: `${path}.lock`, staleMs: 60_000 }];
    }
    const isSession = basename(dirname(path)) === "sessions" && path.endsWith(".json");
    return isSession ? [{ lock: `${path}.lock`, staleMs: 30_000 }] : [];
  });
}

/** Whether a path is one of AO's locks that nobody holds any more, of a file that is gone. */
export function isAbandonedLock(disk: Disk, path: string): boolean {
  const file = path.slice(0, -".lock".length);
  const [rule] = aoLockRules({ op: "trash", path: file });
  if (rule?.lock !== path) return false;
  const stat = disk.lstat(path);
  return stat?.kind === "file" && disk.lstat(file) === null && isStale(stat.mtimeNs, rule);
}

function isStale(mtimeNs: bigint, { staleMs }: AoLockRule): boolean {
  return Date.now() - Number(mtimeNs / 1_000_000n) > staleMs;
}

/** How long to wait for a lock that AO holds. */
const aoPatienceMs = 10_000;
/** Our locks are made to look fresh this often, so that AO does not take them for abandoned. */
const refreshMs = 5_000;
/** After a pause of this length they may be somebody else's by now. */
const doubtMs = 15_000;

/**
 * AO's lock files, as many as a batch needs. They are hard links to one token file whose content
 * names the migration: a lock never exists without its owner's name, one `touch` keeps all of them
 * fresh, and what a crash leaves behind can be told from everybody else's.
 */
export class AoLocks {
  /** By lock file, the inode of the token; null when the lock could not be made a link to it. */
  readonly #held = new Map<string, bigint | null>();
  /** Abandoned locks that stand aside while we hold theirs. */
  readonly #abandoned = new Set<string>();
  #token = 0n;
  #touchedAt = 0;
  #isDoubtful = false;

  constructor(
    readonly disk: Disk,
    readonly places: Places,
    readonly patienceMs: number = aoPatienceMs,
  ) {}

  /** Writes the token; call it under the run lock. */
  prepare(): void {
    const { lockToken, id } = this.places;
    const content = Buffer.from(`${JSON.stringify({ tool: "ao-toolkit", migration: id })}\n`);
    if (this.disk.lstat(lockToken) !== null) this.disk.unlink(lockToken);
    this.disk.writeNew(lockToken, [content], { mode: 0o644 });
    // A power cut must not leave a lock that does not say whose it is.
    this.disk.sync([lockToken], []);
    this.#token = this.disk.lstat(lockToken)?.ino ?? 0n;
    this.#touchedAt = Date.now();
  }

  /** Removes the token, after the last lock. */
  finish(): void {
    if (this.disk.lstat(this.places.lockToken) !== null) this.disk.unlink(this.places.lockToken);
  }

  /**
   * Takes the locks that an operation needs, or says for which one it has to wait.
   *
   * @returns null when all are held
   */
  tryTake(operation: Operation): AoLockRule | null {
    for (const rule of aoLockRules(operation)) {
      if (!this.#held.has(rule.lock) && !this.#take(rule)) return rule;
    }
    this.refresh();
    return null;
  }

  /**
   * Like `tryTake`, but waits.
   *
   * @throws Obstacle when a lock was not given back in time
   */
  async take(operation: Operation): Promise<void> {
    // Not by the time of day: a clock that is set back would make this wait for hours.
    const deadline = performance.now() + this.patienceMs;
    let pauseMs = 5;
    for (let busy = this.tryTake(operation); busy !== null; busy = this.tryTake(operation)) {
      if (performance.now() >= deadline)
        throw new Obstacle(busy.lock, "is held by another program");
      await Bun.sleep(pauseMs);
      pauseMs = Math.min(pauseMs * 2, 250);
    }
  }

  /** Keeps the locks from looking abandoned. */
  refresh(): void {
    const age = Date.now() - this.#touchedAt;
    if (age < refreshMs) return;
    this.disk.touch(this.places.lockToken);
    this.#touchedAt = Date.now();
    // Long enough asleep for AO to take them over.
    if (age > doubtMs) this.#isDoubtful = true;
  }

  /**
   * Gives the locks back. Abandoned ones stand where they stood again: they are not ours to judge,
   * and AO takes them over like before.
   *
   * @returns the directories of those
   */
  release(): string[] {
    this.refresh();
    for (const [lock, token] of this.#held) {
      this.#held.delete(lock);
      // One that AO took for abandoned is AO's now, and stays.
      const isOurs =
        !this.#isDoubtful ||
        (token === null ? this.#isOurs(lock) : this.disk.lstat(lock)?.ino === token);
      if (isOurs) this.disk.unlink(lock);
    }
    this.#isDoubtful = false;
    const dirs = [...this.#abandoned].map(dirOf);
    for (const lock of this.#abandoned) {
      this.#abandoned.delete(lock);
      this.#putBack(lock);
    }
    return dirs;
  }

  /** Clears away what an earlier run of this migration left of its locks. */
  clearLeftovers(operations: Iterable<Operation>): void {
    for (const operation of operations) {
      for (const { lock } of aoLockRules(operation)) {
        if (this.disk.lstat(lock) !== null && this.#isOurs(lock)) this.disk.unlink(lock);
        if (this.disk.lstat(this.#aside(lock)) !== null) this.#putBack(lock);
        const draft = this.#draft(lock);
        if (this.disk.lstat(draft) !== null) this.disk.unlink(draft);
      }
    }
  }

  /** Puts an abandoned lock back, unless somebody has a newer one there. */
  #putBack(lock: string): void {
    const aside = this.#aside(lock);
    if (this.#isOurs(aside)) {
      this.disk.unlink(aside);
      return;
    }
    try {
      this.disk.renameNoReplace(aside, lock);
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw error;
      // As AO does with a lock that it takes over.
      this.disk.unlink(aside);
    }
  }

  #take(rule: AoLockRule): boolean {
    if (this.#create(rule.lock)) return true;
    const stat = this.disk.lstat(rule.lock);
    if (stat === null) return this.#create(rule.lock);
    if (!isStale(stat.mtimeNs, rule) && !this.#isOurs(rule.lock)) return false;
    // Moved aside first: had another program taken it over meanwhile, its lock goes back.
    const aside = this.#aside(rule.lock);
    if (this.#abandoned.has(rule.lock)) this.disk.unlink(aside);
    this.disk.renameNoReplace(rule.lock, aside);
    if (this.disk.lstat(aside)?.ino !== stat.ino) {
      this.disk.renameNoReplace(aside, rule.lock);
      return false;
    }
    this.#abandoned.add(rule.lock);
    return this.#create(rule.lock);
  }

  #aside(lock: string): string {
    return this.places.private("staged", "lock", lock, true);
  }

  #draft(lock: string): string {
    return this.places.private("staged", "newlock", lock, true);
  }

  #create(lock: string): boolean {
    try {
      this.disk.link(this.places.lockToken, lock);
      this.#held.set(lock, this.#token);
    } catch (error) {
      const code = errorCode(error) ?? "";
      if (code === "EEXIST") return false;
      // No directory yet: nobody can be in there.
      if (code === "ENOENT" && this.disk.lstat(dirname(lock)) === null) return true;
      if (!["EXDEV", "EPERM", "ENOTSUP", "EOPNOTSUPP", "EMLINK"].includes(code)) throw error;
      if (!this.#createFile(lock, this.disk.readFile(this.places.lockToken))) return false;
      this.#held.set(lock, null);
    }
    return true;
  }

  /** Without links: a file of its own, complete and durable before it gets the name. */
  #createFile(lock: string, content: Uint8Array): boolean {
    const draft = this.#draft(lock);
    if (this.disk.lstat(draft) !== null) this.disk.unlink(draft);
    this.disk.writeNew(draft, [content], { mode: 0o644 });
    this.disk.sync([draft], []);
    try {
      this.disk.renameNoReplace(draft, lock);
      return true;
    } catch (error) {
      this.disk.unlink(draft);
      if (errorCode(error) === "EEXIST") return false;
      throw error;
    }
  }

  #isOurs(lock: string): boolean {
    try {
      const text = Buffer.from(this.disk.readFile(lock)).toString("utf8");
      const { tool, migration } = JSON.parse(text) as { tool?: unknown; migration?: unknown };
      return tool === "ao-toolkit" && migration === this.places.id;
    } catch {
      return false;
    }
  }
}
