/** Takes valid documents apart at three levels: values, tokens and bytes. */

import type { Json } from "../../lib/edits.ts";
import { garbage, hostileBytes, hostileText, hostileValue, objectOf } from "./hostile.ts";
import type { Random } from "./random.ts";

/** How a document becomes bytes: a valid value, and the ways to write it. */
export interface Form {
  value(random: Random): Json;
  write(random: Random, value: Json): string;
}

/**
 * One input of a form: valid, changed in its structure, its tokens or its bytes, or no document
 * at all.
 */
export function inputOf(random: Random, form: Form): Uint8Array {
  const written = (changed: boolean) => {
    const value = form.value(random);
    return form.write(random, changed ? changedValue(random, value) : value);
  };
  return random.oneOf<Uint8Array>([
    [3, () => Buffer.from(written(false))],
    [5, () => Buffer.from(written(true))],
    [4, () => Buffer.from(changedTokens(random, written(random.chance(0.3))))],
    [4, () => changedBytes(random, Buffer.from(written(random.chance(0.3))))],
    [1, () => garbage(random)],
  ]);
}

/** Ways into a value; each ends at something that can be replaced. */
function placesIn(value: Json, path: string[] = [], found: string[][] = [[]]): string[][] {
  if (typeof value !== "object" || value === null || path.length > 8) return found;
  for (const key of Object.keys(value)) {
    const here = [...path, key];
    found.push(here);
    placesIn((value as { [key: string]: Json })[key] ?? null, here, found);
  }
  return found;
}

/** A copy of the value with one to three changes in its structure. */
export function changedValue(random: Random, value: Json): Json {
  let changed = value;
  for (let count = random.pick([1, 1, 1, 2, 3]); count > 0; count -= 1) {
    changed = changeAt(random, changed, random.pick(placesIn(changed)));
  }
  return changed;
}

function changeAt(random: Random, value: Json, path: readonly string[]): Json {
  const [key, ...rest] = path;
  if (key === undefined) return replacement(random, value);
  if (Array.isArray(value)) {
    const index = Number(key);
    const item = value[index] ?? null;
    if (rest.length > 0) return value.with(index, changeAt(random, item, rest));
    return random.oneOf<Json>([
      [3, () => value.with(index, replacement(random, item))],
      [1, () => value.toSpliced(index, 1)],
      [1, () => value.toSpliced(index, 0, item)],
      [1, () => value.toReversed()],
    ]);
  }
  const entries = Object.entries(value as { [key: string]: Json });
  const index = entries.findIndex(([name]) => name === key);
  const item = entries[index]?.[1] ?? null;
  if (rest.length > 0) {
    return objectOf(entries.with(index, [key, changeAt(random, item, rest)]));
  }
  return objectOf(
    random.oneOf<[string, Json][]>([
      [6, () => entries.with(index, [key, replacement(random, item)])],
      [2, () => entries.toSpliced(index, 1)],
      [1, () => entries.with(index, [hostileText(random), item])],
      [1, () => [...entries, [hostileText(random), hostileValue(random)]]],
    ]),
  );
}

function replacement(random: Random, value: Json): Json {
  return random.oneOf<Json>([
    [6, () => hostileValue(random)],
    [1, () => [value]],
    [1, () => ({ value })],
    [1, () => (typeof value === "string" ? value + hostileText(random) : JSON.stringify(value))],
    [1, () => (typeof value === "string" ? value.slice(random.int(value.length)) : null)],
  ]);
}

/** The text with one to four tokens deleted, doubled, swapped or replaced. */
export function changedTokens(random: Random, text: string): string {
  const tokens = text.match(/"(?:\\.|[^"\\])*"|[\w.+-]+|[ \t]+|\r?\n|./gsu) ?? [];
  for (let count = random.pick([1, 1, 2, 4]); count > 0 && tokens.length > 0; count -= 1) {
    const at = random.int(tokens.length);
    const token = tokens[at] ?? "";
    const other = random.int(tokens.length);
    random.oneOf<unknown>([
      [2, () => tokens.splice(at, 1)],
      [2, () => tokens.splice(at, 0, token)],
      [2, () => ([tokens[at], tokens[other]] = [tokens[other] ?? "", token])],
      [1, () => tokens.splice(at, 1 + random.int(10))],
      [2, () => tokens.splice(other, 0, ...tokens.slice(at, at + random.int(20)))],
      [3, () => (tokens[at] = wordLike(random, token))],
      [2, () => tokens.splice(at, 0, random.pick(marks))],
    ]);
  }
  return tokens.join("");
}

const marks = [
  ..."{}[]()<>,:;\"'`\\/|&*!%@#?-=~^",
  "\n",
  "\n  ",
  "\t",
  ": ",
  "- ",
  " #",
  "---\n",
  "...\n",
  "&a ",
  "*a",
  "<<: ",
  "!!str ",
  "!!binary ",
  "!x ",
  "? ",
  "|\n",
  ">-\n",
  "\\u0000",
  "\\ud800",
  "1e999",
  "0x",
  "\0",
  "\ufeff",
];

/** A hostile token in the quotes of the one that it replaces. */
function wordLike(random: Random, token: string): string {
  const text = hostileText(random);
  return token.startsWith('"') ? JSON.stringify(text) : text;
}

/** The bytes with one to four changes that know nothing of their meaning. */
export function changedBytes(random: Random, bytes: Uint8Array): Uint8Array {
  let changed: Buffer = Buffer.from(bytes);
  for (let count = random.pick([1, 1, 2, 4]); count > 0; count -= 1) {
    const at = random.int(changed.length + 1);
    const to = Math.min(changed.length, at + 1 + random.int(random.pick([2, 8, 200])));
    const [before, middle, after] = [
      changed.subarray(0, at),
      changed.subarray(at, to),
      changed.subarray(to),
    ];
    const flipped = middle.map((byte, index) => (index === 0 ? byte ^ (1 << random.int(8)) : byte));
    changed = random.oneOf<Buffer>([
      [3, () => Buffer.concat([before, flipped, after])],
      [2, () => Buffer.concat([before, after])],
      [1, () => Buffer.concat([before, middle, middle, after])],
      [3, () => Buffer.concat([before, hostileBytes(random), middle, after])],
      [1, () => Buffer.from(before)],
      [1, () => Buffer.from(after)],
      [1, () => Buffer.from(changed.toString("latin1").replaceAll("\n", "\r\n"), "latin1")],
      [1, () => Buffer.concat([Buffer.from("\ufeff"), changed])],
    ]);
  }
  return changed;
}
