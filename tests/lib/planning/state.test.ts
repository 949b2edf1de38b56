import { describe, expect, test } from "bun:test";
import { reopened, replay, withStep } from "../../../lib/planning/state.ts";
import { stateOf, stepsOf, type Told, testStamp, toApproval } from "./site.ts";

const slug = "shed";

describe("completing a step", () => {
  const [approaches] = stepsOf(slug, ["approaches"]);
  if (approaches === undefined) throw new Error("no step");

  test("advances the cursor to what the replay says", () => {
    const state = withStep(stateOf(slug, []), approaches);
    expect(state.nextStep).toBe("pick-best");
    expect(state.completedSteps).toEqual([approaches]);
  });

  test("is refused from an impossible in-memory cursor", () => {
    const state = { ...stateOf(slug, ["approaches"]), nextStep: "approaches" as const };
    expect(() => withStep(state, approaches)).toThrow("next_step is approaches, but its history");
  });

  test("is refused when the plan stands elsewhere", () => {
    expect(() => withStep(stateOf(slug, ["approaches"]), approaches)).toThrow(
      "stands at pick-best",
    );
    expect(() => withStep(stateOf(slug, toApproval), approaches)).toThrow("terminal-ready");
  });

  test("is refused with an absolute ref", () => {
    const step = { ...approaches, outputs: { stdout: "/tmp/approaches.stdout.md" } };
    expect(() => withStep(stateOf(slug, []), step)).toThrow("must not be absolute");
  });

  test("is refused with an outcome that the step does not have", () => {
    const step = { ...approaches, outcome: "clear" as const };
    expect(() => withStep(stateOf(slug, []), step)).toThrow("approaches cannot end with clear");
    const second: Told = ["approaches", "pick-best", "expand", ["review", "findings"], "revise"];
    const [findings] = stepsOf(slug, [["review-2", "findings"]]);
    if (findings === undefined) throw new Error("no step");
    expect(() => withStep(stateOf(slug, second), findings)).toThrow("cannot end with findings");
  });

  test("keeps the reason of a decision, and takes the decision for one that is missing", () => {
    const [final] = stepsOf(slug, [["final-review", "reject"]]);
    if (final === undefined) throw new Error("no step");
    const before = stateOf(slug, toApproval.slice(0, 4));
    expect(withStep(before, final, "too much").finalReason).toBe("too much");
    expect(withStep(before, final).finalReason).toBe("reject");
    expect(withStep(before, final).nextStep).toBe("terminal-skipped");
  });
});

describe("reopening", () => {
  test("twice gives [5, 8]", () => {
    const once = reopened(stateOf(slug, toApproval), testStamp);
    expect(once.revisionBases).toEqual([5]);
    expect(once.nextStep).toBe("revise");
    expect(once.finalDecision).toBeNull();
    const again: Told = [
      ...toApproval,
      "revise",
      ["review-2", "clear"],
      ["final-review", "approve-needs-human"],
    ];
    expect(reopened(stateOf(slug, again, [5]), testStamp).revisionBases).toEqual([5, 8]);
  });

  test("a second time needs an accepted step in between", () => {
    const once = reopened(stateOf(slug, toApproval), testStamp);
    expect(() => reopened(once, testStamp)).toThrow("nothing to revise");
  });

  test("anchor 3 at cursor review is accepted, at terminal-skipped refused", () => {
    const told = toApproval.slice(0, 3);
    expect(replay(stepsOf(slug, told), [3])).toMatchObject({ cursor: "revise" });
    const skipped: Told = [...toApproval.slice(0, 4), ["final-review", "reject"]];
    expect(replay(stepsOf(slug, skipped), [5])).toMatchObject({
      fault: { pointer: ["revision_base_step_counts", "0"] },
    });
    expect(() => reopened(stateOf(slug, skipped), testStamp)).toThrow("terminal-skipped");
  });

  test("after the first revise an anchor without a step between is refused", () => {
    expect(replay(stepsOf(slug, toApproval), [3, 5])).toHaveProperty("fault");
  });

  test("a step after a terminal cursor is an error", () => {
    const told: Told = [...toApproval, "revise"];
    expect(replay(stepsOf(slug, told), [])).toMatchObject({
      fault: { pointer: ["completed_steps", "5"] },
    });
  });
});
