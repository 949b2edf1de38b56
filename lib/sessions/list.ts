/** The sessions of a disk with what runs them and where they work. */

import { existsSync, readdirSync } from "node:fs";
import { basename, dirname } from "node:path";
import { ToolkitError } from "../errors.ts";
import type { Env } from "../process.ts";
import { nearest } from "../text.ts";
import { listSessions as listTmux } from "../tmux.ts";
import { answersTo } from "./find.ts";
import { readSessions, type Session } from "./read.ts";
import { findStateDirs, type StateDir } from "./state-dirs.ts";
import { statesOf, type WorktreeState } from "./worktree.ts";

/** `none`: metadata names no place; `missing`: it is not there; `unchecked`: git was not asked. */
export type ListedWorktree = "none" | "missing" | "unchecked" | WorktreeState;

export interface ListedSession extends Session {
  /** Name of the tmux session that runs it; null when none does, or nobody could be asked. */
  running: string | null;
  worktreeState: ListedWorktree;
}

export interface Listing {
  projects: { dir: StateDir; sessions: ListedSession[] }[];
  /** False when tmux is not installed. */
  tmux: boolean;
  /** Worktrees that git was not asked about. */
  unchecked: number;
}

/** As many worktrees git is asked about unless all are wanted: a status takes milliseconds. */
export const checkedWorktrees = 20;

/**
 * Lists sessions.
 *
 * @param options.project only projects that answer to this
 * @param options.checkAll ask git about every worktree, however many there are
 * @throws ToolkitError `usage` when no project answers
 */
export async function listSessions(
  baseDir: string,
  options: { project?: string | undefined; checkAll: boolean; env: Env },
): Promise<Listing> {
  const { project, checkAll, env } = options;
  const dirs = chosenDirs(baseDir, project);
  const live = listTmux(env);
  const names = new Set(live?.map(({ name }) => name));
  const isThere = createLookup();
  const projects = dirs.map((dir) => ({
    dir,
    sessions: readSessions(dir).map((session) =>
      // In place: a copy of each would cost as much as reading them.
      Object.assign(session, {
        running: session.tmuxNames.find((name) => names.has(name)) ?? null,
        worktreeState: placeOf(session, isThere),
      }),
    ),
  }));
  const there = projects
    .flatMap(({ sessions }) => sessions)
    .filter(({ worktreeState }) => worktreeState === "unchecked");
  const ask = checkAll || there.length <= checkedWorktrees;
  if (ask) await check(there, env);
  return { projects, tmux: live !== null, unchecked: ask ? 0 : there.length };
}

/** One session with what a list tells of it. */
export async function inspect(session: Session, env: Env): Promise<ListedSession> {
  const names = new Set(listTmux(env)?.map(({ name }) => name));
  const running = session.tmuxNames.find((name) => names.has(name)) ?? null;
  const listed = { ...session, running, worktreeState: placeOf(session, existsSync) };
  if (listed.worktreeState === "unchecked") await check([listed], env);
  return listed;
}

function chosenDirs(baseDir: string, project: string | undefined): StateDir[] {
  const dirs = findStateDirs(baseDir);
  if (project === undefined) return dirs;
  const chosen = dirs.filter((dir) => answersTo(dir, project));
  if (chosen.length > 0) return chosen;
  const known = dirs.map(({ dirName }) => dirName);
  const meant = nearest(project, known);
  const all =
    known.length === 0 ? "there are no projects" : `one of ${known.slice(0, 20).join(", ")}`;
  throw new ToolkitError("usage", `Cannot list "${project}": it has no sessions on this disk`, {
    hint: meant === undefined ? all : `did you mean ${meant}?`,
  });
}

/** Whether a path is there, with one look at each parent: most worktrees stand beside others. */
function createLookup(): (path: string) => boolean {
  const parents = new Map<string, Set<string>>();
  return (path) => {
    const parent = dirname(path);
    let names = parents.get(parent);
    if (names === undefined) {
      names = new Set(namesIn(parent));
      parents.set(parent, names);
    }
    return names.has(basename(path));
  };
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function placeOf(
  { worktree, pipePath }: Session,
  isThere: (path: string) => boolean,
): ListedWorktree {
  if (worktree === undefined) return "none";
  // A path of another system's session is not looked for here.
  if (pipePath !== undefined && !worktree.startsWith("/")) return "unknown";
  return isThere(worktree) ? "unchecked" : "missing";
}

async function check(sessions: ListedSession[], env: Env): Promise<void> {
  const states = await statesOf(
    sessions.map(({ worktree = "" }) => worktree),
    env,
  );
  for (const session of sessions) {
    session.worktreeState = states.get(session.worktree ?? "") ?? "unknown";
  }
}
