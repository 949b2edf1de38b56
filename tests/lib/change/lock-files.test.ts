/** Files that locks are made of: what may be in their place, and what stays of them. */

import { describe, expect, mock, test } from "bun:test";
import type { Disk } from "../../../lib/change/disk.ts";
import {
  AoLocks,
  liveHolder,
  releaseRunLock,
  runningMigration,
  takeRunLock,
} from "../../../lib/change/lock.ts";
import type { Operation } from "../../../lib/change/operation.ts";
import { Places } from "../../../lib/change/places.ts";
import { altered, failing } from "../../change/prepared.ts";
import { errorOf } from "../../change/workbench.ts";
import { SimulatedDisk } from "../../simulated-disk.ts";

const migrations = "/base/migrations";
const places = new Places(`${migrations}/test-20260101T000000Z-abcdef`);

function makeDisk(): SimulatedDisk {
  const disk = new SimulatedDisk();
  const dirs = ["/base", migrations, places.dir, "/base/sessions"];
  for (const dir of dirs) disk.makeDir(dir);
  return disk;
}

const textOf = (disk: Disk, path: string) => Buffer.from(disk.readFile(path)).toString("utf8");

describe("the file of the run lock", () => {
  const file = places.lock;
  const me = { pid: 7, command: "test", startedAt: "2026-01-01T00:00:00.000Z", migration: "m" };

  test("names its holder while it is held, and nobody afterwards", async () => {
    const disk = makeDisk();
    const lock = await takeRunLock(disk, file, me);
    expect([JSON.parse(textOf(disk, file)), runningMigration(disk, file)]).toEqual([me, "m"]);
    releaseRunLock(lock);
    expect([textOf(disk, file), liveHolder(disk, file)]).toEqual(["", null]);
  });

  test("cannot be a directory, which is told with its path", async () => {
    const disk = makeDisk();
    disk.makeDir(file);
    const error = await errorOf(takeRunLock(disk, file, me));
    expect(error).toMatchObject({ outcome: "refused", place: { file } });
    expect(error.message).toEndWith("it is a directory, not a file");
    expect(error.hint).toBeTruthy();
  });

  test("is told with the directory when that is elsewhere", async () => {
    const disk = new SimulatedDisk();
    disk.makeDir("/base");
    disk.makeSymlink("/far", migrations);
    const error = await errorOf(takeRunLock(disk, file, me));
    expect(error).toMatchObject({ outcome: "refused", place: { file: migrations } });
    expect(error.hint).toBeTruthy();
  });

  test.each(["", "{", "null", '{"pid":"7","command":"x"}', '{"pid":7}'])(
    "that says %j names nobody, and is held all the same",
    async (text) => {
      const disk = makeDisk();
      disk.tryLock(file)?.write(text);
      expect(liveHolder(disk, file)).toBeNull();
      const error = await errorOf(takeRunLock(disk, file, me));
      expect(error.message).toEndWith("it is held by another run");
      expect(error.hint).toBe("wait until the other run has ended");
    },
  );

  test("is given back when it cannot be written, unless that is for want of room", async () => {
    const close = mock();
    const failed = (code: string) =>
      altered(makeDisk(), { tryLock: () => ({ write: failing(code), close }) });
    expect((await errorOf(takeRunLock(failed("EIO"), file, me))).message).toStartWith("EIO");
    expect(close).toHaveBeenCalledTimes(1);
    await takeRunLock(failed("ENOSPC"), file, me);
    expect(close).toHaveBeenCalledTimes(1);
  });

  test("hides no fault of ours from whoever looks at it", () => {
    const disk = makeDisk();
    disk.tryLock(file)?.write(JSON.stringify(me));
    const tryLock = () => {
      throw new TypeError("a bug");
    };
    expect(() => liveHolder(altered(disk, { tryLock }), file)).toThrow("a bug");
  });
});

describe("a lock of AO's", () => {
  const file = "/base/sessions/a-1.json";
  const lock = `${file}.lock`;
  const operation: Operation = { op: "patchJson", path: file, edits: [] };
  const aside = places.private("staged", "lock", lock, true);
  const draft = places.private("staged", "newlock", lock, true);
  const put = (disk: SimulatedDisk, path: string, text: string) =>
    disk.writeNew(path, [Buffer.from(text)], { mode: 0o644 });

  function prepared(disk: Disk): AoLocks {
    const locks = new AoLocks(disk, places, 20);
    locks.prepare();
    return locks;
  }

  test("is made of a token that is on the disk for good, and goes with it", () => {
    const disk = makeDisk();
    put(disk, places.lockToken, "of a run that died");
    disk.flushAll();
    const locks = prepared(disk);
    disk.sync([], [places.dir]);
    expect(
      JSON.parse(
        textOf(
          disk.afterPowerCut(() => 0),
          places.lockToken,
        ),
      ),
    ).toEqual({
      ...{ tool: "ao-toolkit", migration: places.id },
    });
    locks.finish();
    locks.finish();
    expect(disk.lstat(places.lockToken)).toBeNull();
  });

  test.each(["EXDEV", "EPERM", "ENOTSUP", "EOPNOTSUPP", "EMLINK"])(
    "is a file of its own where a link fails with %s",
    (code) => {
      const disk = makeDisk();
      put(disk, draft, "of a run that died");
      const locks = prepared(altered(disk, { link: failing(code) }));
      expect(locks.tryTake(operation)).toBeNull();
      expect(textOf(disk, lock)).toContain(places.id);
      locks.release();
      expect(disk.readDir("/base/sessions")).toEqual([]);
    },
  );

  test("cannot be had where its directory lets nothing in, nor without the token", () => {
    const disk = makeDisk();
    expect(() => prepared(altered(disk, { link: failing("EACCES") })).tryTake(operation)).toThrow(
      "EACCES",
    );
    const locks = prepared(disk);
    disk.unlink(places.lockToken);
    expect(() => locks.tryTake(operation)).toThrow("ENOENT");
    const renameNoReplace = failing("EIO");
    const broken = prepared(altered(disk, { link: failing("EPERM"), renameNoReplace }));
    expect(() => broken.tryTake(operation)).toThrow("EIO");
    expect(disk.lstat(draft)).toBeNull();
  });

  test("that was given back at the very moment is taken", () => {
    const disk = makeDisk();
    let tries = 0;
    const link = (existing: string, path: string) => {
      tries += 1;
      if (tries === 1) failing("EEXIST")();
      disk.link(existing, path);
    };
    expect(prepared(altered(disk, { link })).tryTake(operation)).toBeNull();
    expect([tries, textOf(disk, lock).includes(places.id)]).toEqual([2, true]);
  });

  test("of a run that died is cleared with all that it was made of", () => {
    const disk = makeDisk();
    const token = () => textOf(disk, places.lockToken);
    const locks = prepared(disk);
    for (const path of [lock, aside, draft]) put(disk, path, token());
    locks.clearLeftovers([operation]);
    expect(disk.readDir("/base/sessions")).toEqual([]);
    put(disk, aside, "abandoned");
    const broken = altered(disk, { renameNoReplace: failing("EIO") });
    expect(() => prepared(broken).clearLeftovers([operation])).toThrow("EIO");
    expect(textOf(disk, aside)).toBe("abandoned");
    locks.clearLeftovers([operation]);
    expect([textOf(disk, lock), disk.lstat(aside)]).toEqual(["abandoned", null]);
  });
});
