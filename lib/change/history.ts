/**
 * The migrations of one directory: what was done, when, and whether it can be taken back.
 */

import { randomBytes } from "node:crypto";

export type MigrationState =
  | "planned"
  | "running"
  | "interrupted"
  | "done"
  | "rolling-back"
  | "rolled-back"
  | "partly-rolled-back";

/** One migration as `rollback --list` shows it. */
export interface MigrationSummary {
  id: string;
  dir: string;
  script: string;
  title: string;
  /** ISO 8601, UTC. */
  createdAt: string;
  state: MigrationState;
  /** Operations of the plan, those applied and not taken back, and those an undo had to keep. */
  operations: number;
  applied: number;
  kept: number;
  /** When the last run of it ended; absent while one is open. */
  endedAt?: string;
  /** `--prune` has emptied its trash. */
  pruned: boolean;
}

/**
 * An id that sorts by time and meets no other: `v3-20261121T101112Z-ab12cd`.
 *
 * @param kind `[a-z0-9-]+`: `v3`, `sessions`, `repair`, …
 */
export function newMigrationId(now: Date, kind: string): string {
  const stamp = now
    .toISOString()
    .replace(/\.\d+Z$/, "Z")
    .replace(/[-:]/g, "");
  return `${kind}-${stamp}-${randomBytes(3).toString("hex")}`;
}
