/**
 * The planning state: an append-only history of accepted steps, and what follows from it.
 *
 * Cursor, findings and decision are stored for readers, but always equal the replay of the
 * history; a state of which that is not true was made by hand and is refused.
 */

import { ToolkitError } from "../errors.ts";
import { refSyntaxFault } from "./refs.ts";
import {
  type Cursor,
  type FinalDecision,
  isDecision,
  isStep,
  reopenable,
  type StepName,
  type StepOutcome,
  stepRules,
} from "./steps.ts";

/** One accepted step; `outputs.stdout` is a ref, see `refs.ts`. */
export interface CompletedStep {
  name: StepName;
  completedAt: string;
  outcome: StepOutcome;
  outputs: { stdout: string };
  agent?: string;
  model?: string;
  effort?: string;
}

export interface Feedback {
  receivedAt: string;
  source: "message" | "file";
  text: string;
}

export interface PlanningState {
  /** What is planned; goes into every prompt. */
  target: string;
  nextStep: Cursor;
  completedSteps: CompletedStep[];
  startedAt: string;
  updatedAt: string;
  feedback: Feedback[];
  /** Ref of the review that found something. */
  reviewFindings: string | null;
  finalDecision: FinalDecision | null;
  finalReason: string | null;
  /** Lengths of the history at which the plan was reopened. */
  revisionBases: number[];
}

/** What a history amounts to. */
export interface Replay {
  cursor: Cursor;
  reviewFindings: string | null;
  finalDecision: FinalDecision | null;
}

export function newState(target: string, at: string): PlanningState {
  return {
    target,
    nextStep: "approaches",
    completedSteps: [],
    startedAt: at,
    updatedAt: at,
    feedback: [],
    reviewFindings: null,
    finalDecision: null,
    finalReason: null,
    revisionBases: [],
  };
}

/** What is wrong with a history; `pointer` says where, in the file's own keys. */
export interface HistoryFault {
  pointer: string[];
  detail: string;
}

/** Replays a history, or says why it cannot have happened. */
export function replay(
  steps: readonly Pick<CompletedStep, "name" | "outcome" | "outputs">[],
  anchors: readonly number[],
): Replay | { fault: HistoryFault } {
  const result: Replay = { cursor: "approaches", reviewFindings: null, finalDecision: null };
  let nextAnchor = 0;
  for (const [index, anchor] of anchors.entries()) {
    const least = index === 0 ? 1 : (anchors[index - 1] ?? 0) + 1;
    if (Number.isInteger(anchor) && anchor >= least && anchor <= steps.length) continue;
    const detail = `${anchor} must be from ${least} to ${steps.length}, the steps completed`;
    return { fault: { pointer: ["revision_base_step_counts", String(index)], detail } };
  }
  for (let count = 0; count <= steps.length; count += 1) {
    if (anchors[nextAnchor] === count) {
      if (!reopenable.includes(result.cursor)) {
        const detail = `reopens the plan at ${result.cursor}, where it cannot be`;
        return { fault: { pointer: ["revision_base_step_counts", String(nextAnchor)], detail } };
      }
      Object.assign(result, { cursor: "revise", reviewFindings: null, finalDecision: null });
      nextAnchor += 1;
    }
    const step = steps[count];
    if (step === undefined) break;
    const detail = advance(result, step);
    if (detail !== null) {
      return { fault: { pointer: ["completed_steps", String(count)], detail } };
    }
  }
  return result;
}

/** Takes one step into account; returns why it cannot follow, or null. */
function advance(
  result: Replay,
  step: Pick<CompletedStep, "name" | "outcome" | "outputs">,
): string | null {
  if (step.name !== result.cursor) return `is ${step.name}, but ${result.cursor} comes next`;
  const next = stepRules[step.name].next[step.outcome];
  if (next === undefined) return `${step.name} cannot end with ${step.outcome}`;
  if (step.outcome === "findings") result.reviewFindings = step.outputs.stdout;
  if (isDecision(step.outcome)) result.finalDecision = step.outcome;
  result.cursor = next;
  return null;
}

