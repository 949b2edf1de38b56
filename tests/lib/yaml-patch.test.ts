import { describe, expect, test } from "bun:test";
import type { Edit, Json } from "../../lib/edits.ts";
import { patchYamlText } from "../../lib/yaml.ts";

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
    ["- a: |-\n    1\n  # two\n  b: 2\n", "/0/a", "a comment would be lost"],
    ["? a\n: 1\n? b\n: 2\n", "/a", "a key written with ? is left alone"],
    ["a: 1\nb: |\n  x\n\n\nc: 2\n", "/a", "b: |\n  x\n\n\nc: 2\n"],
  ])("without a field %p (%s) is %p", (text, pointer, expected) => {
    const before = text.includes("|-") ? "1" : pointer.endsWith("b") ? 2 : 1;
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
