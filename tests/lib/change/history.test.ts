import { describe, expect, test } from "bun:test";
import * as fs from "node:fs";
import { join } from "node:path";
import { realDisk } from "../../../lib/change/disk.ts";
import {
  listMigrations,
  loadMigration,
  loadPlan,
  newMigrationId,
  pruneMigration,
  trashBytes,
} from "../../../lib/change/history.ts";
import { emptyLedger, foldJournal, stateOf } from "../../../lib/change/ledger.ts";
import type { Operation } from "../../../lib/change/operation.ts";
import type { Progress } from "../../../lib/change/options.ts";
import { isPrivateName } from "../../../lib/change/places.ts";
import { errorOf, makeWorkbench, type Workbench } from "../../change/workbench.ts";

test("ids sort by time, can be file names and do not repeat", () => {
  const ids = [
    newMigrationId(new Date("2026-11-21T10:11:12.345Z"), "v3"),
    newMigrationId(new Date("2026-11-21T10:11:12.999Z"), "v3"),
    newMigrationId(new Date("2026-11-21T10:11:13.000Z"), "v3"),
  ];
  expect(ids[0]).toMatch(/^v3-20261121T101112Z-[0-9a-f]{6}$/);
  expect(new Set(ids).size).toBe(3);
  expect(ids.toSorted().at(-1)).toBe(ids[2]);
});

const patch = (bench: Workbench): Operation => {
  bench.write("a.json", '{"a": 1}');
  const edits = [{ pointer: "/a", before: 1, after: 2 }];
  return { op: "patchJson", path: bench.at("a.json"), edits };
};

describe("a migration is listed", () => {
  test("as done, then as rolled back", async () => {
    using bench = makeWorkbench();
    const migrationsDir = join(bench.base, "migrations");
    expect(await listMigrations(migrationsDir)).toEqual({ migrations: [], damaged: [] });
    const at = (minute: number) => () => new Date(Date.UTC(2026, 0, 1, 0, minute));
    await bench.apply([patch(bench)], { now: at(1) });
    const summary = {
      id: "test-20260101T000000Z-abcdef",
      dir: bench.migrationDir,
      script: "test",
      title: "a test",
      createdAt: "2026-01-01T00:01:00.000Z",
      state: "done",
      operations: 1,
      applied: 1,
      kept: 0,
      endedAt: "2026-01-01T00:01:00.000Z",
      pruned: false,
    } as const;
    expect(await listMigrations(migrationsDir)).toEqual({ migrations: [summary], damaged: [] });
    expect((await loadPlan(bench.migrationDir)).operations).toHaveLength(1);
    await bench.undo({ now: at(2) });
    expect(await loadMigration(bench.migrationDir)).toEqual({
      ...summary,
      state: "rolled-back",
      applied: 0,
      endedAt: "2026-01-01T00:02:00.000Z",
    });
  });

  test("as running while it runs, and as interrupted when it died", async () => {
    using bench = makeWorkbench();
    const states: string[] = [];
    const seen = Promise.withResolvers<void>();
    const control = new AbortController();
    const onProgress = ({ phase, done }: Progress) => {
      if (phase !== "apply" || done !== 1) return;
      void loadMigration(bench.migrationDir).then(({ state }) => {
        states.push(state);
        seen.resolve();
      });
      control.abort();
    };
    const operations: Operation[] = [
      patch(bench),
      { op: "move", from: bench.at("a.json"), to: bench.at("b.json") },
      { op: "trash", path: bench.at("b.json") },
    ];
    await errorOf(bench.apply(operations, { onProgress, signal: control.signal }));
    await seen.promise;
    expect((await loadMigration(bench.migrationDir)).state).toBe("interrupted");
    expect(["running", "interrupted"]).toContain(states[0] ?? "");
  });

  test("although another one is damaged, in the order of time, without drafts", async () => {
    using bench = makeWorkbench();
    const migrationsDir = join(bench.base, "migrations");
    const ids = ["z-20260101T000000Z-aaaaaa", "a-20260102T000000Z-aaaaaa"];
    for (const [number, id] of ids.entries()) {
      const now = () => new Date(Date.UTC(2026, 0, number + 1));
      const migrationDir = join(migrationsDir, id);
      await bench.apply([{ op: "makeDir", path: bench.at(id) }], { migrationDir, now });
    }
    fs.mkdirSync(join(migrationsDir, "broken"));
    fs.mkdirSync(join(migrationsDir, ".new-draft"));
    fs.writeFileSync(join(migrationsDir, "v3.dead-exports.txt"), "");
    const { migrations, damaged } = await listMigrations(migrationsDir);
    expect(migrations.map(({ id }) => id)).toEqual(ids);
    expect(damaged).toMatchObject([{ id: "broken", error: { outcome: "invalid" } }]);
  });

  test("only from a directory that can be looked at: another is told, and is no bug", async () => {
    using bench = makeWorkbench();
    fs.symlinkSync("loop", bench.at("loop"));
    const migrationsDir = join(bench.at("loop"), "migrations");
    const error = await errorOf(listMigrations(migrationsDir));
    expect(error).toMatchObject({ outcome: "invalid" });
    expect(error.message).toBe(`Cannot list "${migrationsDir}": ELOOP`);
  });
});

