/**
 * The Go rewrite's `ao.db`, read without leaving a trace beside it.
 *
 * Opening a WAL database even for reading creates `-wal` and `-shm` where there are none and writes
 * into `-shm` where there are. So a database without a WAL is opened as immutable, and one with a WAL
 * is copied, both files, and the copy is opened. Either way the files are looked at before and after:
 * had a writer been in between, the reading is thrown away and done again.
 */

import { Database, SQLiteError, constants as sqlite } from "bun:sqlite";
import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeError, errorCode } from "../errors.ts";
import { isGone } from "../presence.ts";
import { plural } from "../text.ts";

/** What the database says, or why nobody can tell. */
export type Store = StoreFacts | StoreProblem;

export interface StoreProblem {
  /** `uncopied`: there is no room for the copy; that says nothing about the database. */
  kind: "busy" | "damaged" | "unreadable" | "too-large" | "uncopied";
  detail: string;
}

export interface StoreFacts {
  kind: "read";
  bytes: number;
  /** Lines of `integrity_check`; empty when it says ok. */
  damage: string[];
  /** Highest goose migration that is applied; null without goose's table. */
  version: number | null;
  /** Columns by table. */
  columns: Map<string, string[]>;
  /** Rows whose parent is gone, as `table → parent` with their number. */
  brokenKeys: { table: string; parent: string; rows: number }[];
  /** What the runtime, such as tmux, knows the sessions by. */
  handles: Set<string>;
  /** Live sessions without a working directory: never set, or gone from the disk. */
  homeless: { id: string; workspace: string }[];
}

/** A database this large is neither copied nor walked while somebody waits. */
const maxBytes = 256 * 1024 * 1024;
const attempts = 5;

const noRoom = new Set<string | undefined>(["ENOSPC", "EDQUOT", "EROFS", "EFBIG"]);

/** Reads the database; null when there is none. */
export async function readStore(path: string): Promise<Store | null> {
  try {
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      const seen = readOnce(path);
      if (seen !== "changed") return seen;
      await Bun.sleep(40 * attempt);
    }
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    return { kind: "unreadable", detail: describeError(error) };
  }
  return { kind: "busy", detail: "a writer is at work on it" };
}

