/**
 * Places that a recorded plan changed and that nothing names now: it was made with other flags or
 * variables than those it is to be taken back with.
 */

import { existsSync } from "node:fs";
import { basename, dirname } from "node:path";
import { touchedBy } from "../change/operation.ts";
import type { Plan } from "../change/plan.ts";
import { isBelow } from "../change/roots.ts";
import { ToolkitError } from "../errors.ts";
import { shellWord } from "../text.ts";

/** A place, and what would name it. */
export interface UnnamedPlace {
  path: string;
  by:
    | { flag: "config" | "worktreeRoot" }
    | { variable: "CLAUDE_CONFIG_DIR" | "CODEX_HOME"; value: string };
}

/** @param believed roots that may be written to now */
export function unnamedPlaces(
  { roots, operations }: Pick<Plan, "roots" | "operations">,
  believed: readonly string[],
): UnnamedPlace[] {
  const outside = operations
    .flatMap((operation) => touchedBy(operation).writes)
    .filter((path) => !believed.some((root) => isBelow(path, root)));
  return roots.flatMap((path) => {
    const changed = outside.filter((each) => isBelow(each, path));
    return changed.length === 0 ? [] : [{ path, by: namedBy(path, changed) }];
  });
}

function namedBy(path: string, changed: string[]): UnnamedPlace["by"] {
  if (changed.includes(path)) return { flag: "config" };
  const value = dirname(path);
  // Claude's names begin with the dash that stands for the path's first slash.
  if (path.endsWith("/projects") && changed.every((each) => each.startsWith(`${path}/-`))) {
    return { variable: "CLAUDE_CONFIG_DIR", value };
  }
  if (/\/(archived_)?sessions$/.test(path) && changed.every((each) => each.endsWith(".jsonl"))) {
    return { variable: "CODEX_HOME", value };
  }
  return { flag: "worktreeRoot" };
}

/** Makes the command that does the same with these places named. */
export type Again = (flags: { baseDir?: string; config?: string; worktreeRoot?: string }) => string;

/**
 * @param again see {@link Again}; variables are put before it
 * @param baseDir where the migration is now
 * @throws ToolkitError `refused`, with the command that names every place
 */
export function demandNamed(
  id: string,
  plan: Pick<Plan, "roots" | "operations">,
  believed: readonly string[],
  { again, baseDir }: { again: Again; baseDir: string },
): void {
  const places = unnamedPlaces(plan, believed);
  const [first] = places;
  if (first === undefined) return;
  refuseMoved(id, plan, { again, baseDir });
  const flags: Parameters<Again>[0] = {};
  const variables = new Set<string>();
  for (const { path, by } of places) {
    if ("flag" in by) flags[by.flag] = path;
    else variables.add(`${by.variable}=${shellWord(by.value)}`);
  }
  const message = `Cannot go on with "${id}": it changes "${first.path}" too, which nothing names now`;
  throw new ToolkitError("refused", message, { hint: [...variables, again(flags)].join(" ") });
}

/** Every path of a plan is one below the base dir of its day, or one that was looked up from there. */
function refuseMoved(
  id: string,
  { roots, operations }: Pick<Plan, "roots" | "operations">,
  { again, baseDir }: { again: Again; baseDir: string },
): void {
  const writes = operations.flatMap((operation) => touchedBy(operation).writes);
  const former = roots.find((root) => writes.some((path) => isBelow(path, `${root}/projects`)));
  if (former === undefined || roots.includes(baseDir)) return;
  let [from, to] = [baseDir, former];
  // A home that was moved with all that is in it is linked as one.
  while (!existsSync(dirname(to)) && basename(from) === basename(to)) {
    [from, to] = [dirname(from), dirname(to)];
  }
  const link = `ln -s ${shellWord(from)} ${shellWord(to)}`;
  throw new ToolkitError("refused", `Cannot go on with "${id}": its base dir was "${former}"`, {
    hint: `link it to where it was: ${link}\nthen: ${again({ baseDir: former })}`,
  });
}
