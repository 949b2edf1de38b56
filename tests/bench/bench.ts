/**
 * The benchmarks: `bun run bench [SECTION…] [--json FILE] [--quick]`.
 *
 * Every section makes its own disk, compares within one run, and names its bounds. Exit 1 when a
 * figure misses its bound by more than the noise seen. `--quick` measures on small disks, with few
 * runs, in less than a minute; figures that only mean something at full size are not judged then.
 */

import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { table } from "../../lib/text.ts";
import { refuseOtherFlags } from "../proof.ts";
import { removeTempsOnSignal } from "../temp.ts";
import { type Figure, fails, verdictOf } from "./measure.ts";

/** What a section exports. */
export interface Section {
  /** Title over its rows. */
  title: string;
  measure(options: { quick: boolean }): Promise<Figure[]>;
}

const own = new Set(["bench.ts", "launch.ts", "measure.ts", "measure.test.ts"]);

async function sections(wanted: string[]): Promise<[string, Section][]> {
  const names = readdirSync(import.meta.dir)
    .filter((file) => file.endsWith(".ts") && !own.has(file))
    .map((file) => file.slice(0, -".ts".length))
    .sort();
  const unknown = wanted.find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new Error(`no section "${unknown}"; there are ${names.join(", ")}`);
  const chosen = wanted.length === 0 ? names : wanted;
  const load = async (name: string): Promise<[string, Section]> => {
    const module = await import(join(import.meta.dir, `${name}.ts`));
    return [name, module.default as Section];
  };
  return Promise.all(chosen.map(load));
}

function rowOf(figure: Figure, quick: boolean): string[] {
  const digits = figure.unit === "×" || figure.bound < 10 ? 2 : 0;
  const shown = (value: number) => `${value.toFixed(digits)} ${figure.unit}`;
  const verdict = verdictOf(figure);
  return [
    `  ${figure.name}`,
    shown(figure.value),
    `± ${shown(figure.noise)}`,
    `≤ ${shown(figure.bound)}`,
    verdict === "MISSED" && !fails(figure, { quick }) ? "not judged" : verdict,
    figure.note ?? "",
  ];
}

/** What `--json` writes: every figure with its samples and verdict. */
function documentOf(results: { section: string; figures: Figure[] }[], quick: boolean): object {
  const judged = results.map(({ section, figures }) => ({
    section,
    figures: figures.map((one) => ({ ...one, verdict: verdictOf(one) })),
  }));
  return { schemaVersion: 1, quick, at: new Date().toISOString(), results: judged };
}

async function main(argv: string[]): Promise<number> {
  refuseOtherFlags(argv, ["--quick", "--json"]);
  removeTempsOnSignal();
  const quick = argv.includes("--quick");
  const at = argv.indexOf("--json");
  const file = at < 0 ? undefined : argv[at + 1];
  const wanted = argv.filter((word, n) => !word.startsWith("--") && (at < 0 || n !== at + 1));
  const results: { section: string; figures: Figure[] }[] = [];
  for (const [name, section] of await sections(wanted)) {
    process.stderr.write(`measuring ${name} …\n`);
    const figures = await section.measure({ quick });
    results.push({ section: name, figures });
    console.log(
      `${section.title}\n${table(
        figures.map((figure) => rowOf(figure, quick)),
        { align: ["left", "right", "right", "right"] },
      )}\n`,
    );
  }
  const missed = results.flatMap(({ figures }) => figures.filter((one) => fails(one, { quick })));
  if (file !== undefined) {
    const document = documentOf(results, quick);
    writeFileSync(file, `${JSON.stringify(document, null, 2)}\n`);
  }
  if (missed.length > 0) {
    console.log(`${missed.length} bound(s) missed: ${missed.map(({ name }) => name).join(", ")}`);
    return 1;
  }
  return 0;
}

process.exit(await main(Bun.argv.slice(2)));
