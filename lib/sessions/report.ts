/** Sessions as text for eyes, and as JSON. */

import { plural, printable, table } from "../text.ts";
import type { InstanceDocument, SessionDocument } from "./document.ts";
import type { ListedSession, Listing } from "./list.ts";
import type { StateDir } from "./state-dirs.ts";

/** A session as `--json` shows it. */
export function sessionDocument(
  session: ListedSession,
  { now, tmux }: { now: number; tmux: boolean },
): SessionDocument {
  const { id, dir, running, pipePath, ptyHostPid, fault, createdAt } = session;
  const age = createdAt === undefined ? Number.NaN : (now - Date.parse(createdAt)) / 1000;
  return {
    id,
    project: dir.dirName,
    layout: dir.layout,
    status: session.status ?? null,
    branch: session.branch ?? null,
    issue: session.issue ?? null,
    agent: session.agent ?? null,
    pr: session.pr ?? null,
    createdAt: createdAt ?? null,
    ageSeconds: Number.isNaN(age) ? null : Math.round(age),
    tmux: {
      name: running ?? session.tmuxNames[0] ?? null,
      alive: pipePath === undefined && tmux ? running !== null : null,
    },
    worktree: { path: session.worktree ?? null, state: session.worktreeState },
    ...(pipePath !== undefined && { pipePath }),
    ...(ptyHostPid !== undefined && { ptyHostPid }),
    file: session.file,
    ...(fault !== undefined && { fault }),
  };
}

/** Every session of a listing as `--json` shows it. */
export function listDocument(listing: Listing, baseDir: string, now: number) {
  const sessions = listing.projects.flatMap((project) =>
    project.sessions.map((session) => sessionDocument(session, { now, tmux: listing.tmux })),
  );
  return { schemaVersion: 1, baseDir, sessions };
}

const head = ["SESSION", "STATUS", "BRANCH", "ISSUE", "AGE", "RUNS", "WORKTREE", "PR"];

/** A table for each project that has sessions. */
export function listText(listing: Listing, baseDir: string, now: number): string {
  const shown = listing.projects.filter(({ sessions }) => sessions.length > 0);
  if (shown.length === 0) return `No sessions in ${printable(baseDir)}.`;
  return shown
    .map(({ dir, sessions }) => {
      const rows = sessions.map((session) => rowOf(session, { now, tmux: listing.tmux }));
      return `${projectLine(dir)}\n${table([head, ...rows])}`;
    })
    .join("\n\n");
}

function projectLine({ name, dirName, layout }: StateDir): string {
  const where = name === dirName ? "" : `  ${dirName}`;
  return printable(`${name}${where}  (${layoutNames[layout]})`);
}

const layoutNames = {
  v1: "V1",
  "v1-bare-hash": "V1, storage key",
  "v1-bare": "V2, unhashed name",
  v2: "V2",
  v3: "V3",
} as const;

function rowOf(session: ListedSession, { now, tmux }: { now: number; tmux: boolean }): string[] {
  const { id, status, branch, issue, createdAt, running, pipePath, worktreeState, pr } = session;
  if (session.fault !== undefined) return [id, printable(`unreadable: ${session.fault}`)];
  const runs = pipePath !== undefined ? "pipe" : !tmux ? "?" : running === null ? "no" : "tmux";
  return [
    id,
    cell(status),
    cell(branch),
    cell(issue),
    ageText(createdAt, now),
    runs,
    worktreeState === "none" ? "-" : worktreeState,
    cell(pr),
  ];
}

// Most cells are plain, and there may be very many.
function cell(text: string | undefined): string {
  if (text === undefined) return "-";
  return /^[\w./:#-]*$/.test(text) ? text : printable(text);
}

/** `45s`, `12m`, `3h`, `9d`; `-` when nobody knows. */
export function ageText(createdAt: string | undefined, now: number): string {
  const seconds = Math.round((now - Date.parse(createdAt ?? "")) / 1000);
  if (Number.isNaN(seconds)) return "-";
  if (seconds < 60) return `${Math.max(0, seconds)}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

/** Everything that is known of one session, a line each. */
export function sessionText(session: SessionDocument): string {
  const { tmux, worktree } = session;
  const alive = { true: "runs", false: "does not run", null: "not asked" }[`${tmux.alive}`];
  const rows: [string, string | null | undefined][] = [
    ["session", session.id],
    ["project", `${session.project} (${layoutNames[session.layout]})`],
    ["fault", session.fault],
    ["status", session.status],
    ["issue", session.issue],
    ["branch", session.branch],
    ["agent", session.agent],
    ["created", session.createdAt],
    ["PR", session.pr],
    ["tmux", tmux.name === null ? null : `${tmux.name} (${alive})`],
    ["named pipe", session.pipePath && `${session.pipePath} (on Windows; shown, no more)`],
    ["pipe's process", session.ptyHostPid],
    ["worktree", worktree.path && `${worktree.path} (${worktree.state})`],
    ["metadata", session.file],
  ];
  return table(rows.flatMap(([name, value]) => (value ? [[name, printable(value)]] : [])));
}

/** The instance: hash, config, base dir, projects. */
export function instanceText(instance: InstanceDocument): string {
  const { baseDir, config, hash, registry, projects } = instance;
  const facts = [
    ["base dir", baseDir],
    ["config", config],
    ["hash", hash],
    ["registry", registry],
  ];
  const lines = [
    table(facts.flatMap(([name = "", value]) => (value ? [[name ?? "", printable(value)]] : []))),
  ];
  if (projects.length === 0) return [...lines, "", "No projects."].join("\n");
  const rows = projects.map((project) => [
    project.project,
    layoutNames[project.layout],
    project.prefix ?? "-",
    project.defaultBranch ?? "-",
    plural(project.sessions, "session"),
    project.path ?? "no config names it",
  ]);
  const titles = ["PROJECT", "LAYOUT", "PREFIX", "BASE", "SESSIONS", "CHECKOUT"];
  return [...lines, "", table([titles, ...rows.map((row) => row.map(printable))])].join("\n");
}
