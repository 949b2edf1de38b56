import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Edit, Json } from "../../lib/edits.ts";
import { formatPointer } from "../../lib/edits.ts";
import {
  hasDuplicateKeys,
  jsonErrorPlace,
  locateJson,
  parseJson,
  patchJsonText,
} from "../../lib/json.ts";
import { expectSame, pathsOf, replaced, valueAtPath } from "./values.ts";

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

const picked = fc.tuple(whole, fc.nat()).map(([written, pick]) => {
  const paths = pathsOf(written.value);
  return { ...written, path: paths[pick % paths.length] ?? [] };
});

describe("a generated document", () => {
  test("with a replaced value changes only there, and comes back byte for byte", () => {
    fc.assert(
      fc.property(picked, scalar, ({ value, text, path }, { value: after }) => {
        const before = valueAtPath(value, path);
        fc.pre(JSON.stringify(before) !== JSON.stringify(after));
        const pointer = formatPointer(path);
        const place = locateJson(text, pointer);
        const patched = patchJsonText(text, [{ pointer, before, after }]);
        expect(patched.applied).toHaveLength(1);
        expectSame(
          parseJson(patched.text),
          path.length === 0 ? after : replaced(value, path, () => [[path.at(-1) ?? "", after]]),
        );
        const end = (place?.offset ?? 0) + (place?.length ?? 0);
        expect(patched.text.startsWith(text.slice(0, place?.offset))).toBe(true);
        expect(patched.text.endsWith(text.slice(end))).toBe(true);
        const back = patchJsonText(patched.text, [{ pointer, before: after, after: before }]);
        expectSame(parseJson(back.text), value);
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
        const before = valueAtPath(value, path);
        const { text: without, applied } = patchJsonText(text, [{ pointer, before }]);
        expect(applied).toHaveLength(1);
        const expected = replaced(value, path, () => []);
        expectSame(parseJson(without), expected);
        const parent = valueAtPath(expected, path.slice(0, -1));
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
        const parent = valueAtPath(value, path);
        fc.pre(typeof parent === "object" && parent !== null);
        const field = Array.isArray(parent) ? String(parent.length) : name;
        fc.pre(!Object.hasOwn(parent, field));
        const pointer = formatPointer([...path, field]);
        const patched = patchJsonText(text, [{ pointer, after }]);
        expect(patched.applied).toHaveLength(1);
        const grown = Array.isArray(parent)
          ? [...parent, after]
          : Object.fromEntries([...Object.entries(parent), [field, after]]);
        expectSame(
          parseJson(patched.text),
          path.length === 0 ? grown : replaced(value, path, () => [[path.at(-1) ?? "", grown]]),
        );
        const back = patchJsonText(patched.text, [{ pointer, before: after }]);
        const empty = Object.keys(parent).length === 0;
        if (empty) expectSame(parseJson(back.text), value);
        else expect(back.text).toBe(text);
      }),
      runs,
    );
  });

  test("with a renamed key keeps order and value, and comes back", () => {
    fc.assert(
      fc.property(picked, key, ({ value, text, path }, rename) => {
        const parent = path.length > 0 ? valueAtPath(value, path.slice(0, -1)) : null;
        fc.pre(typeof parent === "object" && parent !== null && !Array.isArray(parent));
        fc.pre(!Object.hasOwn(parent as object, rename));
        const pointer = formatPointer(path);
        const patched = patchJsonText(text, [{ pointer, rename }]);
        expectSame(
          parseJson(patched.text),
          replaced(value, path, (item) => [[rename, item]]),
        );
        const back: Edit = {
          pointer: formatPointer([...path.slice(0, -1), rename]),
          rename: path.at(-1) ?? "",
        };
        const again = patchJsonText(patched.text, [back]);
        expectSame(parseJson(again.text), value);
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
          expectSame(parseJson(text.slice(offset, offset + length)), valueAtPath(value, path));
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
        const target = valueAtPath(value, path);
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
