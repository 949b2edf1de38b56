/** Totals of a plan, counted from its operations and target: what the dry run says, execution does. */

import type { Operation } from "../change/operation.ts";
import type { StepId } from "./options.ts";
import type { StoragePlan } from "./plan.ts";

export interface PlanTotals {
  projectsToRekey: number;
  sessionsToRewrite: number;
  tmuxRenames: number;
  worktreeAdoptions: number;
  orchestratorsToNormalize: number;
  observabilityDirsToCollapse: number;
  bareHashDirsToRemove: number;
  storageKeyFieldsToStrip: number;
  /** Bytes that the trash will hold, so what a later prune frees. Moved bytes are not freed. */
  estimatedBytesFreed: number;
}

/** Counts one plan. */
export function totalsOf(plan: StoragePlan): PlanTotals {
  const operations = (id: StepId): Operation[] =>
    plan.steps.find((step) => step.id === id)?.operations ?? [];
  const count = (id: StepId) => plan.steps.find((step) => step.id === id)?.count ?? 0;
  const { hashDirs } = plan.inventory;
  return {
    projectsToRekey: plan.target.projects.filter((target) => target.standing !== target.dir).length,
    sessionsToRewrite: count("rewrite-session-metadata") + convertedByImport(plan),
    tmuxRenames: count("rename-tmux-sessions"),
    worktreeAdoptions: plan.target.worktrees.filter((move) => move.carrier === null).length,
    orchestratorsToNormalize: count("normalize-orchestrators"),
    observabilityDirsToCollapse: count("collapse-observability"),
    bareHashDirsToRemove: hashDirs.filter(
      (dir) =>
        dir.layout === "v1-bare-hash" &&
        plan.steps.some((step) =>
          step.operations.some(
            (operation) =>
              (operation.op === "trash" && operation.path === dir.path) ||
              (operation.op === "move" && operation.from === dir.path),
          ),
        ),
    ).length,
    storageKeyFieldsToStrip: operations("strip-storage-key").flatMap((operation) =>
      operation.op === "patchYaml"
        ? operation.edits.filter(({ pointer }) => pointer.endsWith("/storageKey"))
        : [],
    ).length,
    estimatedBytesFreed: trashedBytes(plan),
  };
}

function convertedByImport(plan: StoragePlan): number {
  return plan.target.projects
    .flatMap((target) => target.sessions.map((session) => ({ session, target })))
    .filter(
      ({ session, target }) => session.fate === "convert" && session.dir !== target.project.home,
    ).length;
}

/** Sessions that become JSON or are set aside, and merged or empty directories. */
function trashedBytes(plan: StoragePlan): number {
  let bytes = 0;
  for (const target of plan.target.projects) {
    for (const { fate, file } of target.sessions) {
      if (fate === "convert" || fate === "set-aside" || fate === "twin") bytes += file.bytes;
    }
  }
  return bytes;
}
