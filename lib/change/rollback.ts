/** Choosing a migration to take back, and saying what that would do. */

import { ToolkitError } from "../errors.ts";
import { realDisk } from "./disk.ts";
import {
  type DamagedMigration,
  listMigrations,
  loadPlan,
  type MigrationSummary,
} from "./history.ts";
import type { MigrationState } from "./ledger.ts";
import { describeHolder, liveHolder, waitFor } from "./lock.ts";
import type { Operation } from "./operation.ts";
import { Places } from "./places.ts";

/** States in which there is something to take back, or to finish taking back. */
const undoable = new Set<MigrationState>([
  "planned",
  "running",
  "interrupted",
  "done",
  "rolling-back",
  "partly-rolled-back",
]);

/** Which migration is asked for. */
export interface Choice {
  /** Default: the newest that can be taken back. */
  id: string | undefined;
  /** Only one whose rollback was interrupted. */
  resuming: boolean;
  /** Makes the command that runs `rollback` on this disk with these words. */
  call: (...words: string[]) => string;
}

/**
 * The migration that is meant: the one with this id, else the newest that can be taken back. What
 * is newer and cannot be judged is never passed over: it may have to go back first.
 *
 * @throws ToolkitError `refused` when there is none or it is running, `usage` for an unknown id,
 * `invalid` for a damaged one
 */
export async function chooseMigration(
  migrationsDir: string,
  { id, resuming, call }: Choice,
): Promise<MigrationSummary> {
  const { migrations, damaged } = await listMigrations(migrationsDir);
  const broken = damaged.find((entry) => entry.id === id);
  if (broken !== undefined) throw broken.error;
  if (id !== undefined) {
    const named = migrations.find((migration) => migration.id === id);
    if (named !== undefined) return named;
    throw new ToolkitError("usage", `Cannot roll back "${id}": there is no such migration`, {
      hint: call("--list"),
    });
  }
  const fits = ({ state }: MigrationSummary) =>
    resuming ? state === "rolling-back" : undoable.has(state);
  const newest = migrations.findLast(fits);
  const unknown = damaged.at(-1);
  if (unknown !== undefined && !isNewer(newest, unknown))
    throw notPassedOver(unknown, newest, call);
  if (newest?.state === "running") throw stillRunning(newest);
  if (newest !== undefined) return newest;
  const what = resuming ? "no rollback was interrupted" : "there is nothing to take back";
  throw new ToolkitError("refused", `Cannot roll back in "${migrationsDir}": ${what}`, {
    hint: `every migration and where it stands: ${call("--list")}`,
  });
}

/** Of one second neither is: an id tells no more. */
function isNewer(one: MigrationSummary | undefined, other: DamagedMigration): boolean {
  return one !== undefined && one.createdAt.slice(0, 19) > other.createdAt;
}

function notPassedOver(
  { id, error }: DamagedMigration,
  older: MigrationSummary | undefined,
  call: Choice["call"],
): ToolkitError {
  const ways = [
    error.hint,
    older === undefined ? undefined : `to take back an older one all the same: ${call(older.id)}`,
  ];
  const hint = ways.filter((way) => way !== undefined).join("\n");
  const message = `Cannot roll back the newest migration, "${id}": ${error.message}`;
  return new ToolkitError("invalid", message, {
    ...(error.place && { place: error.place }),
    ...(hint !== "" && { hint }),
    cause: error,
  });
}

function stillRunning({ id, dir }: MigrationSummary): ToolkitError {
  const holder = liveHolder(realDisk, new Places(dir).lock);
  const who = holder === null ? "" : `, in ${describeHolder(holder)}`;
  return new ToolkitError("refused", `Cannot roll back "${id}": it is running${who}`, {
    hint: holder === null ? "try again" : waitFor(holder),
  });
}

/** What a rollback would do, one line an operation, in the order in which it would be done. */
export async function previewUndo(migration: MigrationSummary): Promise<string[]> {
  const { operations } = await loadPlan(migration.dir);
  return operations.toReversed().map(describeUndo);
}

function describeUndo(operation: Operation): string {
  switch (operation.op) {
    case "makeDir":
      return `remove ${operation.path} if this made it and it is empty`;
    case "create":
      return `remove ${operation.path} if unchanged`;
    case "move":
      return `move ${operation.to} back to ${operation.from}`;
    case "trash":
      return `bring ${operation.path} back from the trash`;
    case "relinkWorktree":
      return `link ${operation.worktree} as before`;
    case "renameTmux":
      return `rename tmux session ${operation.to} back to ${operation.from}`;
    default:
      return `restore ${operation.path}, or the fields that still hold our values`;
  }
}

const milliseconds = new Map<string | undefined, number>([
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
  ["w", 604_800_000],
]);

/** Milliseconds of an age such as `30d`, `12h`, `45m`. */
export function parseAge(text: string): number {
  const [, count, letter] = /^(\d{1,6})([a-z])$/.exec(text) ?? [];
  const unit = milliseconds.get(letter);
  if (unit === undefined) {
    throw new ToolkitError("usage", `Cannot read age "${text}": it is not like 30d, 12h or 45m`);
  }
  return Number(count) * unit;
}
