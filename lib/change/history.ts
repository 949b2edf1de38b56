/**
 * The migrations of one directory: what was done, when, and whether it can be taken back.
 */

import { randomBytes } from "node:crypto";
import { dirname, join } from "node:path";
import { describeError, errorCode, ToolkitError } from "../errors.ts";
import { isInside } from "../paths.ts";
import { shellWord } from "../text.ts";
import { removeTree, treeBytes } from "./copy.ts";
import { type Disk, realDisk } from "./disk.ts";
import { Journal } from "./journal.ts";
import { type MigrationState, stateOf } from "./ledger.ts";
import { releaseRunLock, runningMigration, takeRunLock } from "./lock.ts";
import { type Manifest, type Migration, readMigration, readPlan } from "./migration.ts";
import { isOpenJournal } from "./open.ts";
import { touchedBy } from "./operation.ts";
import type { Commands } from "./options.ts";
import { Places } from "./places.ts";
import type { Plan } from "./plan.ts";

/** One migration as `rollback --list` shows it. */
export interface MigrationSummary {
  id: string;
  dir: string;
  script: string;
  title: string;
  /** ISO 8601, UTC. */
  createdAt: string;
  state: MigrationState;
  /** Operations of the plan, those applied and not taken back, and those an undo had to keep. */
  operations: number;
  applied: number;
  kept: number;
  /** When the last run of it ended; absent while one is open. */
  endedAt?: string;
  /** `--prune` has emptied its trash. */
  pruned: boolean;
}

/** A migration that cannot be shown, because its files are damaged. */
export interface DamagedMigration {
  id: string;
  dir: string;
  /** As its id has it, else when its directory last changed; ISO 8601, UTC. */
  createdAt: string;
  error: ToolkitError;
}

/**
 * An id that sorts by time and meets no other: `v3-20261121T101112Z-ab12cd`.
 *
 * @param kind `[a-z0-9-]+`: `v3`, `sessions`, `repair`, …
 */
export function newMigrationId(now: Date, kind: string): string {
  const stamp = now.toISOString().slice(0, 19).replace(/[-:]/g, "");
  return `${kind}-${stamp}Z-${randomBytes(3).toString("hex")}`;
}

/**
 * All migrations of a directory, oldest first. One that is damaged does not hide the others.
 *
 * @param migrationsDir need not exist
 * @throws ToolkitError `invalid` when it cannot be listed
 */
export async function listMigrations(
  migrationsDir: string,
  disk: Disk = realDisk,
): Promise<{ migrations: MigrationSummary[]; damaged: DamagedMigration[] }> {
  const migrations: MigrationSummary[] = [];
  const damaged: DamagedMigration[] = [];
  for (const id of migrationIds(disk, migrationsDir)) {
    const dir = join(migrationsDir, id);
    try {
      migrations.push(await loadMigration(dir, disk));
    } catch (cause) {
      const error = cause instanceof ToolkitError ? cause : forbidden(dir, cause);
      if (error === null) throw cause;
      // A spawn or a run that changed nothing takes its record away.
      if (disk.lstat(dir) === null) continue;
      damaged.push({ id, dir, createdAt: likelyTime(disk, dir, id), error });
    }
  }
  return { migrations: migrations.sort(byTime), damaged: damaged.sort(byTime) };
}

/** Whoever ran the toolkit as root has migrations that nobody else may read. */
function forbidden(dir: string, cause: unknown): ToolkitError | null {
  if (errorCode(cause) !== "EACCES" && errorCode(cause) !== "EPERM") return null;
  return new ToolkitError("invalid", `Cannot read "${dir}": ${describeError(cause)}`, {
    place: { file: dir },
    hint: `ls -ld ${shellWord(dir)}`,
    cause,
  });
}

/** Oldest first; those of one moment stay in the order of their ids. */
function byTime(a: { createdAt: string }, b: { createdAt: string }) {
  return Date.parse(a.createdAt) - Date.parse(b.createdAt);
}

