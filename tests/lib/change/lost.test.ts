/** Journals that lost lines in a way in which no crash loses them. */

import { describe, expect, test } from "bun:test";
import * as fs from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import type { Operation } from "../../../lib/change/operation.ts";
import type { TmuxPort } from "../../../lib/change/options.ts";
import { applyPlan, undo } from "../../../lib/change/transaction.ts";
import { choices } from "../../change/arbitraries.ts";
import { build } from "../../change/sweep.ts";
import { errorOf, makeWorkbench, type Workbench } from "../../change/workbench.ts";
import { snapshot } from "../../change/worlds.ts";

const edits = [{ pointer: "/n", before: 1, after: 2 }];

function makeBench(): Workbench & { journal: string } {
  const bench = makeWorkbench();
  bench.write("a.json", '{"n": 1}\n');
  bench.write("link", "old\n");
  return Object.assign(bench, { journal: join(bench.migrationDir, "journal.jsonl") });
}

function cut({ journal }: { journal: string }, bytes: number): string {
  fs.truncateSync(journal, bytes);
  return fs.readFileSync(journal, "utf8");
}

const tmux: TmuxPort = { hasSession: (name) => name === "new", renameSession: () => {} };

/** One plan for each kind of operation, which is all that the lost lines spoke of. */
const plans: Record<string, (bench: Workbench) => Operation> = {
  makeDir: ({ at }) => ({ op: "makeDir", path: at("dir") }),
  create: ({ at }) => ({ op: "create", path: at("new"), content: "new\n" }),
  move: ({ at }) => ({ op: "move", from: at("a.json"), to: at("b.json") }),
  patchJson: ({ at }) => ({ op: "patchJson", path: at("a.json"), edits }),
  trash: ({ at }) => ({ op: "trash", path: at("a.json") }),
  relinkWorktree: ({ root, at }) => {
    const files = [{ path: at("link"), before: "old\n", after: "new\n" }];
    return { op: "relinkWorktree", repo: root, worktree: root, files };
  },
  renameTmux: () => ({ op: "renameTmux", from: "old", to: "new" }),
};

describe("a journal that was cut to its first bytes is no migration without work", () => {
  test.each(Object.entries(plans))("when that was a %s", async (_, plan) => {
    using bench = makeBench();
    await bench.apply([plan(bench)]);
    const before = bench.tree();
    for (const bytes of [20, 0]) {
      const left = cut(bench, bytes);
      for (const run of [bench.undo, bench.resume]) {
        const error = await errorOf(run({ tmux }));
        expect([error.outcome, error.message]).toEqual([
          "invalid",
          expect.stringContaining("lines are missing: operation 1"),
        ]);
        expect(bench.since(before)).toEqual([]);
        // What is left of it may be all that there is to mend it with.
        expect(fs.readFileSync(bench.journal, "utf8")).toBe(left);
      }
    }
    fs.unlinkSync(bench.journal);
    expect((await errorOf(bench.undo({ tmux }))).outcome).toBe("invalid");
  });

  test.each(Object.entries(plans))("but one of a run that died before a %s is", async (_, plan) => {
    using bench = makeBench();
    const before = bench.tree();
    await bench.apply([plan(bench)]);
    const text = fs.readFileSync(bench.journal, "utf8");
    await bench.undo();
    expect(bench.since(before)).toEqual([]);
    // As a crash leaves it that comes while the first line is written.
    fs.writeFileSync(bench.journal, text.slice(0, 20));
    fs.rmSync(join(bench.migrationDir, "trash"), { recursive: true });
    fs.mkdirSync(join(bench.migrationDir, "trash"));
    expect(await bench.undo()).toMatchObject({
      ...{ state: "rolled-back", undone: 0, kept: [] },
    });
    expect(bench.since(before)).toEqual([]);
  });

  test("also when the user has been at the files since", async () => {
    using bench = makeBench();
    await bench.apply([{ op: "move", from: bench.at("a.json"), to: bench.at("b.json") }]);
    fs.renameSync(bench.at("b.json"), bench.at("a.json"));
    cut(bench, 20);
    bench.write("a.json", '{"n": 7}\n');
    expect(await bench.undo()).toMatchObject({ state: "rolled-back", undone: 0 });
    expect(bench.read("a.json")).toBe('{"n": 7}\n');
  });
});

test("wherever a journal is cut, all of it is taken back, or nothing is and that is told", async () => {
  const ends = new Set<string>();
  const property = fc.asyncProperty(choices, fc.double({ min: 0, max: 1 }), async (made, share) => {
    const { disk, scenario } = build({ choices: made });
    // The simulated clock is at that time, too.
    const now = () => new Date(1_000_000_000);
    await applyPlan({ ...scenario.applyOptions, disk, now });
    const journal = join(scenario.migrationDir, "journal.jsonl");
    const text = Buffer.from(disk.readFile(journal)).toString("utf8");
    disk.overwrite(journal, text.slice(0, Math.floor(share * text.length)));
    const tree = () => snapshot(disk, scenario.root, { times: true });
    const before = tree();
    const run = undo({ ...scenario.options, disk });
    const end = await run.then(({ state }) => state).catch(({ outcome }) => outcome);
    ends.add(end);
    expect([end, tree()]).toEqual([end, end === "invalid" ? before : scenario.before]);
  });
  await fc.assert(property, { numRuns: 300 });
  expect([...ends].sort()).toEqual(["invalid", "rolled-back"]);
}, 30_000);
