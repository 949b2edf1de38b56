/**
 * The rehearsal: the plan, for real, on a copy. The state (not the worktrees' contents) is copied to
 * a sandbox, every path of the plan is mapped there, and the engine executes, rolls back and compares.
 */

import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Operation } from "../change/operation.ts";
import type { EngineOptions } from "../change/options.ts";
import { applyPlan, undo } from "../change/transaction.ts";
import type { Places } from "../paths.ts";
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

/** Runs the rehearsal and removes its sandbox. The real disk is only read. */
export async function rehearse(
  plan: StoragePlan,
  run: Pick<EngineOptions, "onProgress" | "signal"> & { toolVersion: string; tmp?: string },
): Promise<Rehearsal> {
  const sandbox = mkdtempSync(join(run.tmp ?? tmpdir(), "ao-rehearsal-"));
  const { tmp: _, ...engine } = run;
  try {
    const map = (path: string) => join(sandbox, "disk", path);
    const operations = operationsOf(plan).filter(({ op }) => op !== "renameTmux");
    const started = performance.now();
    mkdirSync(join(sandbox, "disk"));
    const entries = copyState(plan, operations, map);
    const copied = performance.now();
    const before = treeOf(join(sandbox, "disk"));
    const mapped = operations.map((operation) => mapOperation(operation, map));
    const options: EngineOptions = {
      ...engine,
      migrationDir: join(sandbox, "migrations", "rehearsal"),
      roots: [join(sandbox, "disk")],
      commands: { resume: "", rollback: "" },
    };
    mkdirSync(dirname(options.migrationDir), { recursive: true });
    const begin = performance.now();
    await applyPlan({
      ...options,
      toolVersion: run.toolVersion,
      plan: {
        script: "rehearsal",
        title: "rehearsal",
        operations: mapped,
        roots: options.roots.slice(),
      },
    });
    const executed = performance.now();
    const missing = finalPaths(mapped).filter((path) => !present(path));
    const undone = await undo(options);
    const ended = performance.now();
    return {
      operations: operations.length,
      entries,
      missing: missing.map((path) => path.slice(join(sandbox, "disk").length)),
      differences: compareTrees(before, treeOf(join(sandbox, "disk"))),
      kept: undone.kept.map(({ path, reason }) => `${path}: ${reason}`),
      milliseconds: {
        copy: copied - started,
        execute: executed - begin,
        rollback: ended - executed,
      },
    };
  } finally {
    rmSync(sandbox, { recursive: true, force: true });
  }
}

/** Copies the base dir without worktrees' contents, and whatever else the operations start from. */
function copyState(
  plan: StoragePlan,
  operations: Operation[],
  map: (path: string) => string,
): number {
  const { places, worktrees } = plan.inventory;
  const leaves = new Set(worktrees.map((leaf) => leaf.path));
  const copier = new Copier(map, leaves, `${places.baseDir}/migrations`);
  if (existsSync(places.baseDir)) copier.copy(places.baseDir);
  for (const path of sourcesOutside(operations, places)) copier.copy(path);
  return copier.entries;
}

class Copier {
  entries = 0;
  readonly #done = new Set<string>();

  constructor(
    readonly map: (path: string) => string,
    readonly leaves: ReadonlySet<string>,
    readonly excluded: string,
  ) {}

  copy(path: string): void {
    if (path === this.excluded || this.#done.has(path)) return;
    if (!present(path)) return;
    this.#done.add(path);
    this.entries += 1;
    const to = this.map(path);
    mkdirSync(dirname(to), { recursive: true });
    const stats = lstatSync(path);
    if (!stats.isDirectory()) {
      if (stats.isFile() || stats.isSymbolicLink())
        cpSync(path, to, { preserveTimestamps: true, verbatimSymlinks: true });
      return;
    }
    mkdirSync(to, { recursive: true });
    // Of a worktree only its link matters here; its contents move untouched.
    const names = this.leaves.has(path) ? [".git"] : readdirSync(path);
    for (const name of names) this.copy(`${path}/${name}`);
  }
}

/** Paths outside the base dir that some operation finds present. */
function sourcesOutside(operations: Operation[], places: Places): string[] {
  const paths = operations.flatMap((operation) => {
    if (operation.op === "move") return [operation.from];
    if (operation.op === "relinkWorktree") return operation.files.map((file) => file.path);
    if (operation.op === "patchJson" || operation.op === "patchYaml" || operation.op === "trash") {
      return [operation.path];
    }
    return [];
  });
  return paths.filter((path) => !path.startsWith(`${places.baseDir}/`));
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
