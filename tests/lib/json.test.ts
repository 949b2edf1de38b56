import { describe, expect, test } from "bun:test";
import type { Edit, Json } from "../../lib/edits.ts";
import { ToolkitError } from "../../lib/errors.ts";
import { hasDuplicateKeys, jsonErrorPlace, locateJson, patchJsonText } from "../../lib/json.ts";

describe("patching JSON", () => {
  const session = '{\r\n    "id" : "int-1",\r\n    "n": 1.0,\r\n    "h": { "x": 1 }\r\n}\r\n';
  const edit = (pointer: string, before?: Json, after?: Json): Edit => ({
    pointer,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  });
  const textOf = (text: string, ...edits: Edit[]) => patchJsonText(text, edits).text;

  test("changes the value and keeps every other byte", () => {
    expect(textOf(`\ufeff${session}`, edit("/id", "int-1", "int-2"))).toBe(
      `\ufeff${session.replace("int-1", "int-2")}`,
    );
  });

  test("applies edits one after the other, each seeing the earlier ones", () => {
    const edits = [
      { pointer: "/h", rename: "handle" },
      edit("/handle/y", undefined, []),
      edit("/handle/y/0", undefined, true),
      edit("/handle/x", 1, 2),
      edit("/handle/x", 2, 3),
    ];
    const result = patchJsonText(session, edits);
    expect(result.applied).toEqual(edits);
    expect(result.text).toBe(
      session.replace('"h": { "x": 1 }', '"handle": { "x": 3, "y": [true] }'),
    );
  });

  test("adds fields in the file's own style", () => {
    const value = { a: [1], b: {} };
    expect(textOf(session, edit("/new", undefined, value))).toBe(
      session.replace(
        '{ "x": 1 }',
        '{ "x": 1 },\r\n    "new": {\r\n        "a": [\r\n            1\r\n        ],\r\n        "b": {}\r\n    }',
      ),
    );
    expect(textOf('{"a":1}\n', edit("/b", undefined, value))).toBe(
      '{"a":1,"b":{"a":[1],"b":{}}}\n',
    );
    expect(textOf('{"a": 1, "c": 2}', edit("/b", undefined, 1))).toBe('{"a": 1, "c": 2, "b": 1}');
    expect(textOf("{}\n", edit("/b", undefined, 1))).toBe('{"b":1}\n');
    expect(textOf("{\n}\n", edit("/b", undefined, 1))).toBe('{\n  "b": 1\n}\n');
    expect(textOf('{\n\t"h": {}\n}', edit("/h/b", undefined, { c: 1 }))).toBe(
      '{\n\t"h": {\n\t\t"b": {\n\t\t\t"c": 1\n\t\t}\n\t}\n}',
    );
    expect(textOf('{\n  "h": [ ]\n}', edit("/h/0", undefined, 1))).toBe(
      '{\n  "h": [\n    1\n  ]\n}',
    );
    expect(textOf('{"a": 1,\n\n "b": 2}', edit("/c", undefined, 3))).toBe(
      '{"a": 1,\n\n "b": 2,\n "c": 3}',
    );
  });

  test("removes a field with its comma and its line", () => {
    const text = '{\n  "a": 1,\n  "b": 2,\n  "c": 3\n}\n';
    expect(textOf(text, edit("/a", 1))).toBe('{\n  "b": 2,\n  "c": 3\n}\n');
    expect(textOf(text, edit("/b", 2))).toBe('{\n  "a": 1,\n  "c": 3\n}\n');
    expect(textOf(text, edit("/c", 3))).toBe('{\n  "a": 1,\n  "b": 2\n}\n');
    expect(textOf('{\n  "a": 1\n}\n', edit("/a", 1))).toBe("{}\n");
    expect(textOf("[1, 2, 3]", edit("/1", 2))).toBe("[1, 3]");
  });

  test("a field that holds the new value already is not touched", () => {
    const edits = [
      edit("/id", "int-0", "int-1"),
      edit("/gone", 1),
      edit("/gone/deeper", 1),
      edit("/n", undefined, 1),
      { pointer: "/old", rename: "h" },
      { pointer: "/h", rename: "h" },
    ];
    expect(patchJsonText(session, edits)).toEqual({
      text: session,
      applied: [],
      already: edits,
      conflicts: [],
    });
  });

  test("values are equal whatever the order of their keys, and not when one has more", () => {
    const text = '{"a":{"x":1,"y":[1,{"z":null}]}}';
    expect(textOf(text, edit("/a", { y: [1, { z: null }], x: 1 }, 0))).toBe('{"a":0}');
    for (const other of [{ x: 1 }, { x: 1, y: [1] }, [1], null, { x: 1, y: [1, { z: 0 }] }]) {
      expect(patchJsonText(text, [edit("/a", other, 0)]).conflicts).toHaveLength(1);
    }
    expect(patchJsonText('{"a":{}}', [edit("/a", [], 0)]).conflicts).toHaveLength(1);
    expect(patchJsonText('{"a":{"b":1}}', [edit("/a", { __proto__: 1, c: 1 }, 0)]).text).toBe(
      '{"a":{"b":1}}',
    );
  });

  test.each<[string, Edit, Json | undefined, string]>([
    ["another value", edit("/id", "int-7", "int-8"), "int-1", "the field holds another value"],
    ["no field", edit("/gone", 1, 2), undefined, "the field is missing"],
    [
      "a field where none may be",
      edit("/id", undefined, "x"),
      "int-1",
      "the field holds another value",
    ],
    [
      "no parent",
      edit("/gone/x", undefined, 1),
      undefined,
      "the object that should hold the field is missing",
    ],
    [
      "a text as parent",
      edit("/id/x", undefined, 1),
      undefined,
      "the object that should hold the field is missing",
    ],
    [
      "a list that is too short",
      edit("/list/5", undefined, 1),
      undefined,
      "an item can only be added at the end of its list",
    ],
    [
      "the end mark of a list",
      edit("/list/-", undefined, 1),
      undefined,
      "an item can only be added at the end of its list",
    ],
    [
      "the root gone",
      edit("", { list: [1], id: "int-1", o: { a: 1, b: 2 } }),
      { list: [1], id: "int-1", o: { a: 1, b: 2 } },
      "a document cannot lose its root",
    ],
    [
      "a renamed root",
      { pointer: "", rename: "x" },
      { list: [1], id: "int-1", o: { a: 1, b: 2 } },
      "there is no key to rename",
    ],
    ["a renamed item", { pointer: "/list/0", rename: "x" }, 1, "there is no key to rename"],
    ["a taken name", { pointer: "/o/a", rename: "b" }, 1, '"b" exists already'],
    ["neither name", { pointer: "/o/x", rename: "y" }, undefined, "the field is missing"],
  ])("%s is a conflict that changes nothing", (_, conflicting, found, reason) => {
    const text = '{"list": [1], "id": "int-1", "o": {"a": 1, "b": 2}}';
    const expected = found === undefined ? { reason } : { found, reason };
    expect(patchJsonText(text, [conflicting])).toEqual({
      text,
      applied: [],
      already: [],
      conflicts: [{ edit: conflicting, ...expected }],
    });
  });

  test.each([
    ['{"a": 1, "a": 2}', "/a"],
    ['{"a": 1, "\\u0061": 2}', "/a"],
    ['{"a": {"b": 2}, "a": {"b": 2}}', "/a/b"],
    ['{"a": {"x": 2}, "a": {"x": 2}}', "/a/b"],
  ])("a key that occurs twice (%s) is a conflict", (text, pointer) => {
    const before = pointer === "/a" ? 2 : pointer === "/a/b" && text.includes("b") ? 2 : undefined;
    const [conflict] = patchJsonText(text, [edit(pointer, before, 3)]).conflicts;
    expect(conflict?.reason).toBe("a key on the way occurs more than once");
    expect(hasDuplicateKeys(text)).toBe(true);
  });

  test("a key that occurs twice elsewhere does not matter", () => {
    expect(textOf('{"x": {"a": 1, "a": 2}, "b": 1}', edit("/b", 1, 2))).toBe(
      '{"x": {"a": 1, "a": 2}, "b": 2}',
    );
  });

  test("pointers are RFC 6901", () => {
    const text = '{"a/b": {"~": {"": [0, {"m n": 1}]}}}';
    expect(textOf(text, edit("/a~1b/~0//1/m n", 1, 2))).toBe(text.replace("1}", "2}"));
    expect(textOf("[1]", edit("", [1], 2))).toBe("2");
    expect(textOf('{"1": {"0": 1}, "0": 2}', edit("/1/0", 1, 3))).toBe('{"1": {"0": 3}, "0": 2}');
    expect(locateJson("[[1]]", "/0/00")).toBeNull();
    for (const pointer of ["a", "/~", "/~2", "#/a"]) {
      expect(() => patchJsonText("{}", [edit(pointer, undefined, 1)])).toThrow(ToolkitError);
    }
  });

  test("a later edit does not reach into the values of an earlier one", () => {
    const edits = [edit("/a", undefined, { b: 1 }), edit("/a/b", 1, 2)];
    expect(textOf("{}", ...edits)).toBe('{"a":{"b":2}}');
    expect(edits[0]).toEqual({ pointer: "/a", after: { b: 1 } });
  });

  test("text that is not JSON is refused with its place", () => {
    expect(() => patchJsonText('{"a":\n 1,}', [])).toThrow(
      "Cannot patch the text: it is not JSON from line 2, column 4",
    );
  });
});

describe("the place of an error", () => {
  test.each([
    ["", 1, 1],
    ["\ufeff", 1, 1],
    ['{"a": tru', 1, 7],
    ['{"a":', 1, 6],
    ['{"a": 1}\n}', 2, 1],
    ["[1,]", 1, 4],
    ["{,}", 1, 2],
    ['{"a" 1}', 1, 6],
    ["[01]", 1, 2],
    ["[1}", 1, 3],
    ['{"a":1]', 1, 7],
    ['["\\x"]', 1, 3],
    ['["\t"]', 1, 3],
    ['"\\u12g4"', 1, 2],
    ["// c", 1, 1],
    ["[\u00a01]", 1, 2],
  ])("in %p is %d:%d", (text, line, column) => {
    expect(jsonErrorPlace(text)).toEqual({ line, column });
  });
});

test("twenty thousand nested lists are no stack overflow", () => {
  const text = `${"[".repeat(20_000)}${"]".repeat(20_000)}`;
  expect(jsonErrorPlace(text)).toBeNull();
  expect(jsonErrorPlace(`${text}]`)).toEqual({ line: 1, column: 40_001 });
});
