/** Values as JSON and YAML text, in every way that readers have to take. */

import type { Json } from "../../lib/edits.ts";
import { names } from "./hostile.ts";
import type { Random } from "./random.ts";

const blanks = ["", "", "", " ", "\n", "\t", "\r\n", "  "];

/** JSON with odd spacing, escapes where none are needed, and now and then a key twice. */
export function jsonText(random: Random, value: Json): string {
  if (random.chance(0.4)) return `${JSON.stringify(value, null, random.pick([0, 2, "\t"]))}\n`;
  const odd = random.chance(0.3);
  const blank = () => (odd ? random.pick(blanks) : "");
  const text = (string: string) => {
    const plain = JSON.stringify(string);
    if (!odd || random.chance(0.7)) return plain;
    return `"${[...string.slice(0, 200)].map(escaped).join("")}${plain.slice(-1)}`;
  };
  const write = (item: Json, depth: number): string => {
    if (typeof item === "string") return text(item);
    if (typeof item !== "object" || item === null) return numberText(random, odd, item);
    if (Array.isArray(item)) {
      return `[${item.map((each) => blank() + write(each, depth + 1) + blank()).join(",") || blank()}]`;
    }
    const members = Object.entries(item).map(
      ([key, each]) =>
        `${blank()}${text(key)}${blank()}:${blank()}${write(each, depth + 1)}${blank()}`,
    );
    if (odd && depth < 4 && members.length > 0 && random.chance(0.1))
      members.push(random.pick(members));
    return `{${members.join(",") || blank()}}`;
  };
  return blank() + write(value, 0) + blank();
}

function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, at) => {
    return `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`;
  }).join("");
}

function numberText(random: Random, odd: boolean, value: null | boolean | number): string {
  if (typeof value !== "number" || !odd) return JSON.stringify(value);
  return random.pick([JSON.stringify(value), `${value}e0`, `-${Math.abs(value)}.0`, "1E400"]);
}

interface Style {
  random: Random;
  newline: string;
  /** Blocks that were given an anchor, by what they hold. */
  anchors: Map<string, string>;
  /** Anchors, aliases, tags and merge keys are used. */
  fancy: boolean;
}

/** YAML in blocks and brackets, all quotings, comments, anchors, tags and merge keys. */
export function yamlText(random: Random, value: Json): string {
  const style: Style = {
    random,
    newline: random.pick(["\n", "\n", "\n", "\r\n"]),
    anchors: new Map(),
    fancy: random.chance(0.25),
  };
  const start = random.pick(["", "", "", "", "\ufeff", "---\n", "# comment\n", "%YAML 1.2\n---\n"]);
  const end = random.pick(["", "", "", "\n", "...\n", "# end\n"]);
  const body = behind(style, value, 0).replace(/^ /, "").replace(/^\n/, "");
  return (start + body + end).replaceAll("\n", style.newline);
}

/** What follows a key or dash: on its line, or on lines below it; ends with a line break. */
function behind(style: Style, value: Json, depth: number): string {
  const { random } = style;
  const container = typeof value === "object" && value !== null;
  if (!container || Object.keys(value).length === 0 || depth > 12 || random.chance(0.12)) {
    return ` ${flow(style, value)}${random.chance(0.08) ? " # note" : ""}\n`;
  }
  const mark = style.fancy ? anchorOf(style, value) : "";
  if (mark.startsWith("*")) return ` ${mark}\n`;
  const indent = " ".repeat(depth * 2);
  const lines = Array.isArray(value)
    ? value.map((item) => `${indent}-${behind(style, item, depth + 1)}`)
    : Object.entries(value).map(
        ([key, item]) => `${indent}${keyText(style, key)}:${behind(style, item, depth + 1)}`,
      );
  if (random.chance(0.1)) lines.splice(random.int(lines.length), 0, `${indent}# comment\n`);
  if (random.chance(0.05)) lines.splice(random.int(lines.length), 0, "\n");
  if (random.chance(0.01)) lines.push(random.pick(lines));
  return `${mark === "" ? "" : ` ${mark}`}\n${lines.join("")}`;
}

/** `&name` the first time a value is met, `*name` when it is met again. */
function anchorOf({ anchors, random }: Style, value: Json): string {
  const key = JSON.stringify(value);
  const known = anchors.get(key);
  if (known !== undefined) return `*${known}`;
  if (random.chance(0.2)) return random.pick(["!!map", "!x", "!<tag:x>", "!!set", ""]);
  if (!random.chance(0.3)) return "";
  const name = `a${anchors.size}`;
  anchors.set(key, name);
  return `&${name}`;
}

function keyText(style: Style, key: string): string {
  const { random, fancy } = style;
  if (fancy && random.chance(0.05)) return random.pick(["<<", "? a\n", ...names.slice(0, 6)]);
  return scalar(style, key, true);
}

function flow(style: Style, value: Json): string {
  const { random } = style;
  if (typeof value !== "object" || value === null) return scalar(style, value, false);
  const gap = random.pick(["", " "]);
  if (Array.isArray(value)) {
    return `[${gap}${value.map((item) => flow(style, item)).join(`,${gap}`)}${gap}]`;
  }
  const members = Object.entries(value).map(
    ([key, item]) => `${scalar(style, key, true)}: ${flow(style, item)}`,
  );
  return `{${gap}${members.join(`,${gap}`)}${gap}}`;
}

function scalar(
  { random, fancy }: Style,
  value: null | boolean | number | string,
  isKey: boolean,
): string {
  if (typeof value !== "string") {
    return random.pick([JSON.stringify(value), String(value), value === null ? "~" : `${value}`]);
  }
  const tag = fancy && random.chance(0.05) ? random.pick(["!!str ", "!!int ", "!x ", "&s "]) : "";
  const plain = /^[A-Za-z_./~][\w./@+~=-]*$/.test(value);
  const style = random.int(plain ? 6 : 3);
  if (style === 1 && !/[\n\r]/.test(value)) return `${tag}'${value.replaceAll("'", "''")}'`;
  // Now and then what needs quotes goes without.
  if (style === 2 && !isKey && random.chance(0.1)) return `${tag}${value.replaceAll("\n", " ")}`;
  return tag + (style < 3 ? JSON.stringify(value) : value);
}
