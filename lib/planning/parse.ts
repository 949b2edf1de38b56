/** What an agent's output says: the outcome of a planning step, and of a ready-check. */

import { ToolkitError } from "../errors.ts";
import { type FinalDecision, isDecision, type StepName, type StepOutcome } from "./steps.ts";

export interface StepVerdict {
  outcome: StepOutcome;
  /** Of a final review. */
  reason: string | null;
}

/**
 * The outcome of a step.
 *
 * @throws ToolkitError `invalid` when a final review has no decision, or a second review still
 * finds something
 */
export function parseStep(step: StepName, stdout: string): StepVerdict {
  if (step === "review") {
    return { outcome: isClear(stdout) ? "clear" : "findings", reason: null };
  }
  if (step === "review-2") {
    if (isClear(stdout)) return { outcome: "clear", reason: null };
    throw new ToolkitError("invalid", 'Cannot accept "review-2": it still has findings', {
      hint: "the next tick tries again; refine the plan to change it first",
    });
  }
  if (step !== "final-review") return { outcome: "completed", reason: null };
  const { decision, reason } = parseFinalDecision(stdout);
  return { outcome: decision, reason };
}

/** Whether a review found nothing: some line says so, or there is no output at all. */
export function isClear(stdout: string): boolean {
  return stdout.trim() === "" || /no findings/i.test(stdout);
}

/**
 * The last line of the form `final-decision: <decision> — <reason>`.
 *
 * @throws ToolkitError `invalid` when there is none
 */
export function parseFinalDecision(stdout: string): { decision: FinalDecision; reason: string } {
  const found = lastTagged(stdout, "final-decision");
  const decision = found?.value;
  if (found === null || !isDecision(decision)) {
    throw new ToolkitError(
      "invalid",
      'Cannot accept "final-review": no line says final-decision: approve-auto, ' +
        "approve-needs-human or reject",
    );
  }
  return { decision, reason: found.reason || decision };
}

export interface Readiness {
  answer: "yes" | "no" | "unverifiable";
  reason: string;
}

/** The last line of the form `ready: <answer> — <reason>`; null when there is none. */
export function parseReadiness(stdout: string): Readiness | null {
  const found = lastTagged(stdout, "ready");
  const answer = found?.value;
  if (found === null || (answer !== "yes" && answer !== "no" && answer !== "unverifiable")) {
    return null;
  }
  // Fresh test results are the host's own business: their absence is a reason to wait, not to ask.
  const doubt = answer === "unverifiable" && isAboutTests(found.reason);
  return { answer: doubt ? "no" : answer, reason: found.reason || answer };
}

const testPhrases = [
  "baseline green",
  "baseline validation",
  "current tests pass",
  "fresh test evidence",
  "fresh validation evidence",
  "full test suite passes",
  "tests pass now",
];

function isAboutTests(reason: string): boolean {
  const text = reason.toLowerCase();
  return testPhrases.some((phrase) => text.includes(phrase));
}

const values = {
  "final-decision": "approve-auto|approve-needs-human|reject",
  ready: "yes|no|unverifiable",
};

/** The last line `<tag>: <value>`, with an optional dash and a reason, in any case. */
function lastTagged(
  text: string,
  tag: keyof typeof values,
): { value: string; reason: string } | null {
  const form = new RegExp(
    `^\\s*${tag}:\\s*(${values[tag]})(?:\\s*(?:-+|[–—])\\s*(.*?))?\\s*$`,
    "i",
  );
  for (const line of text.split(/\r?\n/).toReversed()) {
    const [whole, value = "", reason = ""] = form.exec(line) ?? [];
    if (whole !== undefined) return { value: value.toLowerCase(), reason };
  }
  return null;
}

/**
 * The last block of `key: value` lines between the marks, as the executing agent ends with it.
 * Keys that are not there are absent; without a block the record is empty.
 */
export function parseReport(stdout: string): Record<string, string> {
  const blocks = [...stdout.matchAll(/^=== phase report ===$([\s\S]*?)^=== end ===$/gm)];
  const report: Record<string, string> = {};
  for (const line of (blocks.at(-1)?.[1] ?? "").split(/\r?\n/)) {
    const [, key = "", value = ""] = /^\s*([a-z_]+):\s*(.*?)\s*$/.exec(line) ?? [];
    if (key !== "" && value !== "") report[key] = value;
  }
  return report;
}
