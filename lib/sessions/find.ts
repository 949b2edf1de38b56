/** The session that a word means: `int-1`, `PROJECT/int-1`, or V1's tmux name `{h12}-int-1`. */

import { existsSync } from "node:fs";
import { ToolkitError } from "../errors.ts";
import { isSafeSessionId } from "../paths.ts";
import { nearest } from "../text.ts";
import { readConfigs, type Site } from "./configs.ts";
import { findProjects } from "./projects.ts";
import { readSession, readSessions, type Session, sessionFiles } from "./read.ts";
import { findStateDirs, type StateDir } from "./state-dirs.ts";

/**
 * Finds one live session. Of several of that name, the one of the V1 config in force counts.
 *
 * @throws ToolkitError `usage` when there is none, `refused` when it cannot be told which is meant
 */
export function findSession(word: string, site: Site): Session {
  const dirs = findStateDirs(site.places.baseDir);
  const found = sessionsCalled(word, dirs);
  const [first, second] = found;
  if (first === undefined) throw notFound(word, dirs);
  if (second === undefined) return first;
  const configs = readConfigs(site, []);
  const here = new Set(
    findProjects(site, dirs, configs)
      .filter(({ inForce }) => inForce)
      .map(({ dir }) => dir.path),
  );
  const [mine, other] = found.filter(({ dir }) => here.has(dir.path));
  if (mine !== undefined && other === undefined) return mine;
  const names = found.map(({ dir, id }) => `${dir.dirName}/${id}`);
  throw new ToolkitError("refused", `Cannot tell which "${word}" is meant: there are several`, {
    hint: `name one: ${names.join(", ")}`,
  });
}

/** Every session that answers to a word. */
export function sessionsCalled(word: string, dirs: readonly StateDir[]): Session[] {
  const slash = word.lastIndexOf("/");
  const project = slash === -1 ? null : word.slice(0, slash);
  const id = word.slice(slash + 1);
  if (!isSafeSessionId(id)) return [];
  const [, hash, rest = ""] = /^([0-9a-f]{12})-(.+)$/.exec(id) ?? [];
  return dirs.flatMap((dir) => {
    if (project !== null && !answersTo(dir, project)) return [];
    const own = sessionIn(dir, id);
    const inV1 = hash !== undefined && dir.hash === hash ? sessionIn(dir, rest) : null;
    return [own, inV1].filter((session) => session !== null);
  });
}

/** Whether a word names the project of a state directory: whole, or without its hash. */
export function answersTo({ dirName, name }: StateDir, word: string): boolean {
  return word === dirName || word === name || word === name.replace(/_[0-9a-f]{10}$/, "");
}

function sessionIn(dir: StateDir, id: string): Session | null {
  for (const file of [`${dir.path}/sessions/${id}.json`, `${dir.path}/sessions/${id}`]) {
    if (existsSync(file)) return readSession(dir, id, file);
  }
  const single = `${dir.path}/orchestrator.json`;
  if (!id.includes("orchestrator") || !existsSync(single)) return null;
  return readSessions(dir).find((session) => session.id === id) ?? null;
}

function notFound(word: string, dirs: readonly StateDir[]): ToolkitError {
  const ids = dirs.flatMap((dir) => sessionFiles(dir).map(({ id }) => id));
  const meant = nearest(word, ids);
  const hint = ids.length === 0 ? "there is no session on this disk" : "list shows them all";
  return new ToolkitError("usage", `Cannot find session "${word}": there is no such session`, {
    hint: meant === undefined ? hint : `did you mean ${meant}?`,
  });
}
