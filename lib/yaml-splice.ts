/**
 * Field edits as splices of YAML text.
 *
 * A splice replaces a range by a text; nothing outside the ranges changes. Where an edit cannot be
 * made without losing a comment or touching what an alias shares, there is a reason instead.
 */

import type { Edit, Json } from "./edits.ts";
import {
  walkYaml,
  type YamlCollection,
  type YamlEntry,
  type YamlNode,
  type YamlPath,
} from "./yaml-model.ts";
import { type Layout, writeBehindDash, writeFlow, writeMember, writeScalar } from "./yaml-write.ts";

export interface Splice {
  start: number;
  end: number;
  by: string;
}

/** The splices of an edit, or why there are none. */
export type Spliced = { splices: Splice[] } | { reason: string };

/** How to make an edit that the value lets through (see `judgeEdit`). */
export function spliceEdit(
  text: string,
  root: YamlNode,
  keys: readonly string[],
  edit: Edit,
): Spliced {
  const path = walkYaml(root, keys);
  const reason = obstacleOn(path);
  if (reason !== null) return { reason };
  const step = path.steps.at(-1);
  const [missing] = path.rest;
  if (missing !== undefined) {
    if (path.node.kind === "scalar" || path.node.kind === "alias") {
      return { reason: "there is no mapping to add the field to" };
    }
    return insert(text, root, path.node, missing, edit.after ?? null);
  }
  if (step === undefined) return { reason: "the document as a whole is not replaced" };
  if (edit.rename !== undefined) return rename(step.entry, edit.rename);
  if (edit.after === undefined) return remove(text, path);
  return replace(text, step.entry, edit.after);
}

function obstacleOn(path: YamlPath): string | null {
  const nodes: YamlNode[] = [...path.steps.map(({ parent }) => parent), path.node];
  if (nodes.some(({ kind }) => kind === "alias")) return "an alias stands on the way";
  const keyMarked = path.steps.some(({ entry }) => entry.key?.marked);
  if (keyMarked || nodes.some(({ marked }) => marked)) return "an anchor or tag stands on the way";
  const merged = nodes.some(
    (node) => node.kind === "map" && node.entries.some(({ name }) => name === "<<"),
  );
  return merged ? "a merge key (<<) stands on the way" : null;
}

function rename(entry: YamlEntry, name: string): Spliced {
  const { key } = entry;
  if (key === undefined) return { reason: "there is no key to rename" };
  const style = key.style === "block" ? "double" : key.style;
  return { splices: [{ start: key.start, end: key.end, by: writeScalar(name, style) }] };
}

function replace(text: string, entry: YamlEntry, after: Json): Spliced {
  const { value: node, mark } = entry;
  const scalar = typeof after !== "object" || after === null;
  const style = node.kind === "scalar" && node.style !== "block" ? node.style : "plain";
  const by = scalar ? writeScalar(after, style) : writeFlow(after);
  if (node.start === node.end) {
    const lead = mark === null ? ": " : " ";
    return { splices: [{ start: node.start, end: node.end, by: lead + by }] };
  }
  if (node.kind === "scalar" && node.style === "block") {
    return { splices: [replaceBlockScalar(text, node, by)] };
  }
  if (node.kind === "scalar" || node.kind === "alias" || node.flow || mark === null) {
    // `{a:[1]}` is a mapping, `{a:1}` would be none.
    const lead = mark === node.start && entry.key?.style === "plain" ? " " : "";
    return { splices: [{ start: node.start, end: node.end, by: lead + by }] };
  }
  const gap = text.slice(mark, node.start);
  const end = node.end - lineBreaksAtEnd(text.slice(node.start, node.end)).length;
  if (!gap.includes("#")) return { splices: [{ start: mark, end, by: ` ${by}` }] };
  // A comment behind the mark stays on its line; the block below goes.
  const lineEnd = mark + (/\r?\n/.exec(gap)?.index ?? gap.length);
  return {
    splices: [
      { start: mark, end: mark, by: ` ${by}` },
      { start: lineEnd, end, by: "" },
    ],
  };
}

