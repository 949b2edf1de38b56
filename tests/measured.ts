/**
 * What was measured, from the `--json` files of the proofs and benchmarks to the tables of the docs:
 * `npm run measured [-- FILE…]`.
 *
 * Each FILE replaces the sections that it has in `docs/measured/`; then the tables between the
 * markers in the README and in `docs/measured.md` are made of those files alone. A quick share never
 * replaces a full run.
 */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { root } from "./process.ts";

const kinds = ["crash", "fuzz", "mutation", "bench"] as const;
type Kind = (typeof kinds)[number];

/** One line of a table. */
const entrySchema = v.object({
  name: v.string(),
  /** How often it was tried, or what came out, with its unit. */
  amount: v.string(),
  count: v.number(),
  unit: v.string(),
  /** Benchmarks: the bound, in the same unit. Mutation: how many were tried. */
  bound: v.optional(v.number()),
  failures: v.number(),
  note: v.optional(v.string()),
});
export type Entry = v.InferOutput<typeof entrySchema>;

const sectionSchema = v.object({
  title: v.string(),
  /** The day it ended. */
  day: v.string(),
  quick: v.boolean(),
  seed: v.optional(v.number()),
  entries: v.array(entrySchema),
});
export type Section = v.InferOutput<typeof sectionSchema>;

/** `docs/measured/KIND.json`: sections by name, sorted. */
const fileSchema = v.record(v.string(), sectionSchema);
export type Measured = Record<Kind, v.InferOutput<typeof fileSchema>>;

const head = { quick: v.optional(v.boolean(), false), at: v.optional(v.string()) };
const proofSchema = v.object({
  ...head,
  seed: v.number(),
  results: v.array(
    v.object({
      section: v.string(),
      rows: v.array(
        v.object({
          ...{ name: v.string(), count: v.number(), unit: v.string() },
          ...{ failures: v.array(v.string()), note: v.optional(v.string()) },
        }),
      ),
    }),
  ),
});
const benchSchema = v.object({
  ...head,
  results: v.array(
    v.object({
      section: v.string(),
      figures: v.array(
        v.object({
          ...{ name: v.string(), value: v.number(), bound: v.number(), unit: v.string() },
          ...{ verdict: v.string(), note: v.optional(v.string()) },
        }),
      ),
    }),
  ),
});
const mutationSchema = v.object({
  ...head,
  seed: v.number(),
  judged: v.array(v.object({ file: v.string(), killer: v.optional(v.unknown()) })),
});

export const measuredDir = join(root, "docs/measured");

/** What is kept, or nothing at all. */
export function readMeasured(dir = measuredDir): Measured {
  const read = (kind: Kind) => {
    const file = join(dir, `${kind}.json`);
    return existsSync(file) ? v.parse(fileSchema, JSON.parse(readFileSync(file, "utf8"))) : {};
  };
  return {
    crash: read("crash"),
    fuzz: read("fuzz"),
    mutation: read("mutation"),
    bench: read("bench"),
  };
}

/** Takes the sections of one `--json` document; those of a quick share only where there are none. */
export async function takeIn(measured: Measured, document: unknown): Promise<void> {
  for (const [kind, name, section] of await sectionsIn(document)) {
    const known = measured[kind][name];
    if (section.quick && known !== undefined && !known.quick) continue;
    measured[kind][name] = section;
  }
}

