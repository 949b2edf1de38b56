/**
 * Small changes of a disk in use, through the change engine: one at a time, whoever asks.
 *
 * A change waits for another spawn or kill, but not for a migration. What a crashed one left
 * half-made is taken back first. Its record goes when it is complete: a session that was made or
 * ended is no migration, and rollback must not offer it.
 */

import { dirname, join } from "node:path";
import { type Disk, realDisk } from "../change/disk.ts";
import { discardMigration } from "../change/engine.ts";
import { listMigrations, newMigrationId, refuseWhileOpen } from "../change/history.ts";
import { runningMigration } from "../change/lock.ts";
import { makeDirs } from "../change/migration.ts";
import type { Operation } from "../change/operation.ts";
import type { EngineOptions } from "../change/options.ts";
import { Places } from "../change/places.ts";
import { planDigest } from "../change/plan.ts";
import { applyPlan, undo } from "../change/transaction.ts";
import { errorCode, ToolkitError } from "../errors.ts";
import { entriesOf } from "./state-dirs.ts";

/** Who changes what disk, for the records and for whoever has to wait. */
export interface ChangeOptions {
  baseDir: string;
  toolVersion: string;
  /** The command being run, to be shown to others and run again after a crash. */
  command: string;
  /** Makes the command that takes a migration back. */
  rollback(id: string): string;
  /** Told about leftovers that were taken back. */
  onNote: (text: string) => void;
  signal?: AbortSignal;
  /** @default the real disk */
  disk?: Disk;
  /** Whether a process that made a change may still be at it. @default asks the system */
  isAlive?: (pid: number) => boolean;
}

/** What a change does. `make` is asked again when the disk turned out to have changed. */
export interface Change<T> {
  kind: "spawn" | "kill";
  make(): { title: string; operations: Operation[]; value: T };
  /** What nobody can take back: done once, when the disk is ours and nothing speaks against it. */
  act?(): Promise<void>;
}

/** A change that was applied. */
export interface Applied<T> {
  value: T;
  /** Takes it back; returns what had to stay, and why. */
  undo(): Promise<string[]>;
  /** Drops its record: it is complete. */
  complete(): void;
}

const script = "sessions";
/** How long to wait for other spawns and kills. */
const patienceMs = 60_000;

/**
 * Applies a change as soon as the disk is free for it.
 *
 * @throws ToolkitError as `applyPlan`; what was begun has been taken back then
 */
export async function applyChange<T>(
  change: Change<T>,
  options: ChangeOptions,
): Promise<Applied<T>> {
  makeDirs(options.disk ?? realDisk, options.baseDir);
  const deadline = performance.now() + patienceMs;
  await clearCrashed(options);
  const refused = new Map<string, number>();
  let hasActed = false;
  for (;;) {
    options.signal?.throwIfAborted();
    const { title, operations, value } = change.make();
    const engine = engineFor(change.kind, options);
    const roots = [options.baseDir];
    const onLocked = async () => {
      if (hasActed || change.act === undefined) return;
      const places = new Places(engine.migrationDir);
      refuseWhileOpen(options.disk ?? realDisk, places, engine.commands);
      await change.act();
      hasActed = true;
    };
    try {
      const plan = { script, title, operations, roots };
      await applyPlan({ ...engine, plan, toolVersion: options.toolVersion, onLocked });
      return { value, undo: () => takeBack(engine), complete: () => drop(engine) };
    } catch (error) {
      const attempt = { change, operations, engine, options, refused };
      if (performance.now() > deadline || !(await mayTryAgain(error, attempt))) throw error;
    }
  }
}

interface Attempt {
  change: Change<unknown>;
  operations: readonly Operation[];
  engine: EngineOptions;
  options: ChangeOptions;
  /** How often a plan was refused, by its digest. */
  refused: Map<string, number>;
}