/** A `|` or `>` scalar gives way, its comment and the line breaks behind it stay. */
function replaceBlockScalar(text: string, node: YamlNode, by: string): Splice {
  const source = text.slice(node.start, node.end);
  const comment = /^[^\r\n#]*?([ \t]+#[^\r\n]*)/.exec(source)?.[1] ?? "";
  return { start: node.start, end: node.end, by: by + comment + lineBreaksAtEnd(source) };
}

/** The line breaks that a block scalar at the end of a source takes in. */
function lineBreaksAtEnd(source: string): string {
  return /(?:\r?\n[ \t]*)*$/.exec(source)?.[0] ?? "";
}

function remove(text: string, path: YamlPath): Spliced {
  const step = path.steps.at(-1);
  if (step === undefined) return { reason: "a document cannot lose its root" };
  const { parent, entry } = step;
  if (parent.entries.length === 1) return removeOnly(text, path, parent);
  return parent.flow ? removeInBrackets(text, parent, entry) : removeLines(text, parent, entry);
}

/** The last entry that goes leaves `{}` or `[]` behind: nothing at all would read as null. */
function removeOnly(text: string, path: YamlPath, parent: YamlCollection): Spliced {
  const [entry] = parent.entries;
  if (entry === undefined) return { splices: [] };
  const by = parent.kind === "map" ? "{}" : "[]";
  if (parent.flow) {
    const inside = text.slice(parent.start + 1, entry.start) + text.slice(endOf(entry), parent.end);
    if (inside.includes("#")) return { reason: "a comment would be lost" };
    return { splices: [{ start: parent.start, end: parent.end, by }] };
  }
  if (entry.explicit) return { reason: "a key written with ? is left alone" };
  const mark = path.steps.at(-2)?.entry.mark;
  const lines = wholeLines(text, entry);
  if (mark === undefined || mark === null || lines === null) {
    const lineBreak = /\r?\n$/.exec(text.slice(0, parent.end))?.[0] ?? "";
    return { splices: [{ start: parent.start, end: parent.end, by: by + lineBreak }] };
  }
  // Comment lines between the mark and the entry stay where they are.
  return {
    splices: [
      { start: mark, end: mark, by: ` ${by}` },
      { ...lines, by: "" },
    ],
  };
}

function removeInBrackets(text: string, parent: YamlCollection, entry: YamlEntry): Spliced {
  const index = parent.entries.indexOf(entry);
  const previous = parent.entries[index - 1];
  const next = parent.entries[index + 1];
  // Best with the comma before it; else with the comma behind it and a comment on its own line;
  // the last one may also leave a comma behind.
  if (previous !== undefined && !text.slice(endOf(previous), entry.start).includes("#")) {
    return { splices: [{ start: endOf(previous), end: endOf(entry), by: "" }] };
  }
  if (next === undefined) return { splices: [{ start: entry.start, end: endOf(entry), by: "" }] };
  const behind = text.slice(endOf(entry), next.start);
  if (/\n\s*#/.test(behind)) return { reason: "a comment would be lost" };
  return { splices: [{ start: entry.start, end: next.start, by: "" }] };
}

function endOf(entry: YamlEntry): number {
  return Math.max(entry.value.end, entry.key?.end ?? 0, entry.mark ?? 0);
}

/** The lines of an entry, comments on them included; null when something stands before it. */
function wholeLines(text: string, entry: YamlEntry): { start: number; end: number } | null {
  const start = lineStart(text, entry.start);
  if (!/^ *$/.test(text.slice(start, entry.start))) return null;
  const end = linesEnd(text, entry);
  if (text.charAt(end - 1) === "\n") return { start, end };
  // The last line of a text without a line break at its end: the one before becomes the last.
  return { start: start - (/\r?\n$/.exec(text.slice(0, start))?.[0].length ?? 0), end };
}

function removeLines(text: string, parent: YamlCollection, entry: YamlEntry): Spliced {
  if (entry.explicit) return { reason: "a key written with ? is left alone" };
  const lines = wholeLines(text, entry);
  if (lines !== null) return { splices: [{ ...lines, by: "" }] };
  // The first entry of a mapping behind a dash: the next one takes its place.
  const next = parent.entries[parent.entries.indexOf(entry) + 1];
  if (next === undefined || next.explicit) return { reason: "the line holds more than the field" };
  // From the last character on, which is the line break of a block scalar.
  const between = text.slice(endOf(entry) - 1, next.start);
  if (/\n\s*#/.test(between)) return { reason: "a comment would be lost" };
  return { splices: [{ start: entry.start, end: next.start, by: "" }] };
}

/** The offset of the first character of a line, behind a byte order mark. */
function lineStart(text: string, offset: number): number {
  const start = text.lastIndexOf("\n", offset - 1) + 1;
  return start === 0 && text.startsWith("\ufeff") ? 1 : start;
}

/** The offset behind the last line of an entry, its line break included. */
function linesEnd(text: string, entry: YamlEntry): number {
  const end = endOf(entry);
  // A block scalar ends behind its last line break already.
  if (text.charAt(end - 1) === "\n") return end;
  const lineBreak = text.indexOf("\n", end);
  return lineBreak === -1 ? text.length : lineBreak + 1;
}

/** Adds a member or item at the end of its collection. */
function insert(
  text: string,
  root: YamlNode,
  parent: YamlCollection,
  name: string,
  after: Json,
): Spliced {
  const last = parent.entries.at(-1);
  const named = parent.kind === "map";
  if (parent.flow) {
    const inline = named ? `${writeScalar(name, "plain")}: ${writeFlow(after)}` : writeFlow(after);
    if (last !== undefined) {
      const end = endOf(last);
      return { splices: [{ start: end, end, by: `, ${inline}` }] };
    }
    const inner = text.slice(parent.start + 1, parent.end - 1);
    if (inner.trim() !== "") return { reason: "a comment would be lost" };
    const by = named ? `{ ${inline} }` : `[${inline}]`;
    return { splices: [{ start: parent.start, end: parent.end, by }] };
  }
  if (last === undefined) return insertFirst(text, name, after, layoutOf(text, root));
  if (last.explicit) return { reason: "a key written with ? is left alone" };
  const layout = layoutOf(text, root);
  const indent = " ".repeat(last.start - lineStart(text, last.start));
  const line = named
    ? writeMember(name, after, indent, layout)
    : `${indent}-${writeBehindDash(after, indent, layout)}`;
  const end = linesEnd(text, last);
  const atLineStart = text.charAt(end - 1) === "\n";
  const by = atLineStart ? line + layout.newline : layout.newline + line;
  return { splices: [{ start: end, end, by }] };
}

/** The first field of a document that holds nothing or only comments. */
function insertFirst(text: string, name: string, after: Json, layout: Layout): Spliced {
  const end = text.length;
  const lead = text === "" || text === "\ufeff" || text.endsWith("\n") ? "" : layout.newline;
  const by = lead + writeMember(name, after, "", layout) + layout.newline;
  return { splices: [{ start: end, end, by }] };
}

/** The line ends of the text, and the indent of the first block inside its root. */
function layoutOf(text: string, root: YamlNode): Layout {
  const newline = /\r?\n/.exec(text)?.[0] ?? "\n";
  if (root.kind !== "map") return { newline, unit: "  " };
  for (const { start, value } of root.entries) {
    const first = value.kind === "map" && !value.flow ? value.entries[0] : undefined;
    const width = first && first.start - lineStart(text, first.start);
    const outer = start - lineStart(text, start);
    if (width !== undefined && width > outer) return { newline, unit: " ".repeat(width - outer) };
  }
  return { newline, unit: "  " };
}
