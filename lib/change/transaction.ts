/**
 * The transaction: applies a plan, resumes it after a crash, and takes it back.
 *
 * All three are idempotent and may be killed at any moment; whichever runs next finds out from the
 * journal and the disk what is left to do.
 */

import { dirname } from "node:path";
import { ToolkitError } from "../errors.ts";
import { Drafts } from "./drafts.ts";
import {
  discardMigration,
  diskOf,
  type Engine,
  expectMigration,
  makeMigrationsDir,
  openNew,
  reopen,
  timeOf,
  underLock,
} from "./engine.ts";
import { refuseWhileOpen } from "./history.ts";
import type { Ledger } from "./ledger.ts";
import type { ApplyResult, EngineOptions, Kept, UndoResult } from "./options.ts";
import { loadPatchers } from "./patch.ts";
import { Places } from "./places.ts";
import type { Plan } from "./plan.ts";
import {
  findMismatches,
  type Mismatch,
  type PreflightInput,
  refuseStalePlan,
} from "./preflight.ts";
import { relocate } from "./relocate.ts";
import { Roots } from "./roots.ts";
import { nothingChanged, stoppedHalfWay } from "./stop.ts";

/** What `applyPlan` takes besides. */
export interface ApplyOptions extends EngineOptions {
  plan: Plan;
  /** Version of the toolkit, for the manifest. */
  toolVersion: string;
  /** The plan for eyes, kept as `plan.md`. */
  summary?: string;
}

/** What `undo` takes besides. */
export interface UndoOptions extends EngineOptions {
  /**
   * What else belongs to the rollback, done when the operations are taken back and before the run
   * ends; a run that stops in it is not over. It may find work of its own half-done.
   *
   * @param kept what was not taken back; what failed will be tried again
   * @returns warnings
   */
  afterwards?: (kept: readonly Kept[]) => Promise<string[]>;
}

/**
 * Checks the plan against the disk, records it under `migrationDir` (which must not exist yet),
 * and applies it.
 *
 * @throws ToolkitError `refused` (another run holds the lock, the plan is stale, a path lies
 * outside the roots, another migration is open, or the disk failed before anything was changed),
 * `cancelled` (the signal came before the first change), `invalid` (the plan makes no sense), or
 * `interrupted` (stopped half-way; the hint has both commands)
 */
export async function applyPlan(options: ApplyOptions): Promise<ApplyResult> {
  const disk = diskOf(options);
  const places = new Places(options.migrationDir);
  try {
    const drafts = new Drafts();
    const input = { ...(await preflightOf(options)), drafts };
    // Where no migration was ever run, a refusal leaves not even the directory for them behind.
    const isFirst = disk.lstat(dirname(places.dir)) === null;
    if (isFirst) await refuseStalePlan(input);
    makeMigrationsDir(options);
    return await underLock(options, options.plan.script, async () => {
      refuseWhileOpen(disk, places, options.commands);
      const isAlone = disk.readDir(dirname(places.dir)).length <= 1;
      if (!(isFirst && isAlone)) await refuseStalePlan(input);
      return await applyNew(await openNew(options, drafts));
    });
  } catch (error) {
    throw nothingChanged(places.id, error);
  }
}

async function applyNew(engine: Engine): Promise<ApplyResult> {
  const { options, context } = engine;
  try {
    engine.prepare(false);
    engine.record([{ k: "start", run: "apply", at: timeOf(options) }]);
    const run = engine.run("apply");
    await run.work(range(0, context.operations.length));
    run.finish();
    return applied(engine);
  } catch (error) {
    if (engine.changed) throw stoppedHalfWay(engine.id, error, options.commands);
    discardMigration(context.disk, context.places);
    throw error;
  } finally {
    engine.close();
  }
}

/**
 * Compares a plan with the disk without changing anything.
 *
 * @returns what differs, in the plan's order; empty when `applyPlan` would go ahead
 * @throws ToolkitError as `applyPlan` for paths that may not be changed at all
 */
export async function checkPlan(
  options: Pick<ApplyOptions, "migrationDir" | "roots" | "disk" | "onProgress" | "plan">,
): Promise<Mismatch[]> {
  return findMismatches(await preflightOf(options));
}

async function preflightOf(
  options: Pick<ApplyOptions, "migrationDir" | "roots" | "disk" | "onProgress" | "plan">,
): Promise<PreflightInput> {
  const disk = diskOf(options);
  const { operations, roots: plans } = options.plan;
  const callers = options.roots;
  const roots = new Roots(disk, new Places(options.migrationDir), { callers, plans });
  roots.checkPaths(operations);
  const patchers = await loadPatchers(operations);
  const onStride = (done: number) =>
    options.onProgress?.({ phase: "check", done, total: operations.length });
  return { disk, operations, roots, patchers, onStride };
}

