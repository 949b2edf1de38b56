/**
 * A quick reader for plain YAML: nested mappings and lists by indentation, scalars and brackets on
 * one line, comments, in printable ASCII. That is how AO writes its registry and how nearly everybody edits
 * it, and it spares loading and running the full parser on every scan.
 *
 * Whatever is not surely of that kind, errors included, gives null: then the full parser decides.
 */

import type { Json } from "./edits.ts";
import {
  resolvePlain,
  type ScalarStyle,
  type YamlCollection,
  type YamlEntry,
  type YamlNode,
  type YamlScalar,
} from "./yaml-model.ts";

/** A line that holds more than blanks and a comment. */
interface Line {
  /** Columns before the content, and the offsets of the content. */
  indent: number;
  start: number;
  end: number;
}

interface Reader {
  text: string;
  lines: Line[];
  /** Index of the line to read next. */
  at: number;
}

const maxDepth = 50;

/** The root node of a plain text, or null when the text is not plain. */
export function readPlainYaml(text: string): YamlNode | null {
  const offset = text.startsWith("\ufeff") ? 1 : 0;
  const body = offset === 0 ? text : text.slice(1);
  if (/[^\r\n\x20-\x7e]|\r(?!\n)/.test(body)) return null;
  const reader: Reader = { text, lines: linesOf(text, offset), at: 0 };
  const [first] = reader.lines;
  if (first === undefined || first.indent !== 0) return null;
  const root = readBlock(reader, maxDepth);
  return reader.at === reader.lines.length ? root : null;
}

function linesOf(text: string, offset: number): Line[] {
  const lines: Line[] = [];
  for (let from = offset; from < text.length; ) {
    const lineBreak = text.indexOf("\n", from);
    const next = lineBreak === -1 ? text.length : lineBreak;
    let start = from;
    while (start < next && text.charCodeAt(start) === 0x20) start++;
    let end = next;
    while (end > start && text.charCodeAt(end - 1) <= 0x20) end--;
    if (start < end && text.charCodeAt(start) !== 0x23) {
      lines.push({ indent: start - from, start, end });
    }
    from = next + 1;
  }
  return lines;
}

function isItem(reader: Reader, line: Line): boolean {
  return reader.text.charCodeAt(line.start) === 0x2d && reader.text.startsWith("- ", line.start);
}

/** The mapping or list that starts on the line to read next. */
function readBlock(reader: Reader, depth: number): YamlCollection | null {
  const line = reader.lines[reader.at];
  if (line === undefined || depth === 0) return null;
  const list = isItem(reader, line);
  const entries: YamlEntry[] = [];
  const names = new Set<string>();
  for (let next: Line | undefined = line; next !== undefined; next = reader.lines[reader.at]) {
    if (next.indent < line.indent) break;
    // A list may stand in its mapping's own column; the mapping goes on behind it.
    if (list && next.indent === line.indent && !isItem(reader, next)) break;
    if (next.indent !== line.indent || isItem(reader, next) !== list) return null;
    const entry = list
      ? readItem(reader, next, entries.length, depth)
      : readMember(reader, next, depth);
    if (entry === null || names.has(entry.name)) return null;
    names.add(entry.name);
    entries.push(entry);
  }
  const end = entries.at(-1)?.value.end ?? line.end;
  return { kind: list ? "list" : "map", flow: false, start: line.start, end, entries };
}

function readItem(reader: Reader, line: Line, index: number, depth: number): YamlEntry | null {
  let start = line.start + 2;
  while (reader.text.charCodeAt(start) === 0x20) start++;
  const entry = { start: line.start, mark: line.start + 1, name: String(index), explicit: false };
  if (readKey(reader.text, start, line.end) !== null) {
    // A mapping that starts behind the dash: its first line is this one, from there on.
    reader.lines[reader.at] = { indent: line.indent + start - line.start, start, end: line.end };
    const value = readBlock(reader, depth - 1);
    return value === null ? null : { ...entry, value };
  }
  const value = readScalar(reader, start, line);
  return value === null ? null : { ...entry, value };
}

function readMember(reader: Reader, line: Line, depth: number): YamlEntry | null {
  const { text } = reader;
  const key = readKey(text, line.start, line.end);
  if (key === null) return null;
  const mark = key.end + 1;
  let start = mark;
  while (start < line.end && text.charCodeAt(start) === 0x20) start++;
  const empty = start === line.end || text.charCodeAt(start) === 0x23;
  const value = empty ? readBelow(reader, line, mark, depth) : readScalar(reader, start, line);
  if (value === null) return null;
  return { start: key.start, mark, name: key.source, key, explicit: false, value };
}

/** The value of a member whose own line has none. */
function readBelow(reader: Reader, line: Line, mark: number, depth: number): YamlNode | null {
  reader.at++;
  const next = reader.lines[reader.at];
  if (next !== undefined) {
    const deeper = next.indent > line.indent;
    if (deeper || (next.indent === line.indent && isItem(reader, next))) {
      return readBlock(reader, depth - 1);
    }
  }
  return scalar("plain", mark, mark, null, "");
}

const plainKey = /([A-Za-z0-9_][A-Za-z0-9_./-]*):(?= |$)/y;
const doubleKey = /"([^"\\\n]*)":(?= |$)/y;
const singleKey = /'([^'\n]*)':(?= |$)/y;

