/** Lists of migrations and what pruning frees, on disks that no run would leave in one piece. */

import { describe, expect, test } from "bun:test";
import { removeTree } from "../../../lib/change/copy.ts";
import { discardMigration } from "../../../lib/change/engine.ts";
import {
  hasTrash,
  listMigrations,
  loadMigration,
  pruneMigration,
  refuseWhileOpen,
  trashBytes,
  trashDirs,
} from "../../../lib/change/history.ts";
import { Journal, type JournalRecord } from "../../../lib/change/journal.ts";
import { readMigration, writeMigration } from "../../../lib/change/migration.ts";
import type { Operation } from "../../../lib/change/operation.ts";
import { Places } from "../../../lib/change/places.ts";
import type { ToolkitError } from "../../../lib/errors.ts";
import { altered, failing } from "../../change/prepared.ts";
import { errorOf } from "../../change/workbench.ts";
import { SimulatedDisk } from "../../simulated-disk.ts";

const at = "2026-01-01T00:00:00.000Z";
const migrations = "/base/migrations";
const done: JournalRecord[] = [
  { k: "start", run: "apply", at },
  { k: "intent", from: 0, to: 1, items: [{ i: 0 }], first: true },
  { k: "done" },
  { k: "end", at },
];

function makeDisk(): SimulatedDisk {
  const disk = new SimulatedDisk();
  for (const dir of ["/base", migrations, "/tree", "/tree/far", "/out"]) disk.makeDir(dir);
  return disk;
}

/** Writes a migration that throws away `path`, and two beside it. */
function add(disk: SimulatedDisk, dir: string, path: string, lines = done, createdAt = at): Places {
  const places = new Places(dir);
  const operations: Operation[] = ["", ".twin", ".third"].map((end) => ({
    op: "trash",
    path: path + end,
  }));
  const plan = { script: "test", title: "a test", roots: ["/"], operations };
  const manifest = {
    ...{ schemaVersion: 1 as const, id: places.id, script: "test", title: "a test", createdAt },
    ...{ root: "/base", toolVersion: "0", operations: 3 },
  };
  const sum = writeMigration(disk, places, { manifest, plan, summary: undefined });
  if (lines.length > 0) {
    const journal = new Journal(disk, places.journal, { lines: [], length: 0, sum });
    journal.write(lines);
  }
  return places;
}

const put = (disk: SimulatedDisk, path: string, text: string) =>
  disk.writeNew(path, [Buffer.from(text)], { mode: 0o644 });

