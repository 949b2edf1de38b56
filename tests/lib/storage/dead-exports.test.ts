import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { deadExports } from "../../../lib/storage/dead-exports.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "ao-source-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

function write(files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
}

test("an export is dead when only its own file, its tests and the index mention it", () => {
  write({
    "packages/core/src/index.ts": [
      'export { used, unused, testedOnly, passedOn as renamed } from "./a.js";',
      'export type { Shape } from "./a.js";',
      'export * from "./b.js";',
    ].join("\n"),
    "packages/core/src/a.ts": [
      "export function used() {}",
      "export function unused() { return used(); }",
      "export const testedOnly = unused;",
      "export const passedOn = 1;",
      "export interface Shape { a: number }",
    ].join("\n"),
    "packages/core/src/b.ts": "export class Star {}\nexport async function lonely() {}",
    "packages/core/src/__tests__/a.test.ts": "testedOnly();",
    "packages/cli/src/main.ts": 'import { used, Star } from "@aoagents/ao-core";\nused(Star);',
    "packages/cli/node_modules/x/index.js": "lonely();",
  });
  expect(deadExports(dir)).toEqual(["Shape", "lonely", "renamed", "testedOnly", "unused"]);
});

test("a tree without AO's core is refused with the path that is missing", () => {
  expect(() => deadExports(dir)).toThrow(
    expect.objectContaining({
      outcome: "invalid",
      message: expect.stringContaining(`${dir}/packages/core/src/index.ts is missing`),
    }),
  );
});

/** The dead exports of a core whose index is this text; other files as given. */
function deadOf(index: string, more: Record<string, string> = {}): string[] {
  write({ "packages/core/src/index.ts": index, ...more });
  return deadExports(dir);
}

test.each([
  ["export function one() {}", ["one"]],
  ["export  async  function  two () {}", ["two"]],
  ["export function* three() {}", ["three"]],
  ["export const four = 1, local = 2;", ["four"]],
  ["export let five: string;\nexport var six = 6;", ["five", "six"]],
  ["export declare abstract class Seven {}", ["Seven"]],
  ["export abstract class Eight {}", ["Eight"]],
  ["export type Nine = 9;\nexport enum Ten { a }", ["Nine", "Ten"]],
  ["export interface $Eleven_1 {}", ["$Eleven_1"]],
  ["const a = 1, b = 2;\nexport { a, b as other };", ["a", "other"]],
  ["export type {A , type B} from './x.js';", ["A", "B"]],
  ["export {\n  a, // used by nobody: b\n  /* c,\n d, */ e,\n} from './x.js';", ["a", "e"]],
  ["export { default } from './x.js';\nexport { default as named } from './x.js';", ["named"]],
  ["export  declare  const  enum E {}", ["enum"]],
  ["export  declare  abstract  class  F {}", ["F"]],
  ["export  type  { G,  type  H }  from  './x.js';", ["G", "H"]],
  ["const a = 1;\nexport  {a  as  I,  a  as  $j}", ["$j", "I"]],
  ["export default function () {}\nfunction hidden() {}", []],
  ["exported function no() {}", []],
] as const)("%j exports what it says", (index, names) => {
  expect(deadOf(index)).toEqual(names.toSorted());
});

test("exports are followed from file to file, in circles too, with either ending", () => {
  const dead = deadOf(
    "export  *  from  './a.mjs';\nexport  type  *  from  \"./b.js\";\nexport * from './none.js';",
    {
      "packages/core/src/a.ts": "export * from './b.js';\nexport const a = 1;",
      "packages/core/src/b.ts": "export * from './a.js';\nexport const b = 1;",
      "packages/core/src/c.ts": "export const notReached = 1;",
    },
  );
  expect(dead).toEqual(["a", "b"]);
});

test("a use is a whole word in another source file, not a test, a re-export or a build", () => {
  const uses = (file: string, text: string) => deadOf("export const used = 1;", { [file]: text });
  const endings = ["ts", "tsx", "mts", "cts", "js", "jsx", "mjs"];
  const sources = [...endings.map((ending) => `a.${ending}`), "latest/a.ts", "a.testing.ts"];
  for (const file of sources.map((name) => `packages/web/${name}`)) {
    expect([file, uses(file, "f(used)")]).toEqual([file, []]);
    rmSync(join(dir, file));
  }
  expect(uses("packages/web/c.ts", "unused; used2; $used")).toEqual(["used"]);
  expect(uses("packages/web/d.ts", "export { used } from '@aoagents/ao-core';")).toEqual(["used"]);
  expect(uses("packages/web/f.ts", "export  *  as  used  from  'x';")).toEqual(["used"]);
  expect(uses("packages/web/g.ts", "export  type  { used }  from  'x';")).toEqual(["used"]);
  expect(uses("packages/web/e.ts", "export type { used } from 'x';")).toEqual(["used"]);
  for (const file of [
    "a.test.ts",
    "a.spec.ts",
    ...["__tests__/a.ts", "__mocks__/a.ts", "test/a.ts", "tests/deep/a.ts"],
    ...[".git/a.ts", "coverage/a.ts", ".next/a.js", "build/a.js", "a.ts.orig"],
    "node_modules/x/a.ts",
    "dist/a.ts",
    "a.md",
  ]) {
    expect([file, uses(`packages/web/${file}`, "used")]).toEqual([file, ["used"]]);
  }
});

test("a file that defines a name does not use it, however the index passes it on", () => {
  const own = { "packages/core/src/x.ts": "const own = 1;\nown;" };
  const indexes = [
    "export { own } from './x.js';",
    'export  type  {own}  from  "./x.js";',
    "export {own}\nfrom\n'./x.mjs';",
  ];
  for (const index of indexes) expect([index, deadOf(index, own)]).toEqual([index, ["own"]]);
});
