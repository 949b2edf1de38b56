/** The planning steps: what each is asked, what can come of it, and where that leads. */

export const stepNames = [
  "approaches",
  "pick-best",
  "expand",
  "review",
  "revise",
  "review-2",
  "final-review",
] as const;
export type StepName = (typeof stepNames)[number];

export const terminals = [
  "terminal-ready",
  "terminal-ready-awaiting-human",
  "terminal-skipped",
] as const;
export type Terminal = (typeof terminals)[number];

/** Where a plan stands: the step that comes next, or the end it has reached. */
export type Cursor = StepName | Terminal;
export const cursors: readonly Cursor[] = [...stepNames, ...terminals];

export const decisions = ["approve-auto", "approve-needs-human", "reject"] as const;
export type FinalDecision = (typeof decisions)[number];

export const outcomes = ["completed", "clear", "findings", ...decisions] as const;
export type StepOutcome = (typeof outcomes)[number];

/** The five texts with which steps are asked. */
export type PromptKind = "approaches" | "pick-best" | "expand" | "review" | "final-review";

interface StepRule {
  prompt: PromptKind;
  next: Partial<Record<StepOutcome, Cursor>>;
  /** Whether the plan documents may change; the phases are then discovered anew. */
  writesPhases: boolean;
}

export const stepRules: Readonly<Record<StepName, StepRule>> = {
  approaches: { prompt: "approaches", next: { completed: "pick-best" }, writesPhases: false },
  "pick-best": { prompt: "pick-best", next: { completed: "expand" }, writesPhases: false },
  expand: { prompt: "expand", next: { completed: "review" }, writesPhases: true },
  review: {
    prompt: "review",
    next: { clear: "final-review", findings: "revise" },
    writesPhases: false,
  },
  revise: { prompt: "expand", next: { completed: "review-2" }, writesPhases: true },
  "review-2": { prompt: "review", next: { clear: "final-review" }, writesPhases: false },
  "final-review": {
    prompt: "final-review",
    next: {
      "approve-auto": "terminal-ready",
      "approve-needs-human": "terminal-ready-awaiting-human",
      reject: "terminal-skipped",
    },
    writesPhases: false,
  },
};

/** The cursors at which feedback leads back to `revise`. */
export const reopenable: readonly Cursor[] = [
  "review",
  "review-2",
  "final-review",
  "terminal-ready",
  "terminal-ready-awaiting-human",
];

/** Whether this names a step that can be run, which an end or a role does not. */
export function isStep(value: unknown): value is StepName {
  return stepNames.some((name) => name === value);
}

export function isDecision(value: unknown): value is FinalDecision {
  return decisions.some((name) => name === value);
}
