/** What runs leave in their own files, what they report, and what a second try decides anew. */

import { describe, expect, test } from "bun:test";
import * as fs from "node:fs";
import { join } from "node:path";
import { type Disk, realDisk } from "../../../lib/change/disk.ts";
import { loadMigration } from "../../../lib/change/history.ts";
import type { JournalRecord } from "../../../lib/change/journal.ts";
import type { Operation } from "../../../lib/change/operation.ts";
import type { Progress } from "../../../lib/change/options.ts";
import { failing } from "../../change/prepared.ts";
import { errorOf, makeWorkbench, type Workbench } from "../../change/workbench.ts";

/** Cancels when a run has done that many operations. */
function cancelAt(count: number, phase: Progress["phase"]) {
  const control = new AbortController();
  const onProgress = (progress: Progress) => {
    if (progress.phase === phase && progress.done === count) control.abort();
  };
  return { signal: control.signal, onProgress };
}

/** Three batches: each patches the file that the one before moved. */
function threeBatches(bench: Workbench): Operation[] {
  bench.write("a.json", '{"n": 0}');
  const [a, b] = [bench.at("a.json"), bench.at("b.json")];
  return [
    { op: "patchJson", path: a, edits: [{ pointer: "/n", before: 0, after: 1 }] },
    { op: "move", from: a, to: b },
    { op: "patchJson", path: b, edits: [{ pointer: "/n", before: 1, after: 2 }] },
  ];
}

const journalOf = (bench: Workbench) => join(bench.migrationDir, "journal.jsonl");

function linesOf(bench: Workbench): JournalRecord[][] {
  const lines = fs.readFileSync(journalOf(bench), "utf8").split("\n").slice(0, -1);
  return lines.map((line) => (JSON.parse(line) as { records: JournalRecord[] }).records);
}

describe("the migration's own directory", () => {
  const own = ["journal.jsonl", "manifest.json", "plan.json", "staging", "trash"];

  test("holds no lock of ours when a run has ended, well or half-way", async () => {
    using bench = makeWorkbench();
    const names = () => fs.readdirSync(bench.migrationDir).sort();
    await errorOf(bench.apply(threeBatches(bench), cancelAt(1, "apply")));
    expect(names()).toEqual(own);
    await bench.resume();
    expect(names()).toEqual(own);
    expect(await loadMigration(bench.migrationDir)).toMatchObject({ state: "done", applied: 3 });
    await errorOf(bench.undo(cancelAt(1, "undo")));
    expect(names()).toEqual(own);
    await bench.undo();
    expect(names()).toEqual(own);
    const runs = linesOf(bench).flatMap((records) =>
      records.flatMap((record) => (record.k === "start" ? [record.run] : [])),
    );
    // What goes on is the same run.
    expect(runs).toEqual(["apply", "undo"]);
  });
});

test("what has come to its end is left alone, and says how it ended", async () => {
  using bench = makeWorkbench();
  await bench.apply(threeBatches(bench));
  const journal = () => fs.readFileSync(journalOf(bench), "utf8");
  const done = journal();
  expect(await bench.resume()).toMatchObject({ state: "done", operations: 3 });
  expect(journal()).toBe(done);
  expect(await bench.undo()).toMatchObject({ state: "rolled-back", undone: 3 });
  const undone = journal();
  expect(await bench.undo()).toMatchObject({ state: "rolled-back", undone: 0 });
  expect(journal()).toBe(undone);
});

test("a run reports how far it is: checking once, then doing; going back nothing is checked", async () => {
  using bench = makeWorkbench();
  const said: string[] = [];
  const onProgress = ({ phase, done, total }: Progress) => said.push(`${phase} ${done}/${total}`);
  await bench.apply([{ op: "makeDir", path: bench.at("d") }], { onProgress });
  expect(said).toEqual(["check 1/1", "apply 0/1", "apply 1/1"]);
  await bench.undo({ onProgress });
  expect(said.slice(3)).toEqual(["undo 0/1", "undo 1/1"]);
  // Where there are migrations already, the check comes after the lock was taken.
  const migrationDir = join(bench.base, "migrations/test-20260102T000000Z-abcdef");
  await bench.apply([{ op: "makeDir", path: bench.at("d") }], { onProgress, migrationDir });
  expect(said.slice(5)).toEqual(["check 1/1", "apply 0/1", "apply 1/1"]);
});

