/** Operations prepared and performed one by one, on a simulated disk that every test can look at. */

import { identityOf, type Performed, perform } from "../../lib/change/action.ts";
import { prepareBackward } from "../../lib/change/backward.ts";
import { Context, type Step } from "../../lib/change/context.ts";
import type { Disk } from "../../lib/change/disk.ts";
import { prepareForward } from "../../lib/change/forward.ts";
import { emptyLedger, type Ledger } from "../../lib/change/ledger.ts";
import type { Operation } from "../../lib/change/operation.ts";
import type { TmuxPort } from "../../lib/change/options.ts";
import { loadPatchers } from "../../lib/change/patch.ts";
import { Places } from "../../lib/change/places.ts";
import { Roots } from "../../lib/change/roots.ts";
import { SimulatedDisk, type SimulationOptions } from "../simulated-disk.ts";

export const migrationDir = "/base/migrations/test-20260101T000000Z-abcdef";

export interface Prepared {
  disk: SimulatedDisk;
  context: Context;
  /** Content by path, of all files below `/tree` and in the migration's directory. */
  files(): Record<string, string>;
  write(path: string, text: string): void;
  identity(path: string): string;
  /** Does all actions of a step. */
  perform(step: Step): Performed[];
}

export interface Given {
  files?: Record<string, string>;
  /** Made before the files; `/tree/far` is on another device when it is among them. */
  dirs?: string[];
  tmux?: TmuxPort;
  simulation?: SimulationOptions;
  /** What the context sees instead of the disk. */
  seenAs?: (disk: SimulatedDisk) => Disk;
}

export async function makePrepared(operations: Operation[], given: Given = {}): Promise<Prepared> {
  const disk = new SimulatedDisk(given.simulation);
  const own = ["/base", "/base/migrations", migrationDir, `${migrationDir}/staging`];
  const dirs = given.dirs ?? [];
  for (const dir of [...own, `${migrationDir}/trash`, "/tree", ...dirs]) disk.makeDir(dir);
  if (dirs.includes("/tree/far")) disk.mount("/tree/far", "device");
  const write = (path: string, text: string) =>
    disk.writeNew(path, [Buffer.from(text)], { mode: 0o644 });
  for (const [path, text] of Object.entries(given.files ?? {})) write(path, text);
  const places = new Places(migrationDir);
  const seen = given.seenAs?.(disk) ?? disk;
  const roots = new Roots(seen, places, { callers: ["/tree"], plans: ["/tree"] });
  const patchers = await loadPatchers(operations);
  const context = new Context(seen, places, roots, operations, patchers, given.tmux);
  return {
    disk,
    context,
    write,
    files: () => ({ ...filesBelow(disk, "/tree"), ...filesBelow(disk, migrationDir) }),
    identity(path) {
      const stat = disk.lstat(path);
      if (stat === null) throw new Error(`nothing at ${path}`);
      return identityOf(stat);
    },
    perform: ({ actions }) =>
      actions.map((action) => (action.act === "tmux" ? "done" : perform(disk, action))),
  };
}

export interface Applied extends Prepared {
  ledger: Ledger;
  back(index?: number, attempt?: number): ReturnType<typeof prepareBackward>;
}

/** Applied for good, and about to be taken back. */
export async function apply(operations: Operation[], given: Given = {}): Promise<Applied> {
  const prepared = await makePrepared(operations, given);
  const ledger = { ...emptyLedger(), run: "undo" as const, undoRuns: 1 };
  for (const index of operations.keys()) {
    const step = await prepareForward(prepared.context, index, undefined);
    prepared.perform(step);
    prepared.context.roots.forget();
    ledger.facts.push(step.facts);
    ledger.applied += 1;
    ledger.intended += 1;
  }
  const back = (index = 0, attempt = 0) =>
    prepareBackward(prepared.context, ledger, index, attempt);
  return { ...prepared, ledger, back };
}

/** Content by path; links are left out. */
export function filesBelow(disk: Disk, dir: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of disk.readDir(dir).sort()) {
    const path = `${dir}/${name}`;
    const kind = disk.lstat(path)?.kind;
    if (kind === "directory") Object.assign(found, filesBelow(disk, path));
    if (kind === "file") found[path] = Buffer.from(disk.readFile(path)).toString("utf8");
  }
  return found;
}

/** A disk of which some calls are answered otherwise. */
export function altered(disk: Disk, calls: Partial<Disk>): Disk {
  return new Proxy(disk, {
    get: (target, key) => {
      const value: unknown = Reflect.get(calls, key) ?? Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

export function failing(code: string): () => never {
  return () => {
    throw Object.assign(new Error(`${code}: it failed`), { code });
  };
}
