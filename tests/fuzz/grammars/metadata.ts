/** Session metadata: key=value text as AO reads it, and JSON. */

import { ToolkitError } from "../../../lib/errors.ts";
import { hasDuplicateKeys, parseJson } from "../../../lib/json.ts";
import {
  formatKeyValue,
  keyValueToJson,
  parseKeyValue,
  sessionFieldsOf,
  sniffSession,
} from "../../../lib/metadata.ts";
import { decodeUtf8 } from "../../../lib/utf8.ts";
import { parseKeyValueContent } from "../../../node_modules/@composio/ao-core/dist/key-value.js";
import type { Grammar } from "../hunt.ts";
import { inputOf } from "../mutate.ts";
import { keyValueText, sessionJson, sessionRecord } from "../samples.ts";
import { jsonText } from "../write.ts";

export const keyValue: Grammar = {
  name: "key-value",
  make: (random) => inputOf(random, { value: sessionRecord, write: keyValueText }),
  check(input) {
    const wrong = sniffFault(input, "int-1") ?? sniffFault(input, "int-1.json");
    if (wrong !== null) return wrong;
    const decoded = decodeUtf8(input);
    if ("fault" in decoded) return null;
    const record = parseKeyValue(decoded.text);
    const theirs: Record<string, string> = parseKeyValueContent(decoded.text);
    // AO's object has a prototype, which swallows this one key.
    const ours = Object.fromEntries(Object.entries(record).filter(([key]) => key !== "__proto__"));
    if (!Bun.deepEquals(ours, { ...theirs })) return "AO reads something else";
    if (Object.keys(ours).join("\n") !== Object.keys(theirs).join("\n")) return "another order";
    const fields = sessionFieldsOf(record);
    const json = keyValueToJson(record);
    const again = sessionFieldsOf(parseJson(JSON.stringify(json)) as typeof json);
    if (Object.values({ ...fields, ...again }).some((value) => value === "")) return "empty field";
    return roundTripFault(record);
  },
};

function roundTripFault(record: Record<string, string>): string | null {
  try {
    const again = parseKeyValue(formatKeyValue(record));
    return Bun.deepEquals({ ...again }, { ...record }) ? null : "written, it reads back otherwise";
  } catch (error) {
    if (error instanceof ToolkitError) return null;
    throw error;
  }
}

export const sessionMetadata: Grammar = {
  name: "session-json",
  make: (random) => inputOf(random, { value: sessionJson, write: jsonText }),
  check(input) {
    const wrong = sniffFault(input, "int-1") ?? sniffFault(input, "int-1.json");
    if (wrong !== null) return wrong;
    const { object, format } = sniffSession(input, "int-1.json");
    const decoded = decodeUtf8(input);
    const text = "text" in decoded ? decoded.text.replace(/^\ufeff/, "") : "{";
    const isObject = isJsonObject(text);
    if (isObject !== (format === "json")) return `JSON, but it is called ${format}`;
    if (object === undefined) return null;
    for (const value of Object.values(sessionFieldsOf(object))) {
      if (value !== undefined && value !== true && (typeof value !== "string" || value === ""))
        return "no text in a field";
    }
    const strings = text.match(/"(?:\\.|[^"\\])*"(?:[ \t\r\n]*:)?/gs) ?? [];
    const members = strings.filter((string) => string.endsWith(":")).length;
    const twice = members !== keysIn(object);
    return hasDuplicateKeys(text) === twice ? null : `a key twice: ${twice}, but not as it says`;
  },
};

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

function keysIn(root: unknown): number {
  let count = 0;
  for (let level: unknown[] = [root]; level.length > 0; ) {
    const inner = level.filter((item) => typeof item === "object" && item !== null) as object[];
    for (const item of inner) count += Array.isArray(item) ? 0 : Object.keys(item).length;
    level = inner.flatMap((item) => Object.values(item));
  }
  return count;
}

/** What a file's bytes are said to be must hold together, and its fault must lie inside it. */
function sniffFault(input: Uint8Array, name: string): string | null {
  const { format, object, text, fault } = sniffSession(input, name);
  if ((format === "json") !== (object !== undefined)) return `${format} and its object`;
  if (format.startsWith("kv") !== (text !== undefined)) return `${format} and its text`;
  if ((format === "bad") !== (fault !== undefined)) return `${format} and its fault`;
  if (fault?.line === undefined) return null;
  const lines = Buffer.from(input).toString("utf8").split("\n");
  const inside = fault.line >= 1 && fault.line <= lines.length && (fault.column ?? 1) >= 1;
  return inside ? null : `a fault at ${fault.line}:${fault.column} of ${lines.length} lines`;
}
