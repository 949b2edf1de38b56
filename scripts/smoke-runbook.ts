#!/usr/bin/env -S bun --no-env-file --no-install --config=/dev/null
/**
 * Walks AO's documented smoke lanes in a sandbox: guided on a terminal, or alone with `--auto`.
 *
 *     bun run scripts/smoke-runbook.ts --auto --jobs 8
 *
 * Exit codes: 0 nothing found, 1 a step failed, could not run or was blocked, 2 usage, 3 the
 * runbook, record or AO is unusable, 5 the record could not be written, 130 cancelled.
 */
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Context, main, script } from "../lib/cli.ts";
import { ToolkitError } from "../lib/errors.ts";
import { cleanWorlds, dropTornLine } from "../lib/smoke/clean.ts";
import { createGuide } from "../lib/smoke/guide.ts";
import { bundledKnownIssues, createKnownIssues, loadKnownIssues } from "../lib/smoke/known.ts";
import { formatListing, listingOf } from "../lib/smoke/listing.ts";
import { loadRunbook } from "../lib/smoke/load.ts";
import { openRecord, readRecord } from "../lib/smoke/record.ts";
import { ctrf } from "../lib/smoke/reports/machine.ts";
import { summary } from "../lib/smoke/reports/markdown.ts";
import { checkReportName, writeReport, writeReports } from "../lib/smoke/reports/write.ts";
import { findings, hasFindings, type RunResult, resultOf } from "../lib/smoke/results.ts";
import { stepsToResume } from "../lib/smoke/resume.ts";
import { findRun, newRunId, recordFileOf, runRunbook } from "../lib/smoke/run.ts";
import type { Runbook } from "../lib/smoke/schema.ts";
import { type Selection, select } from "../lib/smoke/select.ts";
import { examine, findAo, type Target } from "../lib/smoke/target.ts";
import { unitsOf } from "../lib/smoke/walk.ts";
import manifest from "../package.json" with { type: "json" };

const which = { group: "What to walk" } as const;
const how = { group: "How to walk" } as const;
const runs = { group: "Runs" } as const;
const args = {
  lane: { ...which, type: "string", valueName: "LIST", description: "Lanes, as in 1,4,11" },
  step: { ...which, type: "string", valueName: "LIST", description: "Steps, as in 1.3,3.1" },
  from: { ...which, type: "string", valueName: "STEP", description: "From this step on" },
  skip: { ...which, type: "string", valueName: "LIST", description: "Not these lanes and steps" },
  runbook: { ...which, type: "string", valueName: "DIR", description: "Lanes of your own" },
  list: { ...which, type: "boolean", description: "Show the steps and walk none" },
  dryRun: { ...which, type: "boolean", description: "Show the commands and run none" },
  auto: { ...how, type: "boolean", description: "Ask nothing (the default without a terminal)" },
  jobs: {
    ...how,
    type: "integer",
    min: 1,
    max: 32,
    valueName: "N",
    description: "Lanes walked side by side, with --auto (default 1)",
  },
  ao: {
    ...how,
    type: "string",
    valueName: "BIN",
    description: "The AO to walk (default: ao on PATH, else the optional package)",
  },
  realAgents: {
    ...how,
    type: "boolean",
    description: "Use the agents on PATH instead of fake ones",
  },
  github: {
    ...how,
    type: "string",
    valueName: "OWNER/REPO",
    description: "A real repository instead of the fake GitHub; needs GITHUB_TOKEN",
  },
  knownIssues: {
    ...how,
    type: "string",
    valueName: "FILE",
    description: "Known issues, besides those of the generation that come along",
  },
  keep: {
    ...how,
    type: "boolean",
    description: "Leave the sandbox for a look; --clean removes it",
  },
  report: {
    ...runs,
    type: "string",
    repeat: true,
    valueName: "FILE",
    description: "Write a report: .md, .json (CTRF), .xml (JUnit), .tap or .html",
  },
  runs: {
    ...runs,
    type: "string",
    valueName: "DIR",
    description: "Where records are kept (default: ao-smoke-runs in the temporary folder)",
  },
  resume: {
    ...runs,
    type: "string",
    valueName: "RUN",
    description: "Go on with a run, or with the last one: last",
  },
  failed: {
    ...runs,
    type: "boolean",
    description: "With --resume: only what failed, could not run or was blocked",
  },
  clean: {
    ...runs,
    type: "string",
    valueName: "RUN",
    description: "Remove what a killed or kept run left behind",
  },
} as const;