async function sectionsIn(document: unknown): Promise<[Kind, string, Section][]> {
  const day = (at?: string) => (at ?? new Date().toISOString()).slice(0, 10);
  const mutation = v.safeParse(mutationSchema, document);
  if (mutation.success) return [mutationSection(mutation.output, day(mutation.output.at))];
  const bench = v.safeParse(benchSchema, document);
  if (bench.success) {
    const { quick, at, results } = bench.output;
    const taken = results.map(async ({ section, figures }): Promise<[Kind, string, Section]> => {
      const title = await titleOf("bench", section);
      return ["bench", section, { title, day: day(at), quick, entries: figures.map(figureEntry) }];
    });
    return Promise.all(taken);
  }
  const { quick, at, seed, results } = v.parse(proofSchema, document);
  const taken = results.map(async ({ section, rows }): Promise<[Kind, string, Section]> => {
    const kind = existsSync(join(root, `tests/crash/${section}.section.ts`)) ? "crash" : "fuzz";
    const entries = rows.map(({ failures, ...row }) => ({
      ...row,
      amount: `${whole(row.count)} ${row.unit}`,
      failures: failures.length,
    }));
    const title = await titleOf(kind, section);
    return [kind, section, { title, day: day(at), quick, seed, entries }];
  });
  return Promise.all(taken);
}

/** The title that the section's own file gives it. */
async function titleOf(kind: Kind, section: string): Promise<string> {
  const path = kind === "bench" ? `./bench/${section}.ts` : `./${kind}/${section}.section.ts`;
  return (await import(path)).default.title;
}

function figureEntry(figure: v.InferOutput<typeof benchSchema>["results"][0]["figures"][0]): Entry {
  const { name, value, bound, unit, verdict, note } = figure;
  const missed = verdict === "MISSED" ? 1 : 0;
  const shared = { name, amount: withUnit(value, unit, bound), count: value, unit, bound };
  return { ...shared, failures: missed, ...(note !== undefined && { note }) };
}

function mutationSection(
  { seed, judged }: v.InferOutput<typeof mutationSchema>,
  day: string,
): [Kind, string, Section] {
  const folders = [...new Set(judged.map(({ file }) => file.split("/").slice(0, 2).join("/")))];
  const entries = folders.sort().map((name): Entry => {
    const all = judged.filter(({ file }) => file.startsWith(`${name}/`));
    const count = all.filter(({ killer }) => killer !== undefined).length;
    const amount = `${count} of ${all.length} (${((100 * count) / all.length).toFixed(1)} %)`;
    return { name, amount, count, unit: "mutants", bound: all.length, failures: 0 };
  });
  const title = "Mutants that the tests notice";
  return ["mutation", "mutants", { title, day, quick: false, seed, entries }];
}

function whole(count: number): string {
  return count.toLocaleString("en-US");
}

function withUnit(value: number, unit: string, bound: number): string {
  return `${value.toFixed(unit === "×" || bound < 10 ? 2 : 0)} ${unit}`;
}

/** The tables: a row a section, or a row for everything with `full`. */
export function tablesOf(measured: Measured, { full }: { full: boolean }): string {
  const parts = [
    proofTable({ ...measured.crash, ...measured.fuzz }, full),
    mutationTable(measured.mutation),
    full ? benchTable(measured.bench, full) : folded(measured.bench),
  ];
  const text = parts.filter((part) => part !== "").join("\n\n");
  return text === "" ? "Nothing has been measured yet." : text;
}

type Sections = Readonly<Record<string, Section>>;

function proofTable(sections: Sections, full: boolean): string {
  const rows = Object.values(sections).flatMap((section) => {
    const { title, quick, entries } = section;
    const own = full
      ? entries.map((entry) => [noted(entry), entry.amount, failed(entry.failures)])
      : [];
    const failures = entries.reduce((sum, entry) => sum + entry.failures, 0);
    const name = full ? `**${title}**` : title;
    return [
      [`${name}${quick ? " (a quick share)" : ""}`, summed(entries), failed(failures)],
      ...own,
    ];
  });
  return markdownTable(["what was tried", "how often", "failures"], rows, ["", "--:", "--:"]);
}

function mutationTable(sections: Sections): string {
  const rows = Object.values(sections).flatMap(({ entries }) =>
    entries.map(({ name, amount }) => [`\`${name}\``, amount]),
  );
  return markdownTable(["a fault put in on purpose, in", "noticed by the tests"], rows, [
    "",
    "--:",
  ]);
}

