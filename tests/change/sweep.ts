/**
 * Migrations that end badly, and what must hold afterwards: the tree is the old one, the new one,
 * or one command away from either, and no content is lost.
 *
 * Everything here is a function of its input, so that a failure can be shrunk and told again.
 */

import { loadMigration } from "../../lib/change/history.ts";
import { isPrivateName } from "../../lib/change/places.ts";
import { applyPlan, resume, undo } from "../../lib/change/transaction.ts";
import { ToolkitError } from "../../lib/errors.ts";
import { SimulatedDisk, type SimulationOptions } from "../simulated-disk.ts";
import { editAsUser, holds, type UserEdit } from "./edits.ts";
import { randomFrom } from "./effects.ts";
import { type FaultyDisk, faulty } from "./faults.ts";
import { contentsOf, makeScenario, type Scenario } from "./scenario.ts";
import { type Choice, snapshot } from "./worlds.ts";

/** A plan on a disk. */
export interface Setting {
  choices: readonly Choice[];
  disk?: SimulationOptions;
  /** A directory of the world that is on another device, or on another mount of the same one. */
  mount?: { name: string; kind: "device" | "bind" };
}

/** How it ends: at which call (as a share of all), in which way, and what comes then. */
export interface Ending {
  at: number;
  /** `power` is a crash that loses what was not flushed; others as in `Fault`. */
  kind: "crash" | "tear" | "power" | (string & {});
  next: "resume" | "undo";
  /** Chooses what a power cut keeps. */
  seed?: number;
}

export interface Stage {
  disk: SimulatedDisk;
  scenario: Scenario;
}

export function build(setting: Setting): Stage {
  const disk = new SimulatedDisk(setting.disk);
  disk.makeDir("/base");
  const { mount } = setting;
  const onTree = (tree: string) => mount && disk.mount(`${tree}/${mount.name}`, mount.kind);
  const scenario = makeScenario(disk, "/base", setting.choices, onTree);
  disk.flushAll();
  return { disk, scenario };
}

const counts = new WeakMap<Setting, Promise<number>>();

/** Calls that applying and taking back make when nothing goes wrong. */
export function countCalls(setting: Setting): Promise<number> {
  const count = counts.get(setting) ?? countAll(setting);
  counts.set(setting, count);
  return count;
}

async function countAll(setting: Setting): Promise<number> {
  const { disk, scenario } = build(setting);
  const counted = faulty(disk);
  await applyPlan({ ...scenario.applyOptions, disk: counted.disk });
  await undo({ ...scenario.options, disk: counted.disk });
  return counted.calls();
}

const isPrivate = (path: string) => isPrivateName(path.slice(path.lastIndexOf("/") + 1));

/** Only what was replaced or moved away on another device may stand beside its place. */
export const isLeftTrash = (path: string) => isPrivate(path) && path.endsWith(".trash");

function now({ disk, scenario }: Stage): string[] {
  return snapshot(disk, scenario.root, { skip: isLeftTrash }).sort();
}

function timed({ disk, scenario }: Stage): string[] {
  return snapshot(disk, scenario.root, { times: true, skip: isLeftTrash });
}

/** What two snapshots differ in; empty when they are equal. */
function differences(expected: readonly string[], found: readonly string[]): string[] {
  return [
    ...expected.filter((line) => !found.includes(line)).map((line) => `- ${line}`),
    ...found.filter((line) => !expected.includes(line)).map((line) => `+ ${line}`),
  ];
}

/** Applies and takes back without any fault; returns what is wrong. */
export async function runWell(setting: Setting): Promise<string[]> {
  const stage = build(setting);
  const { disk, scenario } = stage;
  await applyPlan({ ...scenario.applyOptions, disk });
  const wrong = differences(scenario.after, now(stage)).map((line) => `applied: ${line}`);
  const { kept } = await undo({ ...scenario.options, disk });
  wrong.push(...kept.map(({ path, reason }) => `kept: ${path} ${reason}`));
  wrong.push(...differences(scenario.before, timed(stage)).map((line) => `undone: ${line}`));
  return wrong;
}

/** Runs into a crash or power cut, then resumes or takes back; returns what is wrong. */
export async function runIntoCrash(setting: Setting, ending: Ending): Promise<string[]> {
  const { disk, scenario } = build(setting);
  const originals = contentsOf(disk, scenario);
  const at = 1 + Math.floor(ending.at * (await countCalls(setting)));
  const kind = ending.kind === "power" ? (at % 2 === 0 ? "tear" : "crash") : ending.kind;
  const fault = faulty(disk, { at, kind });
  await tryBoth(scenario, fault);
  const random = randomFrom(ending.seed ?? 0);
  const wreck = ending.kind === "power" ? disk.afterPowerCut(random) : disk.afterKill();
  const wrong = lost(originals, wreck, scenario);
  wrong.push(...(await recover({ disk: wreck, scenario }, ending.next)));
  return wrong.concat(lost(originals, wreck, scenario));
}

