/** Where the paths of operations are once some moves were taken back and others were not. */

import { describe, expect, test } from "bun:test";
import { emptyLedger, type Ledger } from "../../../lib/change/ledger.ts";
import type { Operation } from "../../../lib/change/operation.ts";
import { relocate } from "../../../lib/change/relocate.ts";

const move = (from: string, to: string): Operation => ({ op: "move", from, to });
const make = (path: string): Operation => ({ op: "makeDir", path });

/** A later rollback, after these operations were taken back in this order. */
function ledgerAfter(undone: number[], more: Partial<Ledger> = {}): Ledger {
  return { ...emptyLedger(), undoRuns: 2, intended: 9, undone: new Set(undone), ...more };
}

describe("operations stay as they are", () => {
  const operations = [move("/a", "/b"), make("/b/x")];

  test("in a first rollback, and where no move was taken back", () => {
    expect(relocate(operations, ledgerAfter([0], { undoRuns: 1 }))).toBe(operations);
    expect(relocate(operations, ledgerAfter([1]))).toBe(operations);
  });

  test("when they were taken back themselves or never begun", () => {
    const now = relocate([...operations, make("/b/y")], ledgerAfter([0], { intended: 2 }));
    expect(now).toEqual([move("/a", "/b"), make("/a/x"), make("/b/y")]);
    const done = relocate(operations, ledgerAfter([1, 0]));
    expect(done).toEqual(operations);
  });
});

test("every path of an operation follows the move that was taken back before it", () => {
  const link = (path: string) => ({ path, before: "1", after: "2" });
  const operations: Operation[] = [
    move("/old", "/new"),
    move("/new/a", "/new/b"),
    {
      ...{ op: "relinkWorktree", repo: "/repo", worktree: "/new/wt" },
      files: [link("/new/wt/.git"), link("/repo/gitdir")],
    },
    { op: "renameTmux", from: "/new", to: "/new" },
    { op: "trash", path: "/new" },
    { op: "create", path: "/newer/x", content: "x" },
  ];
  expect(relocate(operations, ledgerAfter([0])).slice(1)).toEqual([
    move("/old/a", "/old/b"),
    {
      ...{ op: "relinkWorktree", repo: "/repo", worktree: "/old/wt" },
      files: [link("/old/wt/.git"), link("/repo/gitdir")],
    },
    { op: "renameTmux", from: "/new", to: "/new" },
    { op: "trash", path: "/old" },
    { op: "create", path: "/newer/x", content: "x" },
  ]);
});

test("moves that were taken back one after the other are followed in that order", () => {
  const operations = [move("/a", "/b"), move("/b/x", "/c"), make("/c/y")];
  // The inner one went back to where the outer one's target still was.
  expect(relocate(operations, ledgerAfter([1, 0]))[2]).toEqual(make("/a/x/y"));
  // The outer one went first: the inner one's source was elsewhere by then.
  const kept = ledgerAfter([0]);
  expect(relocate(operations, kept).slice(1)).toEqual([move("/a/x", "/c"), make("/c/y")]);
  expect(relocate(operations, ledgerAfter([0, 1]))[2]).toEqual(make("/a/x/y"));
});

test("a move that came after an operation has nothing to say about it", () => {
  const operations = [make("/b/x"), move("/b", "/c"), move("/a", "/b")];
  expect(relocate(operations, ledgerAfter([2, 1]))[0]).toEqual(make("/b/x"));
});
