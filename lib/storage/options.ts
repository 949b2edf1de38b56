/** What a plan is asked for, beside the inventory. */

import { ToolkitError } from "../errors.ts";
import type { LinkFile } from "../git-links.ts";

/** Step ids in the order in which they run. */
export const stepIds = [
  "import-v1-hash-dirs",
  "rekey-v1-entries",
  "same-repo-merge",
  "write-identity-json",
  "reconcile-counter",
  "rewrite-session-metadata",
  "rename-tmux-sessions",
  "adopt-stranded-worktrees",
  "normalize-orchestrators",
  "collapse-observability",
  "strip-storage-key",
  "gc-stranded-dirs",
  "dead-export-manifest",
] as const;

export type StepId = (typeof stepIds)[number];

/**
 * Steps that must come along: whoever moves a directory rewrites the metadata that names it, and a
 * project must stand at its V3 place before V3 files are written into it.
 */
export const stepNeeds: Partial<Record<StepId, StepId[]>> = {
  "import-v1-hash-dirs": ["rekey-v1-entries", "rewrite-session-metadata"],
  "rekey-v1-entries": ["rewrite-session-metadata"],
  "same-repo-merge": ["rekey-v1-entries", "rewrite-session-metadata"],
  "write-identity-json": ["rekey-v1-entries"],
  "reconcile-counter": ["rekey-v1-entries"],
  "rename-tmux-sessions": ["rewrite-session-metadata"],
  "adopt-stranded-worktrees": ["rewrite-session-metadata"],
  "normalize-orchestrators": ["rekey-v1-entries", "rewrite-session-metadata"],
  "collapse-observability": ["rekey-v1-entries"],
  "strip-storage-key": ["import-v1-hash-dirs"],
  "gc-stranded-dirs": ["import-v1-hash-dirs"],
};

export interface PlanOptions {
  /** Moment of planning; stamps archives and the record. */
  now: Date;
  /** Steps to plan; see `selectSteps`. */
  steps: ReadonlySet<StepId>;
  /** Answers to decisions, key → value. */
  answers: ReadonlyMap<string, string>;
  /** Git's link files that change when a worktree moves; reads them where they stand today. */
  linkFiles: (move: { adminDir: string; from: string; to: string }) => LinkFile[];
  /** Unused exports found in AO's source, when `--ao-source` was given. */
  deadExports?: string[];
}

/** What a plan without steps says of the disk: with all of them asked for, that it is V3. */
export function nothingToDo({ selectedSteps }: { selectedSteps: readonly StepId[] }): string {
  const isWhole = stepIds.every((id) => selectedSteps.includes(id));
  return isWhole ? "Nothing to do: this disk is V3" : "Nothing to do in the steps that were chosen";
}

/**
 * The steps to plan for `--only` and `--skip`: what a chosen step needs comes along.
 *
 * @throws {ToolkitError} usage, when a step that stays needs one that is skipped
 */
export function selectSteps(only: readonly StepId[], skip: readonly StepId[]): Set<StepId> {
  const selected = new Set<StepId>(only.length > 0 ? only : stepIds);
  // A Set visits what is added to it on the way, so this takes in the needs of needs.
  for (const id of selected) for (const need of stepNeeds[id] ?? []) selected.add(need);
  for (const id of skip) selected.delete(id);
  for (const id of selected) {
    const missing = (stepNeeds[id] ?? []).find((need) => skip.includes(need));
    if (missing === undefined) continue;
    throw new ToolkitError("usage", `Cannot skip "${missing}": ${id} needs it`, {
      hint: `add --skip ${id}`,
    });
  }
  return selected;
}
