/**
 * A view of the disk as it will be in the middle of a plan: the real disk below, and on top what
 * the operations so far will have done. Nothing is written; `preflight.ts` looks through it.
 */

import { basename, dirname, join } from "node:path";
import { fold } from "./batch.ts";
import type { Disk, FileStat } from "./disk.ts";
import type { FieldPatch } from "./patch.ts";

/** Content that a file will have: given, or the real file's after some patches. */
export type FutureContent =
  | { bytes: Uint8Array }
  | { real: string; patches: readonly FieldPatch[] };

/** What will be at a path. */
export type Future =
  | { kind: "absent" }
  | { kind: "dir" }
  | { kind: "file"; content: FutureContent; stat: FileStat | null }
  /** Still as on the disk, there at `real`. */
  | { kind: "real"; real: string; stat: FileStat }
  /** An operation failed its check there, so nothing more can be said. */
  | { kind: "unknown" };

type State =
  | Exclude<Future, { kind: "real" }>
  /** This and, unless said otherwise, everything below is what the disk has at `real`. */
  | { kind: "link"; real: string };

interface Node {
  state?: State;
  /** Absent in the many leaves of a large plan. */
  children?: Map<string, Node> | undefined;
}

export class Overlay {
  readonly #root: Node = {};

  /** @param caseless whether the file system takes `a` and `A` for the same name */
  constructor(
    readonly disk: Disk,
    readonly caseless: boolean,
  ) {}

  at(path: string): Future {
    const state = this.#stateAt(path);
    if (state.kind !== "link") return state;
    const stat = this.disk.lstat(state.real);
    return stat === null ? { kind: "absent" } : { kind: "real", real: state.real, stat };
  }

  /** Where the disk now has what will be at `path`; null for what does not exist yet. */
  realPathOf(path: string): string | null {
    const state = this.#stateAt(path);
    return state.kind === "link" ? state.real : null;
  }

  /** Says what will be at a path; what was said of paths below it is forgotten. */
  set(path: string, state: Exclude<Future, { kind: "real" }>): void {
    const node = this.#nodeAt(path);
    node.state = state;
    node.children = undefined;
  }

  /** Moves what will be at `from`, with everything below it, to `to`. */
  move(from: string, to: string): void {
    const state = this.#stateAt(from);
    const source = this.#nodeAt(from);
    const target = this.#nodeAt(to);
    target.state = source.state ?? state;
    target.children = source.children;
    source.state = { kind: "absent" };
    source.children = undefined;
  }

  /** The state that holds at a path: its own, or what follows from the nearest one above. */
  #stateAt(path: string): State {
    let state: State = { kind: "link", real: "/" };
    let node: Node | undefined = this.#root;
    for (const name of path.split("/")) {
      if (name === "") continue;
      node = node?.children?.get(this.#key(name));
      state = node?.state ?? below(state, name);
    }
    return state;
  }

  #nodeAt(path: string): Node {
    let node = this.#root;
    for (const name of path.split("/")) {
      if (name === "") continue;
      const key = this.#key(name);
      node.children ??= new Map();
      let child = node.children.get(key);
      if (child === undefined) {
        child = {};
        node.children.set(key, child);
      }
      node = child;
    }
    return node;
  }

  #key(name: string): string {
    return this.caseless ? fold(name) : name;
  }
}

/** What is said of a name below something. */
function below(state: State, name: string): State {
  if (state.kind === "link") {
    return { kind: "link", real: state.real === "/" ? `/${name}` : `${state.real}/${name}` };
  }
  // Below a new directory or a file there is nothing until an operation puts it there.
  return state.kind === "unknown" ? state : { kind: "absent" };
}

/** Whether the directory's file system takes names that differ in case for the same. */
export function isCaseless(disk: Disk, dir: string): boolean {
  const name = basename(dir);
  const other = name === name.toUpperCase() ? name.toLowerCase() : name.toUpperCase();
  const stat = disk.lstat(dir);
  return other !== name && stat !== null && disk.lstat(join(dirname(dir), other))?.ino === stat.ino;
}
