/** Walks through a simulated machine: a world, a kind of disk, and a sequence of commands. */

import fc from "fast-check";
import type { Disk } from "../../lib/change/disk.ts";
import { makeWorld } from "../change/worlds.ts";
import { type Counts, sequences, walk } from "./model-commands.ts";
import { Machine } from "./model-machine.ts";
import { growWorld, seedlings } from "./power-world.ts";

/** Null is the standard world. */
const worlds = fc.option(seedlings);

const disks = fc.record({ noExchange: fc.boolean(), caseless: fc.boolean() });

/**
 * @param counts what is counted: how often each command was run
 * @param weaken breaks the disk on purpose
 */
export function walks(counts: Counts, weaken?: (disk: Disk) => Disk) {
  return fc.asyncProperty(worlds, disks, sequences(14, counts), async (given, disk, sequence) => {
    const world = given === null ? makeWorld() : growWorld(given);
    await walk(new Machine(world, disk, weaken), sequence, counts);
  });
}
