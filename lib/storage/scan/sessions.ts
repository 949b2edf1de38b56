/** Session metadata: `sessions/`, its `archive/`, and single files of the same kind. */

import type { Json } from "../../edits.ts";
import { hasDuplicateKeys } from "../../json.ts";
import { parseKeyValue, sessionFieldsOf, sniffSession } from "../../metadata.ts";
import { isSafeSessionId, parseArchiveName } from "../../paths.ts";
import type { SessionFile, StateDir } from "../inventory.ts";
import { linkDetail, specialDetail } from "./entries.ts";
import type { Listing, Reader } from "./reader.ts";

/** Of a file that cannot be read. */
const noFields = sessionFieldsOf({});

/** Age in milliseconds at which AO itself takes a session's lock over. */
const staleLockMs = 30_000;

type SessionLists = Pick<
  StateDir,
  "sessions" | "archives" | "corruptCopies" | "staleLocks" | "otherSessionEntries"
>;

/** The clock that locks are measured by, and where those that are held are noted. */
export interface LockWatch {
  /** Milliseconds since the epoch. */
  now: number;
  /** Paths of locks that somebody holds. */
  heldLocks: string[];
}

/** Reads `sessions/` into the state dir's lists; every entry ends up in exactly one of them. */
export function scanSessions(
  reader: Reader,
  dir: string,
  into: SessionLists,
  locks: LockWatch,
): void {
  const listing = reader.list(dir);
  if (listing === null) return;
  for (const name of listing.files) scanEntry(reader, dir, name, into, locks);
  markNewest(reader, into.sessions);
  for (const name of listing.dirs) {
    if (name === "archive") scanArchive(reader, `${dir}/archive`, into);
    else {
      into.otherSessionEntries.push(name);
      if (looksLikeSession(name)) {
        reader.fault("not-a-file", `${dir}/${name}`, "a directory where a session belongs");
      }
    }
  }
  into.otherSessionEntries.push(...faultLinksAndSpecials(reader, dir, listing));
  into.otherSessionEntries.sort();
}

/** Times of one second are the coarsest that file systems and copies of them keep. */
const timeGrainMs = 1000;

/** Of several files of one session, which was written last; asked only where there are several. */
function markNewest(reader: Reader, sessions: SessionFile[]): void {
  const byId = new Map<string, SessionFile[]>();
  for (const file of sessions) {
    byId.set(file.sessionId, [...(byId.get(file.sessionId) ?? []), file]);
  }
  if (byId.size === sessions.length) return;
  for (const group of byId.values()) {
    if (group.length < 2) continue;
    const times = group.map(({ path }) => reader.stat(path)?.mtimeMs ?? 0);
    const last = Math.max(...times);
    const [at, ...more] = times.flatMap((time, n) => (time > last - timeGrainMs ? n : []));
    const newest = group[at ?? -1];
    if (newest !== undefined && more.length === 0) newest.newest = true;
  }
}

/** Reads an archive directory; what is no archived session goes to the other entries. */
function scanArchive(reader: Reader, dir: string, into: SessionLists): void {
  const rest = scanArchives(reader, dir, into.archives);
  into.otherSessionEntries.push(...rest.map((name) => `archive/${name}`));
}

/**
 * Reads the archived sessions of a directory.
 *
 * @returns The names of everything else in it, sorted.
 */
export function scanArchives(reader: Reader, dir: string, archives: SessionFile[]): string[] {
  const listing = reader.list(dir);
  if (listing === null) return [];
  const rest = [...listing.dirs, ...faultLinksAndSpecials(reader, dir, listing)];
  for (const name of listing.files) {
    const parts = parseArchiveName(name);
    const file = parts === null ? null : readSession(reader, dir, name, parts.sessionId);
    if (parts === null || file === null) rest.push(name);
    else archives.push({ ...file, archivedAt: parts.archivedAt });
  }
  return rest.sort();
}