/** Why stored fields and history do not belong together, or null when they do. */
export function historyFault(state: PlanningState): HistoryFault | null {
  const replayed = replay(state.completedSteps, state.revisionBases);
  if ("fault" in replayed) return replayed.fault;
  if (state.nextStep !== replayed.cursor) {
    const detail = `is ${state.nextStep}, but its history leads to ${replayed.cursor}`;
    return { pointer: ["next_step"], detail };
  }
  if (state.reviewFindings !== replayed.reviewFindings) {
    const detail = `is ${state.reviewFindings}, but its history says ${replayed.reviewFindings}`;
    return { pointer: ["review_findings"], detail };
  }
  if (state.finalDecision !== replayed.finalDecision) {
    const detail = `is ${state.finalDecision}, but its history says ${replayed.finalDecision}`;
    return { pointer: ["final_decision"], detail };
  }
  const reasoned = state.finalReason !== null && state.finalReason !== "";
  if (state.finalDecision !== null && !reasoned) {
    return { pointer: ["final_reason"], detail: "must say why, since there is a decision" };
  }
  if (state.finalDecision === null && state.finalReason !== null) {
    return { pointer: ["final_reason"], detail: "must be null without a decision" };
  }
  return null;
}

/**
 * The state with one more accepted step.
 *
 * @param reason of a final review
 * @throws ToolkitError `invalid` unless the state is sound and stands at that step
 */
export function withStep(
  state: PlanningState,
  step: CompletedStep,
  reason: string | null = null,
): PlanningState {
  const refuse = (detail: string): never => {
    throw new ToolkitError("invalid", `Cannot complete "${step.name}": ${detail}`);
  };
  const before = historyFault(state);
  if (before !== null) refuse(`${before.pointer.join(".")} ${before.detail}`);
  if (!isStep(state.nextStep) || state.nextStep !== step.name) {
    refuse(`the plan stands at ${state.nextStep}`);
  }
  const completedSteps = [...state.completedSteps, step];
  const replayed = replay(completedSteps, state.revisionBases);
  if ("fault" in replayed) return refuse(replayed.fault.detail);
  const fault = refSyntaxFault(step.outputs.stdout);
  if (fault !== null) refuse(`its output ${fault}`);
  return {
    ...state,
    completedSteps,
    nextStep: replayed.cursor,
    reviewFindings: replayed.reviewFindings,
    finalDecision: replayed.finalDecision,
    finalReason: replayed.finalDecision === null ? null : (reason ?? replayed.finalDecision),
    updatedAt: step.completedAt,
  };
}

export function withFeedback(state: PlanningState, feedback: Feedback): PlanningState {
  return {
    ...state,
    feedback: [...state.feedback, feedback],
    updatedAt: feedback.receivedAt,
  };
}

/**
 * The state led back to `revise`, its history kept.
 *
 * @throws ToolkitError `refused` where that is not possible
 */
export function reopened(state: PlanningState, at: string): PlanningState {
  const refuse = (detail: string): never => {
    throw new ToolkitError("refused", `Cannot reopen the plan at "${state.nextStep}": ${detail}`);
  };
  if (!reopenable.includes(state.nextStep)) refuse("there is nothing to revise");
  const base = state.completedSteps.length;
  if (state.revisionBases.at(-1) === base) refuse("nothing was accepted since it was reopened");
  return {
    ...state,
    revisionBases: [...state.revisionBases, base],
    nextStep: "revise",
    reviewFindings: null,
    finalDecision: null,
    finalReason: null,
    updatedAt: at,
  };
}

/** The latest accepted run of a step. */
export function latest(state: PlanningState, name: StepName): CompletedStep | undefined {
  return state.completedSteps.findLast((step) => step.name === name);
}
