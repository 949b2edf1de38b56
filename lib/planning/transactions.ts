/**
 * Publishing transactions on disk: `__transactions__/<32 hex>/`, each with a record that says what
 * was meant, so that whoever comes after a crash can finish or undo it.
 */

import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Disk } from "../change/disk.ts";
import type { Mode } from "./consistency.ts";
import { formatDocument, readDocument } from "./document.ts";
import { makeDirs, saveFile } from "./save.ts";
import { isSafeSegment, type Site, stamp, transactionsDirOf } from "./site.ts";
import { removeTree } from "./tree.ts";

const states = ["staging", "ready", "blocked", "failed"] as const;
const modes = ["planning-snapshot", "ready-publish", "execution-gate", "doctor"] as const;

export interface TransactionRecord {
  slug: string;
  operation: string;
  mode: Mode;
  createdAt: string;
  /** Digest of live that the new copy was made from. */
  base: string;
  /** Digest of the new copy. */
  next: string;
  /**
   * `staging` until all is checked; `ready` from just before live changes; the others are kept
   * for a look.
   */
  state: (typeof states)[number];
}

/** The paths of one transaction. */
export interface Transaction {
  dir: string;
  /** The new copy, until it is live. */
  staged: string;
  /** The old copy, once it is not live any more. */
  rollback: string;
  /** A new copy that was live and had to go again. */
  failed: string;
}

const recordName = "transaction.json";

function transactionAt(dir: string): Transaction {
  const [staged, rollback, failed] = ["staged", "rollback", "failed"].map((name) =>
    join(dir, name),
  );
  return { dir, staged: staged ?? "", rollback: rollback ?? "", failed: failed ?? "" };
}

/** Makes a transaction and records what it is for. */
export function openTransaction(
  site: Site,
  record: Omit<TransactionRecord, "createdAt" | "state">,
): Transaction {
  const dir = join(transactionsDirOf(site), randomBytes(16).toString("hex"));
  makeDirs(site.disk, dir);
  writeRecord(site.disk, dir, { ...record, createdAt: stamp(site.now()), state: "staging" });
  return transactionAt(dir);
}

export function writeRecord(disk: Disk, dir: string, record: TransactionRecord): void {
  const { slug, operation, mode, createdAt, base, next, state } = record;
  const document = { slug, operation, mode, created_at: createdAt, base, next, state };
  saveFile(disk, join(dir, recordName), formatDocument(document));
}

/** Says in the record how it ended, for whoever finds the folder. */
export function closeRecord(disk: Disk, dir: string, state: "ready" | "blocked" | "failed"): void {
  const record = readRecord(disk, dir);
  if (record !== null) writeRecord(disk, dir, { ...record, state });
}

/** @throws ToolkitError `invalid` for a record that is not one of ours */
function readRecord(disk: Disk, dir: string): TransactionRecord | null {
  const root = readDocument(disk, join(dir, recordName));
  if (root === null) return null;
  root.object();
  const slug = root.get("slug");
  if (!isSafeSegment(slug.string())) slug.fail("is no safe name");
  return {
    slug: slug.string(),
    operation: root.get("operation").string(),
    mode: root.get("mode").oneOf(modes),
    createdAt: root.get("created_at").string(),
    base: root.get("base").string(),
    next: root.get("next").string(),
    state: root.get("state").oneOf(states),
  };
}

/** A transaction folder that is still there; `record` is null when it does not say what it is. */
export interface Leftover extends Transaction {
  record: TransactionRecord | null;
  /** Nothing but, at most, a record that was cut off while it was written. */
  isEmpty: boolean;
}

/** What is left of transactions, sorted; the lock and hidden names are none of them. */
export function leftovers(site: Site): Leftover[] {
  const { disk } = site;
  const root = transactionsDirOf(site);
  if (disk.lstat(root)?.kind !== "directory") return [];
  const names = disk.readDir(root).filter((name) => !name.startsWith("."));
  const dirs = names.map((name) => join(root, name)).filter((dir) => isDirectory(disk, dir));
  return dirs.sort().map((dir) => {
    let record: TransactionRecord | null = null;
    try {
      record = readRecord(disk, dir);
    } catch {
      // Without a record that can be read it is only something to look at.
    }
    return { ...transactionAt(dir), record, isEmpty: isEmpty(disk, dir) };
  });
}

function isEmpty(disk: Disk, dir: string): boolean {
  return disk.readDir(dir).every((name) => name.startsWith("."));
}

function isDirectory(disk: Disk, path: string): boolean {
  return disk.lstat(path)?.kind === "directory";
}

/** Removes a transaction; its record goes last, so that a removal cut short can be continued. */
export function removeTransaction(site: Site, dir: string): void {
  const { disk } = site;
  const root = transactionsDirOf(site);
  for (const name of disk.readDir(dir)) {
    if (name !== recordName) removeTree(disk, join(dir, name), root);
  }
  removeTree(disk, dir, root);
}

/** Removes the directory of all transactions when nothing is in it. */
export function removeIfEmpty(site: Site): void {
  const root = transactionsDirOf(site);
  const stat = site.disk.lstat(root);
  if (stat?.kind !== "directory" || site.disk.readDir(root).length > 0) return;
  try {
    site.disk.removeDir(root);
  } catch (error) {
    // Another run has just put its lock there.
    const code = (error as { code?: string }).code;
    if (code !== "ENOTEMPTY" && code !== "EEXIST" && code !== "ENOENT") throw error;
  }
}
