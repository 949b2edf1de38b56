import { expect, test } from "bun:test";
import { BatchPaths, fold } from "../../../lib/change/batch.ts";
import type { Operation } from "../../../lib/change/operation.ts";

const makeDir = (path: string): Operation => ({ op: "makeDir", path });
const create = (path: string): Operation => ({ op: "create", path, content: "" });
const move = (from: string, to: string): Operation => ({ op: "move", from, to });
const trash = (path: string): Operation => ({ op: "trash", path });
const tmux: Operation = { op: "renameTmux", from: "a", to: "b" };

/** How many operations the first batch takes. */
function accepted(...operations: Operation[]): number {
  const paths = new BatchPaths();
  const refused = operations.findIndex((operation) => !paths.accept(operation));
  return refused === -1 ? operations.length : refused;
}

test("operations side by side share a batch", () => {
  expect(accepted(move("/a/1", "/b/1"), move("/a/2", "/b/2"), trash("/a/3"), tmux)).toBe(4);
  expect(accepted(create("/a/1"), create("/a/10"), create("/ab"))).toBe(3);
});

test("a path that another operation touched waits, also above and below it", () => {
  expect(accepted(move("/a", "/b"), create("/b"))).toBe(1);
  expect(accepted(move("/a", "/b"), create("/b/x"))).toBe(1);
  expect(accepted(move("/a", "/b"), create("/b/x/y/z"))).toBe(1);
  expect(accepted(create("/b/x/y/z"), move("/b", "/c"))).toBe(1);
  expect(accepted(create("/a/1"), create("/a/2"), trash("/a"))).toBe(2);
  expect(accepted(move("/a", "/b"), move("/b/c", "/a/c"))).toBe(1);
});

test("a new directory takes its content into the batch, whichever comes first", () => {
  expect(accepted(makeDir("/d"), makeDir("/d/e"), create("/d/e/f"), move("/x", "/d/x"))).toBe(4);
  expect(accepted(create("/d/e/f"), makeDir("/d/e"), makeDir("/d"))).toBe(3);
  expect(accepted(makeDir("/d"), makeDir("/d"))).toBe(1);
  expect(accepted(makeDir("/d"), trash("/d"))).toBe(1);
  expect(accepted(makeDir("/d"), create("/d/f"), trash("/d/f/g"))).toBe(2);
  expect(accepted(move("/d", "/e"), makeDir("/d"))).toBe(1);
});

test("a directory in which AO's locks stand waits for the batch to give them back", () => {
  const session = create("/p/sessions/s.json");
  expect(accepted(session, makeDir("/p/sessions"), makeDir("/p"))).toBe(1);
  expect(accepted(makeDir("/p"), makeDir("/p/sessions"), session)).toBe(3);
  expect(accepted(create("/p/sessions/notes"), makeDir("/p/sessions"), makeDir("/p"))).toBe(3);
});

test("one of AO's locks and the file that it is for do not share a batch", () => {
  expect(accepted(create("/p/sessions/s.json"), trash("/p/sessions/s.json.lock"))).toBe(1);
  expect(accepted(trash("/p/sessions/s.json.lock"), create("/p/sessions/s.json"))).toBe(1);
  expect(accepted(trash("/p/sessions/s.json.lock"), create("/p/sessions/t.json"))).toBe(2);
});

test("the worktree that a link is made for counts, though nothing in it may change", () => {
  const files = [{ path: "/repo/.git/worktrees/x/gitdir", before: "", after: "" }];
  const relink: Operation = { op: "relinkWorktree", repo: "/repo", worktree: "/wt/x", files };
  expect(accepted(move("/old", "/wt/x"), relink)).toBe(1);
  expect(accepted(move("/old", "/wt/y"), relink)).toBe(2);
});

test("names that some file systems take for the same do not share a batch", () => {
  expect(accepted(create("/a/Name"), create("/a/name"))).toBe(1);
  expect(accepted(create("/a/\u00e9"), create("/a/e\u0301"))).toBe(1);
  expect(fold("\u1100\u1161")).toBe(fold("\uac00"));
});
