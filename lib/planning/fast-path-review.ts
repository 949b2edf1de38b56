/** Holding back, changing and approving what the fast path would carry out. */

import { ToolkitError } from "../errors.ts";
import { printable } from "../text.ts";
import {
  answersIn,
  type BuiltinPlan,
  type BuiltinSource,
  refuseUnasked,
} from "./builtin/source.ts";
import { planText } from "./builtin/texts.ts";
import { changeFastPath, type FastPath, type FastPathRecord, loadFastPath } from "./fast-path.ts";
import { stamp } from "./site.ts";
import type { Feedback } from "./state.ts";

/** A fast path, and who plans it. */
export interface PlannedFastPath extends FastPath {
  source: BuiltinSource;
}

/** The fast path as it would be carried out now. */
export interface FastPathLook {
  record: FastPathRecord | null;
  plan: BuiltinPlan;
}

/** What would be carried out now, and what somebody has had to say about it. */
export async function lookAtFastPath(path: PlannedFastPath): Promise<FastPathLook> {
  const record = loadFastPath(path);
  return { record, plan: await planFor(path, record, record?.feedback ?? []) };
}

function planFor(
  { source, now: clock }: PlannedFastPath,
  record: FastPathRecord | null,
  feedback: readonly Feedback[],
): Promise<BuiltinPlan> {
  const now = record === null ? clock() : new Date(record.createdAt);
  return source.plan({ now, answers: answersIn(feedback) });
}

/**
 * Holds it back until it is reviewed.
 *
 * @throws ToolkitError `usage` for a blank reason; `refused` when nothing would be carried out
 */
export async function holdFastPath(path: PlannedFastPath, reason: string): Promise<void> {
  if (reason.trim() === "") {
    throw new ToolkitError("usage", `Cannot hold "${path.target}": the reason is blank`);
  }
  demandWork("hold", path, (await lookAtFastPath(path)).plan);
  await changeFastPath(path, (record) => waiting(record, reason));
}

/**
 * Records feedback, makes the plan anew with the answers in it, and holds it back: whatever was
 * changed is approved before it is carried out.
 *
 * @throws ToolkitError `usage` for blank feedback and for answers that nobody asked for; `refused`
 * when nothing would be carried out
 */
export async function refineFastPath(
  path: PlannedFastPath,
  given: Pick<Feedback, "text" | "source">,
): Promise<void> {
  const { target } = path;
  if (given.text.trim() === "") {
    throw new ToolkitError("usage", `Cannot refine "${target}": the feedback is blank`);
  }
  const before = loadFastPath(path);
  const entry = { receivedAt: stamp(path.now()), ...given };
  const feedback = [...(before?.feedback ?? []), entry];
  const plan = await planFor(path, before, feedback);
  demandWork("refine", path, plan);
  refuseUnasked(plan, entry);
  await changeFastPath(path, (record) => ({
    ...waiting(record, record.humanReviewReason ?? `changed: ${oneLine(given.text)}`),
    feedback: [...record.feedback, entry],
  }));
}

/**
 * Holds it back with a reason, or has a person approve it.
 *
 * @param options.ask shows the text and asks; false is no
 * @throws ToolkitError as {@link holdFastPath}, {@link reviewableFastPath} and
 * {@link approveFastPath}; `cancelled` when the answer is no
 */
export async function reviewFastPath(
  path: PlannedFastPath,
  options: {
    with: string | undefined;
    hold: string | undefined;
    ask(text: string): Promise<boolean>;
  },
): Promise<void> {
  if (options.with !== undefined) {
    throw new ToolkitError("usage", `Cannot review "${path.target}" with a command: you are asked`);
  }
  if (options.hold !== undefined) return holdFastPath(path, options.hold);
  const look = await reviewableFastPath(path);
  if (!(await options.ask(fastPathText(look)))) {
    throw new ToolkitError("cancelled", "Cancelled: it still awaits its review");
  }
  await approveFastPath(path, look);
}

/**
 * What waits for a review: it was held back or changed, or is not any more what was approved.
 *
 * @throws ToolkitError `usage` when it does not, with what can be done instead
 */
export async function reviewableFastPath(
  path: PlannedFastPath,
): Promise<FastPathLook & { record: FastPathRecord }> {
  const { record, plan } = await lookAtFastPath(path);
  if (record !== null && record.approvedPlan !== plan.id) return { record, plan };
  throw new ToolkitError("usage", `Cannot review "${path.target}": it does not await a review`, {
    hint: `review ${path.target} --hold REASON holds it back; refine ${path.target} changes it`,
  });
}

/**
 * Approves the plan that a person has seen. When there is nothing left to carry out, what was said
 * about it is forgotten.
 *
 * @throws ToolkitError `refused` when the plan is blocked
 */
export async function approveFastPath(path: FastPath, { plan }: FastPathLook): Promise<void> {
  const isEmpty = plan.blockers.length === 0 && plan.phases.length === 0;
  if (!isEmpty) demandWork("approve", path, plan);
  await changeFastPath(path, (record) => {
    if (isEmpty) return null;
    const approved = { awaitingHumanReview: false, humanReviewReason: null };
    return { ...record, ...approved, approvedPlan: plan.id };
  });
}

function waiting(record: FastPathRecord, reason: string): FastPathRecord {
  return { ...record, awaitingHumanReview: true, humanReviewReason: reason, approvedPlan: null };
}

function demandWork(verb: string, { target }: FastPath, plan: BuiltinPlan): void {
  const [blocker] = plan.blockers;
  if (blocker === undefined && plan.phases.length > 0) return;
  const detail = blocker ?? "there is nothing to do";
  throw new ToolkitError("refused", `Cannot ${verb} "${target}": ${oneLine(detail)}`);
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

/** For `--json`. */
export function fastPathDocumentOf({ target }: FastPath, { record, plan }: FastPathLook) {
  return {
    schemaVersion: 1,
    slug: target,
    awaitingReview: record?.awaitingHumanReview ?? false,
    reason: record?.humanReviewReason ?? null,
    approvedPlan: record?.approvedPlan ?? null,
    planId: plan.id,
    phases: plan.phases.map(({ name, title, operations }) => {
      return { name, title, operations: operations.length };
    }),
    decisions: plan.decisions.map(({ key, question, choices, chosen, decidedBy }) => {
      return { key, question, choices: choices.map(({ value }) => value), chosen, decidedBy };
    }),
    warnings: plan.warnings,
    blockers: plan.blockers,
    feedback: record?.feedback ?? [],
  };
}

/** The plan, the feedback, and where it stands. */
export function fastPathText(look: FastPathLook): string {
  const { record, plan } = look;
  const said = (record?.feedback ?? []).map(
    ({ source, text }) => `- ${source}: ${printable(oneLine(text))}\n`,
  );
  const feedback = said.length === 0 ? "" : `\n## Feedback\n\n${said.join("")}`;
  return `${planText(plan, true)}${feedback}\nPlan ${plan.id}. ${standing(look)}`;
}

function standing({ record, plan }: FastPathLook): string {
  if (record === null) return "Nobody holds it back.";
  if (record.awaitingHumanReview) {
    return `Why you are asked: ${printable(record.humanReviewReason ?? "")}`;
  }
  if (record.approvedPlan === plan.id) return "It is approved.";
  return `Why you are asked: plan ${record.approvedPlan} was approved, and this is another.`;
}
