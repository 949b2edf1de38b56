/**
 * What preparing an operation needs to know, and the private files that it may write for it.
 */

import { basename } from "node:path";
import { errorCode } from "../errors.ts";
import { type Action, digestOf, type Swap } from "./action.ts";
import { removeTree, treeDigest } from "./copy.ts";
import type { Disk, WriteOptions } from "./disk.ts";
import { Drafts } from "./drafts.ts";
import type { Facts, SwapFacts } from "./journal.ts";
import { dirOf, type Operation, touchedBy } from "./operation.ts";
import type { Kept, TmuxPort } from "./options.ts";
import type { Patchers } from "./patch.ts";
import type { Places, PrivateKind } from "./places.ts";
import type { Roots } from "./roots.ts";

/** One operation, ready to be done or taken back. */
export interface Step {
  index: number;
  /** What the journal has to know before anything is done. */
  facts: Facts;
  actions: Action[];
  /** Files written for it, to be flushed before the journal names them. */
  staged: string[];
  /** Bytes of those files. */
  bytes: number;
  /** Of an undo: what stays all the same, and why. */
  kept?: Kept;
  warning?: string;
}

export class Context {
  /** Directories that turned out to be on another mount although their device is the same. */
  readonly mounts = new Set<string>();
  /** The operations as the plan has them, and with their paths as of now. */
  readonly plan: readonly Operation[];
  operations: readonly Operation[];
  readonly #dev: bigint;
  #spares = 0;

  constructor(
    readonly disk: Disk,
    readonly places: Places,
    readonly roots: Roots,
    operations: readonly Operation[],
    readonly patchers: Patchers,
    readonly tmux: TmuxPort | undefined,
    readonly drafts: Drafts = new Drafts(),
  ) {
    this.plan = operations;
    this.operations = operations;
    this.#dev = disk.lstat(places.dir)?.dev ?? 0n;
  }

  operation(index: number): Operation {
    const operation = this.operations[index];
    if (operation === undefined) throw new Error(`there is no operation ${index}`);
    return operation;
  }

  /** Whether private files of `path` must stand beside it, and that its directory is allowed. */
  isNear(path: string): boolean {
    const { dev } = this.roots.parentOf(path);
    return dev !== this.#dev || this.mounts.has(dirOf(path));
  }

  /**
   * Whether an operation has to wait until its directory has been made, because its new content is
   * written there and not in the migration's directory.
   */
  mustWait(operation: Operation): boolean {
    if (operation.op !== "create") return false;
    return this.isNear(operation.path) && !this.roots.parentOf(operation.path).exists;
  }

  /** Writes a staged file, setting aside one of the same name that a crash may have left. */
  stage(path: string, content: readonly Uint8Array[], like: WriteOptions): void {
    try {
      this.disk.writeNew(path, content, like);
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw error;
      this.setAside(path);
      this.disk.writeNew(path, content, like);
    }
  }

  /** Moves a private file of unknown origin to the trash: it may be the last copy of something. */
  setAside(path: string): void {
    if (this.disk.lstat(path) === null) return;
    const near = !path.startsWith(this.places.dir);
    this.disk.renameNoReplace(path, this.spare(path, near));
  }

  /** Removes a staged file that is of no use any more; anything else at its name is set aside. */
  discardStaged(path: string, digest: string | undefined): void {
    if (digest !== undefined && digestOf(this.disk, path) === digest) this.disk.unlink(path);
    else this.setAside(path);
  }

  /**
   * Removes what an undo took out of the way beside its target, where it would stay in the user's
   * way: when it is our own content, or the copy of what stands at its old place again.
   */
  dropOurs(action: Action): void {
    if (action.act === "swap" && action.drop !== undefined)
      this.#dropFile(action.keep, action.drop);
    if (action.act !== "aside" && action.act !== "move") return;
    const asides = action.act === "aside" ? action.asides : (action.across?.asides ?? []);
    const beside = asides.at(-1);
    if (beside === undefined || this.disk.lstat(beside) === null) return;
    if (action.act === "aside" && action.drop !== undefined) this.#dropFile(beside, action.drop);
    const { twin } = action;
    if (twin === undefined || treeDigest(this.disk, beside) !== treeDigest(this.disk, twin)) return;
    removeTree(this.disk, beside);
  }

  #dropFile(path: string, digest: string): void {
    if (digestOf(this.disk, path) === digest) this.disk.unlink(path);
  }

  /** A free name in the trash. */
  spare(path: string, near: boolean): string {
    for (;;) {
      this.#spares += 1;
      const spare = this.places.private("trash", `spare${this.#spares}`, path, near);
      if (this.disk.lstat(spare) === null) return spare;
    }
  }

  /** A private path of an operation. Names stay those of the plan when paths are relocated. */
  private(kind: PrivateKind, owner: Owner): string {
    const { index, path, near, run, n = 0 } = owner;
    const tag = `${run === undefined ? "" : `undo${run}-`}${index}${n === 0 ? "" : `.${n}`}`;
    const slot = touchedBy(this.operation(index)).writes.indexOf(path);
    const original = this.plan[index];
    const name = original && touchedBy(original).writes[slot];
    return this.places.private(kind, tag, path, near, basename(name ?? path));
  }

  /** Where `path` may go when it has to go out of the way, see `Aside`. */
  asides(owner: Omit<Owner, "near">): string[] {
    return [false, true].map((near) => this.private("trash", { ...owner, near }));
  }

  /** A swap whose private files are named after their owner. */
  swap(owner: Owner, [before, after]: SwapFacts): Swap {
    return {
      act: "swap",
      path: owner.path,
      staged: this.private("staged", owner),
      keep: this.private("trash", owner),
      before,
      after,
      spare: () => this.spare(owner.path, owner.near),
    };
  }
}

/** Which private file: of which operation, for which of its paths. */
export interface Owner {
  index: number;
  path: string;
  /** Beside the path. */
  near: boolean;
  /** The undo run; absent when applying. */
  run?: number;
  /** Which of the files that the operation patches. @default 0 */
  n?: number;
}
