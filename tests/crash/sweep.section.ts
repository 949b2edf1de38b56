/**
 * The crash sweep: every system call with which an operation changes a disk is met by SIGKILL,
 * ENOSPC, EIO and EACCES; then every promised way out of the wreck is walked from a copy of it.
 *
 * Needs strace. A full run takes under twenty minutes on two cores.
 *
 * | file | owns |
 * |---|---|
 * | `strace.ts` | running under strace; reading its log |
 * | `sweep-disk.ts` | the trees |
 * | `sweep-operations.ts` | commands, and what they promise |
 * | `sweep-slot.ts` | a place to work in: copies of a tree, runs on it |
 * | `sweep-look.ts`, `sweep-judge.ts` | what a tree looks like; what is right and wrong |
 * | `sweep-sweep.ts` | one operation's sweep |
 */

import { rmSync } from "node:fs";
import { join } from "node:path";
import type { ProofOptions, ProofSection, Row } from "../proof.ts";
import { makeTemp } from "../temp.ts";
import { type Call, faults, findStrace } from "./strace.ts";
import { type Operation, operations } from "./sweep-operations.ts";
import { Slot } from "./sweep-slot.ts";
import { newTally, Sweep, type Tally } from "./sweep-sweep.ts";

/** Of each operation: points of a quick run, and of wrecks whose recovery is killed in turn. */
const quickPoints = 20;
const wrecksFor = ({ quick }: ProofOptions) => (quick ? 1 : 12);
/** Kills of each way out of such a wreck. */
const secondKills = ({ quick }: ProofOptions) => (quick ? 1 : 3);

const slots = 2;

/** SIGTERM ends a run early; what was tried until then is reported, and found to be too little. */
let isStopped = false;

async function run(options: ProofOptions): Promise<Row[]> {
  try {
    findStrace();
  } catch (error) {
    const row = { name: "strace", count: 0, atLeast: 1, unit: "found" };
    return [{ ...row, failures: [(error as Error).message] }];
  }
  const stop = () => {
    isStopped = true;
  };
  process.once("SIGTERM", stop);
  const top = makeTemp("sweep");
  const tallies = new Map(operations.map(({ name }) => [name, newTally()]));
  try {
    const queue = [...operations];
    const work = async (index: number) => {
      const slot = new Slot(join(top, `slot-${index}`), join(top, "cache"));
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        await sweep(slot, next, tallies.get(next.name) ?? newTally(), options);
      }
    };
    await Promise.all(Array.from({ length: slots }, (_, index) => work(index)));
  } finally {
    process.off("SIGTERM", stop);
    rmSync(top, { recursive: true, force: true });
  }
  return rowsOf(tallies);
}

/** Who waits twenty minutes wants to see that something happens. */
function progress(name: string, tally: Tally, began: number): void {
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  const bad = tally.failures.length + tally.lost.length;
  console.error(
    `  ${name}: ${pointsOf(tally)} points, ${tally.doubles} second kills, ${bad} wrong, ${seconds} s`,
  );
}

async function sweep(slot: Slot, operation: Operation, tally: Tally, options: ProofOptions) {
  const random = randomOf(`${options.seed} ${operation.name}`);
  const began = performance.now();
  try {
    const one = await Sweep.begin(slot, operation, tally);
    const points = one.calls.flatMap((call) => faults.map((fault) => ({ call, fault })));
    const chosen = options.quick ? sample(points, quickPoints, random) : points;
    const choose = (calls: readonly Call[]) => sample(calls, secondKills(options), random);
    const doubled = sample(one.calls, wrecksFor(options), random);
    const jobs = [
      ...chosen.map(
        ({ call, fault }) =>
          () =>
            one.point(call, fault),
      ),
      ...doubled.map((call) => () => one.double(call, choose)),
    ];
    // In no order, so that a run that is stopped has tried a little of everything.
    for (const [done, job] of shuffled(jobs, random).entries()) {
      if (isStopped) break;
      await job();
      if (done % 200 === 199) progress(operation.name, tally, began);
    }
  } catch (error) {
    tally.failures.push(`${operation.name}: ${(error as Error).message}`);
  }
  progress(operation.name, tally, began);
}

/** A row an operation, then what they have in common. */
function rowsOf(tallies: ReadonlyMap<string, Tally>): Row[] {
  const rows = operations.map(({ name, atLeast }): Row => {
    const tally = tallies.get(name) ?? newTally();
    const counts = faults.map((fault) => `${fault} ${tally.points.get(fault) ?? 0}`);
    const codes = [...tally.codes].sort(([a], [b]) => a - b).map(([code, n]) => `${n}× ${code}`);
    const missed = tally.missed === 0 ? "" : `; ${tally.missed} not met`;
    const note = `${counts.join(", ")}; exits ${codes.join(", ")}${missed}`;
    return {
      name,
      count: pointsOf(tally),
      atLeast,
      unit: "points",
      failures: failuresOf(tally),
      note,
    };
  });
  const all = [...tallies.values()];
  const sum = (what: (tally: Tally) => number) =>
    all.reduce((total, each) => total + what(each), 0);
  const none = { atLeast: 0, failures: [] };
  const wrecks = sum((tally) => tally.wrecks);
  return [
    ...rows,
    {
      ...{ name: "double crashes", count: sum((tally) => tally.doubles), atLeast: 300 },
      ...{ unit: "kills", failures: [], note: "a kill during the recovery of a wreck" },
    },
    {
      ...{ name: "ways out", count: sum((tally) => tally.ways), unit: "runs", ...none },
      note: `from ${wrecks.toLocaleString("en-US")} different wrecks`,
    },
    {
      ...{ name: "bytes lost", count: sum((tally) => tally.contents), atLeast: 0 },
      ...{ unit: "contents", failures: all.flatMap(({ lost }) => lost) },
      note: "each file of the old tree, looked for after each outcome",
    },
  ];
}

function pointsOf({ points }: Tally): number {
  return [...points.values()].reduce((total, count) => total + count, 0);
}

/** A sweep that does not meet its calls proves nothing. */
function failuresOf(tally: Tally): string[] {
  const { missed, failures } = tally;
  // Of the few points of a quick share two may be missed all the same.
  if (missed <= Math.max(2, (pointsOf(tally) + missed) / 50)) return failures;
  return [...failures, `${missed} calls were not met: another program changes the order`];
}

/** Numbers from 0 to 1 that a text decides. */
function randomOf(seed: string): () => number {
  let turn = 0;
  return () => Number(Bun.hash(`${seed} ${turn++}`) % 1_000_003n) / 1_000_003;
}

function shuffled<T>(values: readonly T[], random: () => number): T[] {
  const keyed = values.map((value) => ({ value, key: random() }));
  return keyed.sort((a, b) => a.key - b.key).map(({ value }) => value);
}

/** As many of the values, in no order; all when there are no more. */
function sample<T>(values: readonly T[], count: number, random: () => number): T[] {
  return shuffled(values, random).slice(0, count);
}

const section: ProofSection = { title: "Crash sweep", run };
export default section;
