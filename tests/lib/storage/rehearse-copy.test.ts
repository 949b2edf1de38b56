/** What a rehearsal copies, and what it looks for on the copy: plans made by hand on a small disk. */

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
} from "node:fs";
import type { Operation } from "../../../lib/change/operation.ts";
import { resolvePlaces } from "../../../lib/paths.ts";
import type { StoragePlan } from "../../../lib/storage/plan.ts";
import { type Rehearsal, type RehearsalRun, rehearse } from "../../../lib/storage/rehearse.ts";
import { writeFiles } from "../../disk/repos.ts";
import { makeTemp } from "../../temp.ts";
import { inventoryOf, planned } from "./found.ts";

let root = "";
let base = "";
let tmp = "";
beforeEach(() => {
  root = makeTemp("rehearse-copy");
  base = `${root}/home/.agent-orchestrator`;
  tmp = `${root}/tmp`;
  mkdirSync(base, { recursive: true });
  mkdirSync(tmp);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A plan of these operations for the disk. */
function planOf(operations: Operation[]): StoragePlan {
  const inventory = inventoryOf({ places: resolvePlaces({ home: `${root}/home`, env: {} }) });
  const { plan } = planned({});
  const step = { id: "rekey-v1-entries", title: "", description: "", details: [] } as const;
  return { ...plan, inventory, steps: [{ ...step, operations }] } as unknown as StoragePlan;
}

function run(operations: Operation[], extra: Partial<RehearsalRun> = {}): Promise<Rehearsal> {
  return rehearse(planOf(operations), { toolVersion: "0.0.0", tmp, ...extra });
}

/** Acts on the copy: before the first operation, or after the last. */
function onCopy(when: "begin" | "end", act: (copy: string) => void): Partial<RehearsalRun> {
  const onProgress: RehearsalRun["onProgress"] = ({ phase, done, total }) => {
    if (phase !== "apply" || done !== (when === "end" ? total : 0)) return;
    act(`${tmp}/${readdirSync(tmp)[0]}/disk`);
  };
  return { onProgress };
}

const good = { missing: [], differences: [], kept: [] };

describe("the copy", () => {
  test("has links as they are and files with their times, and nothing of pipes", async () => {
    writeFiles(base, { "a/file": "text" });
    symlinkSync("../a/file", `${base}/a/link`);
    symlinkSync("nowhere", `${base}/a/dead`);
    utimesSync(`${base}/a/file`, 1000, 2000);
    Bun.spawnSync(["mkfifo", `${base}/a/pipe`]);
    let seen: unknown;
    const look = onCopy("begin", (copy) => {
      const at = (name: string) => `${copy}${base}/a/${name}`;
      const links = [readlinkSync(at("link")), readlinkSync(at("dead"))];
      seen = [links, lstatSync(at("file")).mtimeMs, readdirSync(at("")).sort()];
    });
    const result = await run([{ op: "makeDir", path: `${base}/b` }], look);
    expect(seen).toEqual([["../a/file", "nowhere"], 2_000_000, ["dead", "file", "link"]]);
    expect(result).toMatchObject({ ...good, operations: 1, entries: 6 });
  });

  test("has what lies outside the base dir too, as far as operations need it", async () => {
    const beside = `${base}-old`;
    writeFiles(root, {
      "home/data/app-1": "status=done\n",
      "home/data/other": "",
      "home/state.json": '{"a":1}',
      "home/state.yaml": "a: 1\n",
      "home/gone/x": "",
    });
    writeFiles(beside, { "app-2": "status=done\n" });
    let other = true;
    const look = onCopy("begin", (copy) => {
      other = readdirSync(`${copy}${root}/home/data`).includes("other");
    });
    const edits = [{ pointer: "/a", before: 1, after: 2 }];
    const result = await run(
      [
        { op: "move", from: `${root}/home/data/app-1`, to: `${base}/app-1` },
        { op: "move", from: `${beside}/app-2`, to: `${base}/app-2` },
        { op: "patchJson", path: `${root}/home/state.json`, edits },
        { op: "patchYaml", path: `${root}/home/state.yaml`, edits },
        { op: "trash", path: `${root}/home/gone` },
      ],
      look,
    );
    expect(result).toMatchObject({ ...good, operations: 5 });
    expect(other).toBe(false);
  });

  test("takes each entry once, and sessions of tmux are none of its business", async () => {
    writeFiles(root, { "home/data/a": "1" });
    const result = await run([
      { op: "renameTmux", from: "int-1", to: "int-2" },
      {
        op: "patchJson",
        path: `${root}/home/data/a`,
        edits: [{ pointer: "", before: 1, after: 2 }],
      },
      { op: "move", from: `${root}/home/data/a`, to: `${base}/a` },
    ]);
    expect(result).toMatchObject({ ...good, operations: 2, entries: 2 });
  });
});

test("a plan that finds something gone stops there, and is not short of room", async () => {
  const gone = run([{ op: "trash", path: `${root}/home/gone` }]);
  await expect(gone).rejects.toMatchObject({
    outcome: "findings",
    message: expect.stringContaining(` ${root}/home/gone is gone`),
  });
});

test("what is a matter of where the copy lies is told with another place for it", async () => {
  let deep = base;
  // Long enough that it can be named here, and not in the copy.
  while (deep.length < 4040) deep += `/${"d".repeat(Math.min(200, 4050 - deep.length))}`;
  mkdirSync(deep, { recursive: true });
  await expect(run([{ op: "makeDir", path: `${base}/b` }])).rejects.toMatchObject({
    outcome: "refused",
    message: expect.stringContaining(`"${tmp}": ENAMETOOLONG`),
    hint: expect.stringContaining("TMPDIR=DIR"),
  });
  expect(readdirSync(tmp)).toEqual([]);
});

test("a directory is copied whole, also when a part of it was needed before", async () => {
  writeFiles(root, { "home/data/deep/a": "", "home/data/b": "" });
  const started = performance.now();
  const result = await run([
    { op: "move", from: `${root}/home/data/deep/a`, to: `${base}/a` },
    { op: "move", from: `${root}/home/data`, to: `${base}/data` },
  ]);
  expect(result).toMatchObject({ ...good, entries: 5 });
  const { copy, execute, rollback } = result.milliseconds;
  expect(copy + execute + rollback).toBeLessThan(performance.now() - started);
});

describe("afterwards it is looked for", () => {
  const operations = (): Operation[] => [
    { op: "makeDir", path: `${base}/new` },
    { op: "create", path: `${base}/new/a`, content: "" },
    { op: "create", path: `${base}/new/b`, content: "" },
    { op: "move", from: `${base}/new`, to: `${base}/deep/down/named` },
    { op: "create", path: `${base}/short`, content: "" },
    { op: "trash", path: `${base}/short` },
    { op: "move", from: `${base}/old`, to: `${base}/kept` },
    { op: "trash", path: `${base}/rest` },
  ];
  const lost = async (...names: string[]) => {
    writeFiles(base, { old: "", rest: "", "deep/down/x": "" });
    const remove = (copy: string) => {
      for (const name of names) rmSync(`${copy}${base}/${name}`, { recursive: true });
    };
    const { missing } = await run(operations(), onCopy("end", remove));
    return missing.map((path) => path.slice(base.length + 1)).sort();
  };

  test("what was made, where a later operation has moved it", async () => {
    expect(await lost()).toEqual([]);
    expect(await lost("deep/down/named/a")).toEqual(["deep/down/named/a"]);
    expect(await lost("deep/down/named")).toEqual(["deep/down/named/a", "deep/down/named/b"]);
    expect(await lost("kept")).toEqual(["kept"]);
  });

  test("nothing, where a plan only takes away", async () => {
    writeFiles(base, { old: "" });
    expect(await run([{ op: "trash", path: `${base}/old` }])).toMatchObject(good);
  });
});

test("a mistake of ours is shown as it is, and no sandbox is left, nor a wait for the end", async () => {
  const mistake = new TypeError("undefined is not a function");
  const before = process.listenerCount("exit");
  let during = 0;
  const fail = onCopy("begin", () => {
    during = process.listenerCount("exit");
    throw mistake;
  });
  const operations: Operation[] = [{ op: "makeDir", path: `${base}/b` }];
  expect(await run(operations, fail).catch((error) => error)).toBe(mistake);
  expect([during, process.listenerCount("exit")]).toEqual([before + 1, before]);
  expect(readdirSync(tmp)).toEqual([]);
});