describe("a list of migrations", () => {
  test("is by time, and by id for those of one moment, whatever the disk's order", async () => {
    const disk = makeDisk();
    for (const id of ["c", "a", "b"]) add(disk, `${migrations}/${id}`, "/tree/x");
    add(disk, `${migrations}/d`, "/tree/x", done, "2025-01-01T00:00:00.000Z");
    const names = ["z-20260101T000000Z-a", "y-20260301T000000Z-a", "x-20260101T000001Z-a"];
    for (const name of [...names, "u-20260101T000000Z-a"]) disk.makeDir(`${migrations}/${name}`);
    // Its directory's time is that of the simulated clock.
    disk.makeDir(`${migrations}/t`);
    const listed = await listMigrations(migrations, disk);
    expect(listed.migrations.map(({ id }) => id)).toEqual(["d", "a", "b", "c"]);
    expect(listed.damaged.map(({ id, createdAt }) => [id[0], createdAt])).toEqual([
      ["t", "2001-09-09T01:46:40.000Z"],
      ["u", "2026-01-01T00:00:00.000Z"],
      ["z", "2026-01-01T00:00:00.000Z"],
      ["x", "2026-01-01T00:00:01.000Z"],
      ["y", "2026-03-01T00:00:00.000Z"],
    ]);
  });

  test("is not made on a disk that fails", async () => {
    const disk = makeDisk();
    add(disk, `${migrations}/a`, "/tree/x");
    const failed = await errorOf(
      listMigrations(migrations, altered(disk, { readFile: failing("EIO") })),
    );
    expect(failed.message).toStartWith("EIO");
  });

  test("shows the others beside one that may not be read, as root's may not", async () => {
    const disk = makeDisk();
    const places = add(disk, `${migrations}/a`, "/tree/x");
    add(disk, `${migrations}/b`, "/tree/x");
    const closed = altered(disk, {
      lstat: (path) => (path.startsWith(`${places.dir}/`) ? failing("EACCES")() : disk.lstat(path)),
    });
    const { migrations: listed, damaged } = await listMigrations(migrations, closed);
    expect(listed.map(({ id }) => id)).toEqual(["b"]);
    const message = `Cannot read "${places.dir}": EACCES`;
    const error = { outcome: "invalid", message: expect.stringContaining(message) };
    expect(damaged).toMatchObject([{ id: "a", error: { ...error, hint: `ls -ld ${places.dir}` } }]);
  });

  test("leaves out one that is thrown away while it is read", async () => {
    const disk = makeDisk();
    const places = add(disk, `${migrations}/a`, "/tree/x");
    add(disk, `${migrations}/b`, "/tree/x");
    const meanwhile = altered(disk, {
      readFile(path) {
        if (path === places.manifest) discardMigration(disk, places);
        return disk.readFile(path);
      },
    });
    const { migrations: listed, damaged } = await listMigrations(migrations, meanwhile);
    expect([listed.map(({ id }) => id), damaged]).toEqual([["b"], []]);
  });

  test("says how a run ended that comes to its end while it is read", async () => {
    const disk = makeDisk();
    const places = add(disk, `${migrations}/a`, "/tree/x", done.slice(0, 2));
    const { journal } = await readMigration(disk, places);
    const lines = [done.slice(2)];
    const meanwhile = altered(disk, {
      readFile(path) {
        // The journal was read; who holds the lock is asked next.
        const line = path === places.lock ? lines.pop() : undefined;
        if (line !== undefined) new Journal(disk, places.journal, journal).write(line);
        return disk.readFile(path);
      },
    });
    expect(await loadMigration(places.dir, meanwhile)).toMatchObject({ state: "done" });
    const half = add(disk, `${migrations}/b`, "/tree/x", done.slice(0, 2));
    expect(await loadMigration(half.dir, disk)).toMatchObject({ state: "interrupted" });
  });

  test("counts what was kept for a reason that a user should know", async () => {
    const disk = makeDisk();
    const kept = { index: 0, path: "/tree/x", reason: "is gone" };
    const undone: JournalRecord[] = [
      { k: "start", run: "undo", at },
      { k: "kept", items: [kept, { ...kept, index: 1 }, { ...kept, index: 2, quiet: true }] },
    ];
    const { dir } = add(disk, `${migrations}/a`, "/tree/x", [...done, ...undone]);
    expect(await loadMigration(dir, disk)).toMatchObject({ kept: 2, state: "rolling-back" });
  });
});

