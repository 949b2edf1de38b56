import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseDocument } from "yaml";
import type { Edit, Json } from "../../lib/edits.ts";
import { formatPointer } from "../../lib/edits.ts";
import { patchYamlText } from "../../lib/yaml.ts";
import { expectSame, pathsOf, replaced, valueAtPath } from "./values.ts";
import { yamlDocument, yamlKey, yamlScalarValue } from "./yaml-generator.ts";

const runs = { numRuns: 1000 };

/** What the full parser reads, without any of our own code. */
function judged(text: string): Json {
  const document = parseDocument(text.replace("\ufeff", ""), { logLevel: "silent" });
  expect(document.errors).toEqual([]);
  return document.toJS() as Json;
}

const commentsOf = (text: string): string[] =>
  [...text.replace("\ufeff", "").matchAll(/(?:^|[ \n])(# [a-z]+)\r?$/gm)].map(
    ([, comment = ""]) => comment,
  );

/** Whether the lines of `part` stand in `whole` in this order, with `odd` of them changed at most. */
function keepsLines(part: string, whole: string, odd: number): boolean {
  const windows = whole.includes("\r\n") && !/(?<!\r)\n/.test(whole);
  if (windows && /(?<!\r)\n/.test(part)) return false;
  const wanted = part.replace("\ufeff", "").split(/\r?\n/);
  // Longest common subsequence: how many lines are still there, by how much of `whole` was seen.
  let kept: number[] = wanted.map(() => 0);
  for (const line of whole.replace("\ufeff", "").split(/\r?\n/)) {
    const row: number[] = [];
    for (const [at, other] of wanted.entries()) {
      const match = other === line ? (kept[at - 1] ?? 0) + 1 : 0;
      row.push(Math.max(match, kept[at] ?? 0, row[at - 1] ?? 0));
    }
    kept = row;
  }
  return wanted.length - (kept.at(-1) ?? 0) <= odd;
}

const picked = fc.tuple(yamlDocument, fc.nat()).map(([written, pick]) => {
  const paths = pathsOf(written.value).filter(({ length }) => length > 0);
  return { ...written, path: paths[pick % paths.length] ?? [] };
});

const word = fc.constantFrom("k", "z", "new");

/** With the keys of every mapping in one order: edits that are apart may add theirs in any. */
function sorted(value: Json): Json {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const entries = Object.entries(value).map(([key, item]): [string, Json] => [key, sorted(item)]);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

describe("patching a generated document", () => {
  /** Some edits cannot keep every comment; they must be few. */
  function count(run: (applied: (text: string) => void) => void): void {
    let applied = 0;
    run(() => applied++);
    expect(applied).toBeGreaterThan(500);
  }

  test("changes a value in its line and nothing else", () => {
    count((applied) =>
      fc.assert(
        fc.property(picked, yamlScalarValue, ({ value, text, path }, after) => {
          const before = valueAtPath(value, path);
          fc.pre(JSON.stringify(before) !== JSON.stringify(after));
          const pointer = formatPointer(path);
          const patched = patchYamlText(text, [{ pointer, before, after }]);
          expect(patched.conflicts).toEqual([]);
          const expected = replaced(value, path, () => [[path.at(-1) ?? "", after]]);
          expectSame(judged(patched.text), expected);
          const block = typeof before === "object" && before !== null;
          const literal = typeof before === "string" && before.includes("\n");
          if (!block && !literal) {
            expect(commentsOf(patched.text)).toEqual(commentsOf(text));
            expect(patched.text.split("\n")).toHaveLength(text.split("\n").length);
          }
          expect(keepsLines(patched.text, text, 1)).toBe(true);
          const back = patchYamlText(patched.text, [{ pointer, before: after, after: before }]);
          expect(back.conflicts).toEqual([]);
          expectSame(judged(back.text), value);
          applied(patched.text);
        }),
        runs,
      ),
    );
  });

  test("removes a field with its lines and no others", () => {
    count((applied) =>
      fc.assert(
        fc.property(picked, ({ value, text, path }) => {
          const pointer = formatPointer(path);
          const before = valueAtPath(value, path);
          const patched = patchYamlText(text, [{ pointer, before }]);
          if (patched.conflicts.length > 0) {
            expect(patched.conflicts[0]?.reason).toBe("a comment would be lost");
            expect(patched.text).toBe(text);
            return;
          }
          expectSame(
            judged(patched.text),
            replaced(value, path, () => []),
          );
          expect(keepsLines(patched.text, text, 1)).toBe(true);
          const flat = typeof before !== "object" || before === null;
          const lost = commentsOf(text).length - commentsOf(patched.text).length;
          if (flat) expect(lost).toBeLessThanOrEqual(1);
          const parent = valueAtPath(value, path.slice(0, -1));
          if (Array.isArray(parent) && Number(path.at(-1)) !== parent.length - 1) return;
          const back = patchYamlText(patched.text, [{ pointer, after: before }]);
          expect(back.conflicts).toEqual([]);
          expect(Bun.deepEquals(judged(back.text), value)).toBe(true);
          applied(patched.text);
        }),
        runs,
      ),
    );
  });

  test("adds a field at the end of its mapping or list", () => {
    count((applied) =>
      fc.assert(
        fc.property(picked, yamlKey, yamlDocument, (document, name, { value: after }) => {
          const { value, text, path } = document;
          const target = valueAtPath(value, path);
          const room = typeof target === "object" && target !== null;
          const parentPath = room ? path : path.slice(0, -1);
          const parent = valueAtPath(value, parentPath) as Json[] | { [key: string]: Json };
          const field = Array.isArray(parent) ? String(parent.length) : name;
          fc.pre(!Object.hasOwn(parent, field));
          const pointer = formatPointer([...parentPath, field]);
          const patched = patchYamlText(text, [{ pointer, after }]);
          expect(patched.conflicts).toEqual([]);
          const grown = Array.isArray(parent) ? [...parent, after] : { ...parent, [field]: after };
          expectSame(
            judged(patched.text),
            parentPath.length === 0
              ? grown
              : replaced(value, parentPath, () => [[parentPath.at(-1) ?? "", grown]]),
          );
          expect(keepsLines(text, patched.text, 1)).toBe(true);
          expect(commentsOf(patched.text)).toEqual(commentsOf(text));
          const back = patchYamlText(patched.text, [{ pointer, before: after }]);
          expect(back.conflicts).toEqual([]);
          expectSame(judged(back.text), value);
          applied(patched.text);
        }),
        runs,
      ),
    );
  });

  test("renames a key in its place", () => {
    count((applied) =>
      fc.assert(
        fc.property(picked, yamlKey, ({ value, text, path }, rename) => {
          const parent = valueAtPath(value, path.slice(0, -1));
          fc.pre(!Array.isArray(parent) && !Object.hasOwn(parent as object, rename));
          const pointer = formatPointer(path);
          const patched = patchYamlText(text, [{ pointer, rename }]);
          expect(patched.conflicts).toEqual([]);
          expectSame(
            judged(patched.text),
            replaced(value, path, (item) => [[rename, item]]),
          );
          expect(keepsLines(text, patched.text, 1)).toBe(true);
          const renamed = formatPointer([...path.slice(0, -1), rename]);
          const back = patchYamlText(patched.text, [
            { pointer: renamed, rename: path.at(-1) ?? "" },
          ]);
          expectSame(judged(back.text), value);
          applied(patched.text);
        }),
        runs,
      ),
    );
  });

  test("gives for many edits at once what they give one after the other", () => {
    const pick = fc.tuple(fc.nat(), fc.constantFrom("set", "drop", "add", "rename"), word);
    fc.assert(
      fc.property(yamlDocument, fc.array(pick, { maxLength: 6 }), ({ value, text }, picks) => {
        const paths = pathsOf(value).filter(({ length }) => length > 0);
        const edits = picks.map(([index, kind, name]): Edit => {
          const path = paths[index % paths.length] ?? [];
          const pointer = formatPointer(path);
          const before = valueAtPath(value, path);
          if (kind === "set") return { pointer, before, after: name };
          if (kind === "drop") return { pointer, before };
          if (kind === "rename") return { pointer, rename: name };
          return { pointer: formatPointer([...path.slice(0, -1), name]), after: name };
        });
        const together = patchYamlText(text, edits);
        let one = text;
        const applied: Edit[] = [];
        for (const edit of edits) {
          const result = patchYamlText(one, [edit]);
          one = result.text;
          applied.push(...result.applied);
        }
        expect(together.applied).toEqual(applied);
        expectSame(sorted(judged(together.text)), sorted(judged(one)));
      }),
      runs,
    );
  });
});