const command = script({
  name: "smoke-runbook",
  summary: "Walk AO's documented smoke lanes in a sandbox and report what worked",
  args,
  examples: [
    { command: "--auto --jobs 8", text: "walk everything that can be walked alone" },
    { command: "--lane 1,4,11", text: "three lanes, and what they need" },
    { command: "--resume last --failed", text: "what failed, once more" },
  ],
  files: [
    { path: "TMPDIR/ao-smoke-runs/RUN/", text: "record.ndjson and the reports made from it" },
  ],
  async run(context) {
    const { args, out, terminal } = context;
    const folder = args.runs ?? join(tmpdir(), `ao-smoke-runs-${process.getuid?.() ?? 0}`);
    if (args.clean !== undefined) return await clean(folder, args.clean, out);
    for (const file of args.report) checkReportName(file);
    const runbook = loadRunbook(args.runbook ?? join(import.meta.dir, "../lib/smoke/lanes"));
    const resumed = args.resume === undefined ? undefined : await reopen(folder, args.resume);
    const chosen = resumed
      ? stepsToResume(runbook, resumed.result, selectionOf(args), args.failed)
      : select(runbook, selectionOf(args));
    if (args.failed && !resumed) {
      throw new ToolkitError("usage", "Cannot rerun what failed: no run is named", {
        hint: "Add --resume RUN, or --resume last.",
      });
    }
    const auto = args.auto || !terminal.interactive;
    const jobs = auto ? (args.jobs ?? 1) : 1;
    const units = unitsOf(runbook, chosen, jobs);
    if (args.list || args.dryRun) {
      const steps = units.flatMap((unit) => unit.steps.map((one) => ({ id: one.step.id, ...one })));
      const listing = listingOf(runbook, steps);
      out.result({ json: () => listing, text: () => formatListing(listing, args.dryRun) });
      return "done";
    }
    const record = await walkAll(context, { runbook, units, jobs, auto, folder, resumed });
    const result = resultOf(readRecord(record));
    const files = writeReports(result, dirname(record), manifest.version);
    for (const file of args.report) files.push(writeReport(result, file, manifest.version));
    out.result({ json: () => ctrf(result, manifest.version), text: () => closing(result, files) });
    if (context.signal.aborted) throw context.signal.reason;
    return hasFindings(result) ? "findings" : "done";
  },
});

type Args = Context<typeof args>["args"];

function selectionOf({ lane, step, from, skip }: Args): Selection {
  const words = (list: string | undefined) => list?.split(",").map((word) => word.trim()) ?? [];
  return { lanes: words(lane), steps: words(step), skip: words(skip), ...(from ? { from } : {}) };
}

interface Plan {
  runbook: Runbook;
  units: ReturnType<typeof unitsOf>;
  jobs: number;
  auto: boolean;
  folder: string;
  resumed: { id: string; file: string } | undefined;
}

async function walkAll(context: Context<typeof args>, plan: Plan): Promise<string> {
  const { args, env, terminal, signal } = context;
  const { runbook, resumed } = plan;
  // Sockets live in the sandbox and their paths are limited to about a hundred bytes.
  const tmp = tmpdir().length > 40 ? "/tmp" : tmpdir();
  const path = env.PATH ?? "";
  const github = githubOf(args.github, env);
  const target = await examine(findAo(args.ao, path), tmp, path);
  const known = knownFor(target, runbook, args.knownIssues);
  const total = plan.units.flatMap(({ steps }) => steps).filter((one) => !one.prerequisite).length;
  using progress = terminal.progress("steps", total);
  let done = 0;
  const { record } = await runRunbook({
    ...{ runbook, target, env, tmp, signal, known, units: plan.units, jobs: plan.jobs },
    ...{ runs: plan.folder, keep: args.keep, realAgents: args.realAgents },
    id: resumed?.id ?? newRunId(new Date()),
    ...(github ? { github } : {}),
    ...(resumed ? { recordFile: resumed.file, resumes: resumed.id } : {}),
    ...(plan.auto ? {} : { guided: (note) => createGuide(askOn(context), note) }),
    onStep(step, { status, reason }, ms) {
      const why = status === "pass" || reason === undefined ? "" : `\n    ${reason}`;
      terminal.note(`${status.padEnd(11)} ${step.id} ${step.title} (${Math.round(ms)} ms)${why}`);
      progress.update(++done);
    },
  });
  return record;
}