/** The benchmarks behind one line that says how many there are and what is missed. */
function folded(sections: Sections): string {
  const entries = Object.values(sections).flatMap((section) => section.entries);
  if (entries.length === 0) return "";
  const missed = entries.filter(({ failures }) => failures > 0).map(({ name }) => name);
  const verdict = missed.length === 0 ? "all within their bounds" : `missed: ${missed.join(", ")}`;
  const summary = `${entries.length} times and sizes, ${verdict}`;
  const table = benchTable(sections, false);
  return `<details>\n<summary>${summary}</summary>\n\n${table}\n\n</details>`;
}

function benchTable(sections: Sections, full: boolean): string {
  const rows = Object.values(sections).flatMap(({ title, quick, entries }) => {
    const shown = full ? entries : worstOfAlike(entries);
    const cells = shown.map((entry) => [
      full ? noted(entry) : entry.name,
      entry.failures === 0 ? entry.amount : `**${entry.amount}**`,
      `≤ ${withUnit(entry.bound ?? 0, entry.unit, entry.bound ?? 0)}`,
    ]);
    return [[`**${title}**${quick ? " (a quick share)" : ""}`, "", ""], ...cells];
  });
  return markdownTable(["what was measured", "median", "bound"], rows, ["", "--:", "--:"]);
}

/** Where four or more share a unit and a bound, the worst stands for all. */
function worstOfAlike(entries: readonly Entry[]): Entry[] {
  const groups = Map.groupBy(entries, ({ unit, bound }) => `${unit} ${bound}`);
  return [...groups.values()].flatMap((group) => {
    if (group.length < 4) return group;
    const worst = group.reduce((a, b) => (b.count > a.count ? b : a));
    return [{ ...worst, name: `${worst.name}, the worst of ${group.length}` }];
  });
}

function noted({ name, note }: Entry): string {
  return note === undefined ? name : `${name} (${note})`;
}

function failed(failures: number): string {
  return failures === 0 ? "0" : `**${failures}**`;
}

/** `9,000 cuts`, or `2,000 points, 300 kills` where units differ. */
function summed(entries: readonly Entry[]): string {
  const units = Map.groupBy(entries, ({ unit }) => unit);
  return [...units]
    .map(([unit, group]) => `${whole(group.reduce((sum, { count }) => sum + count, 0))} ${unit}`)
    .join(", ");
}

function markdownTable(titles: string[], rows: string[][], align: string[]): string {
  if (rows.length === 0) return "";
  const line = (cells: string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(titles), line(align.map((side) => side || "---")), ...rows.map(line)].join("\n");
}

const markers = ["<!-- measured:begin -->", "<!-- measured:end -->"] as const;

/** The page with what stands between its markers replaced. */
export function filled(page: string, tables: string): string {
  const [begin, end] = markers.map((marker) => page.indexOf(marker));
  if (begin === undefined || end === undefined || begin === -1 || end < begin) {
    throw new Error(`the page lacks ${markers.join(" … ")}`);
  }
  return `${page.slice(0, begin + markers[0].length)}\n${tables}\n${page.slice(end)}`;
}

/** The pages with tables, from the repository, and whether they have every row. */
export const pages = [
  { path: "README.md", full: false },
  { path: "docs/measured.md", full: true },
];

async function main(files: readonly string[]): Promise<void> {
  const measured = readMeasured();
  for (const file of files) await takeIn(measured, JSON.parse(readFileSync(file, "utf8")));
  mkdirSync(measuredDir, { recursive: true });
  for (const kind of kinds) {
    const names = Object.keys(measured[kind]).sort();
    const sorted = Object.fromEntries(names.map((name) => [name, measured[kind][name]]));
    if (names.length > 0) {
      writeFileSync(join(measuredDir, `${kind}.json`), `${JSON.stringify(sorted, null, 2)}\n`);
    }
  }
  for (const { path, full } of pages) {
    const page = readFileSync(join(root, path), "utf8");
    writeFileSync(join(root, path), filled(page, tablesOf(readMeasured(), { full })));
  }
}

if (import.meta.main) await main(Bun.argv.slice(2));
