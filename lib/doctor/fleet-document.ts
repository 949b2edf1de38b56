/** The merged reports of many machines as JSON. The shape is a contract, as the doctor's is. */

import * as v from "valibot";
import { formatPlace } from "../errors.ts";

/** Version of {@link fleetDocumentSchema}. */
export const fleetVersion = 1;

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const texts = v.array(v.string());
const levels = ["info", "warn", "fail"] as const;

/** Worst first; how a machine is, all its reports taken together. */
export const states = ["failing", "unknown", "warning", "healthy"] as const;
export type State = (typeof states)[number];

const findingSchema = v.strictObject({
  level: v.picklist(levels),
  message: v.string(),
  ref: v.optional(v.string()),
  remedy: v.optional(v.string()),
});

/** A check of one machine that did not pass. Sections may be those of a later toolkit. */
const checkSchema = v.strictObject({
  id: v.string(),
  section: v.string(),
  title: v.string(),
  status: v.picklist([...levels, "crash"]),
  summary: v.string(),
  findings: v.array(findingSchema),
  fix: v.optional(v.strictObject({ name: v.string(), safe: v.boolean(), command: v.string() })),
});

const doctorSchema = v.strictObject({
  file: v.string(),
  toolkitVersion: v.string(),
  checkedAt: v.string(),
  home: v.string(),
  baseDir: v.string(),
  healthy: v.boolean(),
  totals: v.strictObject({
    ...{ pass: count, info: count, warn: count, fail: count, skip: count, crash: count },
  }),
  checks: v.array(checkSchema),
});

const planSchema = v.strictObject({
  file: v.string(),
  planId: v.string(),
  scannedAt: v.string(),
  baseDir: v.string(),
  bytes: count,
  sessions: count,
  worktrees: count,
  steps: v.array(v.strictObject({ id: v.string(), title: v.string(), count })),
  operations: count,
  /** Issues by kind, the most first. */
  drift: v.array(v.strictObject({ kind: v.string(), count })),
  openDecisions: count,
  warnings: texts,
  blockers: texts,
});

/** A file that gave no report, and why. */
const problemSchema = v.strictObject({
  file: v.string(),
  line: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  column: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  message: v.string(),
});

const machineSchema = v.strictObject({
  /** The name of its files. */
  name: v.string(),
  state: v.picklist(states),
  doctor: v.optional(doctorSchema),
  plan: v.optional(planSchema),
  problems: v.array(problemSchema),
});

/** What `doctor --merge FILE... --json` prints. */
export const fleetDocumentSchema = v.strictObject({
  schemaVersion: v.literal(fleetVersion),
  toolkitVersion: v.string(),
  mergedAt: v.pipe(v.string(), v.isoTimestamp()),
  /** True when no machine is failing or unknown. */
  healthy: v.boolean(),
  totals: v.strictObject({
    machines: count,
    failing: count,
    unknown: count,
    warning: count,
    healthy: count,
  }),
  /** The worst first, then by name. */
  machines: v.array(machineSchema),
  /** Checks that did not pass somewhere, the worst and most frequent first. */
  checks: v.array(
    v.strictObject({
      id: v.string(),
      section: v.string(),
      title: v.string(),
      worst: v.picklist([...levels, "crash"]),
      machines: texts,
    }),
  ),
  /** Kinds of drift over all plans, the most frequent first. */
  drift: v.array(v.strictObject({ kind: v.string(), count, machines: texts })),
});

export type FleetDocument = v.InferOutput<typeof fleetDocumentSchema>;
export type Machine = FleetDocument["machines"][number];
export type Problem = Machine["problems"][number];
export type MachineDoctor = NonNullable<Machine["doctor"]>;
export type MachinePlan = NonNullable<Machine["plan"]>;

/** Where the problem is: `file:line:column`. */
export function problemPlace({ file, line, column }: Problem): string {
  return formatPlace({
    file,
    ...(line !== undefined && { line }),
    ...(column !== undefined && { column }),
  });
}
