/**
 * Several files of one session in one directory, as a rollback leaves them that had to keep what was
 * written since: one goes on being the session, with its name and worktree, the others are archived.
 */

import { parseOrchestratorId } from "../paths.ts";
import type { Decisions } from "./decisions.ts";
import type { SessionFile, StateDir } from "./inventory.ts";
import { dirLabel } from "./project.ts";

/** By file, the one of the same session that goes on instead of it. */
export type Successors = ReadonlyMap<SessionFile, SessionFile>;

/** Decides for all sessions of a directory at once. */
export function decideSuccessors(dir: StateDir, decisions: Decisions): Successors {
  const groups = namesakesOf(dir.sessions);
  const successors = new Map<SessionFile, SessionFile>();
  if (groups.length === 0) return successors;
  const label = dirLabel(dir);
  const ids = groups.map(([first]) => first?.sessionId);
  const shown = ids.length > 3 ? `${ids.slice(0, 3).join(", ")} and ${ids.length - 3} more` : ids;
  const chosen = decisions.ask({
    key: `session-files:${label}`,
    question: `${label} has two files of each of these sessions: ${shown}. Which one goes on? The other is archived.`,
    choices: [
      { value: "newest", label: "the one that was written last" },
      { value: "json", label: "the JSON file" },
      { value: "text", label: "the key=value file" },
    ],
    default: "newest",
  });
  for (const group of groups) {
    const newest = chosen === "newest" ? group.find((file) => file.newest === true) : undefined;
    const ofText = chosen === "text" ? group.find(({ format }) => format !== "json") : undefined;
    const winner = newest ?? ofText ?? group[0];
    for (const file of group) {
      if (winner !== undefined && file !== winner) successors.set(file, winner);
    }
  }
  return successors;
}

/** Files of one session each, JSON under its own name first. Orchestrators are judged elsewhere. */
function namesakesOf(files: readonly SessionFile[]): SessionFile[][] {
  if (new Set(files.map(({ sessionId }) => sessionId)).size === files.length) return [];
  const byId = new Map<string, SessionFile[]>();
  for (const file of files) {
    if (file.format === "bad" || file.format === "empty") continue;
    if (parseOrchestratorId(file.sessionId) !== null) continue;
    const group = byId.get(file.sessionId);
    if (group === undefined) byId.set(file.sessionId, [file]);
    else group.push(file);
  }
  return [...byId.values()].flatMap((group) => {
    const [first, ...others] = group.toSorted((a, b) => rank(a) - rank(b));
    const same = others.filter((file) => first !== undefined && isSameSession(first, file));
    return first === undefined || same.length === 0 ? [] : [[first, ...same]];
  });
}

function rank({ format, path }: SessionFile): number {
  if (format !== "json") return 2;
  return path.endsWith(".json") ? 0 : 1;
}

/** Whether two usable files are of one session: same birth and same branch. */
export function isSameSession(a: SessionFile, b: SessionFile): boolean {
  return a.fields.createdAt === b.fields.createdAt && a.fields.branch === b.fields.branch;
}
