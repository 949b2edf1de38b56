/**
 * Keeps every write inside the places that the caller named. Plans are read from files, so their
 * paths are not trusted; nor is the disk, where a symlink may lead anywhere.
 */

import { dirname, join, relative, resolve } from "node:path";
import { errorCode, ToolkitError } from "../errors.ts";
import type { Disk } from "./disk.ts";
import { dirOf, type Operation, touchedBy } from "./operation.ts";
import type { Places } from "./places.ts";
import { Obstacle } from "./stop.ts";

/** What is known about the directory that an operation writes into. */
export interface ParentFacts {
  /** Device of the nearest directory that exists. */
  dev: bigint;
  /** Whether that is the directory itself. */
  exists: boolean;
}

/** The roots of a run. Every path must be in one of the caller's and in one of the plan's. */
export class Roots {
  readonly callers: readonly string[];
  readonly plans: readonly string[];
  readonly #own: string;
  readonly #named = new Set<string>();
  readonly #parents = new Map<string, ParentFacts>();

  constructor(
    readonly disk: Disk,
    readonly places: Places,
    roots: { callers: readonly string[]; plans: readonly string[] },
  ) {
    this.#own = dirname(places.dir);
    this.callers = roots.callers.map((root) => resolve(root));
    this.plans = roots.plans.map((root) => resolve(root));
  }

  /**
   * Checks the paths of all operations as text.
   *
   * @throws ToolkitError `invalid` for a path that is no plain absolute path, `refused` for one
   * outside the roots or in the toolkit's own directory
   */
  checkPaths(operations: readonly Operation[]): void {
    for (const [index, operation] of operations.entries()) {
      const { writes, needs } = touchedBy(operation);
      for (const path of needs) {
        if (!isPlain(path)) throw badPath("invalid", index, path, "it is no plain absolute path");
      }
      for (const path of writes) this.#checkPath(index, path);
      if (operation.op === "move" && isBelow(operation.to, operation.from)) {
        throw badPath("invalid", index, operation.to, "nothing can be moved into itself");
      }
    }
  }

  #checkPath(index: number, path: string): void {
    if (!isPlain(path)) throw badPath("invalid", index, path, "it is no plain absolute path");
    const own = this.#own;
    if (isBelow(path, own) || isBelow(own, path)) {
      throw badPath("refused", index, path, `it holds or is held by "${own}"`);
    }
    const dir = dirOf(path);
    if (this.#named.has(dir)) return;
    const isNamed = (roots: readonly string[]) => roots.some((root) => isBelow(path, root));
    if (!(isNamed(this.callers) && isNamed(this.plans))) {
      throw badPath("refused", index, path, "it lies outside the places that may be changed");
    }
    const isRoot = this.callers.includes(path) || this.plans.includes(path);
    // Its neighbours are inside too, unless it is a root itself.
    if (!isRoot) this.#named.add(dir);
  }

  /**
   * Looks at the directory of a path on the disk: no symlink may stand between it and its root.
   *
   * @throws Obstacle when one does
   */
  parentOf(path: string): ParentFacts {
    const dir = dirOf(path);
    const known = this.#parents.get(dir);
    if (known !== undefined) return known;
    const facts = this.#look(path, dir);
    // A root that is a single file says nothing about its neighbours.
    if (!this.callers.includes(path)) this.#parents.set(dir, facts);
    return facts;
  }

  /** Forgets what was seen; directories move from batch to batch. */
  forget(): void {
    this.#parents.clear();
  }

  #look(path: string, dir: string): ParentFacts {
    const { existing, real } = this.#resolve(dir);
    const straight = this.callers.some((root) => {
      if (!isBelow(path, root)) return false;
      if (path === root) return true;
      return join(this.#resolve(root).real, relative(root, dir)) === real;
    });
    if (!straight) throw new Obstacle(path, "leads through a symbolic link");
    const stat = this.disk.lstat(existing);
    if (stat === null) throw new Obstacle(existing, "is gone");
    return { dev: stat.dev, exists: existing === real && stat.kind === "directory" };
  }

  /** The nearest existing directory, and the path with its symlinks resolved. */
  #resolve(dir: string): { existing: string; real: string } {
    for (let existing = dir; ; existing = dirname(existing)) {
      if (this.disk.lstat(existing) === null) continue;
      try {
        const real = this.disk.realPath(existing);
        return { existing: real, real: join(real, relative(existing, dir)) };
      } catch (error) {
        if (errorCode(error) !== "ENOENT" && errorCode(error) !== "ELOOP") throw error;
        throw new Obstacle(existing, "is a symbolic link to nowhere");
      }
    }
  }
}

/** Whether a path is `dir` or below it; both are plain. */
export function isBelow(path: string, dir: string): boolean {
  return path === dir || dir === "/" || (path.startsWith(dir) && path[dir.length] === "/");
}

/** Absolute, and equal to itself after normalising: no `..`, no `//`, no slash at the end. */
function isPlain(path: string): boolean {
  if (!path.startsWith("/") || path.endsWith("/") || path.includes("\0")) return false;
  // A lone surrogate would become another name on its way to the disk.
  return join(path) === path && path.isWellFormed();
}

function badPath(
  outcome: "invalid" | "refused",
  index: number,
  path: string,
  state: string,
): ToolkitError {
  return new ToolkitError(outcome, `Cannot change "${path}": ${state} (operation ${index + 1})`, {
    hint: "make a new plan; nothing was changed",
  });
}
