#!/usr/bin/env -S bun --no-env-file --no-install --config=/dev/null
/**
 * V3 storage: says what is on an AO disk and plans (and executes) the way to one clean layout.
 *
 *     bun run scripts/migrate.ts               what is there, what drifted, the plan; changes nothing
 *     bun run scripts/migrate.ts --execute     the plan, for real; one command takes it back
 *
 * Exit codes: 0 done or nothing to do, 1 `--exit-code` and there is a plan, 2 usage, 3 config.yaml
 * does not parse, 4 refused, 5 stopped half-way, 130 cancelled.
 */

import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Context, main, script } from "../lib/cli.ts";
import { describeError, type Outcome, ToolkitError } from "../lib/errors.ts";
import { commandMaker, type DiskFlags } from "../lib/invocation.ts";
import { resolvePlaces } from "../lib/paths.ts";
import type { Reservation } from "../lib/planning/fast-path.ts";
import type { Assessment, AssessOptions } from "../lib/storage/assess.ts";
import type { Execution, Job, RunOptions } from "../lib/storage/execute.ts";
import { type StepId, selectSteps, stepIds } from "../lib/storage/options.ts";
import { plural, printable } from "../lib/text.ts";
import manifest from "../package.json" with { type: "json" };

const args = {
  dryRun: {
    type: "boolean",
    description: "Only show the plan (the default)",
    excludes: ["execute", "rehearse", "resume"],
  },
  execute: {
    type: "boolean",
    description: "Apply the plan after a confirmation",
    excludes: ["rehearse", "resume"],
  },
  rehearse: {
    type: "boolean",
    description: "Try it on a copy of the state: execute, verify, roll back, compare",
    excludes: ["resume"],
  },
  resume: { type: "boolean", description: "Finish an interrupted migration" },
  plan: {
    type: "string",
    valueName: "FILE",
    description: "With --execute: apply exactly this saved plan (see --output)",
  },
  decide: {
    type: "string",
    valueName: "KEY=VALUE",
    repeat: true,
    description: "Answer a decision of the plan",
  },
  only: {
    type: "enum",
    options: stepIds,
    valueName: "STEP",
    repeat: true,
    description: "Plan this step and what it needs",
  },
  skip: {
    type: "enum",
    options: stepIds,
    valueName: "STEP",
    repeat: true,
    description: "Leave this step out",
  },
  force: { type: "boolean", description: "Execute although AO or its sessions are live" },
  tmux: { type: "boolean", default: true, description: "Do not ask tmux" },
  worktreeRoot: {
    type: "string",
    valueName: "DIR",
    description: "Where old worktrees stand (default: HOME/.worktrees)",
  },
  aoSource: {
    type: "string",
    valueName: "DIR",
    description: "AO's source tree: also list the unused exports of its core",
  },
  output: {
    type: "string",
    valueName: "FILE",
    description: "Also write the JSON record there, or a page if it ends in .html",
  },
  exitCode: { type: "boolean", description: "Exit 1 when there is something to migrate" },
  sizes: { type: "boolean", description: "Measure worktrees too (slower)" },
  verbose: { type: "boolean", description: "Show every issue and every detail" },
} as const;

type MigrateContext = Context<typeof args>;

const command = script({
  name: "migrate",
  summary: "Say what is on an AO disk and take it to the V3 layout",
  description:
    "Without --execute this is a dry run: it prints the inventory, what drifted and the exact plan, and changes nothing.",
  args,
  examples: [
    { command: "", text: "What is there, and the plan" },
    { command: "--output plan.json", text: "Save the plan for review" },
    { command: "--output report.html", text: "A page to look at and to send" },
    { command: "--execute --plan plan.json", text: "Apply what was reviewed" },
    { command: "--rehearse", text: "Try everything on a copy first" },
  ],
  exits: { findings: "with --exit-code: there is something to migrate" },
  files: [
    { path: "BASE/migrations/ID/", text: "plan, journal and trash of each migration" },
    { path: "BASE/config.yaml", text: "AO's registry" },
  ],
  async run(context) {
    const { assess } = await import("../lib/storage/assess.ts");
    const { args } = context;
    if (args.plan !== undefined && args.execute !== true) {
      throw new ToolkitError("usage", "Cannot use --plan: it goes with --execute");
    }
    const reservation = await reservationOf(context);
    const options = await assessOptions(context, reservation);
    if (args.resume === true) return resumeRun(context, options);
    if (args.execute === true) return executeRun(context, options, reservation);
    const found = assess(options);
    if (args.rehearse === true) return rehearseRun(context, found);
    return showPlan(context, found);
  },
});

