/** Collects the operations of a plan, step by step, and knows what earlier operations made. */

import type { Operation } from "../change/operation.ts";
import type { History } from "./history.ts";
import type { Identities } from "./identity.ts";
import type { Inventory, OtherEntry } from "./inventory.ts";
import type { EditContext } from "./metadata-edits.ts";
import type { PlanOptions, StepId } from "./options.ts";
import type { Target, WorktreeMove } from "./shape.ts";

/** One step of the plan. `count` is how many things it changes, `details` one line for each. */
export interface PlannedStep {
  order: number;
  id: StepId;
  title: string;
  description: string;
  count: number;
  readonly details: string[];
  operations: Operation[];
}

/** What every step may look at. */
export interface StepContext {
  inventory: Inventory;
  identities: Identities;
  target: Target;
  options: PlanOptions;
  edits: EditContext;
  history: History;
  warnings: string[];
  /** What is present or was placed in directories that others are merged into, by lower-cased path. */
  placed: Map<string, OtherEntry | null>;
  /** Directories that an operation of this plan made or that are known to exist. */
  dirs: Set<string>;
  /** Where things stood that an operation of this plan moved away. */
  vacated: Set<string>;
}

/** A step's own buffer of operations and details. */
export class StepBuilder {
  readonly operations: Operation[] = [];
  /** Written out only when somebody reads them: there may be one for every session. */
  readonly details: (() => string)[] = [];

  constructor(readonly context: StepContext) {}

  /** One line for the user; each counts as one thing changed. */
  detail(line: () => string): void {
    this.details.push(line);
  }

  add(...operations: Operation[]): void {
    this.operations.push(...operations);
  }

  /** A directory and its parents below the base dir, each made once. */
  ensureDir(path: string): void {
    const { dirs, inventory } = this.context;
    const base = inventory.places.baseDir;
    if (dirs.has(path) || !path.startsWith(`${base}/`)) return;
    this.ensureDir(path.slice(0, path.lastIndexOf("/")));
    dirs.add(path);
    this.add({ op: "makeDir", path });
  }

  /** Moves to a place whose parent directory is made first. */
  move(from: string, to: string): void {
    this.ensureDir(to.slice(0, to.lastIndexOf("/")));
    this.context.vacated.add(from);
    this.add({ op: "move", from, to });
  }

  /** A path relative to the base dir or home, for people. */
  show(path: string): string {
    const { baseDir, home } = this.context.inventory.places;
    if (path.startsWith(`${baseDir}/`)) return path.slice(baseDir.length + 1);
    return path.startsWith(`${home}/`) ? `~/${path.slice(home.length + 1)}` : path;
  }

  /** What follows a worktree that now stands at `move.to`: its git link and the agents' history. */
  settleWorktree(move: WorktreeMove): void {
    const { leaf, from, to } = move;
    const rivals = this.context.inventory.worktrees.filter(
      (other) => other !== leaf && other.adminDir === leaf.adminDir,
    );
    // Of several directories that claim one link only the one that git names has it.
    const linked = leaf.linkedPath === leaf.path || rivals.length === 0;
    const { adminDir, commonDir } = leaf;
    const isGits = adminDir !== undefined && commonDir !== undefined && linked;
    this.followWorktree({ from, to }, isGits ? { adminDir, commonDir } : null);
  }

  /** What follows a worktree from one place to another, or to where it is. */
  followWorktree(
    { from, to }: { from: string; to: string },
    link: { adminDir: string; commonDir: string } | null,
  ): void {
    const { options, history } = this.context;
    if (link !== null) {
      const files = options.linkFiles({ adminDir: link.adminDir, from, to });
      const repo = link.commonDir;
      if (files.length > 0) this.add({ op: "relinkWorktree", repo, worktree: to, files });
    }
    if (from !== to) this.add(...history.follow({ from, to }));
  }
}
