/** Carries out a storage plan through the change engine, and looks whether the disk now is V3. */

import { join } from "node:path";
import { listMigrations, loadPlan, newMigrationId } from "../change/history.ts";
import type { EngineOptions, Progress, TmuxPort } from "../change/options.ts";
import type { Plan } from "../change/plan.ts";
import { applyPlan, resume } from "../change/transaction.ts";
import { ToolkitError } from "../errors.ts";
import { verifyWorktree } from "../git.ts";
import type { Places } from "../paths.ts";
import type { Env } from "../process.ts";
import { plural } from "../text.ts";
import { hasSession, renameSession } from "../tmux.ts";
import { type Assessment, type AssessOptions, assess } from "./assess.ts";
import { refuseRunning } from "./live.ts";
import { operationsOf } from "./plan.ts";
import { plainStyle, planReport } from "./report.ts";
import { recordedRoots, rootsOf } from "./roots.ts";
import { type Again, demandNamed } from "./unnamed.ts";

/** What the engine is given by the script: how to draw, when to stop, what to tell the user. */
export type RunOptions = Pick<EngineOptions, "onProgress" | "onLocked" | "signal" | "command"> & {
  toolVersion: string;
  /** The commands of a stopped run, for a migration id. */
  commands: (id: string) => EngineOptions["commands"];
};

export interface Execution {
  id: string;
  dir: string;
  operations: number;
  warnings: string[];
  /** What the scan afterwards still finds to do, and worktrees that git does not accept; empty is good. */
  leftovers: string[];
}

/**
 * A migration that is ready to run: all that execution needs of a plan. What the scan saw takes
 * ten times the room, so whoever runs a job should hold on to nothing else of its plan.
 */
export interface Job {
  id: string;
  plan: Plan;
  /** `plan.md`. */
  summary: string;
  /** Where worktrees will stand that git accepts today; it must accept them there. */
  worktrees: string[];
  /** How the plan was made, to look again when it is done. */
  options: AssessOptions;
}

/** Makes a plan ready to run, under an id of its own. */
export function jobOf(before: Assessment, options: AssessOptions): Job {
  const { steps, inventory, target, companions } = before.plan;
  const id = newMigrationId(options.now, "v3");
  const accepted = (path: string) => verifyWorktree(path, options.env) === null;
  return {
    id,
    plan: {
      script: "migrate",
      title: `V3 storage: ${plural(steps.length, "step")}`,
      // Contents and edits that are made when they are asked for hold on to all that was scanned.
      operations: operationsOf(before.plan).map((operation) => ({ ...operation })),
      roots: rootsOf(inventory),
    },
    summary: planSummary(id, before),
    worktrees: [
      ...target.worktrees.filter(({ leaf }) => leaf.adminDir !== undefined),
      ...companions,
    ]
      .filter(({ from }) => accepted(from))
      .map(({ to }) => to),
    options,
  };
}

/** Applies the job's plan and verifies the result by scanning again. */
export async function execute(job: Job, run: RunOptions): Promise<Execution> {
  const { id, plan, summary, worktrees, options } = job;
  const { places, env } = options;
  Bun.gc(true);
  const result = await applyPlan({
    ...engineOptions(id, places, env, plan.roots, run),
    toolVersion: run.toolVersion,
    summary,
    plan,
  });
  // The disk is about to be read once more, beside what the engine left behind.
  Bun.gc(true);
  return finished(id, result, verify(options, worktrees), places);
}

/** Finishes the interrupted storage migration of this disk. */
export async function resumeStorage(
  options: AssessOptions,
  run: RunOptions & { again: Again },
): Promise<Execution> {
  const { places, env } = options;
  const { inventory } = assess(options).plan;
  await refuseRunning(inventory);
  const { migrations } = await listMigrations(join(places.baseDir, "migrations"));
  const newest = migrations.findLast(
    ({ script, state }) => script === "migrate" && (state === "interrupted" || state === "planned"),
  );
  if (newest === undefined) {
    throw new ToolkitError(
      "refused",
      `Cannot resume in "${places.baseDir}": nothing was interrupted`,
    );
  }
  // Half-way the disk may no longer say where a V0 directory or a repository is; the plan does.
  const plan = await loadPlan(newest.dir);
  const roots = [...rootsOf(inventory), ...recordedRoots(places, plan)];
  demandNamed(newest.id, plan, roots, { again: run.again, baseDir: places.baseDir });
  const result = await resume(engineOptions(newest.id, places, env, roots, run));
  return finished(newest.id, result, verify(options, []), places);
}

/** `plan.md`: the plan for eyes, every detail of it. */
function planSummary(id: string, { record }: Assessment): string {
  const options = { style: plainStyle, verbose: true, columns: 100 };
  const text = planReport(record(), "AO storage migration to V3", options);
  return `# Migration ${id}\n\n\`\`\`text\n${text}\`\`\`\n`;
}

function finished(
  id: string,
  result: { operations: number; warnings: string[] },
  leftovers: string[],
  places: Places,
): Execution {
  const { operations, warnings } = result;
  return { id, dir: join(places.baseDir, "migrations", id), operations, warnings, leftovers };
}

function engineOptions(
  id: string,
  places: Places,
  env: Env,
  roots: string[],
  run: RunOptions,
): EngineOptions {
  const { onProgress, onLocked, signal, command } = run;
  return {
    migrationDir: join(places.baseDir, "migrations", id),
    roots,
    commands: run.commands(id),
    tmux: tmuxPort(env),
    onProgress: tidying(onProgress),
    ...(onLocked !== undefined && { onLocked }),
    ...(signal !== undefined && { signal }),
    ...(command !== undefined && { command }),
  };
}

/** Operations between two collections of garbage; each collection takes some 30 ms. */
const tidyEvery = 2_500;

/**
 * Passes progress on, and has garbage collected as the run goes. Left alone the collector lets it
 * grow to as much again as is in use, and a large disk in use is large enough.
 */
function tidying(onProgress: EngineOptions["onProgress"]): (progress: Progress) => void {
  let tidied = { phase: "", done: 0 };
  return (progress) => {
    onProgress?.(progress);
    const { phase, done, total } = progress;
    if (total < tidyEvery) return;
    const isAtEdge = phase !== tidied.phase || done === total;
    if (!isAtEdge && done - tidied.done < tidyEvery) return;
    tidied = { phase, done };
    Bun.gc(true);
  };
}

/** The tmux server of an environment, as the engine uses it. */
export function tmuxPort(env: Env): TmuxPort {
  return {
    hasSession: (name) => hasSession(name, env),
    renameSession: (from, to) => renameSession(from, to, env),
  };
}

/** Scans again: what a new plan would still do, and what git says of the worktrees that moved. */
function verify(options: AssessOptions, moved: string[]): string[] {
  const { deadExports: _, ...again } = options;
  const { steps } = assess(again).plan;
  const left = steps.flatMap((step) => step.details.map((detail) => `${step.title}: ${detail}`));
  const broken = moved.flatMap((path) => {
    const complaint = verifyWorktree(path, options.env);
    return complaint === null ? [] : [`${path}: ${complaint}`];
  });
  return [...left, ...broken];
}