describe("pruning", () => {
  const options = (disk: SimulatedDisk) => ({
    ...{ roots: ["/tree", "/elsewhere"], command: "rollback --prune", disk },
    now: () => new Date("2026-02-03T04:05:06.000Z"),
  });

  test("frees the trash of the migration, of what came after it, and beside its targets", async () => {
    const disk = makeDisk();
    const places = add(disk, `${migrations}/a`, "/tree/far/x");
    disk.makeDir(places.after);
    const later = add(disk, `${places.after}/b`, "/tree/y");
    const freed = [
      `${places.trash}/0-x`,
      `${later.trash}/0-y`,
      "/tree/far/.x.ao-a-0.trash",
      "/tree/.y.ao-b-0.trash",
    ];
    const stay = [
      "/tree/far/.x.ao-other-0.trash",
      "/tree/far/.x.ao-a-0.staged",
      "/tree/far/x.trash",
      "/out/.x.ao-a-0.trash",
    ];
    for (const path of [...freed, ...stay]) put(disk, path, "12345");
    expect(trashDirs(places.dir, disk)).toEqual([places.trash, later.trash]);
    expect(trashBytes(places.dir, disk)).toBe(10);
    const holders = new Set<string>();
    const watched = altered(disk, {
      unlink(path) {
        holders.add(Buffer.from(disk.readFile(places.lock)).toString("utf8"));
        disk.unlink(path);
      },
    });
    const pruning = { ...options(disk), disk: watched };
    expect(await pruneMigration(places.dir, pruning)).toBe(20);
    expect([...holders].map((text) => JSON.parse(text) as unknown)).toEqual([
      {
        ...{ pid: process.pid, command: "rollback --prune", migration: "a" },
        startedAt: "2026-02-03T04:05:06.000Z",
      },
    ]);
    expect(freed.filter((path) => disk.lstat(path) !== null)).toEqual([]);
    expect(stay.filter((path) => disk.lstat(path) === null)).toEqual([]);
    expect(await loadMigration(places.dir, disk)).toMatchObject({ pruned: true, endedAt: at });
    const journal = Buffer.from(disk.readFile(places.journal)).toString("utf8");
    expect(journal).toContain('[{"k":"pruned","at":"2026-02-03T04:05:06.000Z"}]');
  });

  test("is what frees a full disk: it needs no room before it has made some", async () => {
    for (const code of ["ENOSPC", "EDQUOT"]) {
      const disk = makeDisk();
      const places = add(disk, `${migrations}/a`, "/tree/x");
      put(disk, `${places.trash}/0-x`, "12345");
      let isFull = true;
      const expectRoom = () => isFull && failing(code)();
      const full = altered(disk, {
        openAppend(path, length) {
          const appender = disk.openAppend(path, length);
          const append = (text: string) => {
            expectRoom();
            appender.append(text);
          };
          return { ...appender, append };
        },
        tryLock(path) {
          const lock = disk.tryLock(path);
          const write = (text: string) => {
            if (text !== "") expectRoom();
            lock?.write(text);
          };
          return lock && { ...lock, write };
        },
        unlink(path) {
          disk.unlink(path);
          isFull = false;
        },
      });
      expect(await pruneMigration(places.dir, { ...options(disk), disk: full })).toBe(5);
      expect(await loadMigration(places.dir, disk)).toMatchObject({ pruned: true });
    }
  });

  test("is refused where the lock may not be taken", async () => {
    const disk = makeDisk();
    const places = add(disk, `${migrations}/a`, "/tree/x");
    const pruning = { ...options(disk), disk: altered(disk, { tryLock: failing("EACCES") }) };
    expect(await errorOf(pruneMigration(places.dir, pruning))).toMatchObject({
      ...{ outcome: "refused", message: 'Cannot prune "a": EACCES: it failed' },
    });
  });

  test("that fails beside a target goes on when it is called again", async () => {
    const disk = makeDisk();
    const places = add(disk, `${migrations}/a`, "/tree/x");
    for (const path of [`${places.trash}/0-x`, "/tree/.x.ao-a-0.trash"]) put(disk, path, "12345");
    const unlink = (path: string) =>
      path.startsWith("/tree/") ? failing("EIO")() : disk.unlink(path);
    const pruning = { ...options(disk), disk: altered(disk, { unlink }) };
    expect(await errorOf(pruneMigration(places.dir, pruning))).toMatchObject({
      ...{ outcome: "interrupted", hint: "the same command goes on with it" },
      message: 'Cannot empty the trash of "a": EIO: it failed',
    });
    expect(await loadMigration(places.dir, disk)).toMatchObject({ pruned: false });
    expect(await pruneMigration(places.dir, options(disk))).toBe(5);
    expect(hasTrash(places.dir, disk)).toBe(false);
    put(disk, `${places.trash}/undo1-0-x`, "12345");
    expect(hasTrash(places.dir, disk)).toBe(true);
  });

  test("looks nowhere but in the places that it is called for", async () => {
    const disk = makeDisk();
    const places = add(disk, `${migrations}/a`, "/out/x");
    put(disk, "/out/.x.ao-a-0.trash", "12345");
    expect(await pruneMigration(places.dir, options(disk))).toBe(0);
    expect(disk.lstat("/out/.x.ao-a-0.trash")).not.toBeNull();
  });

  test("is for what was taken back as well, and not for what is open", async () => {
    const undo: JournalRecord = { k: "start", run: "undo", at };
    for (const [lines, state] of [
      [[...done, undo, { k: "end", at }], null],
      [[...done, undo], "rolling-back"],
      [done.slice(0, 2), "interrupted"],
      [[], "planned"],
    ] as [JournalRecord[], string | null][]) {
      const disk = makeDisk();
      const places = add(disk, `${migrations}/a`, "/tree/gone/x", lines);
      put(disk, `${places.trash}/0-x`, "12345");
      const pruned = pruneMigration(places.dir, options(disk));
      if (state === null) expect(await pruned).toBe(5);
      else {
        const message = `Cannot prune "a": it is ${state}`;
        expect(await errorOf(pruned)).toMatchObject({ outcome: "refused", message });
      }
      expect(disk.lstat(`${places.trash}/0-x`) !== null).toBe(state !== null);
      // Somebody else may have the lock again.
      expect(disk.tryLock(places.lock)).not.toBeNull();
    }
  });
});

