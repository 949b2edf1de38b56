/**
 * Reads the reports of one machine out of files. They may come from other versions of the toolkit,
 * so that what is not known in them is passed over; what is needed has to be there.
 */

import { readFileSync, statSync } from "node:fs";
import { basename } from "node:path";
import * as v from "valibot";
import { describeError, errorCode } from "../errors.ts";
import { jsonErrorPlace, parseJson } from "../json.ts";
import type { MachineDoctor, MachinePlan, Problem } from "./fleet-document.ts";

/** What a file holds. */
export type Reading =
  | { kind: "doctor"; report: MachineDoctor }
  | { kind: "plan"; report: MachinePlan }
  | { kind: "problem"; problem: Problem };

/** A dry run of 20,000 sessions has some 40 MB. */
const largest = 512 * 1024 * 1024;

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const levels = ["info", "warn", "fail"] as const;
const issues = v.array(v.object({ kind: v.string() }));

const doctorSchema = v.object({
  schemaVersion: v.literal(1),
  toolkitVersion: v.string(),
  checkedAt: v.string(),
  home: v.string(),
  baseDir: v.string(),
  healthy: v.boolean(),
  totals: v.object({
    ...{ pass: count, info: count, warn: count, fail: count, skip: count, crash: count },
  }),
  checks: v.array(
    v.object({
      id: v.string(),
      section: v.string(),
      title: v.string(),
      status: v.picklist(["pass", ...levels, "skip", "crash"]),
      summary: v.string(),
      findings: v.array(
        v.object({
          level: v.picklist(levels),
          message: v.string(),
          ref: v.optional(v.string()),
          remedy: v.optional(v.string()),
        }),
      ),
      fix: v.optional(v.object({ name: v.string(), safe: v.boolean(), command: v.string() })),
    }),
  ),
});

const planSchema = v.object({
  schemaVersion: v.literal(3),
  planId: v.string(),
  inventory: v.object({
    scannedAt: v.string(),
    aoBaseDir: v.string(),
    totals: v.object({ bytes: count, sessions: count, worktrees: count }),
    projects: v.array(v.object({ issues })),
    hashDirIssues: v.optional(v.record(v.string(), issues), {}),
    globalConfigIssues: issues,
    issues: v.optional(issues, []),
  }),
  steps: v.array(
    v.object({ id: v.string(), title: v.string(), count, operations: v.array(v.unknown()) }),
  ),
  decisions: v.optional(v.array(v.object({ decidedBy: v.string() })), []),
  warnings: v.array(v.string()),
  blockers: v.array(v.string()),
});

const errorSchema = v.object({ error: v.object({ message: v.string() }) });

/** The machine that a file is called after: `reports/web-1.doctor.json` is of `web-1`. */
export function machineOf(file: string): string {
  const name = basename(file);
  return name.replace(/\.json$/, "").replace(/(?<=.)\.(doctor|migrate|plan)$/, "") || name;
}

/** Reads one file. Never throws: what is wrong with it is a problem with its place. */
export function readReport(path: string, file: string): Reading {
  const problem = (message: string, place?: { line: number; column: number } | null): Reading => ({
    kind: "problem",
    problem: { file, ...place, message },
  });
  let text: string;
  try {
    const { size } = statSync(path);
    if (size > largest) return problem("it is too large for a report");
    text = readFileSync(path, "utf8");
  } catch (error) {
    const missing = errorCode(error) === "ENOENT";
    return problem(
      missing ? "there is no such file" : `it cannot be read: ${describeError(error)}`,
    );
  }
  if (text.trim() === "") return problem("it is empty: the machine said nothing");
  let value: unknown;
  try {
    value = parseJson(text);
  } catch {
    return problem("it is not JSON", jsonErrorPlace(text));
  }
  if (v.is(errorSchema, value)) return problem(`the machine reports: ${value.error.message}`);
  const isPlan = typeof value === "object" && value !== null && "planId" in value;
  if (isPlan) {
    const parsed = v.safeParse(planSchema, value);
    if (parsed.success) return { kind: "plan", report: planOf(parsed.output, file) };
    return problem(`it is no dry run that can be merged: ${mistakeOf(parsed.issues[0])}`);
  }
  const parsed = v.safeParse(doctorSchema, value);
  if (parsed.success) return { kind: "doctor", report: doctorOf(parsed.output, file) };
  return problem(`it is no report of doctor --json: ${mistakeOf(parsed.issues[0])}`);
}

function mistakeOf(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue);
  if (path === null) return `expected ${issue.expected ?? "an object"}`;
  return `${path}: expected ${issue.expected ?? "something else"}, found ${issue.received}`;
}

function doctorOf(
  { schemaVersion: _, checks, ...rest }: v.InferOutput<typeof doctorSchema>,
  file: string,
): MachineDoctor {
  const notable = checks.flatMap(({ status, ...check }) =>
    status === "pass" || status === "skip" ? [] : [{ ...check, status }],
  );
  return { file, ...rest, checks: notable.sort((a, b) => rank(a.status) - rank(b.status)) };
}

function rank(status: MachineDoctor["checks"][number]["status"]): number {
  return ["fail", "crash", "warn", "info"].indexOf(status);
}

function planOf(plan: v.InferOutput<typeof planSchema>, file: string): MachinePlan {
  const { inventory, steps } = plan;
  const all = [
    ...inventory.projects.flatMap(({ issues }) => issues),
    ...Object.values(inventory.hashDirIssues).flat(),
    ...inventory.globalConfigIssues,
    ...inventory.issues,
  ];
  const drift = [...Map.groupBy(all, ({ kind }) => kind)]
    .map(([kind, own]) => ({ kind, count: own.length }))
    .sort((a, b) => b.count - a.count);
  const { bytes, sessions, worktrees } = inventory.totals;
  return {
    ...{ file, planId: plan.planId, scannedAt: inventory.scannedAt, baseDir: inventory.aoBaseDir },
    ...{ bytes, sessions, worktrees, drift },
    steps: steps.map(({ id, title, count }) => ({ id, title, count })),
    operations: steps.reduce((sum, { operations }) => sum + operations.length, 0),
    openDecisions: plan.decisions.filter(({ decidedBy }) => decidedBy === "default").length,
    ...{ warnings: plan.warnings, blockers: plan.blockers },
  };
}
