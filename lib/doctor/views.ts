/** Reports that are views of what the storage part already knows: its drift and its plans. */

import type { Issue, IssueKind } from "../storage/drift.ts";
import type { StepId } from "../storage/options.ts";
import { operationsOf, unlisted } from "../storage/plan.ts";
import { type Finding, type Level, type Outcome, pass, type Report } from "./check.ts";
import type { Facts } from "./facts.ts";

export interface View {
  /** One level for all, or one for each issue. */
  level: Level | ((issue: Issue) => Level);
  /** What to say when there is nothing. */
  healthy: string;
  remedy?: string | ((issue: Issue) => string | undefined);
  /** Which of the issues; all of them by default. */
  where?: (issue: Issue) => boolean;
}

/** The issues of these kinds as findings. */
export function driftReport(facts: Facts, kinds: readonly IssueKind[], view: View): Report {
  const { level, healthy, remedy, where = () => true } = view;
  const findings = facts
    .issues(kinds)
    .filter(where)
    .map((issue): Finding => {
      const text = typeof remedy === "function" ? remedy(issue) : remedy;
      return {
        level: typeof level === "function" ? level(issue) : level,
        message: issue.detail,
        ...(issue.ref !== undefined && { ref: issue.ref }),
        ...(text !== undefined && { remedy: text }),
      };
    });
  return { summary: healthy, findings };
}

/**
 * What one step of the V3 plan would do, each line of it a finding, and the operations of exactly
 * that plan. What the plan leaves alone is therefore not found here; its warnings say why.
 */
export function stepReport(
  facts: Facts,
  step: StepId,
  view: { level: Level; healthy: string },
): Outcome {
  const obscured = whyObscured(facts);
  if (obscured !== null) return obscured;
  const plan = facts.stepPlan(step);
  const planned = plan.steps.find(({ id }) => id === step);
  if (planned === undefined) return { ...pass(view.healthy), mend: [] };
  const findings = planned.details.map((message): Finding => ({ level: view.level, message }));
  return { summary: planned.title, findings, mend: operationsOf(plan) };
}

/** Why nothing can be said of the state as a whole; null where something can. */
export function whyObscured({ inventory }: Facts): { skip: string } | null {
  if (inventory.registryFault !== null) return { skip: "the registry cannot be read" };
  const [fault] = unlisted(inventory);
  return fault === undefined ? null : { skip: `${fault.place.file}: ${fault.detail}` };
}

/** The path of an issue's place, without line and column. */
export function fileOf(issue: Issue): string {
  return (issue.ref ?? "").replace(/(:\d+){1,2}$/, "");
}
