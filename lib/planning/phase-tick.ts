/** The phase tick: the oldest ready migration whose next phase is ready too, carried out. */

import { join } from "node:path";
import { ToolkitError } from "../errors.ts";
import { type Agent, AgentError, type AskRequest } from "./agent.ts";
import { blocks, checkMigration, codesOf } from "./consistency.ts";
import { type Effort, exceeds, higher } from "./effort.ts";
import { type Candidate, cooldownMs, phaseCandidates, wakeUpMs } from "./eligibility.ts";
import { type Executor, executePhase, openExecution, type PhaseResult } from "./execute.ts";
import { rolledBackPhases } from "./executed-file.ts";
import { loadExecution } from "./execution-file.ts";
import { currentPhaseOf, type Manifest, type Phase } from "./manifest.ts";
import { parseReadiness, type Readiness } from "./parse.ts";
import { readyCheckPrompt } from "./prompts.ts";
import { underRunLock } from "./publish-lock.ts";
import { recover } from "./recover.ts";
import { type Site, stamp } from "./site.ts";
import { sanitised } from "./summary.ts";
import { failureByText, type TickResult, tickResult, unloadable } from "./tick-result.ts";
import { updateManifest } from "./update.ts";
import type { Validation } from "./validation.ts";
import { closeWorkspace, openWorkspace, type Workspace } from "./workspace.ts";

export interface PhaseTickOptions {
  agent: Agent;
  /** @default `low` */
  effort?: Effort;
  /** Phases that need more are put off. @default `xhigh` */
  maxEffort?: Effort;
  executorFor(candidate: Candidate): Executor | Promise<Executor>;
  validation?: Validation;
  maxAttempts?: number;
  slug?: string;
  prefix?: string;
  /** Asked before anything is changed; false ends the tick. */
  confirm?: (candidate: Candidate, phase: Phase) => Promise<boolean>;
  signal?: AbortSignal;
}

interface Deferral {
  slug: string;
  reason: string;
  kind: "phase-ready-no" | "phase-effort-over-budget" | "phase-ready-unverifiable";
}

/**
 * Tries the migrations that are due, oldest first, until one phase ran or one needs a person.
 * Null when none is due. Those that were not ready are put off, but only if no phase ran.
 */
export async function phaseTick(site: Site, options: PhaseTickOptions): Promise<TickResult | null> {
  const { maxEffort = "xhigh", slug: wanted } = options;
  const recovered = recover(site);
  let candidates: Candidate[];
  try {
    candidates = phaseCandidates(site, maxEffort);
  } catch (error) {
    return unloadable(site, error);
  }
  const queue: Deferral[] = [];
  for (const candidate of candidates) {
    if (wanted !== undefined && candidate.slug !== wanted) continue;
    // What was taken back waits for a person, and so does all that would build on it.
    if (await isTakenBack(site, candidate)) continue;
    const tried = await underRunLock(site, candidate.slug, "phase", () =>
      tryCandidate(site, candidate, options),
    );
    if ("kind" in tried) queue.push(tried);
    if ("kind" in tried && tried.kind !== "phase-ready-unverifiable") continue;
    if (!("kind" in tried)) return { ...tried, recovered };
    break;
  }
  const last = queue.at(-1);
  if (last === undefined) return null;
  for (const deferral of queue) await defer(site, deferral);
  const blocked = last.kind === "phase-ready-unverifiable";
  const overBudget = last.kind === "phase-effort-over-budget";
  return tickResult({
    outcome: blocked ? "blocked" : "not-routed",
    role: overBudget ? "phase.effort-budget" : "phase.ready-check",
    failure: last.kind,
    slug: last.slug,
    summary: sanitised(site, last.reason),
    deferred: queue.map(({ slug, reason }) => ({ slug, reason: sanitised(site, reason) })),
    recovered,
  });
}

async function isTakenBack(site: Site, { slug, manifest }: Candidate): Promise<boolean> {
  try {
    return (await rolledBackPhases(site, slug, manifest)).length > 0;
  } catch (error) {
    // Nobody can tell; doctor says why.
    if (error instanceof ToolkitError) return true;
    throw error;
  }
}

async function tryCandidate(
  site: Site,
  candidate: Candidate,
  options: PhaseTickOptions,
): Promise<TickResult | Deferral> {
  const { slug, dir, manifest } = candidate;
  const { effort = "low", maxEffort = "xhigh" } = options;
  const mode = "execution-gate" as const;
  const findings = checkMigration({ disk: site.disk, dir, slug, mode });
  if (blocks(findings)) return gateClosed(site, slug, codesOf(findings));
  const phase = currentPhaseOf(manifest);
  if (phase === undefined) return gateClosed(site, slug, "invalid-current-phase");
  const required = phase.requiredEffort ?? "low";
  if (exceeds(required, maxEffort)) {
    const reason = `${phase.name} needs effort ${required}, this run has ${maxEffort} at most`;
    return { slug, reason, kind: "phase-effort-over-budget" };
  }
  const trying = { candidate, phase, effort: higher(effort, required) };
  // What was begun is finished first; that it was ready, and may run, had been found out before.
  // Of what was taken back since, neither is true any more.
  if (await isBegun(site, trying, options)) {
    site.onNote?.(`went on with phase ${phase.name} of "${slug}", which had been cut short`);
    return carryOut(site, trying, options, null);
  }
  const workspace = openWorkspace(site, slug);
  const ready = await checkReady(site, trying, options, workspace);
  if ("outcome" in ready) return ready;
  if (ready.answer === "no") return { slug, reason: ready.reason, kind: "phase-ready-no" };
  if (ready.answer === "unverifiable") {
    return { slug, reason: ready.reason, kind: "phase-ready-unverifiable" };
  }
  const confirmed = await (options.confirm?.(candidate, phase) ?? true);
  if (!confirmed) throw new ToolkitError("cancelled", "Cancelled: nothing was changed");
  return carryOut(site, trying, options, workspace);
}