function scanEntry(
  reader: Reader,
  dir: string,
  name: string,
  into: SessionLists,
  locks: LockWatch,
): void {
  const sessionId = name.endsWith(".json") ? name.slice(0, -".json".length) : name;
  if (isSafeSessionId(sessionId) && !sessionId.startsWith("-")) {
    const file = readSession(reader, dir, name, sessionId);
    if (file !== null) into.sessions.push(file);
  } else if (name.endsWith(".lock")) {
    const path = `${dir}/${name}`;
    const modifiedMs = reader.stat(path)?.mtimeMs;
    if (modifiedMs === undefined) return;
    if (locks.now - modifiedMs < staleLockMs) locks.heldLocks.push(path);
    else into.staleLocks.push(name);
  } else if (/\.json\.corrupt-\d+$/.test(name)) {
    into.corruptCopies.push(name);
  } else {
    into.otherSessionEntries.push(name);
    // Hidden files and the temporary files of an interrupted write are AO's own.
    if (!/^\.(?!\.)/.test(name) && !/\.tmp\.\d+\.\d+$/.test(name)) {
      reader.fault("unsafe-name", `${dir}/${name}`, "not a session id");
    }
  }
}

/** One metadata file; null when it is gone. What cannot be used has the format `bad` and a fault. */
export function readSession(
  reader: Reader,
  dir: string,
  name: string,
  sessionId: string,
): SessionFile | null {
  const path = `${dir}/${name}`;
  const faultsBefore = reader.faults.length;
  const text = reader.readLossy(path);
  if (text !== null) return sessionOf(reader, path, name, sessionId, text);
  if (reader.faults.length === faultsBefore) return null;
  return { path, sessionId, format: "bad", bytes: reader.lastSize, fields: noFields };
}

function sessionOf(
  reader: Reader,
  path: string,
  name: string,
  sessionId: string,
  text: string,
): SessionFile {
  const file: SessionFile = {
    path,
    sessionId,
    format: "bad",
    bytes: reader.lastSize,
    fields: noFields,
  };
  const object = parsePlainJson(text);
  if (object !== null) return withObject(file, text, object);
  const record = parsePlainRecord(text, name);
  if (record !== null) {
    file.format = "kv";
    file.text = text;
    file.fields = sessionFieldsOf(record);
    return file;
  }
  const sniffed = sniffSession(reader.lastBytes, name);
  if (sniffed.object !== undefined) return withObject(file, text, sniffed.object);
  file.format = sniffed.format;
  if (sniffed.text !== undefined) {
    file.text = sniffed.text;
    file.fields = sessionFieldsOf(parseKeyValue(sniffed.text));
  }
  if (sniffed.fault !== undefined) {
    const { detail, ...where } = sniffed.fault;
    reader.fault("corrupt", { file: path, ...where }, detail);
  }
  return file;
}

function withObject(file: SessionFile, text: string, object: JsonObject): SessionFile {
  file.format = "json";
  file.fields = sessionFieldsOf(object);
  if (hasDuplicateKeys(text, object)) file.duplicateKeys = true;
  return file;
}

type JsonObject = { [key: string]: Json };

// The next two know at a glance what AO itself writes, and leave everything else to the careful
// reading: for each file that takes twice as long, and there may be tens of thousands.

function parsePlainJson(text: string): JsonObject | null {
  if (text.charCodeAt(0) !== 0x7b || text.includes("\ufffd")) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function parsePlainRecord(text: string, name: string): Record<string, string> | null {
  // A blank or a bracket may open JSON; a letter opens a pair.
  if (!/^[A-Za-z]/.test(text) || name.endsWith(".json") || /[\0\ufffd]/.test(text)) return null;
  const record = parseKeyValue(text);
  for (const _ in record) return record;
  return null;
}

function faultLinksAndSpecials(reader: Reader, dir: string, listing: Listing): string[] {
  for (const name of listing.symlinks) {
    reader.fault("symlink", `${dir}/${name}`, linkDetail);
  }
  for (const name of listing.specials) {
    reader.fault("not-a-file", `${dir}/${name}`, specialDetail);
  }
  return [...listing.symlinks, ...listing.specials];
}

function looksLikeSession(name: string): boolean {
  return name.endsWith(".json") || /-(\d+|orchestrator)$/.test(name);
}
