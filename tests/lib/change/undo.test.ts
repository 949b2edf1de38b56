/** Rollbacks that had to keep something, and are tried again. */

import { describe, expect, test } from "bun:test";
import * as fs from "node:fs";
import { join } from "node:path";
import { type Disk, realDisk } from "../../../lib/change/disk.ts";
import { loadMigration } from "../../../lib/change/history.ts";
import type { Operation } from "../../../lib/change/operation.ts";
import { makeWorkbench } from "../../change/workbench.ts";

const edit = (before: number, after: number) => [{ pointer: "/n", before, after }];

describe("a second rollback", () => {
  test("finds a file that the first one moved back with its directory", async () => {
    using bench = makeWorkbench();
    const { at } = bench;
    bench.write("old/s.json", '{"n": 1}');
    await bench.apply([
      { op: "makeDir", path: at("new") },
      { op: "move", from: at("old"), to: at("new/p") },
      { op: "move", from: at("new/p/s.json"), to: at("new/p/t.json") },
      { op: "patchJson", path: at("new/p/t.json"), edits: edit(1, 2) },
    ]);
    bench.write("new/p/t.json", '{"n": 7}');
    const first = await bench.undo();
    expect(first).toMatchObject({ state: "partly-rolled-back", undone: 3 });
    expect(first.kept).toEqual([
      {
        index: 3,
        path: at("new/p/t.json"),
        reason: "was changed after the migration: field /n: the field holds another value, it is 7",
      },
    ]);
    expect(bench.read("old/s.json")).toBe('{"n": 7}');
    expect(bench.exists("new")).toBe(false);
    // Still the same, under its old name.
    const again = await bench.undo();
    expect(again.kept).toMatchObject([{ index: 3, path: at("old/s.json") }]);
    bench.write("old/s.json", '{"n": 2, "mine": true}');
    expect(await bench.undo()).toMatchObject({ state: "rolled-back", undone: 1, kept: [] });
    expect(bench.read("old/s.json")).toBe('{"n": 1, "mine": true}');
  });

  test("moves back what had no place the first time", async () => {
    using bench = makeWorkbench();
    bench.write("a/x", "x");
    const before = bench.tree();
    await bench.apply([
      { op: "makeDir", path: bench.at("b") },
      { op: "move", from: bench.at("a"), to: bench.at("b/a") },
    ]);
    bench.write("a/other", "other");
    const { kept } = await bench.undo();
    expect(kept.map(({ reason }) => reason)).toEqual([
      `cannot go back: "${bench.at("a")}" is there again`,
    ]);
    expect(bench.read("b/a/x")).toBe("x");
    expect((await loadMigration(bench.migrationDir)).kept).toBe(1);
    fs.rmSync(bench.at("a"), { recursive: true });
    expect(await bench.undo()).toMatchObject({ state: "rolled-back", undone: 2 });
    expect(bench.since(before)).toEqual([]);
  });

  test("brings back what is still in the trash", async () => {
    using bench = makeWorkbench();
    bench.write("a", "old");
    const before = bench.tree();
    await bench.apply([{ op: "trash", path: bench.at("a") }]);
    bench.write("a", "new");
    expect(await bench.undo()).toMatchObject({ state: "partly-rolled-back" });
    fs.renameSync(bench.at("a"), bench.at("b"));
    expect(await bench.undo()).toMatchObject({ state: "rolled-back" });
    fs.unlinkSync(bench.at("b"));
    expect(bench.since(before)).toEqual([]);
  });
});

