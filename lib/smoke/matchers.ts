/**
 * Judges an observation: pure, so that the same expectation can be tried on a changed observation.
 */
import {
  type Generation,
  type Json,
  type Matcher,
  type MatcherRules,
  milliseconds,
} from "./schema.ts";
import { show, type Value, valueAt } from "./values.ts";

/** One expectation and how it came out; `problem` is absent when it held. */
export interface Check {
  path: string;
  expected: string;
  actual: Value;
  problem?: string;
}

/**
 * Tries every expectation of an action on what was observed.
 *
 * An expectation that speaks of other generations only is left out: it says nothing about this one.
 */
export function checkAll(
  expect: Readonly<Record<string, Matcher>>,
  observation: Value,
  generation: Generation,
): Check[] {
  const checks: Check[] = [];
  for (const [path, written] of Object.entries(expect)) {
    const matcher = forGeneration(written, generation);
    if (matcher === undefined) continue;
    const actual = valueAt(observation, path);
    const problem = judge(matcher, actual, generation);
    const check: Check = { path, expected: describeMatcher(matcher), actual };
    if (problem !== undefined) check.problem = problem;
    checks.push(check);
  }
  return checks;
}

function forGeneration(matcher: Matcher, generation: Generation): Matcher | undefined {
  if (!isRules(matcher) || matcher.generation === undefined) return matcher;
  const { generation: perGeneration, ...always } = matcher;
  const chosen = perGeneration[generation];
  if (chosen === undefined) return Object.keys(always).length === 0 ? undefined : always;
  if (Object.keys(always).length === 0) return chosen;
  return { ...always, ...(isRules(chosen) ? chosen : { equals: chosen as Json }) };
}

function isRules(matcher: Matcher): matcher is MatcherRules {
  return matcher !== null && typeof matcher === "object" && !Array.isArray(matcher);
}

/** What a matcher asks for, in one line. */
export function describeMatcher(matcher: Matcher): string {
  if (!isRules(matcher)) return show(matcher);
  return Object.entries(matcher)
    .map(([rule, wanted]) => (rule === "equals" ? show(wanted) : `${rule} ${show(wanted)}`))
    .join(" and ");
}

