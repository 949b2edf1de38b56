/**
 * One run on one migration: its files, locks and journal, opened together and closed together.
 */

import { dirname, join } from "node:path";
import { describeError, ToolkitError } from "../errors.ts";
import { Context } from "./context.ts";
import { removeTree } from "./copy.ts";
import { type Disk, realDisk } from "./disk.ts";
import type { Drafts } from "./drafts.ts";
import { Journal, type JournalContent, type JournalRecord } from "./journal.ts";
import { emptyLedger, foldRecord, type Ledger } from "./ledger.ts";
import { clearLeftovers } from "./leftovers.ts";
import { AoLocks, releaseRunLock, takeRunLock } from "./lock.ts";
import { refuseLostLines } from "./lost.ts";
import { makeDirs, readMigration, readPlan, writeMigration } from "./migration.ts";
import type { EngineOptions } from "./options.ts";
import { loadPatchers } from "./patch.ts";
import { draftPrefix, Places } from "./places.ts";
import type { Plan } from "./plan.ts";
import { Roots } from "./roots.ts";
import { Run } from "./run.ts";

export function diskOf(options: Pick<EngineOptions, "disk">): Disk {
  return options.disk ?? realDisk;
}

export function timeOf(options: EngineOptions): string {
  return (options.now?.() ?? new Date()).toISOString();
}

/** Does something after which an error may already be on its way; that one is the one to tell. */
export function quietly(step: () => void): void {
  try {
    step();
  } catch {
    // Deliberately nothing.
  }
}

/** Runs `body` under the run lock of the directory of migrations. */
export async function underLock<T>(
  options: EngineOptions,
  script: string,
  body: () => Promise<T>,
): Promise<T> {
  const disk = diskOf(options);
  const places = new Places(options.migrationDir);
  const holder = {
    pid: process.pid,
    command: options.command ?? script,
    startedAt: timeOf(options),
    migration: places.id,
  };
  const lock = await takeRunLock(disk, places.lock, holder);
  try {
    await options.onLocked?.();
    return await body();
  } finally {
    // The kernel frees the lock whatever happens here, and no outcome may depend on it.
    quietly(() => releaseRunLock(lock));
  }
}

/** An open migration. */
export class Engine {
  readonly ledger: Ledger;
  readonly #journal: Journal;
  readonly #locks: AoLocks;
  #run: Run | undefined;

  constructor(
    readonly options: EngineOptions,
    readonly context: Context,
    content: JournalContent,
    ledger: Ledger,
  ) {
    this.ledger = ledger;
    this.#journal = new Journal(context.disk, context.places.journal, content);
    this.#locks = new AoLocks(context.disk, context.places);
  }

  get id(): string {
    return this.context.places.id;
  }

  record(records: readonly JournalRecord[]): void {
    this.#journal.write(records);
    for (const record of records) foldRecord(this.ledger, record);
  }

  /** Whether this process may have touched something in the user's tree. */
  get changed(): boolean {
    return this.#run?.changed === true;
  }

  run(direction: "apply" | "undo"): Run {
    const { context, ledger, options } = this;
    const journal = this.#journal;
    this.#run = new Run({ context, ledger, journal, locks: this.#locks, options }, direction);
    return this.#run;
  }

  /**
   * Gets AO's locks ready.
   *
   * @param isReopened an earlier run may have left locks and staged files behind
   */
  prepare(isReopened: boolean): void {
    this.#locks.prepare();
    if (!isReopened) return;
    this.#locks.clearLeftovers(this.context.operations);
    clearLeftovers(this.context, this.ledger);
  }

  /** Closes what is open; an error in this is of no consequence to what was done. */
  close(): void {
    quietly(() => this.#locks.finish());
    quietly(() => this.#journal.close());
  }
}

async function contextOf(
  options: EngineOptions,
  places: Places,
  plan: Plan,
  drafts?: Drafts,
): Promise<Context> {
  const disk = diskOf(options);
  const roots = new Roots(disk, places, { callers: options.roots, plans: plan.roots });
  roots.checkPaths(plan.operations);
  const patchers = await loadPatchers(plan.operations);
  return new Context(disk, places, roots, plan.operations, patchers, options.tmux, drafts);
}

/** Writes the files of a new migration and opens it; on failure nothing of it is left. */
export async function openNew(
  options: EngineOptions & { plan: Plan; toolVersion: string; summary?: string },
  drafts: Drafts,
): Promise<Engine> {
  const { plan, summary, toolVersion } = options;
  const disk = diskOf(options);
  const places = new Places(options.migrationDir);
  if (disk.lstat(places.dir) !== null) {
    throw new ToolkitError("refused", `Cannot start "${places.id}": it exists already`, {
      hint: `to go on: ${options.commands.resume}`,
    });
  }
  const manifest = {
    schemaVersion: 1 as const,
    id: places.id,
    script: plan.script,
    title: plan.title,
    createdAt: timeOf(options),
    root: dirname(dirname(places.dir)),
    toolVersion,
    operations: plan.operations.length,
  };
  try {
    clearDrafts(disk, dirname(places.dir));
    const sum = writeMigration(disk, places, { manifest, plan, summary });
    const context = await contextOf(options, places, plan, drafts);
    const content = { lines: [], length: 0, sum };
    return new Engine(options, context, content, emptyLedger());
  } catch (error) {
    discardMigration(disk, places);
    throw error;
  }
}

/** Removes migrations that were being written, or thrown away unused, when their run was killed. */
function clearDrafts(disk: Disk, migrationsDir: string): void {
  for (const name of disk.readDir(migrationsDir)) {
    if (name.startsWith(draftPrefix)) removeTree(disk, join(migrationsDir, name));
  }
}

/**
 * Opens a migration that exists.
 *
 * @throws ToolkitError `invalid` or `refused` when its files cannot be used
 */
export async function reopen(options: EngineOptions): Promise<Engine> {
  const disk = diskOf(options);
  const places = new Places(options.migrationDir);
  const { manifest, ledger, journal } = await readMigration(disk, places);
  const plan = await readPlan(disk, places, manifest);
  const context = await contextOf(options, places, plan);
  // Before the journal is opened, which cuts a torn line off.
  await refuseLostLines(context, ledger, manifest.createdAt);
  return new Engine(options, context, journal, ledger);
}

/** Refuses to take a lock in a directory that holds no such migration. */
export function expectMigration(options: EngineOptions): void {
  const places = new Places(options.migrationDir);
  const disk = diskOf(options);
  const isThere = disk.lstat(places.dir)?.kind === "directory";
  if (isThere && disk.lstat(places.manifest) !== null) return;
  throw new ToolkitError("invalid", `Cannot open migration "${places.id}": there is none`, {
    place: { file: places.manifest },
  });
}

/** Removes a migration that has changed nothing. It disappears at once, then goes. */
export function discardMigration(disk: Disk, places: Places): void {
  const draft = places.draft();
  quietly(() => disk.renameNoReplace(places.dir, draft.dir));
  quietly(() => removeTree(disk, draft.dir));
}

export function makeMigrationsDir(options: EngineOptions): void {
  const dir = dirname(options.migrationDir);
  try {
    makeDirs(diskOf(options), dir);
  } catch (cause) {
    throw new ToolkitError("refused", `Cannot make "${dir}": ${describeError(cause)}`, { cause });
  }
}
