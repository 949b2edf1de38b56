import { describe, expect, test } from "bun:test";
import {
  nothingToDo,
  type StepId,
  selectSteps,
  stepIds,
  stepNeeds,
} from "../../../lib/storage/options.ts";

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

  test("whoever moves a directory brings along those that mend what names it", () => {
    const brought = (need: StepId) =>
      stepIds.filter((id) => id !== need && selectSteps([id], []).has(need));
    expect(brought("rewrite-session-metadata")).toEqual(
      stepIds.filter((id) => id !== "dead-export-manifest" && id !== "rewrite-session-metadata"),
    );
    expect(brought("import-v1-hash-dirs")).toEqual(["strip-storage-key", "gc-stranded-dirs"]);
    // V3's files go to a project that stands at its V3 place, and nothing else is taken along.
    for (const id of ["write-identity-json", "reconcile-counter", "collapse-observability"]) {
      expect([...selectSteps([id as StepId], [])]).toEqual([
        ...[id as StepId, "rekey-v1-entries", "rewrite-session-metadata"],
      ] as StepId[]);
    }
    expect(brought("rekey-v1-entries")).not.toContain("rename-tmux-sessions");
    expect(brought("rekey-v1-entries")).toContain("same-repo-merge");
    expect(brought("rekey-v1-entries")).toContain("normalize-orchestrators");
    expect([...selectSteps(["dead-export-manifest"], [])]).toEqual(["dead-export-manifest"]);
  });

  test("--skip of all that need a step leaves it out, and --only with --skip is narrowed", () => {
    const only = selectSteps(
      ["strip-storage-key", "rewrite-session-metadata"],
      ["strip-storage-key", "import-v1-hash-dirs", "rekey-v1-entries"],
    );
    expect([...only]).toEqual(["rewrite-session-metadata"]);
    expect(() => selectSteps([], ["import-v1-hash-dirs"])).toThrow(
      expect.objectContaining({
        outcome: "usage",
        hint: expect.stringContaining("--skip strip-storage-key"),
      }),
    );
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

test("nothing to do is said of the disk only where every step was asked for", () => {
  const said = (only: StepId[]) => nothingToDo({ selectedSteps: [...selectSteps(only, [])] });
  expect(said([])).toBe("Nothing to do: this disk is V3");
  expect(said(["same-repo-merge"])).toBe("Nothing to do in the steps that were chosen");
});
