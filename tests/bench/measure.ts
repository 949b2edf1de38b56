/**
 * Measuring whole processes: wall time and peak memory from the operating system's own accounting.
 *
 * Machines are noisy, so a figure is a median, a comparison is the median of the ratios of
 * neighbouring runs (A B A B …), and a bound is only missed by more than the noise that was seen.
 */

import { join } from "node:path";
import type { Env } from "../../lib/process.ts";

/** One finished process. */
export interface Run {
  milliseconds: number;
  /** Peak resident memory, bytes. */
  memory: number;
}

export interface Program {
  cmd: string[];
  env?: Env;
  cwd?: string;
  /** Exit codes that count as success. @default [0] */
  codes?: number[];
}

/** One figure with its bound. `value` and `bound` share `unit`; lower is better. */
export interface Figure {
  name: string;
  /** Median of the samples. */
  value: number;
  bound: number;
  unit: "×" | "ms" | "MB";
  /** Median distance of the samples from their median; of a single sample nothing is known: 0. */
  noise: number;
  samples: number[];
  note?: string;
  /** Says something only at full size: a quick run shows it and does not judge it. */
  fullSize?: boolean;
}

/** `within noise`: above the bound, but by no more than the runs differ among themselves. */
export type Verdict = "ok" | "within noise" | "MISSED";

/** Runs that differ by more than this share of the bound excuse no more than this share. */
const mostNoise = 0.25;

const launcher = [
  ...[process.execPath, "--no-env-file", "--no-install", "--config=/dev/null"],
  join(import.meta.dir, "launch.ts"),
];

/** Runs a program once; its output is thrown away. */
export async function run(program: Program): Promise<Run> {
  const child = Bun.spawn([...launcher, ...program.cmd], {
    env: program.env ?? process.env,
    ...(program.cwd !== undefined && { cwd: program.cwd }),
    stdout: "pipe",
    stderr: "pipe",
    stdin: "ignore",
  });
  const [report, complaint] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  const { code, ...measured } = report === "" ? { code: "a crash" } : JSON.parse(report);
  if (!(program.codes ?? [0]).includes(code)) {
    throw new Error(`${program.cmd.join(" ")} ended with ${code}:\n${complaint}`);
  }
  return measured;
}

/** Runs programs in turn, A B C A B C …, after a warm-up of each; gives the runs of each. */
export async function takeTurns(programs: readonly Program[], runs: number): Promise<Run[][]> {
  const results: Run[][] = programs.map(() => []);
  for (const program of programs) await run(program);
  for (let n = 0; n < runs; n++) {
    for (const [index, program] of programs.entries()) results[index]?.push(await run(program));
  }
  return results;
}

/** Runs two programs in turn and compares them pair by pair. */
export async function compare(
  a: Program,
  b: Program,
  runs: number,
): Promise<{ a: Run[]; b: Run[]; ratios: number[] }> {
  const [first = [], second = []] = await takeTurns([a, b], runs);
  return { a: first, b: second, ratios: ratiosOf(times(first), times(second)) };
}

/** Runs one program several times after a warm-up. */
export async function repeat(program: Program, runs: number): Promise<Run[]> {
  const [results = []] = await takeTurns([program], runs);
  return results;
}

/** Milliseconds of each run. */
export function times(runs: readonly Run[]): number[] {
  return runs.map(({ milliseconds }) => milliseconds);
}

/** Peak memory of each run, in MB of 2^20 bytes. */
export function megabytes(runs: readonly Run[]): number[] {
  return runs.map(({ memory }) => memory / 2 ** 20);
}

/** Pair by pair, the first divided by the second. */
export function ratiosOf(first: readonly number[], second: readonly number[]): number[] {
  return first.map((value, n) => value / (second[n] ?? Number.NaN));
}

/** Middle value; of two middles the mean; no number when one of them is none. */
export function median(values: readonly number[]): number {
  if (values.some(Number.isNaN)) return Number.NaN;
  const sorted = [...values].sort((x, y) => x - y);
  const at = (sorted.length - 1) / 2;
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? Number.NaN;
  return (low + high) / 2;
}

/** Median absolute deviation: what the runs differ by, unmoved by a few wild ones. */
export function noiseOf(values: readonly number[]): number {
  const middle = median(values);
  return median(values.map((value) => Math.abs(value - middle)));
}

/** A figure from several samples. */
export function figure(
  name: string,
  samples: readonly number[],
  bound: number,
  unit: Figure["unit"],
  more: Pick<Figure, "note" | "fullSize"> = {},
): Figure {
  const noise = noiseOf(samples);
  return { name, value: median(samples), bound, unit, noise, samples: [...samples], ...more };
}

/**
 * Whether a figure keeps its bound, misses it by no more than the noise of its own runs, or misses
 * it. A figure that could not be measured (no samples, no number) is missed.
 */
export function verdictOf({ value, bound, noise }: Figure): Verdict {
  if (value <= bound) return "ok";
  return value - Math.min(noise, bound * mostNoise) <= bound ? "within noise" : "MISSED";
}

/** Whether this figure makes the run fail. */
export function fails(figure: Figure, { quick }: { quick: boolean }): boolean {
  return verdictOf(figure) === "MISSED" && !(quick && figure.fullSize === true);
}
