/** State of the Go rewrite, made for tests: its database as a real build leaves it, and faults. */

import { Database } from "bun:sqlite";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeDisk } from "../../disk/build.ts";
import { mkdirs, writeFiles } from "../../disk/repos.ts";
import type { Disk } from "../../disk/spec.ts";

/** Columns of a database at version 7, by table. */
const columnsAt7: Record<string, string> = {
  projects: "id TEXT PRIMARY KEY, path, repo_origin_url, display_name, registered_at, archived_at",
  sessions:
    "id TEXT PRIMARY KEY, project_id REFERENCES projects (id), num, issue_id, kind, harness, " +
    "activity_state, activity_last_at, is_terminated, branch, workspace_path, runtime_handle_id, " +
    "agent_session_id, prompt, created_at, updated_at, display_name",
  pr:
    "url TEXT PRIMARY KEY, session_id, number, pr_state, review_decision, ci_state, mergeability, " +
    "updated_at, provider, host, repo, source_branch, target_branch, head_sha, title, author, " +
    "is_draft, is_merged, is_closed, html_url, metadata_hash, ci_hash, review_hash, observed_at, " +
    "ci_observed_at, review_observed_at, last_nudge_signature",
  pr_checks: "pr_url, name, commit_hash, status, url, log_tail, created_at, conclusion, details",
  pr_comment:
    "pr_url, comment_id, author, file, line, body, resolved, created_at, thread_id, url, is_bot",
  pr_review_threads: "pr_url, thread_id, path, line, resolved, is_bot, semantic_hash, updated_at",
  change_log: "seq INTEGER PRIMARY KEY, project_id, session_id, event_type, payload, created_at",
};

export interface StoreOptions {
  /** What goose recorded. @default 7 */
  version?: number;
  /** More SQL, run with foreign keys off. */
  sql?: string[];
  /** Leave out this column of `sessions`. */
  without?: string;
}

export function databaseOf(disk: Disk): string {
  return join(disk.home, ".ao", "data", "ao.db");
}

/** Makes the database at rest: journal mode WAL, closed cleanly. */
export function writeStore(
  disk: Disk,
  { version = 7, sql = [], without }: StoreOptions = {},
): void {
  const db = openStore(disk);
  for (const [table, columns] of Object.entries(columnsAt7)) {
    const kept = columns.split(", ").filter((column) => column !== without);
    db.run(`CREATE TABLE ${table} (${kept.join(", ")})`);
  }
  db.run("CREATE TABLE goose_db_version (id INTEGER PRIMARY KEY, version_id, is_applied, tstamp)");
  const insert = db.prepare("INSERT INTO goose_db_version (version_id, is_applied) VALUES (?, 1)");
  for (let applied = 0; applied <= version; applied += 1) insert.run(applied);
  for (const statement of sql) db.run(statement);
  db.close(true);
}

/** The database, open for writing. */
export function openStore(disk: Disk): Database {
  mkdirs(join(disk.home, ".ao", "data"));
  const db = new Database(databaseOf(disk));
  db.run("PRAGMA journal_mode = WAL");
  return db;
}

/** A disk with a database. */
export function storeDisk(options: StoreOptions = {}): Disk {
  const disk = makeDisk({});
  writeStore(disk, options);
  return disk;
}

/** Writes the daemon's run file. */
export function writeRunFile(disk: Disk, content: unknown): void {
  const text = typeof content === "string" ? content : `${JSON.stringify(content, null, 2)}\n`;
  writeFiles(join(disk.home, ".ao"), { "running.json": text });
}

/** Overwrites the middle of the database with noise. */
export function damageStore(disk: Disk): void {
  const path = databaseOf(disk);
  const bytes = new Uint8Array(Bun.file(path).size).fill(0x5a);
  bytes.set(Buffer.from("SQLite format 3\0"), 0);
  writeFileSync(path, bytes);
}

/** A process whose command line is `…/ao`, and which answers on a port as told; `stop` ends it. */
export async function startDaemon(
  disk: Disk,
  answer: "well" | "silent" | "other-pid" | "not-ready" | "other-service",
): Promise<{ pid: number; port: number; stop: () => void }> {
  const script = join(mkdirs(join(disk.root, "daemon")), "ao.ts");
  writeFiles(join(disk.root, "daemon"), { "ao.ts": daemonSource });
  const child = Bun.spawn([process.execPath, script, answer], {
    ...{ stdin: "ignore", stdout: "pipe", stderr: "ignore", env: disk.env },
  });
  const { value } = await child.stdout.getReader().read();
  const port = Number(new TextDecoder().decode(value));
  writeRunFile(disk, { pid: child.pid, port, startedAt: "2026-06-01T10:00:00.123456789Z" });
  return { pid: child.pid, port, stop: () => child.kill("SIGKILL") };
}

const daemonSource = `
const kind = process.argv[2];
const pid = kind === "other-pid" ? 1 : process.pid;
const service = kind === "other-service" ? "something" : "agent-orchestrator-daemon";
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  async fetch(request) {
    if (kind === "silent") await Bun.sleep(600_000);
    const ready = new URL(request.url).pathname === "/readyz";
    if (ready && kind === "not-ready") {
      return Response.json({ pid, service, status: "starting" }, { status: 503 });
    }
    return Response.json({ pid, service, status: ready ? "ready" : "ok" });
  },
});
console.log(server.port);
`;
