/** What a storage run says when it has ended, and the commands that lead on from there. */

import { plural, printable } from "../text.ts";
import type { Execution } from "./execute.ts";
import type { StoragePlan } from "./plan.ts";
import type { Rehearsal } from "./rehearse.ts";

/** Makes the command that runs `migrate` on this disk with these words. */
type Call = (...words: string[]) => string;

/** Whether there is nothing to tell of a disk but that. */
export function isBare({ inventory, steps, warnings, blockers }: StoragePlan): boolean {
  return inventory.nothingThere && steps.length + warnings.length + blockers.length === 0;
}

/**
 * The end of a dry run, or all of it for a disk without state: what to type next.
 *
 * @param columns where a command and what it is for do not fit beside each other, each has a line
 */
export function nextCommands(plan: StoragePlan, migrate: Call, columns = 80): string {
  if (plan.blockers.length > 0) return "\nNothing was changed. Mend the blockers first.\n";
  if (isBare(plan)) {
    const { baseDir } = plan.inventory.places;
    return `Nothing to do: no AO state in ${printable(baseDir)}.\nState elsewhere is named by --home DIR or --base-dir DIR.\n`;
  }
  if (plan.steps.length === 0) return "";
  const rows = [migrate("--rehearse"), migrate("--execute"), migrate("--output", "plan.json")];
  const width = Math.max(...rows.map((row) => row.length));
  const notes = ["try it on a copy", "carry it out", "save it for review"];
  const beside = rows.map((row, at) => `  ${row.padEnd(width)}   ${notes[at]}`);
  const fits = beside.every((line) => Bun.stringWidth(line) <= columns);
  const lines = fits ? beside : rows.map((row, at) => `  ${notes[at]}:\n    ${row}`);
  return `\nNothing was changed. Next:\n${lines.join("\n")}\n`;
}

/** The end of an execution: what changed, where it is recorded, how to take it back. */
export function executionText(execution: Execution, undo: string): string {
  const { id, operations, warnings, leftovers, dir } = execution;
  const lines = [
    `Done: ${plural(operations, "operation")} carried out as migration ${id}.`,
    `Recorded in ${printable(dir)}.`,
    ...warnings.map((warning) => `warning: ${printable(warning)}`),
  ];
  if (leftovers.length === 0) lines.push("Verified: scanned again, nothing is left to do.");
  else {
    lines.push(`Verified: scanned again, ${plural(leftovers.length, "thing")} left:`);
    lines.push(...leftovers.slice(0, 20).map((leftover) => `  • ${printable(leftover)}`));
  }
  return `${lines.join("\n")}\n\nTake it back with:\n  ${undo}\n`;
}

/** The result of a rehearsal. */
export function rehearsalText(result: Rehearsal, migrate: Call): string {
  const { operations, entries, missing, differences, kept, milliseconds } = result;
  if (operations === 0) return "Nothing to rehearse: there is nothing to migrate.\n";
  const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;
  const lines = [
    `Copied:      ${plural(entries, "entry", "entries")} in ${seconds(milliseconds.copy)}`,
    `Executed:    ${plural(operations, "operation")} in ${seconds(milliseconds.execute)}`,
    `Rolled back: in ${seconds(milliseconds.rollback)}`,
  ];
  const problems = [
    ...missing.map((path) => `missing after execution: ${path}`),
    ...kept.map((what) => `not taken back: ${what}`),
    ...differences.map((path) => `differs after rollback: ${path}`),
  ];
  if (problems.length === 0) {
    lines.push("Compared:    the copy is byte for byte what it was. Nothing real was touched.");
    return `${lines.join("\n")}\n\nNext:\n  ${migrate("--execute")}\n`;
  }
  lines.push(...problems.slice(0, 50).map((problem) => `  • ${printable(problem)}`));
  return `${lines.join("\n")}\n`;
}