/** Where it is recorded that the next migration of this disk is held back or was approved. */
async function fastPathOf({ args, env }: MigrateContext) {
  const { realDisk } = await import("../lib/change/disk.ts");
  const migrationsDir = join(resolvePlaces({ ...args, env }).baseDir, "migrations");
  return { target: "storage", migrationsDir, disk: realDisk, now: () => new Date() } as const;
}

async function reservationOf(context: MigrateContext): Promise<Reservation | null> {
  const fastPath = await import("../lib/planning/fast-path.ts");
  const path = await fastPathOf(context);
  if (context.args.execute === true || context.args.resume === true) {
    const { settleFastPath } = await import("../lib/planning/fast-path-settle.ts");
    for (const note of await settleFastPath(path)) context.terminal.note(note);
  }
  const reservation = fastPath.reservationOf(path);
  if (reservation !== null && reservation.waits !== null) {
    const review = callsOf(context).review("storage");
    context.terminal.note(`held back: ${printable(reservation.waits)}; let it go with: ${review}`);
  }
  return reservation;
}

/** @throws ToolkitError `refused` while a person has still to approve what would be done */
async function refuseHeld(context: MigrateContext, alsoStaged = true): Promise<void> {
  const { refuseHeld } = await import("../lib/planning/fast-path.ts");
  const path = await fastPathOf(context);
  const site = alsoStaged ? { root: context.cwd, disk: path.disk } : null;
  refuseHeld(path, site, callsOf(context).review);
}

async function assessOptions(
  context: MigrateContext,
  reservation: Reservation | null,
): Promise<AssessOptions> {
  const { args, env } = context;
  const places = resolvePlaces({ ...args, env });
  const common = { places, env, tmux: args.tmux, sizes: args.sizes === true };
  if (args.plan !== undefined) {
    const { readSavedPlan } = await import("../lib/storage/saved-plan.ts");
    const saved = readSavedPlan(resolve(context.cwd, args.plan));
    return { ...common, now: saved.generatedAt, steps: saved.steps, answers: saved.answers };
  }
  const steps = selectSteps(args.only as StepId[], args.skip as StepId[]);
  const answers = new Map([...(reservation?.answers ?? []), ...answersOf(args.decide)]);
  const options = { ...common, now: reservation?.now ?? new Date(), steps, answers };
  if (args.aoSource === undefined) return options;
  const { deadExports } = await import("../lib/storage/dead-exports.ts");
  return { ...options, deadExports: deadExports(resolve(context.cwd, args.aoSource)) };
}

function answersOf(given: string[]): Map<string, string> {
  return new Map(
    given.map((answer) => {
      // Keys may hold "=" (paths, URLs); values never do.
      const at = answer.lastIndexOf("=");
      if (at > 0) return [answer.slice(0, at), answer.slice(at + 1)];
      throw new ToolkitError("usage", `Cannot read --decide "${answer}": it is not KEY=VALUE`);
    }),
  );
}

async function showPlan(context: MigrateContext, found: Assessment): Promise<Outcome> {
  const { args, out, cwd } = context;
  const { plan } = found;
  refuseUnusedAnswers(plan.unusedAnswers);
  if (args.output !== undefined) await writeOutput(resolve(cwd, args.output), found);
  const text = await planText(context, found, args.execute === true ? "plan" : "dry run");
  const { nextCommands } = await import("../lib/storage/outcome-text.ts");
  const next = nextCommands(plan, callsOf(context).migrate, out.columns());
  out.result({ json: () => found.record(), text: () => text + next });
  const { unlisted } = await import("../lib/storage/plan.ts");
  const { inventory } = plan;
  if (inventory.registryFault !== null || unlisted(inventory).length > 0) return "invalid";
  return args.exitCode === true && plan.steps.length > 0 ? "findings" : "done";
}

