/** What is refused before anything is changed. */

import { describe, expect, test } from "bun:test";
import * as fs from "node:fs";
import { join } from "node:path";
import type { Operation } from "../../../lib/change/operation.ts";
import { applyPlan, checkPlan } from "../../../lib/change/transaction.ts";
import { errorOf, makeWorkbench } from "../../change/workbench.ts";
import { SimulatedDisk } from "../../simulated-disk.ts";

test("a stale plan is refused with the first paths that differ", async () => {
  using bench = makeWorkbench();
  const operations: Operation[] = [];
  for (let number = 1; number <= 9; number += 1) {
    bench.write(`a-${number}`, "x");
    operations.push({ op: "move", from: bench.at(`a-${number}`), to: bench.at(`b-${number}`) });
  }
  for (const number of [2, 3, 5, 7, 8, 9]) fs.unlinkSync(bench.at(`a-${number}`));
  const before = bench.tree();
  const error = await errorOf(bench.apply(operations));
  expect(error.outcome).toBe("refused");
  const named = [2, 3, 5, 7, 8].map((n) => `  ${bench.at(`a-${n}`)} is gone (operation ${n})`);
  expect(error.message.split("\n").slice(1)).toEqual([...named, "  and more"]);
  expect(bench.since(before)).toEqual([]);
});

test("operations are checked on the disk that the earlier ones will leave", async () => {
  using bench = makeWorkbench();
  bench.write("old/sessions/s-1.json", '{"a": 1}');
  bench.write("old/.git", "gitdir: /a");
  const at = bench.at;
  const edit = (before: number, after: number) => [{ pointer: "/a", before, after }];
  const operations: Operation[] = [
    { op: "makeDir", path: at("new") },
    { op: "move", from: at("old"), to: at("new/p") },
    { op: "patchJson", path: at("new/p/sessions/s-1.json"), edits: edit(1, 2) },
    { op: "makeDir", path: at("old") },
    { op: "create", path: at("old/sessions"), content: "{}" },
    { op: "patchJson", path: at("new/p/sessions/s-1.json"), edits: edit(2, 3) },
    { op: "patchJson", path: at("new/p/sessions/s-1.json"), edits: edit(3, 4) },
    {
      op: "relinkWorktree",
      repo: at("new"),
      worktree: at("new/p"),
      files: [{ path: at("new/p/.git"), before: "gitdir: /a", after: "gitdir: /b" }],
    },
    { op: "trash", path: at("old/sessions") },
    { op: "move", from: at("new/p/sessions/s-1.json"), to: at("old/s.json") },
    { op: "patchJson", path: at("old/s.json"), edits: edit(4, 5) },
  ];
  const before = bench.tree();
  await bench.apply(operations);
  expect(bench.read("old/s.json")).toBe('{"a": 5}');
  expect(bench.read("new/p/.git")).toBe("gitdir: /b");
  await bench.undo();
  expect(bench.since(before)).toEqual([]);
});

describe("a plan is refused when", () => {
  const json = (path: string): Operation => ({ op: "patchJson", path, edits: [] });
  const cases: [string, (at: (name: string) => string) => Operation[], RegExp][] = [
    [
      "a path moved away before",
      (at) => [{ op: "trash", path: at("dir") }, json(at("dir/a"))],
      /has no directory/,
    ],
    [
      "a target was made before",
      (at) => [
        { op: "makeDir", path: at("n") },
        { op: "move", from: at("dir"), to: at("n") },
      ],
      /n is there already/,
    ],
    [
      "a directory is missing",
      (at) => [{ op: "create", path: at("no/x"), content: "" }],
      /has no directory to be in/,
    ],
    [
      "a directory is a file",
      (at) => [{ op: "create", path: at("dir/a/x"), content: "" }],
      /has no directory to be in/,
    ],
    ["a file to patch is a directory", (at) => [json(at("dir"))], /dir is no file/],
    ["a file to patch is a link", (at) => [json(at("link"))], /is a symbolic link; name the file/],
    ["a file to patch is not UTF-8", (at) => [json(at("latin1"))], /is not UTF-8 text/],
    ["a file to patch is no JSON", (at) => [json(at("dir/a"))], /cannot be patched/],
    [
      "a worktree is missing",
      (at) => [{ op: "relinkWorktree", repo: at("r"), worktree: at("w"), files: [] }],
      /w is no directory/,
    ],
    [
      "a path leads through a link",
      (at) => [{ op: "create", path: at("out/x"), content: "" }],
      /leads through a symbolic link/,
    ],
    [
      "a link on the way is inside",
      (at) => [{ op: "create", path: at("in/x"), content: "" }],
      /leads through a symbolic link/,
    ],
    [
      "a link on the way goes nowhere",
      (at) => [{ op: "create", path: at("link/x"), content: "" }],
      /is a symbolic link to nowhere/,
    ],
  ];
  test.each(cases)("%s", async (_, operations, reason) => {
    using bench = makeWorkbench();
    bench.write("dir/a", "text");
    fs.writeFileSync(bench.at("latin1"), Buffer.from([0x7b, 0xff, 0x7d]));
    fs.symlinkSync("nowhere", bench.at("link"));
    fs.mkdirSync(join(bench.base, "outside"));
    fs.symlinkSync(join(bench.base, "outside"), bench.at("out"));
    fs.symlinkSync("dir", bench.at("in"));
    const before = bench.tree();
    const error = await errorOf(bench.apply(operations(bench.at)));
    expect(error.outcome).toBe("refused");
    expect(error.message).toMatch(reason);
    expect(bench.since(before)).toEqual([]);
    expect(fs.readdirSync(join(bench.base, "outside"))).toEqual([]);
  });

  test.each([
    ["outside", "refused"],
    ["migrations", "refused"],
    ["migrations/other/trash/x", "refused"],
    ["", "invalid"],
    ["tree/../outside", "invalid"],
    ["tree//x", "invalid"],
    ["tree/x/", "invalid"],
    ["tree/\0", "invalid"],
    ["tree/\ud800", "invalid"],
  ])("it names <base>/%s", async (name, outcome) => {
    using bench = makeWorkbench();
    const path = `${bench.base}/${name}`;
    const roots = [bench.base];
    const plan = { script: "x", title: "x", roots, operations: [{ op: "makeDir", path } as const] };
    const options = { ...bench.options, roots: [bench.root, join(bench.base, "migrations")] };
    const error = await errorOf(applyPlan({ ...options, plan, toolVersion: "0" }));
    expect(error).toMatchObject({ outcome });
    expect(fs.readdirSync(bench.base)).toEqual(["tree"]);
  });

  test("a directory would go into itself", async () => {
    using bench = makeWorkbench();
    bench.write("dir/a", "x");
    const error = await errorOf(
      bench.apply([{ op: "move", from: bench.at("dir"), to: bench.at("dir/b") }]),
    );
    expect(error.message).toMatch(/nothing can be moved into itself/);
  });
});

