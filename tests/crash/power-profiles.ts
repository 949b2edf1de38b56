/**
 * What file systems leave after a power cut, of what was not flushed. `survivorsOf` keeps any
 * subset at all; these keep the order that a journal keeps, and so reach states that chance does not.
 */

import {
  applyEffect,
  copyInode,
  type Effect,
  type Inode,
  isPossible,
  type Random,
  survivorsOf,
  tear,
} from "../change/effects.ts";
import type { SimulationOptions } from "../simulated-disk.ts";

type DataEffect = Extract<Effect, { kind: "data" }>;

export interface Profile {
  options: SimulationOptions;
  survivors: typeof survivorsOf;
}

export type ProfileName = "ext4" | "APFS" | "any";

export const profiles: Record<ProfileName, Profile> = {
  ext4: { options: {}, survivors: survivorsOnExt4 },
  APFS: { options: { caseless: true }, survivors: survivorsOnApfs },
  any: { options: {}, survivors: survivorsOf },
};

/**
 * ext4 with ordered data: one journal of names and attributes, kept up to some moment; contents are
 * allocated late, so that each file has as much of its new bytes as happened to be written back.
 */
export function survivorsOnExt4(
  durable: ReadonlyMap<bigint, Inode>,
  pending: readonly Effect[],
  random: Random,
): Map<bigint, Inode> {
  const medium = copyOf(durable);
  const committed = momentIn(pending.length, random);
  const contents = new Contents(medium, random, { holes: false });
  for (const [moment, effect] of pending.entries()) {
    // Cutting a file is a change of its inode, which the journal holds.
    if (effect.kind === "data" && effect.cut !== true) contents.write(effect);
    else if (moment >= committed) contents.lose(effect);
    else applyEffect(medium, effect);
  }
  return medium;
}

/**
 * APFS without F_FULLFSYNC: each directory is as it was at a moment of its own, a rename between two
 * of them is in both or in none, and the drive writes contents in any order, before or after names.
 */
export function survivorsOnApfs(
  durable: ReadonlyMap<bigint, Inode>,
  pending: readonly Effect[],
  random: Random,
): Map<bigint, Inode> {
  const medium = copyOf(durable);
  const moments = new Map<bigint, number>();
  const momentOf = (ino: bigint): number => {
    const moment = moments.get(ino) ?? momentIn(pending.length, random);
    moments.set(ino, moment);
    return moment;
  };
  const contents = new Contents(medium, random, { holes: true });
  for (const [moment, effect] of pending.entries()) {
    if (effect.kind === "data" && effect.cut !== true) {
      contents.write(effect);
      continue;
    }
    const inodes = effect.kind === "entries" ? effect.changes.map(({ dir }) => dir) : [effect.ino];
    const isKept = inodes.every((ino) => moment < momentOf(ino)) && isPossible(medium, effect);
    if (isKept) applyEffect(medium, effect);
    else {
      contents.lose(effect);
      // What came later in the same place cannot be there without it.
      for (const ino of inodes) moments.set(ino, 0);
    }
  }
  return medium;
}

function copyOf(durable: ReadonlyMap<bigint, Inode>): Map<bigint, Inode> {
  return new Map([...durable].map(([ino, node]) => [ino, copyInode(node)]));
}

/** Nothing and everything are the likeliest on real disks. */
function momentIn(length: number, random: Random): number {
  const share = [0, 1, random(), random()][Math.floor(random() * 4)] ?? 0;
  return Math.round(share * length);
}

/** The bytes of files, each on its own way to the medium. */
class Contents {
  readonly #torn = new Set<bigint>();
  readonly #shares = new Map<bigint, number>();

  constructor(
    readonly medium: Map<bigint, Inode>,
    readonly random: Random,
    readonly options: { holes: boolean },
  ) {}

  /** A change of the inode that is not there: later writes to it make no sense. */
  lose(effect: Effect): void {
    if (effect.kind === "data") this.#torn.add(effect.ino);
  }

  write(effect: DataEffect): void {
    const { ino, bytes } = effect;
    if (this.#torn.has(ino)) return;
    const share = this.#shares.get(ino) ?? momentIn(1000, this.random) / 1000;
    this.#shares.set(ino, share);
    if (this.random() < share) {
      applyEffect(this.medium, effect);
      return;
    }
    this.#torn.add(ino);
    const length = Math.floor(this.random() * (bytes.length + 1));
    const parts = this.options.holes
      ? tear(effect, this.random)
      : [{ ...effect, bytes: bytes.slice(0, share === 0 ? 0 : length) }];
    for (const part of parts) applyEffect(this.medium, part);
  }
}
