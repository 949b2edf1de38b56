/** What an attacker, an editor or a dying disk would put into a file: texts, keys, whole files. */

import type { Json } from "../../lib/edits.ts";
import type { Random } from "./random.ts";

/** Escapes that a terminal obeys, and characters that hide or reorder what is read. */
export const terminalTexts = [
  "\x1b[2J\x1b[H",
  "\x1b]0;title\x07",
  "\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\",
  "\x9b31mred",
  "a\rb",
  "a\bb\x7f",
  "\u202egpj.exe",
  "\u2066left\u2069",
  "zero\u200bwidth",
  "line\u2028break\u2029",
  "\u{e0041}\u{e0042}",
  "\ufeffmark",
];

/** Names that are something else than they seem, as ids, keys and paths. */
export const names = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "valueOf",
  "__defineGetter__",
  "",
  " ",
  ".",
  "..",
  "../../outside",
  "../outside/canary",
  "/",
  "//",
  "/nonexistent/passwd",
  "/nonexistent/null",
  "/proc/self/mem",
  "a/b",
  "a\\b",
  "a\0b",
  "-rf",
  "--help",
  "~",
  "~/x",
  "~root/x",
  "$HOME",
  "$(touch pwned)",
  "`touch pwned`",
  "x;touch pwned",
  "%s%n",
  "CON",
  "a".repeat(300),
  "é".normalize("NFD"),
  "\ud800",
  "a\udfffb",
  "😀",
  "null",
  "true",
  "7e3",
  "0x10",
  "0o17",
  "1_000",
  "yes",
  "<<",
  "*a",
  "&a",
  "!!js/function",
  "2026-01-01",
  "a: b",
  "a #b",
  "- a",
  "? a",
  "{a",
  "[a",
  "'",
  '"',
  "\\",
  "|",
  ">",
  "%",
  "@",
  "=",
  "a=b",
  "#a",
  "a\nb",
  "a\r\nb",
  "a\tb",
  "int-1",
  "int-orchestrator",
  "int-99999999999999999999",
  "int--1",
  "-1",
];

const numbers = [
  0,
  -0,
  1,
  -1,
  1.5,
  1e21,
  -1e300,
  5e-324,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  2 ** 63,
  Number.MAX_VALUE,
  10_001,
];

/** Paths that lead out of where they should stay; `outside` is a directory that must not change. */
export function hostilePath(random: Random, outside: string): string {
  const up = "../".repeat(1 + random.int(8));
  return random.oneOf<string>([
    [3, () => `${outside}/canary`],
    [3, () => `${outside}/new-${random.int(100)}`],
    [1, () => outside],
    [1, () => `${outside}/`],
    [1, () => `${outside}/../outside/canary`],
    [1, () => `/${up}${outside.slice(1)}/canary`],
    [1, () => `${up}${outside.slice(1)}/canary`],
    [2, () => random.pick(names)],
    [1, () => `/proc/self/cwd${outside}/canary`],
    [1, () => `${outside}/${"deep/".repeat(1 + random.int(300))}x`],
  ]);
}

/** A text that something might stumble over. */
export function hostileText(random: Random): string {
  return random.oneOf<string>([
    [5, () => random.pick(names)],
    [3, () => random.pick(terminalTexts)],
    [1, () => `${random.pick(names)}${random.pick(terminalTexts)}${random.pick(names)}`],
    [1, () => random.pick(["x", "\x1b[1m", "/", "é", "\\"]).repeat(random.int(5000))],
    [1, () => unicode(random, random.int(12))],
    [1, () => JSON.stringify(random.pick(names))],
  ]);
}

/** Any UTF-16 units at all, lone surrogates included. */
export function unicode(random: Random, length: number): string {
  const ranges = [0x20, 0x80, 0x300, 0x2100, 0xe000, 0x10000] as const;
  return random.times(length, () => String.fromCharCode(random.int(random.pick(ranges)))).join("");
}

/** A value of any type where another was expected. */
export function hostileValue(random: Random, depth = 0): Json {
  return random.oneOf<Json>([
    [6, () => hostileText(random)],
    [2, () => random.pick(numbers)],
    [1, () => random.pick([null, true, false])],
    [1, () => random.pick<Json>([[], {}, [[]], [{}], { "": null }])],
    [depth > 2 ? 0 : 1, () => random.times(random.int(4), () => hostileValue(random, depth + 1))],
    [
      depth > 2 ? 0 : 1,
      () =>
        objectOf(
          random.times(random.int(4), () => [random.pick(names), hostileValue(random, depth + 1)]),
        ),
    ],
    [0.2, () => nested(random.pick([50, 99, 101, 2000]), random.chance(0.5))],
  ]);
}

