/**
 * Located, comment-keeping YAML: values with their places, and fields changed in the text while
 * everything else (comments, blank lines, quoting, indent, line ends) stays byte for byte.
 */

import type { Document } from "yaml";
import type { Edit, Json } from "./edits.ts";
import {
  judgeEdit,
  lineFinder,
  type PatchResult,
  parsePointer,
  performEdit,
  sameJson,
  valueAt,
} from "./edits.ts";
import { type Place, ToolkitError } from "./errors.ts";
import { parseYamlDocument, readFullYaml, yamlError } from "./yaml-document.ts";
import { ValueFault, walkYaml, type YamlNode, yamlValue } from "./yaml-model.ts";
import { type Splice, spliceEdit } from "./yaml-splice.ts";
import { readPlainYaml } from "./yaml-subset.ts";

/** Larger texts are refused: no config is, and the parser takes a second a megabyte. */
const maxLength = 5 * 1024 * 1024;

/** A YAML text with its value, and where things stand in it. */
export interface ParsedYaml {
  /** Numbers that JSON does not have (`.inf`) are kept as text. */
  value: Json;
  /** Where a field's key, or an item, stands; of a missing field where its nearest parent does. */
  placeOf(pointer: string): Place;
  /** A scalar as it is written, without quotes: `7e3` for the number 7000. Undefined for others. */
  sourceOf(pointer: string): string | undefined;
  /** The full parser's document, made when it is asked for; its offsets leave out a BOM. */
  readonly document: Document.Parsed;
}

/**
 * Parses one YAML document.
 *
 * @param file Only named in places and errors.
 * @throws {ToolkitError} `invalid`, with its place, for what is not YAML, for keys that occur twice,
 *   aliases that multiply or contain themselves, a second document, and more than 5 MB.
 */
export function parseYaml(text: string, file: string): ParsedYaml {
  const root = readYaml(text, file);
  let placeAt: ReturnType<typeof lineFinder> | undefined;
  const find = (pointer: string) => walkYaml(root, parsePointer(pointer));
  return {
    value: valueIn(root, text, file),
    placeOf(pointer) {
      const offset = find(pointer).steps.at(-1)?.entry.start ?? root.start;
      placeAt ??= lineFinder(text);
      return { file, ...placeAt(offset) };
    },
    sourceOf(pointer) {
      const { node, rest } = find(pointer);
      const target = node.kind === "alias" ? node.target : node;
      return rest.length === 0 && target.kind === "scalar" ? target.source : undefined;
    },
    get document() {
      return parseYamlDocument(text, file);
    },
  };
}

/** The values of some fields, undefined where there is none. Throws as {@link parseYaml} does. */
export function readYamlFields(
  text: string,
  pointers: readonly string[],
  file = "the text",
): (Json | undefined)[] {
  const { value } = parseYaml(text, file);
  return pointers.map((pointer) => valueAt(value, parsePointer(pointer)));
}

function readYaml(text: string, file: string): YamlNode {
  if (text.length > maxLength) {
    const size = (text.length / 1024 / 1024).toFixed(1);
    throw new ToolkitError("invalid", `Cannot read "${file}" as YAML: ${size} MB is too large`, {
      hint: "5 MB is the limit; move what is not configuration out of that file",
      place: { file },
    });
  }
  const plain = readPlainYaml(text);
  if (plain !== null) return plain;
  try {
    return readFullYaml(text, file);
  } catch (error) {
    if (error instanceof RangeError) throw yamlError(text, file, 0, "nested too deeply");
    throw error;
  }
}

function valueIn(root: YamlNode, text: string, file: string): Json {
  try {
    return yamlValue(root);
  } catch (error) {
    if (error instanceof ValueFault) throw yamlError(text, file, error.offset, error.message);
    throw error;
  }
}

/**
 * Applies edits to YAML text with the outcome of making them one after the other.
 *
 * A field that holds `after` counts as `already` done; a conflict leaves its field alone. Values
 * keep their quotes where those can express the new value. A removed field takes its lines and the
 * comments on them along, no others. New fields go to the end of their mapping. What an anchor, an
 * alias, a tag or a merge key could share is a conflict. An unquoted scalar also counts as the text
 * that is written, so that `before: "7e3"` matches `7e3`. The result is parsed again: an edit that
 * would not read back as intended is a conflict too.
 *
 * @throws {ToolkitError} `invalid` when the text cannot be parsed.
 */
export function patchYamlText(text: string, edits: readonly Edit[]): PatchResult {
  const pending = edits.map((edit, index) => ({ edit, index, keys: parsePointer(edit.pointer) }));
  const done: Outcome[] = [];
  let current = text;
  let alone = false;
  for (let queue = pending; queue.length > 0; ) {
    const round = runRound(current, alone ? queue.slice(0, 1) : queue);
    const patched = applySplices(current, round.splices);
    if (patched !== null && readsAs(patched, round.value)) {
      current = patched;
      done.push(...round.outcomes);
    } else if (round.outcomes.length > 1) {
      // Something in this round does not read back: find out which, one edit at a time.
      alone = true;
      continue;
    } else {
      const reason = "the changed text would not read back as intended";
      for (const { edit, index } of round.outcomes) {
        done.push({ state: "conflict", edit, index, reason });
      }
    }
    const settled = new Set(done.map(({ index }) => index));
    queue = queue.filter(({ index }) => !settled.has(index));
  }
  return resultOf(current, done);
}

