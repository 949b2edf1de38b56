/**
 * Session metadata: the key=value text of V0 and V1, the JSON of V2 and V3, and telling them apart.
 *
 * Records have no prototype, so keys such as `__proto__` are plain data.
 */

import type { Json } from "./edits.ts";
import { lineColumnAt } from "./edits.ts";
import { ToolkitError } from "./errors.ts";
import { jsonErrorPlace, parseJson } from "./json.ts";
import { decodeUtf8 } from "./utf8.ts";

/** The fields of session metadata that identity and drift depend on. */
export interface SessionFields {
  project?: string;
  projectId?: string;
  sessionId?: string;
  status?: string;
  branch?: string;
  issue?: string;
  role?: string;
  kind?: string;
  agent?: string;
  createdAt?: string;
  pr?: string;
  tmuxName?: string;
  worktree?: string;
  workspacePath?: string;
  /** `runtimeHandle.id`: the runtime's own name of the session (tmux name). */
  handleId?: string;
  /** `runtimeHandle.runtimeName`: `tmux`, `process`, … */
  runtimeName?: string;
  /** `runtimeHandle.data.workspacePath`. */
  handleWorkspacePath?: string;
  /** `runtimeHandle` itself, where it is JSON text rather than an object. */
  handleText?: string;
  /** `lifecycle.runtime.tmuxName`; AO V2 believes it before `tmuxName`. */
  lifecycleTmuxName?: string;
  /** `lifecycle.runtime.handle.id`. */
  lifecycleHandleId?: string;
  /** `lifecycle.runtime.handle.data.workspacePath`. */
  lifecycleWorkspacePath?: string;
  /** Named pipe of a Windows session; read and shown, nothing else. */
  pipePath?: string;
  /** Its states are not interpreted. */
  hasLifecycle?: boolean;
}

type JsonObject = { [key: string]: Json };

/**
 * The pairs of key=value text, in its order, the last of a repeated key.
 *
 * One pair a line, split at the first `=`, both sides trimmed; blank lines, lines that start with
 * `#` and lines without `=` or without a key are not pairs. This is how AO's own core reads.
 */
export function parseKeyValue(text: string): Record<string, string> {
  const record: Record<string, string> = Object.create(null);
  for (const line of text.split("\n")) {
    const trimmed = line.trim();
    const split = trimmed.indexOf("=");
    if (split === -1 || trimmed.startsWith("#")) continue;
    const key = trimmed.slice(0, split).trim();
    if (key !== "") record[key] = trimmed.slice(split + 1).trim();
  }
  return record;
}

/**
 * Key=value text that {@link parseKeyValue} reads back as this record.
 *
 * @throws {ToolkitError} `invalid` for a key or value that this format cannot hold.
 */
export function formatKeyValue(record: Record<string, string>): string {
  let text = "";
  for (const [key, value] of Object.entries(record)) {
    const line = `${key}=${value}`;
    const plain = !/[\n\0]/.test(line) && line.isWellFormed();
    const read = plain ? parseKeyValue(line) : {};
    if (!Object.hasOwn(read, key) || read[key] !== value) {
      throw new ToolkitError("invalid", `Cannot write "${key}" as key=value: not read back alike`, {
        hint: "keys have no = and no # in front; nothing has line breaks, NUL or outer blanks",
      });
    }
    text += `${line}\n`;
  }
  return text;
}

const dashboardPorts = new Map([
  ["dashboardPort", "port"],
  ["terminalWsPort", "terminalWsPort"],
  ["directTerminalWsPort", "directTerminalWsPort"],
]);

/**
 * The JSON that AO V2 reads for this key=value record, keys in the record's order.
 *
 * `prAutoDetect` becomes a boolean, `runtimeHandle` an object, `statePayload` the object
 * `lifecycle` (and then `status` and `stateVersion` go: the lifecycle holds both), the ports
 * numbers in `dashboard`. What does not parse as such, and every other key, stays text.
 */
export function keyValueToJson(record: Record<string, string>): JsonObject {
  const result: JsonObject = Object.create(null);
  const lifecycle = parseObject(record.statePayload);
  const dashboard: JsonObject = {};
  for (const [key, value] of Object.entries(record)) {
    const port = dashboardPorts.get(key);
    if (port !== undefined && value !== "" && Number.isFinite(Number(value))) {
      dashboard[port] = Number(value);
      result.dashboard = dashboard;
    } else if (key === "prAutoDetect" && (value === "on" || value === "off")) {
      result[key] = value === "on";
    } else if (key === "runtimeHandle") {
      result[key] = parseObject(value) ?? value;
    } else if (key === "statePayload" && lifecycle !== undefined) {
      result.lifecycle = lifecycle;
    } else if (lifecycle !== undefined && (key === "status" || key === "stateVersion")) {
      // Computed from the lifecycle by everything that reads JSON.
    } else if (!(key in result)) {
      result[key] = value;
    }
  }
  return result;
}

function parseObject(text: string | undefined): JsonObject | undefined {
  if (!text?.startsWith("{")) return undefined;
  try {
    return JSON.parse(text) as JsonObject;
  } catch {
    return undefined;
  }
}

