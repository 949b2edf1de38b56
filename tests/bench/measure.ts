/**
 * Measuring whole processes: wall time and peak memory from the operating system's own accounting.
 *
 * Machines are noisy, so a figure is a median, a comparison is the median of the ratios of
 * neighbouring runs (A B A B …), and a bound is only missed by more than the spread that was seen.
 */

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
  value: number;
  bound: number;
  unit: "×" | "ms" | "MB";
  /** Half the distance between the lower and upper quartile. */
  spread: number;
  runs: number;
  note?: string;
}

/** Runs a program once; its output is thrown away. */
export async function run(program: Program): Promise<Run> {
  const started = performance.now();
  const child = Bun.spawn(program.cmd, {
    env: program.env ?? process.env,
    ...(program.cwd !== undefined && { cwd: program.cwd }),
    stdout: "ignore",
    stderr: "pipe",
    stdin: "ignore",
  });
  const complaint = await new Response(child.stderr).text();
  const code = await child.exited;
  const milliseconds = performance.now() - started;
  if (!(program.codes ?? [0]).includes(code)) {
    throw new Error(`${program.cmd.join(" ")} ended with ${code}:\n${complaint}`);
  }
  return { milliseconds, memory: child.resourceUsage()?.maxRSS ?? 0 };
}

/** Runs two programs in turn and compares them pair by pair. */
export async function compare(
  a: Program,
  b: Program,
  runs: number,
): Promise<{ a: Run[]; b: Run[]; ratios: number[] }> {
  const results = { a: [] as Run[], b: [] as Run[], ratios: [] as number[] };
  await run(a);
  await run(b);
  for (let n = 0; n < runs; n++) {
    const first = await run(a);
    const second = await run(b);
    results.a.push(first);
    results.b.push(second);
    results.ratios.push(first.milliseconds / second.milliseconds);
  }
  return results;
}

/** Runs one program several times after a warm-up. */
export async function repeat(program: Program, runs: number): Promise<Run[]> {
  await run(program);
  const results: Run[] = [];
  for (let n = 0; n < runs; n++) results.push(await run(program));
  return results;
}

/** Middle value; of two middles the mean. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Half the interquartile range. */
export function spreadOf(values: readonly number[]): number {
  return (quantile(values, 0.75) - quantile(values, 0.25)) / 2;
}

function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((x, y) => x - y);
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? Number.NaN;
  return low + (high - low) * (at - Math.floor(at));
}

/** A figure from several samples. */
export function figure(
  name: string,
  samples: readonly number[],
  bound: number,
  unit: Figure["unit"],
  note?: string,
): Figure {
  return {
    name,
    value: median(samples),
    bound,
    unit,
    spread: spreadOf(samples),
    runs: samples.length,
    ...(note !== undefined && { note }),
  };
}

/** Whether a figure misses its bound by more than the noise of its own runs. */
export function misses({ value, bound, spread }: Figure): boolean {
  return value - spread > bound;
}
