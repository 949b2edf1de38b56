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