interface Pending {
  edit: Edit;
  index: number;
  keys: string[];
}

type Outcome = Pick<Pending, "edit" | "index"> &
  ({ state: "applied" | "already" } | { state: "conflict"; found?: Json; reason: string });

interface Round {
  splices: Splice[];
  outcomes: Outcome[];
  /** What the text must read as afterwards. */
  value: Json;
}

/**
 * As many edits as can be made on one parse: those that have nothing to do with an earlier one of
 * the round, nor with one that was put off.
 */
function runRound(text: string, queue: readonly Pending[]): Round {
  const root = readForPatch(text);
  const round: Round = { splices: [], outcomes: [], value: valueIn(root, text, "the text") };
  const touched: string[][] = [];
  for (const { edit, index, keys } of queue) {
    const reach = reachOf(round.value, keys, edit);
    const apart = !touched.some((other) => reach.some((path) => isRelated(path, other)));
    touched.push(...reach);
    if (!apart) continue;
    const effective = asWritten(root, keys, round.value, edit);
    const verdict = judgeEdit(round.value, effective);
    if (verdict.state !== "apply") {
      round.outcomes.push({ edit, index, ...verdict });
      continue;
    }
    const spliced = spliceEdit(text, root, keys, effective);
    if ("reason" in spliced) {
      const found = valueAt(round.value, keys);
      const { reason } = spliced;
      const outcome = { state: "conflict" as const, edit, index, reason };
      round.outcomes.push(found === undefined ? outcome : { ...outcome, found });
      continue;
    }
    round.splices.push(...spliced.splices);
    round.value = performEdit(round.value, effective);
    round.outcomes.push({ state: "applied", edit, index });
  }
  return round;
}

/** A document with nothing in it takes fields as an empty mapping does. */
function readForPatch(text: string): YamlNode {
  const root = readYaml(text, "the text");
  if (root.kind !== "scalar" || root.start !== root.end || root.marked) return root;
  return { kind: "map", flow: false, start: text.length, end: text.length, entries: [] };
}

/** The paths that an edit may change: below them no other edit shares its round. */
function reachOf(root: Json, keys: string[], edit: Edit): string[][] {
  const parent = keys.slice(0, -1);
  if (edit.rename !== undefined) return [keys, [...parent, edit.rename]];
  const grows = edit.before === undefined || edit.after === undefined;
  if (!grows) return [keys];
  // Indexes move when a list grows or shrinks; in a mapping the room behind the last entry moves.
  return Array.isArray(valueAt(root, parent)) ? [parent] : [keys, [...parent, "\0room"]];
}

function isRelated(a: readonly string[], b: readonly string[]): boolean {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) if (a[at] !== b[at]) return false;
  return true;
}

/** The edit with the field's value as `before` when it names the field's text instead. */
function asWritten(root: YamlNode, keys: string[], value: Json, edit: Edit): Edit {
  if (typeof edit.before !== "string") return edit;
  const { node, rest } = walkYaml(root, keys);
  const written = rest.length === 0 && node.kind === "scalar" && node.source === edit.before;
  const found = written ? valueAt(value, keys) : undefined;
  return found === undefined ? edit : { ...edit, before: found };
}

/** The text with all splices, or null when two of them meet. */
function applySplices(text: string, splices: readonly Splice[]): string | null {
  const sorted = splices.toSorted((a, b) => a.start - b.start || a.end - b.end);
  let result = "";
  let from = 0;
  let previous: Splice | undefined;
  for (const splice of sorted) {
    const sameSpot = previous?.start === splice.start && previous.end === splice.end;
    if (splice.start < from || sameSpot) return null;
    result += text.slice(from, splice.start) + splice.by;
    from = splice.end;
    previous = splice;
  }
  return result + text.slice(from);
}

function readsAs(text: string, value: Json): boolean {
  try {
    return sameJson(valueIn(readForPatch(text), text, "the text"), value);
  } catch (error) {
    if (error instanceof ToolkitError) return false;
    throw error;
  }
}

function resultOf(text: string, outcomes: readonly Outcome[]): PatchResult {
  const result: PatchResult = { text, applied: [], already: [], conflicts: [] };
  for (const outcome of outcomes.toSorted((a, b) => a.index - b.index)) {
    const { edit, index: _, ...rest } = outcome;
    if (rest.state === "conflict") {
      const { state: __, ...conflict } = rest;
      result.conflicts.push({ edit, ...conflict });
    } else {
      result[rest.state].push(edit);
    }
  }
  return result;
}
