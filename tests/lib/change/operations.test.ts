/** Every kind of operation: applied, resumed, taken back, and met by somebody else's changes. */

import { describe, expect, test } from "bun:test";
import * as fs from "node:fs";
import { openDisk } from "../../../lib/change/disk.ts";
import type { Operation } from "../../../lib/change/operation.ts";
import type { Progress } from "../../../lib/change/options.ts";
import { errorOf, makeWorkbench, type Workbench } from "../../change/workbench.ts";
import { diffTrees } from "../../tree.ts";

const session = '{\n  "project": "old",\n  "status": "working"\n}\n';

interface Case {
  name: string;
  prepare(bench: Workbench): Operation;
  /** What is different afterwards, as `diffTrees` says it, without modes, sizes and times. */
  changes: string[];
  /** Makes the disk one that the operation does not fit any more. */
  spoil(bench: Workbench): void;
  refusal: RegExp;
  /** An edit after applying that must survive taking back; absent where none can. */
  edit?: (bench: Workbench) => void;
  /** Reasons why the operation is kept after the edit; empty when it goes back all the same. */
  kept?: RegExp[];
  /** What must be there after edit and undo: name → content. */
  survives?: Record<string, string>;
}

const cases: Case[] = [
  {
    name: "makeDir",
    prepare: ({ at }) => ({ op: "makeDir", path: at("new") }),
    changes: ["+ new"],
    spoil: ({ write }) => write("new", "a file"),
    refusal: /new is there and is no directory/,
    edit: ({ write }) => write("new/later.txt", "later"),
    kept: [/holds "later.txt", added after the migration/],
    survives: { "new/later.txt": "later" },
  },
  {
    name: "create",
    prepare: ({ at }) => ({ op: "create", path: at("new.json"), content: "{}\n", mode: 0o600 }),
    changes: ["+ new.json"],
    spoil: ({ write }) => write("new.json", "{}\n"),
    refusal: /new.json is there already/,
    edit: ({ write }) => write("new.json", '{"mine": 1}'),
    kept: [/was changed after the migration/],
    survives: { "new.json": '{"mine": 1}' },
  },
  {
    name: "move",
    prepare({ at, write }) {
      write("from/a.txt", "a");
      return { op: "move", from: at("from"), to: at("to") };
    },
    changes: ["+ to", "+ to/a.txt", "- from", "- from/a.txt"],
    spoil: ({ at }) => fs.mkdirSync(at("to")),
    refusal: /to is there already/,
    edit: ({ write }) => write("to/later.txt", "later"),
    kept: [],
    survives: { "from/later.txt": "later", "from/a.txt": "a" },
  },
  {
    name: "patchJson",
    prepare({ at, write }) {
      write("sessions/s-1.json", session, 0o640);
      const edits = [
        { pointer: "/project", before: "old", after: "new" },
        { pointer: "/added", after: [1, null] },
      ];
      return { op: "patchJson", path: at("sessions/s-1.json"), edits };
    },
    changes: ["~ sessions/s-1.json"],
    spoil: ({ write }) => write("sessions/s-1.json", session.replace("old", "other")),
    refusal: /field \/project: the field holds another value, it is "other"/,
    edit: ({ read, write }) =>
      write("sessions/s-1.json", read("sessions/s-1.json").replace("working", "done"), 0o640),
    kept: [],
    survives: { "sessions/s-1.json": session.replace("working", "done") },
  },
  {
    name: "patchJson with a line",
    prepare({ at, write }) {
      write("rollout.jsonl", '{"cwd": "/old"}\r\n{"cwd": "/old"}\n');
      const edits = [{ pointer: "/cwd", before: "/old", after: "/new" }];
      return { op: "patchJson", path: at("rollout.jsonl"), edits, line: 1 };
    },
    changes: ["~ rollout.jsonl"],
    spoil: ({ write }) => write("rollout.jsonl", ""),
    refusal: /rollout.jsonl cannot be patched/,
    edit: ({ at }) => fs.appendFileSync(at("rollout.jsonl"), '{"later": true}\n'),
    kept: [],
    survives: { "rollout.jsonl": '{"cwd": "/old"}\r\n{"cwd": "/old"}\n{"later": true}\n' },
  },
  {
    name: "patchYaml",
    prepare({ at, write }) {
      write("config.yaml", "# mine\na: 1 # one\nb:   2\n");
      return { op: "patchYaml", path: at("config.yaml"), edits: [{ pointer: "/b", before: 2 }] };
    },
    changes: ["~ config.yaml"],
    spoil: ({ write }) => write("config.yaml", "a: 1\nb: 3\n"),
    refusal: /field \/b: the field holds another value, it is 3/,
    edit: ({ write }) => write("config.yaml", "# mine\na: 7 # seven\n"),
    kept: [],
    survives: { "config.yaml": "# mine\na: 7 # seven\nb: 2\n" },
  },
  {
    name: "trash",
    prepare({ at, write }) {
      write("gone/deep/a.txt", "a");
      return { op: "trash", path: at("gone") };
    },
    changes: ["- gone", "- gone/deep", "- gone/deep/a.txt"],
    spoil: ({ at }) => fs.rmSync(at("gone"), { recursive: true }),
    refusal: /gone is gone/,
    edit: ({ write }) => write("gone/later.txt", "later"),
    kept: [/is there again; the old one stays at ".*\/trash\/0-gone"/],
    survives: { "gone/later.txt": "later" },
  },
  {
    name: "relinkWorktree",
    prepare({ at, write }) {
      write("wt/.git", "gitdir: /old\n");
      write("repo/.git/worktrees/x/gitdir", "/old/.git\n");
      const files = [
        { path: at("wt/.git"), before: "gitdir: /old\n", after: "gitdir: /new\n" },
        { path: at("repo/.git/worktrees/x/gitdir"), before: "/old/.git\n", after: "/new/.git\n" },
      ];
      return { op: "relinkWorktree", repo: at("repo"), worktree: at("wt"), files };
    },
    changes: ["~ repo/.git/worktrees/x/gitdir", "~ wt/.git"],
    spoil: ({ write }) => write("wt/.git", "gitdir: /third\n"),
    refusal: /wt\/.git names another place/,
    edit: ({ write }) => write("wt/.git", "gitdir: /third\n"),
    kept: [/names another place than the migration wrote/],
    survives: { "wt/.git": "gitdir: /third\n", "repo/.git/worktrees/x/gitdir": "/old/.git\n" },
  },
];

