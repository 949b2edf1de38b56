import { describe, expect, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeTemp } from "../temp.ts";
import { instrument, isProse } from "./instrument.ts";
import { draw, interval } from "./sample.ts";

const numbers = Array.from({ length: 1_000 }, (_, n) => n);

describe("a sample", () => {
  test("is the same for the same seed, and another for another", () => {
    expect(draw(numbers, 50, 7)).toEqual(draw(numbers, 50, 7));
    expect(draw(numbers, 50, 7)).not.toEqual(draw(numbers, 50, 8));
  });

  test("holds nothing twice, and all there is when it is large enough", () => {
    expect(new Set(draw(numbers, 400, 7)).size).toBe(400);
    expect(draw(numbers, 5_000, 7)).toEqual(numbers);
  });

  test("favours no place: halves of the whole come about as often", () => {
    const drawn = numbers.flatMap((seed) => draw(numbers, 10, seed));
    expect(drawn.filter((n) => n < 500).length / drawn.length).toBeCloseTo(0.5, 1);
  });
});

test("the interval of a share is Wilson's", () => {
  const rounded = (hits: number, size: number) => interval(hits, size).map((n) => n.toFixed(3));
  expect(rounded(77, 100)).toEqual(["0.678", "0.842"]);
  expect(rounded(10, 10)).toEqual(["0.722", "1.000"]);
  expect(rounded(0, 10)).toEqual(["0.000", "0.278"]);
  expect(interval(0, 0)).toEqual([0, 1]);
});

test("sentences are left out, names, paths and formats are not", () => {
  const prose = (original: string) => isProse({ mutator: "StringLiteral", original });
  expect(prose('"is left alone: nobody owns it"')).toBe(true);
  expect(prose("`$" + "{count} sessions`")).toBe(true);
  expect(prose('"config.yaml"')).toBe(false);
  expect(prose("`$" + "{dir}/sessions/$" + "{name}`")).toBe(false);
  expect(isProse({ mutator: "Regex", original: "/a b/" })).toBe(false);
});

test("a mutant is known by its place, what stood there, and what stands there then", async () => {
  const root = makeTemp("mutants");
  try {
    mkdirSync(join(root, "lib/change"), { recursive: true });
    const path = "lib/change/a.ts";
    writeFileSync(join(root, path), "export const f = (n: number) =>\n  n < 3;\n");
    const { mutants, sources } = await instrument(root, [path]);
    expect(mutants).toContainEqual(
      expect.objectContaining({
        ...{ file: path, line: 2, column: 3, mutator: "EqualityOperator" },
        ...{ original: "n < 3", replacement: "n <= 3" },
      }),
    );
    expect(sources.get(path)).toContain('from "../../mutation-switches.ts"');
    expect(sources.get(path)).not.toContain("function stryMutAct_9fa48");
  } finally {
    rmSync(root, { recursive: true });
  }
});