/** Why the value is not what the matcher asks for; undefined when it is. */
export function judge(matcher: Matcher, value: Value, generation: Generation): string | undefined {
  if (!isRules(matcher)) return same(matcher, value) ? undefined : `is ${show(value)}`;
  for (const [name, wanted] of Object.entries(matcher)) {
    const rule = rules[name as keyof MatcherRules] as Rule;
    const problem = wanted === undefined ? undefined : rule(wanted as never, value, generation);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

type Rule = (wanted: never, value: Value, generation: Generation) => string | undefined;

const rules: { [K in keyof MatcherRules]-?: Rule } = {
  equals: (wanted: Json, value) => (same(wanted, value) ? undefined : `is ${show(value)}`),
  not: (wanted: Matcher, value, generation) =>
    judge(wanted, value, generation) === undefined ? `is ${show(value)}` : undefined,
  contains: (wanted: string | Json[], value) => contains(wanted, value),
  matches: (wanted: string, value) =>
    typeof value === "string" && new RegExp(wanted, "m").test(value)
      ? undefined
      : `${show(value)} does not match`,
  type: (wanted: string, value) => (typeOf(value, wanted) ? undefined : `is ${show(value)}`),
  length: (wanted: Matcher, value, generation) => {
    const length = Array.isArray(value) || typeof value === "string" ? value.length : undefined;
    const problem = judge(wanted, length, generation);
    return problem === undefined ? undefined : `has length ${length ?? "(none)"}: ${show(value)}`;
  },
  min: (wanted: number | string, value) =>
    toNumber(value) >= bound(wanted) ? undefined : `is ${show(value)}`,
  max: (wanted: number | string, value) =>
    toNumber(value) <= bound(wanted) ? undefined : `is ${show(value)}`,
  oneOf: (wanted: Json[], value) =>
    wanted.some((item) => same(item, value)) ? undefined : `is ${show(value)}`,
  exists: (wanted: boolean, value) =>
    (value !== undefined && value !== null) === wanted ? undefined : `is ${show(value)}`,
  each: (wanted: Matcher, value, generation) => each(wanted, value, generation),
  some: (wanted: Matcher, value, generation) => some(wanted, value, generation),
  none: (wanted: Matcher, value, generation) => {
    if (!Array.isArray(value)) return `is not a list: ${show(value)}`;
    const found = value.find((item) => judge(wanted, item, generation) === undefined);
    return found === undefined ? undefined : `holds ${show(found)}`;
  },
  subset: (wanted: { [path: string]: Matcher }, value, generation) => {
    const bad = checkAll(wanted, value, generation).find((check) => check.problem !== undefined);
    return bad && `${bad.path} ${bad.problem}`;
  },
  sameSet: (wanted: Json[] | string, value) => sameSet(wanted, value),
  rising: (_: never, value) => rising(value),
  generation: () => undefined,
};

function contains(wanted: string | Json[], value: Value): string | undefined {
  if (typeof wanted === "string") {
    const found = Array.isArray(value)
      ? value.some((item) => same(wanted, item))
      : typeof value === "string" && value.includes(wanted);
    return found ? undefined : `${show(value)} does not hold it`;
  }
  const missing = wanted.find((item) => contains(item as string, value) !== undefined);
  return missing === undefined ? undefined : `${show(value)} does not hold ${show(missing)}`;
}

function each(wanted: Matcher, value: Value, generation: Generation): string | undefined {
  if (!Array.isArray(value)) return `is not a list: ${show(value)}`;
  for (const [at, item] of value.entries()) {
    const problem = judge(wanted, item, generation);
    if (problem !== undefined) return `[${at}] ${problem}`;
  }
  return undefined;
}

/** Of many elements that do not fit, the one that nearly does tells most. */
function some(wanted: Matcher, value: Value, generation: Generation): string | undefined {
  if (!Array.isArray(value)) return `is not a list: ${show(value)}`;
  if (value.some((item) => judge(wanted, item, generation) === undefined)) return undefined;
  const paths = isRules(wanted) && wanted.subset ? wanted.subset : undefined;
  if (paths === undefined || value.length === 0) return `none fits of ${show(value)}`;
  const fitting = (item: Value) =>
    checkAll(paths, item, generation).filter((check) => check.problem === undefined).length;
  const nearest = value.toSorted((a, b) => fitting(b) - fitting(a))[0];
  return `none of ${value.length} fits; the nearest is ${show(nearest)}`;
}

function sameSet(wanted: Json[] | string, value: Value): string | undefined {
  if (!Array.isArray(value)) return `is not a list: ${show(value)}`;
  const list = (Array.isArray(wanted) ? wanted : [wanted]).map(show).sort();
  const found = value.map(show).sort();
  const missing = list.filter((item) => !found.includes(item));
  const extra = found.filter((item) => !list.includes(item));
  if (missing.length + extra.length === 0 && list.length === found.length) return undefined;
  if (missing.length + extra.length === 0) return `holds something twice: ${show(value)}`;
  const named = (items: readonly string[]) => items.join(", ") || "none";
  return `is ${show(value)} (missing ${named(missing)}; extra ${named(extra)})`;
}

function rising(value: Value): string | undefined {
  if (!Array.isArray(value)) return `is not a list: ${show(value)}`;
  const at = value.findIndex((item, i) => i > 0 && !(toNumber(item) > toNumber(value[i - 1])));
  return at === -1 ? undefined : `does not rise at [${at}]: ${show(value)}`;
}

function same(wanted: Value, value: Value): boolean {
  if (typeof value === "bigint") return same(wanted, Number(value));
  return Bun.deepEquals(wanted, value);
}

function typeOf(value: Value, wanted: string): boolean {
  if (wanted === "null") return value === null;
  if (wanted === "array") return Array.isArray(value);
  if (wanted === "integer") return typeof value === "bigint" || Number.isInteger(value);
  if (wanted === "number") return typeof value === "bigint" || typeof value === "number";
  if (wanted === "object")
    return value !== null && typeof value === "object" && !Array.isArray(value);
  return typeof value === wanted;
}

function toNumber(value: Value): number {
  return typeof value === "number" || typeof value === "bigint" ? Number(value) : Number.NaN;
}

/** A bound is a number, or a duration (compared with observed milliseconds). */
function bound(wanted: number | string): number {
  return typeof wanted === "number" ? wanted : milliseconds(wanted);
}
