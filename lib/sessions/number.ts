/** The number of the next session: never one that any session had, as far as the disk tells. */

import { parseArchiveName, parseSessionId, sessionIdOf, tmuxNameV1 } from "../paths.ts";
import { readCounter } from "./identity.ts";
import type { Project } from "./projects.ts";
import { sessionFiles } from "./read.ts";
import { entriesOf, findStateDirs, type StateDir } from "./state-dirs.ts";

/** Names of a new session. */
export interface SessionName {
  number: number;
  /** `int-3`. */
  id: string;
  /** `{h12}-int-3` in V1, the id since. */
  tmuxName: string;
}

/**
 * The next session's number and names: after every session, archived one and worktree with this
 * prefix, not below V3's counter, and not one whose tmux name is in use.
 *
 * tmux names since V2 are session ids, so there all projects with this prefix count on together.
 *
 * @param live names of the tmux sessions that run
 */
export function nextName(
  project: Project,
  baseDir: string,
  live: ReadonlySet<string>,
): SessionName {
  const { dir, prefix } = project;
  const { hash } = dir;
  const dirs = new Map([[dir.path, dir]]);
  if (hash === undefined) {
    for (const other of findStateDirs(baseDir)) {
      if (other.hash === undefined) dirs.set(other.path, other);
    }
  }
  let number = Math.max(0, ...[...dirs.values()].map((each) => highest(each, prefix))) + 1;
  if (dir.layout === "v3") number = Math.max(number, readCounter(dir) ?? 1);
  for (; ; number += 1) {
    const id = sessionIdOf(prefix, number);
    const tmuxName = hash === undefined ? id : tmuxNameV1(hash, prefix, number);
    if (!live.has(tmuxName)) return { number, id, tmuxName };
  }
}

function highest(dir: StateDir, prefix: string): number {
  let found = 0;
  const see = (id: string | undefined) => {
    if (id === undefined || !id.startsWith(prefix)) return;
    const parsed = parseSessionId(id);
    if (parsed === null || parsed.orchestrator || parsed.prefix !== prefix) return;
    found = Math.max(found, parsed.number ?? 0);
  };
  for (const { id } of sessionFiles(dir)) see(id);
  for (const archive of ["sessions/archive", "archive"]) {
    for (const { name } of entriesOf(`${dir.path}/${archive}`))
      see(parseArchiveName(name)?.sessionId);
  }
  for (const { name } of entriesOf(`${dir.path}/worktrees`)) see(name);
  return found;
}
