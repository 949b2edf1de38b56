/** How a run divides its work, and what it does when an operation fails in the middle. */

import { describe, expect, test } from "bun:test";
import { type Disk, realDisk } from "../../../lib/change/disk.ts";
import { loadMigration } from "../../../lib/change/history.ts";
import type { JournalRecord } from "../../../lib/change/journal.ts";
import type { Operation } from "../../../lib/change/operation.ts";
import { applyPlan, undo } from "../../../lib/change/transaction.ts";
import { altered } from "../../change/prepared.ts";
import { errorOf, makeWorkbench } from "../../change/workbench.ts";
import { SimulatedDisk } from "../../simulated-disk.ts";

const migrationDir = "/base/migrations/test-20260101T000000Z-abcdef";
const create = (name: string, content = "x"): Operation => ({
  ...{ op: "create", path: `/base/${name}`, content },
});

function makeRuns() {
  const disk = new SimulatedDisk();
  disk.makeDir("/base");
  const commands = { resume: "resume", rollback: "rollback" };
  const options = { migrationDir, roots: ["/base"], commands };
  return {
    disk,
    apply: (...operations: Operation[]) => {
      const plan = { script: "test", title: "a test", roots: ["/base"], operations };
      return applyPlan({ ...options, disk, plan, toolVersion: "0" });
    },
    undo: (on: Disk = disk) => undo({ ...options, disk: on }),
    intents() {
      const text = Buffer.from(disk.readFile(`${migrationDir}/journal.jsonl`)).toString("utf8");
      const lines = text.split("\n").slice(0, -1);
      return lines
        .flatMap((line) => (JSON.parse(line) as { records: JournalRecord[] }).records)
        .filter((record) => record.k === "intent");
    },
  };
}

describe("operations that do not touch each other are done together", () => {
  const ranges = async (...operations: Operation[]) => {
    const runs = makeRuns();
    await runs.apply(...operations);
    return runs.intents().map(({ from, to }) => [from, to]);
  };

  test("up to a thousand", async () => {
    const renames = Array.from(
      { length: 1001 },
      (): Operation => ({
        ...{ op: "renameTmux", from: "a", to: "b" },
      }),
    );
    expect(await ranges(...renames)).toEqual([
      [0, 1000],
      [1000, 1001],
    ]);
  });

  test("until their new contents are eight mebibytes", async () => {
    const kibibyte = "x".repeat(1024);
    expect(await ranges(create("a", kibibyte), create("b", kibibyte))).toEqual([[0, 2]]);
    const most = kibibyte.repeat(8 * 1024 - 1);
    expect(await ranges(create("a", most), create("b", kibibyte), create("c"))).toEqual([
      [0, 2],
      [2, 3],
    ]);
  });
});

test("going back, a line speaks of those operations alone that have something to take back", async () => {
  const runs = makeRuns();
  runs.disk.makeDir("/base/dir");
  await runs.apply({ op: "makeDir", path: "/base/dir" }, create("dir/a"), create("dir/b"));
  await runs.undo();
  const items = runs.intents().map((intent) => intent.items.map(({ i }) => i));
  expect(items).toEqual([
    [0, 1, 2],
    [2, 1],
  ]);
});

test("a session is renamed once, not as often as a batch has room", async () => {
  using bench = makeWorkbench();
  const renamed: string[] = [];
  const tmux = {
    hasSession: (name: string) => name === "old",
    renameSession: (from: string, to: string) => void renamed.push(`${from} ${to}`),
  };
  await bench.apply([{ op: "renameTmux", from: "old", to: "new" }], { tmux });
  expect(renamed).toEqual(["old new"]);
});

test("what a run did is on the disk for good when it has ended, there and back", async () => {
  const runs = makeRuns();
  const { disk } = runs;
  for (const dir of ["p", "q", "r"]) disk.makeDir(`/base/${dir}`);
  disk.writeNew("/base/p/f", [Buffer.from("f")], { mode: 0o644 });
  disk.writeNew("/base/r/g", [Buffer.from("g")], { mode: 0o644 });
  disk.flushAll();
  const names = (dirs = ["p", "q", "r"]) => {
    const after = disk.afterPowerCut(() => 0);
    return dirs.map((dir) => after.readDir(`/base/${dir}`).sort());
  };
  const [from, to] = ["/base/p/f", "/base/q/f"];
  await runs.apply({ op: "move", from, to }, { op: "trash", path: "/base/r/g" }, create("p/new"));
  expect(names()).toEqual([["new"], ["f"], []]);
  await runs.undo();
  expect(names()).toEqual([["f"], [], ["g"]]);
});

describe("an operation that fails on the way back", () => {
  const refusing = (disk: SimulatedDisk, name: string): Disk =>
    altered(disk, {
      renameNoReplace(from, to) {
        if (from !== `/base/${name}`) return disk.renameNoReplace(from, to);
        throw Object.assign(new Error("EACCES: no"), { code: "EACCES" });
      },
    });

  test("is kept, the others are taken back, and it can be tried again", async () => {
    const runs = makeRuns();
    await runs.apply(create("a"), create("b"), create("c"));
    const { kept, undone } = await runs.undo(refusing(runs.disk, "b"));
    expect(kept).toEqual([{ index: 1, path: "/base/b", reason: "EACCES: no", failed: true }]);
    expect(undone).toBe(2);
    // Whoever reads the journal learns the same.
    expect(await loadMigration(migrationDir, runs.disk)).toMatchObject({
      ...{ state: "partly-rolled-back", applied: 1, kept: 1 },
    });
    expect(await runs.undo()).toMatchObject({ state: "rolled-back", kept: [], undone: 1 });
    expect(runs.disk.readDir("/base")).toEqual(["migrations"]);
  });
});

test("a run that fails leaves no lock in AO's way", async () => {
  using bench = makeWorkbench();
  bench.write("sessions/a-1.json", '{"n": 1}');
  const disk: Disk = {
    ...realDisk,
    exchange() {
      expect(bench.exists("sessions/a-1.json.lock")).toBe(true);
      throw Object.assign(new Error("EIO: no"), { code: "EIO" });
    },
  };
  const edits = [{ pointer: "/n", before: 1, after: 2 }];
  const path = bench.at("sessions/a-1.json");
  const error = await errorOf(bench.apply([{ op: "patchJson", path, edits }], { disk }));
  expect(error.outcome).toBe("interrupted");
  expect(bench.exists("sessions/a-1.json.lock")).toBe(false);
});
