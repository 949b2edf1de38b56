/**
 * Power cuts during a migration, and what must hold after each: resuming ends at the new tree,
 * rolling back at the old one, also when the power goes once more on the way there; and every
 * content of the old tree is on the disk at every moment.
 */

import { dirname } from "node:path";
import type { Disk } from "../../lib/change/disk.ts";
import { listMigrations } from "../../lib/change/history.ts";
import { applyPlan, resume, undo } from "../../lib/change/transaction.ts";
import { describeError } from "../../lib/errors.ts";
import { randomFrom } from "../change/effects.ts";
import { type FaultyDisk, faulty } from "../change/faults.ts";
import { contentsOf } from "../change/scenario.ts";
import { isLeftTrash, lost, type Stage } from "../change/sweep.ts";
import { snapshot } from "../change/worlds.ts";
import type { SimulatedDisk } from "../simulated-disk.ts";
import type { Profile } from "./power-profiles.ts";

/** When the power goes, and what the medium then holds. */
export interface Moment {
  /** A share of all calls to the disk. */
  at: number;
  seed: number;
}

export interface Cut extends Moment {
  /** The call that is cut off has written half of its bytes. */
  torn: boolean;
  /** The second cut, during the recovery from the first. */
  again: Moment & { way: Way };
}

/** The two ways on from a wreck. */
export type Way = "resume" | "undo";

/** A migration that can be begun again and again. */
export interface Subject {
  /** The same disk and plan each time, with nothing pending. */
  make(): Stage;
  profile: Profile;
  /** Breaks the disk on purpose, for seeing that it is noticed. */
  weaken?: (disk: Disk) => Disk;
}

/** Calls of applying and taking back together, and the trees before and after applying. */
export interface Course {
  calls: number;
  before: string[];
  after: string[];
}

/** Runs a migration there and back without a cut. */
export async function courseOf(subject: Subject): Promise<Course> {
  const stage = subject.make();
  const counted = faulty(stage.disk);
  const before = treeOf(stage, { times: true });
  await applyPlan({ ...stage.scenario.applyOptions, disk: counted.disk });
  const after = treeOf(stage, { times: false });
  await undo({ ...stage.scenario.options, disk: counted.disk });
  return { calls: counted.calls(), before, after };
}

/** Cuts the power once, and once more during the recovery; returns what is wrong after either. */
export async function cutPower(subject: Subject, course: Course, cut: Cut): Promise<string[]> {
  const { disk, scenario } = subject.make();
  const originals = contentsOf(disk, scenario);
  const kind = cut.torn ? "tear" : "crash";
  const fault = faulty(disk, { at: 1 + Math.floor(cut.at * course.calls), kind });
  const first = { ...scenario.applyOptions, disk: weakened(subject, fault) };
  try {
    await applyPlan(first);
    await undo(first);
  } catch (error) {
    if (!fault.hit()) throw error;
  }
  const wreck = () => disk.afterPowerCut(randomFrom(cut.seed), subject.profile.survivors);
  const wrong: string[] = [];
  const calls = { resume: 0, undo: 0 };
  for (const way of ["resume", "undo"] as const) {
    const stage = { disk: wreck(), scenario };
    const counted = faulty(stage.disk);
    const found = await recover(stage, course, { originals, way, disk: counted.disk });
    wrong.push(...found.map((line) => `${way}: ${line}`));
    calls[way] = counted.calls();
  }
  const { again } = cut;
  const second = { disk: wreck(), scenario };
  const at = 1 + Math.floor(again.at * calls[again.way]);
  const after = await cutAgain(subject, second, { ...again, at });
  for (const way of ["resume", "undo"] as const) {
    const stage = { disk: after(), scenario };
    const found = await recover(stage, course, { originals, way, disk: stage.disk });
    wrong.push(...found.map((line) => `${again.way} cut off, ${way}: ${line}`));
  }
  return wrong;
}

function weakened(subject: Subject, fault: FaultyDisk): Disk {
  return subject.weaken?.(fault.disk) ?? fault.disk;
}

/** Cuts the power at a call of a recovery; gives copies of the disk afterwards. */
async function cutAgain(
  subject: Subject,
  stage: Stage,
  { at, way, seed }: Cut["again"],
): Promise<() => SimulatedDisk> {
  const fault = faulty(stage.disk, { at, kind: "crash" });
  const disk = weakened(subject, fault);
  // Whatever stops it besides the cut stops the recovery without one, too, and is told there.
  await goOn(stage, way, disk).catch(() => undefined);
  return () => stage.disk.afterPowerCut(randomFrom(seed), subject.profile.survivors);
}

/** The migration's state by its own files; null when it was never begun. */
async function stateOf({ disk, scenario }: Stage): Promise<string | null> {
  const { migrations, damaged } = await listMigrations(dirname(scenario.migrationDir), disk);
  if (damaged[0] !== undefined) throw damaged[0].error;
  return migrations[0]?.state ?? null;
}

/** Does what a user does who finds a wreck: begins, resumes, or rolls back. */
async function goOn(stage: Stage, way: Way, disk: Disk): Promise<void> {
  const { options, applyOptions } = stage.scenario;
  const state = await stateOf(stage);
  const isGoingBack = state === "rolling-back" || state === "rolled-back";
  if (state === null) await applyPlan({ ...applyOptions, disk });
  else if (way === "resume" && !isGoingBack) await resume({ ...options, disk });
  else await undo({ ...options, disk });
}

interface Recovery {
  originals: Set<string>;
  way: Way;
  disk: Disk;
}

/** Goes one way and then back to the beginning, and compares on the way. */
async function recover(stage: Stage, course: Course, recovery: Recovery): Promise<string[]> {
  const { scenario } = stage;
  const wrong = lost(recovery.originals, stage.disk, scenario);
  try {
    const state = await stateOf(stage);
    if (state === null) wrong.push(...isOld(stage, course, "never begun"));
    await goOn(stage, recovery.way, recovery.disk);
    const now = await stateOf(stage);
    if (now === "done") wrong.push(...isNew(stage, course));
    else if (now !== "rolled-back") wrong.push(`it is ${now} afterwards`);
    wrong.push(...lost(recovery.originals, stage.disk, scenario));
    const { kept } = await undo({ ...scenario.options, disk: stage.disk });
    wrong.push(...kept.map(({ path, reason }) => `kept: ${path} ${reason}`));
    wrong.push(...isOld(stage, course, "taken back"));
  } catch (error) {
    wrong.push(`stopped: ${describeError(error)}`);
  }
  return wrong.concat(lost(recovery.originals, stage.disk, scenario));
}

function treeOf({ disk, scenario }: Stage, { times }: { times: boolean }): string[] {
  const records = dirname(scenario.migrationDir);
  const skip = (path: string) => path === records || isLeftTrash(path);
  return snapshot(disk, scenario.root, { times, skip });
}

function isOld(stage: Stage, { before }: Course, when: string): string[] {
  return differences(before, treeOf(stage, { times: true })).map((line) => `${when}: ${line}`);
}

function isNew(stage: Stage, { after }: Course): string[] {
  return differences(after, treeOf(stage, { times: false })).map((line) => `applied: ${line}`);
}

function differences(expected: readonly string[], found: readonly string[]): string[] {
  const [old, now] = [new Set(expected), new Set(found)];
  const missing = expected.filter((line) => !now.has(line)).map((line) => `- ${line}`);
  return missing.concat(found.filter((line) => !old.has(line)).map((line) => `+ ${line}`));
}
