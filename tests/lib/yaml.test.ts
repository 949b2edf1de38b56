import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseDocument } from "yaml";
import type { Edit, Json } from "../../lib/change/operation.ts";
import { formatPointer } from "../../lib/edits.ts";
import { ToolkitError } from "../../lib/errors.ts";
import { parseYaml, patchYamlText, readYamlFields } from "../../lib/yaml.ts";
import { readFullYaml } from "../../lib/yaml-document.ts";
import { resolvePlain, yamlValue } from "../../lib/yaml-model.ts";
import { readPlainYaml } from "../../lib/yaml-subset.ts";
import { yamlDocument, yamlKey, yamlScalarValue } from "./yaml-generator.ts";

const runs = { numRuns: 1000 };

/** What the full parser reads, without any of our own code. */
function judged(text: string): Json {
  const document = parseDocument(text.replace("\ufeff", ""), { logLevel: "silent" });
  expect(document.errors).toEqual([]);
  return document.toJS() as Json;
}

const same = (actual: Json | undefined, expected: Json | undefined): void => {
  expect(JSON.stringify(actual)).toBe(JSON.stringify(expected));
};

function pathsOf(value: Json, path: string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([name, item]) => pathsOf(item, [...path, name]))];
}

const at = (value: Json, path: string[]): Json =>
  path.reduce<Json>((parent, name) => (parent as { [key: string]: Json })[name] ?? null, value);

/** The value with the entry at a path replaced by these entries, in its place. */
function replaced(value: Json, path: string[], by: (entry: Json) => [string, Json][]): Json {
  const [name, ...rest] = path;
  const entries = Object.entries(value ?? {}).flatMap<[string, Json]>(([key, item]) => {
    if (key !== name) return [[key, item]];
    return rest.length === 0 ? by(item) : [[key, replaced(item, rest, by)]];
  });
  return Array.isArray(value) ? entries.map(([, item]) => item) : Object.fromEntries(entries);
}

