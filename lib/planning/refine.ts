/** Refining: feedback leads a plan back to a step that takes it into account. */

import { ToolkitError } from "../errors.ts";
import { shellWord } from "../text.ts";
import type { Agent } from "./agent.ts";
import { rolledBackPhases, withRollbacks } from "./executed-file.ts";
import { isUnderWay } from "./execution-file.ts";
import { loadManifest, type Manifest, requireManifest } from "./manifest.ts";
import { PublishError } from "./publish.ts";
import { migrationDirOf, type Site, stamp } from "./site.ts";
import { type Feedback, reopened, withFeedback } from "./state.ts";
import { loadState } from "./state-file.ts";
import { type LoadedPlan, runStep, StepFailure, type StepResult } from "./step.ts";
import { isStep, reopenable } from "./steps.ts";

export interface RefineRequest {
  slug: string;
  agent: Agent;
  /** Kept as it is. */
  text: string;
  source: Feedback["source"];
  signal?: AbortSignal;
}

/**
 * Records feedback and runs one step with it, all or nothing. A plan that is ready becomes a plan
 * in progress again, and needs a new final review.
 *
 * @throws ToolkitError `usage` for blank feedback; `refused` when the plan cannot be changed any
 * more; and as `runStep`
 */
export async function refine(site: Site, request: RefineRequest): Promise<StepResult> {
  const { slug, agent, text, source, signal } = request;
  if (text.trim() === "") {
    throw new ToolkitError("usage", `Cannot refine "${slug}": the feedback is blank`);
  }
  if (await isUnderWay(site, slug)) {
    throw new ToolkitError("refused", `Cannot refine "${slug}": a phase of it is under way`, {
      hint: `tick ${shellWord(slug)} finishes it`,
    });
  }
  const live = loadManifest(site.disk, migrationDirOf(site, slug));
  const rolledBack = live === null ? [] : await rolledBackPhases(site, slug, live);
  const feedback = { receivedAt: stamp(site.now()), source, text };
  const state = loadState({ disk: site.disk, slug, dir: migrationDirOf(site, slug) });
  if (state !== null) await agent.checkFeedback?.(withFeedback(state, feedback));
  const opened = (plan: LoadedPlan): LoadedPlan => {
    return { ...plan, manifest: withRollbacks(plan.manifest, rolledBack) };
  };
  try {
    return await runStep(site, {
      slug,
      agent,
      effort: "high",
      extra: text,
      prepare: (plan) => withNewFeedback(slug, opened(plan), feedback),
      operation: (step) => `migration.refine.${step}`,
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    throw withAdvice(error);
  }
}

/** Whether feedback could still change a migration. */
export function isRefinable(site: Site, slug: string): boolean {
  try {
    return refusalOf(requireManifest(site.disk, migrationDirOf(site, slug))) === null;
  } catch {
    return false;
  }
}

/** Why a migration cannot be refined, or null. */
function refusalOf(manifest: Manifest): string | null {
  const { status, phases, currentPhase } = manifest;
  const done = phases.find((phase) => phase.done);
  if (done !== undefined) return `its phase ${done.name} is done`;
  if (status !== "planning" && status !== "ready") return `its status is ${status}`;
  if (status === "planning") return null;
  if (phases.length === 0) return "it is ready, but has no phases";
  return phases[0]?.name === currentPhase ? null : "it is past its first phase";
}

function withNewFeedback(slug: string, plan: LoadedPlan, feedback: Feedback): LoadedPlan {
  const refuse = (detail: string): never => {
    throw new ToolkitError("refused", `Cannot refine "${slug}": ${detail}`);
  };
  const refusal = refusalOf(plan.manifest);
  if (refusal !== null) refuse(refusal);
  let { manifest } = plan;
  let state = withFeedback(plan.state, feedback);
  const leadsBack = reopenable.includes(state.nextStep);
  if (leadsBack) state = reopened(state, feedback.receivedAt);
  else if (manifest.status === "ready" || !isStep(state.nextStep)) {
    refuse(`it stands at ${state.nextStep}`);
  }
  if (manifest.status === "ready") {
    manifest = {
      ...manifest,
      status: "planning",
      awaitingHumanReview: false,
      humanReviewReason: null,
      cooldownUntil: null,
      currentPhase: manifest.phases[0]?.name ?? "",
    };
  }
  return { manifest, state };
}

/** A stale publish is nobody's fault: say how to find out and try again. */
function withAdvice(error: unknown): unknown {
  if (!(error instanceof StepFailure) || !(error.reason instanceof PublishError)) return error;
  return error.reason.result.stale ? error.reason : error;
}
