import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { filled, type Measured, pages, readMeasured, tablesOf, takeIn } from "./measured.ts";
import { root } from "./process.ts";

test.each(pages)("the tables of $path are what docs/measured says", ({ path, full }) => {
  const page = readFileSync(join(root, path), "utf8");
  expect(filled(page, tablesOf(readMeasured(), { full }))).toBe(page);
});

const nothing = (): Measured => ({ crash: {}, fuzz: {}, mutation: {}, bench: {} });

/** A document as a proof writes it. */
function proof(count: number, more: { quick?: boolean; failures?: string[] } = {}): object {
  const row = {
    name: "cuts | of one kind",
    count,
    atLeast: 1,
    unit: "cuts",
    failures: [],
    ...more,
  };
  const results = [{ section: "power", rows: [row, { ...row, name: "of another", failures: [] }] }];
  const at = "2026-01-02T03:04:05.678Z";
  return { schemaVersion: 1, quick: more.quick ?? false, seed: 7, at, results };
}

function bench(...values: number[]): object {
  const figures = values.map((value, at) => ({
    ...{ name: `start ${at}`, value, bound: 60, unit: "ms", noise: 0, samples: [value] },
    verdict: value > 60 ? "MISSED" : "ok",
  }));
  return { schemaVersion: 1, quick: false, results: [{ section: "start", figures }] };
}

async function taken(...documents: object[]): Promise<Measured> {
  const measured = nothing();
  for (const document of documents) await takeIn(measured, document);
  return measured;
}

describe("a section", () => {
  test("has the title of its file and goes where that file is", async () => {
    const { crash, fuzz } = await taken(proof(1000));
    expect(Object.keys({ ...crash, ...fuzz })).toEqual(["power"]);
    expect(crash.power).toMatchObject({ day: "2026-01-02", quick: false, seed: 7 });
    expect(crash.power?.title).toStartWith("Power loss");
  });

  test("is replaced by a later run, but not by a quick share", async () => {
    const rows = ({ crash }: Measured) => crash.power?.entries[0]?.count;
    expect(rows(await taken(proof(1000), proof(2000)))).toBe(2000);
    expect(rows(await taken(proof(1000), proof(5, { quick: true })))).toBe(1000);
    expect(rows(await taken(proof(5, { quick: true }), proof(1000)))).toBe(1000);
  });
});

describe("the tables", () => {
  test("say how often, and shout what failed", async () => {
    const measured = await taken(proof(1000, { failures: ["seed 1"] }));
    const short = tablesOf(measured, { full: false });
    expect(short).toContain("| 2,000 cuts | **1** |");
    expect(short).not.toContain("of one kind");
    const full = tablesOf(measured, { full: true });
    expect(full).toContain(
      "| cuts \\| of one kind | 1,000 cuts | **1** |\n| of another | 1,000 cuts | 0 |",
    );
  });

  test("say of a quick share that it is one", async () => {
    const measured = await taken(proof(5, { quick: true }));
    expect(tablesOf(measured, { full: false })).toContain("(a quick share) | 10 cuts | 0 |");
  });

  test("of many alike show the worst, and of misses each", async () => {
    const short = tablesOf(await taken(bench(10, 30, 20, 25)), { full: false });
    expect(short).toContain("| start 1, the worst of 4 | 30 ms | ≤ 60 ms |");
    expect(short).not.toContain("start 2");
    const missed = tablesOf(await taken(bench(10, 70)), { full: false });
    expect(missed).toContain("| start 1 | **70 ms** | ≤ 60 ms |");
  });

  test("count the mutants of each folder", async () => {
    const judged = [
      { file: "lib/change/a.ts", killer: { by: "a.test.ts" } },
      { file: "lib/change/b/c.ts" },
      { file: "lib/storage/d.ts", killer: { by: "d.test.ts" } },
    ];
    const table = tablesOf(await taken({ schemaVersion: 1, seed: 1, judged }), { full: false });
    expect(table).toContain(
      "| `lib/change` | 1 of 2 (50.0 %) |\n| `lib/storage` | 1 of 1 (100.0 %) |",
    );
  });

  test("stand between markers, and making them twice changes nothing", () => {
    const page = "a\n<!-- measured:begin -->\nold\n<!-- measured:end -->\nb\n";
    const once = filled(page, "new");
    expect(once).toBe("a\n<!-- measured:begin -->\nnew\n<!-- measured:end -->\nb\n");
    expect(filled(once, "new")).toBe(once);
    expect(() => filled("no markers", "new")).toThrow("lacks");
  });
});
