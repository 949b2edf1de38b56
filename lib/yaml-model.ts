/**
 * YAML as offsets: what the readers make of a text and what patching works on.
 *
 * Offsets are UTF-16 units into the whole text, a byte order mark included.
 */

import type { Json } from "./edits.ts";

/** How a scalar is written. */
export type ScalarStyle = "plain" | "single" | "double" | "block";

interface Span {
  start: number;
  /** Behind the last character; of a block scalar behind its last line break. */
  end: number;
  /** Set when the node has an anchor or a tag: its text means more than it says. */
  marked?: boolean;
}

export interface YamlScalar extends Span {
  kind: "scalar";
  style: ScalarStyle;
  value: Json;
  /** The text as written, unquoted; of `7e3` that is `7e3`, while its value is a number. */
  source: string;
}

export interface YamlAlias extends Span {
  kind: "alias";
  /** The node it stands for. */
  target: YamlNode;
}

export interface YamlCollection extends Span {
  kind: "map" | "list";
  /** In brackets, rather than by indentation. */
  flow: boolean;
  entries: YamlEntry[];
}

export type YamlNode = YamlScalar | YamlAlias | YamlCollection;

/** A member of a mapping or an item of a list. */
export interface YamlEntry {
  /** Where its key or its dash starts; of an item in brackets where its value does. */
  start: number;
  /** Behind its `:` or `-`; null where there is none, as in `[a]` and `{a}`. */
  mark: number | null;
  /** The key as text; of items the index. */
  name: string;
  /** Absent for items. */
  key?: YamlScalar;
  /** Written with `?`. */
  explicit: boolean;
  value: YamlNode;
}

/** More nodes than this are not made from aliases: far beyond a config, far below a bomb. */
const maxAliasedNodes = 100_000;

/** No config is nested as deeply; what goes on from here may recurse without a look at its stack. */
const maxDepth = 200;

/** Thrown by {@link yamlValue}; the offset is where the alias, or what is too deep, stands. */
export class ValueFault extends Error {
  constructor(
    readonly offset: number,
    message: string,
  ) {
    super(message);
  }
}

/**
 * The value of a node; nothing in it is shared, whatever the aliases. Numbers that JSON does not
 * have (`.inf`, `7e3456789012`) stay text.
 *
 * @throws {ValueFault} for an alias inside itself, for aliases that multiply, and for what is
 *   nested deeper than 200 levels.
 */
export function yamlValue(root: YamlNode): Json {
  const open = new Set<YamlNode>();
  let aliased = 0;
  const convert = (node: YamlNode, within: YamlAlias | null): Json => {
    if (within !== null && ++aliased > maxAliasedNodes) {
      throw new ValueFault(within.start, "aliases multiply too far");
    }
    if (node.kind === "scalar") return node.value;
    const at = within?.start ?? node.start;
    if (open.has(node)) throw new ValueFault(at, "an alias of itself");
    if (open.size === maxDepth) throw new ValueFault(at, "nested too deeply");
    open.add(node);
    const value = node.kind === "alias" ? convert(node.target, within ?? node) : collect(node);
    open.delete(node);
    return value;

    function collect(collection: YamlCollection): Json {
      if (collection.kind === "list") {
        return collection.entries.map((entry) => convert(entry.value, within));
      }
      const object: { [key: string]: Json } = {};
      for (const { name, value: child } of collection.entries) {
        const item = convert(child, within);
        if (name === "__proto__") {
          const own = { value: item, enumerable: true, writable: true, configurable: true };
          Object.defineProperty(object, name, own);
        } else {
          object[name] = item;
        }
      }
      return object;
    }
  };
  return convert(root, null);
}

/** What lies at some keys, and what lies before it. */
export interface YamlPath {
  /** The collections on the way, the root first, each with the entry that was taken. */
  steps: { parent: YamlCollection; entry: YamlEntry }[];
  /** The last node that was reached. */
  node: YamlNode;
  /** The keys that lead nowhere; none when `node` is the field itself. */
  rest: readonly string[];
}

/** Follows keys through a text; an alias is not followed. */
export function walkYaml(root: YamlNode, keys: readonly string[]): YamlPath {
  const steps: YamlPath["steps"] = [];
  let node = root;
  for (const [depth, key] of keys.entries()) {
    const parent = node;
    const entry =
      parent.kind === "map" || parent.kind === "list"
        ? parent.entries.find(({ name }) => name === key)
        : undefined;
    if (entry === undefined || parent.kind === "scalar" || parent.kind === "alias") {
      return { steps, node, rest: keys.slice(depth) };
    }
    steps.push({ parent, entry });
    node = entry.value;
  }
  return { steps, node, rest: [] };
}

/** The value of an unquoted scalar: YAML 1.2's core schema. */
export function resolvePlain(text: string): Json {
  const first = text.charCodeAt(0);
  // Words and paths, the most frequent by far.
  if (first === 0x2f || (first > 0x40 && !/^[nNtTfF]/.test(text))) {
    return text === "~" ? null : text;
  }
  if (/^(?:null|Null|NULL|~|)$/.test(text)) return null;
  if (/^(?:true|True|TRUE|false|False|FALSE)$/.test(text)) return /^t/i.test(text);
  if (/^[-+]?\d+$/.test(text)) return finite(Number.parseInt(text, 10), text);
  if (/^0o[0-7]+$/.test(text)) return finite(Number.parseInt(text.slice(2), 8), text);
  if (/^0x[\da-fA-F]+$/.test(text)) return finite(Number.parseInt(text.slice(2), 16), text);
  if (/^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/.test(text)) {
    return finite(Number.parseFloat(text), text);
  }
  return text;
}

/** A number that JSON has, or else the text. */
export function finite(value: number, text: string): Json {
  return Number.isFinite(value) ? value : text;
}
