/** What a runbook holds, for --list and --dry-run: data first, and as text. */
import * as v from "valibot";
import { printableLines } from "../text.ts";
import { titleOf } from "./actions/all.ts";
import { type Condition, kindOf, type Runbook } from "./schema.ts";

export const listingSchema = v.object({
  steps: v.array(
    v.object({
      id: v.string(),
      lane: v.string(),
      title: v.string(),
      why: v.string(),
      needs: v.array(v.string()),
      /** Comes along because a chosen step needs it. */
      prerequisite: v.boolean(),
      source: v.string(),
      commands: v.array(v.string()),
    }),
  ),
});
export type Listing = v.InferOutput<typeof listingSchema>;

/** The chosen steps and what they need, with every command as it is written. */
export function listingOf(
  runbook: Runbook,
  walked: readonly { id: string; prerequisite: boolean }[],
): Listing {
  const role = new Map(walked.map(({ id, prerequisite }) => [id, prerequisite]));
  const steps = runbook.lanes.flatMap((lane) => lane.steps).filter(({ id }) => role.has(id));
  return {
    steps: steps.map((step) => ({
      id: step.id,
      lane: step.lane,
      title: step.title,
      why: step.why,
      needs: step.needs,
      prerequisite: role.get(step.id) ?? false,
      source: `${step.source.file}:${step.source.line}`,
      commands: step.do.flatMap((action) => {
        const kind = kindOf(action);
        return kind === undefined ? [] : [`${titleOf(kind, action)}${only(action.when)}`];
      }),
    })),
  };
}

function only(condition: Condition | undefined): string {
  if (condition === undefined) return "";
  const parts = Object.entries(condition).map(
    ([key, value]) => `${key} ${[value].flat().join("/")}`,
  );
  return `   (only ${parts.join(", ")})`;
}

/** One line a step; with `commands` also what each would do. */
export function formatListing(listing: Listing, commands: boolean): string {
  return listing.steps
    .map((step) => {
      const needs = step.needs.length === 0 ? "" : `   needs ${step.needs.join(", ")}`;
      const role = step.prerequisite ? " (needed)" : "";
      const head = `${step.id.padEnd(22)} ${step.title}${role}${needs}`;
      const lines = commands ? [head, ...step.commands.map((line) => `    ${line}`)] : [head];
      return lines.map((line) => printableLines(line, "      ")).join("\n");
    })
    .join("\n");
}
