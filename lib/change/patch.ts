/**
 * New content for the files that an operation patches, computed from their bytes.
 */

import type { Conflict, Edit, PatchResult } from "../edits.ts";
import { describeError } from "../errors.ts";
import type { Operation } from "./operation.ts";
import { Obstacle } from "./stop.ts";

type Patcher = (text: string, edits: readonly Edit[]) => PatchResult;

/** The text patchers, loaded before a run because the YAML one takes a while to load. */
export interface Patchers {
  json: Patcher;
  yaml: Patcher;
}

export async function loadPatchers(operations: readonly Operation[]): Promise<Patchers> {
  const { patchJsonText } = await import("../json.ts");
  if (!operations.some(({ op }) => op === "patchYaml")) {
    return { json: patchJsonText, yaml: patchJsonText };
  }
  const { patchYamlText } = await import("../yaml.ts");
  return { json: patchJsonText, yaml: patchYamlText };
}

export type FieldPatch = Extract<Operation, { op: "patchJson" | "patchYaml" }>;

/** What became of a file's content. */
export interface Patched {
  /** The new content in parts, or null when nothing changes. */
  content: Uint8Array[] | null;
  applied: Edit[];
  /** Edits that the file does not let through. */
  conflicts: Conflict[];
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Applies the operation's edits (or `edits` instead) to a file's bytes. Bytes that are not UTF-8
 * would not survive a round trip through text, so such a file is refused.
 *
 * @throws Obstacle when the bytes are no text of the expected kind
 */
export function patchBytes(
  operation: FieldPatch,
  bytes: Uint8Array,
  patchers: Patchers,
  edits: readonly Edit[] = operation.edits,
): Patched {
  const [start, end] = rangeOf(operation, bytes);
  const text = decode(bytes.subarray(start, end), operation.path);
  const patcher = operation.op === "patchYaml" ? patchers.yaml : patchers.json;
  let result: PatchResult;
  try {
    result = patcher(text, edits);
  } catch (error) {
    throw new Obstacle(operation.path, `cannot be patched: ${describeError(error)}`);
  }
  const { applied, conflicts } = result;
  if (result.text === text) return { content: null, applied, conflicts };
  const patched = Buffer.from(result.text);
  const content = [bytes.subarray(0, start), patched, bytes.subarray(end)];
  return { content, applied, conflicts };
}

/** The bytes to patch: one line of JSON Lines without its line end, or all. */
function rangeOf(operation: FieldPatch, bytes: Uint8Array): [number, number] {
  if (operation.op !== "patchJson" || operation.line === undefined) return [0, bytes.length];
  let start = 0;
  for (let line = 1; line < operation.line; line += 1) {
    const end = bytes.indexOf(10, start);
    if (end === -1) throw new Obstacle(operation.path, `has no line ${operation.line}`);
    start = end + 1;
  }
  // A return before the line end is white space to JSON.
  const end = bytes.indexOf(10, start);
  return [start, end === -1 ? bytes.length : end];
}

function decode(bytes: Uint8Array, path: string): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new Obstacle(path, "is not UTF-8 text");
  }
}

/** One sentence about edits that were not let through: which fields, and what they hold. */
export function describeConflicts(conflicts: readonly Conflict[]): string {
  const [first] = conflicts;
  if (first === undefined) return "";
  const more = conflicts.length === 1 ? "" : ` (and ${conflicts.length - 1} more fields)`;
  const held = first.found === undefined ? "" : `, it is ${excerpt(JSON.stringify(first.found))}`;
  return `field ${first.edit.pointer || "/"}: ${first.reason}${held}${more}`;
}

function excerpt(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
}
