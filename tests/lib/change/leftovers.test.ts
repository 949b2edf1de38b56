/** What a crash left behind: what the journal speaks of stays, all else goes out of the way. */

import { describe, expect, test } from "bun:test";
import type { Facts } from "../../../lib/change/journal.ts";
import { emptyLedger, type Ledger } from "../../../lib/change/ledger.ts";
import { clearLeftovers } from "../../../lib/change/leftovers.ts";
import type { Operation } from "../../../lib/change/operation.ts";
import { makePrepared, migrationDir } from "../../change/prepared.ts";

const digest = "0".repeat(64);
const create = (name: string): Operation => ({ op: "create", path: `/tree/${name}`, content: "" });
const links = ["/tree/x", "/tree/y"].map((path) => ({ path, before: "a", after: "b" }));
const relink: Operation = { op: "relinkWorktree", repo: "/tree", worktree: "/tree", files: links };

function ledgerOf(change: Partial<Ledger>): Ledger {
  return { ...emptyLedger(), ...change };
}

describe("new contents in the migration's own directory", () => {
  const staging = `${migrationDir}/staging`;

  test("stay when the journal speaks of them, else they are kept in the trash", async () => {
    const recorded = ["12", "12.1", "12.34", "undo21-12", "undo21-12.1"];
    const others = ["1", "2.1", "12.", "x12", "12x", "undo21-1", "undo2-12", "undo-12", "notes"];
    const files = Object.fromEntries(
      [...recorded, ...others].map((name) => [`${staging}/${name}`, name]),
    );
    const { disk, context } = await makePrepared([create("a")], { files });
    const facts: Facts[] = [];
    facts[12] = { i: 12 };
    const undoFacts = new Map([[12, { i: 12 }]]);
    clearLeftovers(context, ledgerOf({ run: "undo", facts, undoRuns: 21, undoFacts }));
    expect(disk.readDir(staging).sort()).toEqual(recorded.sort());
    const texts = disk
      .readDir(`${migrationDir}/trash`)
      .map((name) => Buffer.from(disk.readFile(`${migrationDir}/trash/${name}`)).toString());
    expect(texts.sort()).toEqual(others.sort());
  });
});

describe("new contents beside their targets", () => {
  const end = ".ao-test-20260101T000000Z-abcdef-";
  const staged = (name: string, tag: string) => `/tree/.${name}${end}${tag}.staged`;

  async function left(operations: Operation[], names: string[], ledger: Partial<Ledger>) {
    const files = Object.fromEntries(names.map((name) => [name, "x"]));
    const { disk, context } = await makePrepared(operations, { files });
    clearLeftovers(context, ledgerOf(ledger));
    return names.filter((name) => disk.lstat(name) !== null);
  }

  test("go when no line speaks of them there", async () => {
    const operations = [create("a"), create("b"), relink, relink, create("c")];
    const [near, far] = [
      [digest, digest, "near"],
      [digest, digest],
    ] as [[string, string, "near"], [string, string]];
    const facts: Facts[] = [
      { i: 0, near: true },
      { i: 1 },
      { i: 2, swaps: [near, null] },
      { i: 3, swaps: [far, near] },
    ];
    const stay = [staged("a", "0"), staged("x", "2"), staged("y", "3.1")];
    const go = [staged("b", "1"), staged("y", "2.1"), staged("x", "3"), staged("c", "4")];
    const ledger = { run: "apply", facts, intended: 4 } as const;
    expect(await left(operations, [...stay, ...go], ledger)).toEqual(stay);
  });

  test("go of a rollback too, whatever was near when the operation was applied", async () => {
    const operations = ["a", "b", "c", "d", "e"].map(create);
    const facts: Facts[] = [0, 1, 2, 3].map((i) => ({ i, near: true }));
    const undoFacts = new Map([[1, { i: 1 }]]);
    const undone = new Set([2]);
    const stay = [staged("b", "undo2-1"), staged("c", "undo2-2"), staged("e", "undo2-4")];
    const go = [staged("a", "undo2-0"), staged("d", "undo2-3")];
    const ledger = { facts, undoFacts, undone, undoRuns: 2, applied: 4, intended: 4 };
    expect(await left(operations, [...stay, ...go], { run: "undo", ...ledger })).toEqual(stay);
  });

  test("are files: a directory by such a name is the user's", async () => {
    const { disk, context } = await makePrepared([create("a")], { dirs: [staged("a", "0")] });
    clearLeftovers(context, ledgerOf({}));
    expect(disk.lstat(staged("a", "0"))?.kind).toBe("directory");
  });
});
