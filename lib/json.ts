/**
 * Located, byte-exact JSON: fields are changed in the text, and everything else stays as it is —
 * indent, line ends, byte order mark, number spelling, key order and escapes.
 */

import type { Edit, Json } from "./edits.ts";
import {
  arrayIndex,
  judgeEdit,
  lineColumnAt,
  type PatchResult,
  parsePointer,
  performEdit,
  valueAt,
} from "./edits.ts";
import { ToolkitError } from "./errors.ts";
import {
  countMembers,
  type Entry,
  entriesAt,
  hasKey,
  jsonErrorOffset,
  skipSpace,
  skipValue,
} from "./json-scan.ts";

/** Parses JSON; a byte order mark is allowed. Throws what `JSON.parse` throws. */
export function parseJson(text: string): Json {
  return JSON.parse(text.startsWith("\ufeff") ? text.slice(1) : text) as Json;
}

/** Where a text stops being JSON (its end, when it is cut off), or null when it is JSON. */
export function jsonErrorPlace(text: string): { line: number; column: number } | null {
  const offset = jsonErrorOffset(text);
  return offset === null ? null : lineColumnAt(text, offset);
}

/**
 * Whether any object in the text has a key twice; readers would see one of them only.
 *
 * @param value What the text parses to, when it is at hand; saves parsing it again.
 */
export function hasDuplicateKeys(text: string, value: Json = parseJson(text)): boolean {
  const keys = countKeys(value);
  // A quick proof, for files by the ten thousand: without blanks before colons every key is followed
  // by `":`. Texts can hold that too, which only makes more of them; so when there are as many as
  // keys that were parsed, each was parsed, and none twice.
  if (!/\s:/.test(text) && countOf('":', text) === keys) return false;
  return countMembers(text) !== keys;
}

function countOf(mark: string, text: string): number {
  let count = 0;
  for (let at = text.indexOf(mark); at !== -1; at = text.indexOf(mark, at + mark.length))
    count += 1;
  return count;
}

function countKeys(root: Json): number {
  let count = 0;
  const queue: Json[] = [root];
  for (let value = queue.pop(); value !== undefined; value = queue.pop()) {
    if (typeof value !== "object" || value === null) continue;
    if (Array.isArray(value)) {
      for (const item of value) if (typeof item === "object") queue.push(item);
      continue;
    }
    for (const key in value) {
      count += 1;
      const member = value[key];
      if (typeof member === "object") queue.push(member);
    }
  }
  return count;
}

/** A value's place in the text: offset and length in UTF-16 units, line and column from 1. */
export interface JsonPlace {
  offset: number;
  length: number;
  line: number;
  column: number;
}

/** Where the value of a field stands; null when there is none. The text must be JSON. */
export function locateJson(text: string, pointer: string): JsonPlace | null {
  const { deepest, rest } = walk(text, parsePointer(pointer));
  if (rest.length > 0) return null;
  const { start, end } = deepest.target;
  return { offset: start, length: end - start, ...lineColumnAt(text, start) };
}

/** A value in the text with what surrounds it. */
interface Found {
  target: { start: number; end: number };
  /** Absent for the root. */
  parent?: { start: number; close: number; entries: Entry[]; index: number };
}

/** How far some keys lead. */
interface Walk {
  /** The deepest value on the way; the field itself when `rest` is empty. */
  deepest: Found;
  /** The keys that lead nowhere. */
  rest: readonly string[];
  /** A key on the way, the last one included, occurs more than once. */
  repeated: boolean;
}

function walk(text: string, keys: readonly string[]): Walk {
  const start = skipSpace(text, text.startsWith("\ufeff") ? 1 : 0);
  let deepest: Found = { target: { start, end: skipValue(text, start) } };
  let repeated = false;
  let depth = 0;
  for (const key of keys) {
    const rest = keys.slice(depth++);
    const opening = text.charAt(deepest.target.start);
    if (opening !== "{" && opening !== "[") return { deepest, rest, repeated };
    const { entries, close } = entriesAt(text, deepest.target.start);
    let index = -1;
    if (opening === "[") {
      index = arrayIndex(key) ?? -1;
    } else {
      // As in JSON.parse the last one counts.
      for (let at = entries.length - 1; at >= 0; at--) {
        const entry = entries[at];
        if (entry === undefined || !hasKey(text, entry, key)) continue;
        if (index === -1) index = at;
        else repeated = true;
      }
    }
    const target = entries[index];
    if (target === undefined) return { deepest, rest, repeated };
    deepest = { target, parent: { start: deepest.target.start, close, entries, index } };
  }
  return { deepest, rest: [], repeated };
}

/**
 * Applies edits to JSON text, one after the other; each sees the text as the earlier ones left it.
 *
 * A field that holds `after` counts as `already` done. One that holds neither `before` nor `after`,
 * or that cannot be reached without doubt (a key on the way occurs twice), is left alone and
 * returned as a conflict. New fields go to the end of their object in its own style.
 *
 * @throws {ToolkitError} `invalid` when the text is not JSON, or nested too deeply to be compared.
 */
export function patchJsonText(text: string, edits: readonly Edit[]): PatchResult {
  try {
    return patchText(text, edits);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const message = "Cannot patch the text: its JSON is nested too deeply";
    throw new ToolkitError("invalid", message, { cause });
  }
}