async function planText(context: MigrateContext, found: Assessment, mode: string): Promise<string> {
  const { args, out } = context;
  const { isBare } = await import("../lib/storage/outcome-text.ts");
  if (out.json || isBare(found.plan)) return "";
  const { planReport } = await import("../lib/storage/report.ts");
  const heading = `AO storage migration to V3 (${mode}, toolkit ${manifest.version})`;
  const style = { style: out.style, verbose: args.verbose === true, columns: out.columns() };
  return planReport(found.record(), heading, style);
}

async function executeRun(
  context: MigrateContext,
  options: AssessOptions,
  reservation: Reservation | null,
): Promise<Outcome> {
  await refuseHeld(context);
  const job = await approvedJob(context, options, reservation);
  if (typeof job === "string") return job;
  const { execute } = await import("../lib/storage/execute.ts");
  const { fileFastPath, refuseChanged } = await import("../lib/planning/fast-path.ts");
  const path = await fastPathOf(context);
  const site = { root: context.cwd, disk: path.disk };
  using bar = progressBar(context, "Migrating");
  // The question may have stood there for a while.
  const onLocked = () => refuseChanged(path, site, reservation, callsOf(context).review);
  const execution = await execute(job, { ...bar.run, onLocked });
  fileFastPath(path, execution.id);
  return report(context, execution);
}

/**
 * Plans, refuses and asks; an outcome where there is nothing to carry out. A function of its own:
 * what it looked at is large, and is let go of when it returns.
 */
async function approvedJob(
  context: MigrateContext,
  options: AssessOptions,
  reservation: Reservation | null,
): Promise<Job | Outcome> {
  const { args, out, terminal, cwd } = context;
  const { assess } = await import("../lib/storage/assess.ts");
  const { demandApproved } = await import("../lib/planning/fast-path.ts");
  const { refuseBlocked, refuseLive, refuseRunning } = await import("../lib/storage/live.ts");
  const first = assess(options);
  const calls = callsOf(context);
  await refuseRunning(first.plan.inventory);
  if (args.plan !== undefined) {
    const { demandSamePlan, readSavedPlan } = await import("../lib/storage/saved-plan.ts");
    demandSamePlan(readSavedPlan(resolve(cwd, args.plan)), first.plan, calls.migrate);
  }
  await refuseBlocked(first.plan, calls);
  if (first.plan.steps.length === 0) return showPlan(context, first);
  if (args.force !== true) {
    refuseLive(first.plan.inventory, calls.migrate("--execute", "--force"));
  }
  demandApproved(reservation, first.plan.id, calls.review("storage"));
  const isFixed = args.plan !== undefined || (reservation?.approvedPlan ?? null) !== null;
  const decided = await decide(context, options, { found: first, isFixed });
  if (terminal.interactive && !args.yes) out.print(await planText(context, decided.found, "plan"));
  const go = await terminal.confirm({
    message: `Carry out ${plural(decided.found.plan.steps.length, "step")}? One command takes it back.`,
    flag: "--yes",
    yes: args.yes === true,
  });
  if (!go) throw new ToolkitError("cancelled", "Cancelled: nothing was changed");
  const { jobOf } = await import("../lib/storage/execute.ts");
  return jobOf(decided.found, decided.options);
}

/** Asks a person about every open decision; anybody else gets the defaults with --yes. */
async function decide(
  context: MigrateContext,
  options: AssessOptions,
  { found, isFixed }: { found: Assessment; isFixed: boolean },
): Promise<{ options: AssessOptions; found: Assessment }> {
  const { args, terminal } = context;
  refuseUnusedAnswers(found.plan.unusedAnswers);
  const open = found.plan.decisions.filter(({ decidedBy }) => decidedBy === "default");
  if (args.yes === true || isFixed || open.length === 0) return { options, found };
  const answers = new Map(options.answers);
  for (const { key, question, choices, default: initial } of open) {
    const flag = `--decide '${key}=VALUE' or --yes`;
    answers.set(key, await terminal.select({ message: question, options: choices, initial, flag }));
  }
  const { assess } = await import("../lib/storage/assess.ts");
  const decided = { ...options, answers };
  return { options: decided, found: assess(decided) };
}

