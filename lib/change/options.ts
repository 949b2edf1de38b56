/**
 * What a caller hands to the change engine, and what it gets back.
 */

import type { Disk } from "./disk.ts";

/** How far a run is; called once a batch, so it may draw. */
export interface Progress {
  /** `check` compares the plan with the disk; `apply` and `undo` change it. */
  phase: "check" | "apply" | "undo";
  /** Operations behind us, and in all. */
  done: number;
  total: number;
}

/** The running tmux server, as far as `renameTmux` needs it; names match exactly. */
export interface TmuxPort {
  hasSession(name: string): boolean | Promise<boolean>;
  /** @throws when tmux refuses; the engine turns that into a warning */
  renameSession(from: string, to: string): void | Promise<void>;
}

/** The two ways on, shown in every error of a run that stopped half-way. */
export interface Commands {
  resume: string;
  rollback: string;
}

/** Options of `applyPlan`, `resume` and `undo`. */
export interface EngineOptions {
  /** `<base>/migrations/<id>`; its parent holds the lock file of all migrations there. */
  migrationDir: string;
  /**
   * The directories below which (or the files at which) anything may be written, as the caller
   * knows them. An operation outside, also through a symlink, refuses the whole run beforehand.
   */
  roots: readonly string[];
  commands: Commands;
  /** Default: the real disk. */
  disk?: Disk;
  /** Shown to whoever is refused while this run holds the lock. @default the script's name */
  command?: string;
  /** Without it every `renameTmux` is a warning. */
  tmux?: TmuxPort;
  onProgress?: (progress: Progress) => void;
  /** Called once the lock is held and before anything is written; throwing refuses the run. */
  onLocked?: () => void | Promise<void>;
  /** Looked at between batches. */
  signal?: AbortSignal;
  /** @default the real clock */
  now?: () => Date;
}

/** Something an undo left as it is, and why. */
export interface Kept {
  /** Index of the operation in the plan. */
  index: number;
  path: string;
  /** A sentence without its full stop: `was changed after the migration`. */
  reason: string;
  /** A directory that stays only because something kept is in it; not worth a line. */
  quiet?: true;
  /** It failed, rather than being decided by what is on the disk: trying again may help. */
  failed?: true;
}

export interface ApplyResult {
  id: string;
  state: "done";
  /** Operations of the plan. */
  operations: number;
  warnings: string[];
}

export interface UndoResult {
  id: string;
  state: "rolled-back" | "partly-rolled-back";
  /** Operations taken back by this run. */
  undone: number;
  kept: Kept[];
  warnings: string[];
}
