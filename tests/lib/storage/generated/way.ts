/** The way that every generated disk goes. */

import { expect } from "bun:test";
import { existsSync } from "node:fs";
import { verifyWorktree } from "../../../../lib/git.ts";
import { assess } from "../../../../lib/storage/assess.ts";
import type { StoragePlan } from "../../../../lib/storage/plan.ts";
import type { Disk } from "../../../disk/spec.ts";
import { diffTrees } from "../../../tree.ts";
import { apply, leftToDo, optionsFor, stateOf, takeBack } from "../journey.ts";
import { makeRecipe, type Recipe } from "./disks.ts";

export async function wholeWay(recipe: Recipe): Promise<void> {
  using disk = makeRecipe(recipe);
  const before = stateOf(disk);
  const answers = answersFor(disk, recipe.choices);
  const { plan } = assess(optionsFor(disk, answers));
  expect(diffTrees(before, stateOf(disk))).toEqual([]);
  if (plan.steps.length === 0) return;
  const healthy = healthyWorktrees(disk, plan);

  const first = await apply(disk, plan);
  expect(first.warnings).toEqual([]);
  const after = stateOf(disk);
  expect(leftToDo(disk)).toEqual([]);
  for (const path of healthy) expect([path, verifyWorktree(path, disk.env)]).toEqual([path, null]);

  const undone = await takeBack(disk, first.dir, plan);
  expect(undone.kept).toEqual([]);
  expect(diffTrees(before, stateOf(disk))).toEqual([]);

  const again = assess(optionsFor(disk, answers)).plan;
  expect(again.id).toBe(plan.id);
  await apply(disk, again);
  expect(diffTrees(after, stateOf(disk))).toEqual([]);
}

/** Answers decision after decision, since one answer may settle or raise others. */
function answersFor(disk: Disk, choices: readonly number[]): Map<string, string> {
  const answers = new Map<string, string>();
  for (const choice of choices) {
    const { decisions } = assess(optionsFor(disk, answers)).plan;
    const open = decisions.find(({ decidedBy }) => decidedBy === "default");
    const chosen = open?.choices[choice % open.choices.length];
    if (open === undefined || chosen === undefined) break;
    answers.set(open.key, chosen.value);
  }
  return answers;
}

/** Where up to two worktrees will stand that git accepts today; asking git costs a process each. */
function healthyWorktrees(disk: Disk, plan: StoragePlan): string[] {
  return plan.target.worktrees
    .filter(({ leaf }) => leaf.linkedPath === leaf.path && existsSync(leaf.commonDir ?? "/none"))
    .slice(0, 2)
    .filter(({ from }) => verifyWorktree(from, disk.env) === null)
    .map(({ to }) => to);
}
