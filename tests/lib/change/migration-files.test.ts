/** How the files of a migration are written, and which of them are believed. */

import { describe, expect, test } from "bun:test";
import type { Disk } from "../../../lib/change/disk.ts";
import { Journal, type JournalRecord } from "../../../lib/change/journal.ts";
import {
  formatPlan,
  makeDirs,
  parsePlan,
  readMigration,
  readPlan,
  writeMigration,
} from "../../../lib/change/migration.ts";
import type { Operation } from "../../../lib/change/operation.ts";
import { Places } from "../../../lib/change/places.ts";
import { PlanDigest, planDigest } from "../../../lib/change/plan.ts";
import { altered, failing } from "../../change/prepared.ts";
import { errorOf } from "../../change/workbench.ts";
import { SimulatedDisk } from "../../simulated-disk.ts";

const at = "2026-01-01T00:00:00.000Z";
const places = new Places("/base/migrations/a");

function planOf(operations: Operation[]) {
  return { script: "test", title: "a test", roots: ["/"], operations };
}

function written(count = 3, summary?: string) {
  const disk = new SimulatedDisk();
  for (const dir of ["/base", "/base/migrations"]) disk.makeDir(dir);
  disk.flushAll();
  const operations = Array.from(
    { length: count },
    (_, n): Operation => ({
      ...{ op: "trash", path: `/x-${n}` },
    }),
  );
  const plan = planOf(operations);
  const manifest = {
    ...{ schemaVersion: 1 as const, id: "a", script: "test", title: "a test", createdAt: at },
    ...{ root: "/base", toolVersion: "0", operations: count },
  };
  const sum = writeMigration(disk, places, { manifest, plan, summary });
  return { disk, plan, sum };
}

describe("a new migration", () => {
  test("is on the disk for good, all of it, when it was written", async () => {
    const { disk, plan, sum } = written(3, "# A plan\n");
    const after = disk.afterPowerCut(() => 0);
    const { manifest, ledger } = await readMigration(after, places);
    expect([manifest.planDigest, ledger.run]).toEqual([sum, "none"]);
    expect(await readPlan(after, places, manifest)).toEqual(plan);
    expect(Buffer.from(after.readFile(places.summary)).toString()).toBe("# A plan\n");
    expect(after.readDir("/base/migrations")).toEqual(["a"]);
  });

  test("is its owner's alone", () => {
    const { disk } = written(1, "x");
    const modeOf = (path: string) => disk.lstat(path)?.mode;
    const { dir, staging, trash, manifest, plan, journal, summary } = places;
    expect([dir, staging, trash].map(modeOf)).toEqual([0o700, 0o700, 0o700]);
    expect([manifest, plan, journal, summary].map(modeOf)).toEqual([0o600, 0o600, 0o600, 0o600]);
  });
});

test("a large plan is written in parts, which are the plan and its digest", async () => {
  const operations = Array.from(
    { length: 4000 },
    (_, n): Operation => ({
      ...{ op: "move", from: `/a/${n}`, to: `/b/${n}` },
    }),
  );
  const digest = new PlanDigest();
  const parts = [...formatPlan(planOf(operations), digest)];
  expect(parts.length).toBeGreaterThan(2);
  for (const part of parts.slice(0, -1)) expect(part.length).toBeGreaterThanOrEqual(64 * 1024);
  expect(digest.end()).toBe(planDigest(operations));
  const text = Buffer.concat(parts).toString("utf8");
  expect(await parsePlan(text, "plan.json")).toEqual(planOf(operations));
  expect(Buffer.concat([...formatPlan(planOf(operations))]).toString("utf8")).toBe(text);
  // A fault is told with the line that the operation is on.
  const at = operations.length - 1;
  const broken = text.replace(`"/a/${at}"`, `"a/${at}"`);
  const error = await errorOf(parsePlan(broken, "plan.json"));
  expect(error).toMatchObject({ outcome: "invalid", place: { file: "plan.json", line: at + 2 } });
});