function readOnce(path: string): Store | "changed" {
  const before = stampOf(path);
  if (before.bytes > maxBytes) {
    return { kind: "too-large", detail: plural(before.bytes, "byte") };
  }
  // A rollback journal means that the file is half-way between two states, or was left there.
  if (before.journal) return "changed";
  if (before.wal === "") return readInPlace(path, before);
  let dir: string;
  try {
    dir = mkdtempSync(join(tmpdir(), "ao-doctor-"));
  } catch (error) {
    return { kind: "uncopied", detail: describeError(error) };
  }
  try {
    const copy = join(dir, "ao.db");
    copyFileSync(path, copy, constants.COPYFILE_FICLONE);
    copyFileSync(`${path}-wal`, `${copy}-wal`, constants.COPYFILE_FICLONE);
    // The WAL only grows until a checkpoint, which writes the database and then the WAL's header.
    if (stampOf(path).text !== before.text) return "changed";
    return query(copy, sqlite.SQLITE_OPEN_READWRITE, before.bytes);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return "changed";
    if (noRoom.has(errorCode(error))) return { kind: "uncopied", detail: describeError(error) };
    throw error;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function readInPlace(path: string, before: Stamp): Store | "changed" {
  const uri = `file:${path.split("/").map(encodeURIComponent).join("/")}?immutable=1`;
  const store = query(uri, sqlite.SQLITE_OPEN_READONLY | sqlite.SQLITE_OPEN_URI, before.bytes);
  return stampOf(path).text === before.text ? store : "changed";
}

interface Stamp {
  bytes: number;
  /** The header of a WAL with frames in it, as hex; empty without one. */
  wal: string;
  journal: boolean;
  /** All of it, to be compared. */
  text: string;
}

function stampOf(path: string): Stamp {
  const stats = lstatSync(path, { bigint: true });
  if (!stats.isFile()) throw new Error("it is not a regular file");
  const wal = walHeader(`${path}-wal`);
  const journal = bytesOf(`${path}-journal`) > 0;
  const text = [stats.ino, stats.size, stats.mtimeNs, wal, journal].join(" ");
  return { bytes: Number(stats.size) + bytesOf(`${path}-wal`), wal, journal, text };
}

/** Its first 32 bytes hold the salts that change whenever the WAL starts anew. */
function walHeader(path: string): string {
  if (bytesOf(path) <= 32) return "";
  const fd = openSync(path, "r");
  try {
    const header = Buffer.alloc(32);
    return header.toString("hex", 0, readSync(fd, header, 0, 32, 0));
  } finally {
    closeSync(fd);
  }
}

function bytesOf(path: string): number {
  return existsSync(path) ? lstatSync(path).size : 0;
}

function query(name: string, flags: number, bytes: number): Store {
  let db: Database | undefined;
  try {
    db = new Database(name, flags);
    const columns = columnsOf(db);
    return {
      kind: "read",
      bytes,
      damage: texts(db, "PRAGMA integrity_check(20)").filter((line) => line !== "ok"),
      version: columns.has("goose_db_version") ? versionOf(db) : null,
      columns,
      brokenKeys: brokenKeysOf(db),
      handles: handlesOf(db, columns),
      homeless: homelessOf(db, columns),
    };
  } catch (error) {
    if (!(error instanceof SQLiteError)) throw error;
    // Only a copy is written to, for the index of its log.
    if (/^SQLITE_(FULL|IOERR_(SHM|WRITE|TRUNCATE))/.test(error.code ?? "")) {
      return { kind: "uncopied", detail: `${error.message} (${error.code})` };
    }
    const damaged = error.code === "SQLITE_CORRUPT" || error.code === "SQLITE_NOTADB";
    return { kind: damaged ? "damaged" : "unreadable", detail: error.message };
  } finally {
    db?.close();
  }
}

function texts(db: Database, sql: string): string[] {
  return db
    .query(sql)
    .values()
    .map(([value]) => String(value));
}

function columnsOf(db: Database): Map<string, string[]> {
  const names = texts(db, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name");
  const query = db.query("SELECT name FROM pragma_table_info(?) ORDER BY cid");
  return new Map(names.map((name) => [name, query.values(name).map(([column]) => String(column))]));
}

/** Goose adds a row for each way a migration went, so the last row of a version counts. */
function versionOf(db: Database): number | null {
  const applied = new Map<number, boolean>();
  const rows = db.query("SELECT version_id, is_applied FROM goose_db_version ORDER BY id").values();
  for (const [version, isApplied] of rows) applied.set(Number(version), Number(isApplied) === 1);
  const versions = [...applied].filter(([, isApplied]) => isApplied).map(([version]) => version);
  return versions.length === 0 ? null : Math.max(...versions);
}

function brokenKeysOf(db: Database): StoreFacts["brokenKeys"] {
  const counts = new Map<string, { table: string; parent: string; rows: number }>();
  for (const [table, , parent] of db.query("PRAGMA foreign_key_check").values()) {
    const key = `${table} ${parent}`;
    const count = counts.get(key) ?? { table: String(table), parent: String(parent), rows: 0 };
    counts.set(key, { ...count, rows: count.rows + 1 });
  }
  return [...counts.values()];
}

function handlesOf(db: Database, columns: Map<string, string[]>): Set<string> {
  if (columns.get("sessions")?.includes("runtime_handle_id") !== true) return new Set();
  return new Set(texts(db, "SELECT runtime_handle_id FROM sessions WHERE runtime_handle_id <> ''"));
}

function homelessOf(db: Database, columns: Map<string, string[]>): StoreFacts["homeless"] {
  const known = columns.get("sessions") ?? [];
  const needed = ["id", "workspace_path", "is_terminated"];
  if (!needed.every((name) => known.includes(name))) return [];
  const rows = db.query(
    "SELECT id, workspace_path FROM sessions WHERE is_terminated = 0 ORDER BY id LIMIT 10000",
  );
  return rows
    .values()
    .map(([id, workspace]) => ({ id: String(id), workspace: String(workspace ?? "") }))
    .filter(({ workspace }) => workspace === "" || isGone(workspace));
}