const commentsOf = (text: string): string[] =>
  [...text.replace("\ufeff", "").matchAll(/(?:^|[ \n])(# [a-z]+)\r?$/gm)].map(
    ([, comment = ""]) => comment,
  );

/** Whether the lines of `part` stand in `whole` in this order, with `odd` of them changed at most. */
function keepsLines(part: string, whole: string, odd: number): boolean {
  const windows = whole.includes("\r\n") && !/(?<!\r)\n/.test(whole);
  if (windows && /(?<!\r)\n/.test(part)) return false;
  const lines = whole.replace("\ufeff", "").split(/\r?\n/);
  let from = 0;
  let missing = 0;
  for (const line of part.replace("\ufeff", "").split(/\r?\n/)) {
    const found = lines.indexOf(line, from);
    if (found === -1) missing++;
    else from = found + 1;
  }
  return missing <= odd;
}

const picked = fc.tuple(yamlDocument, fc.nat()).map(([written, pick]) => {
  const paths = pathsOf(written.value).filter(({ length }) => length > 0);
  return { ...written, path: paths[pick % paths.length] ?? [] };
});

describe("a generated document", () => {
  test("reads as what was meant, quickly or in full", () => {
    fc.assert(
      fc.property(yamlDocument, ({ value, text }) => {
        same(parseYaml(text, "f").value, value);
        same(yamlValue(readFullYaml(text, "f")), value);
      }),
      runs,
    );
  });

  test("is the same to the quick reader and the full one, offsets and all", () => {
    const noise = fc.constantFrom(
      "",
      "",
      "\n",
      " ",
      ":",
      "#",
      "-",
      "'",
      '"',
      "a",
      "{",
      "[]",
      "|",
      "1",
    );
    let quick = 0;
    fc.assert(
      fc.property(yamlDocument, fc.nat(), fc.nat({ max: 2 }), noise, ({ text }, pick, cut, by) => {
        const offset = pick % text.length;
        const noisy = text.slice(0, offset) + by + text.slice(offset + cut);
        const plain = readPlainYaml(noisy);
        if (plain === null) return;
        quick++;
        expect(plain).toEqual(readFullYaml(noisy, "f"));
      }),
      { numRuns: 4000 },
    );
    expect(quick).toBeGreaterThan(400);
  });

  test("has each of its values where it is said to be", () => {
    fc.assert(
      fc.property(picked, ({ value, text, path }) => {
        const { placeOf, sourceOf } = parseYaml(text, "f");
        const { line = 0, column = 0 } = placeOf(formatPointer(path));
        const found =
          text
            .replace("\ufeff", "")
            .split("\n")
            [line - 1]?.slice(column - 1) ?? "";
        const name = path.at(-1) ?? "";
        if (Array.isArray(at(value, path.slice(0, -1)))) return;
        const written = [name, JSON.stringify(name), `'${name.replaceAll("'", "''")}'`];
        expect(written.some((key) => found.startsWith(`${key}:`))).toBe(true);
        const target = at(value, path);
        if (typeof target === "string") expect(sourceOf(formatPointer(path))).toBe(target);
      }),
      runs,
    );
  });
});

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
          const before = at(value, path);
          fc.pre(JSON.stringify(before) !== JSON.stringify(after));
          const pointer = formatPointer(path);
          const patched = patchYamlText(text, [{ pointer, before, after }]);
          expect(patched.conflicts).toEqual([]);
          const expected = replaced(value, path, () => [[path.at(-1) ?? "", after]]);
          same(judged(patched.text), expected);
          const block = typeof before === "object" && before !== null;
          const literal = typeof before === "string" && before.includes("\n");
          if (!block && !literal) {
            expect(commentsOf(patched.text)).toEqual(commentsOf(text));
            expect(patched.text.split("\n")).toHaveLength(text.split("\n").length);
          }
          expect(keepsLines(patched.text, text, 1)).toBe(true);
          const back = patchYamlText(patched.text, [{ pointer, before: after, after: before }]);
          expect(back.conflicts).toEqual([]);
          same(judged(back.text), value);
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
          const before = at(value, path);
          const patched = patchYamlText(text, [{ pointer, before }]);
          if (patched.conflicts.length > 0) {
            expect(patched.conflicts[0]?.reason).toBe("a comment would be lost");
            expect(patched.text).toBe(text);
            return;
          }
          same(
            judged(patched.text),
            replaced(value, path, () => []),
          );
          expect(keepsLines(patched.text, text, 1)).toBe(true);
          const flat = typeof before !== "object" || before === null;
          const lost = commentsOf(text).length - commentsOf(patched.text).length;
          if (flat) expect(lost).toBeLessThanOrEqual(1);
          const parent = at(value, path.slice(0, -1));
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
          const target = at(value, path);
          const room = typeof target === "object" && target !== null;
          const parentPath = room ? path : path.slice(0, -1);
          const parent = at(value, parentPath) as Json[] | { [key: string]: Json };
          const field = Array.isArray(parent) ? String(parent.length) : name;
          fc.pre(!Object.hasOwn(parent, field));
          const pointer = formatPointer([...parentPath, field]);
          const patched = patchYamlText(text, [{ pointer, after }]);
          expect(patched.conflicts).toEqual([]);
          const grown = Array.isArray(parent) ? [...parent, after] : { ...parent, [field]: after };
          same(
            judged(patched.text),
            parentPath.length === 0
              ? grown
              : replaced(value, parentPath, () => [[parentPath.at(-1) ?? "", grown]]),
          );
          expect(keepsLines(text, patched.text, 1)).toBe(true);
          expect(commentsOf(patched.text)).toEqual(commentsOf(text));
          const back = patchYamlText(patched.text, [{ pointer, before: after }]);
          expect(back.conflicts).toEqual([]);
          same(judged(back.text), value);
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
          const parent = at(value, path.slice(0, -1));
          fc.pre(!Array.isArray(parent) && !Object.hasOwn(parent as object, rename));
          const pointer = formatPointer(path);
          const patched = patchYamlText(text, [{ pointer, rename }]);
          expect(patched.conflicts).toEqual([]);
          same(
            judged(patched.text),
            replaced(value, path, (item) => [[rename, item]]),
          );
          expect(keepsLines(text, patched.text, 1)).toBe(true);
          const renamed = formatPointer([...path.slice(0, -1), rename]);
          const back = patchYamlText(patched.text, [
            { pointer: renamed, rename: path.at(-1) ?? "" },
          ]);
          same(judged(back.text), value);
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
          const before = at(value, path);
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
        same(sorted(judged(together.text)), sorted(judged(one)));
      }),
      runs,
    );
  });
});

const word = fc.constantFrom("k", "z", "new");

