/** Runs that meet each other, other programs, and the user's Ctrl-C. */

import { describe, expect, test } from "bun:test";
import * as fs from "node:fs";
import { join } from "node:path";
import { type Disk, realDisk } from "../../../lib/change/disk.ts";
import { loadMigration } from "../../../lib/change/history.ts";
import type { Operation } from "../../../lib/change/operation.ts";
import type { Progress, TmuxPort } from "../../../lib/change/options.ts";
import { errorOf, makeWorkbench, type Workbench } from "../../change/workbench.ts";

/** Three batches: each patches the file that the one before moved. */
function threeBatches(bench: Workbench): Operation[] {
  bench.write("a.json", '{"n": 0}');
  const [a, b] = [bench.at("a.json"), bench.at("b.json")];
  return [
    { op: "patchJson", path: a, edits: [{ pointer: "/n", before: 0, after: 1 }] },
    { op: "move", from: a, to: b },
    { op: "patchJson", path: b, edits: [{ pointer: "/n", before: 1, after: 2 }] },
  ];
}

describe("a run that is cancelled", () => {
  test("before the first change leaves nothing behind", async () => {
    using bench = makeWorkbench();
    const operations = threeBatches(bench);
    const before = bench.tree();
    const error = await errorOf(bench.apply(operations, { signal: AbortSignal.abort() }));
    expect(error.outcome).toBe("cancelled");
    expect(bench.since(before)).toEqual([]);
    expect(fs.readdirSync(join(bench.base, "migrations"))).toEqual([".lock"]);
  });

  test.each(["resume", "undo"] as const)("half-way can %s", async (way) => {
    using bench = makeWorkbench();
    const operations = threeBatches(bench);
    const before = bench.tree();
    const control = new AbortController();
    const onProgress = ({ phase, done }: Progress) => {
      if (phase === "apply" && done === 1) control.abort();
    };
    const error = await errorOf(bench.apply(operations, { signal: control.signal, onProgress }));
    expect(error.outcome).toBe("interrupted");
    expect(error.message).toContain("it was cancelled half-way");
    expect(error.hint).toBe("to go on: migrate --resume ID\nto go back: rollback ID");
    const { state, applied } = await loadMigration(bench.migrationDir);
    expect({ state, applied }).toEqual({ state: "interrupted", applied: 2 });
    if (way === "resume") {
      expect(await bench.resume()).toMatchObject({ state: "done" });
      expect(bench.read("b.json")).toBe('{"n": 2}');
    }
    expect(await bench.undo()).toMatchObject({ state: "rolled-back" });
    expect(bench.since(before)).toEqual([]);
  });

  test("while it is taken back can only go on going back", async () => {
    using bench = makeWorkbench();
    const operations = threeBatches(bench);
    const before = bench.tree();
    await bench.apply(operations);
    const control = new AbortController();
    const onProgress = ({ done }: Progress) => {
      if (done === 1) control.abort();
    };
    const error = await errorOf(bench.undo({ signal: control.signal, onProgress }));
    expect(error).toMatchObject({
      outcome: "interrupted",
      hint: "to go on taking it back: rollback ID",
    });
    expect((await loadMigration(bench.migrationDir)).state).toBe("rolling-back");
    expect(await errorOf(bench.resume())).toMatchObject({ outcome: "refused" });
    await bench.undo();
    expect(bench.since(before)).toEqual([]);
  });
});

describe("two runs", () => {
  test("at once are one too many", async () => {
    using bench = makeWorkbench();
    const operations = threeBatches(bench);
    await bench.apply([{ op: "makeDir", path: bench.at("dir") }]);
    const lock = realDisk.tryLock(join(bench.base, "migrations/.lock"));
    lock?.write(
      JSON.stringify({ pid: 1234, command: "migrate", startedAt: "now", migration: "m" }),
    );
    const other = join(bench.base, "migrations/test-20260102T000000Z-abcdef");
    const error = await errorOf(bench.apply(operations, { migrationDir: other }));
    expect(error).toMatchObject({ outcome: "refused" });
    expect(error.message).toContain("it is held by process 1234 (migrate, since now)");
    expect(await errorOf(bench.undo())).toMatchObject({ outcome: "refused" });
    lock?.close();
    expect(await bench.undo()).toMatchObject({ state: "rolled-back" });
  });

  test("one after the other need the first to have ended", async () => {
    using bench = makeWorkbench();
    const operations = threeBatches(bench);
    const control = new AbortController();
    const onProgress = ({ phase, done }: Progress) => {
      if (phase === "apply" && done === 1) control.abort();
    };
    await errorOf(bench.apply(operations, { signal: control.signal, onProgress }));
    const migrationDir = join(bench.base, "migrations/test-20260102T000000Z-abcdef");
    const commands = {
      resume: "migrate --resume test-20260102T000000Z-abcdef",
      rollback: "rollback test-20260102T000000Z-abcdef",
    };
    const plan: Operation[] = [{ op: "makeDir", path: bench.at("dir") }];
    const error = await errorOf(bench.apply(plan, { migrationDir, commands }));
    expect(error.outcome).toBe("refused");
    expect(error.message).toContain('"test-20260101T000000Z-abcdef" stopped half-way');
    expect(error.hint).toContain("rollback test-20260101T000000Z-abcdef");
    await bench.undo();
    expect(await bench.apply(plan, { migrationDir })).toMatchObject({ state: "done" });
  });
});