/** Differences without what they are in detail. */
function briefly(lines: string[]): string[] {
  return lines.map((line) => line.replace(/(?::| \().*$/, "")).sort();
}

describe.each([
  { disk: "the real disk", flags: true },
  { disk: "a disk without rename flags", flags: false },
])("on $disk", ({ flags }) => {
  describe.each(cases)("$name", (each) => {
    test("is applied, and taken back to the very same tree", async () => {
      using bench = makeWorkbench(openDisk({ flags }));
      const operation = each.prepare(bench);
      const before = bench.tree();
      expect(await bench.apply([operation])).toMatchObject({ state: "done", warnings: [] });
      expect(briefly(bench.since(before))).toEqual(each.changes);
      const result = await bench.undo();
      expect(result).toMatchObject({ state: "rolled-back", undone: 1, kept: [] });
      expect(bench.since(before)).toEqual([]);
    });

    test("is not done or taken back twice", async () => {
      using bench = makeWorkbench(openDisk({ flags }));
      const operation = each.prepare(bench);
      const before = bench.tree();
      await bench.apply([operation]);
      const after = bench.tree();
      expect(await bench.resume()).toMatchObject({ state: "done" });
      expect(bench.since(after)).toEqual([]);
      await bench.undo();
      expect(await bench.undo()).toMatchObject({ state: "rolled-back", undone: 0 });
      expect(bench.since(before)).toEqual([]);
    });

    test("is refused before anything is changed when the disk is another", async () => {
      using bench = makeWorkbench(openDisk({ flags }));
      const operation = each.prepare(bench);
      each.spoil(bench);
      const before = bench.tree();
      const error = await errorOf(bench.apply([operation]));
      expect(error).toMatchObject({ outcome: "refused" });
      expect(error.message).toMatch(each.refusal);
      expect(bench.since(before)).toEqual([]);
      expect(fs.existsSync(`${bench.base}/migrations`)).toBe(false);
    });

    test("is not done when the disk becomes another one half-way", async () => {
      using bench = makeWorkbench(openDisk({ flags }));
      const operation = each.prepare(bench);
      const before = bench.tree();
      const [first, second] = [bench.at("first"), bench.at("second")];
      const onProgress = ({ phase, done }: Progress) => {
        if (phase === "apply" && done === 1) each.spoil(bench);
      };
      const plan: Operation[] = [
        { op: "create", path: first, content: "1" },
        // The second move of a name begins another batch.
        { op: "move", from: first, to: second },
        operation,
      ];
      const error = await errorOf(bench.apply(plan, { onProgress }));
      expect(error).toMatchObject({ outcome: "interrupted" });
      expect(error.message.replaceAll(/"(?= )/g, "")).toMatch(each.refusal);
      // The very bytes that the plan would have written look like a line that the journal lost.
      if (each.name === "create") bench.write("new.json", "mine");
      const spoilt = bench.tree();
      expect(await bench.undo()).toMatchObject({ state: "rolled-back", kept: [] });
      for (const name of ["first", "second"]) spoilt.delete(name);
      expect(diffTrees(spoilt, bench.tree())).toEqual([]);
      expect(bench.since(before)).not.toEqual([]);
    });

    test("is taken back without losing what came after", async () => {
      using bench = makeWorkbench(openDisk({ flags }));
      await bench.apply([each.prepare(bench)]);
      each.edit?.(bench);
      const { state, kept } = await bench.undo();
      expect(kept.map(({ reason }) => reason)).toEqual(
        (each.kept ?? []).map((pattern) => expect.stringMatching(pattern)),
      );
      expect(state).toBe(kept.length === 0 ? "rolled-back" : "partly-rolled-back");
      for (const [name, text] of Object.entries(each.survives ?? {})) {
        expect(bench.read(name)).toBe(text);
      }
    });
  });
});

test("a directory that is kept tells what was put into it, and how much", async () => {
  using bench = makeWorkbench();
  await bench.apply(["one", "two"].map((name) => ({ op: "makeDir", path: bench.at(name) })));
  bench.write("one/b.txt", "b");
  for (const name of ["c", "a", "b"]) bench.write(`two/${name}.txt`, name);
  const { kept } = await bench.undo();
  expect(kept.map(({ reason }) => reason).sort()).toEqual([
    'holds "a.txt" and 2 more, added after the migration',
    'holds "b.txt", added after the migration',
  ]);
});
