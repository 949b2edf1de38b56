/** What a journal says, line by line, about a migration. */

import { describe, expect, test } from "bun:test";
import type { JournalRecord } from "../../../lib/change/journal.ts";
import { foldJournal, stateOf } from "../../../lib/change/ledger.ts";

const at = "2026-01-01T00:00:00.000Z";
const later = "2026-01-02T00:00:00.000Z";
const apply: JournalRecord = { k: "start", run: "apply", at };
const undo: JournalRecord = { k: "start", run: "undo", at: later };
const end: JournalRecord = { k: "end", at };
const done: JournalRecord = { k: "done" };

const intent = (from: number, to: number, first = true): JournalRecord => ({
  ...{ k: "intent", from, to },
  ...(first && { first }),
  items: Array.from({ length: to - from }, (_, n) => ({ i: from + n, hash: `${from}` })),
});
const kept = (...indexes: number[]): JournalRecord => ({
  ...{ k: "kept" },
  items: indexes.map((index) => ({ index, path: `/${index}`, reason: "is gone" })),
});
const fold = (...records: JournalRecord[]) => foldJournal(records.map((record) => [record]));

describe("an applying run", () => {
  test("has intended what it announced, and applied what it ended", () => {
    const cut = fold(apply, intent(0, 3), done, intent(3, 5));
    expect(cut).toMatchObject({ run: "apply", intended: 5, applied: 3, open: { from: 3, to: 5 } });
    expect(cut.facts.map((facts) => facts?.hash)).toEqual(["0", "0", "0", "3", "3"]);
    const whole = fold(apply, intent(0, 3), done, intent(3, 5), done, end);
    expect(whole).toMatchObject({ intended: 5, applied: 5, open: null, ended: true, endedAt: at });
  });

  test("does not go back behind what was applied when a batch is announced once more", () => {
    const again = fold(apply, intent(0, 5), done, intent(1, 2, false), done);
    expect(again).toMatchObject({ intended: 5, applied: 5 });
    expect(again.facts[1]?.hash).toBe("1");
  });

  test("that is resumed begins a new one: it has not ended, and its warnings are its own", () => {
    const warning: JournalRecord = { k: "warning", text: "tmux", i: 0 };
    const resumed = fold(apply, intent(0, 2), warning, { ...apply, at: later });
    expect(resumed).toMatchObject({ startedAt: at, ended: false, open: null, warnings: [] });
    expect(resumed.facts[0]).toEqual({ i: 0, skip: true });
    expect(fold(apply, intent(0, 2), warning).warnings).toEqual(["tmux"]);
    const other = fold(apply, { k: "warning", text: "of no operation" });
    expect(Object.keys(other.facts)).toEqual([]);
    const ended = fold(apply, end, { ...apply, at: later });
    expect(ended.endedAt).toBeUndefined();
  });

  test("closes nothing when nothing is open", () => {
    expect(fold(apply, done)).toMatchObject({ applied: 0, open: null });
    expect(fold(end)).toMatchObject({ run: "none", ended: true });
    expect(fold()).toMatchObject({ run: "none", ended: false, warnings: [] });
    expect(fold(apply, { k: "pruned", at }).pruned).toBe(true);
    expect(fold(apply).pruned).toBe(false);
  });
});

describe("an undoing run", () => {
  const applied = [apply, intent(0, 4), done, end];

  test("has undone its batches but for what it kept, last first", () => {
    const {
      undone,
      undoFacts,
      undoRuns,
      facts,
      kept: left,
    } = fold(...applied, ...[undo, intent(2, 4), done, intent(0, 2), kept(1), done]);
    expect([...undone]).toEqual([3, 2, 0]);
    expect([...left.keys()]).toEqual([1]);
    expect([...undoFacts.keys()].sort()).toEqual([0, 1, 2, 3]);
    expect(undoFacts.get(2)?.hash).toBe("2");
    expect([undoRuns, facts[2]?.hash]).toEqual([1, "0"]);
  });

  test("decides anew what it keeps when a batch starts over, and only of that batch", () => {
    const twice = (first: boolean) =>
      fold(
        ...applied,
        undo,
        intent(2, 4),
        kept(2, 3),
        done,
        intent(0, 2),
        kept(0, 1),
        intent(0, 2, first),
      );
    expect([...twice(true).kept.keys()]).toEqual([2, 3]);
    expect([...twice(false).kept.keys()]).toEqual([2, 3, 0, 1]);
    expect([...fold(...applied, undo, kept(1), intent(2, 4)).kept.keys()]).toEqual([1]);
  });

  test("that begins once more forgets what an earlier one kept, not what it had undone", () => {
    const again = fold(...applied, undo, intent(0, 4), kept(1), done, end, undo);
    expect(again).toMatchObject({ undoRuns: 2, run: "undo", ended: false });
    expect([again.kept.size, again.undoFacts.size]).toEqual([0, 0]);
    expect([...again.undone]).toEqual([3, 2, 0]);
  });

  test("leaves facts alone when a session could not be renamed", () => {
    const { facts, warnings } = fold(...applied, undo, { k: "warning", text: "tmux", i: 1 });
    expect([facts[1]?.hash, warnings]).toEqual(["0", ["tmux"]]);
  });
});

describe("a migration is", () => {
  test.each([
    ["planned", false, []],
    ["running", true, []],
    ["running", true, [apply]],
    ["interrupted", false, [apply, intent(0, 1)]],
    ["done", true, [apply, end]],
    ["rolling-back", true, [apply, end, undo]],
    ["rolling-back", false, [apply, undo]],
    ["rolled-back", false, [apply, undo, end]],
    ["partly-rolled-back", false, [apply, undo, kept(0), end]],
  ] as const)("%s (held: %p)", (state, held, records) => {
    expect(stateOf(fold(...records), held)).toBe(state);
  });
});
