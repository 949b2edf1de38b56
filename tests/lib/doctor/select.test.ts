import { describe, expect, test } from "bun:test";
import { allChecks } from "../../../lib/doctor/checks.ts";
import { findCheck, findFix, selectChecks } from "../../../lib/doctor/select.ts";

const idsOf = (checks: { id: string }[]) => checks.map(({ id }) => id);

describe("selecting checks", () => {
  test("takes all without a word", () => {
    expect(selectChecks([], [])).toEqual([...allChecks]);
  });

  test("keeps the order of the report, whatever the order of the words", () => {
    expect(idsOf(selectChecks(["AO-WT-001", "AO-CF-001"], []))).toEqual(["AO-CF-001", "AO-WT-001"]);
  });

  test("takes what is skipped out of what is asked for", () => {
    expect(idsOf(selectChecks(["runtime"], ["ao-rt-001", "AO-RT-004", "AO-RT-005"]))).toEqual([
      ...["AO-RT-002", "AO-RT-003"],
    ]);
  });

  test.each([
    ["worktree", "did you mean worktrees?"],
    ["AO-WT-0001", "did you mean AO-WT-001?"],
  ])("refuses %p with the nearest name", (word, hint) => {
    expect(() => selectChecks([word], [])).toThrow(expect.objectContaining({ hint }));
    expect(() => selectChecks([], [word])).toThrow(expect.objectContaining({ outcome: "usage" }));
  });
});

describe("finding one check or fix", () => {
  test("takes an id in any case and the name of a fix", () => {
    expect(findCheck("ao-wt-001").id).toBe("AO-WT-001");
    expect(findCheck("worktree-links").id).toBe("AO-WT-001");
    expect(findFix("AO-WT-001").fix.name).toBe("worktree-links");
    expect(findFix("worktree-links").id).toBe("AO-WT-001");
  });

  test("says how a check without a fix is mended", () => {
    const { explain } = findCheck("AO-WT-007");
    expect(() => findFix("AO-WT-007")).toThrow(expect.objectContaining({ hint: explain.mended }));
  });
});
