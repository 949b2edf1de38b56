/** The runner: all checks side by side, each bounded in time and unable to stop the others. */

import { describeError, ToolkitError } from "../errors.ts";
import { plural } from "../text.ts";
import type { Check, Finding, Level, Outcome } from "./check.ts";
import type { Facts } from "./facts.ts";

export type Status = "pass" | Level | "skip" | "crash";

/** How one check ended. */
export interface CheckResult {
  check: Check;
  /** The worst level of the findings; `pass` without any. */
  status: Status;
  /** How things are, the number of findings, why it was skipped, or what it crashed with. */
  summary: string;
  findings: Finding[];
  /** Milliseconds from the common start until it ended. */
  milliseconds: number;
}

const defaultLimitMs = 10_000;
/** Checks that wait for somebody else begin first; what only computes fills the time. */
const waiting = new Set(["program", "loopback", "walk"]);

/** Runs the checks; the results come in the order of the checks. */
export async function runChecks(checks: readonly Check[], facts: Facts): Promise<CheckResult[]> {
  const results = new Map<Check, Promise<CheckResult>>();
  const first = checks.filter(({ cost }) => waiting.has(cost));
  const rest = checks.filter(({ cost }) => !waiting.has(cost));
  for (const check of [...first, ...rest]) results.set(check, runCheck(check, facts));
  return await Promise.all(checks.map((check) => results.get(check) ?? runCheck(check, facts)));
}

/** Runs one check. Never rejects. */
export async function runCheck(check: Check, facts: Facts): Promise<CheckResult> {
  const start = performance.now();
  const ended = (status: Status, summary: string, findings: Finding[] = []): CheckResult => ({
    check,
    status,
    summary: facts.redact(summary),
    findings: findings.map((finding) => redacted(withRemedy(finding, check), facts)),
    milliseconds: Math.round(performance.now() - start),
  });
  try {
    const outcome = await bounded(check, facts);
    if ("skip" in outcome) return ended("skip", outcome.skip);
    const { summary, findings } = outcome;
    const number = plural(findings.length, "finding");
    return ended(worst(findings), findings.length === 0 ? summary : number, findings);
  } catch (error) {
    // A user's own doing (no home, …) ends the command; whatever else went wrong is this check's.
    if (error instanceof ToolkitError && error.outcome === "usage") throw error;
    return ended("crash", describeError(error));
  }
}

async function bounded(check: Check, facts: Facts): Promise<Outcome> {
  const { limitMs = defaultLimitMs } = check;
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    // What a long synchronous scan held up gets one more turn.
    setTimeout(() => late.reject(new Error(`no result in ${limitMs / 1000} s`)), 20);
  }, limitMs);
  late.promise.catch(() => {});
  try {
    // Started in a microtask, so that every check has been started before the first one computes.
    const run = Promise.resolve().then(() => check.run(facts));
    return await Promise.race([run, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Whoever has no command of its own is told what its check says of mending. */
function withRemedy(finding: Finding, { fix, explain }: Check): Finding {
  return { ...finding, ...(fix === undefined && { remedy: finding.remedy ?? explain.mended }) };
}

function redacted(finding: Finding, { redact }: Facts): Finding {
  const { level, message, ref, remedy } = finding;
  return {
    level,
    message: redact(message),
    ...(ref !== undefined && { ref: redact(ref) }),
    ...(remedy !== undefined && { remedy: redact(remedy) }),
  };
}

const order: readonly Level[] = ["info", "warn", "fail"];

function worst(findings: readonly Finding[]): Status {
  const levels = findings.map(({ level }) => order.indexOf(level));
  return order[Math.max(-1, ...levels)] ?? "pass";
}
