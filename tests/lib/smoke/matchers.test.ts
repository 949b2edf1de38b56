import { describe, expect, test } from "bun:test";
import { checkAll, judge } from "../../../lib/smoke/matchers.ts";
import type { Matcher } from "../../../lib/smoke/schema.ts";

const holds = (matcher: Matcher, value: unknown) => judge(matcher, value, "R") === undefined;

describe("a matcher", () => {
  const cases: [Matcher, unknown, unknown][] = [
    [7, 7, 8],
    ["x", "x", "y"],
    [null, null, undefined],
    [
      ["a", "b"],
      ["a", "b"],
      ["b", "a"],
    ],
    [{ equals: { a: 1 } }, { a: 1 }, { a: 1, b: 2 }],
    [{ not: 7 }, 8, 7],
    [{ contains: "el" }, "hello", "hallo"],
    [{ contains: ["a", "b"] }, ["b", "a", "c"], ["a"]],
    [{ matches: "^b$" }, "a\nb\nc", "abc"],
    [{ type: "integer" }, 3, 3.5],
    [{ type: "object" }, {}, []],
    [{ length: 2 }, [1, 2], [1]],
    [{ length: { min: 1 } }, "x", ""],
    [{ min: 3, max: 5 }, 4, 6],
    [{ max: "2s" }, 1_999, 2_001],
    [{ oneOf: ["a", "b"] }, "b", "c"],
    [{ exists: true }, 0, null],
    [{ exists: false }, undefined, 0],
    [{ each: { min: 1 } }, [1, 2], [1, 0]],
    [{ some: { subset: { id: 2 } } }, [{ id: 1 }, { id: 2, x: 3 }], [{ id: 1 }]],
    [{ none: 3 }, [1, 2], [3]],
    [{ subset: { "a.b": 1 } }, { a: { b: 1, c: 2 } }, { a: { b: 2 } }],
    [{ sameSet: ["a", "b"] }, ["b", "a"], ["a", "b", "b"]],
    [{ rising: true }, [1, 2, 5], [1, 2, 2]],
    [{ contains: "a", not: { contains: "b" } }, ["a"], ["a", "b"]],
  ];
  for (const [matcher, good, bad] of cases) {
    test(`${JSON.stringify(matcher)} accepts ${JSON.stringify(good)} and refuses ${JSON.stringify(bad)}`, () => {
      expect(holds(matcher, good)).toBe(true);
      expect(holds(matcher, bad)).toBe(false);
    });
  }

  test("judges integers of SQLite as the numbers they are", () => {
    expect(holds(7, 7n)).toBe(true);
    expect(holds({ min: 3 }, 2n)).toBe(false);
  });
});

describe("an expectation for each generation", () => {
  const written = { status: { generation: { A: 500, B: 404 } } };

  test("counts for the generation that is walked", () => {
    expect(checkAll(written, { status: 404 }, "A")[0]?.problem).toBe("is 404");
    expect(checkAll(written, { status: 404 }, "B")[0]?.problem).toBeUndefined();
  });

  test("is left out where nothing is said", () => {
    expect(checkAll(written, { status: 404 }, "R")).toEqual([]);
  });

  test("adds to what holds for all", () => {
    const both = { n: { type: "integer" as const, generation: { R: { min: 5 } } } };
    expect(checkAll(both, { n: 4 }, "R")[0]?.problem).toBe("is 4");
    expect(checkAll(both, { n: 4 }, "A")[0]?.problem).toBeUndefined();
  });
});

test("of many elements that do not fit, the nearest is shown", () => {
  const wanted = { some: { subset: { name: "git", level: "FAIL" } } };
  const problem = judge(
    wanted,
    [
      { name: "x", level: "PASS" },
      { name: "git", level: "PASS" },
    ],
    "R",
  );
  expect(problem).toBe('none of 2 fits; the nearest is {"name":"git","level":"PASS"}');
});
