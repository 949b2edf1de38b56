/**
 * The files of a migration: `manifest.json` and `plan.json`, written once before anything is
 * changed, and `journal.jsonl`.
 */

import { dirname } from "node:path";
import type { GenericSchema } from "valibot";
import { errorCode, ToolkitError } from "../errors.ts";
import { jsonErrorPlace } from "../json.ts";
import type { Disk } from "./disk.ts";
import { type JournalContent, type JournalRecord, readJournal } from "./journal.ts";
import { foldJournal, type Ledger } from "./ledger.ts";
import type { Places } from "./places.ts";
import { canonical, type Plan, PlanDigest, planDigest } from "./plan.ts";

/** `manifest.json`: what the migration is. It never changes. */
export interface Manifest {
  schemaVersion: 1;
  id: string;
  script: string;
  title: string;
  /** ISO 8601, UTC. */
  createdAt: string;
  /** The directory whose `migrations` directory the migration is in. */
  root: string;
  toolVersion: string;
  planDigest: string;
  /** How many the plan has. */
  operations: number;
}

/** A migration as its files tell it. */
export interface Migration {
  manifest: Manifest;
  ledger: Ledger;
  journal: JournalContent;
}

/**
 * `plan.json`: an operation a line, so that a fault has a line number a reader can use. It comes in
 * parts, since as one text a large plan would be in memory twice more.
 *
 * @param digest takes in the lines, as {@link planDigest} does
 */
export function* formatPlan(plan: Plan, digest?: PlanDigest): Generator<Uint8Array> {
  const { script, title, roots, operations } = plan;
  const head = JSON.stringify({ schemaVersion: 1, script, title, roots });
  let part = `${head.slice(0, -1)},"operations":[`;
  for (const [index, operation] of operations.entries()) {
    const line = canonical(operation);
    digest?.add(line);
    part += `${index === 0 ? "" : ","}\n${line}`;
    if (part.length < partLength) continue;
    yield Buffer.from(part);
    part = "";
  }
  yield Buffer.from(`${part}\n]}\n`);
}

/** Characters of one part of a plan. */
const partLength = 64 * 1024;

/**
 * Reads a plan's text.
 *
 * @param file for messages
 * @throws ToolkitError `invalid` with the place of the fault
 */
export async function parsePlan(text: string, file: string): Promise<Plan> {
  const value = parseDocument(text, file);
  const { planSchema, operationSchema, faultIn } = await import("./schema.ts");
  await expectShape(planSchema, value, file);
  const { schemaVersion: _, ...plan } = value as Plan & { schemaVersion: 1 };
  for (const [index, operation] of plan.operations.entries()) {
    const fault = faultIn(operationSchema, operation);
    // Operations begin on line 2, one a line, in the files that `formatPlan` writes.
    if (fault !== null) throw invalid(file, index + 2, fault);
  }
  return plan;
}

/**
 * Writes the files of a new migration and makes it appear at once, complete.
 *
 * @returns the digest of the plan
 */