/** An object with keys of its own, `__proto__` included. */
export function objectOf(entries: readonly (readonly [string, Json])[]): { [key: string]: Json } {
  const object: { [key: string]: Json } = {};
  for (const [key, value] of entries) {
    Object.defineProperty(object, key, {
      ...{ value, enumerable: true, writable: true, configurable: true },
    });
  }
  return object;
}

function nested(levels: number, lists: boolean): Json {
  let value: Json = 1;
  for (let level = 0; level < levels; level += 1) value = lists ? [value] : { a: value };
  return value;
}

const invalidUtf8 = [
  [0xff],
  [0xc0, 0xaf],
  [0xe2, 0x28, 0xa1],
  [0xed, 0xa0, 0x80],
  [0xf4, 0x90, 0x80, 0x80],
  [0x80],
  [0xc3],
];

/** A few bytes to put anywhere. */
export function hostileBytes(random: Random): Uint8Array {
  return random.oneOf<Uint8Array>([
    [2, () => Uint8Array.from(random.pick(invalidUtf8))],
    [1, () => new Uint8Array(1 + random.int(16))],
    [1, () => Buffer.from(random.pick(["\ufeff", "\r\n", "\r", "\n\n", "\t", "\u0085", "\v"]))],
    [3, () => Buffer.from(hostileText(random))],
    [1, () => Uint8Array.from(random.times(1 + random.int(8), () => random.int(256)))],
  ]);
}

const bomb = (levels: number, width: number): string =>
  Array.from({ length: levels }, (_, level) => {
    const item = level === 0 ? "lol" : `*a${level - 1}`;
    return `a${level}: &a${level} [${Array(width).fill(item).join(", ")}]`;
  }).join("\n");

/** Whole files that are no document of anything. */
export function garbage(random: Random): Uint8Array {
  const deep = random.pick([10, 200, 5000, 100_000]);
  const made = random.oneOf<Uint8Array | string>([
    [3, () => Uint8Array.from(random.times(random.int(200), () => random.int(256)))],
    [2, () => unicode(random, random.int(200))],
    [1, () => ""],
    [1, () => " \n\t\r\n"],
    [1, () => "\ufeff"],
    [1, () => new Uint8Array(random.pick([1, 10, 4096, 100_000]))],
    [1, () => "[".repeat(deep)],
    [1, () => `${"[".repeat(deep)}${"]".repeat(deep)}`],
    [1, () => '{"a":'.repeat(deep)],
    [1, () => `${'{"a":'.repeat(deep)}1${"}".repeat(deep)}`],
    [1, () => `${"- ".repeat(Math.min(deep, 2000))}a`],
    [1, () => random.times(Math.min(deep, 200), (at) => `${" ".repeat(at)}a:`).join("\n")],
    [1, () => bomb(random.pick([3, 9, 30]), random.pick([2, 9]))],
    [1, () => "a: &a [*a]"],
    [1, () => "a: *missing"],
    [1, () => "a: &a\n  <<: *a\n"],
    [1, () => "x: &x {a: 1}\ny:\n  <<: [*x, *x]\n  a: 2\n"],
    [1, () => '!!js/function "function(){}"'],
    [1, () => "!!binary |\n  R0lGODlh\n"],
    [1, () => "a: 1\n---\nb: 2\n"],
    [1, () => "%YAML 9.9\n---\na: 1\n"],
    [1, () => "a: 1\na: 2\n"],
    [1, () => '{"a":1,"a":2}'],
    [1, () => '{"__proto__":{"polluted":true}}'],
    [1, () => "__proto__: {polluted: true}\nconstructor: {prototype: {polluted: true}}\n"],
    [1, () => `{"a":${"9".repeat(random.pick([20, 400, 5000]))}}`],
    [1, () => `a: ${"9".repeat(random.pick([20, 400, 5000]))}\n`],
    [1, () => `${"a".repeat(random.pick([1000, 70_000]))}=b\n`],
    [1, () => `${"a=b\n".repeat(random.pick([10, 3000]))}`],
    [0.3, () => `"${"\\".repeat(random.pick([11, 20_000]))}`],
    [0.3, () => `a: "${"\\x".repeat(random.pick([11, 2000]))}"`],
    [0.3, () => `${"? ".repeat(Math.min(deep, 1000))}a`],
    [0.3, () => `${"#".repeat(50_000)}`],
    [0.3, () => `${" ".repeat(50_000)}x`],
    [0.3, () => `${"a: b: ".repeat(3000)}`],
    [0.3, () => `${"{".repeat(3000)}`],
    [0.3, () => `${"'a'".repeat(3000)}`],
    [0.3, () => `${"&a ".repeat(3000)}`],
    [0.3, () => `${"!".repeat(3000)} a`],
  ]);
  return typeof made === "string" ? Buffer.from(made) : made;
}
