/** One session as its metadata file tells it, read quickly: there may be tens of thousands. */

import { closeSync, constants, openSync, readSync } from "node:fs";
import type { Json } from "../edits.ts";
import { errorCode, formatPlace } from "../errors.ts";
import { parseKeyValue, sessionFieldsOf, sniffSession } from "../metadata.ts";
import { isSafeSessionId } from "../paths.ts";
import { entriesOf, isKeyValueLayout, type StateDir } from "./state-dirs.ts";

type Source = { [key: string]: Json };

/** A live session. Texts are absent where the metadata does not have them. */
export interface Session {
  id: string;
  dir: StateDir;
  /** Its metadata file. */
  file: string;
  status?: string;
  branch?: string;
  issue?: string;
  pr?: string;
  createdAt?: string;
  agent?: string;
  /** Where it works. */
  worktree?: string;
  /** Names under which tmux may run it, the likeliest first. */
  tmuxNames: string[];
  /** Named pipe of a Windows session, and the process that serves it. */
  pipePath?: string;
  ptyHostPid?: string;
  /** Why the metadata cannot be used; then nothing else is known. */
  fault?: string;
}

/** Names of metadata files in `sessions/`; links, directories and AO's own files are none. */
export function sessionFiles(dir: StateDir): { id: string; file: string }[] {
  const sessions = `${dir.path}/sessions`;
  const found: { id: string; file: string }[] = [];
  for (const entry of entriesOf(sessions)) {
    const { name } = entry;
    const id = name.endsWith(".json") ? name.slice(0, -5) : name;
    if (!isSafeSessionId(id) || id.startsWith("-") || !entry.isFile()) continue;
    found.push({ id, file: `${sessions}/${name}` });
  }
  return found;
}

/** All sessions of a state directory, in the order of their numbers. */
export function readSessions(dir: StateDir): Session[] {
  const sessions = sessionFiles(dir).flatMap(({ id, file }) => readSession(dir, id, file) ?? []);
  if (!isKeyValueLayout(dir.layout)) {
    const single = readSession(dir, "orchestrator", `${dir.path}/orchestrator.json`);
    if (single !== null) sessions.push(single);
  }
  return sortById(sessions);
}

/** `int-2` before `int-10`. */
function sortById(sessions: Session[]): Session[] {
  const keyed = sessions.map((session) => {
    const { id } = session;
    const at = id.lastIndexOf("-") + 1;
    const number = at === 0 ? Number.NaN : Number(id.slice(at));
    const isNumbered = !Number.isNaN(number);
    return { session, text: isNumbered ? id.slice(0, at) : id, number: isNumbered ? number : -1 };
  });
  keyed.sort((a, b) => {
    if (a.text !== b.text) return a.text < b.text ? -1 : 1;
    return a.number - b.number || (a.session.id < b.session.id ? -1 : 1);
  });
  return keyed.map(({ session }) => session);
}

/** The session of one file; null when the file is gone. */
export function readSession(dir: StateDir, id: string, file: string): Session | null {
  const session: Session = { id, dir, file, tmuxNames: [] };
  let bytes: Buffer;
  try {
    bytes = readSmall(file);
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) throw error;
    return code === "ENOENT" ? null : { ...session, fault: `it cannot be read: ${code}` };
  }
  const source = parse(bytes, file);
  if (typeof source === "string") return { ...session, fault: source };
  return describe(session, source);
}

const maxBytes = 1024 * 1024;
const flags =
  constants.O_RDONLY |
  constants.O_NOFOLLOW |
  // A pipe in the place of a file must not make us wait.
  constants.O_NONBLOCK;
let buffer = Buffer.allocUnsafeSlow(64 * 1024);

