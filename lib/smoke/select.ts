/**
 * Which steps of a runbook are meant: by lane, by step, from a step on, and without some.
 */
import { ToolkitError } from "../errors.ts";
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
  for (const lane of lanes) require(runbook.lanes.some((one) => one.lane === lane), "lane", lane);
  for (const id of [...ids, ...(from ? [from] : [])])
    require(steps.some((step) => isOf(step, id)), "step", id);
  for (const word of skip) {
    const known =
      runbook.lanes.some(({ lane }) => lane === word) || steps.some((step) => isOf(step, word));
    require(known, "lane or step", word);
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

function require(known: boolean, what: string, name: string): void {
  if (known) return;
  throw new ToolkitError("usage", `Cannot walk "${name}": the runbook has no such ${what}`, {
    hint: "See what it has: --list",
  });
}
