/** AO's locks and programs that do not wait: takeovers by them, and by us. */

import { afterAll, afterEach, describe, expect, setSystemTime, test } from "bun:test";
import * as fs from "node:fs";
import { join } from "node:path";
import { realDisk } from "../../../lib/change/disk.ts";
import { AoLocks, isAbandonedLock } from "../../../lib/change/lock.ts";
import { age, makeLocks } from "../../change/ao-locks.ts";
import { makeTemp } from "../../temp.ts";

const dir = makeTemp("lock");
afterAll(() => fs.rmSync(dir, { recursive: true, force: true }));

let serial = 0;
function fresh(): string {
  serial += 1;
  const path = join(dir, String(serial));
  fs.mkdirSync(path);
  return path;
}

describe("AO's locks", () => {
  describe("while time goes by", () => {
    afterEach(() => {
      setSystemTime();
    });
    /** Lets that many seconds pass for us; files keep the times they have. */
    const wait = (seconds: number) => setSystemTime(new Date(Date.now() + seconds * 1000));
    const modified = (path: string) => fs.statSync(path).mtimeMs;

    test("are made to look fresh every five seconds", async () => {
      const { locks, operation, lock } = makeLocks(fresh());
      await locks.take(operation);
      const taken = modified(lock);
      wait(4);
      locks.refresh();
      expect(modified(lock)).toBe(taken);
      wait(2);
      locks.refresh();
      expect(modified(lock)).toBeGreaterThan(taken);
      const refreshed = modified(lock);
      wait(4);
      locks.refresh();
      expect(modified(lock)).toBe(refreshed);
      // One more that is taken keeps those that are held.
      wait(2);
      await locks.take(operation);
      expect(modified(lock)).toBeGreaterThan(refreshed);
      locks.release();
    });

    test("that are gone after we slept need no giving back", async () => {
      const { locks, operation, lock } = makeLocks(fresh());
      await locks.take(operation);
      fs.unlinkSync(lock);
      wait(16);
      expect(locks.release()).toEqual([]);
    });

    test("that AO took over while we slept are AO's, and stay", async () => {
      for (const [seconds, stays] of [
        [14, false],
        [16, true],
      ] as const) {
        const { locks, operation, lock } = makeLocks(fresh());
        await locks.take(operation);
        fs.unlinkSync(lock);
        fs.writeFileSync(lock, "AO\n");
        wait(seconds);
        locks.release();
        expect(fs.existsSync(lock)).toBe(stays);
        fs.rmSync(lock, { force: true });
        // The next ones are beyond doubt again.
        await locks.take(operation);
        locks.release();
        expect(fs.existsSync(lock)).toBe(false);
      }
    });

    test("are waited for no longer when the clock is set back meanwhile", async () => {
      const { locks, operation, lock } = makeLocks(fresh());
      fs.writeFileSync(lock, "");
      const taken = locks.take(operation).then(
        () => "taken",
        (error: Error) => error.message,
      );
      wait(-3600);
      const late = Bun.sleep(2000).then(() => "still waiting");
      expect(await Promise.race([taken, late])).toBe(`"${lock}" is held by another program`);
    });

    test("that nobody took over while we slept are given back", async () => {
      for (const code of [null, "EPERM"]) {
        const { operation, lock, places } = makeLocks(fresh());
        const link = (existing: string, path: string) => {
          if (code !== null) throw Object.assign(new Error("no links"), { code });
          fs.linkSync(existing, path);
        };
        const locks = new AoLocks({ ...realDisk, link }, places, 20);
        locks.prepare();
        await locks.take(operation);
        wait(16);
        locks.release();
        expect(fs.existsSync(lock)).toBe(false);
      }
    });
  });

  test("that another program took over at the same moment are given back to it", () => {
    const { operation, lock, places } = makeLocks(fresh());
    fs.writeFileSync(lock, "old\n");
    age(lock, 31);
    const busy = {
      ...realDisk,
      renameNoReplace(from: string, to: string) {
        if (from === lock && fs.readFileSync(lock, "utf8") === "old\n") {
          fs.unlinkSync(lock);
          fs.writeFileSync(`${lock}.new`, "AO\n");
          fs.renameSync(`${lock}.new`, lock);
        }
        realDisk.renameNoReplace(from, to);
      },
    };
    const locks = new AoLocks(busy, places, 20);
    locks.prepare();
    expect(locks.tryTake(operation)).toMatchObject({ lock });
    expect(fs.readFileSync(lock, "utf8")).toBe("AO\n");
    expect(fs.readdirSync(join(lock, "..")).sort()).toEqual(["a-1.json", "a-1.json.lock"]);
    expect(locks.release()).toEqual([]);
  });

  test("are abandoned only when they are old, AO's, and the file that they are for is gone", () => {
    const { lock } = makeLocks(fresh());
    const file = lock.slice(0, -".lock".length);
    fs.writeFileSync(lock, "");
    age(lock, 31);
    expect(isAbandonedLock(realDisk, lock)).toBe(false);
    fs.unlinkSync(file);
    expect(isAbandonedLock(realDisk, lock)).toBe(true);
    age(lock, 29);
    expect(isAbandonedLock(realDisk, lock)).toBe(false);
    expect(isAbandonedLock(realDisk, file)).toBe(false);
    const other = `${file}-lock`;
    fs.writeFileSync(other, "");
    age(other, 90);
    expect(isAbandonedLock(realDisk, other)).toBe(false);
    fs.writeFileSync(join(lock, "../notes.lock"), "");
    age(join(lock, "../notes.lock"), 90);
    expect(isAbandonedLock(realDisk, join(lock, "../notes.lock"))).toBe(false);
    fs.unlinkSync(lock);
    expect(isAbandonedLock(realDisk, lock)).toBe(false);
    fs.mkdirSync(lock);
    age(lock, 31);
    expect(isAbandonedLock(realDisk, lock)).toBe(false);
  });
});
