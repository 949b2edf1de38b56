/**
 * Makes inputs of a grammar, checks each, and makes what failed smaller.
 *
 * An input is known by section seed, grammar and index, so a failure is found again with
 * `--seed`; what it comes to is shown, and belongs into `tests/fixtures/fuzz/` once it is mended.
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ProofOptions, Row } from "../proof.ts";
import { Random, seedOf } from "./random.ts";
import { startWatchdog } from "./watchdog.ts";

/** One kind of file, or of files together, that is read from a disk. */
export interface Grammar {
  /** Also the folder of its cases in `tests/fixtures/fuzz/`. */
  name: string;
  /** How many files an input is; for the count. @default 1 */
  files?: (input: Uint8Array) => number;
  make(random: Random): Uint8Array | Promise<Uint8Array>;
  /** What is wrong, in a line; null when nothing is. What it throws is wrong too. */
  check(input: Uint8Array): string | null | Promise<string | null>;
  /** Removes what checks left behind. */
  close?: () => void;
}

/** What one input may take of the processor, in milliseconds: 2 s, and 5 s a megabyte. */
const maxCpu = (bytes: number) => 2000 + bytes / 200;
/** What a run of a grammar may add to the memory in use, in bytes. */
const maxGrowth = 700 * 1024 * 1024;
/** Failures of a grammar after which it stops. */
const enough = 5;

/** Checks `share.full` files of a grammar, of a quick run `share.quick`. */
export async function hunt(
  grammar: Grammar,
  share: { full: number; quick: number },
  { quick, seed }: ProofOptions,
): Promise<Row> {
  const wanted = quick ? share.quick : share.full;
  const row: Row = {
    ...{ name: grammar.name, count: 0, atLeast: share.full, unit: "inputs" },
    failures: [],
  };
  const began = performance.now();
  const memory = process.memoryUsage().rss;
  let slowest = 0;
  using watchdog = startWatchdog();
  try {
    for (let index = 0; row.count < wanted && row.failures.length < enough; index += 1) {
      const input = await grammar.make(new Random(seedOf(seed, grammar.name, index)));
      watchdog.at(`${grammar.name} #${index} (seed ${seed})`);
      const { fault, cpu } = await examine(grammar, input);
      slowest = Math.max(slowest, cpu);
      row.count += grammar.files?.(input) ?? 1;
      if (fault !== null) row.failures.push(await describe(grammar, input, { fault, index }));
      // Lets timers and the watchdog run.
      if (index % 500 === 0) await Bun.sleep(0);
    }
  } finally {
    grammar.close?.();
  }
  const growth = process.memoryUsage().rss - memory;
  if (growth > maxGrowth) row.failures.push(`memory grew by ${Math.round(growth / 2 ** 20)} MB`);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  row.note = `${seconds} s, slowest ${Math.round(slowest)} ms`;
  return row;
}

/** What is wrong with an input, and how much of the processor it took. */
export async function examine(
  grammar: Grammar,
  input: Uint8Array,
): Promise<{ fault: string | null; cpu: number }> {
  const before = process.cpuUsage();
  const fault = await faultOf(grammar, input);
  const { user, system } = process.cpuUsage(before);
  const cpu = (user + system) / 1000;
  return {
    fault: fault ?? (cpu > maxCpu(input.length) ? `it took ${Math.round(cpu)} ms` : null),
    cpu,
  };
}

async function faultOf(grammar: Grammar, input: Uint8Array): Promise<string | null> {
  try {
    return await grammar.check(input);
  } catch (error) {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return `thrown: ${stack.split("\n").slice(0, 4).join(" | ")}`;
  }
}

async function describe(
  grammar: Grammar,
  input: Uint8Array,
  { fault, index }: { fault: string; index: number },
): Promise<string> {
  const small = await shrink(grammar, input);
  const text = JSON.stringify(Buffer.from(small).toString("latin1"));
  const shown = text.length > 300 ? `${text.slice(0, 300)}… (${small.length} bytes)` : text;
  const dir = process.env.AO_FUZZ_FOUND;
  if (dir !== undefined) {
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, `${grammar.name}-${index}`), small);
  }
  return `${grammar.name} #${index}: ${fault}\n    ${shown}`;
}

/** Most tries, and milliseconds, for making a failing input smaller. */
const maxTries = 400;
const maxShrinking = 5000;

/** Leaves out ever smaller pieces as long as the input still fails. */
async function shrink(grammar: Grammar, input: Uint8Array): Promise<Uint8Array> {
  let small: Uint8Array = input;
  let tries = 0;
  const end = performance.now() + maxShrinking;
  for (let size = Math.ceil(small.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < small.length; ) {
      if (++tries > maxTries || performance.now() > end) return small;
      const less = Buffer.concat([small.subarray(0, at), small.subarray(at + size)]);
      if ((await examine(grammar, less)).fault === null) at += size;
      else small = less;
    }
  }
  return small;
}
