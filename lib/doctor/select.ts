/** Which checks are meant: by id, by section, or by the name of a fix. */

import { ToolkitError } from "../errors.ts";
import { nearest } from "../text.ts";
import { type Check, type FixableCheck, isFixable, sections } from "./check.ts";
import { allChecks } from "./checks.ts";

/**
 * The checks that are left by `--only` and `--skip`, in the order of the report.
 *
 * @param only ids or sections; none means all
 * @throws ToolkitError `usage` for a word that names neither
 */
export function selectChecks(only: readonly string[], skip: readonly string[]): Check[] {
  for (const word of [...only, ...skip]) refuseUnknown(word);
  const named = (words: readonly string[], { id, section }: Check) =>
    words.some((word) => word.toUpperCase() === id || word.toLowerCase() === section);
  return allChecks
    .filter((check) => only.length === 0 || named(only, check))
    .filter((check) => !named(skip, check));
}

/** @throws ToolkitError `usage` when there is no such check */
export function findCheck(word: string): Check {
  const check = allChecks.find(({ id, fix }) => id === word.toUpperCase() || fix?.name === word);
  const names = allChecks.flatMap(({ id, fix }) => [id, ...(fix === undefined ? [] : [fix.name])]);
  return check ?? unknown(word, "no such check", names);
}

/**
 * The check whose fix has this name, or which has this id itself.
 *
 * @throws ToolkitError `usage` when there is none, or when nothing can be fixed about it
 */
export function findFix(word: string): FixableCheck {
  const fixable = allChecks.filter(isFixable);
  const found = fixable.find(({ id, fix }) => id === word.toUpperCase() || fix.name === word);
  if (found !== undefined) return found;
  const names = fixable.map(({ fix }) => fix.name);
  const check = allChecks.find(({ id }) => id === word.toUpperCase());
  if (check === undefined) return unknown(word, "no such fix", [...names, ...fixable.map(idOf)]);
  throw new ToolkitError("usage", `Cannot fix "${check.id}": it has no fix`, {
    hint: check.explain.mended,
  });
}

function idOf({ id }: Check): string {
  return id;
}

function refuseUnknown(word: string): void {
  const known = [...allChecks.map(idOf), ...Object.keys(sections)];
  if (known.includes(word.toUpperCase()) || known.includes(word.toLowerCase())) return;
  unknown(word, "no such check or section", known);
}

function unknown(word: string, state: string, known: readonly string[]): never {
  const meant = nearest(word.toUpperCase(), known) ?? nearest(word.toLowerCase(), known);
  throw new ToolkitError("usage", `Cannot use "${word}": ${state}`, {
    hint: meant === undefined ? "doctor --list-checks shows them all" : `did you mean ${meant}?`,
  });
}
