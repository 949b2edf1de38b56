/**
 * The batch loop that applying and undoing share: prepare, record, do.
 *
 * Order is what makes it safe. New contents and the renames of the batch before are flushed first;
 * then one line says that the batch before is done and what this one is going to do; only when that
 * line is durable is anything in the user's tree touched.
 */

import { errorCode, ToolkitError } from "../errors.ts";
import { changedDirs, type DiskAction, perform } from "./action.ts";
import { prepareBackward } from "./backward.ts";
import { BatchPaths, batchBytes, batchOperations } from "./batch.ts";
import type { Context, Step } from "./context.ts";
import { prepareForward } from "./forward.ts";
import type { Journal, JournalRecord } from "./journal.ts";
import { foldRecord, type Ledger } from "./ledger.ts";
import type { AoLocks } from "./lock.ts";
import { dirOf, subjectOf, touchedBy } from "./operation.ts";
import type { EngineOptions, Kept } from "./options.ts";
import { concernsOnePath, Obstacle } from "./stop.ts";

/** How often an operation is prepared again because its file keeps changing. */
const attempts = 6;

export interface RunParts {
  context: Context;
  ledger: Ledger;
  journal: Journal;
  locks: AoLocks;
  options: EngineOptions;
}

export class Run {
  /** Set as soon as something in the user's tree may have been touched. */
  changed = false;
  /** Directories whose entries changed and were not flushed yet. */
  readonly #dirty = new Set<string>();
  /** Whether some of them may be other directories by now. */
  #hasMoved = false;
  /** Records that wait for the next line, before and after its own. */
  #notes: JournalRecord[] = [];
  #kept: JournalRecord[] = [];
  #isPreparing = false;

  constructor(
    readonly parts: RunParts,
    readonly direction: "apply" | "undo",
  ) {}

  /** Works off the operations in the order given. */
  async work(queue: readonly number[]): Promise<void> {
    for (let next = 0; next < queue.length; ) {
      await this.#pause();
      this.#report(next, queue.length);
      next += await this.#batch(queue, next);
      this.parts.context.roots.forget();
    }
    this.#report(queue.length, queue.length);
  }

  /** Makes everything done so far durable. */
  settle(): void {
    this.#flush([]);
  }

  /** Makes all of it durable and records that the run came to its end. */
  finish(): void {
    const at = (this.parts.options.now?.() ?? new Date()).toISOString();
    this.#flush([{ k: "end", at }]);
  }