function readKey(text: string, start: number, lineEnd: number): YamlScalar | null {
  const quote = text.charAt(start);
  const style: ScalarStyle = quote === '"' ? "double" : quote === "'" ? "single" : "plain";
  const pattern = { double: doubleKey, single: singleKey, plain: plainKey, block: plainKey }[style];
  // `$` is the end of the line, not of the text.
  const line = text.slice(start, lineEnd);
  pattern.lastIndex = 0;
  const match = pattern.exec(line);
  const source = match?.[1];
  if (match === null || source === undefined || match[0].length > 1000) return null;
  if (style === "plain" && resolvePlain(source) !== source) return null;
  return scalar(style, start, start + match[0].length - 1, source, source);
}

/** A scalar, or a list or mapping in brackets, that ends with its line. */
function readScalar(reader: Reader, start: number, line: Line): YamlNode | null {
  const rest = reader.text.slice(start, line.end);
  reader.at++;
  const next = reader.lines[reader.at];
  // A deeper line would continue the scalar.
  if (next !== undefined && next.indent > line.indent) return null;
  const quoted = /^(?:"([^"\\]*)"|'([^']*)')(?= +#|$)/.exec(rest);
  if (quoted !== null) {
    const [whole, double, single] = quoted;
    const value = double ?? single ?? "";
    const style = double === undefined ? "single" : "double";
    return scalar(style, start, start + whole.length, value, value);
  }
  if (rest.startsWith("[") || rest.startsWith("{")) {
    const node = readFlow(rest, 0, start, 4);
    const after = node === null ? "" : rest.slice(node.end - start);
    return node !== null && /^(?: +#.*)?$/.test(after) ? node : null;
  }
  const comment = rest.search(/ #/);
  const source = (comment === -1 ? rest : rest.slice(0, comment)).trimEnd();
  const plain = /^(?:[A-Za-z0-9_./~+]|-[A-Za-z0-9._])/.test(source) && !/:(?: |$)/.test(source);
  if (!plain) return null;
  return scalar("plain", start, start + source.length, resolvePlain(source), source);
}

const flowScalar = /"([^"\\]*)"|'([^']*)'|([A-Za-z0-9_/](?:[\w./-]|:(?=[\w./-]))*)/y;
const flowKey = /(?:"([^"\\]*)"|'([^']*)'|([A-Za-z0-9_/][\w./-]*)):(?= )/y;

/**
 * A list or mapping in brackets, all on one line: `[a, b]`, `{ a: 1, b: [c] }`.
 *
 * @param base Offset of the line's text in the whole.
 */
function readFlow(line: string, from: number, base: number, depth: number): YamlCollection | null {
  const named = line.charAt(from) === "{";
  const entries: YamlEntry[] = [];
  const names = new Set<string>();
  const node = { kind: named ? ("map" as const) : ("list" as const), flow: true, entries };
  const close = named ? "}" : "]";
  let at = skipBlanks(line, from + 1);
  if (line.charAt(at) === close) return { ...node, start: base + from, end: base + at + 1 };
  for (;;) {
    const key = named ? readFlowScalar(line, at, base, flowKey) : undefined;
    const valueAt = key ? skipBlanks(line, key.end - base + 1) : at;
    const nested = /[[{]/.test(line.charAt(valueAt)) && depth > 0;
    const value = nested
      ? readFlow(line, valueAt, base, depth - 1)
      : readFlowScalar(line, valueAt, base, flowScalar);
    if (key === null || value === null) return null;
    const name = key?.source ?? String(entries.length);
    if (names.has(name)) return null;
    names.add(name);
    const mark = key ? key.end + 1 : null;
    const start = key ? key.start : value.start;
    entries.push({ start, mark, name, ...(key && { key }), explicit: false, value });
    at = skipBlanks(line, value.end - base);
    if (line.charAt(at) === close) return { ...node, start: base + from, end: base + at + 1 };
    if (line.charAt(at) !== ",") return null;
    at = skipBlanks(line, at + 1);
  }
}

function skipBlanks(line: string, from: number): number {
  let at = from;
  while (line.charCodeAt(at) === 0x20) at++;
  return at;
}

function readFlowScalar(
  line: string,
  at: number,
  base: number,
  pattern: RegExp,
): YamlScalar | null {
  pattern.lastIndex = at;
  const match = pattern.exec(line);
  if (match === null) return null;
  const [whole, double, single, plain = ""] = match;
  const length = whole.length - (pattern === flowKey ? 1 : 0);
  const source = double ?? single ?? plain;
  const style = double !== undefined ? "double" : single !== undefined ? "single" : "plain";
  // Behind a scalar comes a mark; anything else would belong to it.
  if (pattern === flowScalar && !/^ *[,\]}]/.test(line.slice(at + length))) return null;
  const value = style === "plain" ? resolvePlain(source) : source;
  if (pattern === flowKey && value !== source) return null;
  return scalar(style, base + at, base + at + length, value, source);
}

function scalar(
  style: ScalarStyle,
  start: number,
  end: number,
  value: Json,
  source: string,
): YamlScalar {
  return { kind: "scalar", style, start, end, value, source };
}