/** With the keys of every mapping in one order: edits that are apart may add theirs in any. */
function sorted(value: Json): Json {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const entries = Object.entries(value).map(([key, item]): [string, Json] => [key, sorted(item)]);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

const registry = [
  "# my registry",
  "port: 3000   # web",
  "projects: # mine",
  "  # first",
  "  app:",
  '    path: "~/r/app" # here',
  "    repo: { owner: A, name: b }",
  "    storageKey: 7e3456789012 # old",
  "    # tail of app",
  "",
  "  web:",
  "    path: '/x'",
  "    notes: | # long",
  "      a",
  "      b",
  "projectOrder:",
  "- app",
  "- web # last",
  "",
].join("\n");

describe("patching a registry", () => {
  const patch = (edits: Edit[], text = registry): string => {
    const result = patchYamlText(text, edits);
    expect(result.conflicts).toEqual([]);
    expect(result.applied).toEqual(edits);
    return result.text;
  };

  test("changes what was asked and keeps every other byte", () => {
    const edits: Edit[] = [
      { pointer: "/projects/app/storageKey", before: "7e3456789012" },
      { pointer: "/projects/app", rename: "app_0123456789" },
      { pointer: "/projects/app_0123456789/path", before: "~/r/app", after: '~/"r"' },
      { pointer: "/projects/web/path", before: "/x", after: "it's" },
      { pointer: "/projects/app_0123456789/repo/name", before: "b", after: "c: d" },
      { pointer: "/projects/web/notes", before: "a\nb\n", after: "short" },
      { pointer: "/projectOrder/0", before: "app", after: "app_0123456789" },
      { pointer: "/projectOrder/1", before: "web" },
      { pointer: "/schemaVersion", after: 3 },
    ];
    const expected = registry
      .replace("    storageKey: 7e3456789012 # old\n", "")
      .replace("  app:", "  app_0123456789:")
      .replace('"~/r/app"', '"~/\\"r\\""')
      .replace("'/x'", "'it''s'")
      .replace("name: b", 'name: "c: d"')
      .replace("| # long\n      a\n      b\n", "short # long\n")
      .replace("- app\n- web # last\n", "- app_0123456789\nschemaVersion: 3\n");
    expect(patch(edits)).toBe(expected);
    const crlf = (text: string): string => `\ufeff${text.replaceAll("\n", "\r\n")}`;
    expect(patch(edits, crlf(registry))).toBe(crlf(expected));
  });

  test("adds values as AO writes them, in the file's own indent", () => {
    const after = { path: "~/n", repo: { owner: "A" }, tags: ["x", { a: 1, b: [] }], none: {} };
    const text = patch(
      [{ pointer: "/projects/new", after }],
      "projects:\n    a:\n        path: x\n",
    );
    expect(text).toBe(
      [
        "projects:",
        "    a:",
        "        path: x",
        "    new:",
        "        path: ~/n",
        "        repo:",
        "            owner: A",
        "        tags:",
        "            - x",
        "            - a: 1",
        "              b: []",
        "        none: {}",
        "",
      ].join("\n"),
    );
  });

  test("keeps the comments of a mapping that becomes empty", () => {
    const text = "projects: # mine\n  # first\n  a: # gone\n    path: x\n  # last\nport: 1\n";
    const edit = { pointer: "/projects/a", before: { path: "x" } };
    const expected = "projects: {} # mine\n  # first\n  # last\nport: 1\n";
    expect(patch([edit], text)).toBe(expected);
    expect(patch([{ pointer: "/projects/b", after: 1 }], expected)).toBe(
      expected.replace("{}", "{ b: 1 }"),
    );
    expect(patch([{ pointer: "/a", before: 1 }], "a: 1")).toBe("{}");
    expect(patch([{ pointer: "/a/0", before: 1 }], "a:\n- 1\n")).toBe("a: []\n");
    expect(patch([{ pointer: "/0/a", before: 1 }], "- a: 1\n- b\n")).toBe("- {}\n- b\n");
  });

  test("writes text so that it stays text, and numbers so that they stay numbers", () => {
    const write = (after: Json): string =>
      patch([{ pointer: "/a", before: "x", after }], "a: x\n").slice(3, -1);
    expect(["b", "a b", "~/x", "https://h/o.git", "v1"].map(write)).toEqual([
      "b",
      "a b",
      "~/x",
      "https://h/o.git",
      "v1",
    ]);
    for (const text of [
      "7e3",
      "null",
      "yes",
      "",
      "a: b",
      "a #b",
      "2026-04-20",
      "0x1",
      "...",
      "~",
    ]) {
      expect(write(text)).toBe(JSON.stringify(text));
    }
    expect(write("a\u2028\x7f\ufeff")).toBe('"a\\u2028\\u007f\\ufeff"');
    expect([7000, true, null, 1e21].map(write)).toEqual(["7000", "true", "null", "1e+21"]);
    expect(patch([{ pointer: "/a", before: "x", after: 1 }], "a: 'x'")).toBe("a: 1");
    expect(patch([{ pointer: "/a", before: "x", after: "\t" }], "a: 'x'")).toBe('a: "\\t"');
  });

  test("an unquoted scalar is its text as well as its value", () => {
    for (const text of ["123456789012", "7e3456789012", "012345678901", "0x12", "true"]) {
      const source = `storageKey: ${text} # k\nport: 1\n`;
      expect(patch([{ pointer: "/storageKey", before: text }], source)).toBe("port: 1\n");
    }
    expect(patch([{ pointer: "/a", before: 12 }], "a: 0012\nb: 1\n")).toBe("b: 1\n");
  });

  test("a document without content takes its first field", () => {
    const edit = { pointer: "/a", after: { b: 1 } };
    expect(patch([edit], "")).toBe("a:\n  b: 1\n");
    expect(patch([edit], "# c\r\n")).toBe("# c\r\na:\r\n  b: 1\r\n");
    expect(patch([edit], "\ufeff# c")).toBe("\ufeff# c\na:\n  b: 1\n");
    expect(patchYamlText("~", [edit]).conflicts).toHaveLength(1);
  });

  test("what is done already or cannot be done is said and left alone", () => {
    const edits: Edit[] = [
      { pointer: "/port", before: 1, after: 3000 },
      { pointer: "/gone", before: 1 },
      { pointer: "/projects/app/path", before: "/other", after: "/new" },
      { pointer: "/nope/x", after: 1 },
      { pointer: "", before: 1, after: 2 },
    ];
    const result = patchYamlText(registry, edits);
    expect(result.text).toBe(registry);
    expect(result.already).toEqual(edits.slice(0, 2));
    expect(result.conflicts.map(({ edit, reason }) => [edit.pointer, reason])).toEqual([
      ["/projects/app/path", "the field holds another value"],
      ["/nope/x", "the object that should hold the field is missing"],
      ["", "the field holds another value"],
    ]);
    expect(result.conflicts[0]?.found).toBe("~/r/app");
  });

  test.each([
    ["a: &x\n  b: 1\nc: *x\n", "/a/b", "an anchor or tag stands on the way"],
    ["a: &x\n  b: 1\nc: *x\n", "/c", "an alias stands on the way"],
    ["a: &x 1\nb: *x\n", "/a", "an anchor or tag stands on the way"],
    ["a: &x 1\nb: *x\n", "/b", "an alias stands on the way"],
    ["d: &x {c: 1}\na:\n  <<: *x\n  b: 1\n", "/a/b", "a merge key (<<) stands on the way"],
    ["a: !!int 1\n", "/a", "an anchor or tag stands on the way"],
    ["&k a: 1\n", "/a", "an anchor or tag stands on the way"],
  ])("%p: %s is left alone, because %s", (text, pointer, reason) => {
    const before = pointer === "/c" ? { b: 1 } : 1;
    const result = patchYamlText(text, [{ pointer, before, after: 2 }]);
    expect(result.text).toBe(text);
    expect(result.conflicts).toMatchObject([{ found: before, reason }]);
  });

  test("an anchor that is still used keeps its field", () => {
    const text = "a: &x 1\nb:\n  c: &y 2\nd: *y\n";
    const [conflict] = patchYamlText(text, [{ pointer: "/b", before: { c: 2 } }]).conflicts;
    expect(conflict?.reason).toBe("the changed text would not read back as intended");
  });

  test("one edit that does not read back does not hold up the others", () => {
    const text = "a: 1\nb:\n  c: &y 2\nd: *y\n";
    const result = patchYamlText(text, [
      { pointer: "/a", before: 1, after: 2 },
      { pointer: "/b", before: { c: 2 } },
      { pointer: "/e", after: 3 },
    ]);
    expect(result.text).toBe("a: 2\nb:\n  c: &y 2\nd: *y\ne: 3\n");
    expect(result.applied).toHaveLength(2);
    expect(result.conflicts).toHaveLength(1);
  });

  test.each([
    ["{ a: 1, b: 2 }", "/a", "{ b: 2 }"],
    ["{ a: 1, b: 2 }", "/b", "{ a: 1 }"],
    ["{ a: 1, b: 2, }", "/b", "{ a: 1, }"],
    ["x: {a: 1}", "/x/a", "x: {}"],
    ["x: {\n  a: 1, # one\n  b: 2\n}", "/x/a", "x: {\n  b: 2\n}"],
    ["x: {\n  # one\n  a: 1\n}", "/x/a", "a comment would be lost"],
    ["x: {\n  b: 2, # two\n  a: 1\n}", "/x/a", "x: {\n  b: 2, # two\n  \n}"],
    ["x: {\n  a: 1,\n  # two\n  b: 2\n}", "/x/a", "a comment would be lost"],
    ["- a: 1 # one\n  b: 2\n", "/0/a", "- b: 2\n"],
    ["- a: 1\n  # two\n  b: 2\n", "/0/a", "a comment would be lost"],
    ["? a\n: 1\n? b\n: 2\n", "/a", "a key written with ? is left alone"],
    ["a: 1\nb: |\n  x\n\n\nc: 2\n", "/a", "b: |\n  x\n\n\nc: 2\n"],
  ])("without a field %p (%s) is %p", (text, pointer, expected) => {
    const before = pointer.endsWith("b") ? 2 : 1;
    const result = patchYamlText(text, [{ pointer, before }]);
    const [conflict] = result.conflicts;
    expect(conflict?.reason ?? result.text).toBe(expected);
    if (conflict !== undefined) expect(result.text).toBe(text);
  });

  test("a block gives way to one value, and the comment on its line stays", () => {
    const edit = { pointer: "/a", before: { b: 1, c: 2 }, after: "x" };
    const text = "a: # why\n  # inner\n  b: 1\n  c: 2 # two\nd: 1\n";
    expect(patch([edit], text)).toBe("a: x # why # two\nd: 1\n");
    expect(patch([edit], "a:\n  b: 1\n  c: 2\nd: 1\n")).toBe("a: x\nd: 1\n");
    expect(patch([{ ...edit, after: { z: [1] } }], "a: {b: 1, c: 2}")).toBe("a: { z: [1] }");
    expect(patch([{ pointer: "/a", before: null, after: 1 }], "a:   # c\n")).toBe("a: 1   # c\n");
    expect(patch([{ pointer: "/a", before: null, after: 1 }], "{ a, b }")).toBe("{ a: 1, b }");
    expect(patch([{ pointer: "/a", before: [1], after: 2 }], "{a:[1]}")).toBe("{a: 2}");
    expect(patch([{ pointer: "/a", before: 1, after: 2 }], '{"a":1}')).toBe('{"a":2}');
  });
});

describe("parsing", () => {
  const problem = (text: string): [string, number | undefined, number | undefined] => {
    try {
      parseYaml(text, "/etc/c.yaml");
    } catch (error) {
      if (!(error instanceof ToolkitError)) throw error;
      expect(error.outcome).toBe("invalid");
      expect(error.hint).toBeDefined();
      expect(error.message).toStartWith('Cannot read "/etc/c.yaml" as YAML: ');
      expect(error.place?.file).toBe("/etc/c.yaml");
      return [
        error.message.slice('Cannot read "/etc/c.yaml" as YAML: '.length),
        error.place?.line,
        error.place?.column,
      ];
    }
    throw new Error("nothing was thrown");
  };

  test.each<[string, string, number, number]>([
    ["a: 1\nb: 2\na: 3\n", "a key occurs twice", 3, 1],
    ["\ufeffa: 1\na: 3\n", "a key occurs twice", 2, 1],
    ['1: a\n"1": b\n', "a key occurs twice", 2, 1],
    ["a: 1\n---\nb: 1\n", "more than one document", 2, 1],
    [
      "a: [1,\nb: 2\n",
      "flow sequence in block collection must be sufficiently indented and end with a ]",
      2,
      1,
    ],
    ["a: &x [*x]\n", "an alias of itself", 1, 8],
    ["? [a]\n: 1\n", "a key that is a mapping or a list", 1, 3],
    ["a: *x\n", "an alias of nothing", 1, 4],
  ])("%p is refused: %s at %d:%d", (text, detail, line, column) => {
    expect(problem(text)).toEqual([detail, line, column]);
  });

  test("aliases that multiply are refused, soon", () => {
    const levels = Array.from({ length: 9 }, (_, level) => {
      const items = level === 0 ? '"lol"' : `*l${level - 1}`;
      return `l${level}: &l${level} [${Array(9).fill(items).join(", ")}]`;
    });
    const start = performance.now();
    expect(problem(levels.join("\n"))[0]).toBe("aliases multiply too far");
    expect(performance.now() - start).toBeLessThan(2000);
  });

  test("honest aliases are followed, and nothing of them is shared", () => {
    const uses = Array.from({ length: 150 }, (_, n) => `p${n}: *d`).join("\n");
    const { value } = parseYaml(`d: &d {a: [1]}\n${uses}\n`, "f");
    const all = value as { [key: string]: { a: Json[] } };
    all.p0?.a.push(2);
    expect(all.p149).toEqual({ a: [1] });
  });

  test("nesting beyond the stack and more than 5 MB are refused", () => {
    expect(problem(`a: ${"[".repeat(20_000)}${"]".repeat(20_000)}`)[0]).toBe("nested too deeply");
    expect(problem(`a: ${"x".repeat(5 * 1024 * 1024)}`)[0]).toBe("5.0 MB is too large");
  });

  test("scalars keep the text as it is written", () => {
    const text = "a: 7e3456789012\nb: 0123\nc: \"0123\"\nd: 'it''s'\ne:\nf: {}\ng: &x 1e3\nh: *x\n";
    const { value, sourceOf } = parseYaml(text, "f");
    const letters = ["/a", "/b", "/c", "/d", "/e", "/f", "/g", "/h", "/none", ""];
    expect(letters.map(sourceOf)).toEqual([
      "7e3456789012",
      "0123",
      "0123",
      "it's",
      "",
      undefined,
      "1e3",
      "1e3",
      undefined,
      undefined,
    ]);
    expect(value).toEqual({
      a: "7e3456789012",
      b: 123,
      c: "0123",
      d: "it's",
      e: null,
      f: {},
      g: 1000,
      h: 1000,
    });
  });

  test("what a mapping inherits is no field of it, and __proto__ is one", () => {
    const { value } = parseYaml("__proto__:\n  polluted: 1\n", "f");
    expect(JSON.stringify(value)).toBe('{"__proto__":{"polluted":1}}');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  test("a missing field is placed at its nearest parent", () => {
    const { placeOf } = parseYaml("a:\n  b: 1\n\nc: 2\n", "f");
    expect(placeOf("/a/b")).toEqual({ file: "f", line: 2, column: 3 });
    expect(placeOf("/a/x/y")).toEqual({ file: "f", line: 1, column: 1 });
    expect(placeOf("/c")).toEqual({ file: "f", line: 4, column: 1 });
    expect(placeOf("")).toEqual({ file: "f", line: 1, column: 1 });
  });

  test("the full document and single fields are there for those who need them", () => {
    expect(String(parseYaml("a: 1 # one\n", "f").document)).toBe("a: 1 # one\n");
    expect(readYamlFields("a: {b: 1}\n", ["/a/b", "/c", "/a"])).toEqual([1, undefined, { b: 1 }]);
  });

  test.each(["", "\n", "# only\n", "\ufeff", "null"])("%p is null", (text) => {
    expect(parseYaml(text, "f").value).toBeNull();
  });
});

test("unquoted scalars mean what the full parser makes of them", () => {
  const text = fc.oneof(
    fc.stringMatching(/^[-+]?[0-9.eExo_]{1,6}$/),
    fc.constantFrom("null", "Null", "nUll", "~", "true", "TRUE", "tRue", "False", "0o17", "0x1F"),
    fc.constantFrom(".5", "5.", "+1", "-0", "1e5", "0o8", "0xg", "12e", "1_000", "12:30", "y"),
  );
  fc.assert(
    fc.property(text, (source) => {
      const document = parseDocument(`a: ${source}`, { logLevel: "silent" });
      fc.pre(document.errors.length === 0);
      const { a } = document.toJS() as { a: Json };
      if (typeof a === "number" && !Number.isFinite(a)) expect(resolvePlain(source)).toBe(source);
      else expect(resolvePlain(source)).toEqual(a);
    }),
    { numRuns: 3000 },
  );
});
