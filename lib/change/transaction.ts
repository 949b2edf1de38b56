/**
 * The transaction: applies a plan, resumes it after a crash, and takes it back.
 *
 * All three are idempotent and may be killed at any moment; whichever runs next finds out from the
 * journal and the disk what is left to do.
 */

import { ToolkitError } from "../errors.ts";
import type { ApplyResult, EngineOptions, UndoResult } from "./options.ts";
import type { Plan } from "./plan.ts";

/**
 * Checks the plan against the disk, records it under `migrationDir` (which must not exist yet),
 * and applies it.
 *
 * @throws ToolkitError `refused` (another run holds the lock, the plan is stale, a path lies
 * outside the roots, nothing changed), `cancelled` (the signal came before the first change), or
 * `interrupted` (stopped half-way; the hint has both commands)
 */
export async function applyPlan(
  options: EngineOptions & { plan: Plan; toolVersion: string; summary?: string },
): Promise<ApplyResult> {
  throw notYet(options);
}

/**
 * Finishes a migration that was planned or interrupted; a finished one is left alone.
 *
 * @throws ToolkitError as `applyPlan`, and `invalid` when its files are damaged
 */
export async function resume(options: EngineOptions): Promise<ApplyResult> {
  throw notYet(options);
}

/**
 * Takes a migration back, also a half-done one, or finishes a rollback that stopped. What was
 * changed since is kept and listed; calling it again tries that once more.
 *
 * @throws ToolkitError as `resume`
 */
export async function undo(options: EngineOptions): Promise<UndoResult> {
  throw notYet(options);
}

function notYet(options: EngineOptions): ToolkitError {
  return new ToolkitError("refused", `Cannot change "${options.migrationDir}": not built yet`);
}
