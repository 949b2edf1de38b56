/** One planning step: an agent works in a private copy, and what is accepted is published. */

import { join } from "node:path";
import { describeError, errorCode, ToolkitError } from "../errors.ts";
import type { Agent } from "./agent.ts";
import { quietly } from "./disk-failure.ts";
import type { Effort } from "./effort.ts";
import { loadManifest, type Manifest, newManifest, saveManifest } from "./manifest.ts";
import { parseStep, type StepVerdict } from "./parse.ts";
import { withDiscoveredPhases } from "./phases.ts";
import { planningPrompt } from "./prompts.ts";
import { publish } from "./publish.ts";
import { underRunLock } from "./publish-lock.ts";
import { recover } from "./recover.ts";
import type { RefScope } from "./refs.ts";
import { makeDirs, saveFile } from "./save.ts";
import { migrationDirOf, type Site, stamp } from "./site.ts";
import { latestStage, saveStage } from "./stages.ts";
import { newState, type PlanningState, withStep } from "./state.ts";
import { loadState, planningName, saveState } from "./state-file.ts";
import { type Cursor, type FinalDecision, isStep, type StepName, stepRules } from "./steps.ts";
import {
  changedFiles,
  clearDroppings,
  closeWorkspace,
  fingerprints,
  openWorkspace,
  type Workspace,
} from "./workspace.ts";

export interface StepRequest {
  slug: string;
  agent: Agent;
  /** @default `low` */
  effort?: Effort;
  /** What a new migration is for; needed for its first step only. */
  target?: string;
  /** Goes into this step's prompt: feedback that has come with it. */
  extra?: string;
  /** Changes what was published before the step runs, as refining does. */
  prepare?: (plan: LoadedPlan) => LoadedPlan;
  /** For the lock and messages. @default `planning.<step>` */
  operation?: (step: StepName) => string;
  signal?: AbortSignal;
}

export interface LoadedPlan {
  manifest: Manifest;
  state: PlanningState;
}

export interface StepResult {
  slug: string;
  step: StepName;
  outcome: StepVerdict["outcome"];
  /** Of a final review. */
  reason: string | null;
  next: Cursor;
  logDir: string;
  /** What was settled of earlier runs, and what could not be cleaned up. */
  notes: string[];
}

/**
 * Runs the step at which a migration stands, and publishes what comes of it. When anything fails
 * the live folder stays byte for byte what it was.
 *
 * @throws ToolkitError of the step, {@link AgentError} of the agent, PublishError of the publish
 */
export function runStep(site: Site, request: StepRequest): Promise<StepResult> {
  return underRunLock(site, request.slug, "planning", () => runLockedStep(site, request));
}

async function runLockedStep(site: Site, request: StepRequest): Promise<StepResult> {
  const notes = recover(site);
  checkLive(site, request.slug);
  const workspace = openWorkspace(site, request.slug);
  const loaded = loadPlan(site, workspace, request);
  const { manifest, state } = request.prepare?.(loaded) ?? loaded;
  const step = state.nextStep;
  if (!isStep(step)) throw standsAtEnd(request.slug, step);
  const scope: RefScope = { disk: site.disk, slug: request.slug, dir: workspace.dir };
  saveManifest(site.disk, workspace.dir, manifest);
  saveState(scope, state);
  const logDir = join(workspace.logDir, "attempt-001", "planning", step);
  const asking = { workspace, scope, manifest, state, step, logDir };
  try {
    const stdout = await askFor(site, request, asking);
    const verdict = verdictOn(site, asking, stdout);
    const after = accept({ site, scope, manifest, state, step, verdict, stdout, request });
    const result = publish(site, {
      slug: request.slug,
      workspace: workspace.dir,
      baseDigest: workspace.baseDigest,
      mode: after.manifest.status === "ready" ? "ready-publish" : "planning-snapshot",
      operation: request.operation?.(step) ?? `planning.${step}`,
    });
    closeWorkspace(site, workspace);
    if (result.cleanupError !== undefined) notes.push(`cleaning up failed: ${result.cleanupError}`);
    // A rejected plan leaves the live ones; should this be cut short, the next command does it.
    if (after.manifest.status === "skipped") quietly(() => notes.push(...recover(site)));
    const { outcome, reason } = verdict;
    const next = after.state.nextStep;
    return { slug: request.slug, step, outcome, reason, next, logDir, notes };
  } catch (error) {
    throw asFailure(error, step, logDir);
  }
}

