/**
 * What stands below `.workflow/versions`: every flat task session with what its migration depends
 * on. Reads, judges nothing, changes nothing.
 */

import { type Dirent, lstatSync, readdirSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { errorCode, ToolkitError } from "../errors.ts";
import { isInside } from "../paths.ts";
import { nearest } from "../text.ts";
import type { TaskPlaces } from "./places.ts";
import { type Content, type Fault, faultOf, misreadName, readText } from "./text-file.ts";

/** A task's definition, `tasks/{task}.yml` or `.yaml` of its version. */
export interface Definition {
  /** Relative to the version: `tasks/task_design.yml`. */
  name: string;
  path: string;
  content: Content;
}

/** What stands where a session's directory is to be. */
export type Target =
  | { kind: "absent" }
  | { kind: "directory"; names: string[] }
  /** Something that cannot become the session's directory. */
  | { kind: "other"; what: string };

/** A file `task_sessions/{task}.yml` or `.yaml`. */
export interface FlatSession {
  /** Name of the version as it was found: `v001`. */
  version: string;
  /** Name of the file without its last ending. */
  task: string;
  name: string;
  /** The real path of the `task_sessions` that it is in. */
  dir: string;
  kind: "file" | "symbolic link" | "special file";
  /** Permission bits. */
  mode: number;
  /** Of files only; anything else has a fault. */
  content: Content;
  /** Those that are there, `.yml` first. */
  definitions: Definition[];
  target: Target;
}

/** A version, or its `task_sessions`, that cannot be looked into. */
export interface ClosedVersion {
  version: string;
  path: string;
  reason: string;
}

export interface TaskInventory {
  places: TaskPlaces;
  /** In order of version and file name. */
  sessions: FlatSession[];
  closed: ClosedVersion[];
}

/**
 * Finds the flat task sessions of a project.
 *
 * Names that begin with a dot are passed over, as by the pattern `*`. A link to a version that is
 * looked into anyway adds nothing; one that leads out of `.workflow` is closed.
 *
 * @param options.versions names of versions; default all
 * @param options.onProgress called once a session, cheap enough to draw
 * @throws ToolkitError `usage` when there is no such version
 */
export function scanTasks(
  places: TaskPlaces,
  options: {
    versions?: readonly string[];
    onProgress?: (done: number, total: number) => void;
  } = {},
): TaskInventory {
  const inventory: TaskInventory = { places, sessions: [], closed: [] };
  const found = chooseVersions(versionEntries(places), options.versions ?? []);
  const open = openVersions(found, inventory);
  const flat = open.flatMap((version) => flatFiles(version).map((entry) => ({ version, entry })));
  for (const [index, { version, entry }] of flat.entries()) {
    inventory.sessions.push(readSession(version, entry));
    options.onProgress?.(index + 1, flat.length);
  }
  return inventory;
}

interface Version {
  name: string;
  isLink: boolean;
}

/** Directories and links to them, by name. */
function versionEntries({ versionsDir }: TaskPlaces): Version[] {
  const entries = listDir(versionsDir);
  if ("fault" in entries) {
    const message = `Cannot look into "${versionsDir}": ${entries.fault.reason}`;
    throw new ToolkitError("invalid", message);
  }
  return entries
    .filter((entry) => {
      if (entry.name.startsWith(".")) return false;
      return (
        entry.isDirectory() || (entry.isSymbolicLink() && isDir(join(versionsDir, entry.name)))
      );
    })
    .map((entry) => ({ name: entry.name, isLink: entry.isSymbolicLink() }));
}

/** A link that leads nowhere, or round in a circle, is no directory. */
function isDir(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function chooseVersions(found: Version[], wanted: readonly string[]): Version[] {
  const names = found.map(({ name }) => name);
  const unknown = wanted.find((name) => !names.includes(name));
  if (unknown === undefined) {
    return wanted.length === 0 ? found : found.filter(({ name }) => wanted.includes(name));
  }
  const meant = nearest(unknown, names);
  const hint = meant === undefined ? `there are ${names.join(", ")}` : `did you mean ${meant}?`;
  throw new ToolkitError(
    "usage",
    `Cannot pick version "${unknown}": it does not exist`,
    names.length === 0 ? {} : { hint },
  );
}

/** A version whose `task_sessions` can be read. */
interface OpenVersion {
  name: string;
  /** Real paths. */
  dir: string;
  sessionsDir: string;
  entries: Dirent[];
  definitions: Set<string>;
}

/** The versions' own directories come before links, so that a link never takes their place. */
function openVersions(versions: readonly Version[], inventory: TaskInventory): OpenVersion[] {
  const { versionsDir, workflowDir } = inventory.places;
  const open = new Map<string, OpenVersion>();
  const inOrder = [...versions].sort((a, b) => Number(a.isLink) - Number(b.isLink));
  for (const { name } of inOrder) {
    const close = (path: string, reason: string) =>
      void inventory.closed.push({ version: name, path, reason });
    const given = join(versionsDir, name, "task_sessions");
    const version = openVersion(join(versionsDir, name), name);
    if (version === null) continue;
    if ("fault" in version) {
      close(given, version.fault.reason);
      continue;
    }
    const { sessionsDir, entries } = version;
    if (open.has(sessionsDir)) continue;
    if (isInside(sessionsDir, workflowDir)) open.set(sessionsDir, version);
    else if (entries.some(isFlat)) close(given, `it leads out of .workflow, to "${sessionsDir}"`);
  }
  inventory.closed.sort((a, b) => (a.version < b.version ? -1 : 1));
  return [...open.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Null when the version has no task sessions of either structure. */
function openVersion(path: string, name: string): OpenVersion | { fault: Fault } | null {
  try {
    const dir = realpathSync(path);
    const sessionsDir = realpathSync(join(path, "task_sessions"));
    const entries = listDir(sessionsDir);
    if ("fault" in entries) return entries;
    const definitions = new Set(namesIn(join(dir, "tasks")));
    return { name, dir, sessionsDir, entries, definitions };
  } catch (error) {
    if (errorCode(error) !== "ENOENT") return { fault: faultOf(error) };
    const fault = misreadName(name);
    return fault === null ? null : { fault };
  }
}

const ending = /\.ya?ml$/;

function isFlat(entry: Dirent): boolean {
  return ending.test(entry.name) && !entry.name.startsWith(".") && !entry.isDirectory();
}

function flatFiles({ entries }: OpenVersion): Dirent[] {
  return entries.filter(isFlat);
}

function readSession(version: OpenVersion, entry: Dirent): FlatSession {
  const task = entry.name.replace(ending, "");
  const path = join(version.sessionsDir, entry.name);
  const kind = entry.isFile() ? "file" : entry.isSymbolicLink() ? "symbolic link" : "special file";
  return {
    version: version.name,
    task,
    name: entry.name,
    dir: version.sessionsDir,
    kind,
    mode: (lstatSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o777,
    content:
      kind === "file" ? readText(path) : { fault: { reason: `it is a ${kind}` }, missing: false },
    definitions: readDefinitions(version, task),
    target: readTarget(join(version.sessionsDir, task)),
  };
}

function readDefinitions({ dir, definitions }: OpenVersion, task: string): Definition[] {
  return [`${task}.yml`, `${task}.yaml`]
    .filter((name) => definitions.has(name))
    .map((name) => {
      const path = join(dir, "tasks", name);
      return { name: `tasks/${name}`, path, content: readText(path) };
    });
}

function readTarget(path: string): Target {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return { kind: "absent" };
  if (stat.isDirectory()) return { kind: "directory", names: namesIn(path) };
  return { kind: "other", what: stat.isSymbolicLink() ? "a symbolic link" : "not a directory" };
}

/** Entries by name; a missing directory has none. */
function listDir(path: string): Dirent[] | { fault: Fault } {
  try {
    const entries = readdirSync(path, { withFileTypes: true });
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    return { fault: faultOf(error) };
  }
}

function namesIn(path: string): string[] {
  const entries = listDir(path);
  return "fault" in entries ? [] : entries.map(({ name }) => name);
}
