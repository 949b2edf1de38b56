/**
 * What `bun run test:crash` and `bun run test:fuzz` share: sections in files, one table, one verdict.
 *
 * Each `NAME.section.ts` beside a runner is a section, run in name order, each in one process.
 */

import { readdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { table } from "../lib/text.ts";
import { removeTempsOnSignal } from "./temp.ts";

/** One line of the table: how often something was tried, and what went wrong. */
export interface Row {
  name: string;
  /** How many points, cuts, inputs or writes were tried. */
  count: number;
  /** What a full run must reach; a `--quick` run is a share of it. */
  atLeast: number;
  /** What is counted: "points", "cuts", "inputs", … */
  unit: string;
  /** A line each, enough to see the failure again. */
  failures: string[];
  note?: string;
}

export interface ProofOptions {
  /** A bounded share: seconds, not minutes. */
  quick: boolean;
  /** Where random choices begin; printed, so that a failing run can be had again. */
  seed: number;
}

/** What a section file exports by default. */
export interface ProofSection {
  /** Title over its rows. */
  title: string;
  run(options: ProofOptions): Promise<Row[]>;
}

const shownFailures = 10;

/** A mistyped `--quick` would mean a full run. */
export function refuseOtherFlags(argv: readonly string[], known: readonly string[]): void {
  const other = argv.find((word) => word.startsWith("--") && !known.includes(word));
  if (other !== undefined) throw new Error(`no flag "${other}"; there are ${known.join(", ")}`);
}

function lineOf(row: Row): string[] {
  const bad = row.failures.length;
  const verdict = bad === 0 ? "0 failures" : `${bad} FAILED`;
  const count = `${row.count.toLocaleString("en-US")} ${row.unit}`;
  return [`  ${row.name}`, count, verdict, row.note ?? ""];
}

/**
 * Runs sections beside `runner`: `[SECTION…] [--quick] [--seed N] [--json FILE]`.
 *
 * Gives the exit code: 0, or 1 when anything failed or a full run tried less than it promises.
 */
export async function prove(runner: string, argv: readonly string[]): Promise<number> {
  refuseOtherFlags(argv, ["--quick", "--seed", "--json"]);
  removeTempsOnSignal();
  const value = (flag: string) => (argv.includes(flag) ? argv[argv.indexOf(flag) + 1] : undefined);
  const taken = new Set(["--seed", "--json"].map((flag) => value(flag)));
  const wanted = argv.filter((word) => !word.startsWith("--") && !taken.has(word));
  const quick = argv.includes("--quick");
  const seed = Number(value("--seed") ?? Date.now() % 1_000_000);
  const names = readdirSync(dirname(runner))
    .filter((file) => file.endsWith(".section.ts"))
    .map((file) => file.slice(0, -".section.ts".length))
    .sort();
  const unknown = wanted.find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new Error(`no section "${unknown}"; there are ${names.join(", ")}`);

  console.log(`${basename(runner, ".ts")}: seed ${seed}${quick ? ", a quick share" : ""}\n`);
  const results: { section: string; rows: Row[] }[] = [];
  for (const name of wanted.length === 0 ? names : wanted) {
    const file = join(dirname(runner), `${name}.section.ts`);
    const section: ProofSection = (await import(file)).default;
    const began = performance.now();
    const rows = await section.run({ quick, seed });
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    results.push({ section: name, rows });
    const lines = table(rows.map(lineOf), { align: ["left", "right"] });
    console.log(`${section.title} (${seconds} s)\n${lines}\n`);
    for (const { failures } of rows) {
      for (const failure of failures.slice(0, shownFailures)) console.log(`  ✗ ${failure}`);
    }
  }
  const json = value("--json");
  if (json !== undefined) {
    const document = { schemaVersion: 1, quick, seed, at: new Date().toISOString(), results };
    writeFileSync(json, `${JSON.stringify(document, null, 2)}\n`);
  }
  const rows = results.flatMap((result) => result.rows);
  const failed = rows.filter((row) => row.failures.length > 0);
  const short = quick ? [] : rows.filter((row) => row.count < row.atLeast);
  for (const row of short) {
    console.log(`${row.name}: ${row.count} ${row.unit}, but ${row.atLeast} were promised`);
  }
  return failed.length + short.length > 0 ? 1 : 0;
}
