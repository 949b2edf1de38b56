/**
 * Mutation testing: `bun run test:mutation [PATH…] [--sample N] [--seed N] [--jobs N] [--json FILE]
 * [--ids N,N…] [--cache FILE]`.
 *
 * Draws N mutants (default 200) of each folder, by default of `lib/change` and `lib/storage`, and
 * runs the tests that reach each, the quickest first, until one fails. Exit 1 when less than 85 %
 * of a folder's sample are noticed. What survives, and why it may, is in `docs/mutation.md`.
 */

import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { sha256 } from "../../lib/hash.ts";
import { table } from "../../lib/text.ts";
import { root } from "../process.ts";
import { makeTemp } from "../temp.ts";
import { type Copy, makeCopy } from "./copies.ts";
import { type Instrumented, instrument, isProse, type Mutant } from "./instrument.ts";
import { draw, interval } from "./sample.ts";
import { judge, measureUnit, type Unit, unitFiles } from "./units.ts";

const leastShare = 0.85;

interface Judged extends Mutant {
  /** The test that noticed it; none for a survivor. */
  killer?: { by: string; reason: string };
  reached: boolean;
}

interface Options {
  paths: string[];
  sample: number;
  seed: number;
  jobs: number;
  ids?: Set<string>;
  json?: string;
  /** Keeps what the test files reach, for another run on the same tree. */
  cache?: string;
}

function optionsFrom(args: string[]): Options {
  const text = { type: "string" } as const;
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { sample: text, seed: text, jobs: text, json: text, ids: text, cache: text },
  });
  const number = (given: string | undefined, otherwise: number) => {
    const value = given === undefined ? otherwise : Number(given);
    if (!Number.isSafeInteger(value) || value < 0) throw new Error(`"${given}" is no number`);
    return value;
  };
  return {
    paths: positionals.length === 0 ? ["lib/change", "lib/storage"] : positionals,
    sample: number(values.sample, 200),
    seed: number(values.seed, Date.now() % 1_000_000),
    jobs: number(values.jobs, 2),
    ...(values.ids !== undefined && { ids: new Set(values.ids.split(",")) }),
    ...(values.json !== undefined && { json: values.json }),
    ...(values.cache !== undefined && { cache: values.cache }),
  };
}

/** Does each item's work, as many at once as there are copies. */
async function share<T, R>(
  copies: readonly Copy[],
  items: readonly T[],
  work: (copy: Copy, item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const queue = [...items.entries()];
  const take = async (copy: Copy) => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      results[next[0]] = await work(copy, next[1]);
    }
  };
  await Promise.all(copies.map(take));
  return results;
}

/** Measures all test files, or takes what an earlier run on the same tree has measured. */
async function unitsFor(
  copies: readonly Copy[],
  made: Instrumented,
  cache: string | undefined,
): Promise<Unit[]> {
  const files = unitFiles(root);
  const texts = [...made.sources.values(), ...files.map((file) => readFileSync(join(root, file)))];
  const digest = sha256(texts.map((text) => sha256(text)).join());
  if (cache !== undefined && existsSync(cache)) {
    const kept: { digest: string; units: Unit[] } = JSON.parse(readFileSync(cache, "utf8"));
    if (kept.digest === digest) return kept.units;
  }
  const measured = await share(copies, files, measureUnit);
  const units = measured.flatMap((one) => ("failed" in one ? [] : [one]));
  for (const one of measured) {
    if ("failed" in one) process.stderr.write(`left out, fails unmutated: ${one.failed}\n`);
  }
  if (cache !== undefined) writeFileSync(cache, JSON.stringify({ digest, units }));
  return units;
}

function placeOf({ file, line, column }: Mutant): string {
  return `${file}:${line}:${column}`;
}

function lineOf(mutant: Judged): string {
  const short = (text: string) => text.replaceAll(/\s+/g, " ").slice(0, 90);
  const change = `${short(mutant.original)} → ${short(mutant.replacement)}`;
  return `${placeOf(mutant)} #${mutant.id} ${mutant.mutator}: ${change}`;
}

