/** The way of a storage migration, as tests walk it: look, apply, take back, compare. */

import { realpathSync } from "node:fs";
import { join, relative } from "node:path";
import { newMigrationId } from "../../../lib/change/history.ts";
import type { UndoResult } from "../../../lib/change/options.ts";
import { applyPlan, undo } from "../../../lib/change/transaction.ts";
import { resolvePlaces } from "../../../lib/paths.ts";
import { type AssessOptions, assess } from "../../../lib/storage/assess.ts";
import { tmuxPort } from "../../../lib/storage/execute.ts";
import { stepIds } from "../../../lib/storage/options.ts";
import { operationsOf, type StoragePlan } from "../../../lib/storage/plan.ts";
import { rootsOf } from "../../../lib/storage/roots.ts";
import type { Disk } from "../../disk/spec.ts";
import { readTree, type Tree } from "../../tree.ts";

const commands = { resume: "resume", rollback: "rollback" };

/** How a disk is assessed in tests: every step, one fixed moment. */
export function optionsFor(disk: Disk, answers = new Map<string, string>()): AssessOptions {
  return {
    places: resolvePlaces({ home: disk.home, env: disk.env }),
    env: disk.env,
    now: new Date("2026-11-21T10:00:00Z"),
    steps: new Set(stepIds),
    answers,
    tmux: true,
    sizes: false,
  };
}

/** Everything but the record of migrations: names, contents, modes, links. */
export function stateOf(disk: Disk): Tree {
  const records = relative(disk.root, join(realpathSync(disk.baseDir), "migrations"));
  return readTree(disk.root, {
    skip: (path) => path === records || path === "tmux",
  });
}

/** Applies a plan through the engine alone, without the scan afterwards. */
export async function apply(
  disk: Disk,
  plan: StoragePlan,
): Promise<{ dir: string; warnings: string[] }> {
  const id = newMigrationId(new Date(), "v3");
  const migrationDir = join(disk.baseDir, "migrations", id);
  const roots = rootsOf(plan.inventory);
  const { warnings } = await applyPlan({
    migrationDir,
    roots,
    commands,
    tmux: tmuxPort(disk.env),
    toolVersion: "0.0.0",
    plan: { script: "migrate", title: "test", operations: operationsOf(plan), roots },
  });
  return { dir: migrationDir, warnings };
}

/** Takes a migration back. */
export function takeBack(disk: Disk, migrationDir: string, plan: StoragePlan): Promise<UndoResult> {
  return undo({ migrationDir, roots: rootsOf(plan.inventory), commands, tmux: tmuxPort(disk.env) });
}

/** What a new look still finds to do, one line a thing. */
export function leftToDo(disk: Disk, answers?: Map<string, string>): string[] {
  return assess(optionsFor(disk, answers)).plan.steps.flatMap((step) =>
    step.details.map((detail) => `${step.id}: ${detail}`),
  );
}
