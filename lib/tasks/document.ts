/** The documents that `--json` prints for a migration of task sessions. */

import * as v from "valibot";
import type { ApplyResult } from "../change/options.ts";
import type { TaskPlan } from "./plan.ts";

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const position = v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)));

const remark = {
  place: v.strictObject({ file: v.string(), line: position, column: position }),
  message: v.string(),
};

const migration = v.strictObject({
  id: v.string(),
  /** Its directory, with plan and journal. */
  dir: v.string(),
  operations: count,
  warnings: v.array(v.string()),
  /** The command that takes it back. */
  undo: v.string(),
});

/** What was done, or with `dryRun` would be. Paths are absolute, `directory` from the root. */
export const taskMigrationSchema = v.strictObject({
  schemaVersion: v.literal(1),
  dryRun: v.boolean(),
  root: v.string(),
  /** Local time without a zone; the one in all new files. */
  stamp: v.string(),
  totals: v.strictObject({ processed: count, migrated: count, failed: count }),
  sessions: v.array(
    v.strictObject({
      version: v.string(),
      task: v.string(),
      file: v.string(),
      directory: v.string(),
      directoryExists: v.boolean(),
      definition: v.nullable(v.string()),
      kept: v.array(v.string()),
      logged: count,
    }),
  ),
  problems: v.array(
    v.strictObject({ version: v.string(), file: v.nullable(v.string()), ...remark }),
  ),
  warnings: v.array(v.strictObject(remark)),
  /** Null for a dry run, and when there was nothing to do. */
  migration: v.nullable(migration),
  /** Of a dry run: exactly what would be done, in order. */
  operations: v.optional(v.array(v.looseObject({ op: v.string() }))),
});

export type TaskMigrationDocument = v.InferOutput<typeof taskMigrationSchema>;

/** What `--resume` prints. */
export const resumedSchema = v.strictObject({
  schemaVersion: v.literal(1),
  root: v.string(),
  migration,
});

export type MigrationDocument = v.InferOutput<typeof migration>;

/** A migration that was carried out. */
export function migrationDocument(
  result: ApplyResult,
  dir: string,
  undo: string,
): MigrationDocument {
  const { id, operations, warnings } = result;
  return { id, dir, operations, warnings, undo };
}

/** The document of a plan; with a migration, of one that was carried out. */
export function taskMigrationDocument(
  plan: TaskPlan,
  run: { root: string; dryRun: boolean; migration: MigrationDocument | null },
): TaskMigrationDocument {
  const { stamp, sessions, problems, warnings, operations } = plan;
  const migrated = sessions.length;
  const failed = problems.length;
  return {
    schemaVersion: 1,
    ...{ dryRun: run.dryRun, root: run.root, stamp },
    totals: { processed: migrated + failed, migrated, failed },
    ...{ sessions, problems, warnings, migration: run.migration },
    ...(run.dryRun && { operations }),
  };
}