/** What a metadata file turned out to hold. */
export interface SniffedSession {
  /** `kv-in-json` is key=value text in a file named `.json`. */
  format: "json" | "kv" | "kv-in-json" | "empty" | "bad";
  /** The value, of `json` only. */
  object?: JsonObject;
  /** The whole text, of `kv` and `kv-in-json` only. */
  text?: string;
  /** Why it is `bad`, and where (from 1) if that is known. */
  fault?: { line?: number; column?: number; detail: string };
}

/** Tells from its bytes and its name what a metadata file holds. Never throws. */
export function sniffSession(bytes: Uint8Array, fileName: string): SniffedSession {
  const decoded = decodeUtf8(bytes);
  if ("fault" in decoded) return { format: "bad", fault: decoded.fault };
  const { text } = decoded;
  const start = text.trimStart();
  if (start === "") return { format: "empty" };
  const named = fileName.endsWith(".json");
  const first = start.charAt(0);
  if (named || first === "{") {
    try {
      return jsonResult(text, parseJson(text));
    } catch {
      if (!named || /["{[]/.test(first)) return badJson(text);
    }
  }
  const nul = text.indexOf("\0");
  if (nul !== -1) return bad(text, nul, "NUL byte in text");
  if (hasPair(text)) return { format: named ? "kv-in-json" : "kv", text };
  return named ? badJson(text) : bad(text, text.length - start.length, "no key=value pair");
}

function hasPair(text: string): boolean {
  for (const _ in parseKeyValue(text)) return true;
  return false;
}

function jsonResult(text: string, value: Json): SniffedSession {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return { format: "json", object: value };
  }
  const offset = text.length - text.trimStart().length;
  return bad(text, offset, "JSON, but not an object");
}

function bad(text: string, offset: number, detail: string): SniffedSession {
  return { format: "bad", fault: { ...lineColumnAt(text, offset), detail } };
}

function badJson(text: string): SniffedSession {
  const nul = text.indexOf("\0");
  if (nul !== -1) return bad(text, nul, "NUL byte in text");
  const place = jsonErrorPlace(text);
  // JSON.parse refuses what is nested deeper than its stack.
  if (place === null) return { format: "bad", fault: { detail: "nested too deeply" } };
  const end = lineColumnAt(text, text.length);
  const cut = place.line === end.line && place.column === end.column;
  return { format: "bad", fault: { ...place, detail: cut ? "JSON is cut off" : "not JSON" } };
}

const textFields = [
  "project",
  "projectId",
  "sessionId",
  "status",
  "branch",
  "issue",
  "role",
  "kind",
  "agent",
  "createdAt",
  "pr",
  "tmuxName",
  "worktree",
  "workspacePath",
  "pipePath",
] as const satisfies readonly (keyof SessionFields)[];

/**
 * The fields that identity and drift depend on, of a JSON object or a key=value record.
 *
 * Only texts count and empty ones do not, as in AO; `runtimeHandle` may be an object or JSON text.
 */
export function sessionFieldsOf(source: JsonObject | Record<string, string>): SessionFields {
  const fields: SessionFields = {};
  for (const name of textFields) {
    const value = source[name];
    if (typeof value === "string" && value !== "") fields[name] = value;
  }
  const handle = objectOf(source.runtimeHandle);
  if (handle !== undefined) {
    const { id, runtimeName } = handle;
    const path = objectOf(handle.data)?.workspacePath;
    if (typeof id === "string" && id !== "") fields.handleId = id;
    if (typeof runtimeName === "string" && runtimeName !== "") fields.runtimeName = runtimeName;
    if (typeof path === "string" && path !== "") fields.handleWorkspacePath = path;
    if (typeof source.runtimeHandle === "string") fields.handleText = source.runtimeHandle;
  }
  const lifecycle = objectOf(source.lifecycle) ?? objectOf(source.statePayload);
  if (lifecycle !== undefined) addLifecycle(fields, lifecycle);
  return fields;
}

/** AO V2 keeps the runtime's names in the lifecycle too, and believes those first. */
function addLifecycle(fields: SessionFields, lifecycle: JsonObject): void {
  fields.hasLifecycle = true;
  const runtime = lifecycle.runtime;
  if (typeof runtime !== "object" || runtime === null || Array.isArray(runtime)) return;
  const { tmuxName, handle } = runtime;
  if (typeof tmuxName === "string" && tmuxName !== "") fields.lifecycleTmuxName = tmuxName;
  if (typeof handle !== "object" || handle === null || Array.isArray(handle)) return;
  const { id, data } = handle;
  if (typeof id === "string" && id !== "") fields.lifecycleHandleId = id;
  if (typeof data !== "object" || data === null || Array.isArray(data)) return;
  const path = data.workspacePath;
  if (typeof path === "string" && path !== "") fields.lifecycleWorkspacePath = path;
}

function objectOf(value: Json | undefined): JsonObject | undefined {
  if (typeof value === "string") return parseObject(value);
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
}
