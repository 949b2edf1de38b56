import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { realDisk } from "../../../lib/change/disk.ts";
import type { MigrationSummary } from "../../../lib/change/history.ts";
import { releaseRunLock, takeRunLock } from "../../../lib/change/lock.ts";
import type { Operation } from "../../../lib/change/operation.ts";
import { chooseMigration, parseAge, previewUndo } from "../../../lib/change/rollback.ts";
import { applyPlan, undo } from "../../../lib/change/transaction.ts";
import { errorOf } from "../../change/workbench.ts";
import { makeTemp } from "../../temp.ts";

interface Place extends Disposable {
  root: string;
  migrations: string;
}

function makePlace(): Place {
  const root = makeTemp("rollback");
  const dispose = () => rmSync(root, { recursive: true, force: true });
  return { root, migrations: join(root, "migrations"), [Symbol.dispose]: dispose };
}

const commands = { resume: "resume", rollback: "rollback" };

function optionsOf({ root, migrations }: Place, id: string) {
  return { migrationDir: join(migrations, id), roots: [root], commands };
}

/** Applies a small plan; `minute` orders the migrations. */
async function apply(place: Place, id: string, minute: number, more: Operation[] = []) {
  const { root } = place;
  const operations: Operation[] = [
    { op: "makeDir", path: join(root, id) },
    { op: "create", path: join(root, id, "file"), content: "x\n" },
    ...more,
  ];
  await applyPlan({
    ...optionsOf(place, id),
    now: () => new Date(Date.UTC(2026, 0, 1, 0, minute)),
    toolVersion: "0.0.0",
    plan: { script: "test", title: id, operations, roots: [root] },
  });
}

function choose(migrationsDir: string, id?: string, resuming = false) {
  const call = (...words: string[]) => ["rollback", ...words].join(" ");
  return chooseMigration(migrationsDir, { id, resuming, call });
}

test("without an id the newest migration that can be taken back is meant", async () => {
  using place = makePlace();
  await apply(place, "b", 1);
  await apply(place, "a", 2);
  expect((await choose(place.migrations)).id).toBe("a");
  await undo(optionsOf(place, "a"));
  expect((await choose(place.migrations)).id).toBe("b");
  await undo(optionsOf(place, "b"));
  await expect(choose(place.migrations)).rejects.toThrow("there is nothing to take back");
});

test("an id means that migration, whatever its state; an unknown one is a usage error", async () => {
  using place = makePlace();
  await apply(place, "a", 1);
  await undo(optionsOf(place, "a"));
  expect(await choose(place.migrations, "a")).toMatchObject({
    ...{ id: "a", state: "rolled-back" },
  });
  for (const id of ["b", "../a", ""]) {
    await expect(choose(place.migrations, id)).rejects.toMatchObject({
      outcome: "usage",
      hint: "rollback --list",
    });
  }
  await expect(choose(join(place.root, "none"))).rejects.toMatchObject({
    outcome: "refused",
    hint: expect.stringContaining("rollback --list"),
  });
});

test("a damaged migration is told when it is meant, and is not in the way of others", async () => {
  using place = makePlace();
  await apply(place, "b", 2);
  mkdirSync(join(place.migrations, "a"));
  writeFileSync(join(place.migrations, "a", "manifest.json"), "{");
  await expect(choose(place.migrations, "a")).rejects.toMatchObject({
    outcome: "invalid",
  });
  expect((await choose(place.migrations, "b")).id).toBe("b");
});

