/** A quick proof that no object of a JSON text has a key twice. */

import type { Json } from "../../change/operation.ts";

const maxDepth = 64;

/**
 * True only when no key occurs twice; false also when that would take a closer look.
 *
 * Every key is followed by `":`, as blanks before the colon are ruled out. Texts can hold `":` too,
 * which only makes more of them. So when there are no more than keys that were parsed, each was
 * parsed, and none twice.
 */
export function surelyUnique(text: string, value: Json): boolean {
  if (/\s:/.test(text)) return false;
  return (text.match(/":/g)?.length ?? 0) === countKeys(value, 0);
}

function countKeys(value: Json, depth: number): number {
  if (typeof value !== "object" || value === null) return 0;
  if (depth > maxDepth) return Number.NaN;
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) count += countKeys(item, depth + 1);
    return count;
  }
  for (const key in value) {
    count += 1;
    const member = value[key];
    if (typeof member === "object" && member !== null) count += countKeys(member, depth + 1);
  }
  return count;
}
