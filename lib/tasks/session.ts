/**
 * What a task session says, as far as its task snapshot and its log need it. Values are taken as
 * they are written, so that a number of twenty digits or a date stays what it was.
 */

import type { Json } from "../edits.ts";
import { formatPointer } from "../edits.ts";
import { ToolkitError } from "../errors.ts";
import { type ParsedYaml, parseYaml } from "../yaml.ts";
import { type Remark, remark } from "./remark.ts";
import { microsecondsOf } from "./timestamps.ts";

/** One entry of a session's `operations`. What it does not say is absent. */
export interface TaskOperation {
  timestamp?: string;
  /** Microseconds since 1970; null for a timestamp that is none, or is missing. */
  time: number | null;
  operation?: string;
  targetType?: string;
  targetId?: string;
  path?: string;
  summary?: string;
}

export interface TaskSession {
  /** Scalars at the top that are not null, in their order. */
  fields: Map<string, ScalarField>;
  /** In the order of the file. */
  operations: TaskOperation[];
  /** What the log cannot show as it is meant. */
  remarks: Remark[];
}

export interface ScalarField {
  /** Of a string its value, of anything else what is written. */
  text: string;
  isString: boolean;
}

type JsonObject = { [key: string]: Json };

/**
 * Reads a session.
 *
 * @param file for places
 * @throws ToolkitError `invalid`, with its place, for what is no YAML, no mapping, or has a key
 * twice, and for `operations` that are no list
 */
export function readTaskSession(text: string, file: string): TaskSession {
  const yaml = parseYaml(text, file);
  const root = mappingOf(yaml, file);
  const fields = new Map<string, ScalarField>();
  for (const [key, value] of Object.entries(root)) {
    const scalar = scalarAt(yaml, value, [key]);
    if (scalar !== null) fields.set(key, scalar);
  }
  const remarks: Remark[] = [];
  return {
    fields,
    operations: readOperations(yaml, root.operations ?? [], file, remarks),
    remarks,
  };
}

/**
 * The value of a parsed session.
 *
 * @throws ToolkitError `invalid`, with its place, when it is no mapping
 */
export function mappingOf(yaml: ParsedYaml, file: string): JsonObject {
  const { value } = yaml;
  if (isMapping(value)) return value;
  const state = value === null ? "it is empty" : "it is not a mapping";
  throw invalid(yaml, file, "", state);
}

function isMapping(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(yaml: ParsedYaml, file: string, pointer: string, state: string): ToolkitError {
  return new ToolkitError("invalid", `Cannot read "${file}": ${state}`, {
    place: yaml.placeOf(pointer),
    hint: "mend the file or move it away",
  });
}

function readOperations(
  yaml: ParsedYaml,
  list: Json,
  file: string,
  remarks: Remark[],
): TaskOperation[] {
  if (!Array.isArray(list)) throw invalid(yaml, file, "/operations", '"operations" is not a list');
  return list.map((item, index) => {
    const keys = ["operations", String(index)];
    const say = (reason: string, key?: string) => {
      const pointer = formatPointer(key === undefined ? keys : [...keys, key]);
      remarks.push(remark(yaml.placeOf(pointer), reason));
    };
    if (isMapping(item)) return readOperation(yaml, item, keys, say);
    say("an operation is not a mapping; it is logged last, as a summary");
    const summary = textAt(yaml, item, keys);
    return summary === undefined ? { time: null } : { time: null, summary };
  });
}

/** Where an operation says it: the first of these that it has. */
const sources = Object.entries({
  timestamp: [["timestamp"]],
  operation: [["operation"], ["type"]],
  targetType: [["target_type"]],
  targetId: [["target_id"]],
  path: [["path"], ["target_path"]],
  summary: [["summary"], ["changes", "summary"]],
}) as [Exclude<keyof TaskOperation, "time">, string[][]][];

function readOperation(
  yaml: ParsedYaml,
  item: JsonObject,
  keys: readonly string[],
  say: (reason: string, key?: string) => void,
): TaskOperation {
  const operation: TaskOperation = { time: null };
  for (const [field, paths] of sources) {
    for (const path of paths) {
      const text = textAt(yaml, valueBelow(item, path), [...keys, ...path]);
      if (text === undefined) continue;
      operation[field] = text;
      break;
    }
  }
  const { timestamp } = operation;
  if (timestamp === undefined) say("an operation has no timestamp; it is logged last");
  else operation.time = microsecondsOf(timestamp);
  if (timestamp !== undefined && operation.time === null) {
    say(`"${timestamp}" is not a timestamp; its operation is logged last`, "timestamp");
  }
  return operation;
}

function valueBelow(item: JsonObject, path: readonly string[]): Json | undefined {
  let value: Json | undefined = item;
  for (const key of path) {
    if (!isMapping(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}

/** The text of a scalar, or null for a list, a mapping, null and what is not there. */
function scalarAt(
  yaml: ParsedYaml,
  value: Json | undefined,
  keys: readonly string[],
): ScalarField | null {
  if (typeof value === "string") return { text: value, isString: true };
  if (value === undefined || typeof value === "object") return null;
  const text = yaml.sourceOf(formatPointer(keys)) ?? String(value);
  return { text, isString: false };
}

/** The text of any value; lists and mappings as JSON, and nothing for null. */
function textAt(
  yaml: ParsedYaml,
  value: Json | undefined,
  keys: readonly string[],
): string | undefined {
  if (typeof value === "object" && value !== null) return JSON.stringify(value);
  return scalarAt(yaml, value, keys)?.text;
}