function patchText(text: string, edits: readonly Edit[]): PatchResult {
  const result: PatchResult = { text, applied: [], already: [], conflicts: [] };
  let value = parseForPatch(text);
  for (const edit of edits) {
    const keys = parsePointer(edit.pointer);
    const verdict = judgeEdit(value, edit);
    const way = walk(result.text, keys);
    if (way.repeated) {
      const found = valueAt(value, keys);
      const reason = "a key on the way occurs more than once";
      result.conflicts.push(found === undefined ? { edit, reason } : { edit, found, reason });
    } else if (verdict.state === "conflict") {
      const { state: _, ...rest } = verdict;
      result.conflicts.push({ edit, ...rest });
    } else if (verdict.state === "already") {
      result.already.push(edit);
    } else {
      result.text = applyEdit(result.text, way, edit);
      value = performEdit(value, edit);
      result.applied.push(edit);
    }
  }
  return result;
}

function parseForPatch(text: string): Json {
  try {
    return parseJson(text);
  } catch (cause) {
    const place = jsonErrorPlace(text);
    const where = place === null ? "" : ` from line ${place.line}, column ${place.column}`;
    throw new ToolkitError("invalid", `Cannot patch the text: it is not JSON${where}`, {
      hint: "repair or set aside the file, then run again",
      cause,
    });
  }
}

function applyEdit(text: string, way: Walk, edit: Edit): string {
  const { target, parent } = way.deepest;
  const [key] = way.rest;
  if (key !== undefined) return insert(text, way.deepest, key, edit.after ?? null);
  const entry = parent?.entries[parent.index];
  if (edit.rename !== undefined && entry !== undefined) {
    return splice(text, entry.keyStart, entry.keyEnd, JSON.stringify(edit.rename));
  }
  if (edit.after !== undefined) {
    return splice(text, target.start, target.end, formatAt(text, way.deepest, edit.after));
  }
  return parent === undefined ? text : remove(text, parent);
}

function splice(text: string, start: number, end: number, by: string): string {
  return text.slice(0, start) + by + text.slice(end);
}

/** Takes an entry out together with the comma that only it needs. */
function remove(text: string, parent: NonNullable<Found["parent"]>): string {
  const { entries, index } = parent;
  const entry = entries[index];
  const previous = entries[index - 1];
  const next = entries[index + 1];
  if (entry === undefined) return text;
  if (previous !== undefined) return splice(text, previous.end, entry.end, "");
  if (next !== undefined) return splice(text, entry.keyStart, next.keyStart, "");
  return splice(text, parent.start + 1, parent.close, "");
}

/** Adds a field at the end of its object (an item at the end of its list). */
function insert(text: string, parent: Found, name: string, value: Json): string {
  const { start } = parent.target;
  const { entries, close } = entriesAt(text, start);
  const last = entries.at(-1);
  const style = styleAt(text, parent);
  const key = text.charAt(start) === "{" ? JSON.stringify(name) : "";
  if (last === undefined) {
    const indent = style.indent + style.unit;
    const [before, colon, after] = style.lines
      ? [style.newline + indent, ": ", style.newline + style.indent]
      : ["", ":", ""];
    const entry = `${key}${key && colon}${format(value, { ...style, indent })}`;
    return splice(text, start + 1, close, before + entry + after);
  }
  const previous = entries.at(-2);
  const gapStart = previous === undefined ? start + 1 : skipSpace(text, previous.end) + 1;
  const gap = text.slice(gapStart, last.keyStart);
  const lines = gap.includes("\n");
  const indent = gap.slice(gap.lastIndexOf("\n") + 1);
  const lead = lines ? style.newline + indent : gap;
  const colon = text.slice(last.keyEnd, last.start);
  const entry = `,${lead}${key}${key && colon}${format(value, { ...style, lines, indent })}`;
  return splice(text, last.end, last.end, entry);
}

/** How the text is laid out around a value. */
interface Style {
  /** One entry a line, rather than all on one. */
  lines: boolean;
  newline: string;
  /** Of the line that the value starts on. */
  indent: string;
  /** One more level. */
  unit: string;
}

function styleAt(text: string, found: Found): Style {
  const entry = found.parent?.entries[found.parent.index];
  const offset = entry?.keyStart ?? found.target.start;
  const before = text.slice(text.lastIndexOf("\n", offset - 1) + 1, offset);
  const firstBreak = text.indexOf("\n");
  const indent = /^[ \t]*/.exec(before)?.[0] ?? "";
  // A field that starts its line is one of several lines; the root is if it has line breaks.
  const lines = entry
    ? indent === before
    : text.slice(found.target.start, found.target.end).includes("\n");
  return {
    lines: lines && firstBreak !== -1,
    newline: text.charAt(firstBreak - 1) === "\r" ? "\r\n" : "\n",
    indent,
    unit: /\n([ \t]+)["{[\d\-tfn]/.exec(text)?.[1] ?? "  ",
  };
}

function formatAt(text: string, found: Found, value: Json): string {
  const scalar = typeof value !== "object" || value === null;
  return scalar ? JSON.stringify(value) : format(value, styleAt(text, found));
}

function format(value: Json, style: Style): string {
  if (!style.lines) return JSON.stringify(value);
  const text = JSON.stringify(value, null, style.unit);
  return text.replaceAll("\n", style.newline + style.indent);
}