describe("where names that differ in case are the same", () => {
  async function check(...operations: Operation[]): Promise<string[]> {
    const disk = new SimulatedDisk({ caseless: true });
    for (const dir of ["/base", "/base/Dir"]) disk.makeDir(dir);
    disk.writeNew("/base/File", [Buffer.from("x")], { mode: 0o644 });
    const plan = { script: "x", title: "x", roots: ["/base"], operations };
    const migrationDir = "/base/migrations/x-20260101T000000Z-abcdef";
    const options = { disk, migrationDir, roots: ["/base"], plan };
    return (await checkPlan(options)).map(({ path, reason }) => `${path} ${reason}`);
  }

  test("a clash is seen, on the disk and in the plan", async () => {
    const clash = ["/base/file is there already"];
    expect(await check({ op: "create", path: "/base/file", content: "" })).toEqual(clash);
    expect(await check({ op: "move", from: "/base/Dir", to: "/base/file" })).toEqual(clash);
    expect(
      await check(
        { op: "create", path: "/base/New", content: "" },
        { op: "create", path: "/base/new", content: "" },
      ),
    ).toEqual(["/base/new is there already"]);
  });

  test("a change of case alone is none", async () => {
    expect(await check({ op: "move", from: "/base/Dir", to: "/base/dir" })).toEqual([]);
  });
});

test("checkPlan says all that differs and writes nothing", async () => {
  using bench = makeWorkbench();
  bench.write("a", "x");
  const operations: Operation[] = [
    { op: "trash", path: bench.at("a") },
    { op: "trash", path: bench.at("b") },
    { op: "create", path: bench.at("b"), content: "" },
    { op: "trash", path: bench.at("c") },
  ];
  const plan = { script: "x", title: "x", roots: [bench.root], operations };
  const found = await checkPlan({ ...bench.options, plan });
  expect(found.map(({ index, reason }) => [index, reason])).toEqual([
    [1, "is gone"],
    [3, "is gone"],
  ]);
  expect(fs.readdirSync(bench.base)).toEqual(["tree"]);
});

test("of what follows from one difference nothing more is said", async () => {
  using bench = makeWorkbench();
  const { at } = bench;
  bench.write("there.json", '{"n": 1}');
  fs.mkdirSync(at("wt"));
  const edits = [{ pointer: "/n", before: 1, after: 2 }];
  const files = [{ path: at("new/link"), before: "x", after: "y" }];
  const refused = async (operations: Operation[]) => {
    const { message } = await errorOf(bench.apply(operations));
    return message
      .split("\n")
      .slice(1)
      .map((line) => /operation (\d)/.exec(line)?.[1]);
  };
  expect(
    await refused([
      { op: "move", from: at("gone"), to: at("new") },
      { op: "patchJson", path: at("new"), edits },
      { op: "patchJson", path: at("new/deep/s.json"), edits },
      { op: "relinkWorktree", repo: at("new"), worktree: at("wt"), files },
      { op: "relinkWorktree", repo: at("new"), worktree: at("new/wt"), files },
      { op: "create", path: at("gone"), content: "" },
      { op: "makeDir", path: at("new/dir") },
      { op: "trash", path: at("new") },
      { op: "patchJson", path: at("there.json"), edits: [{ pointer: "/n", before: 9 }] },
    ]),
  ).toEqual(["1", "9"]);
  expect(
    await refused([
      { op: "trash", path: at("none") },
      { op: "create", path: at("none"), content: "" },
      { op: "patchJson", path: at("none2"), edits },
      { op: "move", from: at("none2"), to: at("none3") },
    ]),
  ).toEqual(["1", "3"]);
});
