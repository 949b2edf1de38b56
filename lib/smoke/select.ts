/**
 * Which steps of a runbook are meant: by lane, by step, from a step on, and without some.
 */
import { ToolkitError } from "../errors.ts";
import { nearest } from "../text.ts";
import type { Runbook, Step } from "./schema.ts";

export interface Selection {
  lanes?: readonly string[];
  steps?: readonly string[];
  from?: string;
  skip?: readonly string[];
}

/**
 * Ids of the chosen steps. Without lanes and steps everything is chosen; `skip` takes lanes and
 * steps away again. `3.1` means the steps `3.1` and `3.1-…`.
 *
 * @throws ToolkitError `usage` naming a lane or step that the runbook does not have.
 */
export function select(runbook: Runbook, selection: Selection): Set<string> {
  const steps = runbook.lanes.flatMap((lane) => lane.steps);
  const { lanes = [], steps: ids = [], from, skip = [] } = selection;
  const laneNames = runbook.lanes.map(({ lane }) => lane);
  const stepNames = steps.map(({ id }) => id);
  const isStep = (name: string) => steps.some((step) => isOf(step, name));
  for (const lane of lanes) require(laneNames.includes(lane), "lane", lane, laneNames);
  for (const id of [...ids, ...(from ? [from] : [])]) require(isStep(id), "step", id, stepNames);
  for (const word of skip) {
    const known = laneNames.includes(word) || isStep(word);
    require(known, "lane or step", word, [...laneNames, ...stepNames]);
  }
  const all = lanes.length === 0 && ids.length === 0;
  const start = from === undefined ? 0 : steps.findIndex((step) => isOf(step, from));
  const chosen = steps
    .filter((_, index) => index >= start)
    .filter((step) => all || lanes.includes(step.lane) || ids.some((id) => isOf(step, id)))
    .filter((step) => !skip.some((word) => step.lane === word || isOf(step, word)));
  return new Set(chosen.map(({ id }) => id));
}

function isOf(step: Step, id: string): boolean {
  return step.id === id || step.id.startsWith(`${id}-`);
}

function require(known: boolean, what: string, name: string, names: readonly string[]): void {
  if (known) return;
  const meant = nearest(name, names);
  throw new ToolkitError("usage", `Cannot walk "${name}": the runbook has no such ${what}`, {
    hint: meant === undefined ? "smoke-runbook --list shows what it has" : `did you mean ${meant}?`,
  });
}
