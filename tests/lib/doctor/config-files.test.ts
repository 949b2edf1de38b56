import { afterEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { configPlaces } from "../../../lib/doctor/config-files.ts";
import { Facts } from "../../../lib/doctor/facts.ts";
import { resolvePlaces } from "../../../lib/paths.ts";
import { makeDisk } from "../../disk/build.ts";
import type { Disk } from "../../disk/spec.ts";
import { disks } from "../../disk.ts";
import { now } from "./facts.ts";

const made: Disk[] = [];

afterEach(() => {
  for (const disk of made.splice(0)) disk.cleanup();
});

function keep(disk: Disk = makeDisk({})): Disk {
  made.push(disk);
  return disk;
}

/** Source, whether it exists and whether it wins, of each place. */
function placesOf(disk: Disk, env: Record<string, string> = {}, flags: { config?: string } = {}) {
  const all = { ...disk.env, ...env };
  const places = resolvePlaces({ ...flags, home: disk.home, env: all });
  const facts = new Facts({ places, env: all, now, command: (script) => script });
  return configPlaces(facts).map(({ source, exists, wins }) => [source, exists, wins]);
}

describe("the registries that AO could take", () => {
  test("are one on a usual disk", () => {
    expect(placesOf(keep(disks.cleanV2?.()))).toEqual([["the default", true, true]]);
  });

  test("are in AO's order, with the ignored ones after the one in force", () => {
    expect(placesOf(keep(disks.xdgConfig?.()))).toEqual([
      ["XDG_CONFIG_HOME", true, true],
      ["the default", true, false],
    ]);
    const disk = keep(disks.globalConfigEnv?.());
    expect(placesOf(disk, { XDG_CONFIG_HOME: join(disk.home, "x") })).toEqual([
      ["AO_GLOBAL_CONFIG", true, true],
      ["XDG_CONFIG_HOME", false, false],
      ["the default", false, false],
    ]);
  });

  test("begin with the one that the command line names", () => {
    const disk = keep(disks.cleanV2?.());
    expect(placesOf(disk, {}, { config: join(disk.home, "mine.yaml") })).toEqual([
      ["--config or --home", false, true],
      ["the default", true, false],
    ]);
  });

  test("do not come from the variables of another home", () => {
    const disk = keep(disks.cleanV2?.());
    expect(placesOf(disk, { HOME: "/home/other", AO_GLOBAL_CONFIG: "/home/other/c.yaml" })).toEqual(
      [["the default", true, true]],
    );
  });
});