describe("a rollback", () => {
  test("leaves alone what took the place of something that stays elsewhere", async () => {
    using bench = makeWorkbench();
    bench.write("a", "mine");
    const operations: Operation[] = [
      { op: "move", from: bench.at("a"), to: bench.at("b") },
      { op: "move", from: bench.at("b"), to: bench.at("c") },
    ];
    await bench.apply(operations);
    bench.write("b", "somebody else's");
    const { kept } = await bench.undo();
    expect(kept.map(({ index, reason }) => [index, reason])).toEqual([
      [0, `is still at "${bench.at("c")}", because that could not be taken back`],
      [1, `cannot go back: "${bench.at("b")}" is there again`],
    ]);
    expect(bench.read("b")).toBe("somebody else's");
    expect(bench.read("c")).toBe("mine");
  });

  test("keeps a directory for what is kept in it, and says so once", async () => {
    using bench = makeWorkbench();
    await bench.apply([
      { op: "makeDir", path: bench.at("d") },
      { op: "makeDir", path: bench.at("d/e") },
      { op: "create", path: bench.at("d/e/f"), content: "f" },
    ]);
    bench.write("d/e/f", "edited");
    const { kept, state } = await bench.undo();
    expect(kept.map(({ path }) => path)).toEqual([bench.at("d/e/f")]);
    expect(state).toBe("partly-rolled-back");
    fs.unlinkSync(bench.at("d/e/f"));
    expect(await bench.undo()).toMatchObject({ state: "rolled-back", undone: 3 });
    expect(bench.exists("d")).toBe(false);
  });

  test("removes a new project with its sessions, whose locks stood in it", async () => {
    using bench = makeWorkbench();
    const { at } = bench;
    const before = bench.tree();
    await bench.apply([
      { op: "makeDir", path: at("p") },
      { op: "makeDir", path: at("p/sessions") },
      { op: "create", path: at("p/sessions/s.json"), content: "{}\n" },
    ]);
    expect(await bench.undo()).toMatchObject({ state: "rolled-back", undone: 3, kept: [] });
    expect(bench.since(before)).toEqual([]);
  });

  test("removes what AO died in: its locks for files that are gone are in nobody's way", async () => {
    using bench = makeWorkbench();
    const { at } = bench;
    const before = bench.tree();
    await bench.apply([
      { op: "makeDir", path: at("sessions") },
      { op: "create", path: at("sessions/s.json"), content: "{}\n" },
    ]);
    bench.write("sessions/s.json.lock", "12345\n");
    const abandon = () => fs.utimesSync(at("sessions/s.json.lock"), 0, 0);
    abandon();
    bench.write("sessions/t.json", "mine\n");
    expect((await bench.undo()).kept).toMatchObject([{ index: 0, path: at("sessions") }]);
    expect(fs.readdirSync(at("sessions")).sort()).toEqual(["s.json.lock", "t.json"]);
    fs.unlinkSync(at("sessions/t.json"));
    // Somebody holds it.
    fs.utimesSync(at("sessions/s.json.lock"), new Date(), new Date());
    expect((await bench.undo()).kept).toMatchObject([{ index: 0, path: at("sessions") }]);
    abandon();
    expect(await bench.undo()).toMatchObject({ state: "rolled-back", kept: [] });
    expect(bench.since(before)).toEqual([]);
  });

  test("leaves AO's abandoned locks as they were, like the migration did", async () => {
    using bench = makeWorkbench();
    const { at } = bench;
    for (const file of ["sessions/a.json", "sessions/b.json", "config.yaml"]) {
      bench.write(file, file.endsWith("yaml") ? "n: 1\n" : '{"n": 1}\n');
      bench.write(`${file}.lock`, "12345\n");
      fs.utimesSync(at(`${file}.lock`), 0, 0);
    }
    const before = bench.tree();
    await bench.apply([
      { op: "patchJson", path: at("sessions/a.json"), edits: edit(1, 2) },
      { op: "patchYaml", path: at("config.yaml"), edits: edit(1, 2) },
      { op: "move", from: at("sessions/b.json"), to: at("sessions/c.json") },
    ]);
    expect(bench.since(before).filter((line) => line.includes(".lock"))).toEqual([]);
    expect(await bench.undo()).toMatchObject({ state: "rolled-back", kept: [] });
    expect(bench.since(before)).toEqual([]);
  });

  test("removes nested directories that were busy for a moment", async () => {
    let isBusy = false;
    // A program that takes a look: its lock is there when the directories are to go, then is not.
    const disk: Disk = {
      ...realDisk,
      removeDir(path) {
        const blocked = join(path, "other.lock");
        if (isBusy && path.endsWith("/p/q")) {
          fs.writeFileSync(blocked, "");
          isBusy = false;
        }
        try {
          realDisk.removeDir(path);
        } finally {
          if (path.endsWith("/p")) fs.rmSync(join(path, "q", "other.lock"), { force: true });
        }
      },
    };
    using bench = makeWorkbench(disk);
    await bench.apply(["p", "p/q"].map((name) => ({ op: "makeDir", path: bench.at(name) })));
    isBusy = true;
    expect(await bench.undo()).toMatchObject({ state: "rolled-back", kept: [] });
    expect(bench.exists("p")).toBe(false);
  });

  test("takes back every field that was not touched since, of many patches of a file", async () => {
    using bench = makeWorkbench();
    bench.write("c.yaml", "# c\na: 1\nb: 1\nc: 1\n");
    const path = bench.at("c.yaml");
    await bench.apply(
      ["a", "b", "c"].map((name): Operation => {
        const edits = [{ pointer: `/${name}`, before: 1, after: 2 }];
        return { op: "patchYaml", path, edits };
      }),
    );
    bench.write("c.yaml", "# mine\na: 2\nb: 9\nc: 2\n");
    const { kept } = await bench.undo();
    expect(kept.map(({ index }) => index)).toEqual([1]);
    expect(bench.read("c.yaml")).toBe("# mine\na: 1\nb: 9\nc: 1\n");
  });

  test("has nothing to do where the user went back already", async () => {
    using bench = makeWorkbench();
    bench.write("a", "a");
    bench.write("s.json", '{"n": 1}');
    await bench.apply([
      { op: "move", from: bench.at("a"), to: bench.at("b") },
      { op: "patchJson", path: bench.at("s.json"), edits: edit(1, 2) },
      { op: "create", path: bench.at("new"), content: "" },
      { op: "makeDir", path: bench.at("dir") },
    ]);
    fs.renameSync(bench.at("b"), bench.at("a"));
    bench.write("s.json", '{"n": 1}');
    fs.unlinkSync(bench.at("new"));
    fs.rmdirSync(bench.at("dir"));
    const before = bench.tree();
    expect(await bench.undo()).toMatchObject({ state: "rolled-back", kept: [] });
    expect(bench.since(before)).toEqual([]);
  });

  test("says what is gone", async () => {
    using bench = makeWorkbench();
    bench.write("a", "a");
    bench.write("s.json", '{"n": 1}');
    await bench.apply([
      { op: "move", from: bench.at("a"), to: bench.at("b") },
      { op: "patchJson", path: bench.at("s.json"), edits: edit(1, 2) },
    ]);
    fs.unlinkSync(bench.at("b"));
    fs.unlinkSync(bench.at("s.json"));
    const { kept } = await bench.undo();
    expect(kept.map(({ path, reason }) => `${path} ${reason}`)).toEqual([
      `${bench.at("b")} is gone, so it cannot go back`,
      `${bench.at("s.json")} is gone`,
    ]);
  });

  test("puts back a field that was renamed", async () => {
    using bench = makeWorkbench();
    bench.write("s.json", '{"a/b~c": {"x": [1, 2]}}');
    const edits = [
      { pointer: "/a~1b~0c", rename: "d/e~f" },
      { pointer: "/d~1e~0f/x", before: [1, 2], after: [2] },
    ];
    await bench.apply([{ op: "patchJson", path: bench.at("s.json"), edits }]);
    const text = bench.read("s.json");
    expect(JSON.parse(text)).toEqual({ "d/e~f": { x: [2] } });
    bench.write("s.json", text.replace("{", '{"mine": 1, '));
    expect(await bench.undo()).toMatchObject({ state: "rolled-back" });
    expect(JSON.parse(bench.read("s.json"))).toEqual({ mine: 1, "a/b~c": { x: [1, 2] } });
  });
});
