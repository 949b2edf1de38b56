/**
 * Any YAML, through the full parser: errors with their places, and the nodes as offsets.
 */

import type { Alias, Document, Node, Pair, Scalar, YAMLMap, YAMLSeq } from "yaml";
import type { Json } from "./edits.ts";
import { lineColumnAt } from "./edits.ts";
import { ToolkitError } from "./errors.ts";
import {
  finite,
  type ScalarStyle,
  type YamlCollection,
  type YamlEntry,
  type YamlNode,
  type YamlScalar,
} from "./yaml-model.ts";

type Library = typeof import("yaml");

let library: Library | undefined;

/** The parser takes about 20 ms to load, so it is loaded only when a text needs it. */
function loadLibrary(): Library {
  // A require, since readers are synchronous; the bundler of the single executable sees it.
  library ??= require("yaml") as Library;
  return library;
}

/** An `invalid` error at an offset of a YAML text. */
export function yamlError(
  text: string,
  file: string,
  offset: number,
  detail: string,
): ToolkitError {
  const place = { file, ...lineColumnAt(text, offset) };
  return new ToolkitError("invalid", `Cannot read "${file}" as YAML: ${detail}`, {
    place,
    hint: `correct line ${place.line} of that file, then run again`,
  });
}

/**
 * The full parser's document. Its offsets do not count a byte order mark: left in, the mark moves
 * the first line one column to the right, and a list there is misread.
 *
 * @throws {ToolkitError} `invalid`, with its place, for anything but one faultless document.
 */
export function parseYamlDocument(text: string, file: string): Document.Parsed {
  const shift = markLength(text);
  const document = loadLibrary().parseDocument(text.slice(shift), {
    keepSourceTokens: true,
    prettyErrors: false,
    // "silent" would also pass over a second document.
    logLevel: "error",
    // Its check compares every key with every other; the reader below has a set for that.
    uniqueKeys: false,
  });
  const [error] = document.errors;
  if (error !== undefined) {
    throw yamlError(text, file, error.pos[0] + shift, plainMessage(error));
  }
  return document;
}

function markLength(text: string): number {
  return text.startsWith("\ufeff") ? 1 : 0;
}

function plainMessage(error: { code: string; message: string }): string {
  if (error.code === "MULTIPLE_DOCS") return "more than one document";
  if (error.code === "RESOURCE_EXHAUSTION") return "nested too deeply";
  return error.message.charAt(0).toLowerCase() + error.message.slice(1);
}

/** The root node of a YAML text, through the full parser; throws as {@link parseYamlDocument}. */
export function readFullYaml(text: string, file: string): YamlNode {
  const shift = markLength(text);
  const reader = new NodeReader(parseYamlDocument(text, file), text.slice(shift), file);
  const root = reader.readRoot();
  if (shift > 0) moveBy(root, shift, new Set());
  return root;
}

function moveBy(node: YamlNode, shift: number, moved: Set<YamlNode>): void {
  if (moved.has(node)) return;
  moved.add(node);
  node.start += shift;
  node.end += shift;
  if (node.kind === "alias") moveBy(node.target, shift, moved);
  if (node.kind === "scalar" || node.kind === "alias") return;
  for (const entry of node.entries) {
    entry.start += shift;
    if (entry.mark !== null) entry.mark += shift;
    if (entry.key !== undefined) moveBy(entry.key, shift, moved);
    moveBy(entry.value, shift, moved);
  }
}

/**
 * Makes our nodes of the parser's, in the order of the text; a node that aliases name is made once.
 */
class NodeReader {
  readonly #known = new Map<Node, YamlNode>();
  /** What each anchor stands for so far. The library would walk the document for every alias. */
  readonly #anchors = new Map<string, Node>();
  readonly #library = loadLibrary();

  constructor(
    readonly document: Document.Parsed,
    readonly text: string,
    readonly file: string,
  ) {}

  /** A document with nothing in it is a null scalar. */
  readRoot(): YamlNode {
    return this.#read(this.document.contents, this.text.length);
  }

