import type { Database } from "bun:sqlite";
import { afterEach, describe, expect, test } from "bun:test";
import { copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { readStore, type StoreFacts } from "../../../lib/doctor/store.ts";
import { compareColumns } from "../../../lib/doctor/store-columns.ts";
import { compareTrees, treeOf } from "../../../lib/tree.ts";
import type { Disk } from "../../disk/spec.ts";
import { look } from "./facts.ts";
import { damageStore, databaseOf, openStore, storeDisk } from "./stores.ts";

const made: Disposable[] = [];

afterEach(() => {
  for (const thing of made.splice(0).reverse()) thing[Symbol.dispose]();
});

function store(options?: Parameters<typeof storeDisk>[0]): Disk {
  const disk = storeDisk(options);
  made.push(disk);
  return disk;
}

function writer(disk: Disk): Database {
  const db = openStore(disk);
  made.push(db);
  return db;
}

/** Reads the database and demands that not one byte near it changed and no copy was left. */
async function read(disk: Disk) {
  const dir = dirname(databaseOf(disk));
  const before = treeOf(dir);
  const copies = () => readdirSync(tmpdir()).filter((name) => name.startsWith("ao-doctor-"));
  const copiesBefore = copies();
  const result = await readStore(databaseOf(disk));
  expect(compareTrees(before, treeOf(dir))).toEqual([]);
  expect(copies().filter((name) => !copiesBefore.includes(name))).toEqual([]);
  return result;
}

async function facts(disk: Disk): Promise<StoreFacts> {
  const result = await read(disk);
  if (result?.kind !== "read") throw new Error(`not read: ${JSON.stringify(result)}`);
  return result;
}

const row = (id: string) =>
  `INSERT INTO sessions (id, is_terminated, workspace_path) VALUES ('${id}', 0, '')`;

describe("a database at rest", () => {
  test("is read without -wal and -shm beside it", async () => {
    const disk = store({ sql: [row("a-1")] });
    expect(readdirSync(dirname(databaseOf(disk)))).toEqual(["ao.db"]);
    expect(await facts(disk)).toMatchObject({
      ...{ version: 7, damage: [], brokenKeys: [], homeless: [{ id: "a-1", workspace: "" }] },
    });
  });

  test("is read under a path with characters that mean something in a URI", async () => {
    const disk = store();
    const odd = join(disk.home, "100% #1?x=y");
    mkdirSync(odd);
    copyFileSync(databaseOf(disk), join(odd, "ao.db"));
    expect(await readStore(join(odd, "ao.db"))).toMatchObject({ kind: "read", version: 7 });
    expect(readdirSync(odd)).toEqual(["ao.db"]);
  });

  test("counts a migration that was taken back as not applied", async () => {
    const disk = store({
      sql: ["INSERT INTO goose_db_version (version_id, is_applied) VALUES (7, 0)"],
    });
    expect((await facts(disk)).version).toBe(6);
  });
});

describe("a database in use", () => {
  test("is read with what is in its write-ahead log only", async () => {
    const disk = store();
    const db = writer(disk);
    db.run(row("a-1"));
    expect((await facts(disk)).homeless).toEqual([{ id: "a-1", workspace: "" }]);
    db.run("DELETE FROM sessions");
    expect((await facts(disk)).homeless).toEqual([]);
  });

  test.each(["IMMEDIATE", "EXCLUSIVE"])(
    "is read as it was before a writer's open transaction (%s)",
    async (kind) => {
      const disk = store();
      const db = writer(disk);
      db.run(row("a-1"));
      db.run(`BEGIN ${kind}`);
      db.run("DELETE FROM sessions");
      const start = performance.now();
      expect((await facts(disk)).homeless).toEqual([{ id: "a-1", workspace: "" }]);
      expect(performance.now() - start).toBeLessThan(1000);
    },
  );

  test("is read though its writer locks everybody out", async () => {
    const disk = store();
    const db = writer(disk);
    db.run("PRAGMA locking_mode = EXCLUSIVE");
    db.run(row("a-1"));
    expect((await facts(disk)).homeless).toEqual([{ id: "a-1", workspace: "" }]);
  });

  test("is not judged where no copy of it can be made", async () => {
    const disk = store();
    writer(disk).run(row("a-1"));
    const usual = process.env.TMPDIR;
    process.env.TMPDIR = join(disk.root, "none");
    try {
      expect(await readStore(databaseOf(disk))).toMatchObject({ kind: "uncopied" });
      const { status, summary } = await look("AO-RW-005", { disk });
      expect([status, summary]).toEqual(["skip", expect.stringContaining("no copy")]);
    } finally {
      if (usual === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = usual;
    }
  });

  test("is called busy while a rollback journal lies beside it", async () => {
    const disk = store();
    const db = writer(disk);
    db.run("PRAGMA journal_mode = DELETE");
    db.run("BEGIN EXCLUSIVE");
    db.run(row("a-1"));
    const start = performance.now();
    expect(await read(disk)).toMatchObject({ kind: "busy" });
    expect(performance.now() - start).toBeLessThan(2000);
  });

  test("is never called damaged while a writer writes and checkpoints all the time", async () => {
    const disk = store();
    const loop = `
      const { Database } = require("bun:sqlite");
      const db = new Database(process.argv[1]);
      db.run("PRAGMA journal_mode = WAL");
      console.log("ready");
      const end = Date.now() + 700;
      for (let n = 0; Date.now() < end; n += 1) {
        db.run("INSERT INTO change_log (event_type, payload) VALUES ('x', zeroblob(3000))");
        if (n % 3 === 0) db.run("PRAGMA wal_checkpoint(TRUNCATE)");
        if (n % 5 === 0) db.run("DELETE FROM change_log");
      }`;
    const child = Bun.spawn([process.execPath, "-e", loop, databaseOf(disk)], { stdout: "pipe" });
    await child.stdout.getReader().read();
    const kinds = new Set<string>();
    while (child.exitCode === null) {
      const result = await readStore(databaseOf(disk));
      kinds.add(result?.kind ?? "none");
      if (result?.kind === "read") expect(result.damage).toEqual([]);
      await Bun.sleep(5);
    }
    expect([...kinds].filter((kind) => kind !== "read" && kind !== "busy")).toEqual([]);
  });
});

describe("what a crash leaves", () => {
  test("a log without its index is read, and no index is made", async () => {
    const disk = store();
    const db = writer(disk);
    db.run(row("a-1"));
    const crashed = join(disk.home, "crashed");
    mkdirSync(crashed);
    for (const name of ["ao.db", "ao.db-wal"]) {
      copyFileSync(join(dirname(databaseOf(disk)), name), join(crashed, name));
    }
    const before = treeOf(crashed);
    const result = await readStore(join(crashed, "ao.db"));
    expect(result).toMatchObject({ kind: "read", homeless: [{ id: "a-1" }] });
    expect(compareTrees(before, treeOf(crashed))).toEqual([]);
  });
});

describe("what is no sound database", () => {
  test("is told from one that is not there", async () => {
    const disk = store();
    damageStore(disk);
    expect(await read(disk)).toMatchObject({ kind: "damaged" });
    writeFileSync(databaseOf(disk), "no database at all, but text that is long enough\n");
    expect(await read(disk)).toMatchObject({ kind: "damaged" });
    rmSync(databaseOf(disk));
    expect(await readStore(databaseOf(disk))).toBeNull();
    mkdirSync(databaseOf(disk));
    expect(await readStore(databaseOf(disk))).toMatchObject({ kind: "unreadable" });
  });

  test("an empty file records no version", async () => {
    const disk = store();
    writeFileSync(databaseOf(disk), "");
    expect(await facts(disk)).toMatchObject({ version: null, damage: [] });
  });
});

describe("columns", () => {
  const columns = new Map([
    ["sessions", ["id", "prompt", "preview_url"]],
    ["review_run", ["batch_id"]],
  ]);

  test("of later migrations are early, of earlier ones missing", () => {
    const { missing, early } = compareColumns(17, columns);
    expect(missing).toContain("sessions.branch");
    expect(missing).not.toContain("sessions.preview_revision");
    expect(early).toEqual([{ column: "review_run.batch_id", version: 20 }]);
  });
});
