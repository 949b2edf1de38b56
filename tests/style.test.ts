/**
 * The rules of the house that no linter knows: sizes, layers, and who may touch the process.
 *
 * Each rule is a function from sources to complaints, and is shown a violation before it is shown
 * the house, so that a rule that sees nothing cannot pass for a house without faults.
 */

import { describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, normalize } from "node:path";
import { root } from "./process.ts";

/** A file by its path from the repository. */
interface Source {
  path: string;
  text: string;
}

const shebang = "#!/usr/bin/env -S bun --no-env-file --no-install --config=/dev/null";
const maxLines = 400;
const maxFunctionLines = 70;

/** Files that are the edge of the process; the rest of lib is given what it needs. */
const edges = ["lib/cli.ts", "lib/terminal.ts"];

/** The folders of lib that a folder may import from, besides itself and the flat files. */
function mayImport(folder: string, other: string): boolean {
  if (other === folder || other === "change") return true;
  return other === "storage" && (folder === "doctor" || folder === "planning");
}

const sources: Source[] = [...new Bun.Glob("{scripts,lib,tests}/**/*.ts").scanSync(root)]
  .filter((path) => !path.startsWith("tests/fixtures/"))
  .sort()
  .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));

/** Relative imports, those of types included, as paths from the repository. */
function importsOf({ path, text }: Source): string[] {
  const patterns = [
    /^(?:import|export)\b[^"';]*?\bfrom "(\.[^"]+)"/gm,
    /^import "(\.[^"]+)"/gm,
    /\bimport\("(\.[^"]+)"\)/g,
  ];
  return patterns
    .flatMap((pattern) => [...text.matchAll(pattern)])
    .map(([, specifier = ""]) => normalize(join(dirname(path), specifier)));
}

const transpiler = new Bun.Transpiler({ loader: "ts" });

/** The code as it runs: without types and comments. */
function codeOf({ path, text }: Source): string {
  try {
    return transpiler.transformSync(text);
  } catch (cause) {
    throw new Error(`${path} does not parse`, { cause });
  }
}

function longFiles({ path, text }: Source): string[] {
  const lines = text.split("\n").length - 1;
  return lines > maxLines ? [`${path}: ${lines} lines`] : [];
}

function processUse(source: Source): string[] {
  const { path } = source;
  if (!path.startsWith("lib/") || edges.includes(path)) return [];
  const known =
    /\bconsole\.\w+|\bprocess\.(?:exit|exitCode|argv|env|stdin|stdout|stderr)\b|\bBun\.env\b/g;
  return [...codeOf(source).matchAll(known)].map(([use]) => `${path}: ${use}`);
}

function layerBreaks(source: Source): string[] {
  const { path } = source;
  if (!path.startsWith("lib/")) return [];
  const folderOf = (file: string) => (file.split("/").length > 2 ? file.split("/")[1] : undefined);
  const folder = folderOf(path);
  return importsOf(source).flatMap((target) => {
    const complaint = `${path} imports ${target}`;
    if (path === "lib/change/disk.ts") return [complaint];
    if (target === "package.json") return [];
    if (!target.startsWith("lib/")) return [complaint];
    const other = folderOf(target);
    if (other === undefined) return [];
    if (folder === undefined) return other === "change" ? [] : [complaint];
    return mayImport(folder, other) ? [] : [complaint];
  });
}

function reexports({ path, text }: Source): string[] {
  return [...text.matchAll(/^export (?:type )?(?:\*|\{[^}]*\}).* from .*$/gm)].map(
    ([line]) => `${path}: ${line}`,
  );
}

/** Circles among imports, those of types too, each told once. */
function circles(all: readonly Source[]): string[] {
  const targets = new Map(all.map((source) => [source.path, importsOf(source)]));
  const finished = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start !== -1) found.push([...trail.slice(start), path].join(" → "));
    if (start !== -1 || finished.has(path)) return;
    for (const target of targets.get(path) ?? []) visit(target, [...trail, path]);
    finished.add(path);
  };
  for (const path of targets.keys()) visit(path, []);
  return found;
}

/** Functions that are too long, as the linter's parser sees them; it counts code lines only. */
function longFunctions(folder: string, paths: readonly string[]): string[] {
  const config = mkdtempSync(join(tmpdir(), "ao-style-"));
  const rule = { level: "error", options: { maxLines: maxFunctionLines / 2 } };
  const rules = { preset: "none", complexity: { noExcessiveLinesPerFunction: rule } };
  try {
    writeFileSync(join(config, "biome.json"), JSON.stringify({ root: true, linter: { rules } }));
    const biome = join(root, "node_modules/.bin/biome");
    const flags = ["--reporter=json", "--max-diagnostics=none", `--config-path=${config}`];
    const { stdout } = Bun.spawnSync([biome, "lint", ...flags, ...paths], {
      ...{ cwd: folder, timeout: 20_000 },
    });
    return reported(stdout.toString())
      .filter(({ lines }) => lines > maxFunctionLines)
      .map(({ path, line, lines }) => `${path}:${line}: ${lines} lines`);
  } finally {
    rmSync(config, { recursive: true });
  }
}

