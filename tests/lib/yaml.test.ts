import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseDocument } from "yaml";
import type { Json } from "../../lib/edits.ts";
import { formatPointer } from "../../lib/edits.ts";
import { ToolkitError } from "../../lib/errors.ts";
import { parseYaml, readYamlFields } from "../../lib/yaml.ts";
import { readFullYaml } from "../../lib/yaml-document.ts";
import { resolvePlain, yamlValue } from "../../lib/yaml-model.ts";
import { readPlainYaml } from "../../lib/yaml-subset.ts";
import { expectSame, pathsOf, valueAtPath } from "./values.ts";
import { yamlDocument } from "./yaml-generator.ts";

const runs = { numRuns: 1000 };

const picked = fc.tuple(yamlDocument, fc.nat()).map(([written, pick]) => {
  const paths = pathsOf(written.value).filter(({ length }) => length > 0);
  return { ...written, path: paths[pick % paths.length] ?? [] };
});

describe("a generated document", () => {
  test("reads as what was meant, quickly or in full", () => {
    fc.assert(
      fc.property(yamlDocument, ({ value, text }) => {
        expectSame(parseYaml(text, "f").value, value);
        expectSame(yamlValue(readFullYaml(text, "f")), value);
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
        if (Array.isArray(valueAtPath(value, path.slice(0, -1)))) return;
        const written = [name, JSON.stringify(name), `'${name.replaceAll("'", "''")}'`];
        expect(written.some((key) => found.startsWith(`${key}:`))).toBe(true);
        const target = valueAtPath(value, path);
        if (typeof target === "string") expect(sourceOf(formatPointer(path))).toBe(target);
      }),
      runs,
    );
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

  test.each([
    ["aliases", `a: &x 1\n${Array.from({ length: 20_000 }, (_, at) => `k${at}: *x\n`).join("")}`],
    ["keys", `a: &x 1\n${Array.from({ length: 20_000 }, (_, at) => `k${at}: 1\n`).join("")}`],
  ])("many %s are read in the time of so many lines", (_, text) => {
    const before = process.cpuUsage();
    const { value } = parseYaml(text, "f.yaml");
    expect(Object.keys(value as object)).toHaveLength(20_001);
    // Comparing each with every other would take ten times this.
    expect(process.cpuUsage(before).user).toBeLessThan(2_000_000);
  });

  test("an anchor that is given twice means what was last before its alias", () => {
    const text = "a: &x 1\nb: *x\nc: &x 2\n? *x\n: &y {d: *x}\ne: *y\n";
    const expected = { a: 1, b: 1, c: 2, "2": { d: 2 }, e: { d: 2 } };
    expect(parseYaml(text, "f.yaml").value).toEqual(expected);
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

  test("nesting has a limit of its own, the same however much stack there is", () => {
    const nested = (levels: number) => `${"{a: ".repeat(levels)}1${"}".repeat(levels)}`;
    const dashes = (levels: number) => `${"- ".repeat(levels)}1`;
    for (const text of [nested(200), dashes(200)]) {
      expect(parseYaml(text, "f").placeOf("")).toEqual({ file: "f", line: 1, column: 1 });
    }
    expect(problem(nested(201))).toEqual(["nested too deeply", 1, 801]);
    expect(problem(dashes(201))).toEqual(["nested too deeply", 1, 401]);
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
