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
  project?: string | undefined;
  projectId?: string | undefined;
  sessionId?: string | undefined;
  status?: string | undefined;
  branch?: string | undefined;
  issue?: string | undefined;
  role?: string | undefined;
  kind?: string | undefined;
  agent?: string | undefined;
  createdAt?: string | undefined;
  pr?: string | undefined;
  tmuxName?: string | undefined;
  worktree?: string | undefined;
  workspacePath?: string | undefined;
  /** `runtimeHandle.id`: the runtime's own name of the session (tmux name). */
  handleId?: string | undefined;
  /** `runtimeHandle.runtimeName`: `tmux`, `process`, … */
  runtimeName?: string | undefined;
  /** `runtimeHandle.data.workspacePath`. */
  handleWorkspacePath?: string | undefined;
  /** `runtimeHandle` itself, where it is JSON text rather than an object. */
  handleText?: string | undefined;
  /** `lifecycle.runtime.tmuxName`; AO V2 believes it before `tmuxName`. */
  lifecycleTmuxName?: string | undefined;
  /** `lifecycle.runtime.handle.id`. */
  lifecycleHandleId?: string | undefined;
  /** `lifecycle.runtime.handle.data.workspacePath`. */
  lifecycleWorkspacePath?: string | undefined;
  /** Named pipe of a Windows session; read and shown, nothing else. */
  pipePath?: string | undefined;
  /** Its states are not interpreted. */
  hasLifecycle?: boolean | undefined;
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

/**
 * The fields that identity and drift depend on, of a JSON object or a key=value record.
 *
 * Only texts count and empty ones do not, as in AO; `runtimeHandle` may be an object or JSON text.
 */
export function sessionFieldsOf(source: JsonObject | Record<string, string>): SessionFields {
  const handle = objectOf(source.runtimeHandle);
  const lifecycle = objectOf(source.lifecycle) ?? objectOf(source.statePayload);
  // AO V2 keeps the runtime's names in the lifecycle too, and believes those first.
  const runtime = plainObject(lifecycle?.runtime);
  const lifecycleHandle = plainObject(runtime?.handle);
  // All are there always, if only as undefined: of tens of thousands those of one shape are read fastest.
  return {
    project: textOf(source.project),
    projectId: textOf(source.projectId),
    sessionId: textOf(source.sessionId),
    status: textOf(source.status),
    branch: textOf(source.branch),
    issue: textOf(source.issue),
    role: textOf(source.role),
    kind: textOf(source.kind),
    agent: textOf(source.agent),
    createdAt: textOf(source.createdAt),
    pr: textOf(source.pr),
    tmuxName: textOf(source.tmuxName),
    worktree: textOf(source.worktree),
    workspacePath: textOf(source.workspacePath),
    pipePath: textOf(source.pipePath),
    handleId: textOf(handle?.id),
    runtimeName: textOf(handle?.runtimeName),
    handleWorkspacePath: textOf(objectOf(handle?.data)?.workspacePath),
    handleText:
      handle !== undefined && typeof source.runtimeHandle === "string"
        ? source.runtimeHandle
        : undefined,
    lifecycleTmuxName: textOf(runtime?.tmuxName),
    lifecycleHandleId: textOf(lifecycleHandle?.id),
    lifecycleWorkspacePath: textOf(plainObject(lifecycleHandle?.data)?.workspacePath),
    hasLifecycle: lifecycle === undefined ? undefined : true,
  };
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function plainObject(value: Json | undefined): JsonObject | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
}

/** An object, or the JSON text of one. */
function objectOf(value: Json | undefined): JsonObject | undefined {
  return typeof value === "string" ? parseObject(value) : plainObject(value);
}