export function writeMigration(
  disk: Disk,
  places: Places,
  files: { manifest: Omit<Manifest, "planDigest">; plan: Plan; summary: string | undefined },
): string {
  const draft = places.draft();
  // What is thrown away may come from a directory that only its owner could enter.
  for (const dir of [draft.dir, draft.staging, draft.trash]) disk.makeDir(dir, 0o700);
  const write = (path: string, content: Iterable<Uint8Array>) =>
    disk.writeNew(path, content, { mode: 0o600 });
  const digest = new PlanDigest();
  write(draft.plan, formatPlan(files.plan, digest));
  const planDigest = digest.end();
  const manifest: Manifest = { ...files.manifest, planDigest };
  write(draft.manifest, [Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`)]);
  write(draft.journal, []);
  const written = [draft.manifest, draft.plan, draft.journal];
  if (files.summary !== undefined) {
    write(draft.summary, [Buffer.from(files.summary)]);
    written.push(draft.summary);
  }
  disk.sync(written, [draft.dir]);
  disk.renameNoReplace(draft.dir, places.dir);
  disk.sync([], [dirname(places.dir)]);
  return planDigest;
}

/** Makes a directory and those above it, as far as they are missing. */
export function makeDirs(disk: Disk, dir: string): void {
  if (disk.lstat(dir) !== null) return;
  makeDirs(disk, dirname(dir));
  try {
    disk.makeDir(dir);
  } catch (error) {
    // Another run may make the same directory at the same moment.
    if (errorCode(error) !== "EEXIST") throw error;
  }
  disk.sync([], [dirname(dir)]);
}

/** @throws ToolkitError `invalid` when the files are missing or damaged */
export async function readMigration(disk: Disk, places: Places): Promise<Migration> {
  const { manifestSchema, lineSchema, faultIn } = await import("./schema.ts");
  const text = readText(disk, places.manifest);
  const value = parseDocument(text, places.manifest);
  await expectShape(manifestSchema, value, places.manifest);
  const manifest = value as Manifest;
  if (manifest.id !== places.id) {
    throw invalid(places.manifest, 1, `it belongs to migration "${manifest.id}"`);
  }
  for (const dir of [places.staging, places.trash]) {
    // Through a symlink here, private files would be written to somewhere else.
    if (disk.lstat(dir)?.kind !== "directory") throw invalid(dir, 1, "it is no directory");
  }
  const journal = readJournal(disk, places.journal, manifest.planDigest, (records) => {
    const fault = faultIn(lineSchema, records);
    return fault ?? outOfRange(records as JournalRecord[], manifest.operations);
  });
  return { manifest, journal, ledger: foldJournal(journal.lines) };
}

/**
 * The plan of a migration.
 *
 * @throws ToolkitError `invalid` when it is damaged, `refused` when it is not the plan that the
 * manifest names
 */
export async function readPlan(disk: Disk, places: Places, manifest: Manifest): Promise<Plan> {
  const plan = await parsePlan(readText(disk, places.plan), places.plan);
  if (planDigest(plan.operations) === manifest.planDigest) return plan;
  throw new ToolkitError("refused", `Cannot use "${places.plan}": it was changed since`, {
    place: { file: places.plan },
    hint: "restore the file from a backup; nothing was changed",
  });
}

/** Which record speaks of an operation that the plan does not have; null when none does. */
function outOfRange(records: readonly JournalRecord[], operations: number): string | null {
  const isBad = (index: number) => index >= operations;
  for (const record of records) {
    const bad =
      (record.k === "intent" && (record.to > operations || record.from > record.to)) ||
      (record.k === "intent" && record.items.some((item) => isBad(item.i))) ||
      (record.k === "kept" && record.items.some((item) => isBad(item.index))) ||
      (record.k === "warning" && isBad(record.i ?? -1));
    if (bad) return "it speaks of an operation that the plan does not have";
  }
  return null;
}

function readText(disk: Disk, file: string): string {
  const kind = disk.lstat(file)?.kind ?? "file";
  if (kind !== "file") throw invalid(file, 1, `it is a ${kind}, not a file`);
  try {
    return Buffer.from(disk.readFile(file)).toString("utf8");
  } catch (error) {
    if (errorCode(error) !== "ENOENT" && errorCode(error) !== "ENOTDIR") throw error;
    throw new ToolkitError("invalid", `Cannot read "${file}": it does not exist`, {
      place: { file },
      cause: error,
    });
  }
}

function parseDocument(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const place = jsonErrorPlace(text) ?? { line: 1, column: 1 };
    throw new ToolkitError("invalid", `Cannot read "${file}" line ${place.line}: it is not JSON`, {
      place: { file, ...place },
      cause,
    });
  }
}

async function expectShape(schema: GenericSchema, value: unknown, file: string): Promise<void> {
  const { faultIn } = await import("./schema.ts");
  const fault = faultIn(schema, value);
  if (fault !== null) throw invalid(file, 1, fault);
}

function invalid(file: string, line: number, state: string): ToolkitError {
  return new ToolkitError("invalid", `Cannot read "${file}" line ${line}: ${state}`, {
    place: { file, line },
    hint: "restore the file from a backup; nothing was changed",
  });
}
