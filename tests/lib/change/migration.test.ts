/** What happens to migrations whose files were edited, cut short or made by somebody else. */

import { describe, expect, test } from "bun:test";
import * as fs from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { parsePlan } from "../../../lib/change/migration.ts";
import type { Operation } from "../../../lib/change/operation.ts";
import { planDigest } from "../../../lib/change/plan.ts";
import { ToolkitError } from "../../../lib/errors.ts";
import { errorOf, makeWorkbench, type Workbench } from "../../change/workbench.ts";

async function applied(): Promise<Workbench> {
  const bench = makeWorkbench();
  bench.write("a.json", '{"a": 1}');
  const edits = [{ pointer: "/a", before: 1, after: 2 }];
  await bench.apply([
    { op: "makeDir", path: bench.at("dir") },
    { op: "patchJson", path: bench.at("a.json"), edits },
  ]);
  return bench;
}

function fileOf(bench: Workbench, name: string): string {
  return join(bench.migrationDir, name);
}

function change(bench: Workbench, name: string, by: (text: string) => string): void {
  const file = fileOf(bench, name);
  fs.writeFileSync(file, by(fs.readFileSync(file, "utf8")));
}

describe("a migration is refused, and nothing is changed, with", () => {
  const edited = (text: string) => text.replace('"/a"', '"/b"');
  test.each([
    ["a plan that is cut short", "plan.json", (t: string) => t.slice(0, -20), "invalid", 3],
    ["a plan that is no JSON", "plan.json", () => "{]", "invalid", 1],
    ["a plan of another shape", "plan.json", () => "[]", "invalid", 1],
    ["an unknown operation", "plan.json", (t: string) => t.replace("makeDir", "rm"), "invalid", 2],
    ["an unknown key", "plan.json", (t: string) => t.replace('"edits"', '"edit"'), "invalid", 3],
    [
      "a relative path",
      "plan.json",
      (t: string) => t.replace('"path":"/', '"path":"'),
      "invalid",
      2,
    ],
    ["another operation in the plan", "plan.json", edited, "refused", undefined],
    [
      "one operation less",
      "plan.json",
      (t: string) => t.replace(/{"op":"mak.*\n/, ""),
      "refused",
      undefined,
    ],
    ["an empty manifest", "manifest.json", () => "", "invalid", 1],
    [
      "a manifest without digest",
      "manifest.json",
      (t: string) => t.replace("planDigest", "x"),
      "invalid",
      1,
    ],
    [
      "a manifest of another migration",
      "manifest.json",
      (t: string) => t.replace("test-", "rest-"),
      "invalid",
      1,
    ],
    [
      "another digest in the manifest",
      "manifest.json",
      (t: string) => t.replace(/"planDigest": "./, '"planDigest": "g'),
      "invalid",
      1,
    ],
    [
      "a journal that was edited",
      "journal.jsonl",
      (t: string) => t.replace('"made":true', '"made":null'),
      "invalid",
      2,
    ],
  ] as const)("%s", async (_, name, by, outcome, line) => {
    using bench = await applied();
    change(bench, name, by);
    const before = bench.tree();
    const error = await errorOf(bench.undo());
    expect(error).toBeInstanceOf(ToolkitError);
    const place = { file: fileOf(bench, name), ...(line === undefined ? {} : { line }) };
    expect(error).toMatchObject({ outcome, place });
    expect(error.message).not.toContain("\n    at ");
    expect(bench.since(before)).toEqual([]);
  });

  test("no manifest", async () => {
    using bench = await applied();
    fs.unlinkSync(fileOf(bench, "manifest.json"));
    expect(await errorOf(bench.undo())).toMatchObject({ outcome: "invalid" });
    expect(await errorOf(bench.resume())).toMatchObject({ outcome: "invalid" });
  });

  test.each(["staging", "trash"])("a symbolic link for its %s", async (name) => {
    using bench = await applied();
    fs.renameSync(fileOf(bench, name), join(bench.base, "elsewhere"));
    fs.symlinkSync(join(bench.base, "elsewhere"), fileOf(bench, name));
    const before = fs.readdirSync(join(bench.base, "elsewhere"));
    expect(await errorOf(bench.undo())).toMatchObject({ outcome: "invalid" });
    expect(fs.readdirSync(join(bench.base, "elsewhere"))).toEqual(before);
  });

  test("a named pipe for its plan", async () => {
    using bench = await applied();
    fs.unlinkSync(fileOf(bench, "plan.json"));
    Bun.spawnSync(["mkfifo", fileOf(bench, "plan.json")]);
    expect(await errorOf(bench.undo())).toMatchObject({ outcome: "invalid" });
  });
});

test("a plan cannot write outside its roots, even with a digest that fits", async () => {
  using bench = await applied();
  const outside = join(bench.base, "outside");
  const operations: Operation[] = [{ op: "create", path: outside, content: "x" }];
  const { plan, ...manifest } = {
    ...(JSON.parse(fs.readFileSync(fileOf(bench, "manifest.json"), "utf8")) as object),
    plan: { schemaVersion: 1, script: "x", title: "x", roots: ["/"], operations },
    planDigest: planDigest(operations),
    operations: 1,
  };
  fs.writeFileSync(fileOf(bench, "manifest.json"), JSON.stringify(manifest));
  fs.writeFileSync(fileOf(bench, "plan.json"), JSON.stringify(plan));
  fs.writeFileSync(fileOf(bench, "journal.jsonl"), "");
  const error = await errorOf(bench.resume());
  expect(error).toMatchObject({ outcome: "refused" });
  expect(error.message).toContain("it lies outside the places that may be changed");
  expect(fs.existsSync(outside)).toBe(false);
});

test("deep nesting is refused", async () => {
  const deep = "[".repeat(100_000) + "]".repeat(100_000);
  const head = '{"schemaVersion":1,"script":"x","title":"x","roots":["/"],"operations":[\n';
  const edit = `{"pointer":"/a","after":${deep}}`;
  const text = `${head}{"op":"patchJson","path":"/a","edits":[${edit}]}\n]}`;
  const error = await errorOf(parsePlan(text, "plan.json"));
  expect(error.message).toContain("line 2: edits.0.after: is nested too deeply");
});

test("whatever is done to the files, the answer is an outcome or an error of ours", async () => {
  using bench = await applied();
  const names = ["plan.json", "manifest.json", "journal.jsonl"] as const;
  const originals = new Map(names.map((name) => [name, fs.readFileSync(fileOf(bench, name))]));
  const damage = fc.record({
    name: fc.constantFrom(...names),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    cut: fc.nat(40),
    insert: fc.oneof(
      fc.string({ maxLength: 20 }),
      fc.constantFrom("\n", "\0", "}", '"', "null", "-1", "1e999", "[[[", "\ud800", "__proto__"),
    ),
  });
  const before = bench.tree();
  await fc.assert(
    fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 3 }), async (damages) => {
      for (const { name, at, cut, insert } of damages) {
        const bytes = fs.readFileSync(fileOf(bench, name));
        const start = Math.floor(at * bytes.length);
        const rest = bytes.subarray(start + cut);
        const parts = [bytes.subarray(0, start), Buffer.from(insert), rest];
        fs.writeFileSync(fileOf(bench, name), Buffer.concat(parts));
      }
      try {
        await bench.resume();
      } catch (error) {
        expect(error).toBeInstanceOf(ToolkitError);
      }
      for (const [name, bytes] of originals) fs.writeFileSync(fileOf(bench, name), bytes);
      expect(bench.since(before)).toEqual([]);
    }),
    { numRuns: 300 },
  );
});