describe("a migration is told as damaged", () => {
  test("when a file is gone, or is something else", async () => {
    const gone = written().disk;
    gone.unlink(places.manifest);
    const place = { file: places.manifest };
    expect(await errorOf(readMigration(gone, places))).toMatchObject({ outcome: "invalid", place });
    gone.makeDir(places.manifest);
    const { message } = await errorOf(readMigration(gone, places));
    expect(message).toEndWith("it is a directory, not a file");
  });

  test.each(["staging", "trash"] as const)("when it has no %s any more", async (name) => {
    const { disk } = written();
    disk.removeDir(places[name]);
    const place = { file: places[name], line: 1 };
    expect(await errorOf(readMigration(disk, places))).toMatchObject({ outcome: "invalid", place });
  });

  test("when a directory on its way is a file, but not when the disk fails", async () => {
    const { disk } = written();
    const read = (code: string) =>
      errorOf(readMigration(altered(disk, { readFile: failing(code) }), places));
    expect(await read("ENOTDIR")).toMatchObject({ outcome: "invalid" });
    expect((await read("EIO")).message).toStartWith("EIO");
  });

  test("when its plan was changed since, with the file to restore", async () => {
    const { disk } = written();
    const { manifest } = await readMigration(disk, places);
    const operations: Operation[] = [{ op: "trash", path: "/other" }];
    disk.overwrite(places.plan, Buffer.concat([...formatPlan(planOf(operations))]).toString());
    expect(await errorOf(readPlan(disk, places, manifest))).toMatchObject({
      ...{ outcome: "refused", place: { file: places.plan } },
      hint: expect.stringContaining("backup"),
    });
  });
});

describe("a journal of a plan with three operations, or one", () => {
  const intent = (from: number, to: number, ...items: number[]): JournalRecord => ({
    ...{ k: "intent", from, to, items: items.map((i) => ({ i })) },
  });
  const kept = (index: number): JournalRecord => ({
    ...{ k: "kept", items: [{ index: 0, path: "/x", reason: "is gone" }] },
    ...{ items: [0, index].map((n) => ({ index: n, path: "/x", reason: "is gone" })) },
  });
  const warning = (i?: number): JournalRecord => ({
    ...{ k: "warning", text: "x" },
    ...(i !== undefined && { i }),
  });

  test.each<[boolean, JournalRecord, number?]>([
    [true, warning(), 1],
    [true, intent(0, 3, 0, 1, 2)],
    [true, intent(3, 3)],
    [false, intent(0, 4)],
    [false, intent(2, 1)],
    [false, intent(0, 3, 0, 3)],
    [true, kept(2)],
    [false, kept(3)],
    [true, warning()],
    [true, warning(2)],
    [false, warning(3)],
  ])("is sound (%p) when a line says %j", async (isSound, record, count = 3) => {
    const { disk, sum } = written(count);
    const journal = new Journal(disk, places.journal, { lines: [], length: 0, sum });
    journal.write([{ k: "start", run: "apply", at }]);
    journal.write([{ k: "done" }, record]);
    const read = readMigration(disk, places);
    if (isSound) expect((await read).journal.lines).toHaveLength(2);
    else {
      expect(await errorOf(read)).toMatchObject({
        ...{ outcome: "invalid", place: { file: places.journal, line: 2 } },
        message: expect.stringContaining("an operation that the plan does not have"),
      });
    }
  });
});

describe("directories that are missing", () => {
  test("are made, for good, with those above them", () => {
    const disk = new SimulatedDisk();
    makeDirs(disk, "/a/b/c");
    makeDirs(disk, "/a/b/c");
    expect(disk.afterPowerCut(() => 0).lstat("/a/b/c")?.kind).toBe("directory");
  });

  test("may be made by another run at the same moment; any other failure is one", () => {
    const disk = new SimulatedDisk();
    const both: Disk = altered(disk, {
      makeDir(path) {
        disk.makeDir(path);
        throw Object.assign(new Error("EEXIST"), { code: "EEXIST" });
      },
    });
    makeDirs(both, "/a/b");
    expect(disk.lstat("/a/b")?.kind).toBe("directory");
    expect(() => makeDirs(altered(disk, { makeDir: failing("EACCES") }), "/c")).toThrow("EACCES");
  });
});