/** Complaints are about what is published, not about the private copy of it. */
function checkLive(site: Site, slug: string): void {
  const { disk } = site;
  const dir = migrationDirOf(site, slug);
  loadManifest(disk, dir);
  loadState({ disk, slug, dir });
}

/** A step that came to nothing; its message and outcome are those of the reason. */
export class StepFailure extends ToolkitError {
  constructor(
    readonly step: StepName,
    readonly logDir: string,
    readonly reason: ToolkitError,
  ) {
    const { hint, place } = reason;
    super(reason.outcome, reason.message, {
      ...(hint === undefined ? {} : { hint }),
      ...(place === undefined ? {} : { place }),
    });
    this.name = "StepFailure";
  }
}

/** What went wrong, with its step; a mistake in this program stays what it is. */
function asFailure(error: unknown, step: StepName, logDir: string): unknown {
  if (error instanceof ToolkitError) {
    return error.outcome === "cancelled" ? error : new StepFailure(step, logDir, error);
  }
  if (errorCode(error) === undefined) return error;
  const message = `Cannot accept "planning.${step}": ${describeError(error)}`;
  return new StepFailure(step, logDir, new ToolkitError("interrupted", message, { cause: error }));
}

function standsAtEnd(slug: string, cursor: Cursor): ToolkitError {
  return new ToolkitError("refused", `Cannot plan "${slug}": it stands at ${cursor}`, {
    hint: "refine reopens a plan that is ready",
  });
}

/** The plan in the workspace, or the seed of a new one. */
function loadPlan(site: Site, workspace: Workspace, request: StepRequest): LoadedPlan {
  const { disk } = site;
  const { slug, dir } = workspace;
  const manifest = loadManifest(disk, dir);
  if (manifest === null && workspace.isNew) {
    if (request.target === undefined) {
      throw new ToolkitError("usage", `Cannot plan "${slug}": there is no such migration`);
    }
    const at = stamp(site.now());
    return { manifest: newManifest(slug, at), state: newState(request.target, at) };
  }
  const refuse = (outcome: "invalid" | "refused", detail: string): never => {
    throw new ToolkitError(outcome, `Cannot plan "${slug}": ${detail}`);
  };
  if (manifest === null) return refuse("invalid", "it has no manifest");
  const state = loadState({ disk, slug, dir });
  if (state === null) return refuse("invalid", "it has no planning state");
  if (request.prepare === undefined && manifest.status !== "planning") {
    refuse("refused", `its status is ${manifest.status}`);
  }
  return { manifest, state };
}

interface Asking extends LoadedPlan {
  workspace: Workspace;
  scope: RefScope;
  step: StepName;
  logDir: string;
}

/** Asks the agent, and refuses an answer that came with changes it had no business to make. */
async function askFor(site: Site, request: StepRequest, asking: Asking): Promise<string> {
  const { workspace, scope, manifest, state, step, logDir } = asking;
  const { agent, effort = "low", extra = null, signal } = request;
  const prompt = planningPrompt({
    step,
    slug: request.slug,
    target: state.target,
    effort,
    workspace: workspace.dir,
    live: migrationDirOf(site, request.slug),
    history: state.completedSteps.map(({ name, outputs }) => ({
      step: name,
      file: outputs.stdout,
    })),
    input: stepInput(scope, state, step),
    extra,
    taste: agent.taste ?? null,
  });
  const before = fingerprints(site.disk, workspace.dir);
  const stdout = await agent.ask({
    role: `planning.${step}`,
    slug: request.slug,
    prompt,
    cwd: workspace.dir,
    logDir,
    effort,
    facts: { step, state, manifest },
    ...(signal === undefined ? {} : { signal }),
  });
  clearDroppings(site.disk, workspace.dir, before);
  const changed = changedFiles(before, fingerprints(site.disk, workspace.dir));
  const stray = changed.filter((path) => !mayWrite(step, path));
  if (stray.length === 0) return stdout;
  throw new ToolkitError(
    "findings",
    `Cannot accept "planning.${step}": the agent changed ${stray.join(", ")}`,
    { hint: `its output: ${logDir}` },
  );
}