test("the states follow from the journal and the lock", () => {
  const at = "2026-01-01T00:00:00.000Z";
  const start = (run: "apply" | "undo") => ({ k: "start", run, at }) as const;
  const end = { k: "end", at } as const;
  const batch = { k: "intent", from: 0, to: 2, items: [{ i: 0 }, { i: 1 }], first: true } as const;
  const kept = { k: "kept", items: [{ index: 1, path: "/a", reason: "so" }] };
  const done = { k: "done" } as const;
  const states = (...records: unknown[]) => {
    const ledger = foldJournal([records as never]);
    return [stateOf(ledger, true), stateOf(ledger, false)];
  };
  expect(stateOf(emptyLedger(), false)).toBe("planned");
  expect(states(start("apply"))).toEqual(["running", "interrupted"]);
  expect(states(start("apply"), batch, done)).toEqual(["running", "interrupted"]);
  const applied = [start("apply"), batch, done, end];
  expect(states(...applied)).toEqual(["done", "done"]);
  const undoing = [...applied, start("undo"), batch];
  expect(states(...undoing)).toEqual(["rolling-back", "rolling-back"]);
  expect(states(...undoing, done, end)).toEqual(["rolled-back", "rolled-back"]);
  const partly = [...undoing, kept, done, end];
  expect(states(...partly)).toEqual(["partly-rolled-back", "partly-rolled-back"]);
  expect(states(...partly, start("undo"), batch, done, end)[0]).toBe("rolled-back");
  expect([...foldJournal([partly as never]).undone]).toEqual([0]);
});

describe("pruning", () => {
  const options = (bench: Workbench) => ({ roots: [bench.root], command: "rollback --prune" });

  test("empties the trash of a finished migration, and nothing else", async () => {
    using bench = makeWorkbench();
    bench.write("gone/x", "12345");
    await bench.apply([patch(bench), { op: "trash", path: bench.at("gone") }]);
    const before = bench.tree();
    expect(trashBytes(bench.migrationDir)).toBe(13);
    expect(await pruneMigration(bench.migrationDir, options(bench))).toBe(13);
    expect(bench.since(before)).toEqual([]);
    expect(trashBytes(bench.migrationDir)).toBe(0);
    expect(await loadMigration(bench.migrationDir)).toMatchObject({ state: "done", pruned: true });
    const { kept } = await bench.undo();
    expect(kept).toMatchObject([{ path: bench.at("gone"), reason: "is no longer in the trash" }]);
    expect(bench.read("a.json")).toBe('{"a": 1}');
  });

  test("is refused for one that is not finished", async () => {
    using bench = makeWorkbench();
    bench.write("b", "b");
    await bench.apply([{ op: "trash", path: bench.at("b") }]);
    bench.write("b", "again");
    await bench.undo();
    const error = await errorOf(pruneMigration(bench.migrationDir, options(bench)));
    expect(error.message).toMatch(/Cannot prune "test-.*": it is partly-rolled-back/);
    expect(trashBytes(bench.migrationDir)).toBe(1);
  });

  test("follows no link out of the trash", async () => {
    using bench = makeWorkbench();
    bench.write("outside/x", "x");
    fs.symlinkSync(bench.at("outside"), bench.at("link"));
    await bench.apply([{ op: "trash", path: bench.at("link") }]);
    await pruneMigration(bench.migrationDir, options(bench));
    expect(bench.read("outside/x")).toBe("x");
  });

  test("is refused while another run holds the lock", async () => {
    using bench = makeWorkbench();
    await bench.apply([patch(bench)]);
    const lock = realDisk.tryLock(join(bench.base, "migrations/.lock"));
    const error = await errorOf(pruneMigration(bench.migrationDir, options(bench)));
    expect(error.outcome).toBe("refused");
    lock?.close();
  });
});

test("private names are told from others", () => {
  const id = "v3-20261121T101112Z-ab12cd";
  expect(isPrivateName(`.a.json.ao-${id}-12.trash`)).toBe(true);
  expect(isPrivateName(`.gitdir.ao-${id}-undo1-12.1.staged`)).toBe(true);
  expect(isPrivateName(`.wt.ao-${id}-3.copy`)).toBe(true);
  for (const name of [".trash", "a.trash", ".a.trash", `a.ao-${id}-1.trash`, ".ao-x.trash"]) {
    expect(isPrivateName(name)).toBe(false);
  }
});

test("a directory whose name is no id is no migration, and a journal that is a link is damage", async () => {
  using bench = makeWorkbench();
  bench.write("config.json", '{"a":1}');
  await bench.apply([{ op: "trash", path: bench.at("config.json") }]);
  const migrationsDir = join(bench.base, "migrations");
  for (const name of ["x\x1b[2J", "\u202ex", "x".repeat(200), "a b"]) {
    fs.cpSync(bench.migrationDir, join(migrationsDir, name), { recursive: true });
  }
  const before = await listMigrations(migrationsDir);
  expect([before.migrations.length, before.damaged.length]).toEqual([1, 0]);
  for (const target of [bench.at("journal"), bench.root]) {
    fs.renameSync(join(bench.migrationDir, "journal.jsonl"), bench.at("journal"));
    fs.symlinkSync(target, join(bench.migrationDir, "journal.jsonl"));
    const { migrations, damaged } = await listMigrations(migrationsDir);
    expect(migrations).toEqual([]);
    expect(damaged[0]?.error.message).toContain("it is a symlink, not a file");
    fs.unlinkSync(join(bench.migrationDir, "journal.jsonl"));
    fs.renameSync(bench.at("journal"), join(bench.migrationDir, "journal.jsonl"));
  }
});
