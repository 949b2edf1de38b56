import { describe, expect, test } from "bun:test";
import { selectSteps, stepIds, stepNeeds } from "../../../lib/storage/options.ts";

describe("choosing steps", () => {
  test("without a choice every step is planned", () => {
    expect([...selectSteps([], [])]).toEqual([...stepIds]);
  });

  test("--only brings along what the step needs, and what that needs", () => {
    expect(selectSteps(["import-v1-hash-dirs"], [])).toEqual(
      new Set(["import-v1-hash-dirs", "rekey-v1-entries", "rewrite-session-metadata"]),
    );
    expect(selectSteps(["gc-stranded-dirs"], [])).toContain("rewrite-session-metadata");
  });

  test("--skip of a step that another one needs is refused and names the other", () => {
    expect(() => selectSteps([], ["rewrite-session-metadata"])).toThrow(
      'Cannot skip "rewrite-session-metadata": import-v1-hash-dirs needs it',
    );
  });

  test("--skip of a step that nobody needs leaves only that one out", () => {
    const selected = selectSteps([], ["collapse-observability"]);
    expect(selected.has("collapse-observability")).toBe(false);
    expect(selected.size).toBe(stepIds.length - 1);
  });

  test("needs name steps that exist, and never lead back to the step itself", () => {
    for (const [id, needs] of Object.entries(stepNeeds)) {
      const reached = new Set(needs);
      for (const need of reached) for (const next of stepNeeds[need] ?? []) reached.add(next);
      expect(reached.has(id as (typeof stepIds)[number])).toBe(false);
      for (const need of reached) expect(stepIds).toContain(need);
    }
  });
});