test("a plan that another first migration has made stale meanwhile is refused as stale", async () => {
  using bench = makeWorkbench();
  bench.write("a", "x");
  const disk: Disk = {
    ...realDisk,
    tryLock(path) {
      // It was there, was done and ended, between our check and our lock.
      fs.mkdirSync(join(bench.base, "migrations/other-20260101T000000Z-abcdef"));
      fs.unlinkSync(bench.at("a"));
      return realDisk.tryLock(path);
    },
  };
  const error = await errorOf(bench.apply([{ op: "trash", path: bench.at("a") }], { disk }));
  expect(error.message).toContain("the disk is not as it expects");
  expect(fs.existsSync(bench.migrationDir)).toBe(false);
});

test("a resumption that stops has both ways on, and one of a rollback only the way back", async () => {
  using bench = makeWorkbench();
  await errorOf(bench.apply(threeBatches(bench), cancelAt(1, "apply")));
  const stopped = await errorOf(bench.resume({ signal: AbortSignal.abort() }));
  expect(stopped).toMatchObject({
    outcome: "interrupted",
    hint: "to go on: migrate --resume ID\nto go back: rollback ID",
  });
  await errorOf(bench.undo({ signal: AbortSignal.abort() }));
  const refused = await errorOf(bench.resume());
  expect(refused).toMatchObject({ outcome: "refused", hint: "to go back: rollback ID" });
});

test("a rollback that gets no lock has not begun: it is refused, and nothing stands half-way", async () => {
  using bench = makeWorkbench();
  await bench.apply(threeBatches(bench));
  for (const code of ["EACCES", "EROFS"]) {
    const disk: Disk = { ...realDisk, tryLock: failing(code) };
    const message = `Cannot roll back "test-20260101T000000Z-abcdef": ${code}: it failed; nothing was changed`;
    expect(await errorOf(bench.undo({ disk }))).toMatchObject({ outcome: "refused", message });
    const resumed = await errorOf(bench.resume({ disk }));
    expect(resumed).toMatchObject({ outcome: "interrupted" });
  }
});

describe("what a rollback keeps", () => {
  test("in a batch that it has ended is decided, whatever becomes of it while it stands still", async () => {
    using bench = makeWorkbench();
    await bench.apply(threeBatches(bench));
    bench.write("b.json", '{"n": 9}');
    await errorOf(bench.undo(cancelAt(1, "undo")));
    bench.write("a.json", '{"n": 1}');
    const { state, kept, undone } = await bench.undo();
    expect([state, kept.map(({ index }) => index), undone]).toEqual(["partly-rolled-back", [2], 1]);
  });

  test("in a batch that was cut short is decided anew", async () => {
    using bench = makeWorkbench();
    const edits = [{ pointer: "/n", before: 0, after: 1 }];
    await bench.apply([
      ...["a", "b", "c"].map(
        (name): Operation => ({
          ...{ op: "create", path: bench.at(name), content: '{"n": 0}' },
        }),
      ),
      { op: "patchJson", path: bench.at("c"), edits },
    ]);
    bench.write("a", "changed");
    bench.write("c", '{"n": 7}');
    const first = await bench.undo();
    expect(first.kept.map(({ index }) => index)).toEqual([0, 2, 3]);
    // As a crash leaves it that comes when the second batch was announced.
    const isAnnounced = (records: JournalRecord[]) =>
      records.some((record) => record.k === "intent" && record.from === 0);
    const last = linesOf(bench).findLastIndex(isAnnounced);
    const lines = fs.readFileSync(journalOf(bench), "utf8").split("\n");
    fs.writeFileSync(journalOf(bench), `${lines.slice(0, last + 1).join("\n")}\n`);
    bench.write("a", '{"n": 0}');
    bench.write("c", '{"n": 1}');
    const second = await bench.undo();
    expect(second.kept.map(({ index }) => index)).toEqual([2, 3]);
    expect([bench.exists("a"), bench.exists("b"), bench.read("c")]).toEqual([
      ...[false, false, '{"n": 1}'],
    ]);
    expect(await bench.undo()).toMatchObject({ state: "rolled-back", kept: [] });
    expect(bench.exists("c")).toBe(false);
  });
});
