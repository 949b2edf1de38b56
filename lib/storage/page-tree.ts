/**
 * The disk before and after a plan as two trees: the plan's own operations are carried out on the
 * paths that the scan saw, so the page shows what execution does.
 */

import type { Operation } from "../change/operation.ts";
import type { Inventory, StateDir } from "./inventory.ts";

/** What becomes of a path: shown as a word beside it. */
export type Mark = "moves" | "changes" | "to the trash" | "new" | "moved here";

export interface TreeNode {
  children: Map<string, TreeNode>;
  mark?: Mark;
}

/** Both trees; `/` is their root. Names in them are as they are on the disk. */
export function treesOf(
  inventory: Inventory,
  operations: readonly Operation[],
): { before: TreeNode; after: TreeNode } {
  const before = seenPaths(inventory);
  const after = seenPaths(inventory);
  const old = new Map<TreeNode, TreeNode>();
  pairUp(after, before, old);
  for (const operation of operations) apply(operation, after, old);
  return { before, after };
}

/** Every path of AO's that the scan knows. */
function seenPaths(inventory: Inventory): TreeNode {
  const root: TreeNode = { children: new Map() };
  const add = (path: string) => {
    ensure(root, path);
  };
  for (const dir of [...inventory.projects, ...inventory.hashDirs]) addStateDir(dir, add);
  for (const { path } of inventory.observability) add(path);
  for (const { path } of inventory.worktrees) add(path);
  for (const { path } of inventory.leftovers) add(path);
  if (inventory.registry !== null) add(inventory.registry.file);
  return root;
}

function addStateDir(dir: StateDir, add: (path: string) => void): void {
  add(dir.path);
  for (const { path } of [...dir.sessions, ...dir.archives]) add(path);
  if (dir.orchestrator !== undefined) add(dir.orchestrator.path);
  if (dir.identity !== undefined) add(`${dir.path}/identity.json`);
  for (const { name } of dir.others) add(`${dir.path}/${name}`);
}

function pairUp(node: TreeNode, twin: TreeNode, pairs: Map<TreeNode, TreeNode>): void {
  pairs.set(node, twin);
  for (const [name, child] of node.children) {
    const other = twin.children.get(name);
    if (other !== undefined) pairUp(child, other, pairs);
  }
}

/** Carries an operation out on the tree, and marks what it touches in both. */
function apply(operation: Operation, root: TreeNode, old: ReadonlyMap<TreeNode, TreeNode>): void {
  const mark = (node: TreeNode | undefined, before: Mark, after?: Mark) => {
    if (node === undefined) return;
    const twin = old.get(node);
    if (twin !== undefined) twin.mark = before;
    if (after !== undefined) node.mark = after;
  };
  switch (operation.op) {
    case "makeDir":
    case "create": {
      if (find(root, operation.path) === undefined) ensure(root, operation.path).mark = "new";
      return;
    }
    case "move": {
      const node = take(root, operation.from);
      mark(node, "moves", "moved here");
      put(root, operation.to, node ?? { children: new Map(), mark: "moved here" });
      return;
    }
    case "trash":
      mark(take(root, operation.path), "to the trash");
      return;
    case "patchJson":
    case "patchYaml": {
      const node = find(root, operation.path);
      const moved = node?.mark === "moved here";
      const before = node === undefined ? undefined : old.get(node)?.mark;
      mark(node, before ?? "changes", moved ? "moved here" : "changes");
      return;
    }
    default:
  }
}

function parts(path: string): string[] {
  return path.split("/").filter((part) => part !== "");
}

function ensure(root: TreeNode, path: string): TreeNode {
  let node = root;
  for (const part of parts(path)) {
    let child = node.children.get(part);
    if (child === undefined) {
      child = { children: new Map() };
      node.children.set(part, child);
    }
    node = child;
  }
  return node;
}

function find(root: TreeNode, path: string): TreeNode | undefined {
  return parts(path).reduce<TreeNode | undefined>((node, part) => node?.children.get(part), root);
}

function take(root: TreeNode, path: string): TreeNode | undefined {
  const names = parts(path);
  const name = names.pop() ?? "";
  const parent = find(root, names.join("/"));
  const node = parent?.children.get(name);
  parent?.children.delete(name);
  return node;
}

function put(root: TreeNode, path: string, node: TreeNode): void {
  const names = parts(path);
  const name = names.pop() ?? "";
  ensure(root, names.join("/")).children.set(name, node);
}

/** Children of one directory that are drawn before the rest becomes a number. */
const shown = 12;

export interface TreeLine {
  /** With the lines of the drawing. */
  text: string;
  mark?: Mark;
}

/** The tree below a path, as lines. Directories with many entries show the first few. */
export function drawTree(root: TreeNode, path: string): TreeLine[] {
  const top = find(root, path);
  return top === undefined ? [] : drawChildren(top, "");
}

function drawChildren(node: TreeNode, indent: string): TreeLine[] {
  const names = [...node.children.keys()].sort();
  const limit = names.length > shown + 1 ? shown : names.length;
  const lines = names.slice(0, limit).flatMap((name, at): TreeLine[] => {
    const child = node.children.get(name);
    if (child === undefined) return [];
    const last = at === names.length - 1;
    const text = `${indent}${last ? "└─ " : "├─ "}${name}${child.children.size > 0 ? "/" : ""}`;
    const below = drawChildren(child, indent + (last ? "   " : "│  "));
    return [{ text, ...(child.mark !== undefined && { mark: child.mark }) }, ...below];
  });
  const more = names.length - limit;
  return more > 0 ? [...lines, { text: `${indent}└─ … and ${more} more` }] : lines;
}
