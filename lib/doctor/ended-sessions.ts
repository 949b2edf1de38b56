/** Sessions that ended and still have a worktree, and what is in it that is nowhere else. */

import type { SessionFile, StateDir, WorktreeLeaf } from "../storage/inventory.ts";
import type { Facts } from "./facts.ts";
import { readLifecycle } from "./lifecycle.ts";

/** AO's own list of states in which a session does not go on. */
const endedStates = new Set(["killed", "terminated", "done", "cleanup", "errored", "merged"]);

/** A worktree that only sessions use which have ended. */
export interface EndedWorktree {
  sessionId: string;
  leaf: WorktreeLeaf;
}

/** Worktrees of ended sessions, by path; one that any other session names too is not among them. */
export function endedWorktrees(facts: Facts): EndedWorktree[] {
  const { inventory } = facts;
  const leaves = new Map(inventory.worktrees.map((leaf) => [leaf.path, leaf]));
  const live = new Set((inventory.tmux ?? []).map(({ name }) => name));
  const ended = new Map<string, EndedWorktree>();
  const used = new Set<string>();
  for (const { file, archived } of allSessions([...inventory.projects, ...inventory.hashDirs])) {
    const isOver = archived || (hasEnded(file) && !namesOf(file).some((name) => live.has(name)));
    for (const path of workspacesOf(file)) {
      const leaf = leaves.get(path);
      if (leaf === undefined || leaf.adminDir === undefined) continue;
      if (isOver) ended.set(path, { sessionId: file.sessionId, leaf });
      else used.add(path);
    }
  }
  return [...ended.values()].filter(({ leaf }) => !used.has(leaf.path));
}

/** Every place that a session's metadata names as its own. */
export function workspacesOf({ fields }: SessionFile): string[] {
  const { worktree, workspacePath, handleWorkspacePath } = fields;
  return [...new Set([worktree, workspacePath, handleWorkspacePath])].filter(
    (path) => path !== undefined,
  );
}

function namesOf({ sessionId, fields }: SessionFile): string[] {
  return [sessionId, fields.tmuxName, fields.handleId].filter((name) => name !== undefined);
}

/** The file's status, or where it has a lifecycle the state in that. */
export function hasEnded(file: SessionFile): boolean {
  const { status, hasLifecycle } = file.fields;
  const state = hasLifecycle === true ? readLifecycle(file.path) : status;
  return state !== undefined && endedStates.has(state);
}

function* allSessions(dirs: StateDir[]): Generator<{ file: SessionFile; archived: boolean }> {
  for (const dir of dirs) {
    for (const file of dir.sessions) yield { file, archived: false };
    if (dir.orchestrator !== undefined) yield { file: dir.orchestrator, archived: false };
    for (const file of dir.archives) yield { file, archived: true };
  }
}