/** When a migration was made whose manifest does not say so. */
function likelyTime(disk: Disk, dir: string, id: string): string {
  const [, ...parts] = /-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-/.exec(id) ?? [];
  const [year = Number.NaN, month = 1, ...rest] = parts.map(Number);
  const named = Date.UTC(year, month - 1, ...rest);
  const changed = Number((disk.lstat(dir)?.mtimeNs ?? 0n) / 1_000_000n);
  return new Date(Number.isNaN(named) ? changed : named).toISOString();
}

/** Names of the migrations; drafts and the lock file are none. */
function migrationIds(disk: Disk, migrationsDir: string): string[] {
  // Ids go into commands and onto terminals; a directory with another name is none of ours.
  const isMigration = (name: string) =>
    /^\w[\w.-]{0,99}$/.test(name) && disk.lstat(join(migrationsDir, name))?.kind === "directory";
  try {
    if (disk.lstat(migrationsDir)?.kind !== "directory") return [];
    return disk.readDir(migrationsDir).filter(isMigration).sort();
  } catch (cause) {
    const code = errorCode(cause);
    if (code === undefined) throw cause;
    throw new ToolkitError("invalid", `Cannot list "${migrationsDir}": ${code}`, { cause });
  }
}

/** @throws ToolkitError `invalid` when its files are missing or damaged */
export async function loadMigration(dir: string, disk: Disk = realDisk): Promise<MigrationSummary> {
  const places = new Places(dir);
  let migration = await readMigration(disk, places);
  let isHeld = runningMigration(disk, places.lock) === places.id;
  // A run that ended between the two looks is no longer there, and its end not yet in what was read.
  while (!isHeld && !migration.ledger.ended) {
    const { sum } = migration.journal;
    migration = await readMigration(disk, places);
    if (migration.journal.sum === sum) break;
    isHeld = runningMigration(disk, places.lock) === places.id;
  }
  return summaryOf(places, migration, isHeld);
}

/** The operations of a migration, for showing what a rollback would take back. */
export async function loadPlan(dir: string, disk: Disk = realDisk): Promise<Plan> {
  const places = new Places(dir);
  const { manifest } = await readMigration(disk, places);
  return readPlan(disk, places, manifest);
}

function summaryOf(places: Places, migration: Migration, isHeld: boolean): MigrationSummary {
  const { manifest, ledger } = migration;
  const { id, script, title, createdAt, operations }: Manifest = manifest;
  return {
    id,
    dir: places.dir,
    script,
    title,
    createdAt,
    state: stateOf(ledger, isHeld),
    operations,
    applied: ledger.intended - ledger.undone.size,
    kept: [...ledger.kept.values()].filter((item) => item.quiet !== true).length,
    pruned: ledger.pruned,
    ...(ledger.endedAt === undefined ? {} : { endedAt: ledger.endedAt }),
  };
}

/** Bytes that `pruneMigration` would free. */
export function trashBytes(dir: string, disk: Disk = realDisk): number {
  return trashDirs(dir, disk).reduce((sum, trash) => sum + treeBytes(disk, trash), 0);
}

/** Where trash of a migration is; not all need exist. */
export function trashDirs(dir: string, disk: Disk = realDisk): string[] {
  return withAfter(disk, new Places(dir)).map(({ trash }) => trash);
}

/** Whether anything is in it; after pruning that is what a rollback put there. */
export function hasTrash(dir: string, disk: Disk = realDisk): boolean {
  const isFilled = (trash: string) =>
    disk.lstat(trash)?.kind === "directory" && disk.readDir(trash).length > 0;
  return trashDirs(dir, disk).some(isFilled);
}

/** A migration and those that are part of its rollback. */
function withAfter(disk: Disk, places: Places): Places[] {
  const { after } = places;
  return [places, ...migrationIds(disk, after).map((id) => new Places(join(after, id)))];
}

/**
 * Refuses a new migration while another one stands half-way: its batch would be judged on a disk
 * that it does not know.
 */
