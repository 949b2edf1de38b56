/** JSON files of a plan: read with the place of every fault, written the same way each time. */

import type { Disk, FileStat } from "../change/disk.ts";
import { formatPointer, type Json, lineColumnAt, parsePointer } from "../edits.ts";
import { errorCode, type Place, ToolkitError } from "../errors.ts";
import { hasDuplicateKeys, jsonErrorPlace, locateJson, parseJson } from "../json.ts";
import { entriesAt, skipSpace } from "../json-scan.ts";

interface JsonDocument {
  file: string;
  text: string;
}

/**
 * Reads a JSON file; null when nothing is there.
 *
 * @throws ToolkitError `invalid`, with its place, for anything that is no plain file of JSON
 */
export function readDocument(disk: Disk, file: string): Field | null {
  const stat = look(disk, file);
  if (stat === null) return null;
  if (stat.kind !== "file") throw fault({ file }, `it is a ${stat.kind}, not a file`);
  return parseDocument(file, decode(disk, file));
}

/** Reads a text as a JSON document; `file` is for messages. */
export function parseDocument(file: string, text: string): Field {
  const place = jsonErrorPlace(text);
  if (place !== null) throw fault({ file, ...place }, "it is not JSON from here on");
  const value = parseJson(text);
  if (hasDuplicateKeys(text, value)) {
    throw fault({ file, ...repeatedKeyPlace(text) }, "a key occurs twice");
  }
  return new Field({ file, text }, "", value);
}

/** Where a key stands that its object has already. */
function repeatedKeyPlace(text: string): { line: number; column: number } | undefined {
  const starts = [skipSpace(text, text.startsWith("\ufeff") ? 1 : 0)];
  for (let start = starts.pop(); start !== undefined; start = starts.pop()) {
    const isObject = text[start] === "{";
    if (!isObject && text[start] !== "[") continue;
    const seen = new Set<unknown>();
    for (const { keyStart, keyEnd, start: value } of entriesAt(text, start).entries) {
      const key: unknown = isObject ? JSON.parse(text.slice(keyStart, keyEnd)) : keyStart;
      if (seen.has(key)) return lineColumnAt(text, keyStart);
      seen.add(key);
      starts.push(value);
    }
  }
  return undefined;
}

function look(disk: Disk, file: string): FileStat | null {
  try {
    return disk.lstat(file);
  } catch (cause) {
    const code = errorCode(cause);
    if (code === undefined) throw cause;
    throw fault({ file }, code, cause);
  }
}

function decode(disk: Disk, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(disk.readFile(file));
  } catch (cause) {
    const code = errorCode(cause);
    const detail = code === "ERR_ENCODING_INVALID_ENCODED_DATA" ? "it is not UTF-8" : code;
    throw fault({ file }, detail ?? "it is not UTF-8", cause);
  }
}

function fault(place: Place, detail: string, cause?: unknown): ToolkitError {
  return new ToolkitError("invalid", `Cannot load "${place.file}": ${detail}`, { place, cause });
}

/** One value of a document; every complaint carries its line and column. */
export class Field {
  readonly #document: JsonDocument;
  readonly #pointer: string;

  constructor(
    document: JsonDocument,
    pointer: string,
    readonly value: Json | undefined,
  ) {
    this.#document = document;
    this.#pointer = pointer;
  }

  /** `phases[0].name`, as people write it. */
  get label(): string {
    const keys = parsePointer(this.#pointer);
    const shown = keys.map((key) => (/^\d+$/.test(key) ? `[${key}]` : `.${key}`)).join("");
    return shown.replace(/^\./, "") || "the document";
  }

  get isAbsent(): boolean {
    return this.value === undefined;
  }

  /** Absent or null. */
  get isEmpty(): boolean {
    return this.value === undefined || this.value === null;
  }

  fail(detail: string): never {
    const { file, text } = this.#document;
    let pointer = this.#pointer;
    let place = locateJson(text, pointer);
    // Of what is missing, the nearest thing around it has a place.
    while (place === null && pointer !== "") {
      pointer = pointer.slice(0, pointer.lastIndexOf("/"));
      place = locateJson(text, pointer);
    }
    const at = place === null ? {} : { line: place.line, column: place.column };
    throw fault({ file, ...at }, `${this.label} ${detail}`);
  }

  /** A member of an object; its value is undefined when it is missing. */
  get(key: string): Field {
    const value = this.value as Record<string, Json>;
    const member = Object.hasOwn(value, key) ? value[key] : undefined;
    return new Field(this.#document, `${this.#pointer}${formatPointer([key])}`, member);
  }

  /** Demands an object; with `known`, one without other keys. */
  object(known?: readonly string[]): this {
    const { value } = this;
    if (value === undefined) this.fail("is missing");
    if (value === null || typeof value !== "object" || Array.isArray(value)) {
      this.fail("must be an object");
    }
    const extra = Object.keys(value).find((key) => known !== undefined && !known.includes(key));
    if (extra !== undefined) this.get(extra).fail("is not a known key");
    return this;
  }

  list(): Field[] {
    if (this.value === undefined) this.fail("is missing");
    if (!Array.isArray(this.value)) this.fail("must be a list");
    return this.value.map(
      (item, index) => new Field(this.#document, `${this.#pointer}/${index}`, item),
    );
  }

  string(): string {
    if (this.value === undefined) this.fail("is missing");
    if (typeof this.value !== "string") this.fail("must be a string");
    return this.value;
  }

  /** A string, or null when it is null or absent. */
  optionalString(): string | null {
    return this.isEmpty ? null : this.string();
  }

  boolean(): boolean {
    if (this.value === undefined) this.fail("is missing");
    if (typeof this.value !== "boolean") this.fail("must be true or false");
    return this.value;
  }

  integer(): number {
    if (this.value === undefined) this.fail("is missing");
    if (typeof this.value !== "number" || !Number.isInteger(this.value)) {
      this.fail("must be a whole number");
    }
    return this.value;
  }

  oneOf<const Name extends string>(names: readonly Name[]): Name {
    const text = this.string();
    const found = names.find((name) => name === text);
    return found ?? this.fail(`must be one of ${names.join(", ")}, not "${text}"`);
  }
}

/** JSON with sorted keys, 2 spaces, non-ASCII escaped, and a final newline. */
export function formatDocument(value: Json): string {
  const text = JSON.stringify(sorted(value), null, 2);
  const escaped = text.replace(/[\u007f-\uffff]/g, (unit) => {
    return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
  return `${escaped}\n`;
}

function sorted(value: Json): Json {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(sorted);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, member]) => [key, sorted(member)]));
}
