/**
 * How the dry run grows from 1,000 sessions to 100,000, in time and in memory.
 *
 * Time is what a user waits for, start-up included; a little more than ten times for ten times the
 * sessions is sorting and the garbage collector. Memory is what a run takes beyond one on a disk
 * without sessions, whose peak is the runtime's own and would hide growth. It may grow with the
 * sessions, since the plan has lines for each, but never faster than they do.
 *
 * The disks are in memory: this is about the program, and 100,000 files test a disk's cache.
 */

import { join } from "node:path";
import { bigDisk } from "../disk/big.ts";
import type { Disk } from "../disk/spec.ts";
import { root } from "../process.ts";
import { makeTemp } from "../temp.ts";
import type { Section } from "./bench.ts";
import {
  type Figure,
  figure,
  median,
  megabytes,
  type Program,
  ratiosOf,
  takeTurns,
  times,
} from "./measure.ts";

const factor = 10;
const timeBound = factor * 1.1;

interface Series {
  sessions: number;
  milliseconds: number[];
  /** Beyond the disk without sessions, run by run. */
  megabytes: number[];
}

function diskOf(sessions: number, projects: number): Disk {
  const sessionsPerProject = sessions / projects;
  const dir = makeTemp("bench-growth");
  return bigDisk({ projects, sessionsPerProject, observability: 0, worktrees: 0, dir });
}

function dryRun(disk: Disk): Program {
  const bun = [process.execPath, "--no-env-file", "--no-install", "--config=/dev/null"];
  const script = join(root, "scripts/migrate.ts");
  return { cmd: [...bun, script, "--no-tmux", "--home", disk.home], env: disk.env };
}

/** All sizes in turn, so that a slow minute of the machine slows each of them. */
async function seriesOf(sizes: readonly number[], projects: number, runs: number) {
  using stack = new DisposableStack();
  const disks = [0, ...sizes].map((sessions) => stack.use(diskOf(sessions, projects)));
  const [idle = [], ...grown] = await takeTurns(disks.map(dryRun), runs);
  const base = megabytes(idle);
  return grown.map(
    (results, index): Series => ({
      sessions: sizes[index] ?? 0,
      milliseconds: times(results),
      megabytes: megabytes(results).map((value, n) => value - (base[n] ?? 0)),
    }),
  );
}

function figuresOf(small: Series, large: Series): Figure[] {
  const step = `${small.sessions.toLocaleString("en")} → ${large.sessions.toLocaleString("en")}`;
  const change = (unit: string, from: number[], to: number[]) =>
    `${median(from).toFixed(0)} → ${median(to).toFixed(0)} ${unit}`;
  const slower = ratiosOf(large.milliseconds, small.milliseconds);
  const fuller = ratiosOf(large.megabytes, small.megabytes);
  return [
    figure(`time, ${step}`, slower, timeBound, "×", {
      note: change("ms", small.milliseconds, large.milliseconds),
    }),
    figure(`memory beyond an empty disk's, ${step}`, fuller, factor, "×", {
      note: change("MB", small.megabytes, large.megabytes),
      fullSize: true,
    }),
  ];
}

const section: Section = {
  title: "Growth of the dry run for ten times the sessions",
  async measure({ quick }) {
    const sizes = quick ? [200, 2_000] : [1_000, 10_000, 100_000];
    const series = await seriesOf(sizes, quick ? 10 : 50, quick ? 2 : 5);
    return series.slice(1).flatMap((large, n) => {
      const small = series[n];
      return small === undefined ? [] : figuresOf(small, large);
    });
  },
};
export default section;
