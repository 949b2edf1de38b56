/** Carries out a storage plan through the change engine, and looks whether the disk now is V3. */

import { join } from "node:path";
import { listMigrations, newMigrationId } from "../change/history.ts";
import type { EngineOptions, TmuxPort } from "../change/options.ts";
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
import { rootsOf } from "./roots.ts";

/** What the engine is given by the script: how to draw, when to stop, what to tell the user. */
export type RunOptions = Pick<EngineOptions, "onProgress" | "signal" | "command"> & {
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

/** Applies a plan and verifies the result by scanning again. */
export async function execute(
  before: Assessment,
  options: AssessOptions,
  run: RunOptions,
): Promise<Execution> {
  const { places, env, now } = options;
  const { inventory } = before.plan;
  const operations = operationsOf(before.plan);
  // A worktree that git did not accept before cannot be asked to be accepted after.
  const healthy = before.plan.target.worktrees.filter(
    ({ leaf }) => leaf.adminDir !== undefined && verifyWorktree(leaf.path, env) === null,
  );
  const id = newMigrationId(now, "v3");
  const roots = rootsOf(inventory);
  Bun.gc(true);
  const result = await applyPlan({
    ...engineOptions(id, places, env, roots, run),
    toolVersion: run.toolVersion,
    summary: planSummary(id, before),
    plan: {
      script: "migrate",
      title: `V3 storage: ${plural(before.plan.steps.length, "step")}`,
      operations,
      roots,
    },
  });
  // The disk is about to be read once more, beside what the first look and the engine left behind.
  Bun.gc(true);
  const moved = healthy.map((move) => move.to);
  return finished(id, result, verify(options, moved), places);
}

/** Finishes the interrupted storage migration of this disk. */
export async function resumeStorage(options: AssessOptions, run: RunOptions): Promise<Execution> {
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
  const roots = rootsOf(inventory);
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
  const { onProgress, signal, command } = run;
  return {
    migrationDir: join(places.baseDir, "migrations", id),
    roots,
    commands: run.commands(id),
    tmux: tmuxPort(env),
    ...(onProgress !== undefined && { onProgress }),
    ...(signal !== undefined && { signal }),
    ...(command !== undefined && { command }),
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