function reported(json: string): { path: string; line: number; lines: number }[] {
  const report: {
    diagnostics: {
      location: { path: string; start: { line: number }; end: { line: number } };
    }[];
  } = JSON.parse(json);
  return report.diagnostics.map(({ location: { path, start, end } }) => ({
    ...{ path, line: start.line, lines: end.line - start.line + 1 },
  }));
}

describe("a rule sees", () => {
  const lib = (path: string, text: string): Source => ({ path: `lib/${path}`, text });

  test("a file that is too long", () => {
    expect(longFiles(lib("a.ts", "\n".repeat(401)))).toEqual(["lib/a.ts: 401 lines"]);
    expect(longFiles(lib("a.ts", "\n".repeat(400)))).toEqual([]);
  });

  test("a use of the process in code, not in comments", () => {
    const text = "// process.env\nexport const a = () => { console.log(process.argv); };";
    expect(processUse(lib("a.ts", text))).toEqual([
      "lib/a.ts: console.log",
      "lib/a.ts: process.argv",
    ]);
    expect(processUse(lib("cli.ts", text))).toEqual([]);
  });

  test("an import from a wrong layer", () => {
    const from = (path: string, target: string) =>
      layerBreaks(lib(path, `import {\n  a,\n} from "${target}";`)).length;
    expect(from("tasks/a.ts", "../storage/b.ts")).toBe(1);
    expect(from("doctor/checks/a.ts", "../../storage/b.ts")).toBe(0);
    expect(from("tasks/a.ts", "../change/b.ts")).toBe(0);
    expect(from("tasks/a.ts", "../paths.ts")).toBe(0);
    expect(from("change/disk.ts", "../errors.ts")).toBe(1);
    expect(from("change/a.ts", "../storage/b.ts")).toBe(1);
    expect(from("a.ts", "./storage/b.ts")).toBe(1);
    expect(from("a.ts", "../scripts/b.ts")).toBe(1);
    expect(layerBreaks(lib("a.ts", 'await import("../tests/b.ts");'))).toHaveLength(1);
  });

  test("a barrel", () => {
    expect(reexports(lib("a.ts", 'export * from "./b.ts";'))).toHaveLength(1);
    expect(reexports(lib("a.ts", 'export {\n  b,\n} from "./b.ts";'))).toHaveLength(1);
  });

  test("a circle, one of types too", () => {
    const circle = (first: string) => [
      lib("a.ts", `${first} { b } from "./b.ts";`),
      lib("b.ts", 'import "./c.ts";'),
      lib("c.ts", 'import { a } from "./a.ts";'),
    ];
    const trail = ["lib/a.ts → lib/b.ts → lib/c.ts → lib/a.ts"];
    expect(circles(circle("import"))).toEqual(trail);
    expect(circles(circle("import type"))).toEqual(trail);
  });

  test("a function that is too long", () => {
    const folder = mkdtempSync(join(tmpdir(), "ao-style-"));
    const body = (lines: number) => `export function f() {\n${"  f();\n".repeat(lines - 2)}}\n`;
    writeFileSync(join(folder, "long.ts"), `\n${body(71)}`);
    writeFileSync(join(folder, "short.ts"), body(70));
    const found = longFunctions(folder, ["long.ts", "short.ts"]);
    rmSync(folder, { recursive: true });
    expect(found).toEqual(["long.ts:2: 71 lines"]);
  });
});

describe("in this house", () => {
  test("the sources are found", () => {
    expect(sources.map(({ path }) => path)).toContain("tests/style.test.ts");
  });

  test(`files have at most ${maxLines} lines`, () => {
    expect(sources.flatMap(longFiles)).toEqual([]);
  });

  test(`functions have at most ${maxFunctionLines} lines`, () => {
    // In a test file a function can be a whole group of tests.
    const paths = sources.map(({ path }) => path).filter((path) => !path.endsWith(".test.ts"));
    expect(longFunctions(root, paths)).toEqual([]);
  });

  test(`lib uses the process only in ${edges.join(" and ")}`, () => {
    expect(sources.flatMap(processUse)).toEqual([]);
  });

  test("imports keep to the layers", () => {
    expect(sources.flatMap(layerBreaks)).toEqual([]);
  });

  test("imports go in no circle", () => {
    expect(circles(sources)).toEqual([]);
  });

  test("there are no barrels", () => {
    expect(sources.flatMap(reexports)).toEqual([]);
  });

  test("every script can be started by its name, wherever it is run", () => {
    const scripts = sources.filter(({ path }) => /^scripts\/[^/]+$/.test(path));
    const others = scripts.filter(({ path, text }) => {
      const executable = (statSync(join(root, path)).mode & 0o111) !== 0;
      return !executable || text.split("\n", 1)[0] !== shebang;
    });
    expect(others.map(({ path }) => path)).toEqual([]);
  });

  test("every script ends with its entry line", () => {
    const scripts = sources.filter(({ path }) => /^scripts\/[^/]+$/.test(path));
    const others = scripts.filter(
      ({ text }) => !/\nif \(import\.meta\.main\) await main\(\w+\);\n$/.test(text),
    );
    expect(others.map(({ path }) => path)).toEqual([]);
  });
});
