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
  const leaving = new Set(
    [...operations("import-v1-hash-dirs"), ...operations("gc-stranded-dirs")].map((operation) =>
      operation.op === "move" ? operation.from : operation.op === "trash" ? operation.path : "",
    ),
  );
  return {
    projectsToRekey: plan.target.projects.filter((target) => target.standing !== target.dir).length,
    sessionsToRewrite: count("rewrite-session-metadata") + convertedByImport(plan),
    tmuxRenames: count("rename-tmux-sessions"),
    worktreeAdoptions: plan.target.worktrees.filter((move) => move.carrier === null).length,
    orchestratorsToNormalize: count("normalize-orchestrators"),
    observabilityDirsToCollapse: count("collapse-observability"),
    bareHashDirsToRemove: hashDirs.filter(
      ({ layout, path }) => layout === "v1-bare-hash" && leaving.has(path),
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
  let count = 0;
  for (const { sessions, project } of plan.target.projects) {
    for (const { fate, dir } of sessions) {
      if (fate === "convert" && dir !== project.home) count += 1;
    }
  }
  return count;
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