export function refuseWhileOpen(disk: Disk, mine: Places, commands: Commands): void {
  const migrationsDir = dirname(mine.dir);
  for (const id of migrationIds(disk, migrationsDir)) {
    if (id === mine.id) continue;
    const journal = journalText(disk, new Places(join(migrationsDir, id)));
    if (!isOpenJournal(journal)) continue;
    const { resume, rollback } = commands;
    const back = `to take it back: ${rollback}`;
    // Those of other scripts are resumed by these, and a rollback that has begun goes on as one.
    const mayResume = kindOf(id) === kindOf(mine.id) && !journal.includes('"run":"undo"');
    const hint = mayResume ? `to go on with it: ${resume}\n${back}` : back;
    throw new ToolkitError("refused", `Cannot start "${mine.id}": "${id}" stopped half-way`, {
      hint: hint.replaceAll(mine.id, id),
    });
  }
}

/** As `newMigrationId` was given it. */
function kindOf(id: string): string | undefined {
  return /^(.+)-\d{8}T\d{6}Z-/.exec(id)?.[1];
}

function journalText(disk: Disk, { journal }: Places): string {
  try {
    return Buffer.from(disk.readFile(journal)).toString("utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return "";
    throw error;
  }
}

/**
 * Empties the trash of a finished migration: the only thing in this toolkit that deletes what it
 * did not just make. Afterwards what was thrown away cannot come back.
 *
 * @returns the bytes that were freed
 * @throws ToolkitError `refused` unless the migration is done or rolled back
 */
export async function pruneMigration(
  dir: string,
  options: { roots: readonly string[]; command: string; disk?: Disk; now?: () => Date },
): Promise<number> {
  const disk = options.disk ?? realDisk;
  const places = new Places(dir);
  const at = (options.now?.() ?? new Date()).toISOString();
  const migration = places.id;
  const holder = { pid: process.pid, command: options.command, startedAt: at, migration };
  const lock = await takeRunLock(disk, places.lock, holder).catch((cause: unknown) => {
    if (errorCode(cause) === undefined) throw cause;
    const message = `Cannot prune "${places.id}": ${describeError(cause)}`;
    throw new ToolkitError("refused", message, { cause });
  });
  try {
    const { manifest, ledger, journal } = await readMigration(disk, places);
    const state = stateOf(ledger, false);
    if (state !== "done" && state !== "rolled-back") {
      throw new ToolkitError("refused", `Cannot prune "${places.id}": it is ${state}`);
    }
    const plans = [await readPlan(disk, places, manifest)];
    const [, ...later] = withAfter(disk, places);
    for (const { dir } of later) plans.push(await loadPlan(dir, disk));
    const dirs = besides(plans, options.roots);
    const bytes = [places, ...later].reduce((sum, each) => sum + emptyTrash(disk, each, dirs), 0);
    // Not before: on a full disk there may be no room for it yet.
    const writer = new Journal(disk, places.journal, journal);
    try {
      writer.write([{ k: "pruned", at }]);
    } finally {
      writer.close();
    }
    return bytes;
  } catch (cause) {
    if (errorCode(cause) === undefined) throw cause;
    const message = `Cannot empty the trash of "${places.id}": ${describeError(cause)}`;
    const hint = "the same command goes on with it";
    throw new ToolkitError("interrupted", message, { hint, cause });
  } finally {
    releaseRunLock(lock);
  }
}

/** The directories in which trash of other devices may stand. */
function besides(plans: readonly Plan[], roots: readonly string[]): Set<string> {
  const operations = plans.flatMap((plan) => plan.operations);
  const paths = operations.flatMap((operation) => touchedBy(operation).writes);
  return new Set(paths.map((path) => dirname(path)).filter((dir) => isNamed(dir, roots)));
}

function isNamed(dir: string, roots: readonly string[]): boolean {
  return roots.some((root) => isInside(dir, root));
}

function emptyTrash(disk: Disk, places: Places, dirs: Set<string>): number {
  const entries = (dir: string) =>
    disk.lstat(dir)?.kind === "directory" ? disk.readDir(dir).map((name) => join(dir, name)) : [];
  const near = [...dirs]
    .flatMap(entries)
    .filter((path) => path.includes(`.ao-${places.id}-`) && path.endsWith(".trash"));
  let bytes = 0;
  for (const path of [...entries(places.trash), ...near]) {
    bytes += treeBytes(disk, path);
    removeTree(disk, path);
  }
  return bytes;
}
