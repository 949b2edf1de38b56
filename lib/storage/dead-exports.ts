/** Exports of AO's core package that nothing outside its own tests uses. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ToolkitError } from "../errors.ts";

const sourceFile = /\.(ts|tsx|mts|cts|js|jsx|mjs)$/;
const testFile = /(\.(test|spec)\.[a-z]+$)|(\/(__tests__|__mocks__|tests?)\/)/;
const skipped = new Set(["node_modules", "dist", ".git", "coverage", ".next", "build"]);

/**
 * Names exported by `packages/core/src/index.ts` (re-exports followed) that no other package and no
 * file of core itself mentions, tests and the file that defines them aside; sorted.
 *
 * @param dir AO's source tree
 * @throws {ToolkitError} invalid, when it holds no core package
 */
export function deadExports(dir: string): string[] {
  const core = join(dir, "packages", "core", "src");
  const index = join(core, "index.ts");
  if (!existsSync(index)) {
    throw new ToolkitError("invalid", `Cannot read AO's source at "${dir}": ${index} is missing`, {
      hint: "give --ao-source the top of an AO checkout",
    });
  }
  const definedIn = new Map<string, string>();
  collectExports(index, definedIn, new Set());
  const used = new Map<string, Set<string>>();
  for (const file of sourceFiles(dir)) {
    const text = withoutReexports(readFileSync(file, "utf8"));
    for (const [word] of text.matchAll(/[A-Za-z_$][\w$]*/g)) {
      if (definedIn.has(word)) used.set(word, (used.get(word) ?? new Set()).add(file));
    }
  }
  return [...definedIn]
    .filter(([name, home]) => [...(used.get(name) ?? [])].every((file) => file === home))
    .map(([name]) => name)
    .sort();
}

function* sourceFiles(dir: string): Generator<string> {
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.isDirectory() && !skipped.has(entry.name)) yield* sourceFiles(path);
    if (entry.isFile() && sourceFile.test(entry.name) && !testFile.test(path)) yield path;
  }
}

/** Re-exporting is passing on, not using. */
function withoutReexports(text: string): string {
  return text.replace(
    /export\s+(type\s+)?(\{[^}]*\}|\*(\s+as\s+\w+)?)\s+from\s+["'][^"']+["']/g,
    "",
  );
}

function collectExports(file: string, into: Map<string, string>, seen: Set<string>): void {
  if (seen.has(file) || !existsSync(file)) return;
  seen.add(file);
  const text = readFileSync(file, "utf8");
  const declared =
    /export\s+(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(?:function\*?|class|const|let|var|interface|type|enum)\s+([A-Za-z_$][\w$]*)/g;
  for (const [, name] of text.matchAll(declared)) if (name !== undefined) into.set(name, file);
  for (const [, names, from] of text.matchAll(
    /export\s+(?:type\s+)?\{([^}]*)\}(?:\s+from\s+["']([^"']+)["'])?/g,
  )) {
    for (const name of exportedNames(names ?? "")) {
      into.set(name, from === undefined ? file : sourceOf(file, from));
    }
  }
  for (const [, from] of text.matchAll(/export\s+(?:type\s+)?\*\s+from\s+["']([^"']+)["']/g)) {
    collectExports(sourceOf(file, from ?? ""), into, seen);
  }
}

function exportedNames(list: string): string[] {
  return list
    .replace(/\/\/[^\n]*|\/\*[\s\S]*?\*\//g, "")
    .split(",")
    .map((part) => part.trim().replace(/^type\s+/, ""))
    .map((part) => /\bas\s+([\w$]+)$/.exec(part)?.[1] ?? part)
    .filter((name) => /^[A-Za-z_$][\w$]*$/.test(name) && name !== "default");
}

function sourceOf(file: string, from: string): string {
  return join(file, "..", from.replace(/\.(js|mjs)$/, ".ts"));
}
