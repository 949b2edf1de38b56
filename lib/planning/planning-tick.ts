/** The planning tick: one step of the oldest plan that may go on. */

import { ToolkitError } from "../errors.ts";
import { type Agent, AgentError } from "./agent.ts";
import { blocks, checkMigration, codesOf } from "./consistency.ts";
import type { Effort } from "./effort.ts";
import { type Candidate, planningCandidates } from "./eligibility.ts";
import { PublishError } from "./publish.ts";
import { BusyError } from "./publish-lock.ts";
import type { Site } from "./site.ts";
import type { PlanningState } from "./state.ts";
import { loadState } from "./state-file.ts";
import { runStep, StepFailure } from "./step.ts";
import { isStep, type StepName } from "./steps.ts";
import { locatedMessage, sanitised } from "./summary.ts";
import {
  type FailureKind,
  failureByText,
  type TickResult,
  tickResult,
  unloadable,
} from "./tick-result.ts";

export interface PlanningTickOptions {
  agent: Agent;
  /** @default `low` */
  effort?: Effort;
  /** Only this migration. */
  slug?: string;
  /** Migrations that are not to be tried. */
  skip?: ReadonlySet<string>;
  /** Goes before the subject of a commit. */
  prefix?: string;
  signal?: AbortSignal;
}

/**
 * Runs one planning step; null when no plan is due.
 *
 * @throws BusyError when another run works on it; ToolkitError `cancelled`
 */
export async function planningTick(
  site: Site,
  options: PlanningTickOptions,
): Promise<TickResult | null> {
  let candidates: Candidate[];
  try {
    candidates = planningCandidates(site, options.skip ?? new Set());
  } catch (error) {
    return unloadable(site, error);
  }
  const { slug: wanted } = options;
  const candidate = candidates.find(({ slug }) => wanted === undefined || slug === wanted);
  if (candidate === undefined) return null;
  const step = stepOrRefusal(site, candidate);
  if (typeof step !== "string") return step;
  return runCandidate(site, candidate.slug, step, options);
}

/** The step that comes next, or why the plan cannot be touched as it is. */
function stepOrRefusal(site: Site, { slug, dir }: Candidate): StepName | TickResult {
  const mode = "planning-snapshot" as const;
  const findings = checkMigration({ disk: site.disk, dir, slug, mode });
  const blocked = (failure: FailureKind, summary: string) => {
    const role = "planning.state";
    return tickResult({
      outcome: "blocked",
      role,
      failure,
      slug,
      summary: sanitised(site, summary),
    });
  };
  if (blocks(findings)) return blocked("planning-consistency-error", codesOf(findings));
  let state: PlanningState | null;
  try {
    state = loadState({ disk: site.disk, slug, dir });
  } catch (error) {
    if (!(error instanceof ToolkitError)) throw error;
    return blocked("planning-state-invalid", locatedMessage(error));
  }
  if (state === null) return blocked("planning-state-missing", "the plan has no state");
  if (isStep(state.nextStep)) return state.nextStep;
  return blocked("planning-state-invalid", `the plan stands at ${state.nextStep}`);
}

async function runCandidate(
  site: Site,
  slug: string,
  first: StepName,
  options: PlanningTickOptions,
): Promise<TickResult> {
  const { agent, effort = "low", signal, prefix = "migration" } = options;
  try {
    const given = { slug, agent, effort, ...(signal === undefined ? {} : { signal }) };
    const { step, outcome, reason, next, logDir, notes } = await runStep(site, given);
    const summary = reason ?? (outcome === "completed" ? `${step} is done` : `${step}: ${outcome}`);
    return tickResult({
      outcome: "commit",
      role: `planning.${step}`,
      failure: "none",
      slug,
      summary: sanitised(site, summary),
      logs: [logDir],
      recovered: notes,
      commit: {
        subject: `${prefix}: planning/${slug}/${step}`,
        body: `Why:\n${reason ?? `planning.${step} accepted; next step: ${next}`}\n`,
      },
      next,
    });
  } catch (error) {
    if (!(error instanceof ToolkitError) || error instanceof BusyError) throw error;
    if (error.outcome === "cancelled") throw error;
    return failed(site, slug, first, error);
  }
}

function failed(site: Site, slug: string, first: StepName, error: ToolkitError): TickResult {
  const summary = sanitised(site, error.message);
  if (!(error instanceof StepFailure)) {
    const failure = failureByText(error);
    return tickResult({ outcome: "abandon", role: `planning.${first}`, failure, slug, summary });
  }
  const { step, reason, logDir } = error;
  const found = { slug, summary, logs: [logDir] };
  if (reason instanceof PublishError) {
    const { status, recovered } = reason.result;
    if (status === "blocked") {
      const [role, failure] = ["planning.publish", "planning-publish-blocked"] as const;
      return tickResult({ ...found, outcome: "blocked", role, failure, recovered });
    }
    const failure = "planning-step-failed";
    return tickResult({
      ...found,
      outcome: "abandon",
      role: `planning.${step}`,
      failure,
      recovered,
    });
  }
  const hasFindings = step === "review-2" && !(reason instanceof AgentError);
  const failure = hasFindings ? "planning-step-failed" : failureByText(reason);
  return tickResult({ ...found, outcome: "abandon", role: `planning.${step}`, failure });
}
