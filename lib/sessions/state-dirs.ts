/** The directories of a base dir that hold sessions, of every generation: found by their names. */

import { type Dirent, existsSync, readdirSync } from "node:fs";
import { errorCode, ToolkitError } from "../errors.ts";
import { isProjectId, isSafeProjectId, parseHashDir } from "../paths.ts";

/** Told apart as the storage scan does; `v3` has an `identity.json`. */
export type SessionLayout = "v1" | "v1-bare-hash" | "v1-bare" | "v2" | "v3";

export interface StateDir {
  path: string;
  layout: SessionLayout;
  /** Name of the directory; no two of a base dir have the same. */
  dirName: string;
  /** What its project is called: `integrator` of `a3b4c5d6e7f8-integrator`, else the name itself. */
  name: string;
  /** `h12` of V1. */
  hash?: string;
}

/** Whether metadata is key=value text in files without an extension; else it is JSON. */
export function isKeyValueLayout(layout: SessionLayout): boolean {
  return layout === "v1" || layout === "v1-bare-hash";
}

/**
 * Every state directory, V1's before the later ones, each sorted by name. What AO's own migrator
 * left behind (`….migrated`) is no state in use; observability dirs are known by having no sessions.
 *
 * @throws ToolkitError `invalid` when a directory is there and cannot be listed
 */
export function findStateDirs(baseDir: string): StateDir[] {
  const found: StateDir[] = [];
  for (const dirName of directoriesIn(baseDir)) {
    const parts = parseHashDir(dirName);
    if (parts === null || parts.migrated) continue;
    const path = `${baseDir}/${dirName}`;
    if (parts.observability && !existsSync(`${path}/sessions`)) continue;
    const { hash, name = hash } = parts;
    found.push({ path, layout: parts.name ? "v1" : "v1-bare-hash", dirName, name, hash });
  }
  for (const dirName of directoriesIn(`${baseDir}/projects`)) {
    if (isSafeProjectId(dirName)) found.push(projectStateDir(baseDir, dirName));
  }
  return found;
}

/** The state directory `projects/{name}`, whether or not it exists. */
export function projectStateDir(baseDir: string, dirName: string): StateDir {
  const path = `${baseDir}/projects/${dirName}`;
  const hashed = isProjectId(dirName);
  const layout = !hashed ? "v1-bare" : existsSync(`${path}/identity.json`) ? "v3" : "v2";
  return { path, layout, dirName, name: dirName };
}

function directoriesIn(path: string): string[] {
  return entriesOf(path)
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/** Entries of a directory; none when it is not there. */
export function entriesOf(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch (cause) {
    const code = errorCode(cause) ?? String(cause);
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw new ToolkitError("invalid", `Cannot list "${path}": ${code}`, { cause });
  }
}