/** What an answer amounts to; one that is not accepted is there to be read. */
function verdictOn({ disk }: Site, { step, logDir }: Asking, stdout: string): StepVerdict {
  try {
    return parseStep(step, stdout);
  } catch (error) {
    const file = join(logDir, "stdout.md");
    quietly(() => {
      // A command's is kept already.
      if (disk.lstat(file) !== null) return;
      makeDirs(disk, logDir, 0o700);
      disk.writeNew(file, [Buffer.from(stdout)], { mode: 0o600 });
    });
    throw error;
  }
}

/** The history is the host's own; most steps answer and write nothing. */
function mayWrite(step: StepName, path: string): boolean {
  if (path === "manifest.json" || path.startsWith(`${planningName}/`)) return false;
  if (step === "approaches") return path.startsWith("approaches/");
  return stepRules[step].writesPhases;
}

/** What a step works from. */
export function stepInput(scope: RefScope, state: PlanningState, step: StepName): string {
  switch (step) {
    case "approaches":
      return "";
    case "pick-best":
      return approaches(scope);
    case "expand":
      return latestStage(scope, state, "pick-best") ?? "";
    case "revise":
      if (state.revisionBases.length > 0) return state.feedback.at(-1)?.text ?? "";
      return latestStage(scope, state, "review") ?? "";
    default:
      return textOf(scope, "plan.md");
  }
}

function approaches(scope: RefScope): string {
  const { disk, dir } = scope;
  const folder = join(dir, "approaches");
  if (disk.lstat(folder)?.kind !== "directory") return "";
  const names = disk.readDir(folder).filter((name) => name.endsWith(".md"));
  return names
    .sort()
    .map((name) => `### approaches/${name}\n\n${textOf(scope, `approaches/${name}`)}`)
    .join("\n\n");
}

function textOf({ disk, dir }: RefScope, file: string): string {
  const path = join(dir, file);
  if (disk.lstat(path)?.kind !== "file") return "";
  return new TextDecoder().decode(disk.readFile(path));
}

interface Acceptance extends LoadedPlan {
  site: Site;
  scope: RefScope;
  step: StepName;
  verdict: StepVerdict;
  stdout: string;
  request: StepRequest;
}

/** Writes what was accepted into the workspace. */
function accept(acceptance: Acceptance): LoadedPlan {
  const { site, scope, step, verdict, stdout, request } = acceptance;
  const at = stamp(site.now());
  let manifest: Manifest = { ...acceptance.manifest, lastTouch: at };
  if (stepRules[step].writesPhases) {
    manifest = withDiscoveredPhases(site.disk, scope.dir, manifest);
  }
  const completed = {
    name: step,
    completedAt: at,
    outcome: verdict.outcome,
    outputs: { stdout: saveStage(scope, step, stdout) },
    agent: request.agent.name,
    ...(request.agent.model === undefined ? {} : { model: request.agent.model }),
    effort: request.effort ?? "low",
  };
  const state = withStep(acceptance.state, completed, verdict.reason);
  if (state.finalDecision !== null) {
    manifest = decided(manifest, state.finalDecision, state.finalReason ?? "");
    if (state.finalDecision === "reject") {
      const text = skipText(request.slug, state.target, state.finalReason ?? "");
      saveFile(site.disk, join(scope.dir, "intentional-skip.md"), text);
    }
  }
  saveManifest(site.disk, scope.dir, manifest);
  saveState(scope, state);
  return { manifest, state };
}

/** What a decision means for the manifest. */
export function decided(manifest: Manifest, decision: FinalDecision, reason: string): Manifest {
  if (decision === "reject") return { ...manifest, status: "skipped" };
  const awaiting = decision === "approve-needs-human";
  return {
    ...manifest,
    status: "ready",
    // A revision may have put phases before the one that was current.
    currentPhase: manifest.phases.find(({ done }) => !done)?.name ?? manifest.currentPhase,
    awaitingHumanReview: awaiting,
    humanReviewReason: awaiting ? reason : null,
  };
}

function skipText(slug: string, target: string, reason: string): string {
  return `# Intentional skip: ${slug}\n\n## Target\n\n${target}\n\n## Blocker Reason\n\n${reason}\n`;
}