describe("a new migration", () => {
  const mine = new Places(`${migrations}/mine`);
  const commands = { resume: "migrate --resume mine", rollback: "rollback mine" };

  test("waits for one that stopped half-way, and not for itself or one without a beginning", () => {
    const disk = makeDisk();
    add(disk, `${migrations}/a`, "/tree/x");
    add(disk, `${migrations}/b`, "/tree/x", []);
    disk.makeDir(`${migrations}/c`);
    add(disk, mine.dir, "/tree/x", done.slice(0, 2));
    refuseWhileOpen(disk, mine, commands);
    add(disk, `${migrations}/d`, "/tree/x", done.slice(0, 2));
    expect(() => refuseWhileOpen(disk, mine, commands)).toThrow(
      expect.objectContaining({
        ...{ outcome: "refused", message: expect.stringContaining('"d" stopped half-way') },
        hint: expect.stringMatching(/migrate --resume d\n.*rollback d$/),
      }),
    );
  });

  test("is told how to go on with another one only where its own script can do that", () => {
    const disk = makeDisk();
    const places = new Places(`${migrations}/repair-20260102T000000Z-aaaaaa`);
    const half = done.slice(0, 2);
    const hints = [
      { id: "repair-20260101T000000Z-bbbbbb", lines: half },
      {
        id: "repair-20260101T000000Z-bbbbbb",
        lines: [...done, { k: "start" as const, run: "undo" as const, at }],
      },
      { id: "spawn-7-20260101T000000Z-bbbbbb", lines: half },
    ].map(({ id, lines }) => {
      const open = add(disk, `${migrations}/${id}`, "/tree/x", lines);
      const rollback = `rollback ${places.id}`;
      let hint: string | undefined;
      try {
        refuseWhileOpen(disk, places, { resume: "repair --resume", rollback });
      } catch (error) {
        hint = (error as ToolkitError).hint;
      }
      removeTree(disk, open.dir);
      return hint;
    });
    expect(hints).toEqual([
      "to go on with it: repair --resume\nto take it back: rollback repair-20260101T000000Z-bbbbbb",
      "to take it back: rollback repair-20260101T000000Z-bbbbbb",
      "to take it back: rollback spawn-7-20260101T000000Z-bbbbbb",
    ]);
  });

  test("is not begun when it cannot be told whether another one is open", () => {
    const disk = makeDisk();
    add(disk, `${migrations}/a`, "/tree/x");
    const unreadable = altered(disk, { readFile: failing("EACCES") });
    expect(() => refuseWhileOpen(unreadable, mine, commands)).toThrow("EACCES");
  });
});
