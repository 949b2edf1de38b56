/** What a tick did, and what that means for whoever called it. */

import { type Outcome, ToolkitError } from "../errors.ts";
import type { AgentFailure } from "./agent.ts";
import { AgentError } from "./agent.ts";
import type { PhaseFailure } from "./execute.ts";
import type { Site } from "./site.ts";
import { locatedMessage, sanitised } from "./summary.ts";

/** How it ended: published or done; given up; waiting for a person; not now; nothing was due. */
export type TickOutcome = "commit" | "abandon" | "blocked" | "not-routed" | "nothing";

export type FailureKind =
  | "none"
  | AgentFailure
  | PhaseFailure
  | "migration-consistency-error"
  | "planning-consistency-error"
  | "planning-state-missing"
  | "planning-state-invalid"
  | "planning-step-failed"
  | "planning-publish-blocked"
  | "phase-ready-no"
  | "phase-ready-unverifiable"
  | "phase-effort-over-budget";

export interface TickResult {
  outcome: TickOutcome;
  /** What to do next: carry on, try another or the same migration, or ask a person. */
  advice: "none" | "new-target" | "same-target" | "human-review";
  /** `planning.review`, `phase.ready-check`, … */
  role: string;
  failure: FailureKind;
  slug: string | null;
  /** One line without private paths. */
  summary: string;
  /** Folders with prompt and output. */
  logs: string[];
  /** What was settled of earlier runs. */
  recovered: string[];
  /** Migrations that were put off. */
  deferred: { slug: string; reason: string }[];
  /** Subject and body for a commit; null when there is nothing to commit. */
  commit: { subject: string; body: string } | null;
  /** Where the migration stands now: a step, a phase's file, or how it ended. */
  next: string | null;
}

const advices: Readonly<Record<TickOutcome, TickResult["advice"]>> = {
  commit: "none",
  abandon: "new-target",
  blocked: "human-review",
  "not-routed": "same-target",
  nothing: "none",
};

/** A result with the advice that goes with its outcome. */
export function tickResult(
  given: Pick<TickResult, "outcome" | "role" | "failure" | "slug" | "summary"> &
    Partial<TickResult>,
): TickResult {
  return {
    advice: advices[given.outcome],
    logs: [],
    recovered: [],
    deferred: [],
    commit: null,
    next: null,
    ...given,
  };
}

/** The kind of a failure that has no name of its own, by what its message says. */
export function failureByText(error: unknown): AgentFailure {
  if (error instanceof AgentError) return error.kind;
  const text = error instanceof Error ? error.message : String(error);
  if (text.includes("timed out")) return "timeout";
  return text.includes("produced no output") ? "stuck" : "agent-infra-failure";
}

/** The result of a tick that an unloadable manifest stopped before anything was tried. */
export function unloadable(site: Site, error: unknown): TickResult {
  if (!(error instanceof ToolkitError) || error.outcome !== "invalid") throw error;
  return tickResult({
    outcome: "abandon",
    role: "phase.execution-gate",
    failure: "migration-consistency-error",
    slug: null,
    summary: sanitised(site, locatedMessage(error)),
  });
}

/** How a run of ticks ended: a failed step is a finding, waiting for a person a refusal. */
export function outcomeOf(last: TickResult | undefined): Outcome {
  if (last?.outcome === "blocked") return "refused";
  return last?.outcome === "abandon" ? "findings" : "done";
}