async function isBegun(
  site: Site,
  { candidate, phase }: Trying,
  options: PhaseTickOptions,
): Promise<boolean> {
  const { slug, dir } = candidate;
  if (loadExecution(site.disk, dir) === null) return false;
  const { signal } = options;
  const executor = await options.executorFor(candidate);
  const request = {
    slug,
    phase: phase.name,
    executor,
    ...(signal === undefined ? {} : { signal }),
  };
  return (await openExecution(site, request)) !== null;
}

function gateClosed(site: Site, slug: string, reason: string): TickResult {
  return tickResult({
    outcome: "abandon",
    role: "phase.execution-gate",
    failure: "migration-consistency-error",
    slug,
    summary: sanitised(site, `the migration is not consistent: ${reason}`),
  });
}

interface Trying {
  candidate: Candidate;
  phase: Phase;
  effort: Effort;
}

/** Asks whether the precondition holds; a result when that could not be found out. */
async function checkReady(
  site: Site,
  { candidate, phase, effort }: Trying,
  options: PhaseTickOptions,
  workspace: Workspace,
): Promise<Readiness | TickResult> {
  const { slug, manifest } = candidate;
  const logDir = join(workspace.logDir, "attempt-001", "phase", phase.name, "ready-check");
  const text = new TextDecoder().decode(site.disk.readFile(join(workspace.dir, phase.file)));
  const request: AskRequest = {
    role: "phase.ready-check",
    slug,
    prompt: readyCheckPrompt({ manifest, phase, text, taste: options.agent.taste ?? null }),
    cwd: workspace.dir,
    logDir,
    effort,
    facts: { manifest, phase },
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
  const abandoned = (error: unknown, summary: string): TickResult =>
    tickResult({
      outcome: "abandon",
      role: "phase.ready-check",
      failure: error instanceof AgentError ? error.kind : failureByText(error),
      slug,
      summary: sanitised(site, summary),
      logs: [logDir],
    });
  try {
    const readiness = parseReadiness(await options.agent.ask(request));
    if (readiness !== null) return readiness;
    return abandoned(null, "the ready-check gave no answer");
  } catch (error) {
    if (!(error instanceof ToolkitError) || error.outcome === "cancelled") throw error;
    return abandoned(error, error.message);
  }
}

async function carryOut(
  site: Site,
  { candidate, phase, effort }: Trying,
  options: PhaseTickOptions,
  workspace: Workspace | null,
): Promise<TickResult> {
  const { slug } = candidate;
  const { agent, validation, maxAttempts, signal } = options;
  const logDir = join(
    workspace?.logDir ?? join(site.stateDir, slug, "resumed"),
    "attempt-001",
    "phase",
    phase.name,
  );
  const result = await executePhase(site, {
    slug,
    phase: phase.name,
    agent,
    effort,
    executor: await options.executorFor(candidate),
    logDir,
    cwd: workspace?.dir ?? site.root,
    ...(validation === undefined ? {} : { validation }),
    ...(maxAttempts === undefined ? {} : { maxAttempts }),
    ...(signal === undefined ? {} : { signal }),
  });
  if (workspace !== null) closeWorkspace(site, workspace);
  return phaseOutcome({ slug, phase, result, logDir, options });
}

function phaseOutcome(given: {
  slug: string;
  phase: Phase;
  result: PhaseResult;
  logDir: string;
  options: PhaseTickOptions;
}): TickResult {
  const { slug, phase, result, logDir, options } = given;
  const { failure, summary, done, why, manifest } = result;
  const common = { slug, summary, logs: [logDir] };
  if (!done) {
    const isValidation = failure === "validation-failed" || failure === "validation-infra-failure";
    const role = isValidation ? "phase.validation" : "phase.execute";
    return tickResult({ ...common, outcome: "abandon", role, failure });
  }
  const validated = options.validation?.command ?? "the definition of done";
  return tickResult({
    ...common,
    outcome: "commit",
    role: "phase.execute",
    failure: "none",
    commit: {
      subject: `${options.prefix ?? "migration"}: migration/${slug}/${phase.file}`,
      body: `Why:\n${why}\n\nValidation:\n${validated}\n`,
    },
    next: currentPhaseOf(manifest)?.file ?? manifest.status,
  });
}

/** Puts a migration off: it cools down, and wakes up by itself unless it has its own time. */
async function defer(site: Site, { slug, reason, kind }: Deferral): Promise<void> {
  const now = site.now();
  const after = (ms: number) => stamp(new Date(now.getTime() + ms));
  await updateManifest(site, slug, "phase.deferral", (manifest): Manifest => {
    const put = {
      ...manifest,
      lastTouch: stamp(now),
      cooldownUntil: after(cooldownMs),
      wakeUpOn: manifest.wakeUpOn ?? after(wakeUpMs),
    };
    if (kind !== "phase-ready-unverifiable") return put;
    return { ...put, awaitingHumanReview: true, humanReviewReason: reason };
  });
}
