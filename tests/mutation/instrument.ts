/**
 * Mutants of our sources: Stryker's instrumenter puts all of them into the code at once, each behind
 * a switch, so that a mutant is made active without touching a file.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInstrumenter, type Instrumenter } from "@stryker-mutator/instrumenter";

/** A change of one expression or statement. */
export interface Mutant {
  /** Number of its switch. */
  id: string;
  /** Path from the repository. */
  file: string;
  /** Counted from 1. */
  line: number;
  column: number;
  /** Kind of change, as Stryker names it. */
  mutator: string;
  original: string;
  replacement: string;
}

export interface Instrumented {
  mutants: Mutant[];
  /** Sources with switches, by path from the repository. */
  sources: Map<string, string>;
}

type Injector = Parameters<typeof createInstrumenter>[0];

/** The module of switches, which {@link instrument}'s sources import from the root of their copy. */
export const switchesFile = "mutation-switches.ts";

/**
 * The instrumenter, put together as its own injector would do it.
 *
 * Its logger says only how many mutants there are.
 */
function makeInstrumenter(): Instrumenter {
  const quiet = new Proxy({}, { get: (_, name) => () => String(name).startsWith("is") && false });
  const provided = new Map<string, unknown>([["logger", quiet]]);
  const injector = {
    provideValue(name: string, value: unknown) {
      provided.set(name, value);
      return injector;
    },
    injectClass(made: { new (...given: unknown[]): Instrumenter; inject: readonly string[] }) {
      return new made(...made.inject.map((name) => provided.get(name)));
    },
  };
  return createInstrumenter(injector as unknown as Injector);
}

/** Instruments files, given by their paths from `root`. */
export async function instrument(root: string, paths: readonly string[]): Promise<Instrumented> {
  const texts = new Map(paths.map((path) => [path, readFileSync(join(root, path), "utf8")]));
  const { files, mutants } = await makeInstrumenter().instrument(
    [...texts].map(([name, content]) => ({ name, content, mutate: true })),
    { ignorers: [], excludedMutations: [], plugins: null },
  );
  return {
    mutants: mutants.map(({ id, fileName, mutatorName, replacement, location }) => ({
      id,
      file: fileName,
      line: location.start.line + 1,
      column: location.start.column + 1,
      mutator: mutatorName,
      original: textAt(texts.get(fileName) ?? "", location),
      replacement,
    })),
    sources: new Map(files.map(({ name, content }) => [name, withSwitches(name, content)])),
  };
}

interface Location {
  start: { line: number; column: number };
  end: { line: number; column: number };
}

function textAt(text: string, { start, end }: Location): string {
  const lines = text.split("\n").slice(start.line, end.line + 1);
  const last = lines.length - 1;
  lines[last] = lines[last]?.slice(0, end.column) ?? "";
  lines[0] = lines[0]?.slice(start.column) ?? "";
  return lines.join("\n");
}

const header = /function stryNS_9fa48\(\) \{[\s\S]*?return isActive\(id\);\n\}\n/;

/** Takes the switches from our module, instead of the code that Stryker puts into each file. */
function withSwitches(path: string, content: string): string {
  const up = "../".repeat(path.split("/").length - 1);
  const line = `import { stryCov_9fa48, stryMutAct_9fa48 } from "${up}${switchesFile}";\n`;
  return content.replace(header, line);
}

/**
 * Texts for people (messages, titles, hints: strings with spaces between words) are left out: a
 * test that repeats a sentence proves nothing but that it was copied.
 */
export function isProse({ mutator, original }: Pick<Mutant, "mutator" | "original">): boolean {
  return (
    mutator === "StringLiteral" && /\p{L}[,.:;]? +\p{L}|\} \p{L}|\p{L}[,.:]? \$\{/u.test(original)
  );
}
