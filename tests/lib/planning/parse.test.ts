import { describe, expect, test } from "bun:test";
import {
  isClear,
  parseFinalDecision,
  parseReadiness,
  parseReport,
  parseStep,
} from "../../../lib/planning/parse.ts";

describe("final review", () => {
  test("noise after the decision is allowed, and the last decision counts", () => {
    const text = "final-decision: reject - no\nFinal-Decision: APPROVE-AUTO — small\nBye.\n\n";
    expect(parseFinalDecision(text)).toEqual({ decision: "approve-auto", reason: "small" });
  });

  test("the reason defaults to the decision", () => {
    const expected = { decision: "approve-needs-human", reason: "approve-needs-human" } as const;
    expect(parseFinalDecision("final-decision: approve-needs-human")).toEqual(expected);
    expect(parseFinalDecision("final-decision: approve-needs-human — \n")).toEqual(expected);
  });

  test.each([
    "",
    "final-decision: maybe",
    "I say final-decision: reject",
    "final-decision: rejected",
    "final-decision approve-auto",
  ])("no valid line in %p is a failure", (text) => {
    expect(() => parseStep("final-review", text)).toThrow("no line says final-decision");
  });
});

describe("review", () => {
  test('"no findings" anywhere wins', () => {
    expect(isClear("1. A problem\n\nOtherwise there are NO FINDINGS here.")).toBe(true);
    expect(isClear("1. A problem")).toBe(false);
  });

  test("a blank review is clear", () => {
    expect(parseStep("review", " \n\n")).toEqual({ outcome: "clear", reason: null });
    expect(parseStep("review-2", "").outcome).toBe("clear");
  });

  test("findings of a second review are a failure, of the first an outcome", () => {
    expect(parseStep("review", "1. No undo").outcome).toBe("findings");
    expect(() => parseStep("review-2", "1. No undo")).toThrow("still has findings");
  });
});

test("other steps are completed whatever they say", () => {
  for (const step of ["approaches", "pick-best", "expand", "revise"] as const) {
    expect(parseStep(step, "")).toEqual({ outcome: "completed", reason: null });
  }
});

describe("ready-check", () => {
  test("yes, no, unverifiable with their reasons, and noise after", () => {
    expect(parseReadiness("hm\nReady: YES\nbye")).toEqual({ answer: "yes", reason: "yes" });
    expect(parseReadiness("ready: no - a session lives")).toEqual({
      answer: "no",
      reason: "a session lives",
    });
    expect(parseReadiness("ready: unverifiable — who owns it?\n\n")).toEqual({
      answer: "unverifiable",
      reason: "who owns it?",
    });
  });

  test("blank and unparseable output is no answer", () => {
    expect(parseReadiness("")).toBeNull();
    expect(parseReadiness("ready: perhaps")).toBeNull();
    expect(parseReadiness("not ready: no")).toBeNull();
  });

  test("doubt about tests counts as no, doubt about human approval stays", () => {
    const doubt = parseReadiness("ready: unverifiable - cannot show Fresh Test Evidence");
    expect(doubt).toEqual({ answer: "no", reason: "cannot show Fresh Test Evidence" });
    expect(parseReadiness("ready: unverifiable - needs approval")?.answer).toBe("unverifiable");
  });
});

test("of an agent's reports the last one counts", () => {
  const block = (summary: string) => `=== phase report ===\nsummary: ${summary}\nx\n=== end ===\n`;
  expect(parseReport(`${block("one")}noise\n${block("two: both")}later`)).toEqual({
    summary: "two: both",
  });
  expect(parseReport("=== phase report ===\nsummary: cut")).toEqual({});
});
