import { expect, test } from "bun:test";
import { chmodSync, rmSync } from "node:fs";
import { join } from "node:path";
import { realDisk } from "../../../../lib/change/disk.ts";
import { type Holder, releaseRunLock, takeRunLock } from "../../../../lib/change/lock.ts";
import { formatPlan } from "../../../../lib/change/migration.ts";
import { resolvePlaces } from "../../../../lib/paths.ts";
import { rememberedDataDirs, scanMigrations } from "../../../../lib/storage/scan/migrations.ts";
import { Reader } from "../../../../lib/storage/scan/reader.ts";
import { writeFiles } from "../../../disk/repos.ts";
import { makeTemp } from "../../../temp.ts";

const open = `${JSON.stringify({ sum: "0", records: [{ k: "start" }] })}\n`;

function makeMigrations(): Disposable & { dir: string; lock: string } {
  const dir = makeTemp("migrations");
  const dispose = () => rmSync(dir, { recursive: true, force: true });
  return { dir, lock: join(dir, ".lock"), [Symbol.dispose]: dispose };
}

function holderOf(migration: string): Holder {
  const startedAt = "2026-01-01T00:00:00.000Z";
  return { pid: process.pid, command: "migrate --execute", startedAt, migration };
}

test("a migration that runs right now is told from one that was interrupted", async () => {
  using place = makeMigrations();
  const { dir, lock } = place;
  writeFiles(dir, { "a/journal.jsonl": open });
  const look = () => scanMigrations(new Reader(), dir);
  expect(look()).toEqual({ openMigrations: ["a"], migrationHolder: null });
  const held = await takeRunLock(realDisk, lock, holderOf("a"));
  expect(look()).toEqual({ openMigrations: ["a"], migrationHolder: holderOf("a") });
  // As a process leaves it that was killed: the name is there, the lock is not.
  held.close();
  expect(look()).toEqual({ openMigrations: ["a"], migrationHolder: null });
  const other = await takeRunLock(realDisk, lock, holderOf("spawn-1"));
  expect(look().migrationHolder).toBeNull();
  releaseRunLock(other);
});

test("a lock that may not be opened says nothing, and without migrations there is nothing", async () => {
  using place = makeMigrations();
  const { dir, lock } = place;
  writeFiles(dir, { "a/journal.jsonl": open, ".lock": `${JSON.stringify(holderOf("a"))}\n` });
  chmodSync(lock, 0o400);
  expect(scanMigrations(new Reader(), dir).migrationHolder).toBeNull();
  const none = { openMigrations: [], migrationHolder: null };
  expect(scanMigrations(new Reader(), null)).toEqual(none);
  expect(scanMigrations(new Reader(), join(dir, "none"))).toEqual(none);
});

test("V0's directories that an earlier migration knew are remembered, whatever its plan is now", () => {
  using place = makeMigrations();
  const places = resolvePlaces({ home: "/home/u", env: {} });
  // A registry that is in force no longer is a file, and no directory of V0.
  const registry = join(place.dir, "config.yaml");
  writeFiles(place.dir, { "config.yaml": "projects: {}\n" });
  const known = [places.baseDir, places.configFile, registry, "/repo/.git/worktrees"];
  const roots = [...known, "/home/u/old", "../x"];
  const plan = { script: "migrate", title: "t", operations: [], roots };
  const text = [...formatPlan(plan)].map((part) => Buffer.from(part).toString("utf8")).join("");
  writeFiles(place.dir, {
    "v3-a/plan.json": text,
    "v3-b/plan.json": text.slice(0, 30),
    "v3-c/plan.json": '{"roots":1,\n',
    "v3-d/manifest.json": "{}",
    "repair-e/plan.json": text.replace("/home/u/old", "/home/u/other"),
  });
  expect(rememberedDataDirs(new Reader(), place.dir, places)).toEqual([{ path: "/home/u/old" }]);
});
