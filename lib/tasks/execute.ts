/** Carries out a plan for task sessions through the change engine, or finishes one. */

import { join } from "node:path";
import { listMigrations, newMigrationId } from "../change/history.ts";
import type { ApplyResult, Commands, EngineOptions } from "../change/options.ts";
import { applyPlan, resume } from "../change/transaction.ts";
import { ToolkitError } from "../errors.ts";
import { plural } from "../text.ts";
import type { TaskPlaces } from "./places.ts";
import type { TaskPlan } from "./plan.ts";
import { planText } from "./report.ts";

/** How a run is told about and stopped. */
export interface TaskRun
  extends Pick<EngineOptions, "command" | "signal" | "onProgress" | "onLocked"> {
  /** The ways on from a run that stopped half-way. */
  commands(id: string): Commands;
}

const script = "migrate-sessions";

/**
 * Turns the planned sessions into directories. The plan must have something to do.
 *
 * @throws ToolkitError as the engine does
 */
export async function migrateTasks(
  plan: TaskPlan,
  places: TaskPlaces,
  run: TaskRun & { toolVersion: string; now: Date },
): Promise<ApplyResult> {
  const title = `Turn ${plural(plan.sessions.length, "task session")} into directories`;
  const { operations } = plan;
  const id = newMigrationId(run.now, "sessions");
  return applyPlan({
    ...engineOptions(id, places, run),
    plan: { script, title, operations, roots: [places.workflowDir] },
    toolVersion: run.toolVersion,
    summary: `# ${title}\n\n${planText(plan)}`,
  });
}

/**
 * Finishes the migration that was interrupted.
 *
 * @throws ToolkitError `refused` when there is none, else as the engine does
 */
export async function resumeTasks(places: TaskPlaces, run: TaskRun): Promise<ApplyResult> {
  const { migrationsDir } = places;
  const { migrations } = await listMigrations(migrationsDir);
  const newest = migrations.findLast(
    (migration) =>
      migration.script === script && ["planned", "interrupted"].includes(migration.state),
  );
  if (newest !== undefined) return resume(engineOptions(newest.id, places, run));
  const state = "no migration of task sessions was interrupted";
  throw new ToolkitError("refused", `Cannot resume in "${migrationsDir}": ${state}`);
}

function engineOptions(id: string, places: TaskPlaces, run: TaskRun): EngineOptions {
  const { command, signal, onProgress, onLocked } = run;
  return {
    migrationDir: join(places.migrationsDir, id),
    roots: [places.workflowDir],
    commands: run.commands(id),
    ...(command !== undefined && { command }),
    ...(signal !== undefined && { signal }),
    ...(onProgress !== undefined && { onProgress }),
    ...(onLocked !== undefined && { onLocked }),
  };
}