  /** @param empty Where a node that is not written would stand. */
  #read(node: Node | null, empty: number): YamlNode {
    if (node === null) return nullAt(empty);
    const { isAlias, isMap, isScalar, isSeq } = this.#library;
    const known = this.#known.get(node);
    if (known !== undefined) return known;
    if (isAlias(node)) return this.#readAlias(node);
    this.#remember(node);
    if (isScalar(node)) return this.#keep(node, readScalar(node, empty));
    if (isMap(node)) return this.#readMap(node);
    if (isSeq(node)) return this.#readList(node);
    throw this.#error(empty, "a node of an unknown kind");
  }

  #remember(node: Node): void {
    if ("anchor" in node && node.anchor) this.#anchors.set(node.anchor, node);
  }

  #error(offset: number, detail: string): ToolkitError {
    return yamlError(this.text, this.file, offset, detail);
  }

  #keep<T extends YamlNode>(node: Node, made: T): T {
    if (isMarked(node)) made.marked = true;
    this.#known.set(node, made);
    return made;
  }

  #readAlias(node: Alias): YamlNode {
    const [start = 0, end = 0] = node.range ?? [];
    const target = this.#anchors.get(node.source);
    if (target === undefined) throw this.#error(start, "an alias of nothing");
    return this.#keep(node, { kind: "alias", start, end, target: this.#read(target, start) });
  }

  #readMap(node: YAMLMap): YamlNode {
    const made = this.#keep(node, collection("map", node));
    const names = new Set<string>();
    for (const pair of node.items as Pair<Node, Node | null>[]) {
      const entry = this.#readPair(pair);
      // 1 and "1" are two keys to YAML and one to everything that reads the result.
      if (names.has(entry.name)) throw this.#error(entry.start, "a key occurs twice");
      names.add(entry.name);
      made.entries.push(entry);
    }
    return close(made);
  }

  #readPair(pair: Pair<Node, Node | null>): YamlEntry {
    const { isAlias, isScalar } = this.#library;
    const start = pair.key.range?.[0] ?? 0;
    this.#remember(pair.key);
    const resolved = isAlias(pair.key) ? this.#anchors.get(pair.key.source) : pair.key;
    if (!isScalar(resolved)) throw this.#error(start, "a key that is a mapping or a list");
    const key = readScalar(resolved, start);
    if (isAlias(pair.key) || isMarked(resolved)) key.marked = true;
    if (pair.key.range) [key.start, key.end] = pair.key.range;
    const source = pair.srcToken;
    const colon = source?.sep?.findLast((token) => token.type === "map-value-ind");
    const mark = colon === undefined ? null : colon.offset + 1;
    const explicit = source?.start.some((token) => token.type === "explicit-key-ind") ?? false;
    const value = this.#read(pair.value, mark ?? key.end);
    if (isEmpty(value)) value.start = value.end = mark ?? key.end;
    return { start: key.start, mark, name: nameOf(resolved), key, explicit, value };
  }

  #readList(node: YAMLSeq): YamlNode {
    const made = this.#keep(node, collection("list", node));
    const source = node.srcToken;
    const dashes =
      source?.type === "block-seq"
        ? source.items.flatMap(({ start }) => start.filter(({ type }) => type === "seq-item-ind"))
        : [];
    for (const [index, item] of node.items.entries()) {
      const mark = made.flow ? null : (dashes[index]?.offset ?? 0) + 1;
      if (this.#library.isPair(item)) throw this.#error(made.start, "a list of pairs");
      const value = this.#read(item as Node | null, mark ?? made.start);
      if (isEmpty(value) && mark !== null) value.start = value.end = mark;
      const start = mark === null ? value.start : mark - 1;
      made.entries.push({ start, mark, name: String(index), explicit: false, value });
    }
    return close(made);
  }
}

function isMarked(node: Node): boolean {
  return Boolean(("anchor" in node && node.anchor) || ("tag" in node && node.tag));
}

function collection(kind: "map" | "list", node: YAMLMap | YAMLSeq): YamlCollection {
  const [start = 0, end = 0] = node.range ?? [];
  return { kind, flow: node.flow === true, start, end, entries: [] };
}

/** The parser lets a block end behind its comments and blank lines; here it ends with its content. */
function close(made: YamlCollection): YamlCollection {
  const last = made.entries.at(-1);
  if (!made.flow && last !== undefined) {
    made.end = Math.max(last.value.end, last.key?.end ?? 0, last.mark ?? 0);
  }
  return made;
}

function isEmpty(node: YamlNode): boolean {
  return node.kind === "scalar" && node.start === node.end;
}

function nullAt(offset: number): YamlScalar {
  return { kind: "scalar", style: "plain", start: offset, end: offset, value: null, source: "" };
}

const styles: Record<string, ScalarStyle> = {
  QUOTE_SINGLE: "single",
  QUOTE_DOUBLE: "double",
  BLOCK_LITERAL: "block",
  BLOCK_FOLDED: "block",
};

function readScalar(node: Scalar, empty: number): YamlScalar {
  const [start = empty, end = empty] = node.range ?? [];
  const source = typeof node.value === "string" ? node.value : (node.source ?? "");
  const style = styles[node.type ?? ""] ?? "plain";
  return { kind: "scalar", style, start, end, value: jsonOf(node.value, source), source };
}

function jsonOf(value: unknown, source: string): Json {
  if (typeof value === "number") return finite(value, source);
  if (typeof value === "string" || typeof value === "boolean" || value === null) return value;
  // Dates and the like, which only other schemas make.
  return source;
}

/** A key as everything that reads the result sees it. */
function nameOf(key: Scalar): string {
  return key.value === null ? "" : String(jsonOf(key.value, key.source ?? ""));
}