  #report(done: number, total: number): void {
    this.parts.options.onProgress?.({ phase: this.direction, done, total });
  }

  /** Lets signals in; a batch is never cut in two by them. */
  async #pause(): Promise<void> {
    await Bun.sleep(0);
    if (this.parts.options.signal?.aborted !== true) return;
    if (this.changed) this.#flush([]);
    const { id } = this.parts.context.places;
    throw new ToolkitError("cancelled", `Cannot finish "${id}": it was cancelled`);
  }

  /** Makes everything done so far durable and records that, with more records. */
  #flush(records: readonly JournalRecord[]): void {
    this.parts.context.disk.sync([], [...this.#dirty]);
    this.#dirty.clear();
    this.#write(records);
  }

  /** Appends one line: what was noted before, the records, and what they keep. */
  #write(records: readonly JournalRecord[]): void {
    const line = [...this.#notes, ...records, ...this.#kept];
    if (line.length === 0) return;
    this.parts.journal.write(line);
    for (const record of [...records, ...this.#kept]) foldRecord(this.parts.ledger, record);
    this.#notes = [];
    this.#kept = [];
  }

  /** Adds a record to the next line; in memory it counts at once. */
  #note(record: JournalRecord): void {
    // What preparing keeps belongs to the intent that the line will have before it.
    const isAfter = record.k === "kept" && this.#isPreparing;
    (isAfter ? this.#kept : this.#notes).push(record);
    foldRecord(this.parts.ledger, record);
  }

  /** @returns how many operations of the queue the batch held */
  async #batch(queue: readonly number[], start: number): Promise<number> {
    const { locks } = this.parts;
    let count: number;
    try {
      count = await this.#lockedBatch(queue, start);
    } catch (error) {
      try {
        locks.release();
      } catch {
        // The first error is the one to tell.
      }
      throw error;
    }
    for (const dir of locks.release()) this.#dirty.add(dir);
    return count;
  }

  async #lockedBatch(queue: readonly number[], start: number): Promise<number> {
    const { context } = this.parts;
    const paths = new BatchPaths();
    const steps: Step[] = [];
    let bytes = 0;
    let next = start;
    if (this.#hasMoved) this.#flushMoves();
    while (next < queue.length && next - start < batchOperations && bytes < batchBytes) {
      const index = queue[next] ?? 0;
      const operation = context.operation(index);
      if (!paths.accept(operation) || (steps.length > 0 && context.mustWait(operation))) break;
      const step = await this.#prepare(index, 0);
      if (step !== null) steps.push(step);
      bytes += step?.bytes ?? 0;
      next += 1;
    }
    const batch = rangeOf(queue.slice(start, next));
    let again = await this.#commit({ ...batch, first: true }, steps);
    for (let attempt = 1; again.length > 0; attempt += 1) {
      context.roots.forget();
      // A directory that is to go may hold nothing but locks of this batch's own files, and those
      // files are done.
      this.parts.locks.release();
      again = await this.#anew(batch, again, attempt);
    }
    this.#note({ k: "done" });
    return next - start;
  }

  /**
   * Prepares and does operations once more, one after the other: what stood in the way of a
   * directory may be another one that goes before it.
   *
   * @returns those that have to be prepared yet again
   */
  async #anew(batch: Batch, indexes: readonly number[], attempt: number): Promise<number[]> {
    const again: number[] = [];
    let steps: Step[] = [];
    for (const index of indexes) {
      const step = await this.#prepare(index, attempt);
      if (step === null) continue;
      steps.push(step);
      if (step.actions.length === 0) continue;
      again.push(...(await this.#commit(batch, steps)));
      steps = [];
    }
    if (steps.length + this.#kept.length > 0) again.push(...(await this.#commit(batch, steps)));
    return again;
  }

  /**
   * AO's locks go into directories that the batch before may have moved. Did the lock outlast a
   * power cut and the move not, it would stand where nobody looks for it.
   */
  #flushMoves(): void {
    this.parts.context.disk.sync([], [...this.#dirty]);
    this.#dirty.clear();
    this.#hasMoved = false;
  }

  /** Prepares one operation under AO's locks; null when an undo has to keep it. */
  async #prepare(index: number, attempt: number): Promise<Step | null> {
    const { context, ledger, locks } = this.parts;
    const operation = context.operation(index);
    this.#isPreparing = true;
    try {
      if (attempt > 0) this.#expectProgress(index, attempt);
      if (locks.tryTake(operation) !== null) await locks.take(operation);
      const step =
        this.direction === "apply"
          ? await prepareForward(context, index, ledger.facts[index])
          : await prepareBackward(context, ledger, index, attempt);
      if (step.kept !== undefined) this.#note({ k: "kept", items: [step.kept] });
      if (step.warning !== undefined) this.#note({ k: "warning", text: step.warning });
      return step;
    } catch (error) {
      this.#keepOrThrow(index, error);
      return null;
    } finally {
      this.#isPreparing = false;
    }
  }

  #expectProgress(index: number, attempt: number): void {
    const operation = this.parts.context.operation(index);
    for (const path of touchedBy(operation).writes) {
      if (this.parts.context.disk.lstat(dirOf(path)) !== null) continue;
      throw new Obstacle(path, "has no directory to be in");
    }
    if (attempt < attempts) return;
    throw new Obstacle(subjectOf(operation), "keeps changing; another program writes it");
  }

  /** An undo goes on past an operation that it cannot take back; everything else stops. */
  #keepOrThrow(index: number, error: unknown): void {
    if (this.direction === "apply" || !concernsOnePath(error)) throw error;
    const path = error instanceof Obstacle ? error.path : undefined;
    const reason = error instanceof Obstacle ? error.reason : (error as Error).message;
    const subject = subjectOf(this.parts.context.operation(index));
    const kept: Kept = { index, path: path ?? subject, reason, failed: true };
    this.#note({ k: "kept", items: [kept] });
  }

  /** @returns the operations that have to be prepared again */
  async #commit(batch: Batch, steps: readonly Step[]): Promise<number[]> {
    const { context, locks } = this.parts;
    const staged = steps.flatMap((step) => step.staged);
    for (const path of staged) this.#dirty.add(dirOf(path));
    context.disk.sync(staged, [...this.#dirty]);
    this.#dirty.clear();
    const isUndo = this.direction === "undo";
    const items = steps.filter((s) => !isUndo || s.actions.length > 0).map((s) => s.facts);
    this.#write([{ k: "intent", ...batch, items }]);
    const again: number[] = [];
    for (const step of steps) {
      locks.refresh();
      if (!(await this.#do(step))) again.push(step.index);
    }
    return again;
  }

  /** Does one step; false when it has to be prepared again. */
  async #do(step: Step): Promise<boolean> {
    const { context } = this.parts;
    for (const action of step.actions) {
      this.changed = true;
      if (action.act === "tmux") {
        await this.#renameTmux(step.index, action);
        continue;
      }
      for (const dir of changedDirs(action)) this.#dirty.add(dir);
      if (action.act === "move") this.#hasMoved = true;
      try {
        if (perform(context.disk, action) === "again") return false;
        context.dropOurs(action);
      } catch (error) {
        if (this.#isNewMount(error, action)) return false;
        this.#keepOrThrow(step.index, error);
        return true;
      }
    }
    return true;
  }

  /** A bind mount shows only when a rename fails; then private files go beside their target. */
  #isNewMount(error: unknown, action: DiskAction): boolean {
    if (errorCode(error) !== "EXDEV" || this.direction === "undo") return false;
    const { places, mounts } = this.parts.context;
    const paths =
      action.act === "move"
        ? [action.from, action.to]
        : action.act === "swap"
          ? [action.staged, action.path]
          : [];
    const mine = paths.filter((path) => path.startsWith(places.dir));
    if (mine.length === 0) return false;
    for (const path of paths) if (!mine.includes(path)) mounts.add(dirOf(path));
    return true;
  }

  async #renameTmux(index: number, { from, to }: { from: string; to: string }): Promise<void> {
    try {
      await this.parts.context.tmux?.renameSession(from, to);
    } catch (error) {
      const text = `Cannot rename tmux session "${from}" to "${to}": ${(error as Error).message}`;
      this.#note({ k: "warning", text, i: index });
    }
  }
}

interface Batch {
  from: number;
  to: number;
  /** The first intent of the batch, rather than one that was prepared again. */
  first?: true;
}

/** The operations of a batch as a range; the queue is in order, up or down. */
function rangeOf(indexes: readonly number[]): Batch {
  const first = indexes[0] ?? 0;
  const last = indexes.at(-1) ?? first;
  return { from: Math.min(first, last), to: Math.max(first, last) + 1 };
}