/** Whether the same change has a chance now: after a wait, a cleaning, or with a new plan. */
async function mayTryAgain(error: unknown, attempt: Attempt): Promise<boolean> {
  if (!(error instanceof ToolkitError)) return false;
  const { change, operations, engine, options, refused } = attempt;
  if (error.outcome === "interrupted") {
    // Another program was quicker with one of the files.
    const kept = await takeBack(engine);
    if (kept.length > 0) return false;
  } else if (error.outcome !== "refused") {
    return false;
  } else if (error.message.startsWith("Cannot lock ")) {
    return waitForOthers(engine);
  } else if (await clearCrashed(options)) {
    return true;
  }
  const digest = planDigest(operations);
  if (planDigest(change.make().operations) !== digest) return true;
  // What stood in the way may have gone meanwhile: a spawn beside this one that came to nothing.
  const times = refused.get(digest) ?? 0;
  refused.set(digest, times + 1);
  await Bun.sleep(5 + Math.random() * 45);
  return times < 3;
}

/** Waits a little for another spawn or kill; a migration may take long and is not waited for. */
async function waitForOthers({ migrationDir, disk }: EngineOptions): Promise<boolean> {
  const holder = runningMigration(disk ?? realDisk, join(dirname(migrationDir), ".lock"));
  if (holder !== null && !isOurs(holder)) return false;
  // Not all at the same moment again.
  await Bun.sleep(5 + Math.random() * 45);
  return true;
}

function isOurs(id: string): boolean {
  return /^(spawn|kill)-\d+-/.test(id);
}

/** The process that a change's id names. */
function pidOf(id: string): number {
  return Number(id.split("-")[1]);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) !== "ESRCH";
  }
}

/**
 * Takes back what crashed spawns and kills left half-made; false when there was none. Where the
 * change itself was applied and the process killed after it, only the record goes: the session is
 * listed like any other.
 */
async function clearCrashed(options: ChangeOptions): Promise<boolean> {
  const migrationsDir = join(options.baseDir, "migrations");
  if (!entriesOf(migrationsDir).some(({ name }) => isOurs(name))) return false;
  const { migrations } = await listMigrations(migrationsDir, options.disk);
  let found = false;
  const { isAlive = isRunning } = options;
  for (const { id, title, script: by, state } of migrations) {
    // Its state was read without the lock: as long as its process lives, it may be another by now.
    if (by !== script || isAlive(pidOf(id))) continue;
    const engine = { ...engineFor("spawn", options), ...named(id, options) };
    if (state === "done") drop(engine);
    if (!["planned", "interrupted", "rolling-back"].includes(state)) continue;
    found = true;
    const kept = await takeBack(engine);
    options.onNote(`took back what a crash left half-made: ${title}`);
    for (const line of kept) options.onNote(`kept ${line}`);
  }
  return found;
}

function engineFor(kind: Change<unknown>["kind"], options: ChangeOptions): EngineOptions {
  const { baseDir, command, disk } = options;
  const engine = {
    ...named(newMigrationId(new Date(), `${kind}-${process.pid}`), options),
    roots: [baseDir],
    command,
  };
  return disk === undefined ? engine : { ...engine, disk };
}

function named(id: string, { baseDir, command, rollback }: ChangeOptions) {
  return {
    migrationDir: join(baseDir, "migrations", id),
    commands: { resume: command, rollback: rollback(id) },
  };
}

/** Undoes a change and drops its record, unless something had to stay. */
async function takeBack(engine: EngineOptions): Promise<string[]> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    try {
      const { kept, state } = await undo(engine);
      if (state === "rolled-back") drop(engine);
      return kept.map(({ path, reason }) => `${path}: ${reason}`);
    } catch (error) {
      const isLocked = error instanceof ToolkitError && error.message.startsWith("Cannot lock ");
      if (!isLocked || performance.now() > deadline || !(await waitForOthers(engine))) throw error;
    }
  }
}

function drop({ migrationDir, disk }: EngineOptions): void {
  discardMigration(disk ?? realDisk, new Places(migrationDir));
}