function githubOf(slug: string | undefined, env: Context["env"]) {
  if (slug === undefined) return undefined;
  const token = env.AO_GITHUB_TOKEN || env.GITHUB_TOKEN;
  if (/^[\w.-]+\/[\w.-]+$/.test(slug) && token) return { slug, token };
  const state = token ? "not OWNER/REPO" : "no token for it";
  throw new ToolkitError("usage", `Cannot use GitHub repository "${slug}": ${state}`, {
    hint: "Set GITHUB_TOKEN and name OWNER/REPO.",
  });
}

function knownFor(target: Target, runbook: Runbook, file: string | undefined) {
  const ids = new Set(runbook.lanes.flatMap((lane) => lane.steps.map(({ id }) => id)));
  const bundled = bundledKnownIssues(target.generation);
  // The bundled file speaks of the bundled lanes; somebody else's lanes have ids of their own.
  const own = bundled === undefined ? [] : loadKnownIssues(bundled, undefined);
  const given = file === undefined ? [] : loadKnownIssues(file, ids);
  return createKnownIssues(
    [...given, ...own],
    target.generation,
    new Date().toISOString().slice(0, 10),
  );
}

async function reopen(folder: string, asked: string) {
  const id = findRun(folder, asked);
  const file = recordFileOf(folder, id);
  dropTornLine(file);
  const entries = readRecord(file);
  const record = openRecord(file, (text) => text);
  // What the killed runner left would hold the sandbox's memory, and nobody would ever stop it.
  await cleanWorlds(entries, record).finally(() => record.close());
  return { id, file, result: resultOf(entries) };
}

async function clean(folder: string, asked: string, out: Context["out"]) {
  const file = recordFileOf(folder, findRun(folder, asked));
  dropTornLine(file);
  const record = openRecord(file, (text) => text);
  const cleaned = await cleanWorlds(readRecord(file), record).finally(() => record.close());
  const lines = cleaned.worlds.map(
    ({ world, root, processes }) => `removed ${world}: ${root}, ${processes.length} processes`,
  );
  out.result({ json: () => cleaned, text: () => lines.join("\n") || "nothing was left behind" });
  return "done" as const;
}

/** Questions of the guided walk; the answers it needs have no flag, so it is for terminals only. */
function askOn({ terminal }: Context<typeof args>) {
  return {
    say: terminal.note,
    select: <Value extends string>(
      message: string,
      options: readonly { value: Value; label: string }[],
    ) => terminal.select({ message, options, flag: "--auto" }),
    async text(message: string) {
      const { isCancel, text } = await import("@clack/prompts");
      const answer = await text({ message, output: process.stderr });
      if (isCancel(answer)) throw new ToolkitError("cancelled", `Cancelled at "${message}"`);
      return (answer ?? "").trim();
    },
  };
}

function closing(result: RunResult, files: readonly string[]): string {
  const broken = result.steps.filter(({ status }) => findings.includes(status));
  const lines = broken.map(
    ({ status, id, title, reason }) => `${status} ${id} ${title}: ${reason}`,
  );
  return [
    `${summary(result.counts)} in ${(result.ms / 1000).toFixed(1)} s`,
    ...lines,
    ...files.map((file) => `report: ${file}`),
  ].join("\n");
}

export default command;
if (import.meta.main) await main(command);