describe("without an id", () => {
  const damage = ({ migrations }: Place, id: string) => {
    mkdirSync(join(migrations, id), { recursive: true });
    writeFileSync(join(migrations, id, "manifest.json"), "{");
  };

  test("a damaged migration that may be the newest is told, with the way to an older one", async () => {
    using place = makePlace();
    await apply(place, "a", 1);
    damage(place, "v3-20260101T000200Z-abcdef");
    const error = await errorOf(choose(place.migrations));
    expect(error.outcome).toBe("invalid");
    expect(error.message).toStartWith(
      'Cannot roll back the newest migration, "v3-20260101T000200Z-abcdef": Cannot read ',
    );
    expect(error.hint).toContain("to take back an older one all the same: rollback a");
    expect(error.place?.file).toEndWith("manifest.json");
    // Its directory's time is all there is to go by.
    rmSync(join(place.migrations, "v3-20260101T000200Z-abcdef"), { recursive: true });
    damage(place, "notes");
    expect((await errorOf(choose(place.migrations))).outcome).toBe("invalid");
  });

  test("a damaged one that is older is in the way only when nothing else is left", async () => {
    using place = makePlace();
    damage(place, "v3-20251231T235959Z-abcdef");
    await apply(place, "a", 1);
    expect((await choose(place.migrations)).id).toBe("a");
    await undo(optionsOf(place, "a"));
    expect((await errorOf(choose(place.migrations))).outcome).toBe("invalid");
  });

  test("a migration that is running is refused with its holder, not passed over", async () => {
    using place = makePlace();
    await apply(place, "a", 1);
    await apply(place, "b", 2);
    const journal = join(place.migrations, "b", "journal.jsonl");
    const lines = readFileSync(journal, "utf8").split("\n");
    writeFileSync(journal, `${lines.slice(0, -2).join("\n")}\n`);
    const holder = { pid: process.pid, command: "migrate --execute", migration: "b" };
    const lock = await takeRunLock(realDisk, join(place.migrations, ".lock"), {
      ...holder,
      startedAt: "2026-01-01T00:02:00.000Z",
    });
    const error = await errorOf(choose(place.migrations)).finally(() => releaseRunLock(lock));
    const who = `process ${process.pid} (migrate --execute, since 2026-01-01T00:02:00.000Z)`;
    expect(error.outcome).toBe("refused");
    expect(error.message).toBe(`Cannot roll back "b": it is running, in ${who}`);
    expect(error.hint).toContain(`-p ${process.pid}`);
    expect(await choose(place.migrations)).toMatchObject({ id: "b", state: "interrupted" });
  });
});

test("--resume means a rollback that was interrupted, and nothing else", async () => {
  using place = makePlace();
  await apply(place, "a", 1);
  await expect(choose(place.migrations, undefined, true)).rejects.toThrow(
    "no rollback was interrupted",
  );
});

test("a preview has one line for every operation, last first", async () => {
  using place = makePlace();
  const { root } = place;
  writeFileSync(join(root, "old"), "1\n");
  writeFileSync(join(root, "junk"), "2\n");
  writeFileSync(join(root, "data.json"), '{"a": 1}\n');
  await apply(place, "a", 1, [
    { op: "move", from: join(root, "old"), to: join(root, "new") },
    { op: "trash", path: join(root, "junk") },
    {
      ...{ op: "patchJson", path: join(root, "data.json") },
      edits: [{ pointer: "/a", before: 1, after: 2 }],
    },
    { op: "relinkWorktree", repo: root, worktree: root, files: [] },
    { op: "renameTmux", from: "a-a-1", to: "a-1" },
  ]);
  const migration: MigrationSummary = await choose(place.migrations, "a");
  expect(await previewUndo(migration)).toEqual([
    "rename tmux session a-1 back to a-a-1",
    `link ${root} as before`,
    `restore ${root}/data.json, or the fields that still hold our values`,
    `bring ${root}/junk back from the trash`,
    `move ${root}/new back to ${root}/old`,
    `remove ${root}/a/file if unchanged`,
    `remove ${root}/a if this made it and it is empty`,
  ]);
});

test("an age is a number and a unit", () => {
  expect(["45m", "12h", "30d", "2w"].map(parseAge)).toEqual([
    ...[45 * 60_000, 12 * 3_600_000, 30 * 86_400_000, 14 * 86_400_000],
  ]);
  for (const text of ["", "30", "d", "-1d", "1.5h", "1y", "30 d", "30days", "x30d", "1234567d"]) {
    const message = expect.stringContaining("it is not like 30d, 12h or 45m");
    expect(() => parseAge(text)).toThrow(expect.objectContaining({ outcome: "usage", message }));
  }
});
