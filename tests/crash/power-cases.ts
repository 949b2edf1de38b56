/** Generated power cuts: a world, a plan for it, a kind of disk, and moments. */

import { join } from "node:path";
import fc from "fast-check";
import { choices } from "../change/arbitraries.ts";
import { makeScenario } from "../change/scenario.ts";
import type { Stage } from "../change/sweep.ts";
import type { Choice, World } from "../change/worlds.ts";
import { SimulatedDisk } from "../simulated-disk.ts";
import { type Cut, courseOf, cutPower, type Subject } from "./power-cut.ts";
import { type ProfileName, profiles } from "./power-profiles.ts";
import { growWorld, namesOf, type Seedling, seedlings } from "./power-world.ts";

/** Everything that decides a case; printed, shrunk, when it fails. */
export interface PowerCase {
  world: Seedling[];
  plan: Choice[];
  profile: ProfileName;
  /** The file system cannot exchange two files. */
  noExchange: boolean;
  /** A directory of the world that is another device or mount. */
  mount: { where: number; kind: "device" | "bind" } | null;
  cuts: Cut[];
}

const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

const moment = { at: share, seed: fc.nat() };

export const cutArbitrary: fc.Arbitrary<Cut> = fc.record({
  ...moment,
  torn: fc.boolean(),
  again: fc.record({ ...moment, way: fc.constantFrom("resume" as const, "undo" as const) }),
});

/** Cases with up to so many cuts; shrinking leaves as few as fail. */
export function powerCases(profile: ProfileName, cuts: number): fc.Arbitrary<PowerCase> {
  const mount = fc.record({
    where: fc.nat(20),
    kind: fc.constantFrom("device" as const, "bind" as const),
  });
  return fc.record({
    world: seedlings,
    plan: choices,
    profile: fc.constant(profile),
    // The rare ones are rare on real machines too.
    noExchange: fc.nat(4).map((turn) => turn === 4),
    mount: fc.option(mount, { freq: 2 }).map((found) => found ?? null),
    cuts: fc.array(cutArbitrary, { minLength: 1, maxLength: cuts, size: "max" }),
  });
}

/**
 * All that is wrong after the cuts of a case.
 *
 * @param weaken as in `Subject`
 */
export async function faultsOf(
  given: PowerCase,
  weaken: NonNullable<Subject["weaken"]> = (disk) => disk,
): Promise<string[]> {
  const subject = { ...subjectOf(given), weaken };
  const course = await courseOf(subject);
  const wrong: string[] = [];
  for (const each of given.cuts) wrong.push(...(await cutPower(subject, course, each)));
  return wrong;
}

/** The migration of a case, ready to be cut. */
function subjectOf(given: PowerCase): Subject {
  const profile = profiles[given.profile];
  const options = { ...profile.options, noExchange: given.noExchange };
  const world = growWorld(given.world);
  const make = (): Stage => {
    const disk = new SimulatedDisk(options);
    disk.makeDir("/base");
    const onDirs = (tree: string) => mountIn(disk, tree, world, given.mount);
    const scenario = makeScenario(disk, "/base", given.plan, onDirs, world);
    disk.flushAll();
    return { disk, scenario };
  };
  return { make, profile };
}

function mountIn(disk: SimulatedDisk, tree: string, world: World, mount: PowerCase["mount"]): void {
  const dirs = namesOf(world, "dir");
  const name = mount === null ? undefined : dirs[mount.where % dirs.length];
  if (mount !== null && name !== undefined) disk.mount(join(tree, name), mount.kind);
}
