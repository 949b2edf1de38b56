/**
 * Which steps of an earlier run are still to be walked.
 */
import { ToolkitError } from "../errors.ts";
import { findings, type RunResult } from "./results.ts";
import type { Runbook } from "./schema.ts";
import { type Selection, select } from "./select.ts";

/**
 * The steps to walk when a run goes on: those of its plan that have no result yet, or with `failed`
 * those with findings. An explicit selection says itself what is meant.
 *
 * @throws ToolkitError `invalid` when the runbook no longer has a step of the plan.
 */
export function stepsToResume(
  runbook: Runbook,
  result: RunResult,
  selection: Selection,
  failed: boolean,
): Set<string> {
  const all = select(runbook, {});
  const gone = result.steps.find(({ id }) => !all.has(id));
  if (gone) {
    throw new ToolkitError(
      "invalid",
      `Cannot go on with run "${result.run.run}": step ${gone.id} is gone`,
      {
        hint: "The runbook has changed; walk it anew.",
      },
    );
  }
  if (selection.from || selection.lanes?.length || selection.steps?.length)
    return select(runbook, selection);
  const skipped = select(runbook, { skip: selection.skip ?? [] });
  const wanted = result.steps.filter(({ status, reason }) =>
    failed ? findings.includes(status) : status === "not-run" && reason !== "needs a person",
  );
  return new Set(wanted.map(({ id }) => id).filter((id) => skipped.has(id)));
}
