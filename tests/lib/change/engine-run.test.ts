/** What a run shows of itself while it goes on, and what it leaves when it cannot begin or end. */

import { describe, expect, test } from "bun:test";
import * as fs from "node:fs";
import { basename, join } from "node:path";
import { type Disk, realDisk } from "../../../lib/change/disk.ts";
import { expectMigration, makeMigrationsDir } from "../../../lib/change/engine.ts";
import type { Operation } from "../../../lib/change/operation.ts";
import type { TmuxPort } from "../../../lib/change/options.ts";
import { errorOf, makeWorkbench, type Workbench } from "../../change/workbench.ts";

const now = () => new Date("2026-01-02T03:04:05.678Z");
const make = ({ at }: Workbench): Operation[] => [{ op: "makeDir", path: at("dir") }];
const idOf = ({ migrationDir }: Workbench) => basename(migrationDir);
const lockOf = ({ base }: Workbench) => join(base, "migrations", ".lock");

function thrownBy(step: () => void): unknown {
  try {
    step();
  } catch (error) {
    return error;
  }
  throw new Error("it succeeded");
}

describe("the lock of a run", () => {
  test("says who holds it, is held while it runs, and free and empty afterwards", async () => {
    using bench = makeWorkbench();
    const seen: unknown[] = [];
    const onLocked = () => {
      seen.push(JSON.parse(fs.readFileSync(lockOf(bench), "utf8")));
      expect(realDisk.tryLock(lockOf(bench))).toBeNull();
      expect(fs.existsSync(bench.migrationDir)).toBe(false);
    };
    await bench.apply(make(bench), { now, onLocked, command: "migrate --execute" });
    const holder = { pid: process.pid, startedAt: now().toISOString(), migration: idOf(bench) };
    expect(seen).toEqual([{ ...holder, command: "migrate --execute" }]);
    expect(fs.readFileSync(lockOf(bench), "utf8")).toBe("");
    const lock = realDisk.tryLock(lockOf(bench));
    expect(lock).not.toBeNull();
    lock?.close();
  });

  test("names the script where there is no command, and is given back after a refusal", async () => {
    using bench = makeWorkbench();
    let command: unknown;
    const onLocked = async () => {
      await Bun.sleep(0);
      ({ command } = JSON.parse(fs.readFileSync(lockOf(bench), "utf8")) as { command: unknown });
      throw new Error("not now");
    };
    expect((await errorOf(bench.apply(make(bench), { onLocked }))).message).toBe("not now");
    expect([command, bench.exists("dir")]).toEqual(["test", false]);
    expect(await bench.apply(make(bench))).toMatchObject({ state: "done" });
  });
});

describe("the files of a migration", () => {
  test("say what it is and when it was made", async () => {
    using bench = makeWorkbench();
    await bench.apply(make(bench), { now });
    const file = join(bench.migrationDir, "manifest.json");
    expect(JSON.parse(fs.readFileSync(file, "utf8"))).toMatchObject({
      ...{ schemaVersion: 1, id: idOf(bench), script: "test", title: "a test" },
      ...{ createdAt: now().toISOString(), root: bench.base, toolVersion: "0.0.0", operations: 1 },
    });
    expect(fs.readFileSync(join(bench.migrationDir, "journal.jsonl"), "utf8")).toContain(
      `{"k":"start","run":"apply","at":"${now().toISOString()}"}`,
    );
  });

  test("hold nothing of a run once it has ended, and nothing stays open", async () => {
    let open = 0;
    const disk: Disk = {
      ...realDisk,
      openAppend(path, length) {
        const log = realDisk.openAppend(path, length);
        open += 1;
        return {
          ...log,
          close() {
            log.close();
            open -= 1;
          },
        };
      },
    };
    using bench = makeWorkbench(disk);
    bench.write("c.yaml", "n: 1\n");
    const edits = [{ pointer: "/n", before: 1, after: 2 }];
    await bench.apply([{ op: "patchYaml", path: bench.at("c.yaml"), edits }]);
    const names = ["journal.jsonl", "manifest.json", "plan.json", "staging", "trash"];
    expect(fs.readdirSync(bench.migrationDir).sort()).toEqual(names);
    await bench.undo();
    expect(fs.readdirSync(bench.migrationDir).sort()).toEqual(names);
    expect(open).toBe(0);
  });

  test.each(["manifest.json", "journal.jsonl", "ao-lock"])(
    "are all gone when %s cannot be written, and the plan is none",
    async (name) => {
      const disk: Disk = {
        ...realDisk,
        writeNew(path, content, options) {
          if (path.endsWith(name)) throw Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
          realDisk.writeNew(path, content, options);
        },
      };
      using bench = makeWorkbench(disk);
      const error = await errorOf(bench.apply(make(bench)));
      expect(error).toMatchObject({ outcome: "refused" });
      expect(error.message).toContain("nothing was changed");
      expect(fs.readdirSync(join(bench.base, "migrations"))).toEqual([".lock"]);
      expect(bench.exists("dir")).toBe(false);
    },
  );

  test("cannot be kept where a file is in the way, which is told", () => {
    using bench = makeWorkbench();
    fs.writeFileSync(join(bench.base, "file"), "");
    const migrationDir = join(bench.base, "file", "migrations", "m");
    const error = thrownBy(() => makeMigrationsDir({ ...bench.options, migrationDir }));
    expect(error).toMatchObject({ outcome: "refused", cause: { code: "ENOTDIR" } });
    expect((error as Error).message).toStartWith(
      `Cannot make "${join(bench.base, "file", "migrations")}": `,
    );
  });

  test("that are not there are asked for by name", () => {
    using bench = makeWorkbench();
    const file = join(bench.migrationDir, "manifest.json");
    expect(thrownBy(() => expectMigration(bench.options))).toMatchObject({
      ...{ outcome: "invalid", place: { file } },
      message: `Cannot open migration "${idOf(bench)}": there is none`,
    });
  });
});