/** At most 1 MB of a file; the view is good until the next read. */
function readSmall(file: string): Buffer {
  const fd = openSync(file, flags);
  try {
    let length = 0;
    for (;;) {
      const count = readSync(fd, buffer, length, buffer.length - length, null);
      length += count;
      if (length < buffer.length) return buffer.subarray(0, length);
      if (length > maxBytes) throw Object.assign(new Error("too large"), { code: "EFBIG" });
      const larger = Buffer.allocUnsafeSlow(buffer.length * 4);
      buffer.copy(larger);
      buffer = larger;
    }
  } finally {
    closeSync(fd);
  }
}

/** The fields of a file, or what is wrong with it. */
function parse(bytes: Buffer, file: string): Source | string {
  // What AO itself writes is known at a glance; everything else gets the careful reading.
  const text = bytes.toString("utf8");
  if (!text.includes("\ufffd")) {
    if (text.charCodeAt(0) === 0x7b) {
      try {
        return JSON.parse(text) as Source;
      } catch {
        // The careful reading says where it went wrong.
      }
    } else if (/^[A-Za-z]/.test(text) && !file.endsWith(".json") && !text.includes("\0")) {
      const record = parseKeyValue(text);
      for (const _ in record) return record;
    }
  }
  const { format, object, text: pairs, fault } = sniffSession(bytes, file);
  if (object !== undefined) return object;
  if (pairs !== undefined) return parseKeyValue(pairs);
  if (format === "empty") return "its metadata is empty";
  if (fault === undefined) return "it cannot be read";
  const { detail, ...place } = fault;
  return place.line === undefined ? detail : `${detail} (${formatPlace({ file, ...place })})`;
}

function describe(session: Session, source: Source): Session {
  const fields = sessionFieldsOf(source);
  const isTold = fields.status !== undefined && fields.pr !== undefined;
  const lifecycle = isTold ? undefined : objectOf(source.lifecycle ?? source.statePayload);
  // Of a pipe only Windows knows; what tmux runs says so.
  const handle = fields.runtimeName === "tmux" ? undefined : objectOf(source.runtimeHandle);
  const status = fields.status ?? textOf(objectOf(lifecycle?.session)?.state);
  const pr = fields.pr ?? textOf(objectOf(lifecycle?.pr)?.url);
  const worktree = fields.worktree ?? fields.workspacePath ?? fields.handleWorkspacePath;
  const pipePath = fields.pipePath ?? textOf(objectOf(handle?.data)?.pipePath);
  const ptyHostPid = textOf(source.ptyHostPid ?? objectOf(handle?.data)?.ptyHostPid);
  const inTmux = fields.runtimeName === undefined || fields.runtimeName === "tmux";
  const { branch, issue, createdAt, agent } = fields;
  // One by one: a loop over the names shows in a list of tens of thousands.
  if (status !== undefined) session.status = status;
  if (branch !== undefined) session.branch = branch;
  if (issue !== undefined) session.issue = issue;
  if (pr !== undefined) session.pr = pr;
  if (createdAt !== undefined) session.createdAt = createdAt;
  if (agent !== undefined) session.agent = agent;
  if (worktree !== undefined) session.worktree = worktree;
  if (pipePath !== undefined) session.pipePath = pipePath;
  if (ptyHostPid !== undefined) session.ptyHostPid = ptyHostPid;
  for (const name of [
    fields.lifecycleTmuxName,
    fields.tmuxName,
    inTmux ? fields.handleId : undefined,
  ]) {
    if (name !== undefined && !session.tmuxNames.includes(name)) session.tmuxNames.push(name);
  }
  if (fields.sessionId !== undefined && session.id === "orchestrator")
    session.id = fields.sessionId;
  return session;
}

function objectOf(value: Json | undefined): Source | undefined {
  if (typeof value === "string") {
    if (!value.startsWith("{")) return undefined;
    try {
      return JSON.parse(value) as Source;
    } catch {
      return undefined;
    }
  }
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
}

function textOf(value: Json | undefined): string | undefined {
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value !== "" ? value : undefined;
}
