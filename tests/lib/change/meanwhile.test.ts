/** What others do to the disk, or the disk itself, between the check of a plan and each change. */

import { describe, expect, test } from "bun:test";
import * as fs from "node:fs";
import { join } from "node:path";
import { type Disk, realDisk } from "../../../lib/change/disk.ts";
import { Journal, type JournalRecord, readJournal } from "../../../lib/change/journal.ts";
import type { Operation } from "../../../lib/change/operation.ts";
import type { Progress } from "../../../lib/change/options.ts";
import { errorOf, makeWorkbench, type Workbench } from "../../change/workbench.ts";

/** Each with a path in `sub`, which somebody makes a link to elsewhere half-way. */
const operations: Record<string, (bench: Workbench) => Operation> = {
  makeDir: ({ at }) => ({ op: "makeDir", path: at("sub/new") }),
  create: ({ at }) => ({ op: "create", path: at("sub/new"), content: "" }),
  "move from there": ({ at }) => ({ op: "move", from: at("sub/a.json"), to: at("moved") }),
  "move to there": ({ at }) => ({ op: "move", from: at("other"), to: at("sub/moved") }),
  patchJson: ({ at }) => ({
    ...{ op: "patchJson", path: at("sub/a.json") },
    edits: [{ pointer: "/n", before: 1, after: 2 }],
  }),
  trash: ({ at }) => ({ op: "trash", path: at("sub/a.json") }),
  relinkWorktree: ({ at }) => ({
    ...{ op: "relinkWorktree", repo: at("sub"), worktree: at("other") },
    files: [{ path: at("sub/link"), before: "x", after: "y" }],
  }),
};

function prepare(bench: Workbench): void {
  bench.write("sub/a.json", '{"n": 1}');
  bench.write("sub/link", "x");
  fs.mkdirSync(bench.at("other"));
}

/** Leads `sub` out of the root, to the same files. */
function redirect(bench: Workbench): string {
  const outside = join(bench.base, "outside");
  fs.renameSync(bench.at("sub"), outside);
  fs.symlinkSync(outside, bench.at("sub"));
  return outside;
}

describe.each(Object.entries(operations))("a link in the way of %s", (_, operation) => {
  test("half-way is not followed", async () => {
    using bench = makeWorkbench();
    prepare(bench);
    let outside = "";
    const onProgress = ({ phase, done }: Progress) => {
      if (phase === "apply" && done === 1) outside = redirect(bench);
    };
    const plan: Operation[] = [
      { op: "create", path: bench.at("first"), content: "1" },
      { op: "move", from: bench.at("first"), to: bench.at("second") },
      operation(bench),
    ];
    const error = await errorOf(bench.apply(plan, { onProgress }));
    expect(error).toMatchObject({ outcome: "interrupted" });
    expect(error.message).toContain("leads through a symbolic link");
    expect(fs.readdirSync(outside).sort()).toEqual(["a.json", "link"]);
    expect(fs.readFileSync(join(outside, "a.json"), "utf8")).toBe('{"n": 1}');
    expect(fs.readFileSync(join(outside, "link"), "utf8")).toBe("x");
  });

  test("is not followed when it is taken back", async () => {
    using bench = makeWorkbench();
    prepare(bench);
    await bench.apply([operation(bench)]);
    const outside = redirect(bench);
    const seen = () =>
      fs
        .readdirSync(outside)
        .sort()
        .map((name) => {
          const path = join(outside, name);
          return fs.statSync(path).isFile() ? `${name} ${fs.readFileSync(path, "utf8")}` : name;
        });
    const before = seen();
    const { kept, state } = await bench.undo();
    expect(kept).toHaveLength(1);
    expect(kept[0]?.reason).toContain("leads through a symbolic link");
    expect([state, seen()]).toEqual(["partly-rolled-back", before]);
  });
});

describe("a disk that fails while a plan is checked", () => {
  const failing = (code: string): Disk => ({
    ...realDisk,
    readFile(path) {
      if (path.endsWith("a.json")) throw Object.assign(new Error(`${code}: no`), { code });
      return realDisk.readFile(path);
    },
  });
  const checked = async (code: string) => {
    using bench = makeWorkbench(failing(code));
    prepare(bench);
    const patch = operations.patchJson?.(bench);
    return await errorOf(bench.apply(patch === undefined ? [] : [patch]));
  };

  test("on one path refuses the plan with what it said; on all of them nothing was checked", async () => {
    const one = await checked("EACCES");
    expect(one).toMatchObject({ outcome: "refused" });
    expect(one.message).toContain("EACCES");
    expect(one.message).toContain("operation 1");
    const all = await checked("EIO");
    expect(all.message).toContain("EIO");
    expect(all.message).not.toContain("the disk has changed");
  });
});

describe("a journal that speaks of operations that the plan does not have", () => {
  const at = "2026-01-01T00:00:00.000Z";
  test.each<[string, JournalRecord]>([
    ["begins too many", { k: "intent", from: 0, to: 2, items: [] }],
    ["begins backwards", { k: "intent", from: 1, to: 0, items: [] }],
    ["knows too much", { k: "intent", from: 0, to: 1, items: [{ i: 1 }] }],
    ["keeps another", { k: "kept", items: [{ index: 1, path: "/x", reason: "y" }] }],
    ["warns of another", { k: "warning", text: "x", i: 1 }],
  ])("and %s is refused", async (_, record) => {
    using bench = makeWorkbench();
    await bench.apply([{ op: "makeDir", path: bench.at("dir") }]);
    const manifest = JSON.parse(
      fs.readFileSync(join(bench.migrationDir, "manifest.json"), "utf8"),
    ) as { planDigest: string };
    const file = join(bench.migrationDir, "journal.jsonl");
    const add = (records: JournalRecord[]) => {
      const content = readJournal(realDisk, file, manifest.planDigest, () => null);
      const journal = new Journal(realDisk, file, content);
      journal.write(records);
      journal.close();
    };
    // The same kinds of records about operations that it has are sound.
    add([
      { k: "start", run: "undo", at },
      { k: "warning", text: "x", i: 0 },
    ]);
    expect(await bench.undo()).toMatchObject({ state: "rolled-back" });
    add([record]);
    const error = await errorOf(bench.undo());
    expect(error).toMatchObject({ outcome: "invalid", place: { file } });
    expect(error.message).toContain("operation that the plan does not have");
  });
});