/** Applies and takes back until the fault comes. */
async function tryBoth(scenario: Scenario, { disk, hit }: FaultyDisk): Promise<void> {
  try {
    await applyPlan({ ...scenario.applyOptions, disk });
    await undo({ ...scenario.options, disk });
  } catch (error) {
    if (!hit()) throw error;
  }
}

export function lost(originals: Set<string>, disk: SimulatedDisk, scenario: Scenario): string[] {
  const found = contentsOf(disk, scenario);
  return [...originals].filter((text) => !found.has(text)).map((text) => `lost: ${text}`);
}

async function recover(stage: Stage, next: Ending["next"]): Promise<string[]> {
  const { disk, scenario } = stage;
  const wrong: string[] = [];
  const expect = (what: string, expected: string[], found: string[]) =>
    wrong.push(...differences(expected, found).map((line) => `${what}: ${line}`));
  if (disk.lstat(`${scenario.migrationDir}/manifest.json`) === null) {
    expect("never begun", scenario.before, timed(stage));
    return wrong;
  }
  const options = { ...scenario.options, disk };
  const { state } = await loadMigration(scenario.migrationDir, disk);
  const isGoingBack = state === "rolling-back" || state === "rolled-back";
  if (next === "resume" && !isGoingBack) {
    await resume(options);
    expect("resumed", scenario.after, now(stage));
  }
  const { kept } = await undo(options);
  wrong.push(...kept.map(({ path, reason }) => `kept: ${path} ${reason}`));
  expect("undone", scenario.before, timed(stage));
  return wrong;
}

/** Runs into a system error at one call, then resumes or takes back; returns what is wrong. */
export async function runIntoError(setting: Setting, ending: Ending): Promise<string[]> {
  const stage = build(setting);
  const { disk, scenario } = stage;
  const at = 1 + Math.floor(ending.at * (await countCalls(setting)));
  const fault = faulty(disk, { at, kind: ending.kind });
  const options = { ...scenario.options, disk: fault.disk };
  const wrong: string[] = [];
  let error: unknown;
  try {
    await applyPlan({ ...scenario.applyOptions, disk: fault.disk });
    await undo(options);
  } catch (caught) {
    error = caught;
  }
  if (error !== undefined && !(error instanceof ToolkitError)) return [`not ours: ${error}`];
  if (error?.outcome === "refused") {
    wrong.push(...differences(scenario.before, timed(stage)).map((line) => `refused: ${line}`));
    if (disk.lstat(scenario.migrationDir) !== null)
      return wrong.concat(await recover(stage, "undo"));
    await applyPlan({ ...scenario.applyOptions, disk });
  } else if (error !== undefined) {
    wrong.push(...faultsOfMessage(error));
  }
  return wrong.concat(await recover(stage, ending.next));
}

/** A stop half-way says what went wrong first, and the ways on. */
function faultsOfMessage(error: ToolkitError): string[] {
  if (error.outcome !== "interrupted") return [`outcome: ${error.outcome}`];
  const isTold = error.message.includes("injected into call");
  const isHinted = /rollback ID/.test(error.hint ?? "");
  return isTold && isHinted ? [] : [`message: ${error.message} (${error.hint})`];
}

/**
 * Applies a plan, lets the user work on, and takes it back, killed on the way and finished, twice.
 * What the user wrote must be in the user's tree after it, or where the result says it was kept.
 */
export async function runWithEdits(
  setting: Setting,
  edits: readonly UserEdit[],
  ending: Ending,
): Promise<string[]> {
  const { disk, scenario } = build(setting);
  await applyPlan({ ...scenario.applyOptions, disk });
  const words = editAsUser(disk, scenario.root, scenario.operations, edits);
  disk.flushAll();
  const fault = faulty(disk, { at: 1 + Math.floor(ending.at * 300), kind: ending.kind });
  try {
    await undo({ ...scenario.options, disk: fault.disk });
  } catch (error) {
    if (!fault.hit()) throw error;
  }
  const missing = (disk: SimulatedDisk, when: string) =>
    words
      .filter((word) => !holds(disk, scenario.root, word))
      .map((word) => `${when}: ${word} is gone`);
  const wreck = disk.afterKill();
  const wrong = missing(wreck, "killed");
  const options = { ...scenario.options, disk: wreck };
  await undo(options);
  wrong.push(...missing(wreck, "undone"));
  const first = timed({ disk: wreck, scenario });
  await undo(options);
  wrong.push(...differences(first, timed({ disk: wreck, scenario })).map((l) => `again: ${l}`));
  return wrong;
}
