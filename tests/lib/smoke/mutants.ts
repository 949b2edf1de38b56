/**
 * Changed observations: for one expectation, versions of what was seen that it has to catch.
 */
import type { Matcher, MatcherRules } from "../../../lib/smoke/schema.ts";
import { parsePath, type Value, valueAt } from "../../../lib/smoke/values.ts";

export interface Mutant {
  /** What was done to the value. */
  change: string;
  observation: Value;
  /** An expectation that lets this one pass checks nothing; others only narrow it further. */
  mustFail: boolean;
}

/** Versions of an observation that differ at the path of an expectation. */
export function mutantsOf(observation: Value, path: string, matcher: Matcher): Mutant[] {
  const parts = parsePath(path);
  const star = parts.indexOf("*");
  if (star !== -1) return ofList(observation, parts, star, matcher);
  const value = valueAt(observation, path);
  return changesOf(value, matcher).map(({ change, to, mustFail }) => ({
    change,
    mustFail,
    observation: replace(observation, parts, to),
  }));
}

/** A path with `[*]`: elements are lost, doubled, exchanged, and changed one at a time. */
function ofList(
  observation: Value,
  parts: (string | number)[],
  star: number,
  matcher: Matcher,
): Mutant[] {
  const list = at(observation, parts.slice(0, star));
  if (!Array.isArray(list)) return [];
  const exact = Array.isArray(matcher) || isExactList(matcher);
  const put = (change: string, to: Value[], mustFail: boolean): Mutant => ({
    change,
    mustFail,
    observation: replace(observation, parts.slice(0, star), to),
  });
  const mutants =
    list.length === 0
      ? []
      : [
          put("the first is lost", list.slice(1), exact),
          put("the last is lost", list.slice(0, -1), exact),
          put("the last is doubled", [...list, list.at(-1)], exact || isRising(matcher)),
        ];
  const rest = parts.slice(star + 1);
  for (const value of stand(matcher)) {
    mutants.push(put("one more that must not be", [...list, replace({}, rest, value)], true));
  }
  for (const [index, item] of list.entries()) {
    for (const { change, to } of changesOf(at(item, rest), null)) {
      const changed = list.with(index, replace(item, rest, to));
      mutants.push(put(`[${index}]: ${change}`, changed, false));
    }
  }
  return mutants;
}

function isExactList(matcher: Matcher): boolean {
  return isRules(matcher) && (matcher.sameSet !== undefined || Array.isArray(matcher.equals));
}

function isRising(matcher: Matcher): boolean {
  return isRules(matcher) && matcher.rising === true;
}

interface Change {
  change: string;
  to: Value;
  mustFail: boolean;
}

function changesOf(value: Value, matcher: Matcher): Change[] {
  const exact = matcher !== null && (!isRules(matcher) || "equals" in matcher);
  const change = (name: string, to: Value, mustFail = exact): Change => ({
    change: name,
    to,
    mustFail,
  });
  const wrong = stand(matcher).map((to) => change("what must not be", to, true));
  const gone = value === undefined ? [] : [change("lost", undefined, exact)];
  if (typeof value === "number")
    return [...wrong, ...gone, change("one more", value + 1), change("negative", -value - 1)];
  if (typeof value === "boolean") return [...wrong, ...gone, change("the opposite", !value)];
  if (typeof value === "string") {
    return [
      ...wrong,
      ...gone,
      change("empty", "", exact && value !== ""),
      change("other text", `≠${[...value].reverse().join("")}`),
    ];
  }
  if (Array.isArray(value)) {
    const shorter =
      value.length === 0
        ? []
        : [
            change("the last is lost", value.slice(0, -1)),
            change("the last is doubled", [...value, value.at(-1)]),
          ];
    return [
      ...wrong,
      ...gone,
      change("empty", [], exact && value.length > 0),
      ...shorter,
      change("no list", "x"),
    ];
  }
  if (value === undefined || value === null) return [...wrong, change("there", "something")];
  return [...wrong, ...gone, change("an empty object", {})];
}

/** Values that a negative expectation (`not`, `none`, `exists: false`) must refuse. */
function stand(matcher: Matcher): Value[] {
  if (!isRules(matcher)) return [];
  const { not, none, exists } = matcher;
  const refused = not === undefined ? [] : [satisfying(not)];
  if (none !== undefined) refused.push([satisfying(none)]);
  if (exists === false) refused.push("something");
  return refused.filter((value) => value !== undefined);
}

/** A value that a matcher accepts, as far as negative expectations need it. */
function satisfying(matcher: Matcher): Value {
  if (!isRules(matcher)) return matcher;
  if (matcher.equals !== undefined) return matcher.equals;
  if (typeof matcher.contains === "string") return matcher.contains;
  if (matcher.length !== undefined) return ["x"];
  return undefined;
}

function isRules(matcher: Matcher): matcher is MatcherRules {
  return matcher !== null && typeof matcher === "object" && !Array.isArray(matcher);
}

function at(value: Value, parts: (string | number)[]): Value {
  return parts.reduce<Value>((found, part) => {
    if (found === null || typeof found !== "object") return undefined;
    return Array.isArray(found) ? found.at(Number(part)) : (found as Record<string, Value>)[part];
  }, value);
}

/** A copy with another value at a path; undefined takes the field away. */
function replace(value: Value, parts: (string | number)[], to: Value): Value {
  const [part, ...rest] = parts;
  if (part === undefined) return to;
  if (Array.isArray(value)) {
    const index = Number(part) < 0 ? value.length + Number(part) : Number(part);
    return index < value.length
      ? value.with(index, replace(value[index], rest, to))
      : [...value, replace(undefined, rest, to)];
  }
  const object =
    value !== null && typeof value === "object" ? (value as Record<string, Value>) : {};
  return { ...object, [part]: replace(object[part], rest, to) };
}
