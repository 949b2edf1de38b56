/** Values as generated tests see them: paths into them, and edits of them made the plain way. */

import { expect } from "bun:test";
import type { Json } from "../../lib/edits.ts";

/** Every path in a value, the root's included. */
export function pathsOf(value: Json, path: string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([name, item]) => pathsOf(item, [...path, name]))];
}

/** The value at a path that exists. */
export function valueAtPath(value: Json, path: string[]): Json {
  return path.reduce<Json>((parent, name) => {
    const entry = Object.entries(parent ?? {}).find(([key]) => key === name);
    if (entry === undefined) throw new Error(`no ${name} in ${JSON.stringify(parent)}`);
    return entry[1] as Json;
  }, value);
}

/** The value with the entry at a path replaced by these entries, in its place. */
export function replaced(value: Json, path: string[], by: (entry: Json) => [string, Json][]): Json {
  const [name, ...rest] = path;
  const entries = Object.entries(value ?? {}).flatMap<[string, Json]>(([key, item]) => {
    if (key !== name) return [[key, item]];
    return rest.length === 0 ? by(item) : [[key, replaced(item, rest, by)]];
  });
  return Array.isArray(value) ? entries.map(([, item]) => item) : Object.fromEntries(entries);
}

/** Equal, the order of keys included. */
export function expectSame(actual: Json | undefined, expected: Json | undefined): void {
  expect(JSON.stringify(actual)).toBe(JSON.stringify(expected));
}
