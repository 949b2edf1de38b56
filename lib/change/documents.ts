/** What `rollback --json` prints. */

import * as v from "valibot";

const version = v.literal(1);
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const time = v.pipe(v.string(), v.isoTimestamp());
const texts = v.array(v.string());

const states = [
  "planned",
  "running",
  "interrupted",
  "done",
  "rolling-back",
  "rolled-back",
  "partly-rolled-back",
] as const;

/** `rollback --list`: every migration, and those whose own files are damaged. */
export const migrationListSchema = v.strictObject({
  schemaVersion: version,
  migrations: v.array(
    v.strictObject({
      id: v.string(),
      dir: v.string(),
      script: v.string(),
      title: v.string(),
      createdAt: time,
      state: v.picklist(states),
      operations: count,
      applied: count,
      kept: count,
      endedAt: v.optional(time),
      pruned: v.boolean(),
      trashBytes: count,
    }),
  ),
  damaged: v.array(v.strictObject({ id: v.string(), message: v.string() })),
});

/** `rollback --dry-run`: what would be taken back, one line for each operation. */
export const undoPreviewSchema = v.strictObject({
  schemaVersion: version,
  id: v.string(),
  state: v.picklist(states),
  title: v.string(),
  steps: texts,
});

/** A rollback that was carried out; `kept` is what came or changed after the migration. */
export const undoSchema = v.strictObject({
  schemaVersion: version,
  id: v.string(),
  state: v.picklist(["rolled-back", "partly-rolled-back"]),
  undone: count,
  kept: v.array(
    v.strictObject({
      index: count,
      path: v.string(),
      reason: v.string(),
      quiet: v.optional(v.literal(true)),
      failed: v.optional(v.literal(true)),
    }),
  ),
  warnings: texts,
});

/** `rollback --prune`: `bytes` is what the trash held, `freed` what a real run freed of it. */
export const pruneSchema = v.strictObject({
  schemaVersion: version,
  migrations: texts,
  bytes: count,
  freed: count,
});
