/**
 * One run of a runbook: its folder, record, mask and target, from the first entry to the last.
 */
import { mkdirSync, readdirSync } from "node:fs";
import { arch, hostname, platform, release } from "node:os";
import { dirname, join } from "node:path";
import { describeError, errorCode, ToolkitError } from "../errors.ts";
import type { Circumstances } from "./conditions.ts";
import type { Engine, Person } from "./engine.ts";
import { fakeToken } from "./github/server.ts";
import type { Note } from "./guide.ts";
import type { KnownIssues } from "./known.ts";
import { createMask, secretVariable } from "./mask.ts";
import { type EntryOf, openRecord, type RunRecord } from "./record.ts";
import type { Runbook, Step } from "./schema.ts";
import type { Target } from "./target.ts";
import { type Guide, type Unit, type WalkOptions, walk } from "./walk.ts";

export interface RunOptions {
  runbook: Runbook;
  units: readonly Unit[];
  target: Target;
  /** Folder of all runs; this one gets a folder of its own in it. */
  runs: string;
  /** Name of the run, see {@link newRunId}. */
  id: string;
  /** The caller's environment: PATH to find programs in, and secrets to hide. */
  env: Readonly<Record<string, string | undefined>>;
  tmp: string;
  jobs: number;
  keep: boolean;
  realAgents: boolean;
  github?: { slug: string; token: string };
  known: KnownIssues;
  signal: AbortSignal;
  resumes?: string;
  /** Makes the person who walks along, given where notes are to be recorded. */
  guided?: (note: Note) => { guide: Guide; person: Person };
  onStart?: WalkOptions["onStart"];
  onStep?: WalkOptions["onStep"];
  onObservation?: Engine["onObservation"];
  /** Where to append instead of a new record: the record of the run that goes on. */
  recordFile?: string;
}

/** A run's name: when it began, and a few characters so that two never meet. */
export function newRunId(at: Date): string {
  const stamp = at.toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-");
  return `${stamp}-${crypto.randomUUID().slice(0, 4)}`;
}

/**
 * A real GitHub repository with the token to use there.
 *
 * @throws ToolkitError `usage` when it is not OWNER/REPO or the environment holds no token.
 */
export function realGitHub(slug: string, env: RunOptions["env"]): { slug: string; token: string } {
  const token = env.AO_GITHUB_TOKEN || env.GITHUB_TOKEN;
  if (/^[\w.-]+\/[\w.-]+$/.test(slug) && token) return { slug, token };
  const state = token ? "not OWNER/REPO" : "no token for it";
  throw new ToolkitError("usage", `Cannot use GitHub repository "${slug}": ${state}`, {
    hint: "Name OWNER/REPO, and set GITHUB_TOKEN.",
  });
}

/** Folder for sandboxes: sockets live in it, and their paths are limited to about 100 bytes. */
export function sandboxParent(temporary: string): string {
  return temporary.length > 40 ? "/tmp" : temporary;
}

/** Path of a run's record. */
export function recordFileOf(runs: string, id: string): string {
  return join(runs, id, "record.ndjson");
}

/**
 * The id of a run that was asked for by name, or of the newest one for `last`.
 *
 * @throws ToolkitError `invalid` when there is none.
 */
export function findRun(runs: string, asked: string): string {
  const all = listRuns(runs);
  const found = asked === "last" ? all.at(-1) : all.find((id) => id === asked);
  if (found !== undefined) return found;
  throw new ToolkitError("invalid", `Cannot find run "${asked}": not in ${runs}`, {
    hint: all.length === 0 ? "No run is recorded there." : `The newest is ${all.at(-1)}.`,
  });
}

/** Ids of all recorded runs, oldest first. */
export function listRuns(runs: string): string[] {
  try {
    return readdirSync(runs)
      .filter((name) => /^\d{8}-\d{6}-\w{4}$/.test(name))
      .sort();
  } catch {
    return [];
  }
}

