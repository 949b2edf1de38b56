/**
 * Publishing: a workspace becomes the live migration, all of it or nothing.
 *
 * Under the lock of the live directory the workspace is checked, copied beside live (staged),
 * checked again, and put in live's place, provided that live is still what the work began with.
 */

import { basename, dirname, join } from "node:path";
import { describeError, ToolkitError } from "../errors.ts";
import { isInside } from "../paths.ts";
import { blocks, checkMigration, codesOf, type Finding, type Mode } from "./consistency.ts";
import { install, restore } from "./install.ts";
import { describeOwner, lockPathOf, type PublishLock, takePublishLock } from "./publish-lock.ts";
import { recoverPublishes } from "./recover.ts";
import { dirtyPaths } from "./repository.ts";
import { makeDirs } from "./save.ts";
import { isSafeSegment, liveDirOf, migrationDirOf, type Site } from "./site.ts";
import {
  closeRecord,
  openTransaction,
  removeIfEmpty,
  removeTransaction,
  type Transaction,
} from "./transactions.ts";
import { copyTree, treeDigest } from "./tree.ts";

export interface PublishRequest {
  slug: string;
  /** The new copy: a directory named as the slug, outside the live directory. */
  workspace: string;
  /** Digest of live when the work began. */
  baseDigest: string;
  mode: Mode;
  /** For messages and the lock: `migration.review`, `planning.expand`. */
  operation: string;
}

export interface PublishResult {
  /** `blocked`: refused before live was touched; `failed`: something broke. */
  status: "published" | "blocked" | "failed";
  /** A sentence without its full stop. */
  reason: string;
  live: string;
  /** Digest of live now; null when it cannot be read. */
  liveDigest: string | null;
  transaction?: string;
  staged?: string;
  rollback?: string;
  failed?: string;
  dirtyPaths: string[];
  lockPath: string;
  /** Errors of cleaning up; they do not change the status. */
  cleanupError?: string;
  /** Live was not what the work began with. */
  stale: boolean;
  /** What an earlier run had left and this one settled. */
  recovered: string[];
}

/** A publish that was blocked or failed, with everything known about it. */
export class PublishError extends ToolkitError {
  constructor(
    readonly request: PublishRequest,
    readonly result: PublishResult,
  ) {
    const { status, stale } = result;
    super(
      status === "failed" ? "interrupted" : "refused",
      `Cannot publish "${request.slug}": ${describeResult(result)}`,
      stale ? { hint: "run doctor if in doubt, then run it again on what is live now" } : {},
    );
    this.name = "PublishError";
  }
}

function describeResult(result: PublishResult): string {
  const lines = [result.reason];
  if (result.dirtyPaths.length > 0) lines.push(`not committed: ${result.dirtyPaths.join(", ")}`);
  if (result.status === "failed") {
    for (const key of ["live", "rollback", "staged", "failed"] as const) {
      if (result[key] !== undefined) lines.push(`${key}: ${result[key]}`);
    }
  }
  if (result.cleanupError !== undefined) lines.push(`cleaning up: ${result.cleanupError}`);
  return lines.join("\n");
}

/** What stops a publish, on its way to the result. */
class Stop extends Error {
  constructor(
    readonly status: "blocked" | "failed",
    reason: string,
    readonly details: Partial<PublishResult> = {},
  ) {
    super(reason);
  }
}

/**
 * Publishes a workspace.
 *
 * @throws PublishError when it was blocked or failed; ToolkitError `invalid` for a request that
 * makes no sense
 */
export function publish(site: Site, request: PublishRequest): PublishResult {
  checkRequest(site, request);
  const live = migrationDirOf(site, request.slug);
  const result: PublishResult = {
    status: "published",
    reason: "",
    live,
    liveDigest: null,
    dirtyPaths: [],
    lockPath: lockPathOf(site),
    stale: false,
    recovered: [],
  };
  let lock: PublishLock | null = null;
  try {
    lock = takeLock(site, request);
    result.recovered = recoverPublishes(site);
    const transaction = stage(site, request);
    Object.assign(result, { transaction: transaction.dir });
    swap(site, request, transaction);
    cleanUp(result, () => removeTransaction(site, transaction.dir));
  } catch (error) {
    const stop = asStop(error);
    Object.assign(result, { status: stop.status, reason: stop.message }, stop.details);
  }
  cleanUp(result, () => lock?.release());
  if (lock !== null) cleanUp(result, () => removeIfEmpty(site));
  result.liveDigest = digestOrNull(site, live);
  if (result.status !== "published") throw new PublishError(request, result);
  return result;
}

/** What makes no sense is an error of the caller, before anything is looked at. */
function checkRequest(site: Site, request: PublishRequest): void {
  const refuse = (detail: string): never => {
    throw new ToolkitError("invalid", `Cannot publish "${request.slug}": ${detail}`);
  };
  const { slug, workspace, baseDigest } = request;
  if (!isSafeSegment(slug)) refuse("it is no safe slug");
  if (basename(workspace) !== slug) refuse(`its workspace is called "${basename(workspace)}"`);
  if (baseDigest === "") refuse("nothing says what it was made from");
  const parent = dirname(workspace);
  const real = site.disk.lstat(parent) === null ? parent : site.disk.realPath(parent);
  const liveDir = liveDirOf(site);
  const realLive = site.disk.lstat(liveDir) === null ? liveDir : site.disk.realPath(liveDir);
  if (isInside(join(real, slug), realLive)) refuse("its workspace is inside the live directory");
}

