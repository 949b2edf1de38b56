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
import type { createGuide } from "../lib/smoke/guide.ts";
import type { Reopened } from "../lib/smoke/reopen.ts";
import type { RunResult } from "../lib/smoke/results.ts";
import type { Runbook } from "../lib/smoke/schema.ts";
import type { Unit } from "../lib/smoke/walk.ts";
import { endOfInput } from "../lib/terminal.ts";
import { printableLines } from "../lib/text.ts";
import manifest from "../package.json" with { type: "json" };

const flag = { type: "boolean" } as const;
const text = (valueName: string, description: string) =>
  ({ type: "string", valueName, description }) as const;
const which = { group: "Which steps" } as const;
const args = {
  lane: { ...text("LIST", "Only these lanes, as in 1,4,11"), ...which },
  step: { ...text("LIST", "Only these steps, as in 1.3,3.1"), ...which },
  from: { ...text("STEP", "From this step on"), ...which },
  skip: { ...text("LIST", "Not these lanes and steps"), ...which },
  runbook: { ...text("DIR", "Lanes of your own instead of those that come along"), ...which },
  list: { ...flag, description: "Show the steps and walk none" },
  schema: { ...flag, description: "Print the JSON Schema of a lane file" },
  dryRun: { ...flag, description: "Show the commands and run none" },
  auto: { ...flag, description: "Ask nothing (the default without a terminal)" },
  jobs: {
    type: "integer",
    min: 1,
    max: 32,
    default: 1,
    valueName: "N",
    description: "How many lanes are walked side by side, with --auto",
  },
  ao: text("BIN", "The AO to walk (default: ao on PATH, else the optional package)"),
  realAgents: { ...flag, description: "Use the agents on PATH instead of fake ones" },
  github: text("OWNER/REPO", "A real repository instead of the fake GitHub; needs GITHUB_TOKEN"),
  knownIssues: text("FILE", "Known issues, besides those of the build that come along"),
  keep: { ...flag, description: "Leave the sandbox for a look; --clean removes it" },
  report: {
    ...text("FILE", "Write a report: .md, .json (CTRF), .xml (JUnit), .tap or .html"),
    repeat: true,
  },
  format: {
    type: "enum",
    options: ["text", "github"],
    default: "text",
    valueName: "FORMAT",
    description: "github: findings as annotations of a workflow",
    excludes: ["json"],
  },
  runs: text("DIR", "Where records are kept (default: ao-smoke-runs-UID in TMPDIR)"),
  resume: text("RUN", "Go on with a run, or with the last one: last"),
  failed: { ...flag, description: "With --resume: only what failed, could not run or was blocked" },
  clean: text("RUN", "Remove what a killed or kept run left behind"),
} as const;

type Walk = Context<typeof args>;

const command = script({
  name: "smoke-runbook",
  summary: "Walk AO's documented smoke lanes in a sandbox and report what worked",
  description:
    "On a terminal it guides: it shows each step, runs it, and asks you about what only eyes can judge. With --auto it walks alone. Either way AO runs in a home of its own with fake agents and a fake GitHub; nothing of yours is touched. What a step needs comes along, and a known issue of the build is told from a new one.",
  args,
  examples: [
    { command: "--auto --jobs 8", text: "Walk everything that can be walked alone" },
    { command: "--auto --format github", text: "In a workflow: annotate what failed" },
    { command: "--lane 1,4,11", text: "Three lanes, and what they need" },
    { command: "--resume last --failed", text: "What failed, once more" },
  ],
  exits: {
    done: "nothing was found, or nothing was to be walked",
    findings: "a step failed, could not run, or was blocked",
    interrupted: "the record could not be written; free some space, then --resume",
  },
  files: [{ path: "TMPDIR/ao-smoke-runs-UID/RUN/", text: "the record and the reports made of it" }],
  async run(context) {
    const { args, out, terminal } = context;
    const { cleanRun } = await import("../lib/smoke/reopen.ts");
    const runs = args.runs ?? join(tmpdir(), `ao-smoke-runs-${process.getuid?.() ?? 0}`);
    if (args.clean !== undefined) {
      const { worlds } = await cleanRun(runs, args.clean);
      const line = ({ world, root }: (typeof worlds)[number]) => `removed ${world}: ${root}`;
      const none = "nothing was left behind";
      out.result({ json: () => ({ worlds }), text: () => worlds.map(line).join("\n") || none });
      return "done";
    }
    if (args.schema) {
      const { laneJsonSchema } = await import("../lib/smoke/json-schema.ts");
      const schema = laneJsonSchema();
      out.result({ json: () => schema, text: () => JSON.stringify(schema, null, 2) });
      return "done";
    }
    const { checkReportName, writeReport, writeReports } = await import(
      "../lib/smoke/reports/write.ts"
    );
    for (const file of args.report) checkReportName(file);
    const { bundledLanes, loadRunbook } = await import("../lib/smoke/load.ts");
    const runbook = loadRunbook(args.runbook ?? bundledLanes);
    // What a killed runner left is removed first: nobody else would ever stop it.
    const resumed = args.resume === undefined ? undefined : await cleanRun(runs, args.resume);
    const auto = args.auto || !terminal.interactive;
    const { unitsOf } = await import("../lib/smoke/walk.ts");
    const units = unitsOf(runbook, await chosenSteps(args, runbook, resumed), auto ? args.jobs : 1);
    if (args.list || args.dryRun) {
      const { formatListing, listingOf } = await import("../lib/smoke/listing.ts");
      const steps = units.flatMap((unit) => unit.steps);
      const listing = listingOf(
        runbook,
        steps.map(({ step, prerequisite }) => ({ id: step.id, prerequisite })),
      );
      out.result({ json: () => listing, text: () => formatListing(listing, args.dryRun) });
      return "done";
    }
    const record = await walk(context, { runbook, units, runs, auto, resumed });
    const { readRecord } = await import("../lib/smoke/record.ts");
    const { hasFindings, resultOf } = await import("../lib/smoke/results.ts");
    const result = resultOf(readRecord(record));
    const files = writeReports(result, dirname(record), manifest.version);
    for (const file of args.report) files.push(writeReport(result, file, manifest.version));
    const { ctrf } = await import("../lib/smoke/reports/machine.ts");
    const text = await closing(result, files, context);
    out.result({ json: () => ctrf(result, manifest.version), text: () => text });
    if (context.signal.aborted) throw context.signal.reason;
    return hasFindings(result) ? "findings" : "done";
  },
});

