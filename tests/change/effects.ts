/** What a simulated disk has on its way to the medium, and what a power cut leaves of it. */

import type { FileStat } from "../../lib/change/disk.ts";

export interface Inode {
  kind: FileStat["kind"];
  mode: number;
  uid: number;
  gid: number;
  mtimeNs: bigint;
  data: Uint8Array;
  target: string;
  /** Of a directory: folded name → name and inode. */
  entries: Map<string, Entry>;
  /** Renames work within a mount; a bind mount has the device of its file system. */
  dev: bigint;
  mount: number;
}

export interface Entry {
  name: string;
  ino: bigint;
}

/** One entry of a directory goes from one inode (or none) to another. */
export interface EntryChange {
  dir: bigint;
  key: string;
  from: Entry | undefined;
  to: Entry | undefined;
}

export type Effect =
  | { kind: "entries"; changes: EntryChange[] }
  | { kind: "data"; ino: bigint; offset: number; bytes: Uint8Array; cut?: true }
  | { kind: "attributes"; ino: bigint; set: Partial<Inode> };

/** Chooses what a power cut keeps: numbers from 0 up to, not including, 1. */
export type Random = () => number;

/** A small generator of numbers that a seed determines. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const rootIno = 1n;

/** The medium after a power cut: what was durable, and any part of what was pending. */
export function survivorsOf(
  durable: ReadonlyMap<bigint, Inode>,
  pending: readonly Effect[],
  random: Random,
): Map<bigint, Inode> {
  const medium = new Map([...durable].map(([ino, node]) => [ino, copyInode(node)]));
  // Between nothing and everything; the extremes are the likeliest on real disks.
  const share = [0, 1, random(), random()][Math.floor(random() * 4)] ?? 0;
  const torn = new Set<bigint>();
  for (const effect of pending) {
    const isKept = random() < share;
    if (effect.kind !== "data") {
      if (isKept && isPossible(medium, effect)) applyEffect(medium, effect);
      continue;
    }
    // After the first lost write to a file, later ones make no sense.
    if (torn.has(effect.ino)) continue;
    if (!isKept) torn.add(effect.ino);
    for (const part of isKept ? [effect] : tear(effect, random)) applyEffect(medium, part);
  }
  return medium;
}

/**
 * Nothing is moved into a directory that is not there itself, and no directory goes before what is
 * in it: every file system keeps that order.
 */
export function isPossible(medium: ReadonlyMap<bigint, Inode>, effect: Effect): boolean {
  if (effect.kind !== "entries") return true;
  const placed = effect.changes.map(({ to }) => to?.ino);
  return effect.changes.every(({ dir, from, to }) => {
    if (to !== undefined) return isReachable(medium, dir);
    const isMoved = from === undefined || placed.includes(from.ino);
    return isMoved || medium.get(from.ino)?.entries.size === 0;
  });
}

function isReachable(medium: ReadonlyMap<bigint, Inode>, dir: bigint): boolean {
  const queue = [rootIno];
  for (let ino = queue.pop(); ino !== undefined; ino = queue.pop()) {
    if (ino === dir) return true;
    for (const entry of medium.get(ino)?.entries.values() ?? []) queue.push(entry.ino);
  }
  return false;
}

/** What may remain of a write: nothing, a part, or a part with a hole of zeros. */
export function tear(effect: Extract<Effect, { kind: "data" }>, random: Random): Effect[] {
  if (effect.cut === true) return [];
  const { bytes } = effect;
  const length = Math.floor(random() * (bytes.length + 1));
  const part = bytes.slice(0, length);
  // A block that did not make it reads as zeros, at the end or in front of later ones.
  const hole = Math.floor(random() * length);
  const shape = random();
  if (shape < 0.3) part.fill(0, hole);
  else if (shape < 0.6) part.fill(0, 0, hole);
  return [{ ...effect, bytes: part }];
}

export function applyEffect(inodes: Map<bigint, Inode>, effect: Effect): void {
  if (effect.kind === "entries") {
    const fits = effect.changes.every(
      ({ dir, key, from }) => inodes.get(dir)?.entries.get(key)?.ino === from?.ino,
    );
    // It builds on something that was lost, so it cannot have happened.
    if (!fits) return;
    for (const { dir, key, to } of effect.changes) {
      if (to === undefined) inodes.get(dir)?.entries.delete(key);
      else inodes.get(dir)?.entries.set(key, to);
    }
    return;
  }
  const node = inodes.get(effect.ino);
  if (node === undefined) return;
  if (effect.kind === "attributes") Object.assign(node, effect.set);
  else node.data = Buffer.concat([node.data.subarray(0, effect.offset), effect.bytes]);
}

export function copyInode(node: Inode): Inode {
  return { ...node, entries: new Map(node.entries) };
}
