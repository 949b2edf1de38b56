/** One directory that holds sessions, of any generation. */

import { isProjectId, parseHashDir, parseSessionId } from "../../paths.ts";
import type { OtherEntry, StateDir } from "../inventory.ts";
import { byName, dirEntry, type EntryOptions, fileEntry, oddEntry } from "./entries.ts";
import { readCounter, readIdentity } from "./identity.ts";
import type { Listing, Reader } from "./reader.ts";
import { type LockWatch, readSession, scanArchives, scanSessions } from "./sessions.ts";
import { holdsFile } from "./walk.ts";

/** What the scan of a state dir depends on beside the disk. */
export interface StateDirOptions extends EntryOptions, LockWatch {}

/** `projects/{name}`. */
export function scanProjectDir(
  reader: Reader,
  parent: string,
  name: string,
  options: StateDirOptions,
): StateDir {
  const layout = isProjectId(name) ? "v2-hashed" : "v1-bare";
  const dir = scanStateDir(reader, emptyStateDir(`${parent}/${name}`, layout, name), options);
  if (dir.identity !== undefined && layout === "v2-hashed") dir.layout = "v3";
  return dir;
}

/** `{h12}-{name}` or bare `{h12}`, with or without `.migrated`. */
export function scanHashDir(
  reader: Reader,
  parent: string,
  entry: string,
  options: StateDirOptions,
): StateDir {
  const parts = parseHashDir(entry) ?? { hash: "", migrated: false, observability: false };
  const layout = parts.name === undefined ? "v1-bare-hash" : "v1";
  const dir = emptyStateDir(`${parent}/${entry}`, layout, parts.name ?? parts.hash);
  dir.hash = parts.hash;
  dir.migrated = parts.migrated;
  return scanStateDir(reader, dir, options);
}

/**
 * V0's `dataDir`: sessions lie flat in it, among whatever else is there. Only names that read as
 * session ids are opened.
 */
export function scanFlatDir(reader: Reader, path: string): StateDir {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const dir = emptyStateDir(path, "v0", name);
  const listing = reader.list(path);
  for (const file of listing?.files ?? []) {
    const session = parseSessionId(file) === null ? null : readSession(reader, path, file, file);
    if (session !== null) dir.sessions.push(session);
    else dir.otherSessionEntries.push(file);
  }
  if (listing?.dirs.includes("archive")) {
    const rest = scanArchives(reader, `${path}/archive`, dir.archives);
    dir.otherSessionEntries.push(...rest.map((entry) => `archive/${entry}`));
  }
  for (const session of [...dir.sessions, ...dir.archives]) dir.bytes += session.bytes;
  dir.empty = dir.sessions.length + dir.archives.length + dir.otherSessionEntries.length === 0;
  return dir;
}

function emptyStateDir(path: string, layout: StateDir["layout"], name: string): StateDir {
  return {
    path,
    layout,
    name,
    migrated: false,
    sessions: [],
    archives: [],
    worktrees: [],
    corruptCopies: [],
    staleLocks: [],
    others: [],
    otherSessionEntries: [],
    empty: false,
    bytes: 0,
  };
}

function scanStateDir(reader: Reader, dir: StateDir, options: StateDirOptions): StateDir {
  const listing = reader.list(dir.path);
  if (listing === null) return dir;
  for (const name of listing.dirs) scanSubdir(reader, dir, name, options);
  for (const name of listing.files) {
    if (!readOwnFile(reader, dir, name)) {
      dir.others.push(fileEntry(reader, dir.path, name, options));
    }
  }
  dir.others.push(...oddEntries(reader, dir.path, listing));
  dir.others.sort(byName);
  for (const { bytes } of [...dir.sessions, ...dir.archives, ...dir.others]) dir.bytes += bytes;
  dir.bytes += dir.orchestrator?.bytes ?? 0;
  dir.empty = isEmpty(dir, listing);
  return dir;
}

function scanSubdir(reader: Reader, dir: StateDir, name: string, options: StateDirOptions): void {
  const path = `${dir.path}/${name}`;
  if (name === "sessions") {
    scanSessions(reader, path, dir, options);
  } else if (name === "archive") {
    // Where V1's design put archives; AO itself wrote them below `sessions/`.
    const rest = new Set(scanArchives(reader, path, dir.archives));
    if (rest.size > 0) dir.others.push(only(dirEntry(reader, dir.path, name, options), rest));
  } else if (name === "worktrees") {
    const worktrees = reader.list(path);
    dir.worktrees.push(...(worktrees?.dirs ?? []));
    const odd = worktrees === null ? [] : strays(reader, path, worktrees, options);
    if (odd.length > 0) dir.others.push({ name, kind: "dir", bytes: sum(odd), children: odd });
  } else {
    const depth = name === "observability" ? 1 : Number.POSITIVE_INFINITY;
    dir.others.push(dirEntry(reader, dir.path, name, options, depth));
  }
}

/** Reads a file that has a field of its own; false when it has none or is not what its name says. */
function readOwnFile(reader: Reader, dir: StateDir, name: string): boolean {
  const path = `${dir.path}/${name}`;
  if (name === "identity.json") {
    const identity = readIdentity(reader, path);
    if (identity !== undefined) dir.identity = identity;
    return identity !== undefined;
  }
  if (name === ".next-session-id.json") {
    const next = readCounter(reader, path);
    if (next !== undefined) dir.nextSessionId = next;
    return next !== undefined;
  }
  if (name === "orchestrator.json") {
    const file = readSession(reader, dir.path, name, "orchestrator");
    if (file !== null) dir.orchestrator = file;
    return file !== null;
  }
  if (name !== ".origin") return false;
  const origin = reader.readText(path)?.trim();
  if (origin?.startsWith("/") && !/[\0\n]/.test(origin)) {
    dir.origin = origin;
    return true;
  }
  if (origin !== undefined) reader.fault("corrupt", path, "not the absolute path of a config");
  return false;
}

/** What is no directory where worktrees belong. */
function strays(
  reader: Reader,
  path: string,
  listing: Listing,
  options: EntryOptions,
): OtherEntry[] {
  const files = listing.files.map((name) => fileEntry(reader, path, name, options));
  return [...files, ...oddEntries(reader, path, listing)].sort(byName);
}

function oddEntries(reader: Reader, path: string, listing: Listing): OtherEntry[] {
  return [
    ...listing.symlinks.map((name) => oddEntry(reader, path, name, "symlink")),
    ...listing.specials.map((name) => oddEntry(reader, path, name, "other")),
  ];
}

function only(entry: OtherEntry, names: ReadonlySet<string>): OtherEntry {
  const children = entry.children?.filter(({ name }) => names.has(name)) ?? [];
  return { ...entry, children, bytes: sum(children) };
}

function sum(entries: OtherEntry[]): number {
  return entries.reduce((bytes, entry) => bytes + entry.bytes, 0);
}

/** Not one file at any depth: what was seen tells most of it, the rest is looked up. */
function isEmpty(dir: StateDir, listing: Listing): boolean {
  const { files, symlinks, specials, unsafe } = listing;
  const seen = [files, symlinks, specials, unsafe, dir.sessions, dir.archives, dir.staleLocks];
  if ([...seen, dir.corruptCopies].some((list) => list.length > 0)) return false;
  return !listing.dirs.some((name) => holdsFile(`${dir.path}/${name}`));
}
