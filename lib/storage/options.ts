/** What a plan is asked for, beside the inventory. */

import type { LinkFile } from "../change/operation.ts";

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
  /** Version of AO found on the machine, for the record; `unknown` where there is none. */
  aoVersion: string;
  /** Steps to plan; see `selectSteps`. */
  steps: ReadonlySet<StepId>;
  /** Answers to decisions, key → value. */
  answers: ReadonlyMap<string, string>;
  /** Git's link files that change when a worktree moves; reads them where they stand today. */
  linkFiles: (move: { adminDir: string; from: string; to: string }) => LinkFile[];
  /** Unused exports found in AO's source, when `--ao-source` was given. */
  deadExports?: string[];
}
