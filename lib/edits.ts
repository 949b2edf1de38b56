/**
 * Field edits on values: what JSON and YAML patching share.
 *
 * An {@link Edit} is judged against the parsed value first ({@link judgeEdit}); the patchers then
 * change the text, and {@link performEdit} says what the changed text must parse to.
 */

import { ToolkitError } from "./errors.ts";

/** A JSON value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/**
 * One field edit. `pointer` is an RFC 6901 JSON Pointer. An absent `before` means that the field
 * must not exist, an absent `after` that it is removed. With `rename` the key itself is renamed in
 * place (`before` and `after` are not used) and its value stays, byte for byte.
 */
export interface Edit {
  pointer: string;
  before?: Json;
  after?: Json;
  rename?: string;
}

type JsonObject = { [key: string]: Json };

/** An edit that was left out: the field holds neither `before` nor `after`, or is out of reach. */
export interface Conflict {
  edit: Edit;
  /** What the field holds; absent when there is no such field. */
  found?: Json;
  reason: string;
}

/** What became of a text and its edits. Every edit is in exactly one of the three lists. */
export interface PatchResult {
  text: string;
  applied: Edit[];
  /** Edits whose field held `after` before anything was done. */
  already: Edit[];
  conflicts: Conflict[];
}

/** What to do about one edit. */
export type Verdict =
  | { state: "apply" }
  | { state: "already" }
  | { state: "conflict"; found?: Json; reason: string };

/**
 * The keys of an RFC 6901 JSON Pointer; the empty pointer is the whole document.
 *
 * @throws {ToolkitError} `invalid` when it does not start with `/` or has a `~` that is no escape.
 */
export function parsePointer(pointer: string): string[] {
  if (pointer === "") return [];
  if (!pointer.startsWith("/") || /~(?![01])/.test(pointer)) {
    throw new ToolkitError("invalid", `Cannot follow "${pointer}": it is no JSON Pointer`, {
      hint: "write it as /key/key, with ~1 for / and ~0 for ~",
    });
  }
  const parts = pointer.slice(1).split("/");
  if (!pointer.includes("~")) return parts;
  return parts.map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** The JSON Pointer of these keys. */
export function formatPointer(keys: readonly string[]): string {
  return keys.map((key) => `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** Whether two JSON values are equal; the order of keys does not count, and 0 is -0. */
export function sameJson(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (!isContainer(a) || !isContainer(b)) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, index) => sameJson(item, b[index]));
  }
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && sameJson(a[key], b[key]));
}

function isContainer(value: Json | undefined): value is Json[] | JsonObject {
  return typeof value === "object" && value !== null;
}

/** An array index as a pointer spells it: no sign, no leading zero. */
export function arrayIndex(key: string): number | null {
  return /^(?:0|[1-9]\d{0,9})$/.test(key) ? Number(key) : null;
}

/** The value at these keys, or undefined when there is none. */
export function valueAt(root: Json, keys: readonly string[]): Json | undefined {
  let value: Json | undefined = root;
  for (const key of keys) {
    if (!isContainer(value)) return undefined;
    value = childOf(value, key);
  }
  return value;
}

function childOf(parent: Json[] | JsonObject, key: string): Json | undefined {
  if (!Array.isArray(parent)) return Object.hasOwn(parent, key) ? parent[key] : undefined;
  const index = arrayIndex(key);
  return index === null ? undefined : parent[index];
}

/** What to do about an edit, seen from the parsed value. */
export function judgeEdit(root: Json, edit: Edit): Verdict {
  const keys = parsePointer(edit.pointer);
  const key = keys.at(-1);
  const found = valueAt(root, keys);
  const conflict = (reason: string): Verdict =>
    found === undefined ? { state: "conflict", reason } : { state: "conflict", found, reason };

  if (edit.rename !== undefined) return judgeRename(root, keys, edit.rename, conflict);
  if (sameJson(found, edit.after)) return { state: "already" };
  if (!sameJson(found, edit.before)) {
    return conflict(found === undefined ? "the field is missing" : "the field holds another value");
  }
  if (key === undefined) {
    return edit.after === undefined ? conflict("a document cannot lose its root") : apply;
  }
  if (found !== undefined) return apply;
  const parent = valueAt(root, keys.slice(0, -1));
  if (!isContainer(parent)) return conflict("the object that should hold the field is missing");
  if (Array.isArray(parent) && arrayIndex(key) !== parent.length) {
    return conflict("an item can only be added at the end of its list");
  }
  return apply;
}

const apply: Verdict = { state: "apply" };

function judgeRename(
  root: Json,
  keys: readonly string[],
  name: string,
  conflict: (reason: string) => Verdict,
): Verdict {
  const parent = keys.length === 0 ? undefined : valueAt(root, keys.slice(0, -1));
  if (!isContainer(parent) || Array.isArray(parent)) return conflict("there is no key to rename");
  const before = Object.hasOwn(parent, keys.at(-1) ?? "");
  const after = Object.hasOwn(parent, name);
  if (before && after && keys.at(-1) !== name) return conflict(`"${name}" exists already`);
  if (after) return { state: "already" };
  return before ? apply : conflict("the field is missing");
}

/**
 * The value after an edit that {@link judgeEdit} lets through. Changes `root` in place, except
 * that a new root is returned.
 */
export function performEdit(root: Json, edit: Edit): Json {
  const keys = parsePointer(edit.pointer);
  const key = keys.at(-1);
  // A copy, so that a later edit below this field does not reach into the plan.
  const after = isContainer(edit.after) ? structuredClone(edit.after) : edit.after;
  if (key === undefined) return after ?? null;
  const parent = valueAt(root, keys.slice(0, -1));
  if (!isContainer(parent)) return root;
  if (edit.rename !== undefined && !Array.isArray(parent)) {
    setOwn(parent, edit.rename, parent[key] ?? null);
    delete parent[key];
  } else if (Array.isArray(parent)) {
    const index = arrayIndex(key) ?? parent.length;
    if (after === undefined) parent.splice(index, 1);
    else parent[index] = after;
  } else if (after === undefined) {
    delete parent[key];
  } else {
    setOwn(parent, key, after);
  }
  return root;
}

/** Sets a key of its own, `__proto__` included. */
function setOwn(object: JsonObject, key: string, value: Json): void {
  Object.defineProperty(object, key, {
    value,
    enumerable: true,
    writable: true,
    configurable: true,
  });
}

/** Line and column, both from 1, of an offset into a text; a byte order mark takes no column. */
export function lineColumnAt(text: string, offset: number): { line: number; column: number } {
  let line = 1;
  let start = text.startsWith("\ufeff") ? 1 : 0;
  for (;;) {
    const end = text.indexOf("\n", start);
    if (end === -1 || end >= offset) return { line, column: Math.max(1, offset - start + 1) };
    line++;
    start = end + 1;
  }
}

/** {@link lineColumnAt} of one text for many offsets. */
export function lineFinder(text: string): (offset: number) => { line: number; column: number } {
  const starts = [text.startsWith("\ufeff") ? 1 : 0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) {
    starts.push(at + 1);
  }
  return (offset) => {
    let line = 0;
    let beyond = starts.length;
    while (beyond - line > 1) {
      const middle = (line + beyond) >>> 1;
      if ((starts[middle] ?? 0) <= offset) line = middle;
      else beyond = middle;
    }
    return { line: line + 1, column: Math.max(1, offset - (starts[line] ?? 0) + 1) };
  };
}
