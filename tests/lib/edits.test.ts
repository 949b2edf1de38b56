import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Json } from "../../lib/edits.ts";
import {
  arrayIndex,
  formatPointer,
  judgeEdit,
  lineColumnAt,
  lineFinder,
  parsePointer,
  performEdit,
  sameJson,
  valueAt,
} from "../../lib/edits.ts";

const runs = { numRuns: 1000 };

test("a pointer comes back from its keys", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "binary" })), (keys) => {
      expect(parsePointer(formatPointer(keys))).toEqual(keys);
    }),
    runs,
  );
  // The escapes of RFC 6901: ~01 is ~1, not /.
  expect(parsePointer("/a~1b/~01/")).toEqual(["a/b", "~1", ""]);
});

test("two JSON values are the same exactly when their sorted texts are", () => {
  const sorted = (value: Json): string =>
    JSON.stringify(value, (_, item) =>
      typeof item === "object" && item !== null && !Array.isArray(item)
        ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
        : item,
    );
  const value = fc
    .jsonValue({ maxDepth: 2 })
    .map((item) => JSON.parse(JSON.stringify(item)) as Json);
  fc.assert(
    fc.property(value, value, (a, b) => {
      expect(sameJson(a, b)).toBe(sorted(a) === sorted(b));
      expect(sameJson(a, structuredClone(a))).toBe(true);
    }),
    runs,
  );
});

test("what an object inherits is no field of it", () => {
  expect(valueAt({}, ["constructor"])).toBeUndefined();
  expect(valueAt([1], ["length"])).toBeUndefined();
  expect(sameJson(JSON.parse('{"__proto__":{}}'), {})).toBe(false);
  expect(sameJson(JSON.parse('{"__proto__":{}}'), { a: {} })).toBe(false);
  expect(judgeEdit({}, { pointer: "/toString", after: 1 })).toEqual({ state: "apply" });
});

test("a field named __proto__ is data", () => {
  const root = performEdit({}, { pointer: "/__proto__", after: { polluted: true } });
  expect(JSON.stringify(root)).toBe('{"__proto__":{"polluted":true}}');
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  const renamed = performEdit(root, { pointer: "/__proto__", rename: "p" });
  expect(JSON.stringify(renamed)).toBe('{"p":{"polluted":true}}');
});

test.each([
  ["0", 0],
  ["10", 10],
  ["01", null],
  ["-1", null],
  ["-", null],
  ["1.5", null],
  ["", null],
  ["99999999999", null],
])("the index %p is %p", (key, expected) => {
  expect(arrayIndex(key)).toBe(expected);
});

test("lines end at line feeds and a byte order mark takes no column", () => {
  expect(lineColumnAt("ab\ncd", 4)).toEqual({ line: 2, column: 2 });
  expect(lineColumnAt("ab\r\ncd", 3)).toEqual({ line: 1, column: 4 });
  expect(lineColumnAt("ab\r\ncd", 4)).toEqual({ line: 2, column: 1 });
  expect(lineColumnAt("\ufeffab", 2)).toEqual({ line: 1, column: 2 });
  expect(lineColumnAt("\ufeffab", 0)).toEqual({ line: 1, column: 1 });
  expect(lineColumnAt("a\n", 2)).toEqual({ line: 2, column: 1 });
});

test("many places of one text are found as each of them is", () => {
  const text = fc.array(fc.constantFrom("a", "\n", "\r\n", "\ufeff"), { maxLength: 30 });
  fc.assert(
    fc.property(text, (parts) => {
      const whole = parts.join("");
      const find = lineFinder(whole);
      for (let at = 0; at <= whole.length; at++) expect(find(at)).toEqual(lineColumnAt(whole, at));
    }),
    runs,
  );
});
