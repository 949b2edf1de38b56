/**
 * Compares a plan with the disk before anything is changed: would every operation find what it
 * expects when its turn comes?
 */

import { basename, dirname } from "node:path";
import { ToolkitError } from "../errors.ts";
import { fold } from "./batch.ts";
import type { Disk } from "./disk.ts";
import { type Drafts, draftOf } from "./drafts.ts";
import { dirOf, type Operation, subjectOf, touchedBy } from "./operation.ts";
import { type Future, type FutureContent, isCaseless, Overlay } from "./overlay.ts";
import { describeConflicts, type FieldPatch, type Patchers, patchBytes } from "./patch.ts";
import type { Roots } from "./roots.ts";
import { concernsOnePath, Obstacle } from "./stop.ts";

/** Most mismatches that an error names. */
const shownMismatches = 5;
/** Operations checked between two looks at the event loop. */
const stride = 500;

export interface Mismatch {
  index: number;
  path: string;
  /** A sentence without its full stop: `is gone`. */
  reason: string;
}

export interface PreflightInput {
  disk: Disk;
  operations: readonly Operation[];
  /** The first operation that is still to be done; the earlier ones are on the disk. */
  from?: number;
  roots: Roots;
  patchers: Patchers;
  /** Collects the new contents, for applying the plan right afterwards. */
  drafts?: Drafts;
  /** Called now and then with the number of operations checked. */
  onStride?: (checked: number) => void;
}

/** Finds the operations that the disk is not ready for, in order, at most `limit`. */
export async function findMismatches(
  input: PreflightInput,
  limit: number = Number.POSITIVE_INFINITY,
): Promise<Mismatch[]> {
  const preflight = new Preflight(input);
  const found: Mismatch[] = [];
  const { operations, from = 0 } = input;
  for (let index = from; found.length < limit; index += 1) {
    const operation = operations[index];
    if (operation === undefined) break;
    try {
      preflight.step(operation, index);
    } catch (error) {
      if (!concernsOnePath(error)) throw error;
      const obstacle = error instanceof Obstacle ? error : null;
      const path = obstacle?.path ?? subjectOf(operation);
      found.push({ index, path, reason: obstacle?.reason ?? (error as Error).message });
      preflight.skip(operation);
    }
    if ((index + 1) % stride === 0) {
      input.onStride?.(index + 1);
      await Bun.sleep(0);
    }
  }
  input.onStride?.(operations.length);
  return found;
}

/**
 * @throws ToolkitError `refused` when the disk is not as the plan expects, naming the first paths
 */
export async function refuseStalePlan(input: PreflightInput): Promise<void> {
  const found = await findMismatches(input, shownMismatches + 1);
  const [first] = found;
  if (first === undefined) return;
  const lines = found
    .slice(0, shownMismatches)
    .map(({ index, path, reason }) => `\n  ${path} ${reason} (operation ${index + 1})`);
  if (found.length > shownMismatches) lines.push("\n  and more");
  throw new ToolkitError(
    "refused",
    `Cannot apply the plan: the disk is not as it expects${lines.join("")}`,
    // It may have changed since, or never have been so: a new plan would expect the same.
    {
      hint: "mend what it names, or make a new plan if that changed since",
      place: { file: first.path },
    },
  );
}

/** Walks a plan over an overlay. */
class Preflight {
  readonly #overlay: Overlay;
  readonly #caseless: boolean;
  readonly #user = process.geteuid?.() ?? 0;

  constructor(readonly input: PreflightInput) {
    this.#caseless = isCaseless(input.disk, dirname(dirname(input.roots.places.dir)));
    this.#overlay = new Overlay(input.disk, this.#caseless);
  }

  /** @throws Obstacle when the operation could not be done */
  step(operation: Operation, index: number): void {
    switch (operation.op) {
      case "makeDir":
        this.#makeDir(operation.path);
        return;
      case "create": {
        this.#expectRoom(operation.path);
        const bytes = Buffer.from(operation.content, operation.encoding ?? "utf8");
        this.#overlay.set(operation.path, { kind: "file", content: { bytes }, stat: null });
        return;
      }
      case "move":
        this.#move(operation.from, operation.to);
        return;
      case "trash":
        this.#expectThere(operation.path);
        this.#overlay.set(operation.path, { kind: "absent" });
        return;
      case "patchJson":
      case "patchYaml":
        this.#patch(operation, index);
        return;
      case "relinkWorktree":
        this.#relink(operation);
    }
  }

  /** After a mismatch: what the operation would have touched is open. */
  skip(operation: Operation): void {
    for (const path of touchedBy(operation).writes) this.#overlay.set(path, { kind: "unknown" });
  }