async function judgeAll(
  copies: readonly Copy[],
  mutants: readonly Mutant[],
  units: readonly Unit[],
): Promise<Judged[]> {
  let done = 0;
  return share(copies, mutants, async (copy, mutant) => {
    const found = await judge(copy, mutant.id, units);
    const killer = typeof found === "string" ? undefined : found;
    const judged: Judged = {
      ...mutant,
      reached: found !== "not reached",
      ...(killer && { killer }),
    };
    done += 1;
    const how = killer === undefined ? `${found}: ${lineOf(judged)}` : `noticed by ${killer.by}`;
    process.stderr.write(`${done}/${mutants.length} ${how}\n`);
    return judged;
  });
}

const percent = (part: number) => `${(100 * part).toFixed(1)} %`;

/** One row of the table, and whether enough was noticed. */
function rowOf(path: string, all: number, judged: readonly Judged[]) {
  const noticed = judged.filter(({ killer }) => killer !== undefined).length;
  const [low, high] = interval(noticed, judged.length);
  const unreached = judged.filter(({ reached }) => !reached).length;
  const part = noticed / judged.length;
  const cells = [
    ...[`  ${path}`, `${noticed} of ${judged.length}`, percent(part)],
    ...[`${percent(low)} – ${percent(high)}`, `${unreached} not reached`, `drawn from ${all}`],
  ];
  return { cells, enough: part >= leastShare };
}

/** Copies that are gone when this process ends, also when it is asked to. */
function makeCopies(made: Instrumented, jobs: number): { copies: Copy[]; stack: DisposableStack } {
  const stack = new DisposableStack();
  const work = makeTemp("mutation");
  stack.defer(() => rmSync(work, { recursive: true, force: true }));
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      stack.dispose();
      process.exit(130);
    });
  }
  const numbers = Array.from({ length: jobs }, (_, n) => String(n));
  const copies = numbers.map((name) => stack.use(makeCopy(root, join(work, name), made)));
  return { copies, stack };
}

/** Prints the table and the survivors; gives the exit code. */
function report(paths: readonly string[], eligible: readonly Mutant[], judged: Judged[]): number {
  const rows = paths.map((path) => {
    const within = <T extends Mutant>(all: readonly T[]) =>
      all.filter(({ file }) => file.startsWith(path));
    return rowOf(path, within(eligible).length, within(judged));
  });
  const cells = rows.map((row) => row.cells);
  console.log(table(cells, { align: ["left", "right", "right"] }));
  const survivors = judged.filter(({ killer }) => killer === undefined);
  for (const survivor of survivors) console.log(`  ${lineOf(survivor)}`);
  return rows.every(({ enough }) => enough) ? 0 : 1;
}

async function main({ paths, sample, seed, jobs, ids, json, cache }: Options): Promise<number> {
  const files = [...new Bun.Glob("lib/{change,storage}/**/*.ts").scanSync(root)].sort();
  const made = await instrument(root, files);
  const eligible = made.mutants.filter((mutant) => !isProse(mutant));
  const drawn = paths.flatMap((path) => {
    const within = eligible.filter(({ file }) => file.startsWith(path));
    return ids === undefined ? draw(within, sample, seed) : within.filter(({ id }) => ids.has(id));
  });
  const { copies, stack } = makeCopies(made, jobs);
  using _copies = stack;
  const judged = await judgeAll(copies, drawn, await unitsFor(copies, made, cache));
  console.log(`Mutants noticed by the tests (seed ${seed})`);
  if (json !== undefined) {
    const document = { schemaVersion: 1, seed, judged };
    writeFileSync(json, `${JSON.stringify(document, null, 2)}\n`);
  }
  return report(paths, eligible, judged);
}

process.exit(await main(optionsFrom(Bun.argv.slice(2))));