async function resumeRun(context: MigrateContext, options: AssessOptions): Promise<Outcome> {
  // A staged plan holds back what is to begin; this has been recorded already.
  const onLocked = () => refuseHeld(context, false);
  await onLocked();
  const { resumeStorage } = await import("../lib/storage/execute.ts");
  const { fileFastPath } = await import("../lib/planning/fast-path.ts");
  using bar = progressBar(context, "Resuming");
  const again = (flags: DiskFlags) =>
    commandMaker(context.invocation, { ...context.args, ...flags })("migrate", "--resume");
  const execution = await resumeStorage(options, { ...bar.run, onLocked, again });
  fileFastPath(await fastPathOf(context), execution.id);
  return report(context, execution);
}

async function rehearseRun(context: MigrateContext, found: Assessment): Promise<Outcome> {
  const { rehearse } = await import("../lib/storage/rehearse.ts");
  const { rehearsalText } = await import("../lib/storage/outcome-text.ts");
  const { refuseBlocked } = await import("../lib/storage/live.ts");
  await refuseBlocked(found.plan, callsOf(context));
  using bar = progressBar(context, "Rehearsing");
  const result = await rehearse(found.plan, bar.run);
  bar.end();
  context.out.result({
    json: () => result,
    text: () => rehearsalText(result, callsOf(context).migrate),
  });
  const problems = result.missing.length + result.differences.length + result.kept.length;
  return problems > 0 ? "findings" : "done";
}

async function report(context: MigrateContext, execution: Execution): Promise<Outcome> {
  const { executionText } = await import("../lib/storage/outcome-text.ts");
  const undo = callsOf(context).rollback(execution.id);
  context.out.result({
    json: () => ({ schemaVersion: 1, ...execution, undo }),
    text: () => executionText(execution, undo),
  });
  return execution.leftovers.length > 0 ? "findings" : "done";
}

/** Commands for this very disk; the place of old worktrees is no matter of a review. */
function callsOf({ invocation, args }: MigrateContext) {
  const { worktreeRoot: _, ...disk } = args;
  const migrate = commandMaker(invocation, args);
  const other = commandMaker(invocation, disk);
  return {
    migrate: (...words: string[]) => migrate("migrate", ...words),
    rollback: (...words: string[]) => migrate("rollback", ...words),
    review: (word: string) => other("migration", "review", word),
  };
}

/** A progress bar with the options that let the engine draw it. */
function progressBar(
  context: MigrateContext,
  label: string,
): Disposable & { run: RunOptions; end(): void } {
  const { terminal, invocation, signal } = context;
  const calls = callsOf(context);
  let bar = terminal.progress(label);
  let phase = "";
  const end = () => bar.end();
  const run: RunOptions = {
    toolVersion: manifest.version,
    command: `${invocation} (${label.toLowerCase()})`,
    signal,
    commands: (id) => ({ resume: calls.migrate("--resume"), rollback: calls.rollback(id) }),
    onProgress(progress) {
      if (progress.phase !== phase) {
        bar.end();
        phase = progress.phase;
        bar = terminal.progress(phase === "check" ? "Checking" : label, progress.total);
      }
      bar.update(progress.done);
    },
  };
  return { run, end, [Symbol.dispose]: end };
}

function refuseUnusedAnswers(keys: string[]): void {
  const [key] = keys;
  if (key === undefined) return;
  throw new ToolkitError("usage", `Cannot decide "${key}": the plan does not ask that`, {
    hint: "the dry run lists every decision with its key",
  });
}

/** The record, as a page for people where the name says so. */
async function writeOutput(file: string, found: Assessment): Promise<void> {
  const record = found.record();
  const { planPage } = await import("../lib/storage/page.ts");
  const text = file.endsWith(".html")
    ? planPage(found.plan, record, `${manifest.name} ${manifest.version}`)
    : `${JSON.stringify(record, null, 2)}\n`;
  try {
    writeFileSync(file, text);
  } catch (cause) {
    throw new ToolkitError("invalid", `Cannot write "${file}": ${describeError(cause)}`, { cause });
  }
}

export default command;
if (import.meta.main) await main(command);
