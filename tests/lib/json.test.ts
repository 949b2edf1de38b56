import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Edit, Json } from "../../lib/change/operation.ts";
import { formatPointer } from "../../lib/edits.ts";
import { ToolkitError } from "../../lib/errors.ts";
import {
  hasDuplicateKeys,
  jsonErrorPlace,
  locateJson,
  parseJson,
  patchJsonText,
} from "../../lib/json.ts";

const runs = { numRuns: 1000 };

type Written = { value: Json; text: string };

const space = fc.constantFrom("", "", " ", "\n", "\r\n", "\n  ", "\t", "  \n\t ");
/** Not a whole number: objects in memory put such keys first, whatever the text says. */
const key = fc
  .oneof(
    fc.constantFrom("a", "b", "project", "a/b", "~", "", "__proto__", "01", "-1", "\\", '"', "ü"),
    fc.string({ unit: "binary", maxLength: 4 }),
  )
  .filter((text) => !/^(?:0|[1-9]\d*)$/.test(text));

/** A key or text as JSON, now and then with an escape where none is needed. */
const spelt = (text: string, escaped: boolean): string =>
  escaped && /^[a-z]/.test(text)
    ? `"\\u00${text.charCodeAt(0).toString(16)}${JSON.stringify(text.slice(1)).slice(1)}`
    : JSON.stringify(text);

const scalar: fc.Arbitrary<Written> = fc
  .oneof(
    fc.constantFrom(null, true, false, 0, 1, -1.5, 1e21),
    fc.string({ unit: "binary", maxLength: 6 }),
    fc.constantFrom('}"', "[\\", "a,b", "\\\\"),
  )
  .map((value) => ({ value, text: JSON.stringify(value) }));

const { document } = fc.letrec<{ document: Written; list: Written; object: Written }>((tie) => ({
  document: fc.oneof({ maxDepth: 4, withCrossShrink: true }, scalar, tie("object"), tie("list")),
  list: fc
    .tuple(fc.array(fc.tuple(space, tie("document"), space), { maxLength: 4 }), space)
    .map(([items, inner]) => ({
      value: items.map(([, item]) => item.value),
      text: `[${items.map(([a, item, b]) => a + item.text + b).join(",") || inner}]`,
    })),
  object: fc
    .tuple(
      fc.uniqueArray(fc.tuple(key, fc.boolean(), tie("document"), space, space, space, space), {
        selector: ([name]) => name,
        maxLength: 5,
      }),
      space,
    )
    .map(([members, inner]) => ({
      value: Object.fromEntries(members.map(([name, , item]) => [name, item.value])),
      text: `{${
        members
          .map(
            ([name, escaped, item, a, b, c, d]) =>
              `${a}${spelt(name, escaped)}${b}:${c}${item.text}${d}`,
          )
          .join(",") || inner
      }}`,
    })),
}));

const whole = fc
  .tuple(fc.constantFrom("", "\ufeff"), space, document, space)
  .map(([mark, before, { value, text }, after]) => ({ value, text: mark + before + text + after }));

/** Every path in a value, the root's included. */
function pathsOf(value: Json, path: string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([name, item]) => pathsOf(item, [...path, name]))];
}

const at = (value: Json, path: string[]): Json =>
  path.reduce<Json>(
    (parent, name) => Object.entries(parent ?? {}).find(([k]) => k === name)?.[1],
    value,
  );

/** The value with the entry at a path replaced by these entries, in its place. */
function replaced(value: Json, path: string[], by: (entry: Json) => [string, Json][]): Json {
  const [name, ...rest] = path;
  const entries = Object.entries(value ?? {}).flatMap<[string, Json]>(([key, item]) => {
    if (key !== name) return [[key, item]];
    return rest.length === 0 ? by(item) : [[key, replaced(item, rest, by)]];
  });
  return Array.isArray(value) ? entries.map(([, item]) => item) : Object.fromEntries(entries);
}

const same = (actual: Json, expected: Json): void => {
  expect(JSON.stringify(actual)).toBe(JSON.stringify(expected));
};

const picked = fc.tuple(whole, fc.nat()).map(([written, pick]) => {
  const paths = pathsOf(written.value);
  return { ...written, path: paths[pick % paths.length] ?? [] };
});

