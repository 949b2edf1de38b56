/** The proof of power loss must be able to fail: disks that flush too little are found out. */

import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Disk } from "../../lib/change/disk.ts";
import { randomFrom } from "../change/effects.ts";
import { SimulatedDisk } from "../simulated-disk.ts";
import { faultsOf, type PowerCase, powerCases } from "./power-cases.ts";
import { type ProfileName, profiles } from "./power-profiles.ts";

/** A disk on which some calls do something else. */
function altered(disk: Disk, calls: Partial<Disk>): Disk {
  return new Proxy(disk, {
    get: (target, key) => Reflect.get(calls, key) ?? Reflect.get(target, key, target),
  });
}

const withoutNames = (disk: Disk) => altered(disk, { sync: (files) => disk.sync(files, []) });
const withoutContents = (disk: Disk) => altered(disk, { sync: (_, dirs) => disk.sync([], dirs) });
const withoutJournal = (disk: Disk) =>
  altered(disk, {
    openAppend: (path, length) => ({ ...disk.openAppend(path, length), sync: () => undefined }),
  });

/** The smallest case that shows what a weak disk breaks, and what is wrong then. */
async function smallest(profile: ProfileName, weaken: (disk: Disk) => Disk) {
  const property = fc.asyncProperty(powerCases(profile, 4), async (given) => {
    expect(await faultsOf(given, weaken)).toEqual([]);
  });
  const { failed, counterexample } = await fc.check(property, { seed: 1, numRuns: 100 });
  const given = counterexample?.[0] as PowerCase;
  return { failed, given, wrong: failed ? await faultsOf(given, weaken) : [] };
}

for (const [profile, weaken] of [
  ["ext4", withoutJournal],
  ["APFS", withoutNames],
  ["any", withoutContents],
] as const) {
  test(`on ${profile}, a disk ${weaken.name} is found out by a small case`, async () => {
    const { failed, given, wrong } = await smallest(profile, weaken);
    expect(failed).toBe(true);
    expect(wrong).not.toEqual([]);
    expect(given.plan.length).toBeLessThanOrEqual(2);
    expect(given.cuts.length).toBeLessThanOrEqual(2);
  }, 60_000);
}

/** Everything that `left` finds after many power cuts on such a file system. */
function outcomes(profile: ProfileName, left: (disk: SimulatedDisk) => string): Set<string> {
  const disk = new SimulatedDisk();
  for (const dir of ["/a", "/b"]) disk.makeDir(dir);
  disk.flushAll();
  disk.writeNew("/a/first", [Buffer.from("1234")], { mode: 0o644 });
  disk.writeNew("/b/second", [Buffer.from("1234")], { mode: 0o644 });
  const { survivors } = profiles[profile];
  const seeds = Array.from({ length: 300 }, (_, seed) => seed);
  return new Set(seeds.map((seed) => left(disk.afterPowerCut(randomFrom(seed), survivors))));
}

const namesLeft = (disk: SimulatedDisk) => [...disk.readDir("/a"), ...disk.readDir("/b")].join(" ");

const textLeft = (disk: SimulatedDisk) =>
  disk.lstat("/a/first") === null ? "" : Buffer.from(disk.readFile("/a/first")).toString("latin1");

test("ext4 keeps names in their order, contents apart from them and without holes", () => {
  expect([...outcomes("ext4", namesLeft)].sort()).toEqual(["", "first", "first second"]);
  expect([...outcomes("ext4", textLeft)].sort()).toEqual(["", "1", "12", "123", "1234"]);
});

test("APFS keeps names of each directory apart, and may leave holes in contents", () => {
  expect(outcomes("APFS", namesLeft)).toEqual(new Set(["", "first", "second", "first second"]));
  expect([...outcomes("APFS", textLeft)].some((text) => text.includes("\0"))).toBe(true);
});