/**
 * Finishes a migration that was planned or interrupted; a finished one is left alone.
 *
 * @throws ToolkitError `refused` when it is being rolled back, `invalid` when its files are
 * damaged, else as `applyPlan`
 */
export async function resume(options: EngineOptions): Promise<ApplyResult> {
  return reopened(options, "resume", async (engine) => {
    const { ledger, context } = engine;
    if (ledger.ended) return applied(engine);
    engine.prepare(true);
    if (ledger.run === "none") {
      await refuseStalePlan(context);
      engine.record([{ k: "start", run: "apply", at: timeOf(options) }]);
    }
    const run = engine.run("apply");
    const from = ledger.intended;
    await run.work(range(ledger.applied, from));
    // The rest was checked when the migration began, which may be long ago.
    await refuseStalePlan({ ...context, from });
    await run.work(range(from, context.operations.length));
    run.finish();
    return applied(engine);
  });
}

/**
 * Takes a migration back, also a half-done one, or finishes a rollback that stopped. What was
 * changed since is kept and listed; calling it again tries that once more.
 *
 * @throws ToolkitError `invalid` when its files are damaged, `refused` when another run holds the
 * lock, or `interrupted`
 */
export async function undo(options: UndoOptions): Promise<UndoResult> {
  return reopened(options, "rollback", async (engine) => {
    const { ledger, context } = engine;
    if (ledger.run === "undo" && ledger.ended && ledger.kept.size === 0) {
      return takenBack(engine, 0);
    }
    if (ledger.run !== "undo" || ledger.ended) {
      engine.record([{ k: "start", run: "undo", at: timeOf(options) }]);
    }
    context.operations = relocate(context.plan, ledger);
    engine.prepare(true);
    const queue = toTakeBack(ledger);
    const run = engine.run("undo");
    await run.work(queue);
    if (options.afterwards !== undefined) {
      run.settle();
      const warnings = await options.afterwards([...ledger.kept.values()]);
      if (warnings.length > 0) engine.record(warnings.map((text) => ({ k: "warning", text })));
    }
    run.finish();
    return takenBack(engine, queue.filter((index) => ledger.undone.has(index)).length);
  });
}

/** Opens a migration under the lock; once it has begun, every failure is a stop half-way. */
async function reopened<T>(
  options: EngineOptions,
  verb: "resume" | "rollback",
  body: (engine: Engine) => Promise<T>,
): Promise<T> {
  const { id } = new Places(options.migrationDir);
  const stopped = (error: unknown) =>
    stoppedHalfWay(id, error, options.commands, verb === "rollback");
  try {
    expectMigration(options);
    return await underLock(options, verb, async () => {
      const engine = await reopen(options);
      try {
        if (verb === "resume") refuseTurningBack(engine);
        return await body(engine);
      } catch (error) {
        throw engine.ledger.run === "apply" || verb === "rollback" ? stopped(error) : error;
      } finally {
        engine.close();
      }
    });
  } catch (error) {
    if (error instanceof ToolkitError) throw error;
    // What stood half-way still does; a rollback leaves what it could not open as it was.
    throw verb === "rollback" ? nothingChanged(id, error, "roll back") : stopped(error);
  }
}

function refuseTurningBack({ ledger, id, options }: Engine): void {
  if (ledger.run !== "undo") return;
  throw new ToolkitError("refused", `Cannot resume "${id}": its rollback has begun`, {
    hint: `to go back: ${options.commands.rollback}`,
  });
}

/** What an undo has to look at, last first. */
function toTakeBack(ledger: Ledger): number[] {
  const { open, undone, kept } = ledger;
  const isDecided = (index: number) =>
    undone.has(index) ||
    // Of a batch that was cut short nothing is decided yet.
    (kept.has(index) && (open === null || index < open.from || index >= open.to));
  return range(0, ledger.intended)
    .reverse()
    .filter((index) => !isDecided(index));
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, offset) => from + offset);
}

function applied({ id, context, ledger }: Engine): ApplyResult {
  const warnings = [...new Set(ledger.warnings)];
  return { id, state: "done", operations: context.operations.length, warnings };
}

function takenBack({ id, ledger }: Engine, count: number): UndoResult {
  const all = [...ledger.kept.values()].sort((a, b) => a.index - b.index);
  const kept = all.filter((item) => item.quiet !== true);
  const state = all.length === 0 ? "rolled-back" : "partly-rolled-back";
  return { id, state, undone: count, kept, warnings: [...new Set(ledger.warnings)] };
}
