import { afterAll, describe, expect, mock, test } from "bun:test";
import * as fs from "node:fs";
import { join } from "node:path";
import { realDisk } from "../../../lib/change/disk.ts";
import {
  AoLocks,
  aoLockRules,
  releaseRunLock,
  runningMigration,
  takeRunLock,
} from "../../../lib/change/lock.ts";
import type { Operation } from "../../../lib/change/operation.ts";
import { Places } from "../../../lib/change/places.ts";
import { age, makeLocks, patch } from "../../change/ao-locks.ts";
import { errorOf, makeWorkbench } from "../../change/workbench.ts";
import { makeTemp } from "../../temp.ts";
import { readTree } from "../../tree.ts";

const dir = makeTemp("lock");
afterAll(() => fs.rmSync(dir, { recursive: true, force: true }));

let serial = 0;
function fresh(): string {
  serial += 1;
  const path = join(dir, String(serial));
  fs.mkdirSync(path);
  return path;
}

const me = {
  pid: process.pid,
  command: "test",
  startedAt: "2026-01-01T00:00:00.000Z",
  migration: "test-1",
};

/** Starts a process that takes the lock and says so. */
async function startHolder(file: string, ...more: string[]) {
  const script = join(import.meta.dir, "../../change/holder.ts");
  const child = Bun.spawn([process.execPath, script, file, ...more], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  return { child, said: new TextDecoder().decode(value).trim() };
}

describe("the run lock", () => {
  test("is held by one process, which is named to the other", async () => {
    const file = join(fresh(), ".lock");
    const { child, said } = await startHolder(file);
    expect(said).toBe("held");
    const error = await errorOf(takeRunLock(realDisk, file, me));
    expect(error.outcome).toBe("refused");
    expect(error.message).toContain(`process ${child.pid} (migrate.ts --execute, since 2026`);
    expect(runningMigration(realDisk, file)).toBe("v3-20260101T000000Z-abcdef");
    child.stdin.end();
    await child.exited;
    releaseRunLock(await takeRunLock(realDisk, file, me));
    expect(runningMigration(realDisk, file)).toBeNull();
  });

  test("cannot be looked at on a disk that fails, and that is no reason to fail too", () => {
    const file = join(fresh(), ".lock");
    fs.writeFileSync(file, JSON.stringify(me));
    const tryLock = () => {
      throw Object.assign(new Error("EIO: i/o error, open"), { code: "EIO" });
    };
    expect(runningMigration({ ...realDisk, tryLock }, file)).toBeNull();
  });

  test("is given back also where its file cannot be written any more", () => {
    const lock = {
      write: () => {
        throw Object.assign(new Error("EIO: i/o error, write"), { code: "EIO" });
      },
      close: mock(),
    };
    releaseRunLock(lock);
    expect(lock.close).toHaveBeenCalledTimes(1);
  });

  test("ends with its process, even when that leaves a child behind", async () => {
    const file = join(fresh(), ".lock");
    const { child, said } = await startHolder(file, "child");
    child.kill("SIGKILL");
    await child.exited;
    const grandchild = Number(said.split(" ")[1]);
    try {
      process.kill(grandchild, 0);
      // The file still names the dead holder; that alone means nothing.
      expect(fs.readFileSync(file, "utf8")).toContain("migrate.ts");
      expect(runningMigration(realDisk, file)).toBeNull();
      releaseRunLock(await takeRunLock(realDisk, file, me));
    } finally {
      process.kill(grandchild, "SIGKILL");
    }
  });

  test("is kept by a process that is only suspended", async () => {
    const file = join(fresh(), ".lock");
    const { child } = await startHolder(file);
    child.kill("SIGSTOP");
    try {
      expect((await errorOf(takeRunLock(realDisk, file, me))).outcome).toBe("refused");
      expect(runningMigration(realDisk, file)).toBe("v3-20260101T000000Z-abcdef");
    } finally {
      child.kill("SIGKILL");
      await child.exited;
    }
  });

  test("waits for somebody who only looks", async () => {
    const file = join(fresh(), ".lock");
    const look = realDisk.tryLock(file);
    setTimeout(() => look?.close(), 60);
    releaseRunLock(await takeRunLock(realDisk, file, me));
  });

  test("is not taken where migrations would be kept somewhere else", async () => {
    using bench = makeWorkbench();
    const migrations = join(bench.base, "migrations");
    const elsewhere = join(bench.base, "elsewhere");
    fs.mkdirSync(elsewhere);
    for (const target of [elsewhere, join(bench.base, "nowhere"), bench.root]) {
      fs.symlinkSync(target, migrations);
      for (const run of [() => bench.apply([{ op: "makeDir", path: bench.at("d") }]), bench.undo]) {
        const error = await errorOf(run());
        expect(error).toMatchObject({ outcome: run === bench.undo ? "invalid" : "refused" });
      }
      fs.unlinkSync(migrations);
    }
    fs.writeFileSync(migrations, "");
    const error = await errorOf(bench.apply([{ op: "makeDir", path: bench.at("d") }]));
    expect([error.outcome, error.message]).toEqual([
      "refused",
      `Cannot keep migrations in "${migrations}": it is no directory`,
    ]);
    expect([...fs.readdirSync(elsewhere), ...fs.readdirSync(bench.root)]).toEqual([]);
    // One that was made, and moved there.
    fs.unlinkSync(migrations);
    await bench.apply([{ op: "makeDir", path: bench.at("d") }]);
    fs.renameSync(migrations, join(elsewhere, "migrations"));
    fs.symlinkSync(join(elsewhere, "migrations"), migrations);
    expect((await errorOf(bench.undo())).message).toEndWith(": it is a symbolic link");
    expect(bench.exists("d")).toBe(true);
  });

  test("is not fooled by a lock file that was replaced", async () => {
    const file = join(fresh(), ".lock");
    const first = realDisk.tryLock(file);
    fs.unlinkSync(file);
    const second = realDisk.tryLock(file);
    expect(second).not.toBeNull();
    expect(realDisk.tryLock(file)).toBeNull();
    first?.close();
    second?.close();
  });
});

test("AO's locks are those of its session files and its registry", () => {
  const locksOf = (operation: Operation) => aoLockRules(operation).map((rule) => rule.lock);
  expect(locksOf(patch("/b/sessions/a-1.json"))).toEqual(["/b/sessions/a-1.json.lock"]);
  expect(locksOf(patch("/b/sessions/archive/a-1.json"))).toEqual([]);
  expect(locksOf(patch("/b/identity.json"))).toEqual([]);
  expect(locksOf({ op: "patchYaml", path: "/any/name.yaml", edits: [] })).toEqual([
    "/any/name.yaml.lock",
  ]);
  expect(locksOf({ op: "trash", path: "/b/config.yaml" })).toEqual(["/b/config.yaml.lock"]);
  expect(locksOf({ op: "move", from: "/a/sessions/x.json", to: "/b/sessions/x.json" })).toEqual([
    "/a/sessions/x.json.lock",
    "/b/sessions/x.json.lock",
  ]);
  expect(locksOf({ op: "makeDir", path: "/b/sessions" })).toEqual([]);
});

describe("AO's locks", () => {
  /** Files with their contents and times. */
  const seen = (dir: string) => {
    const all = [...readTree(dir, { mtime: true })];
    return all.filter(([, entry]) => entry.kind !== "dir");
  };

  test("are taken, told to be ours, and given back", async () => {
    const { locks, operation, lock } = makeLocks(fresh());
    await locks.take(operation);
    await locks.take(operation);
    expect(fs.readFileSync(lock, "utf8")).toContain("test-20260101T000000Z-abcdef");
    locks.release();
    expect(fs.existsSync(lock)).toBe(false);
  });

  test("are waited for, and not taken from somebody who works", async () => {
    const { locks, operation, lock } = makeLocks(fresh());
    fs.writeFileSync(lock, "");
    const error = await errorOf(locks.take(operation));
    expect(error.message).toBe(`"${lock}" is held by another program`);
    expect(fs.readFileSync(lock, "utf8")).toBe("");
    setTimeout(() => fs.unlinkSync(lock), 30);
    await locks.take(operation);
    locks.release();
    expect(fs.existsSync(lock)).toBe(false);
  });

  test("that AO would take for abandoned are taken over, younger ones are not", async () => {
    const { locks, operation, lock } = makeLocks(fresh());
    fs.writeFileSync(lock, "");
    age(lock, 29);
    expect(locks.tryTake(operation)).not.toBeNull();
    age(lock, 31);
    expect(locks.tryTake(operation)).toBeNull();
    expect(fs.readFileSync(lock, "utf8")).toContain("ao-toolkit");
    locks.release();
  });

  test("that were abandoned are put back as they were", async () => {
    const { locks, operation, lock } = makeLocks(fresh());
    const dir = join(lock, "..");
    fs.writeFileSync(lock, "12345\n");
    age(lock, 31);
    const before = seen(dir);
    for (let turn = 0; turn < 2; turn += 1) {
      await locks.take(operation);
      expect(locks.release()).toEqual([dir]);
      expect(seen(dir)).toEqual(before);
    }
  });

  test("that were abandoned are put back after a crash", async () => {
    const { operation, lock, places } = makeLocks(fresh());
    const dir = join(lock, "..");
    fs.writeFileSync(lock, "12345\n");
    age(lock, 31);
    const before = seen(dir);
    const die = () => {
      const locks = new AoLocks(realDisk, places);
      locks.prepare();
      expect(locks.tryTake(operation)).toBeNull();
      expect(seen(dir)).not.toEqual(before);
    };
    // Also between the two steps of giving it back.
    for (const step of [() => {}, () => fs.unlinkSync(lock)]) {
      die();
      step();
      new AoLocks(realDisk, places).clearLeftovers([operation]);
      expect(seen(dir)).toEqual(before);
    }
    // AO did not wait for us.
    die();
    fs.unlinkSync(lock);
    fs.writeFileSync(lock, "AO\n");
    new AoLocks(realDisk, places).clearLeftovers([operation]);
    expect(fs.readFileSync(lock, "utf8")).toBe("AO\n");
    expect(fs.readdirSync(dir).sort()).toEqual(["a-1.json", "a-1.json.lock"]);
  });

  test("of a run that died are cleared, and others stay", () => {
    const { locks, operation, lock, places } = makeLocks(fresh());
    expect(locks.tryTake(operation)).toBeNull();
    const after = new AoLocks(realDisk, places);
    after.clearLeftovers([operation]);
    expect(fs.existsSync(lock)).toBe(false);
    fs.writeFileSync(lock, '{"tool":"ao-toolkit","migration":"another"}');
    after.clearLeftovers([operation]);
    expect(fs.existsSync(lock)).toBe(true);
  });

  test("of a run that died are taken over at once", async () => {
    const { locks, operation, lock, places } = makeLocks(fresh());
    await locks.take(operation);
    const after = new AoLocks(realDisk, places, 0);
    after.prepare();
    expect(after.tryTake(operation)).toBeNull();
    after.release();
    expect(fs.existsSync(lock)).toBe(false);
  });

  test("need no directory that is not there", () => {
    const { locks, lock } = makeLocks(fresh());
    expect(locks.tryTake(patch(lock.replace("sessions", "none/sessions")))).toBeNull();
    locks.release();
  });

  test("are files of their own where no links can be made", async () => {
    const { places, operation, lock } = makeLocks(fresh());
    const linkless = {
      ...realDisk,
      link: () => {
        throw Object.assign(new Error("no links"), { code: "EPERM" });
      },
    };
    const locks = new AoLocks(linkless, places, 20);
    locks.prepare();
    await locks.take(operation);
    expect(fs.readFileSync(lock, "utf8")).toContain(places.id);
    const others = new AoLocks(linkless, new Places(join(places.dir, "../other")), 20);
    fs.mkdirSync(join(places.dir, "../other"));
    others.prepare();
    expect(others.tryTake(operation)).not.toBeNull();
    locks.release();
    expect(fs.existsSync(lock)).toBe(false);
  });
});