/** Walks the units and leaves a record; the world's traces are gone when this returns. */
export async function runRunbook(options: RunOptions): Promise<{ record: string }> {
  const file = options.recordFile ?? recordFileOf(options.runs, options.id);
  const record = startRecord(file, options);
  const started = performance.now();
  try {
    describeRun(options, record);
    const circumstances = circumstancesOf(options);
    const engine: Engine = { record, circumstances, signal: options.signal };
    const guided = options.guided?.((step, kind, text) =>
      record.write({ type: "note", step: step.id, kind, text }),
    );
    if (guided) engine.person = guided.person;
    if (options.onObservation) engine.onObservation = options.onObservation;
    await walk(options.units, {
      engine,
      known: options.known,
      jobs: options.jobs,
      keep: options.keep,
      world: {
        target: options.target,
        parent: options.tmp,
        path: options.env.PATH ?? "",
        realAgents: options.realAgents,
        run: options.id,
        ...(options.github ? { github: options.github } : {}),
      },
      ...(guided ? { guide: guided.guide } : {}),
      ...(options.onStart ? { onStart: options.onStart } : {}),
      ...(options.onStep ? { onStep: options.onStep } : {}),
    });
    const ms = Math.round(performance.now() - started);
    const at = new Date().toISOString();
    record.write({ type: "finish", at, ms, cancelled: options.signal.aborted });
  } finally {
    record.close();
  }
  return { record: file };
}

function startRecord(file: string, options: RunOptions): RunRecord {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    return openRecord(file, maskFor(options));
  } catch (error) {
    const state = errorCode(error) ?? describeError(error);
    throw new ToolkitError("invalid", `Cannot record the run in "${file}": ${state}`, {
      hint: "Name a folder that can be written with --runs.",
      cause: error,
    });
  }
}

/** What conditions of steps can ask about this machine and run. */
export function circumstancesOf({
  target,
  github,
  realAgents,
  env,
}: Pick<RunOptions, "target" | "github" | "realAgents" | "env">): Circumstances {
  const os = platform();
  // Go looks at SSL_CERT_FILE on Linux only, so the fake GitHub's authority is believed only there.
  const fake = os === "linux" ? "fake" : "none";
  return {
    generation: target.generation,
    runtime: target.runtime,
    os,
    root: process.getuid?.() === 0,
    github: github ? "real" : fake,
    agents: realAgents ? "real" : "fake",
    has: (program) => Bun.which(program, { PATH: env.PATH ?? "" }) !== null,
  };
}

function maskFor({ env, github, tmp }: RunOptions) {
  const secrets = Object.entries(env)
    .filter(([name]) => secretVariable.test(name))
    .map(([, value]) => value ?? "");
  const home = env.HOME === undefined || env.HOME === "/" ? [] : [{ text: env.HOME, as: "~" }];
  return createMask({
    secrets: [...secrets, fakeToken, ...(github ? [github.token] : [])],
    names: [...home, { text: hostname(), as: "<host>" }, { text: tmp, as: "<tmp>" }],
  });
}

function describeRun(options: RunOptions, record: RunRecord): void {
  const { target, github, realAgents, runbook } = options;
  const at = circumstancesOf(options);
  record.write({
    type: "run",
    version: 1,
    run: options.id,
    at: new Date().toISOString(),
    ao: target.ao,
    generation: target.generation,
    runtime: target.runtime,
    github: github?.slug ?? at.github,
    agents: realAgents ? "real" : "fake",
    runbook: runbook.dir,
    ...(options.resumes ? { resumes: options.resumes } : {}),
  });
  record.write({
    type: "environment",
    os: `${platform()} ${release()} ${arch()}`,
    multiplexer: versionOf(target.runtime, ["-V"], options.env.PATH),
    git: versionOf("git", ["--version"], options.env.PATH),
    aoVersion: target.version,
    status: target.status,
    doctor: target.doctor,
  });
  const own = options.units.flatMap(({ steps }) => steps.filter((one) => !one.prerequisite));
  const chosen = new Set(own.map(({ step }) => step.id));
  const planned = runbook.lanes.flatMap((lane) =>
    lane.steps.filter((step) => chosen.has(step.id)).map((step) => describeStep(step, lane.title)),
  );
  record.write({ type: "plan", steps: planned });
}

function describeStep(step: Step, laneTitle: string): EntryOf<"plan">["steps"][number] {
  return {
    id: step.id,
    lane: step.lane,
    laneTitle,
    title: step.title,
    why: step.why,
    ...(step.differs ? { differs: step.differs } : {}),
    source: `${step.source.file}:${step.source.line}`,
  };
}

function versionOf(program: string, args: string[], path: string | undefined): string {
  const found = Bun.which(program, { PATH: path ?? "" });
  if (found === null) return `${program} is not installed`;
  return Bun.spawnSync([found, ...args], { timeout: 5_000 })
    .stdout.toString()
    .trim();
}
