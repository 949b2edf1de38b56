/** Which traces on a disk say that a journal lost lines, and which do not. */

import { describe, expect, test } from "bun:test";
import { emptyLedger, type Ledger } from "../../../lib/change/ledger.ts";
import { refuseLostLines } from "../../../lib/change/lost.ts";
import type { Operation } from "../../../lib/change/operation.ts";
import type { TmuxPort } from "../../../lib/change/options.ts";
import { type Given, makePrepared, migrationDir } from "../../change/prepared.ts";

/** The simulated clock stands a little after this. */
const now = "2001-09-09T01:46:40.000Z";
const trash = (path: string): Operation => ({ op: "trash", path });
const create = (name: string, more = {}): Operation => ({
  ...{ op: "create", path: `/tree/${name}`, content: "new", ...more },
});
const move: Operation = { op: "move", from: "/tree/a", to: "/tree/b" };
const rename: Operation = { op: "renameTmux", from: "old", to: "new" };
const sessions = (...names: string[]): TmuxPort => ({
  hasSession: (name) => names.includes(name),
  renameSession: () => {},
});

interface Found extends Given {
  ledger?: Partial<Ledger>;
  createdAt?: string;
}

/** The message of the refusal, or null. */
async function told(operations: Operation[], found: Found): Promise<string | null> {
  const { ledger = {}, createdAt = now, ...given } = found;
  const { context, disk } = await makePrepared(operations, given);
  const before = disk.readDir("/tree");
  const looked = refuseLostLines(context, { ...emptyLedger(), ...ledger }, createdAt);
  const error = await looked.then(() => null).catch((thrown) => thrown);
  expect(disk.readDir("/tree")).toEqual(before);
  if (error === null) return null;
  const file = `${migrationDir}/journal.jsonl`;
  expect(error).toMatchObject({ outcome: "invalid", place: { file } });
  expect(error.hint).toContain("backup");
  return /operation (.*) was done/.exec(error.message)?.[1] ?? error.message;
}

const kept = (name: string) => ({ [`${migrationDir}/trash/${name}`]: "x" });
const two = [trash("/tree/a"), trash("/tree/b")];
const both = { "/tree/a": "x", "/tree/b": "x" };
const files = [
  { path: "/tree/x", before: "a", after: "b" },
  { path: "/tree/y", before: "a", after: "b" },
];
const relink: Operation = { op: "relinkWorktree", repo: "/tree", worktree: "/tree", files };

describe("lines are missing when", () => {
  test.each(["patchJson", "patchYaml"] as const)(
    "the original of a %s is in the trash",
    async (op) => {
      const patch: Operation = { op, path: "/tree/f", edits: [] };
      const found = { files: { "/tree/f": "{}", ...kept("0-f") } };
      expect(await told([patch], found)).toBe(`1 (${op} "/tree/f")`);
    },
  );

  test.each<[string, Operation[], Found, string]>([
    ["an original is in the trash", two, { files: kept("1-b") }, '2 (trash "/tree/b")'],
    [
      "an original is in the trash beside its place",
      two,
      { files: { "/tree/.a.ao-test-20260101T000000Z-abcdef-0.trash": "x" } },
      '1 (trash "/tree/a")',
    ],
    [
      "the second file of several is",
      [relink],
      { files: kept("0.1-y") },
      '1 (relinkWorktree "/tree")',
    ],
    [
      "what was to move is at its new place",
      [move],
      { files: { "/tree/b": "x" } },
      '1 (move "/tree/a")',
    ],
    [
      "a new file is there as planned",
      [create("n")],
      { files: { "/tree/n": "new" } },
      '1 (create "/tree/n")',
    ],
    [
      "a new file is, whatever its encoding",
      [create("n", { content: "bmV3", encoding: "base64" })],
      { files: { "/tree/n": "new" } },
      '1 (create "/tree/n")',
    ],
    [
      "a new directory is there, young and empty",
      [rename, { op: "makeDir", path: "/tree/d" }],
      { dirs: ["/tree/d"] },
      '2 (makeDir "/tree/d")',
    ],
    [
      "a new directory is as old as the migration, as far as clocks tell",
      [{ op: "makeDir", path: "/tree/d" }],
      { dirs: ["/tree/d"], createdAt: "2001-09-09T01:46:41.000Z" },
      '1 (makeDir "/tree/d")',
    ],
    ["a session has its new name", [rename], { tmux: sessions("new") }, '1 (renameTmux "old")'],
  ])("%s", async (_, operations, found, subject) => {
    expect(await told(operations, found)).toBe(subject);
  });
});

describe("no lines are missing when", () => {
  const announced = { run: "apply", applied: 0, intended: 1 } as const;
  const makeDir: Operation = { op: "makeDir", path: "/tree/d" };

  test.each<[string, Operation[], Found]>([
    ["nothing was done", [...two, create("n"), makeDir, rename], { files: both }],
    ["a rollback has begun", two, { files: kept("1-b"), ledger: { run: "undo" } }],
    ["the journal speaks of it", two, { files: { ...both, ...kept("0-a") }, ledger: announced }],
    [
      "the journal speaks of the file that is there",
      [create("n")],
      { files: { "/tree/n": "new" }, ledger: announced },
    ],
    [
      "something else stands where a file was to be made",
      [create("n")],
      { files: { "/tree/n": "?" } },
    ],
    ["something else stands where a file was to go", [move], { files: both }],
    ["what was to move is gone altogether", [move], {}],
    [
      "what lies in the trash is of another operation",
      [create("a"), move],
      {
        files: { "/tree/a": "x", ...kept("0-a") },
      },
    ],
    [
      "a directory is older",
      [makeDir],
      {
        dirs: ["/tree/d"],
        createdAt: "2001-09-09T01:46:42.000Z",
      },
    ],
    ["a directory holds something", [makeDir], { dirs: ["/tree/d"], files: { "/tree/d/x": "" } }],
    ["a file stands for it", [makeDir], { files: { "/tree/d": "" } }],
    [
      "a directory is empty that an earlier operation may have emptied",
      [create("m"), makeDir],
      {
        dirs: ["/tree/d"],
        ledger: announced,
      },
    ],
    ["both sessions are there", [rename], { tmux: sessions("old", "new") }],
    ["neither session is", [rename], { tmux: sessions() }],
  ])("%s", async (_, operations, found) => {
    expect(await told(operations, found)).toBeNull();
  });
});
