/**
 * The execution of one phase: its operations go through the change engine, then the host checks
 * the result. Red is taken back by the same engine, so a failed phase leaves nothing behind.
 */

import { basename, join } from "node:path";
import { loadMigration, newMigrationId } from "../change/history.ts";
import { touchedBy } from "../change/operation.ts";
import type { EngineOptions, TmuxPort } from "../change/options.ts";
import type { Plan } from "../change/plan.ts";
import { applyPlan, resume, undo } from "../change/transaction.ts";
import { describeError, ToolkitError } from "../errors.ts";
import { isInside } from "../paths.ts";
import { type Agent, AgentError, type AgentFailure } from "./agent.ts";
import type { Effort } from "./effort.ts";
import { addExecuted } from "./executed-file.ts";
import {
  clearExecution,
  type ExecutionRecord,
  loadExecution,
  saveExecution,
} from "./execution-file.ts";
import {
  type Manifest,
  manifestName,
  type Phase,
  requireManifest,
  withPhaseDone,
} from "./manifest.ts";
import { parseAnswer, readOperations } from "./operations-file.ts";
import { parseReport } from "./parse.ts";
import { executePrompt } from "./prompts.ts";
import { migrationDirOf, type Site, stamp, transactionsDirOf, visibleSlugs } from "./site.ts";
import { sanitised } from "./summary.ts";
import { updateManifest } from "./update.ts";
import { type Validation, validate } from "./validation.ts";

/** How the change engine is used for a migration. */
export interface Executor {
  /** Holds one directory for each of the engine's migrations. */
  migrationsDir: string;
  /** What may be written to. */
  roots: readonly string[];
  toolVersion: string;
  tmux?: TmuxPort;
  commands(id: string): EngineOptions["commands"];
  /** What is still not as the phase promised, beyond the engine's own checks; null when all is. */
  verify?(phase: Phase): Promise<string | null>;
}

export interface PhaseRequest {
  slug: string;
  phase: string;
  agent: Agent;
  effort: Effort;
  executor: Executor;
  validation?: Validation;
  /** Tries before it has failed; 0 is no limit. @default 1 */
  maxAttempts?: number;
  logDir: string;
  /** Where the agent works. */
  cwd: string;
  signal?: AbortSignal;
}

export type PhaseFailure = AgentFailure | "validation-failed" | "validation-infra-failure" | "none";

export interface PhaseResult {
  done: boolean;
  failure: PhaseFailure;
  summary: string;
  /** Why the change was made, for a commit. */
  why: string;
  attempts: number;
  /** The engine's migration that did it; null when there was nothing to change. */
  migration: string | null;
  manifest: Manifest;
}

/**
 * Carries out one phase.
 *
 * @throws ToolkitError `invalid` when there is no such phase; `interrupted` when the engine stopped
 * half-way (the next tick goes on)
 */
export async function executePhase(site: Site, request: PhaseRequest): Promise<PhaseResult> {
  const dir = migrationDirOf(site, request.slug);
  const manifest = requireManifest(site.disk, dir);
  const phase = manifest.phases.find(({ name }) => name === request.phase);
  if (phase === undefined) {
    throw new ToolkitError("invalid", `Cannot execute "${request.phase}": it is no phase`);
  }
  const { maxAttempts = 1 } = request;
  const state: Trying = { site, request, manifest, phase, dir, retry: null };
  for (let attempt = 1; ; attempt += 1) {
    const tried = await tryPhase(state, attempt);
    if (tried.done || !tried.mayRetry) return { ...tried.result, attempts: attempt };
    if (maxAttempts !== 0 && attempt >= maxAttempts) return { ...tried.result, attempts: attempt };
    state.retry = `${tried.result.summary}\nWhat to look at: ${tried.focus}`;
  }
}

interface Trying {
  site: Site;
  request: PhaseRequest;
  manifest: Manifest;
  phase: Phase;
  dir: string;
  /** A short context for the next try; never raw output. */
  retry: string | null;
}

interface Tried {
  done: boolean;
  mayRetry: boolean;
  focus: string;
  result: Omit<PhaseResult, "attempts">;
}

