/** A disk whose process dies at one of its writes: nothing later reaches it, cleanup included. */

import type { Disk, DiskLock } from "../../../lib/change/disk.ts";

const writes = [
  "makeDir",
  "removeDir",
  "writeNew",
  "renameNoReplace",
  "exchange",
  "replace",
  "link",
  "unlink",
  "touch",
  "copyFile",
  "copyAttributes",
  "sync",
] as const;

export class Died extends Error {}

export interface DyingDisk {
  disk: Disk;
  isDead(): boolean;
  /** How many writes there were. */
  count(): number;
  /** Lets go of its locks, as the kernel does. */
  bury(): void;
}

/** @param at the write before which it dies: its number, from 1, or what tells it by its arguments */
export function dyingDisk(
  base: Disk,
  at: number | ((name: (typeof writes)[number], values: readonly unknown[]) => boolean),
): DyingDisk {
  let count = 0;
  let dead = false;
  const locks = new Set<DiskLock>();
  const live = () => {
    if (dead) throw new Died("killed");
  };
  const disk: Disk = { ...base };
  for (const name of writes) {
    const act = base[name] as (...values: unknown[]) => void;
    (disk as unknown as Record<string, unknown>)[name] = (...values: unknown[]) => {
      count += 1;
      if (typeof at === "number" ? count >= at : at(name, values)) dead = true;
      live();
      act(...values);
    };
  }
  disk.openAppend = (path, length) => {
    live();
    const file = base.openAppend(path, length);
    const guarded = (act: () => void) => {
      count += 1;
      if (typeof at === "number" && count >= at) dead = true;
      live();
      act();
    };
    return {
      append: (text) => guarded(() => file.append(text)),
      sync: () => guarded(() => file.sync()),
      close: () => file.close(),
    };
  };
  disk.tryLock = (path) => {
    live();
    const lock = base.tryLock(path);
    if (lock === null) return null;
    const held: DiskLock = {
      write: (text) => lock.write(text),
      close() {
        live();
        locks.delete(lock);
        lock.close();
      },
    };
    locks.add(lock);
    return held;
  };
  return {
    disk,
    isDead: () => dead,
    count: () => count,
    bury() {
      for (const lock of locks) lock.close();
    },
  };
}
