import { expect, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { MigrationSummary } from "../../../lib/change/history.ts";
import type { Operation } from "../../../lib/change/operation.ts";
import { chooseMigration, parseAge, previewUndo } from "../../../lib/change/rollback.ts";
import { applyPlan, undo } from "../../../lib/change/transaction.ts";
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

test("without an id the newest migration that can be taken back is meant", async () => {
  using place = makePlace();
  await apply(place, "b", 1);
  await apply(place, "a", 2);
  expect((await chooseMigration(place.migrations, undefined, false)).id).toBe("a");
  await undo(optionsOf(place, "a"));
  expect((await chooseMigration(place.migrations, undefined, false)).id).toBe("b");
  await undo(optionsOf(place, "b"));
  await expect(chooseMigration(place.migrations, undefined, false)).rejects.toThrow(
    "there is nothing to take back",
  );
});

test("an id means that migration, whatever its state; an unknown one is a usage error", async () => {
  using place = makePlace();
  await apply(place, "a", 1);
  await undo(optionsOf(place, "a"));
  expect(await chooseMigration(place.migrations, "a", false)).toMatchObject({
    ...{ id: "a", state: "rolled-back" },
  });
  for (const id of ["b", "../a", ""]) {
    await expect(chooseMigration(place.migrations, id, false)).rejects.toMatchObject({
      outcome: "usage",
    });
  }
  await expect(chooseMigration(join(place.root, "none"), undefined, false)).rejects.toMatchObject({
    outcome: "refused",
  });
});

test("a damaged migration is told when it is meant, and is not in the way of others", async () => {
  using place = makePlace();
  await apply(place, "b", 2);
  mkdirSync(join(place.migrations, "a"));
  writeFileSync(join(place.migrations, "a", "manifest.json"), "{");
  await expect(chooseMigration(place.migrations, "a", false)).rejects.toMatchObject({
    outcome: "invalid",
  });
  expect((await chooseMigration(place.migrations, "b", false)).id).toBe("b");
});

test("--resume means a rollback that was interrupted, and nothing else", async () => {
  using place = makePlace();
  await apply(place, "a", 1);
  await expect(chooseMigration(place.migrations, undefined, true)).rejects.toThrow(
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
    { op: "renameTmux", from: "a-a-1", to: "a-1" },
  ]);
  const migration: MigrationSummary = await chooseMigration(place.migrations, "a", false);
  expect(await previewUndo(migration)).toEqual([
    "rename tmux session a-1 back to a-a-1",
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
  for (const text of ["", "30", "d", "-1d", "1.5h", "1y", "30 d", "1234567d"]) {
    expect(() => parseAge(text)).toThrow("it is not like 30d, 12h or 45m");
  }
});