async function tryPhase(trying: Trying, attempt: number): Promise<Tried> {
  const { site, manifest, phase, dir } = trying;
  const failed = (failure: PhaseFailure, text: string, more: Partial<Tried> = {}): Tried => {
    const summary = sanitised(site, text);
    const result = { done: false, failure, summary, why: "", migration: null, manifest };
    return { done: false, mayRetry: false, focus: "the validation", result, ...more };
  };
  const open = await openExecution(site, trying.request);
  let work: Prepared;
  try {
    if (open === null) work = await prepare(trying, attempt);
    else work = { report: {}, record: open, plan: null };
  } catch (error) {
    if (error instanceof AgentError) {
      const { summary } = parseReport(error.answer);
      return failed(error.kind, `${error.message}${summary === undefined ? "" : `: ${summary}`}`);
    }
    if (!(error instanceof ToolkitError) || error.outcome === "cancelled") throw error;
    return failed("agent-infra-failure", error.message);
  }
  try {
    await carryOut(trying, work);
  } catch (error) {
    // What stopped half-way stays recorded, and the next tick goes on from there.
    if (!(error instanceof ToolkitError) || error.outcome === "interrupted") throw error;
    if (work.plan !== null) clearExecution(site.disk, dir);
    if (error.outcome === "cancelled") throw error;
    return failed("agent-infra-failure", error.message);
  }
  const complaint = await findComplaint(trying).catch((error) => {
    throw cutShort(trying, work, error);
  });
  if (complaint !== null) {
    const trouble = await takeBack(trying, work);
    const text = trouble === null ? complaint.reason : `${complaint.reason}; ${trouble}`;
    const focus = work.report.next_retry_focus ?? "the validation";
    return failed(complaint.failure, text, { mayRetry: trouble === null, focus });
  }
  const after = await complete(trying, work);
  const summary = sanitised(site, work.report.summary ?? `Phase ${phase.name} is done.`);
  const why = sanitised(
    site,
    work.report.commit_rationale ?? work.report.summary ?? phase.precondition,
  );
  const migration = work.record?.migrationDir ?? null;
  const result = { done: true, failure: "none" as const, summary, why, migration, manifest: after };
  return { done: true, mayRetry: false, focus: "", result };
}

interface Prepared {
  report: Record<string, string>;
  /** Null when the phase changes nothing. */
  record: ExecutionRecord | null;
  /** Null when the engine has begun already. */
  plan: Plan | null;
}

/** Finds out what is to be done: as recorded with the phase, or as the agent says. */
async function prepare(trying: Trying, attempt: number): Promise<Prepared> {
  const { site, request, phase, dir } = trying;
  const { executor, slug } = request;
  const recorded = await readOperations(site.disk, dir, phase.file);
  const answer = recorded === null ? await askAgent(trying, attempt) : "";
  const title = `${slug}: ${phase.name}`;
  const frame = { script: "migration", title, roots: [...executor.roots] };
  const plan = recorded ?? (await parseAnswer(answer, frame));
  const report = parseReport(answer);
  refuseOwn(site, phase, plan);
  if (plan.operations.length === 0) return { report, record: null, plan };
  const id = newMigrationId(site.now(), "plan");
  const migrationDir = join(executor.migrationsDir, id);
  const record = { phase: phase.name, migrationDir, startedAt: stamp(site.now()) };
  return { report, record, plan };
}

/** Plans are changed by publishing alone; a phase that did could approve itself, or be lost. */
function refuseOwn(site: Site, phase: Phase, { operations }: Plan): void {
  const plans = visibleSlugs(site)
    .map((slug) => migrationDirOf(site, slug))
    .filter((dir) => site.disk.lstat(join(dir, manifestName)) !== null);
  const kept = [...plans, transactionsDirOf(site)];
  const path = operations
    .flatMap((operation) => touchedBy(operation).writes)
    .find((written) => kept.some((dir) => isInside(written, dir) || isInside(dir, written)));
  if (path === undefined) return;
  const state = `it would change "${path}", where plans are kept`;
  throw new ToolkitError("refused", `Cannot carry out "${phase.name}": ${state}`);
}

async function askAgent(trying: Trying, attempt: number): Promise<string> {
  const { site, request, manifest, phase, dir, retry } = trying;
  const { agent, slug, effort, validation, logDir, cwd, signal } = request;
  const text = new TextDecoder().decode(site.disk.readFile(join(dir, phase.file)));
  const validationText = validation?.command ?? null;
  const told = { validation: validationText, retry, taste: agent.taste ?? null };
  const prompt = { manifest, phase, text, root: site.root, ...told };
  return agent.ask({
    role: "phase.execute",
    slug,
    prompt: executePrompt(prompt),
    cwd,
    logDir: join(
      logDir,
      attempt === 1 ? "" : `retry-${String(attempt).padStart(2, "0")}`,
      "execute",
    ),
    effort,
    facts: { manifest, phase },
    ...(signal === undefined ? {} : { signal }),
  });
}

