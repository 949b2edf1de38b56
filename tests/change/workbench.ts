/** A temporary directory with a user's tree in it, and migrations run on it. */

import * as fs from "node:fs";
import { dirname, join } from "node:path";
import type { Disk } from "../../lib/change/disk.ts";
import type { Operation } from "../../lib/change/operation.ts";
import type { EngineOptions } from "../../lib/change/options.ts";
import { applyPlan, resume, undo } from "../../lib/change/transaction.ts";
import type { ToolkitError } from "../../lib/errors.ts";
import { makeTemp } from "../temp.ts";
import { diffTrees, readTree, type Tree } from "../tree.ts";

export interface Workbench extends Disposable {
  base: string;
  /** Where the user's files are; the only root. */
  root: string;
  migrationDir: string;
  options: EngineOptions;
  /** The absolute path of a name below the root. */
  at(name: string): string;
  /** Writes a file, with the directories above it. */
  write(name: string, text: string, mode?: number): void;
  read(name: string): string;
  exists(name: string): boolean;
  apply(operations: Operation[], extra?: Partial<EngineOptions>): ReturnType<typeof applyPlan>;
  resume(extra?: Partial<EngineOptions>): ReturnType<typeof resume>;
  undo(extra?: Partial<EngineOptions>): ReturnType<typeof undo>;
  /** The user's tree with the times of files but not of directories, which renames touch. */
  tree(): Tree;
  /** What changed in it since. */
  since(before: Tree): string[];
}

export function makeWorkbench(disk?: Disk): Workbench {
  const base = makeTemp("change");
  const root = join(base, "tree");
  fs.mkdirSync(root);
  const migrationDir = join(base, "migrations", "test-20260101T000000Z-abcdef");
  const commands = { resume: "migrate --resume ID", rollback: "rollback ID" };
  const options = { migrationDir, roots: [root], commands, ...(disk ? { disk } : {}) };
  const at = (name: string) => join(root, name);
  const tree = () => {
    const found = readTree(root, { mtime: true });
    for (const entry of found.values()) if (entry.kind === "dir") delete entry.mtime;
    return found;
  };
  return {
    base,
    root,
    migrationDir,
    options,
    at,
    write(name, text, mode = 0o644) {
      fs.mkdirSync(dirname(at(name)), { recursive: true });
      fs.writeFileSync(at(name), text);
      fs.chmodSync(at(name), mode);
    },
    read: (name) => fs.readFileSync(at(name), "utf8"),
    exists: (name) => fs.lstatSync(at(name), { throwIfNoEntry: false }) !== undefined,
    apply(operations, extra = {}) {
      const plan = { script: "test", title: "a test", roots: [root], operations };
      return applyPlan({ ...options, ...extra, plan, toolVersion: "0.0.0" });
    },
    resume: (extra = {}) => resume({ ...options, ...extra }),
    undo: (extra = {}) => undo({ ...options, ...extra }),
    tree,
    since: (before) => diffTrees(before, tree()),
    [Symbol.dispose]: () => fs.rmSync(base, { recursive: true, force: true }),
  };
}

/** The error that a promise ends with. */
export async function errorOf(promise: Promise<unknown>): Promise<ToolkitError> {
  try {
    await promise;
  } catch (error) {
    return error as ToolkitError;
  }
  throw new Error("it succeeded");
}
