/**
 * The rehearsal: the plan, for real, on a copy. The state (not the worktrees' contents) is copied to
 * a sandbox, every path of the plan is mapped there, and the engine executes, rolls back and compares.
 */

import {
  chmodSync,
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Operation } from "../change/operation.ts";
import type { EngineOptions } from "../change/options.ts";
import { concernsOnePath } from "../change/stop.ts";
import { applyPlan, undo } from "../change/transaction.ts";
import { describeError, errorCode, ToolkitError } from "../errors.ts";
import { isInside } from "../paths.ts";
import { compareTrees, treeOf } from "../tree.ts";
import { operationsOf, type StoragePlan } from "./plan.ts";

export interface Rehearsal {
  operations: number;
  /** Files and directories copied. */
  entries: number;
  /** What the plan says of the disk afterwards and is not so; empty is good. */
  missing: string[];
  /** Paths that differ after the rollback; empty is good. */
  differences: string[];
  /** What the rollback had to keep; empty is good. */
  kept: string[];
  milliseconds: { copy: number; execute: number; rollback: number };
}

/** What a rehearsal is given by the script. */
export type RehearsalRun = Pick<EngineOptions, "onProgress" | "signal"> & {
  toolVersion: string;
  /** Where the copy is made. @default the system's directory for temporary files */
  tmp?: string;
};

/**
 * Runs the rehearsal and removes its sandbox. The real disk is only read.
 *
 * @throws ToolkitError `findings` when the plan stops on the copy, `refused` when there is no room
 * for one, `cancelled`
 */
export async function rehearse(plan: StoragePlan, run: RehearsalRun): Promise<Rehearsal> {
  const tmp = run.tmp ?? tmpdir();
  const sandbox = makeSandbox(tmp);
  const remove = () => removeSandbox(sandbox);
  // A second Ctrl-C ends the process at once.
  process.once("exit", remove);
  try {
    return await rehearseIn(sandbox, plan, run);
  } catch (error) {
    run.signal?.throwIfAborted();
    throw explained(error, sandbox, tmp);
  } finally {
    process.off("exit", remove);
    remove();
  }
}

async function rehearseIn(
  sandbox: string,
  plan: StoragePlan,
  { toolVersion, onProgress, signal }: RehearsalRun,
): Promise<Rehearsal> {
  const disk = join(sandbox, "disk");
  const map = (path: string) => join(disk, path);
  const operations = operationsOf(plan).filter(({ op }) => op !== "renameTmux");
  const started = performance.now();
  mkdirSync(disk);
  const copier = new Copier(map, plan, sandbox);
  await copier.copyAll(sourcesOf(plan, operations), signal);
  const copied = performance.now();
  const before = treeOf(disk);
  const mapped = operations.map((operation) => mapOperation(operation, map));
  const options: EngineOptions = {
    ...(onProgress && { onProgress }),
    ...(signal && { signal }),
    migrationDir: join(sandbox, "migrations", "rehearsal"),
    roots: [disk],
    commands: { resume: "", rollback: "" },
  };
  const begin = performance.now();
  const title = "rehearsal";
  const rehearsed = { script: title, title, operations: mapped, roots: [disk] };
  await applyPlan({ ...options, toolVersion, plan: rehearsed });
  const executed = performance.now();
  const missing = finalPaths(mapped).filter((path) => !present(path));
  const undone = await undo(options);
  const ended = performance.now();
  const real = (text: string) => text.replaceAll(disk, "");
  return {
    operations: operations.length,
    entries: copier.entries,
    missing: missing.map(real),
    differences: compareTrees(before, treeOf(disk)).map((path) => `/${path}`),
    kept: undone.kept.map(({ path, reason }) => real(`${path}: ${reason}`)),
    milliseconds: {
      copy: copied - started,
      execute: executed - begin,
      rollback: ended - executed,
    },
  };
}

function makeSandbox(tmp: string): string {
  try {
    // A real path: nothing may lead out of it through a link.
    return realpathSync(mkdtempSync(join(tmp, "ao-rehearsal-")));
  } catch (cause) {
    throw noRoom(tmp, cause);
  }
}

function removeSandbox(sandbox: string): void {
  try {
    rmSync(sandbox, { recursive: true, force: true });
  } catch {
    // Copied directories may be read-only, as their originals are.
    for (const [path, entry] of treeOf(sandbox)) {
      if (entry.startsWith("directory")) chmodSync(join(sandbox, path), 0o700);
    }
    rmSync(sandbox, { recursive: true, force: true });
  }
}

/** What came in between, with the paths of the real disk and without ways on: there are none. */
function explained(error: unknown, sandbox: string, tmp: string): unknown {
  const isOurs = error instanceof ToolkitError;
  const cause = isOurs ? (error.cause ?? error) : error;
  const isOfPlan = cause instanceof ToolkitError || concernsOnePath(cause);
  // The rest is a bug, or something of the place where the copy is.
  if (!(isOurs && isOfPlan)) return errorCode(cause) === undefined ? cause : noRoom(tmp, cause);
  const state = describeError(cause).replaceAll(join(sandbox, "disk"), "");
  return new ToolkitError("findings", `Cannot carry out the plan on a copy: ${state}`, {
    hint: "nothing real was touched; execution would stop there, too",
    cause: error,
  });
}

function noRoom(tmp: string, cause: unknown): ToolkitError {
  const message = `Cannot rehearse in "${tmp}": ${describeError(cause)}`;
  return new ToolkitError("refused", message, {
    hint: "nothing real was touched; TMPDIR=DIR names another place for the copy",
    cause,
  });
}

/** Entries copied between two looks at the event loop. */
const stride = 250;

