/** Accepted output of steps: `.planning/stages/<step>[-k].stdout.md`, never overwritten. */

import { join } from "node:path";
import { ToolkitError } from "../errors.ts";
import { fileOf, type RefScope, refFault, refTo } from "./refs.ts";
import { makeDirs, saveFile } from "./save.ts";
import { latest, type PlanningState } from "./state.ts";
import { planningName } from "./state-file.ts";
import type { StepName } from "./steps.ts";

const stagesName = `${planningName}/stages`;

/** Writes a step's output to the first name that is free, and returns its ref. */
export function saveStage(scope: RefScope, step: StepName, text: string): string {
  const { disk, slug, dir } = scope;
  const stages = join(dir, stagesName);
  makeDirs(disk, stages);
  for (let count = 1; ; count += 1) {
    const name = `${step}${count === 1 ? "" : `-${count}`}.stdout.md`;
    if (disk.lstat(join(stages, name)) !== null) continue;
    saveFile(disk, join(stages, name), text);
    return refTo(slug, `${stagesName}/${name}`);
  }
}

/**
 * Reads output by its ref; names alone are ambiguous.
 *
 * @throws ToolkitError `invalid` for a ref that does not lead to a file of the migration
 */
export function readStage(scope: RefScope, ref: string): string {
  const fault = refFault(scope, ref);
  if (fault !== null) throw new ToolkitError("invalid", `Cannot read "${ref}": ${fault}`);
  return new TextDecoder().decode(scope.disk.readFile(fileOf(scope, ref)));
}

/** The output of the latest accepted run of a step; null when it has none. */
export function latestStage(scope: RefScope, state: PlanningState, step: StepName): string | null {
  const entry = latest(state, step);
  return entry === undefined ? null : readStage(scope, entry.outputs.stdout);
}