describe("another program", () => {
  test("that honours AO's locks loses no write, applying or taking back", async () => {
    using bench = makeWorkbench();
    const names = Array.from({ length: 60 }, (_, number) => `sessions/s-${number}.json`);
    for (const name of names) bench.write(name, '{\n  "project": "old",\n  "count": 0\n}\n');
    const script = join(import.meta.dir, "../../change/ao-writer.ts");
    const writer = Bun.spawn([process.execPath, script, ...names.map(bench.at)], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const reader = writer.stdout.getReader();
    await reader.read();
    const edits = [{ pointer: "/project", before: "old", after: "new" }];
    const operations = names.map((n): Operation => ({ op: "patchJson", path: bench.at(n), edits }));
    await bench.apply(operations);
    const projects = new Set(names.map((n) => (JSON.parse(bench.read(n)) as Session).project));
    expect([...projects]).toEqual(["new"]);
    expect(await bench.undo()).toMatchObject({ state: "rolled-back", kept: [] });
    writer.stdin.end();
    const counts = JSON.parse(new TextDecoder().decode((await reader.read()).value)) as number[];
    await writer.exited;
    const found = names.map((name) => JSON.parse(bench.read(name)) as Session);
    expect(found.map(({ count }) => count)).toEqual(counts);
    expect(new Set(found.map(({ project }) => project))).toEqual(new Set(["old"]));
    expect(fs.readdirSync(bench.at("sessions")).sort()).toHaveLength(names.length);
  });

  /** A disk on which somebody writes a file just before it is exchanged, `times` times. */
  function meddling(times: number, write: (turn: number) => void): Disk {
    let turn = 0;
    return {
      ...realDisk,
      exchange(a, b) {
        turn += 1;
        if (turn <= times) write(turn);
        realDisk.exchange(a, b);
      },
    };
  }

  const ways = {
    "in place": (bench: Workbench, text: string) => fs.writeFileSync(bench.at("a.json"), text),
    "by renaming": (bench: Workbench, text: string) => {
      bench.write("tmp", text);
      fs.renameSync(bench.at("tmp"), bench.at("a.json"));
    },
  };
  test.each(Object.entries(ways))("that takes no lock and writes %s is seen", async (_, write) => {
    using bench = makeWorkbench();
    bench.write("a.json", '{"n": 0, "mine": 0}');
    const disk = meddling(3, (turn) => write(bench, `{"n": 0, "mine": ${turn}}`));
    const edits = [{ pointer: "/n", before: 0, after: 1 }];
    await bench.apply([{ op: "patchJson", path: bench.at("a.json"), edits }], { disk });
    expect(bench.read("a.json")).toBe('{"n": 1, "mine": 3}');
    const undoing = meddling(2, (turn) => write(bench, `{"n": 1, "mine": ${turn + 3}}`));
    expect(await bench.undo({ disk: undoing })).toMatchObject({ state: "rolled-back" });
    expect(bench.read("a.json")).toBe('{"n": 0, "mine": 5}');
  });

  test("that writes before a file is exchanged never sees it exchanged in vain", async () => {
    using bench = makeWorkbench();
    bench.write("a.json", '{"n": 0}');
    let [writes, exchanges] = [0, 0];
    const disk: Disk = {
      ...realDisk,
      sync(files, dirs) {
        // New contents have been computed by now, and are flushed.
        if (files.some((file) => file.endsWith("staging/0"))) {
          writes += 1;
          if (writes === 1) bench.write("a.json", '{"n": 0, "mine": 1}');
        }
        realDisk.sync(files, dirs);
      },
      exchange(a, b) {
        exchanges += 1;
        realDisk.exchange(a, b);
      },
    };
    const edits = [{ pointer: "/n", before: 0, after: 1 }];
    await bench.apply([{ op: "patchJson", path: bench.at("a.json"), edits }], { disk });
    expect(bench.read("a.json")).toBe('{"n": 1, "mine": 1}');
    expect([writes, exchanges]).toEqual([2, 1]);
  });

  test("that never stops writing a file stops the run, and can be undone", async () => {
    using bench = makeWorkbench();
    const operations = threeBatches(bench);
    const disk = meddling(1000, (turn) => bench.write("a.json", `{"n": 0, "mine": ${turn}}`));
    const error = await errorOf(bench.apply(operations, { disk }));
    expect(error.outcome).toBe("interrupted");
    expect(error.message).toContain("keeps changing; another program writes it");
    await bench.undo();
    expect(bench.read("a.json")).toMatch(/^\{"n": 0, "mine": \d+\}$/);
  });
});

interface Session {
  project: string;
  count: number;
}

describe("a tmux session", () => {
  function server(...names: string[]): TmuxPort & { names: Set<string> } {
    const sessions = new Set(names);
    return {
      names: sessions,
      hasSession: (name) => sessions.has(name),
      renameSession(from, to) {
        if (from === "broken") throw new Error("tmux says no");
        sessions.delete(from);
        sessions.add(to);
      },
    };
  }
  const rename: Operation = { op: "renameTmux", from: "old", to: "new" };

  test("is renamed, and renamed back", async () => {
    using bench = makeWorkbench();
    const tmux = server("old", "other");
    expect(await bench.apply([rename], { tmux })).toMatchObject({ warnings: [] });
    expect([...tmux.names].sort()).toEqual(["new", "other"]);
    expect(await bench.undo({ tmux })).toMatchObject({ state: "rolled-back", warnings: [] });
    expect([...tmux.names].sort()).toEqual(["old", "other"]);
  });

  test.each([
    ["that is gone", server(), /there is no such session/],
    ["whose new name is taken", server("old", "new"), /there is a session "new" already/],
    ["without a server", undefined, /tmux was not asked/],
  ])("%s is a warning, and nothing is renamed back", async (_, tmux, warning) => {
    using bench = makeWorkbench();
    const names = [...(tmux?.names ?? [])];
    const extra = tmux === undefined ? {} : { tmux };
    const { warnings } = await bench.apply([rename], extra);
    expect(warnings).toEqual([expect.stringMatching(warning)]);
    tmux?.names.delete("old");
    expect(await bench.undo(extra)).toMatchObject({ state: "rolled-back", warnings: [] });
    expect([...(tmux?.names ?? [])]).toEqual(names.filter((name) => name !== "old"));
  });

  test("that tmux refuses to rename is a warning", async () => {
    using bench = makeWorkbench();
    const tmux = server("broken");
    const operation: Operation = { op: "renameTmux", from: "broken", to: "new" };
    const { state, warnings } = await bench.apply([operation], { tmux });
    expect(state).toBe("done");
    expect(warnings).toEqual(['Cannot rename tmux session "broken" to "new": tmux says no']);
    tmux.names.add("new");
    await bench.undo({ tmux });
    expect([...tmux.names].sort()).toEqual(["broken", "new"]);
  });
});

describe("a rest that does not fit any more", () => {
  test("stops the resumption, and leaves the way back", async () => {
    using bench = makeWorkbench();
    const operations = threeBatches(bench);
    const before = bench.tree();
    const control = new AbortController();
    const onProgress = ({ phase, done }: Progress) => {
      if (phase === "apply" && done === 1) control.abort();
    };
    await errorOf(bench.apply(operations, { signal: control.signal, onProgress }));
    const text = bench.read("b.json");
    bench.write("b.json", '{"n": 9}');
    const error = await errorOf(bench.resume());
    expect(error.outcome).toBe("interrupted");
    expect(error.message).toContain("field /n: the field holds another value, it is 9");
    fs.writeFileSync(bench.at("b.json"), text);
    await bench.undo();
    expect(bench.since(before)).toEqual([]);
  });
});

describe("a migration that was planned and never begun", () => {
  test("can be resumed, refused or taken back", async () => {
    for (const way of ["resume", "refuse", "undo"] as const) {
      using bench = makeWorkbench();
      const operations = threeBatches(bench);
      await bench.apply(operations);
      await bench.undo();
      // As if the run had been killed before its first line.
      fs.writeFileSync(join(bench.migrationDir, "journal.jsonl"), "");
      fs.rmSync(join(bench.migrationDir, "trash"), { recursive: true });
      fs.mkdirSync(join(bench.migrationDir, "trash"));
      expect((await loadMigration(bench.migrationDir)).state).toBe("planned");
      const before = bench.tree();
      if (way === "refuse") {
        bench.write("b.json", "");
        expect(await errorOf(bench.resume())).toMatchObject({ outcome: "refused" });
        expect((await loadMigration(bench.migrationDir)).state).toBe("planned");
        continue;
      }
      if (way === "resume") expect(await bench.resume()).toMatchObject({ state: "done" });
      expect(await bench.undo()).toMatchObject({ state: "rolled-back", kept: [] });
      expect(bench.since(before)).toEqual([]);
    }
  });
});
