/**
 * The fast path: what `migrate --execute` or `migrate-sessions` would carry out next, as something
 * that can be held back, changed and approved before it is.
 *
 * `<migrations dir>/fast-path.json` is there only while somebody has a say in it. Awaiting a review
 * it refuses execution; approved it allows the very plan that was approved, and no other. What was
 * carried out takes the file along, as `review.json` of its record.
 */

import { join } from "node:path";
import type { Disk } from "../change/disk.ts";
import { releaseRunLock, takeRunLock } from "../change/lock.ts";
import { ToolkitError } from "../errors.ts";
import { answersIn } from "./builtin/source.ts";
import { asDiskFailure } from "./disk-failure.ts";
import { formatDocument, readDocument } from "./document.ts";
import { loadManifest } from "./manifest.ts";
import { makeDirs, saveFile } from "./save.ts";
import { migrationDirOf, type Rooted, stamp, visibleSlugs, workflowMigrations } from "./site.ts";
import type { Feedback } from "./state.ts";
import { formatFeedbackEntry, loadState, readFeedbackEntry } from "./state-file.ts";

/** The words for the two migrations of a fast path; no staged plan is called so. */
export const fastPathTargets = ["storage", "task-sessions"] as const;
export type FastPathTarget = (typeof fastPathTargets)[number];

/** Where the migrations of a fast path are recorded. */
export interface FastPath {
  target: FastPathTarget;
  migrationsDir: string;
  disk: Disk;
  now: () => Date;
}

export interface FastPathRecord {
  target: FastPathTarget;
  createdAt: string;
  lastTouch: string;
  awaitingHumanReview: boolean;
  humanReviewReason: string | null;
  /** Id of the plan that was approved; null while none is. */
  approvedPlan: string | null;
  feedback: Feedback[];
}

/** Where the migrations of each fast path are recorded. */
export function fastPathRecords(
  site: Rooted,
  baseDir: string,
): Readonly<Record<FastPathTarget, string>> {
  return { storage: join(baseDir, "migrations"), "task-sessions": workflowMigrations(site) };
}

export function isFastPathTarget(word: string): word is FastPathTarget {
  return fastPathTargets.some((target) => target === word);
}

export function fastPathFile({ migrationsDir }: Pick<FastPath, "migrationsDir">): string {
  return join(migrationsDir, "fast-path.json");
}

/**
 * What somebody has had to say; null while nobody has.
 *
 * @throws ToolkitError `invalid` with the place of the fault
 */
export function loadFastPath(path: Omit<FastPath, "now">): FastPathRecord | null {
  const root = readDocument(path.disk, fastPathFile(path));
  if (root === null) return null;
  root.object();
  const version = root.get("schema_version");
  if (version.integer() !== 1) {
    version.fail(`is ${version.value}; this toolkit knows 1: use a newer one`);
  }
  root.object([...keys]);
  const awaiting = root.get("awaiting_human_review").boolean();
  const approved = root.get("approved_plan");
  if (awaiting !== approved.isEmpty)
    approved.fail("must be there once it is approved, and not before");
  const target = root.get("target").oneOf(fastPathTargets);
  if (target !== path.target) root.get("target").fail(`must be ${path.target} here`);
  return {
    target,
    createdAt: root.get("created_at").string(),
    lastTouch: root.get("last_touch").string(),
    awaitingHumanReview: awaiting,
    humanReviewReason: root.get("human_review_reason").optionalString(),
    approvedPlan: approved.optionalString(),
    feedback: root.get("feedback").list().map(readFeedbackEntry),
  };
}

const keys = [
  "schema_version",
  "target",
  "created_at",
  "last_touch",
  "awaiting_human_review",
  "human_review_reason",
  "approved_plan",
  "feedback",
] as const;

function saveFastPath(path: FastPath, record: FastPathRecord): void {
  const document = {
    schema_version: 1,
    target: record.target,
    created_at: record.createdAt,
    last_touch: stamp(path.now()),
    awaiting_human_review: record.awaitingHumanReview,
    human_review_reason: record.humanReviewReason,
    approved_plan: record.approvedPlan,
    feedback: record.feedback.map(formatFeedbackEntry),
  };
  saveFile(path.disk, fastPathFile(path), formatDocument(document));
}

/** The record as it will be, from what it is; null takes it away. */
export type FastPathChange = (record: FastPathRecord) => FastPathRecord | null;

/**
 * Changes the record while nothing is carried out there.
 *
 * @throws ToolkitError `refused`, naming the run that is under way; `interrupted` when the disk
 * fails
 */
export async function changeFastPath(path: FastPath, change: FastPathChange): Promise<void> {
  try {
    await changeLocked(path, change);
  } catch (error) {
    throw asDiskFailure(error, `change what is said of ${path.target}`);
  }
}