/** Copies state: of worktrees only what git's links need, and no records of migrations. */
class Copier {
  entries = 0;
  readonly #done = new Set<string>();
  readonly #leaves: ReadonlySet<string>;
  readonly #excluded: ReadonlySet<string>;
  readonly #baseDir: string;
  /** Modes of directories, given to the copies when these are complete. */
  readonly #modes: [path: string, mode: number][] = [];

  constructor(
    readonly map: (path: string) => string,
    { inventory }: StoragePlan,
    sandbox: string,
  ) {
    this.#leaves = new Set(inventory.worktrees.map((leaf) => leaf.path));
    // The directory for temporary files may be below the base dir.
    this.#baseDir = inventory.places.baseDir;
    this.#excluded = new Set([`${inventory.places.baseDir}/migrations`, sandbox]);
  }

  async copyAll(sources: readonly string[], signal: AbortSignal | undefined): Promise<void> {
    const waiting = sources.toReversed();
    for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
      waiting.push(...this.#copy(path));
      if (this.entries % stride !== 0) continue;
      await Bun.sleep(0);
      signal?.throwIfAborted();
    }
    for (const [path, mode] of this.#modes.toReversed()) chmodSync(path, mode);
  }

  /** @returns what is in it and has to be copied too */
  #copy(path: string): string[] {
    if (this.#excluded.has(path) || this.#done.has(path)) return [];
    // A base dir may be a link to another disk; the copy must not lead there.
    const look = path === this.#baseDir ? statSync : lstatSync;
    const stats = look(path, { throwIfNoEntry: false });
    if (stats === undefined) return [];
    this.#done.add(path);
    this.entries += 1;
    const to = this.map(path);
    mkdirSync(dirname(to), { recursive: true });
    try {
      if (stats.isDirectory()) return this.#copyDir(path, to, stats.mode & 0o7777);
      if (stats.isFile() || stats.isSymbolicLink())
        cpSync(path, to, { preserveTimestamps: true, verbatimSymlinks: true });
    } catch (error) {
      // What cannot be read is left alone by the plan, and what has gone meanwhile is gone.
      if (!["EACCES", "EPERM", "ENOENT"].includes(errorCode(error) ?? "")) throw error;
    }
    return [];
  }

  #copyDir(path: string, to: string, mode: number): string[] {
    mkdirSync(to, { recursive: true });
    // Its contents move untouched.
    const names = this.#leaves.has(path) ? [".git"] : readdirSync(path);
    this.#modes.push([to, mode]);
    return names.map((name) => `${path}/${name}`);
  }
}

/** Everything that operations find there or put something into. */
function sourcesOf(plan: StoragePlan, operations: Operation[]): string[] {
  const { inventory, target, companions } = plan;
  const { places } = inventory;
  const oldPlaces = new Map([...target.worktrees, ...companions].map(({ from, to }) => [to, from]));
  const links = operations.flatMap((operation) => {
    if (operation.op !== "relinkWorktree") return [];
    const { worktree, files } = operation;
    const from = oldPlaces.get(worktree) ?? worktree;
    const inside = files.filter(({ path }) => isInside(path, worktree));
    return inside.map(({ path }) => from + path.slice(worktree.length));
  });
  // They stand in what is not copied.
  const tops = companions.map(({ from }) => `${from}/.git`);
  // Most of them lie in the base dir, and nothing is copied twice.
  return [places.baseDir, ...foundPresent(operations), ...links, ...tops];
}

/** Paths that some operation finds present. */
function foundPresent(operations: Operation[]): string[] {
  return operations.flatMap((operation) => {
    if (operation.op === "move") return [operation.from];
    if (operation.op === "relinkWorktree") return operation.files.map((file) => file.path);
    if (operation.op === "patchJson" || operation.op === "patchYaml" || operation.op === "trash") {
      return [operation.path];
    }
    return [];
  });
}

function mapOperation(operation: Operation, map: (path: string) => string): Operation {
  switch (operation.op) {
    case "move":
      return { ...operation, from: map(operation.from), to: map(operation.to) };
    case "relinkWorktree":
      return {
        ...operation,
        repo: map(operation.repo),
        worktree: map(operation.worktree),
        files: operation.files.map((file) => ({ ...file, path: map(file.path) })),
      };
    case "renameTmux":
      return operation;
    default:
      return { ...operation, path: map(operation.path) };
  }
}

/** Paths that must exist once all operations ran: targets that no later operation took away. */
function finalPaths(operations: Operation[]): string[] {
  const root: Node = new Map();
  for (const operation of operations) {
    if (operation.op === "makeDir" || operation.op === "create") attach(root, operation.path);
    if (operation.op === "trash") detach(root, operation.path);
    if (operation.op === "move") attach(root, operation.to, detach(root, operation.from));
  }
  const paths: string[] = [];
  const visit = (node: Node, path: string) => {
    // A plan that only takes away leaves nothing but the root.
    if (node.size === 0 && path !== "") paths.push(path);
    for (const [name, child] of node) visit(child, `${path}/${name}`);
  };
  visit(root, "");
  return paths;
}

/** A directory tree by names; an entry without children is a path that must exist. */
interface Node extends Map<string, Node> {}

function attach(root: Node, path: string, subtree: Node = new Map()): void {
  const names = path.split("/").filter((name) => name !== "");
  const last = names.pop() ?? "";
  let node = root;
  for (const name of names) {
    const next: Node = node.get(name) ?? new Map();
    node.set(name, next);
    node = next;
  }
  if (!node.has(last)) node.set(last, subtree);
}

function detach(root: Node, path: string): Node {
  const names = path.split("/").filter((name) => name !== "");
  const last = names.pop() ?? "";
  let node: Node | undefined = root;
  for (const name of names) node = node?.get(name);
  const subtree = node?.get(last) ?? new Map();
  node?.delete(last);
  return subtree;
}

function present(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
