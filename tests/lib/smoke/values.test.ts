import { expect, test } from "bun:test";
import { fill, parsePath, referencesOf, show, valueAt } from "../../../lib/smoke/values.ts";

const root = {
  json: { list: [{ id: 1 }, { id: 2 }], "a.b": "x" },
  headers: { "content-type": "t" },
};

test("a path names fields, indexes, the last element and every element", () => {
  expect(valueAt(root, "json.list[0].id")).toBe(1);
  expect(valueAt(root, "json.list[-1].id")).toBe(2);
  expect(valueAt(root, "json.list[*].id")).toEqual([1, 2]);
  expect(valueAt(root, 'headers["content-type"]')).toBe("t");
  expect(valueAt(root, 'json["a.b"]')).toBe("x");
  expect(valueAt(root, ".")).toBe(root);
});

test("what is not there is undefined, inherited fields included", () => {
  expect(valueAt(root, "json.nothing.deeper")).toBeUndefined();
  expect(valueAt(root, "json.list[7].id")).toBeUndefined();
  expect(valueAt(root, "json.constructor")).toBeUndefined();
  expect(valueAt(null, "x")).toBeUndefined();
});

test("a path that cannot be read is an error with the column", () => {
  expect(() => parsePath("a[x]")).toThrow("column 2");
});

const scope = new Map<string, unknown>([
  ["id", "gh-1"],
  ["port", 4101],
  ["list", ["--name", "x"]],
]);

test("a text that is one reference takes the value with its type; in a longer text it is written", () => {
  // biome-ignore-start lint/suspicious/noTemplateCurlyInString: references of lanes.
  expect(fill({ a: "${port}", b: ["p ${port}", "${list}"], "${id}": 1 }, scope)).toEqual({
    a: 4101 as never,
    b: ["p 4101", ["--name", "x"]] as never,
    "gh-1": 1,
  } as never);
  expect(() => fill("${nobody}", scope)).toThrow("nothing has captured ${nobody}");
  expect(referencesOf({ a: "${x} $y ${z.b}", "${k}": 1 }).sort()).toEqual(["k", "x", "z.b"]);
  // biome-ignore-end lint/suspicious/noTemplateCurlyInString: references of lanes.
});

test("values are shown as JSON, what is absent as that", () => {
  expect(show(undefined)).toBe("(absent)");
  expect(show({ n: 7n })).toBe('{"n":7}');
});