async function chosenSteps(
  { lane, step, from, skip, failed }: Walk["args"],
  runbook: Runbook,
  resumed: Reopened | undefined,
): Promise<Set<string>> {
  const { select } = await import("../lib/smoke/select.ts");
  const { stepsToResume } = await import("../lib/smoke/resume.ts");
  const words = (list: string | undefined) => list?.split(",").map((word) => word.trim()) ?? [];
  const lists = { lanes: words(lane), steps: words(step), skip: words(skip) };
  const selection = { ...lists, ...(from === undefined ? {} : { from }) };
  if (resumed) return stepsToResume(runbook, resumed.result, selection, failed);
  if (!failed) return select(runbook, selection);
  throw new ToolkitError("usage", "Cannot rerun what failed: no run is named", {
    hint: "Add --resume RUN, or --resume last.",
  });
}

interface Plan {
  runbook: Runbook;
  units: Unit[];
  runs: string;
  auto: boolean;
  resumed: Reopened | undefined;
}

/** Walks, and returns the path of the record. */
async function walk(context: Walk, { resumed, auto, ...plan }: Plan): Promise<string> {
  const { args, env, terminal, signal } = context;
  const { newRunId, realGitHub, runRunbook, sandboxParent } = await import("../lib/smoke/run.ts");
  const { examine, findAo } = await import("../lib/smoke/target.ts");
  const { knownIssuesFor } = await import("../lib/smoke/known.ts");
  const { createGuide } = await import("../lib/smoke/guide.ts");
  const { withoutCommands } = await import("../lib/github.ts");
  const plain = (line: string) => (args.format === "github" ? withoutCommands(line) : line);
  const github = args.github === undefined ? undefined : realGitHub(args.github, env);
  const tmp = sandboxParent(tmpdir());
  const target = await examine(findAo(args.ao, env.PATH ?? "", context.cwd), tmp, env.PATH ?? "");
  const known = knownIssuesFor(target.generation, plan.runbook, args.knownIssues);
  const own = plan.units.flatMap(({ steps }) => steps.filter((one) => !one.prerequisite));
  using progress = terminal.progress("steps", own.length);
  let done = 0;
  const { record } = await runRunbook({
    ...{ ...plan, target, known, env, tmp, signal },
    ...(github ? { github } : {}),
    ...{ keep: args.keep, realAgents: args.realAgents, jobs: auto ? args.jobs : 1 },
    id: resumed?.id ?? newRunId(new Date()),
    ...(resumed ? { recordFile: resumed.file, resumes: resumed.id } : {}),
    ...(auto ? {} : { guided: (note) => createGuide(askOn(context), note) }),
    onStep(step, { status, reason }, ms) {
      const why = status === "pass" || reason === undefined ? "" : `\n    ${reason}`;
      const line = `${status.padEnd(11)} ${step.id} ${step.title} (${Math.round(ms)} ms)${why}`;
      terminal.note(plain(printableLines(line, "")));
      progress.update(++done);
    },
  });
  return record;
}

/** The guided walk's questions; answers in free text are asked on stderr like all others. */
function askOn({ terminal }: Walk): Parameters<typeof createGuide>[0] {
  return {
    say: terminal.note,
    select: (message, options) =>
      terminal.select({ message, options, flag: "--auto" }).catch((error: unknown) => {
        if (!(error instanceof ToolkitError) || error.outcome !== "cancelled") throw error;
        throw cancelledAt(message);
      }),
    async text(message) {
      const { isCancel, text } = await import("@clack/prompts");
      using ended = endOfInput(process.stdin);
      const answer = await text({ message, output: process.stderr, signal: ended.signal });
      if (isCancel(answer)) throw cancelledAt(message);
      return (answer ?? "").trim();
    },
  };
}

/** What has been walked is recorded, as after a choice to quit. */
function cancelledAt(message: string): ToolkitError {
  const hint = "the walk goes on where it was with: --resume last";
  return new ToolkitError("cancelled", `Cancelled at "${message}"`, { hint });
}

async function closing(
  result: RunResult,
  files: readonly string[],
  { args, env, cwd }: Walk,
): Promise<string> {
  const { findings } = await import("../lib/smoke/results.ts");
  const { summary } = await import("../lib/smoke/reports/markdown.ts");
  const broken = result.steps.filter(({ status }) => findings.includes(status));
  const text = [
    `${summary(result.counts)} in ${(result.ms / 1000).toFixed(1)} s`,
    ...broken.map(({ status, id, title, reason }) =>
      printableLines(`${status} ${id} ${title}: ${reason}`, ""),
    ),
    ...files.map((file) => `report: ${file}`),
  ].join("\n");
  if (args.format !== "github") return text;
  const { githubLog } = await import("../lib/smoke/reports/github.ts");
  const workspace = env.GITHUB_WORKSPACE ?? cwd;
  return githubLog(result, text, { cwd, workspace, token: crypto.randomUUID() });
}

export default command;
if (import.meta.main) await main(command);
