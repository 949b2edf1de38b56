/**
 * Values as YAML text, in the style that stands around them.
 */

import type { Json } from "./edits.ts";
import { resolvePlain, type ScalarStyle } from "./yaml-model.ts";

/**
 * A scalar, in the given style if that can express it, else in double quotes.
 *
 * Text that only looks like text (`yes`, `2026-04-20`, `0x1`) is quoted, so that readers of YAML
 * 1.1 take it for the same.
 */
export function writeScalar(value: null | boolean | number | string, style: ScalarStyle): string {
  if (typeof value !== "string") return JSON.stringify(value);
  if (style === "single" && !/[^\x20-\x7e\u{a0}-\u{d7ff}\u{e000}-\u{fefe}]/u.test(value)) {
    return `'${value.replaceAll("'", "''")}'`;
  }
  if (style === "plain" && isPlain(value)) return value;
  return JSON.stringify(value).replace(/[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g, escapeUnit);
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Whether a text can stand without quotes anywhere, brackets and keys included. */
function isPlain(text: string): boolean {
  const shape = /^[A-Za-z_./~](?:[\w./@+~=%^$()\\-]|:(?=[\w./])| (?=[\w./(~]))*$/;
  if (!shape.test(text) || text.startsWith("...") || text.length > 500) return false;
  if (/^(?:y|n|yes|no|on|off)$/i.test(text)) return false;
  return resolvePlain(text) === text;
}

/** A value on one line: `{ a: 1, b: [x] }`. */
export function writeFlow(value: Json): string {
  if (typeof value !== "object" || value === null) return writeScalar(value, "plain");
  if (Array.isArray(value)) return `[${value.map(writeFlow).join(", ")}]`;
  const members = Object.entries(value);
  if (members.length === 0) return "{}";
  const parts = members.map(([key, item]) => `${writeScalar(key, "plain")}: ${writeFlow(item)}`);
  return `{ ${parts.join(", ")} }`;
}

/** How a block is laid out. */
export interface Layout {
  newline: string;
  /** One level. */
  unit: string;
}

/**
 * What follows a `:` or `-` in a block: ` value`, or line breaks and deeper lines.
 *
 * @param indent Of the line that the mark stands on.
 */
export function writeBelow(value: Json, indent: string, layout: Layout): string {
  if (typeof value !== "object" || value === null || Object.keys(value).length === 0) {
    return ` ${writeFlow(value)}`;
  }
  const deeper = indent + layout.unit;
  const lines = Array.isArray(value)
    ? value.map((item) => `${deeper}-${writeBehindDash(item, deeper, layout)}`)
    : Object.entries(value).map(([key, item]) => writeMember(key, item, deeper, layout));
  return layout.newline + lines.join(layout.newline);
}

/** `key: value` with its indent; a line break is not part of it. */
export function writeMember(key: string, value: Json, indent: string, layout: Layout): string {
  return `${indent}${writeScalar(key, "plain")}:${writeBelow(value, indent, layout)}`;
}

/** What follows a `-`: mappings start on its line, which is how lists of them are written. */
export function writeBehindDash(value: Json, indent: string, layout: Layout): string {
  const members = typeof value === "object" && value !== null && !Array.isArray(value);
  if (!members || Object.keys(value).length === 0) {
    return Array.isArray(value) ? ` ${writeFlow(value)}` : writeBelow(value, indent, layout);
  }
  const deeper = `${indent}  `;
  const lines = Object.entries(value).map(([key, item]) => writeMember(key, item, deeper, layout));
  return ` ${lines.join(layout.newline).trimStart()}`;
}
