/** Power cuts during real migrations to V3: disks of the builder, copied onto the simulated one. */

import * as fs from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { assess } from "../../lib/storage/assess.ts";
import { operationsOf } from "../../lib/storage/plan.ts";
import { rootsOf } from "../../lib/storage/roots.ts";
import type { Stage } from "../change/sweep.ts";
import { disks } from "../disk.ts";
import { optionsFor } from "../lib/storage/journey.ts";
import type { Row } from "../proof.ts";
import { SimulatedDisk, type SimulationOptions } from "../simulated-disk.ts";
import { cutArbitrary } from "./power-cases.ts";
import { type Course, courseOf, cutPower, type Subject } from "./power-cut.ts";
import { type ProfileName, profiles } from "./power-profiles.ts";
import { failuresOf } from "./power-property.ts";

/** Disks whose migrations have every step between them. */
const names = ["everyLayout", "v1AndV2Mix", "seedExample"];

/** Tries so many cuts, on any of the disks and kinds of file system. */
export async function realCuts(cuts: number, seed: number): Promise<Row> {
  const migrations = names.map((name) => ({ name, make: migrationOf(name) }));
  const courses = new Map<string, Promise<Course>>();
  let count = 0;
  const kinds = fc.constantFrom(...(Object.keys(profiles) as ProfileName[]));
  const property = fc.asyncProperty(
    fc.constantFrom(...migrations),
    kinds,
    cutArbitrary,
    async ({ name, make }, kind, cut) => {
      count += 1;
      const profile = profiles[kind];
      const subject: Subject = { make: () => make(profile.options), profile };
      const course = courses.get(`${name} ${kind}`) ?? courseOf(subject);
      courses.set(`${name} ${kind}`, course);
      const wrong = await cutPower(subject, await course, cut);
      if (wrong.length > 0) throw new Error(`disk ${name}\n${wrong.join("\n")}`);
    },
  );
  const failures = await failuresOf(property, { seed, numRuns: cuts });
  const operations = migrations.map(({ make }) => make().scenario.operations.length);
  const note = `plans of ${Math.min(...operations)} to ${Math.max(...operations)} operations`;
  return {
    name: "power cuts on the way to V3",
    count,
    atLeast: cuts,
    unit: "cuts",
    failures,
    note,
  };
}

/** Plans the migration of a named disk, and copies the disk into memory before it goes. */
export function migrationOf(name: string): (options?: SimulationOptions) => Stage {
  const build = disks[name];
  if (build === undefined) throw new Error(`no disk "${name}"`);
  using disk = build();
  const { plan } = assess(optionsFor(disk));
  // Nothing renames tmux sessions here, and each would be a warning.
  const operations = operationsOf(plan).filter(({ op }) => op !== "renameTmux");
  const roots = rootsOf(plan.inventory);
  const { root, baseDir } = disk;
  const load = loaderOf(root);
  const options = {
    migrationDir: join(baseDir, "migrations", "v3-20260101T000000Z-abcdef"),
    roots,
    commands: { resume: "migrate --resume ID", rollback: "rollback ID" },
  };
  const whole = { script: "migrate", title: "to V3", roots, operations };
  const applyOptions = { ...options, plan: whole, toolVersion: "0.0.0" };
  return (simulated) => ({
    disk: load(simulated),
    scenario: { root, operations, before: [], after: [], options, applyOptions, ...options },
  });
}

/** Reads a directory tree now; what it returns writes it to a simulated disk. */
function loaderOf(root: string): (options?: SimulationOptions) => SimulatedDisk {
  const steps: ((disk: SimulatedDisk) => void)[] = [];
  const visit = (path: string): void => {
    const stat = fs.lstatSync(path);
    const mode = stat.mode & 0o7777;
    if (stat.isSymbolicLink()) {
      const target = fs.readlinkSync(path);
      steps.push((disk) => disk.makeSymlink(target, path));
    } else if (stat.isDirectory()) {
      steps.push((disk) => disk.makeDir(path, mode));
      for (const name of fs.readdirSync(path)) visit(join(path, name));
    } else if (stat.isFile()) {
      const content = fs.readFileSync(path);
      steps.push((disk) => disk.writeNew(path, [content], { mode }));
    }
  };
  visit(root);
  return (options) => {
    const disk = new SimulatedDisk(options);
    makeAbove(disk, dirname(root));
    for (const step of steps) step(disk);
    disk.flushAll();
    return disk;
  };
}

function makeAbove(disk: SimulatedDisk, dir: string): void {
  if (disk.lstat(dir) !== null) return;
  makeAbove(disk, dirname(dir));
  disk.makeDir(dir);
}
