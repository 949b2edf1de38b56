/** A reviewed plan, read back from the file that `--output` wrote. */

import { readFileSync } from "node:fs";
import * as v from "valibot";
import { describeError, ToolkitError } from "../errors.ts";
import { jsonErrorPlace } from "../json.ts";
import { type StepId, stepIds } from "./options.ts";
import type { StoragePlan } from "./plan.ts";

/** What execution needs of a saved record; the rest is for its readers. */
export interface SavedPlan {
  generatedAt: Date;
  planId: string;
  steps: ReadonlySet<StepId>;
  answers: ReadonlyMap<string, string>;
}

const schema = v.object({
  schemaVersion: v.literal(3),
  generatedAt: v.pipe(v.string(), v.isoTimestamp()),
  planId: v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/)),
  selectedSteps: v.array(v.picklist(stepIds)),
  decisions: v.array(v.object({ key: v.string(), chosen: v.string() })),
});

/** @throws {ToolkitError} invalid, with the place of a syntax error or the path of a wrong field */
export function readSavedPlan(file: string): SavedPlan {
  const parsed = v.safeParse(schema, parse(file));
  if (!parsed.success) {
    const issue = parsed.issues[0];
    const at = v.getDotPath(issue) ?? "";
    throw new ToolkitError("invalid", `Cannot use plan "${file}": ${at} is missing or wrong`, {
      hint: "save one with --output FILE",
      place: { file },
    });
  }
  const { generatedAt, planId, selectedSteps, decisions } = parsed.output;
  return {
    generatedAt: new Date(generatedAt),
    planId,
    steps: new Set(selectedSteps),
    answers: new Map(decisions.map(({ key, chosen }) => [key, chosen])),
  };
}

function parse(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new ToolkitError("invalid", `Cannot read plan "${file}": ${describeError(cause)}`, {
      cause,
    });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    const place = { file, ...jsonErrorPlace(text) };
    throw new ToolkitError("invalid", `Cannot read plan "${file}": it is not JSON`, {
      place,
      cause,
    });
  }
}

/**
 * Refuses a saved plan that the disk no longer leads to.
 *
 * @param migrate makes the command that runs `migrate` on this disk with these words
 */
export function demandSamePlan(
  saved: SavedPlan,
  now: StoragePlan,
  migrate: (...words: string[]) => string,
): void {
  if (now.id === saved.planId) return;
  throw new ToolkitError(
    "refused",
    `Cannot apply plan ${saved.planId}: the disk changed since it was made (today's plan is ${now.id})`,
    { hint: `look at the new plan: ${migrate("--output", "plan.json")}` },
  );
}