function takeLock(site: Site, request: PublishRequest): PublishLock {
  makeDirs(site.disk, liveDirOf(site));
  const lock = takePublishLock(site, request.operation);
  if ("heldBy" in lock) throw new Stop("blocked", describeOwner(lockPathOf(site), lock.heldBy));
  return lock;
}

/** Everything up to the point where live would change; returns the copy that is ready for it. */
function stage(site: Site, request: PublishRequest): Transaction {
  const { slug, workspace, mode, baseDigest, operation } = request;
  const { disk } = site;
  const dirty = dirtyPaths(site, slug);
  if (dirty.length > 0) {
    throw new Stop("blocked", "the live folder has changes", { dirtyPaths: dirty });
  }
  let next: string;
  try {
    if (disk.lstat(workspace)?.kind !== "directory") throw new Error("it is no directory");
    next = treeDigest(disk, workspace);
  } catch (error) {
    throw new Stop("blocked", `the workspace cannot be used: ${describeError(error)}`);
  }
  demand(checkMigration({ disk, dir: workspace, slug, mode }), "the workspace");
  const transaction = openTransaction(site, { slug, operation, mode, base: baseDigest, next });
  const paths = { transaction: transaction.dir, staged: transaction.staged };
  try {
    copyTree(disk, workspace, transaction.staged);
  } catch (error) {
    closeQuietly(site, transaction, "failed");
    throw new Stop("failed", `copying the workspace broke: ${describeError(error)}`, paths);
  }
  try {
    demand(checkMigration({ disk, dir: transaction.staged, slug, mode }), "the staged copy");
    checkBase(site, request, transaction, next);
  } catch (error) {
    closeQuietly(site, transaction, "blocked");
    const stop = asStop(error);
    throw new Stop(stop.status, stop.message, { ...paths, ...stop.details });
  }
  return transaction;
}

function demand(findings: Finding[], what: string): void {
  if (!blocks(findings)) return;
  const first = findings.find(({ severity }) => severity === "error");
  const detail = first === undefined ? "" : ` (${basename(first.path)}: ${first.message})`;
  throw new Stop("blocked", `${what} is not consistent: ${codesOf(findings)}${detail}`);
}

function checkBase(
  site: Site,
  request: PublishRequest,
  transaction: Transaction,
  next: string,
): void {
  const { disk } = site;
  const device = disk.lstat(liveDirOf(site))?.dev;
  if (disk.lstat(transaction.staged)?.dev !== device) {
    throw new Stop("blocked", "the staged copy is on another device than the live directory");
  }
  const staged = treeDigest(disk, transaction.staged);
  if (staged !== next) throw new Stop("blocked", "the workspace changed while it was copied");
  const live = treeDigest(disk, migrationDirOf(site, request.slug));
  if (live === request.baseDigest) return;
  const digests = `live is ${live}, the work began with ${request.baseDigest}`;
  throw new Stop("blocked", `the live folder changed meanwhile: ${digests}`, { stale: true });
}

/** Makes the staged copy live, and takes that back when live is not right afterwards. */
function swap(site: Site, request: PublishRequest, transaction: Transaction): void {
  const { disk } = site;
  const { slug, mode } = request;
  const live = migrationDirOf(site, slug);
  const hadLive = disk.lstat(live) !== null;
  try {
    closeRecord(disk, transaction.dir, "ready");
    install(disk, live, transaction);
    demand(checkMigration({ disk, dir: live, slug, mode }), "what became live");
  } catch (error) {
    const reason = `it could not become live: ${describeError(error)}`;
    const outcome = putBack(site, request, transaction, hadLive);
    throw new Stop("failed", `${reason}; ${outcome}`, {
      ...presentPaths(site, transaction),
    });
  }
}

function putBack(
  site: Site,
  request: PublishRequest,
  transaction: Transaction,
  hadLive: boolean,
): string {
  const live = migrationDirOf(site, request.slug);
  let outcome = hadLive ? "the old one is live" : "nothing is live, as before";
  try {
    restore(site.disk, live, transaction, hadLive);
    if (digestOrNull(site, live) !== request.baseDigest) outcome = "the old one is not live";
  } catch (error) {
    outcome = `putting the old one back broke too: ${describeError(error)}`;
  }
  closeQuietly(site, transaction, "failed");
  return outcome;
}

function presentPaths(site: Site, transaction: Transaction): Partial<PublishResult> {
  const present: Partial<PublishResult> = { transaction: transaction.dir };
  for (const key of ["staged", "rollback", "failed"] as const) {
    if (site.disk.lstat(transaction[key]) !== null) present[key] = transaction[key];
  }
  return present;
}

/** The reason on its way is the one that counts. */
function closeQuietly(site: Site, transaction: Transaction, state: "blocked" | "failed"): void {
  try {
    closeRecord(site.disk, transaction.dir, state);
  } catch {
    // The folder stays; without its record it is only something to look at.
  }
}

function asStop(error: unknown): Stop {
  if (error instanceof Stop) return error;
  return new Stop("failed", describeError(error));
}

function cleanUp(result: PublishResult, step: () => void): void {
  try {
    step();
  } catch (error) {
    const text = describeError(error);
    result.cleanupError =
      result.cleanupError === undefined ? text : `${result.cleanupError}; ${text}`;
  }
}

function digestOrNull(site: Site, dir: string): string | null {
  try {
    return treeDigest(site.disk, dir);
  } catch {
    return null;
  }
}