  #makeDir(path: string): void {
    const future = this.#overlay.at(path);
    this.#expectParent(path);
    if (future.kind === "absent") this.#overlay.set(path, { kind: "dir" });
    else if (!isDirectory(future)) throw new Obstacle(path, "is there and is no directory");
  }

  #move(from: string, to: string): void {
    this.#expectThere(from);
    const sameName = this.#caseless && fold(from) === fold(to);
    if (!sameName) this.#expectRoom(to);
    this.#overlay.move(from, to);
  }

  #expectThere(path: string): void {
    this.#expectParent(path);
    if (this.#overlay.at(path).kind === "absent") throw new Obstacle(path, "is gone");
  }

  #expectRoom(path: string): void {
    this.#expectParent(path);
    const future = this.#overlay.at(path);
    if (future.kind !== "absent" && future.kind !== "unknown") {
      throw new Obstacle(path, "is there already");
    }
  }

  /** The directory must be one, inside the roots, with no symlink on the way. */
  #expectParent(path: string): void {
    const dir = dirOf(path);
    const real = this.#overlay.realPathOf(dir);
    if (real === null) {
      if (isDirectory(this.#overlay.at(dir))) return;
      throw new Obstacle(path, "has no directory to be in");
    }
    const { exists } = this.input.roots.parentOf(`${real}/${basename(path)}`);
    if (!exists) throw new Obstacle(path, "has no directory to be in");
  }

  #patch(operation: FieldPatch, index: number): void {
    const { path } = operation;
    this.#expectParent(path);
    const future = this.#overlay.at(path);
    if (future.kind === "unknown") return;
    const { content, stat } = this.#expectFile(path, future);
    const { bytes, again } = this.#contentNow(content);
    const patched = patchBytes(operation, bytes, this.input.patchers);
    if (patched.conflicts.length > 0) {
      throw new Obstacle(path, describeConflicts(patched.conflicts));
    }
    if (!again && stat !== null && patched.content !== null) {
      this.input.drafts?.keep(index, stat, draftOf(bytes, patched.content));
    }
    // The text is kept only for files that are patched repeatedly: there it saves starting over.
    const next: FutureContent =
      "real" in content && !again
        ? { real: content.real, patches: [operation] }
        : { bytes: patched.content === null ? bytes : Buffer.concat(patched.content) };
    this.#overlay.set(path, { kind: "file", content: next, stat });
  }

  #expectFile(path: string, future: Future): { content: FutureContent; stat: FileStatOrNull } {
    if (future.kind === "absent") throw new Obstacle(path, "is gone");
    if (future.kind === "file") return future;
    if (future.kind !== "real") throw new Obstacle(path, "is no file");
    const { stat } = future;
    if (stat.kind === "symlink") {
      throw new Obstacle(path, "is a symbolic link; name the file that it points to");
    }
    if (stat.kind !== "file") throw new Obstacle(path, "is no file");
    if (stat.uid !== this.#user && this.#user !== 0) {
      throw new Obstacle(path, "belongs to another user");
    }
    return { content: { real: future.real, patches: [] }, stat };
  }

  #contentNow(content: FutureContent): { bytes: Uint8Array; again: boolean } {
    if ("bytes" in content) return { bytes: content.bytes, again: true };
    let bytes = this.input.disk.readFile(content.real);
    for (const patch of content.patches) {
      const patched = patchBytes(patch, bytes, this.input.patchers);
      if (patched.content !== null) bytes = Buffer.concat(patched.content);
    }
    return { bytes, again: content.patches.length > 0 };
  }

  #relink(operation: Extract<Operation, { op: "relinkWorktree" }>): void {
    const worktree = this.#overlay.at(operation.worktree);
    if (!isDirectory(worktree)) throw new Obstacle(operation.worktree, "is no directory");
    for (const { path, before, after } of operation.files) {
      this.#expectParent(path);
      const future = this.#overlay.at(path);
      if (future.kind === "unknown") continue;
      const { content, stat } = this.#expectFile(path, future);
      const text = Buffer.from(this.#contentNow(content).bytes).toString("utf8");
      if (text !== before && text !== after) throw new Obstacle(path, "names another place");
      this.#overlay.set(path, { kind: "file", content: { bytes: Buffer.from(after) }, stat });
    }
  }
}

type FileStatOrNull = Extract<Future, { kind: "file" }>["stat"];

function isDirectory(future: Future): boolean {
  if (future.kind === "real") return future.stat.kind === "directory";
  return future.kind === "dir" || future.kind === "unknown";
}
