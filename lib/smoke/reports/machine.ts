/**
 * Reports for machines: CTRF JSON, JUnit XML and TAP. All count what the results count.
 */
import * as v from "valibot";
import type { Status } from "../record.ts";
import type { RunResult, StepResult } from "../results.ts";
import { reasonOf } from "./reason.ts";

const ctrfStatus = v.picklist(["passed", "failed", "skipped", "pending", "other"]);
type CtrfStatus = v.InferOutput<typeof ctrfStatus>;

/** The CTRF document of a run, with our own status of each step in `rawStatus`. */
export const ctrfSchema = v.object({
  reportFormat: v.literal("CTRF"),
  specVersion: v.string(),
  results: v.object({
    tool: v.object({ name: v.string(), version: v.string() }),
    summary: v.object({
      tests: v.number(),
      passed: v.number(),
      failed: v.number(),
      skipped: v.number(),
      pending: v.number(),
      other: v.number(),
      start: v.number(),
      stop: v.number(),
      extra: v.object({ counts: v.record(v.string(), v.number()), coverage: v.unknown() }),
    }),
    tests: v.array(
      v.object({
        name: v.string(),
        status: ctrfStatus,
        rawStatus: v.string(),
        duration: v.number(),
        suite: v.array(v.string()),
        message: v.optional(v.string()),
        extra: v.object({ step: v.string(), source: v.string(), link: v.optional(v.string()) }),
      }),
    ),
    environment: v.record(v.string(), v.unknown()),
  }),
});
export type Ctrf = v.InferOutput<typeof ctrfSchema>;

/** What a status is in formats that know passed, failed and skipped only. */
export const plainStatus: Record<Status, CtrfStatus> = {
  pass: "passed",
  "manual-pass": "passed",
  "known-fixed": "passed",
  fail: "failed",
  error: "failed",
  blocked: "failed",
  "manual-fail": "failed",
  skipped: "skipped",
  known: "skipped",
  "not-run": "pending",
  unclear: "other",
};

/** How many steps have each plain status. */
export function plainCounts({ steps }: RunResult): Record<CtrfStatus, number> {
  const counts = { passed: 0, failed: 0, skipped: 0, pending: 0, other: 0 };
  for (const { status } of steps) counts[plainStatus[status]]++;
  return counts;
}

/** The run as a CTRF document. */
export function ctrf(result: RunResult, version: string): Ctrf {
  const { run, environment, steps, counts, coverage } = result;
  const start = Date.parse(run.at);
  return {
    reportFormat: "CTRF",
    specVersion: "0.0.0",
    results: {
      tool: { name: "ao-toolkit smoke-runbook", version },
      summary: {
        tests: steps.length,
        ...plainCounts(result),
        start,
        stop: start + result.ms,
        extra: { counts, coverage: coverage ?? null },
      },
      tests: steps.map(ctrfTest),
      environment: {
        osPlatform: environment?.os ?? "unknown",
        appName: "ao",
        appVersion: environment?.aoVersion ?? "unknown",
        extra: {
          run: run.run,
          generation: run.generation,
          multiplexer: environment?.multiplexer ?? run.runtime,
          finished: result.finished,
        },
      },
    },
  };
}

function ctrfTest(step: StepResult): Ctrf["results"]["tests"][number] {
  const message = reasonOf(step);
  return {
    name: `${step.id} ${step.title}`,
    status: plainStatus[step.status],
    rawStatus: step.status,
    duration: Math.round(step.ms),
    suite: [`Lane ${step.lane}`, step.laneTitle],
    ...(message === "" ? {} : { message }),
    extra: { step: step.id, source: step.source, ...(step.link ? { link: step.link } : {}) },
  };
}

/** JUnit XML: a suite for each lane; what is not walked is `skipped` with its reason. */
export function junit(result: RunResult): string {
  const lanes = [...Map.groupBy(result.steps, ({ lane }) => lane).values()];
  const suites = lanes.map((steps) => {
    const title = `Lane ${steps[0]?.lane}: ${steps[0]?.laneTitle}`;
    const attributes = `name="${xml(title)}" ${junitCounts(steps)} time="${seconds(steps)}"`;
    return [`  <testsuite ${attributes}>`, ...steps.map(junitCase), "  </testsuite>"].join("\n");
  });
  const counts = junitCounts(result.steps);
  const attributes = `name="AO smoke runbook" ${counts} time="${seconds(result.steps)}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${attributes}>`,
    ...suites,
    "</testsuites>",
    "",
  ].join("\n");
}

function junitCounts(steps: readonly StepResult[]): string {
  const of = (statuses: readonly Status[]) =>
    steps.filter(({ status }) => statuses.includes(status)).length;
  const failures = of(["fail", "manual-fail"]);
  const errors = of(["error", "blocked"]);
  const skipped = of(["skipped", "known", "not-run", "unclear"]);
  return `tests="${steps.length}" failures="${failures}" errors="${errors}" skipped="${skipped}"`;
}

function junitCase(step: StepResult): string {
  const name = `${step.id} ${step.title}`;
  const time = (step.ms / 1000).toFixed(3);
  const where = `classname="lane.${xml(step.lane)}" time="${time}"`;
  const open = `    <testcase name="${xml(name)}" ${where}`;
  const message = reasonOf(step);
  const plain = plainStatus[step.status];
  if (plain === "passed") return `${open}/>`;
  if (plain !== "failed")
    return `${open}><skipped message="${xml(`${step.status}: ${message}`)}"/></testcase>`;
  const tag = step.status === "error" || step.status === "blocked" ? "error" : "failure";
  return `${open}><${tag} type="${step.status}" message="${xml(message)}"/></testcase>`;
}

function seconds(steps: readonly StepResult[]): string {
  return (steps.reduce((sum, { ms }) => sum + ms, 0) / 1000).toFixed(3);
}

// Characters that XML 1.0 cannot hold, not even escaped.
const forbidden = /[^\P{Cc}\t\n\r]|[\ufffe\uffff]/gu;

/** Text for XML and HTML, in content or in a quoted attribute. */
export function xml(text: string): string {
  return text
    .toWellFormed()
    .replace(forbidden, "\ufffd")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("\n", "&#10;");
}

/** TAP 14: a line for each step; known issues are TODO, what is not walked is SKIP. */
export function tap(result: RunResult): string {
  const lines = result.steps.map((step, index) => {
    const plain = plainStatus[step.status];
    const ok = plain === "failed" || step.status === "known" ? "not ok" : "ok";
    const reason = line(reasonOf(step));
    const directive =
      step.status === "known"
        ? ` # TODO ${reason}`
        : plain === "passed" || plain === "failed"
          ? ""
          : ` # SKIP ${step.status}: ${reason}`;
    const head = `${ok} ${index + 1} - ${line(`${step.id} ${step.title}`)}${directive}`;
    if (plain !== "failed") return head;
    return [
      head,
      "  ---",
      `  status: ${step.status}`,
      `  message: ${JSON.stringify(reason)}`,
      "  ...",
    ].join("\n");
  });
  return ["TAP version 14", `1..${result.steps.length}`, ...lines, ""].join("\n");
}

function line(text: string): string {
  return text.replaceAll("\n", " ").replaceAll("#", "\\#");
}
