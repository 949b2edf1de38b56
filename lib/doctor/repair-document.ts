/** What `repair --json` and `doctor --fix --json` print. */

import * as v from "valibot";
import type { FixableCheck } from "./check.ts";
import { doctorDocumentSchema } from "./document.ts";
import { type Mended, operationLines, type Remedy } from "./mend.ts";

const version = v.literal(1);
const count = v.pipe(v.number(), v.integer(), v.minValue(0));

const fixSchema = v.strictObject({
  name: v.string(),
  /** The check that finds what it mends. */
  check: v.string(),
  title: v.string(),
  safe: v.boolean(),
  /** AO has to be stopped while it runs. */
  quiet: v.boolean(),
});

/** `repair` without a name: every fix and how much there is for it to do. */
export const repairListSchema = v.strictObject({
  schemaVersion: version,
  fixes: v.array(v.strictObject({ ...fixSchema.entries, findings: count })),
});

/** With `--dry-run`: what would be done, one line for each finding and operation. */
export const repairPlanSchema = v.strictObject({
  schemaVersion: version,
  dryRun: v.literal(true),
  fixes: v.array(
    v.strictObject({
      ...fixSchema.entries,
      findings: v.array(v.string()),
      operations: v.array(v.string()),
    }),
  ),
});

const mendedSchema = v.strictObject({
  /** Id of the migration that recorded it. */
  id: v.string(),
  fix: v.string(),
  operations: count,
  warnings: v.array(v.string()),
  /** What its check still finds. */
  left: v.array(v.string()),
  /** The command that takes it back. */
  undo: v.string(),
});

/** What was applied. `report` is the doctor's, of the disk as it is afterwards. */
export const repairResultSchema = v.strictObject({
  schemaVersion: version,
  mended: v.array(mendedSchema),
  report: v.optional(doctorDocumentSchema),
});

/** What `repair --resume` finished. */
export const repairResumedSchema = v.strictObject({
  schemaVersion: version,
  id: v.string(),
  title: v.string(),
  operations: count,
  warnings: v.array(v.string()),
  undo: v.string(),
});

export type RepairList = v.InferOutput<typeof repairListSchema>;
export type RepairPlan = v.InferOutput<typeof repairPlanSchema>;
export type RepairResult = v.InferOutput<typeof repairResultSchema>;

export function fixOf({ id, fix }: FixableCheck): v.InferOutput<typeof fixSchema> {
  const { name, title, safe, quiet } = fix;
  return { name, check: id, title, safe, quiet };
}

export function planDocument(remedies: readonly Remedy[]): RepairPlan {
  return {
    schemaVersion: 1,
    dryRun: true,
    fixes: remedies.map(({ check, findings, operations }) => ({
      ...fixOf(check),
      findings,
      operations: operationLines(operations),
    })),
  };
}

export function resultDocument(
  mended: readonly Mended[],
  undo: (id: string) => string,
): RepairResult {
  return {
    schemaVersion: 1,
    mended: mended.map(({ id, fix, operations, warnings, after }) => ({
      ...{ id, fix, operations, warnings },
      left: leftBy(after),
      undo: undo(id),
    })),
  };
}

/** What a check still says after its fix; also when it could not look any more. */
export function leftBy({ status, summary, findings }: Mended["after"]): string[] {
  if (status === "crash") return [summary];
  return findings.map(({ message }) => message);
}
