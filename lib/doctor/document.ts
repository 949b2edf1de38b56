/** The doctor's result as JSON. The shape is a contract: fields may come, none goes or changes. */

import * as v from "valibot";
import { type Check, costs, sections } from "./check.ts";
import type { CheckResult } from "./run.ts";

/** Version of {@link doctorDocumentSchema}. */
export const documentVersion = 1;

const sectionNames = Object.keys(sections) as [keyof typeof sections];
const costNames = Object.keys(costs) as [keyof typeof costs];
const levels = ["info", "warn", "fail"] as const;
const statuses = ["pass", ...levels, "skip", "crash"] as const;
const count = v.pipe(v.number(), v.integer(), v.minValue(0));

const findingSchema = v.strictObject({
  level: v.picklist(levels),
  message: v.string(),
  /** A path, with line and column where they are known, or an id. */
  ref: v.optional(v.string()),
  /** A command, or what to do by hand. */
  remedy: v.optional(v.string()),
});

const checkSchema = v.strictObject({
  id: v.pipe(v.string(), v.regex(/^AO-[A-Z]{2}-\d{3}$/)),
  section: v.picklist(sectionNames),
  title: v.string(),
  status: v.picklist(statuses),
  /** How things are, or the number of findings; of `skip` and `crash` the reason. */
  summary: v.string(),
  findings: v.array(findingSchema),
  /** There when something was found that `command` mends. */
  fix: v.optional(
    v.strictObject({ name: v.string(), title: v.string(), safe: v.boolean(), command: v.string() }),
  ),
  milliseconds: count,
});

/** What `doctor --json` prints. */
export const doctorDocumentSchema = v.strictObject({
  schemaVersion: v.literal(documentVersion),
  toolkitVersion: v.string(),
  checkedAt: v.pipe(v.string(), v.isoTimestamp()),
  home: v.string(),
  baseDir: v.string(),
  /** False when a check failed or crashed. */
  healthy: v.boolean(),
  totals: v.strictObject({
    pass: count,
    info: count,
    warn: count,
    fail: count,
    skip: count,
    crash: count,
  }),
  checks: v.array(checkSchema),
});

export type DoctorDocument = v.InferOutput<typeof doctorDocumentSchema>;

const aboutSchema = v.strictObject({
  id: v.string(),
  section: v.picklist(sectionNames),
  title: v.string(),
  cost: v.picklist(costNames),
  explain: v.strictObject({
    what: v.string(),
    why: v.string(),
    found: v.string(),
    mended: v.string(),
    source: v.string(),
  }),
  /** The kinds of drift that it shows. */
  kinds: v.array(v.string()),
  fix: v.optional(
    v.strictObject({ name: v.string(), title: v.string(), safe: v.boolean(), quiet: v.boolean() }),
  ),
});

/** What `doctor --list-checks --json` and `doctor explain ID --json` print. */
export const checksDocumentSchema = v.strictObject({
  schemaVersion: v.literal(documentVersion),
  checks: v.array(aboutSchema),
});

/** Checks as data, without what they do. */
export function checksDocument(
  checks: readonly Check[],
): v.InferOutput<typeof checksDocumentSchema> {
  return {
    schemaVersion: documentVersion,
    checks: checks.map(({ id, section, title, cost, explain, kinds = [], fix }) => ({
      ...{ id, section, title, cost, explain, kinds: [...kinds] },
      ...(fix !== undefined && { fix }),
    })),
  };
}

/** The number of results by status. */
export function totalsOf(
  results: readonly Pick<CheckResult, "status">[],
): DoctorDocument["totals"] {
  const totals = { pass: 0, info: 0, warn: 0, fail: 0, skip: 0, crash: 0 };
  for (const { status } of results) totals[status] += 1;
  return totals;
}

/** Whether nothing failed. A check that crashed has not shown that things are well. */
export function isHealthy(results: readonly Pick<CheckResult, "status">[]): boolean {
  return results.every(({ status }) => status !== "fail" && status !== "crash");
}

export function documentOf(
  results: readonly CheckResult[],
  about: {
    toolkitVersion: string;
    checkedAt: Date;
    home: string;
    baseDir: string;
    command: (fix: string) => string;
  },
): DoctorDocument {
  return {
    schemaVersion: documentVersion,
    toolkitVersion: about.toolkitVersion,
    checkedAt: about.checkedAt.toISOString(),
    home: about.home,
    baseDir: about.baseDir,
    healthy: isHealthy(results),
    totals: totalsOf(results),
    checks: results.map(({ check, status, summary, findings, milliseconds }) => {
      const { id, section, title, fix } = check;
      const mendable = fix !== undefined && findings.length > 0;
      return {
        ...{ id, section, title, status, summary, findings, milliseconds },
        ...(mendable && {
          fix: {
            name: fix.name,
            title: fix.title,
            safe: fix.safe,
            command: about.command(fix.name),
          },
        }),
      };
    }),
  };
}