test("a migration is not opened through a link", async () => {
  using bench = makeWorkbench();
  await bench.apply(make(bench));
  const elsewhere = join(bench.base, "elsewhere");
  fs.renameSync(bench.migrationDir, elsewhere);
  fs.symlinkSync(elsewhere, bench.migrationDir);
  expect(await errorOf(bench.undo())).toMatchObject({ outcome: "invalid" });
  expect(bench.exists("dir")).toBe(true);
});

test("a file that is as it was checked is not read once more to be changed", async () => {
  let reads = 0;
  const disk: Disk = {
    ...realDisk,
    readFile(path) {
      if (path.endsWith("a.json")) reads += 1;
      return realDisk.readFile(path);
    },
  };
  using bench = makeWorkbench(disk);
  bench.write("a.json", '{"n": 1}');
  const edits = [{ pointer: "/n", before: 1, after: 2 }];
  await bench.apply([{ op: "patchJson", path: bench.at("a.json"), edits }]);
  expect([reads, bench.read("a.json")]).toEqual([1, '{"n": 2}']);
});

test("what fails when a run is over changes nothing of its outcome", async () => {
  let isOver = false;
  const refuse = () => {
    throw Object.assign(new Error("EIO"), { code: "EIO" });
  };
  const disk: Disk = {
    ...realDisk,
    unlink(path) {
      if (path.endsWith("ao-lock")) isOver = true;
      return path.endsWith("ao-lock") ? refuse() : realDisk.unlink(path);
    },
    openAppend(path, length) {
      const log = realDisk.openAppend(path, length);
      return {
        ...log,
        close() {
          log.close();
          refuse();
        },
      };
    },
  };
  using bench = makeWorkbench(disk);
  expect(await bench.apply(make(bench))).toMatchObject({ state: "done" });
  expect([isOver, fs.readFileSync(lockOf(bench), "utf8")]).toEqual([true, ""]);
});

test("what an interrupted run left is cleared away by the next, and no plan leads out", async () => {
  using bench = makeWorkbench();
  await bench.apply(make(bench));
  const staging = join(bench.migrationDir, "staging");
  fs.writeFileSync(join(staging, "7"), "torn");
  fs.writeFileSync(join(bench.migrationDir, "ao-lock"), "");
  const roots = [join(bench.base, "elsewhere")];
  const error = await errorOf(bench.undo({ roots }));
  expect(error.message).toContain("it lies outside the places that may be changed");
  expect(bench.exists("dir")).toBe(true);
  await bench.undo();
  expect([fs.readdirSync(staging), bench.exists("dir")]).toEqual([[], false]);
  expect(fs.existsSync(join(bench.migrationDir, "ao-lock"))).toBe(false);
});

test("a rollback without the tmux server that was there before says so", async () => {
  using bench = makeWorkbench();
  const names = new Set(["old"]);
  const tmux: TmuxPort = {
    hasSession: (name) => names.has(name),
    renameSession(from, to) {
      names.delete(from);
      names.add(to);
    },
  };
  await bench.apply([{ op: "renameTmux", from: "old", to: "new" }], { tmux });
  const { warnings } = await bench.undo();
  expect(warnings).toEqual(['Cannot rename tmux session "new" back to "old": tmux was not asked']);
});