/**
 * What an earlier run of this phase began and did not bring to an end; null when the phase has to
 * start anew, which also means that a rollback cut short is finished here.
 */
export async function openExecution(
  site: Site,
  request: Pick<PhaseRequest, "slug" | "phase" | "executor" | "signal">,
): Promise<ExecutionRecord | null> {
  const dir = migrationDirOf(site, request.slug);
  const record = loadExecution(site.disk, dir);
  if (record === null) return null;
  if (record.phase === request.phase && site.disk.lstat(record.migrationDir) !== null) {
    const { state } = await loadMigration(record.migrationDir, site.disk);
    if (state === "rolling-back") await undo(engineOptions(site, request, record));
    else if (state !== "rolled-back" && state !== "partly-rolled-back") return record;
  }
  clearExecution(site.disk, dir);
  return null;
}

/** Applies the operations, or finishes applying them. */
async function carryOut(trying: Trying, work: Prepared): Promise<void> {
  const { site, dir, request } = trying;
  const { record, plan } = work;
  if (record === null) return;
  const options = engineOptions(site, request, record);
  if (plan !== null) {
    saveExecution(site.disk, dir, record);
    await applyPlan({ ...options, plan, toolVersion: request.executor.toolVersion });
    return;
  }
  await resume(options);
}

function engineOptions(
  site: Site,
  request: Pick<PhaseRequest, "slug" | "phase" | "executor" | "signal">,
  record: ExecutionRecord,
): EngineOptions {
  const { executor, signal, slug } = request;
  const id = basename(record.migrationDir);
  return {
    migrationDir: record.migrationDir,
    roots: executor.roots,
    commands: executor.commands(id),
    command: `migration ${slug}: ${request.phase}`,
    disk: site.disk,
    now: site.now,
    ...(executor.tmux === undefined ? {} : { tmux: executor.tmux }),
    ...(signal === undefined ? {} : { signal }),
  };
}

/** What the host has against the result; the agent's word counts nothing here. */
async function findComplaint(
  trying: Trying,
): Promise<{ failure: PhaseFailure; reason: string } | null> {
  const { request, phase } = trying;
  const unmet = await request.executor.verify?.(phase);
  if (unmet !== undefined && unmet !== null) {
    return {
      failure: "validation-failed",
      reason: `its definition of done does not hold: ${unmet}`,
    };
  }
  if (request.validation === undefined) return null;
  const { validation, signal } = request;
  const result = await validate({ ...validation, ...(signal === undefined ? {} : { signal }) });
  if (result.state === "green") return null;
  const failure = result.state === "red" ? "validation-failed" : "validation-infra-failure";
  return { failure, reason: result.reason };
}

/** A cancelled check leaves what was changed as it is: that is no end, and the ways on are told. */
function cutShort({ request }: Trying, { record }: Prepared, error: unknown): unknown {
  if (record === null || !(error instanceof ToolkitError) || error.outcome !== "cancelled") {
    return error;
  }
  const { resume, rollback } = request.executor.commands(basename(record.migrationDir));
  const state = "it was cancelled after its changes and before they were checked";
  return new ToolkitError("interrupted", `Cannot finish phase "${request.phase}": ${state}`, {
    hint: `to go on: ${resume}\nto go back: ${rollback}`,
  });
}

/** Takes the operations back; returns what could not be, or null. */
async function takeBack(trying: Trying, work: Prepared): Promise<string | null> {
  const { site, request, dir } = trying;
  const { record } = work;
  if (record === null) return null;
  let trouble: string | null = null;
  try {
    const { kept } = await undo(engineOptions(site, request, record));
    if (kept.length > 0) {
      trouble = `not taken back: ${kept.map(({ path, reason }) => `${path} ${reason}`).join(", ")}`;
    }
  } catch (error) {
    trouble = `taking it back failed: ${describeError(error)}`;
  }
  clearExecution(site.disk, dir);
  return trouble;
}

async function complete(trying: Trying, { record }: Prepared): Promise<Manifest> {
  const { site, request, phase, dir } = trying;
  const migration = record === null ? null : basename(record.migrationDir);
  if (migration !== null) addExecuted(site.disk, dir, { phase: phase.name, migration });
  const operation = `phase.execute ${phase.name}`;
  const manifest = await updateManifest(site, request.slug, operation, (live) =>
    withPhaseDone(live, phase.name, stamp(site.now())),
  );
  // Last: were it gone before, a crash here would have the phase carried out twice.
  clearExecution(site.disk, dir);
  return manifest;
}