async function changeLocked(path: FastPath, change: FastPathChange): Promise<void> {
  const { disk, migrationsDir, target, now } = path;
  const startedAt = now().toISOString();
  makeDirs(disk, migrationsDir);
  const holder = { pid: process.pid, command: "migration", startedAt, migration: target };
  const lock = await takeRunLock(disk, join(migrationsDir, ".lock"), holder);
  try {
    const changed = change(loadFastPath(path) ?? fresh(path));
    if (changed !== null) saveFastPath(path, changed);
    else if (disk.lstat(fastPathFile(path)) !== null) {
      disk.unlink(fastPathFile(path));
      disk.sync([], [migrationsDir]);
    }
  } finally {
    releaseRunLock(lock);
  }
}

function fresh({ target, now }: FastPath): FastPathRecord {
  const at = stamp(now());
  const nothing = { humanReviewReason: null, approvedPlan: null, feedback: [] };
  return { target, createdAt: at, lastTouch: at, awaitingHumanReview: true, ...nothing };
}

/** What a run of the fast path has to go by. */
export interface Reservation {
  /** The moment that the plan is made for, so that it is the plan that was looked at. */
  now: Date;
  answers: ReadonlyMap<string, string>;
  /** The only plan that may be carried out. */
  approvedPlan: string | null;
  /** Why nothing may be carried out yet; null when it may. */
  waits: string | null;
}

/** What somebody has had to say, for the run that would carry it out; null while nobody has. */
export function reservationOf(path: Omit<FastPath, "now">): Reservation | null {
  const record = loadFastPath(path);
  if (record === null) return null;
  const { awaitingHumanReview, humanReviewReason, approvedPlan } = record;
  return {
    now: new Date(record.createdAt),
    answers: answersIn(record.feedback),
    approvedPlan,
    waits: awaitingHumanReview ? (humanReviewReason ?? "no reason was given") : null,
  };
}

/**
 * Refuses to carry out what is held back, here or as a staged plan for the same target.
 *
 * @param site whose staged plans count too; null where they do not
 * @param review makes the command that reviews a migration
 * @throws ToolkitError `refused` with that command
 */
export function refuseHeld(
  path: Omit<FastPath, "now">,
  site: Rooted | null,
  review: (word: string) => string,
): void {
  const refuse = (word: string, reason: string): never => {
    throw new ToolkitError("refused", `Cannot migrate: ${word} is held back (${reason})`, {
      hint: `read it and let it go: ${review(word)}`,
    });
  };
  const waits = reservationOf(path)?.waits ?? null;
  if (waits !== null) refuse(path.target, waits);
  if (site === null) return;
  for (const { slug, reason } of heldPlans(site, path.target)) refuse(slug, reason);
}

/** Staged plans for a target that await a review; what cannot be read awaits none. */
function heldPlans(site: Rooted, target: FastPathTarget): { slug: string; reason: string }[] {
  return visibleSlugs(site).flatMap((slug) => {
    const dir = migrationDirOf(site, slug);
    try {
      const manifest = loadManifest(site.disk, dir);
      if (manifest?.awaitingHumanReview !== true) return [];
      if (manifest.status === "done" || manifest.status === "skipped") return [];
      const state = loadState({ disk: site.disk, slug, dir });
      if (state?.target !== target) return [];
      return [{ slug, reason: manifest.humanReviewReason ?? "it awaits a review" }];
    } catch (error) {
      if (error instanceof ToolkitError) return [];
      throw error;
    }
  });
}

/**
 * Refuses any plan but the one that was approved.
 *
 * @param plan id of the plan that would be carried out
 * @throws ToolkitError `refused` with the command that looks at it anew
 */
export function demandApproved(
  reservation: Reservation | null,
  plan: string,
  review: string,
): void {
  const approved = reservation?.approvedPlan ?? null;
  if (approved === null || approved === plan) return;
  throw new ToolkitError(
    "refused",
    `Cannot migrate: plan ${approved} was approved, and this is ${plan}; ` +
      "the disk or the flags are not what they were",
    {
      hint: `leave out flags that choose a part of it; where the disk has changed, look at it anew: ${review}`,
    },
  );
}

/**
 * Looks once more when nobody can change it any more, which is under the lock of the run.
 *
 * @param before what the run had to go by when it was planned
 * @throws ToolkitError `refused` when it is held back, or was approved otherwise meanwhile
 */
export function refuseChanged(
  path: Omit<FastPath, "now">,
  site: Rooted | null,
  before: Reservation | null,
  review: (word: string) => string,
): void {
  refuseHeld(path, site, review);
  const approved = reservationOf(path)?.approvedPlan ?? null;
  if (approved === (before?.approvedPlan ?? null)) return;
  throw new ToolkitError("refused", `Cannot migrate: ${path.target} was reviewed meanwhile`, {
    hint: "run it again: it is planned anew by what was said",
  });
}

/**
 * Puts the record beside what was carried out, whose reviews it tells. One that waits was made
 * since, and is about what comes next.
 */
export function fileFastPath(path: Omit<FastPath, "now">, id: string): void {
  const { disk, migrationsDir } = path;
  const file = fastPathFile(path);
  if (loadFastPath(path)?.awaitingHumanReview !== false) return;
  const dir = join(migrationsDir, id);
  disk.renameNoReplace(file, join(dir, "review.json"));
  disk.sync([], [dir, migrationsDir]);
}