describe("a generated document", () => {
  test("with a replaced value changes only there, and comes back byte for byte", () => {
    fc.assert(
      fc.property(picked, scalar, ({ value, text, path }, { value: after }) => {
        const before = at(value, path);
        fc.pre(JSON.stringify(before) !== JSON.stringify(after));
        const pointer = formatPointer(path);
        const place = locateJson(text, pointer);
        const patched = patchJsonText(text, [{ pointer, before, after }]);
        expect(patched.applied).toHaveLength(1);
        same(
          parseJson(patched.text),
          path.length === 0 ? after : replaced(value, path, () => [[path.at(-1) ?? "", after]]),
        );
        const end = (place?.offset ?? 0) + (place?.length ?? 0);
        expect(patched.text.startsWith(text.slice(0, place?.offset))).toBe(true);
        expect(patched.text.endsWith(text.slice(end))).toBe(true);
        const back = patchJsonText(patched.text, [{ pointer, before: after, after: before }]);
        same(parseJson(back.text), value);
        if (typeof before !== "object" || before === null) expect(back.text).toBe(text);
      }),
      runs,
    );
  });

  test("without a field has all the others, and takes it back", () => {
    fc.assert(
      fc.property(picked, ({ value, text, path }) => {
        fc.pre(path.length > 0);
        const pointer = formatPointer(path);
        const before = at(value, path);
        const { text: without, applied } = patchJsonText(text, [{ pointer, before }]);
        expect(applied).toHaveLength(1);
        const expected = replaced(value, path, () => []);
        same(parseJson(without), expected);
        const parent = at(expected, path.slice(0, -1));
        if (Array.isArray(parent) && Number(path.at(-1)) !== parent.length) return;
        const back = patchJsonText(without, [{ pointer, after: before }]);
        expect(back.applied).toHaveLength(1);
        expect(Bun.deepEquals(parseJson(back.text), value)).toBe(true);
      }),
      runs,
    );
  });

  test("with a new field has it at the end of its object, and loses it byte for byte", () => {
    fc.assert(
      fc.property(picked, key, document, ({ value, text, path }, name, { value: after }) => {
        const parent = at(value, path);
        fc.pre(typeof parent === "object" && parent !== null);
        const field = Array.isArray(parent) ? String(parent.length) : name;
        fc.pre(!Object.hasOwn(parent, field));
        const pointer = formatPointer([...path, field]);
        const patched = patchJsonText(text, [{ pointer, after }]);
        expect(patched.applied).toHaveLength(1);
        const grown = Array.isArray(parent)
          ? [...parent, after]
          : Object.fromEntries([...Object.entries(parent), [field, after]]);
        same(
          parseJson(patched.text),
          path.length === 0 ? grown : replaced(value, path, () => [[path.at(-1) ?? "", grown]]),
        );
        const back = patchJsonText(patched.text, [{ pointer, before: after }]);
        const empty = Object.keys(parent).length === 0;
        if (empty) same(parseJson(back.text), value);
        else expect(back.text).toBe(text);
      }),
      runs,
    );
  });

  test("with a renamed key keeps order and value, and comes back", () => {
    fc.assert(
      fc.property(picked, key, ({ value, text, path }, rename) => {
        const parent = path.length > 0 ? at(value, path.slice(0, -1)) : null;
        fc.pre(typeof parent === "object" && parent !== null && !Array.isArray(parent));
        fc.pre(!Object.hasOwn(parent as object, rename));
        const pointer = formatPointer(path);
        const patched = patchJsonText(text, [{ pointer, rename }]);
        same(
          parseJson(patched.text),
          replaced(value, path, (item) => [[rename, item]]),
        );
        const back: Edit = {
          pointer: formatPointer([...path.slice(0, -1), rename]),
          rename: path.at(-1) ?? "",
        };
        const again = patchJsonText(patched.text, [back]);
        same(parseJson(again.text), value);
      }),
      runs,
    );
  });

  test("has each of its values where it is said to be", () => {
    fc.assert(
      fc.property(whole, ({ value, text }) => {
        for (const path of pathsOf(value)) {
          const place = locateJson(text, formatPointer(path));
          expect(place).not.toBeNull();
          const { offset = 0, length = 0, line = 0, column = 0 } = place ?? {};
          same(parseJson(text.slice(offset, offset + length)), at(value, path));
          const lines = text.slice(0, offset).replace("\ufeff", "").split("\n");
          expect([line, column]).toEqual([lines.length, (lines.at(-1)?.length ?? 0) + 1]);
        }
        expect(hasDuplicateKeys(text)).toBe(false);
        expect(jsonErrorPlace(text)).toBeNull();
      }),
      runs,
    );
  });

  test("with a typo has an error place exactly when JSON.parse refuses it", () => {
    const typo = fc.constantFrom(
      "",
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      '"',
      "\\",
      "1",
      "e",
      "-",
      "\0",
      "t",
    );
    fc.assert(
      fc.property(whole, fc.nat(), fc.nat({ max: 2 }), typo, ({ text }, pick, cut, by) => {
        const offset = pick % (text.length + 1);
        const broken = text.slice(0, offset) + by + text.slice(offset + cut);
        let refused = false;
        try {
          parseJson(broken);
        } catch {
          refused = true;
        }
        const place = jsonErrorPlace(broken);
        expect(place !== null).toBe(refused);
        expect(place?.line ?? 1).toBeLessThanOrEqual(broken.split("\n").length);
      }),
      { numRuns: 3000 },
    );
  });

  test("with a member that is written twice is told from one without", () => {
    fc.assert(
      fc.property(picked, ({ value, text, path }) => {
        const place = locateJson(text, formatPointer(path));
        const target = at(value, path);
        fc.pre(place !== null && typeof target === "object" && target !== null);
        const names = Array.isArray(target) ? [] : Object.keys(target);
        fc.pre(names.length > 0);
        const inside = (place?.offset ?? 0) + 1;
        const twice = `${text.slice(0, inside)}${JSON.stringify(names[0])}:0,${text.slice(inside)}`;
        expect(hasDuplicateKeys(twice)).toBe(true);
      }),
      runs,
    );
  });
});

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
