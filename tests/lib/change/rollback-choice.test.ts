/** Which of several migrations a rollback means, by their states alone. */

import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import * as fs from "node:fs";
import { join } from "node:path";
import { realDisk } from "../../../lib/change/disk.ts";
import { Journal, type JournalRecord } from "../../../lib/change/journal.ts";
import { writeMigration } from "../../../lib/change/migration.ts";
import { Places } from "../../../lib/change/places.ts";
import { chooseMigration } from "../../../lib/change/rollback.ts";
import { errorOf } from "../../change/workbench.ts";
import { makeTemp } from "../../temp.ts";

const base = makeTemp("choice");
const migrations = join(base, "migrations");
afterAll(() => fs.rmSync(base, { recursive: true, force: true }));
beforeEach(() => {
  fs.rmSync(migrations, { recursive: true, force: true });
  fs.mkdirSync(migrations);
});

const at = "2026-01-01T00:00:00.000Z";
const end: JournalRecord = { k: "end", at };
const start = (run: "apply" | "undo"): JournalRecord => ({ k: "start", run, at });
const kept: JournalRecord = { k: "kept", items: [{ index: 0, path: "/x", reason: "is gone" }] };
const states = {
  planned: [],
  interrupted: [start("apply")],
  done: [start("apply"), end],
  "rolling-back": [start("apply"), end, start("undo")],
  "partly-rolled-back": [start("apply"), end, start("undo"), kept, end],
  "rolled-back": [start("apply"), end, start("undo"), end],
} satisfies Record<string, JournalRecord[]>;

function add(id: string, state: keyof typeof states, createdAt = at): void {
  const places = new Places(join(migrations, id));
  const operations = [{ op: "trash", path: "/x" } as const];
  const plan = { script: "test", title: "a test", roots: ["/"], operations };
  const manifest = {
    ...{ schemaVersion: 1 as const, id, script: "test", title: "a test", createdAt },
    ...{ root: base, toolVersion: "0", operations: 1 },
  };
  const sum = writeMigration(realDisk, places, { manifest, plan, summary: undefined });
  if (states[state].length === 0) return;
  const journal = new Journal(realDisk, places.journal, { lines: [], length: 0, sum });
  journal.write(states[state]);
  journal.close();
}

const call = (...words: string[]) => ["rollback", ...words].join(" ");
const choose = (id?: string, resuming = false) =>
  chooseMigration(migrations, { id, resuming, call });

test("whatever left something to take back is meant, and nothing else", async () => {
  for (const state of Object.keys(states) as (keyof typeof states)[]) {
    fs.rmSync(join(migrations, "a"), { recursive: true, force: true });
    add("a", state);
    const end = await choose().catch(({ outcome }) => outcome);
    expect([state, end.state ?? end]).toEqual([state, state === "rolled-back" ? "refused" : state]);
  }
});

test("--resume means the rollback that was interrupted, though newer ones are done", async () => {
  add("a", "rolling-back");
  add("b", "done", "2026-02-01T00:00:00.000Z");
  expect((await choose(undefined, true)).id).toBe("a");
  expect((await choose()).id).toBe("b");
});

test("who finds none is told where to see them all", async () => {
  add("a", "rolled-back");
  expect(await errorOf(choose("b"))).toMatchObject({ outcome: "usage", hint: "rollback --list" });
  const { hint } = await errorOf(choose());
  expect(hint).toEndWith(": rollback --list");
});

describe("one whose files are damaged", () => {
  test("is not passed over for one of the same second, only for a newer one", async () => {
    const damaged = "v3-20260101T000200Z-abcdef";
    fs.mkdirSync(join(migrations, damaged));
    fs.writeFileSync(join(migrations, damaged, "manifest.json"), "");
    add("a", "done", "2026-01-01T00:02:00.500Z");
    const error = await errorOf(choose());
    expect(error.outcome).toBe("invalid");
    expect(error.hint).toEndWith("to take back an older one all the same: rollback a");
    add("b", "done", "2026-01-01T00:02:01.000Z");
    expect((await choose()).id).toBe("b");
  });

  test("has both ways on a line of its own, and none where there is none", async () => {
    fs.mkdirSync(join(migrations, "x"));
    expect((await errorOf(choose())).hint).toBeUndefined();
    add("a", "done");
    expect((await errorOf(choose())).hint?.split("\n")).toHaveLength(1);
    fs.mkdirSync(join(migrations, "x", "manifest.json"));
    const { hint } = await errorOf(choose());
    expect(hint?.split("\n")).toEqual([
      "restore the file from a backup; nothing was changed",
      "to take back an older one all the same: rollback a",
    ]);
  });
});
