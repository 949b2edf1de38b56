#!/usr/bin/env -S bun --no-env-file --no-install --config=/dev/null
/**
 * Staged plans: migrations that are planned in steps, reviewed, and resumed.
 *
 *     bun run scripts/migration.ts new storage --with builtin    a plan, with its first step
 *     bun run scripts/migration.ts tick --with builtin           the next step or phase that is due
 *     bun run scripts/migration.ts list                          every migration and where it stands
 *
 * `show`, `doctor`, `review` and `refine` look at one plan, check it, approve it and change it.
 *
 * Exit codes: 0 done or nothing due, 1 findings or a failed step, 2 usage, 3 a manifest or state
 * that cannot be read, 4 refused or waiting for a person, 5 stopped half-way, 130 cancelled; of
 * `review --with` the command's own code, when that is not 0.
 */

import { type Context, command, main, script } from "../lib/cli.ts";
import { type Outcome, ToolkitError } from "../lib/errors.ts";
import { resolvePlaces } from "../lib/paths.ts";
import type { Agent } from "../lib/planning/agent.ts";
import type { BuiltinSource } from "../lib/planning/builtin/source.ts";
import { readably } from "../lib/planning/disk-failure.ts";
import type { PlannedFastPath } from "../lib/planning/fast-path-review.ts";
import * as flags from "../lib/planning/flags.ts";
import type { Site } from "../lib/planning/site.ts";
import type { StepResult } from "../lib/planning/step.ts";
import type { TickOptions } from "../lib/planning/tick.ts";
import type { TickResult } from "../lib/planning/tick-result.ts";
import { printableLines } from "../lib/text.ts";
import manifest from "../package.json" with { type: "json" };

/** What every command has in its context, and with `--with` some more. */
interface AnyContext
  extends Pick<Context<typeof flags.rootFlag>, "args" | "cwd" | "env" | "invocation" | "terminal"> {
  args: Context<typeof flags.rootFlag>["args"] & {
    with?: string;
    taste?: string;
    model?: string;
    timeout?: number;
    idleTimeout?: number;
  };
}

/** A site, and who is told what happens besides; nobody is told anything twice. */
interface TellingSite extends Site {
  onNote(note: string): void;
}

async function siteOf({ args, cwd, env, terminal }: AnyContext): Promise<TellingSite> {
  const { openSite } = await import("../lib/planning/open-site.ts");
  const { baseDir } = resolvePlaces({ ...args, env });
  const told = new Set<string>();
  const onNote = (note: string) => {
    if (!told.has(note)) terminal.note(note);
    told.add(note);
  };
  return { ...openSite({ root: args.root, cwd, home: args.home, baseDir, env }), onNote };
}

async function slugOf(site: Site, value: string): Promise<string> {
  const { settledSlug } = await import("../lib/planning/resolve.ts");
  return settledSlug(site, value);
}

/** Whoever plans, as `--with` says. */
async function agentOf(context: AnyContext, site: Site, interactive = false): Promise<Agent> {
  const { args, cwd, env, terminal } = context;
  const { agentFor } = await import("../lib/planning/setup.ts");
  return agentFor(site, {
    with: args.with,
    interactive,
    model: args.model,
    timeoutMs: (args.timeout ?? 1800) * 1000,
    idleMs: (args.idleTimeout ?? 300) * 1000,
    taste: { file: args.taste, cwd, home: args.home ?? env.HOME ?? "/" },
    sources: args.with === "builtin" ? await sourcesOf(context, site) : [],
    onOutput: (text) => terminal.note(printableLines(text.trimEnd())),
  });
}

async function sourcesOf({ args, env }: AnyContext, site: Site): Promise<BuiltinSource[]> {
  const { storageSource } = await import("../lib/planning/builtin/storage.ts");
  const { tasksSource } = await import("../lib/planning/builtin/tasks.ts");
  const { scanTasks } = await import("../lib/tasks/scan.ts");
  const { planTasks } = await import("../lib/tasks/plan.ts");
  const { taskPlaces } = await import("../lib/tasks/places.ts");
  return [
    storageSource({ places: resolvePlaces({ ...args, env }), env, tmux: true }),
    tasksSource((now) => {
      const places = taskPlaces(site.root);
      return { places, plan: planTasks(scanTasks(places), { now }) };
    }),
  ];
}

/** The fast path with its planner, when the word means it rather than a staged plan. */
async function fastPathOf(context: AnyContext, site: TellingSite, word: string) {
  const { fastPathRecords, isFastPathTarget } = await import("../lib/planning/fast-path.ts");
  if (!isFastPathTarget(word)) return null;
  const { settleFastPath } = await import("../lib/planning/fast-path-settle.ts");
  const { refuseTwice } = await import("../lib/planning/resolve.ts");
  const { sourceFor } = await import("../lib/planning/setup.ts");
  refuseTwice(site, word);
  const source = sourceFor(await sourcesOf(context, site), word);
  const { args, env } = context;
  const migrationsDir = fastPathRecords(site, resolvePlaces({ ...args, env }).baseDir)[word];
  const path = { target: word, migrationsDir, disk: site.disk, now: site.now, source };
  for (const note of await settleFastPath(path)) site.onNote(note);
  return path;
}

const list = command({
  summary: "List the migrations and where they stand",
  description:
    "Staged plans by slug, then what migrate and migrate-sessions carried out at once, or would if it were not held back. Columns on a terminal, tab-separated values in a pipe.",
  args: { ...flags.rootFlag, ...flags.listFlags },
  examples: [{ command: "--awaiting-review", text: "What waits for a person" }],
  async run(context) {
    const { args, out, env } = context;
    const site = await siteOf(context);
    const { fastPathRecords } = await import("../lib/planning/fast-path.ts");
    const { listRows } = await import("../lib/planning/list.ts");
    const { listText } = await import("../lib/planning/report.ts");
    const { recoverForLook } = await import("../lib/planning/recover.ts");
    const { settleFastPaths } = await import("../lib/planning/fast-path-settle.ts");
    const records = fastPathRecords(site, resolvePlaces({ ...args, env }).baseDir);
    recoverForLook(site);
    for (const note of await settleFastPaths(site, records)) site.onNote(note);
    const rows = await listRows(site, records, {
      awaitingReview: args.awaitingReview === true,
      ...(args.status === undefined ? {} : { status: args.status }),
    });
    const format = { headers: args.headers, aligned: out.isTTY, style: out.style };
    out.result({
      json: () => ({ schemaVersion: 1, root: site.root, migrations: rows }),
      text: () => listText(rows, format),
    });
    return "done";
  },
});

const show = command({
  summary: "Show one migration: history, phases, plan",
  args: flags.rootFlag,
  positionals: flags.migrationWord,
  examples: [{ command: "storage-20260304T050607", text: "Where it stands, and why" }],
  async run(context) {
    const { args, out } = context;
    const site = await siteOf(context);
    const fast = await fastPathOf(context, site, args.migration);
    if (fast !== null) return showFastPath(context, fast);
    const slug = await slugOf(site, args.migration);
    const planning = await import("../lib/planning/show.ts");
    const { showText } = await import("../lib/planning/report.ts");
    const shown = await planning.show(site, slug);
    if (shown === null) {
      throw new ToolkitError("invalid", `Cannot show "${slug}": it has no manifest`);
    }
    out.result({
      json: () => ({ schemaVersion: 1, ...shown }),
      text: () => showText(shown, out.style),
    });
    return "done";
  },
});

async function showFastPath({ out }: Pick<Context, "out">, given: PlannedFastPath) {
  const fast = await import("../lib/planning/fast-path-review.ts");
  const look = await fast.lookAtFastPath(given);
  out.result({
    json: () => fast.fastPathDocumentOf(given, look),
    text: () => fast.fastPathText(look),
  });
  return "done" as const;
}

const doctor = command({
  summary: "Check one migration, or all of them",
  description: "One line a finding; nothing when all is well. Without --fix nothing is changed.",
  args: { ...flags.rootFlag, ...flags.doctorFlags },
  positionals: { migration: { description: "Slug or path of a migration", complete: "plans" } },
  examples: [{ command: "--all", text: "Everything" }],
  exits: { findings: "something is wrong" },
  async run(context) {
    const { args, out } = context;
    if ((args.migration === undefined) === (args.all !== true)) {
      throw new ToolkitError("usage", "Cannot check: give one migration, or --all");
    }
    const site = await siteOf(context);
    const { examine, examineAll } = await import("../lib/planning/doctor.ts");
    const { doctorText } = await import("../lib/planning/report.ts");
    const { resolveSlug, settledSlug } = await import("../lib/planning/resolve.ts");
    const { fixAll } = await import("../lib/planning/fix.ts");
    const find = args.fix === true ? settledSlug : resolveSlug;
    const slug = args.migration === undefined ? null : find(site, args.migration);
    const fixed = args.fix === true ? await fixAll(site, slug) : [];
    for (const note of fixed) site.onNote(note);
    const findings = await (slug === null ? examineAll(site) : examine(site, slug));
    out.result({
      json: () => ({ schemaVersion: 1, root: site.root, fixed, findings }),
      text: () => doctorText(findings, site.root),
    });
    return findings.some(({ severity }) => severity === "error") ? "findings" : "done";
  },
});

async function reportStep(
  { out }: Pick<Context, "out">,
  site: TellingSite,
  result: StepResult,
): Promise<Outcome> {
  const { stepText } = await import("../lib/planning/report.ts");
  for (const note of result.notes) site.onNote(note);
  out.result({
    json: () => ({ schemaVersion: 1, ...result }),
    text: () => stepText(result),
  });
  return "done";
}

const create = command({
  summary: "Begin a plan, and run its first step",
  args: {
    ...flags.rootFlag,
    ...flags.withFlag,
    ...flags.commitFlag,
    slug: { type: "string", valueName: "SLUG", description: "Default: the target and the time" },
  },
  positionals: {
    target: {
      description: "What is planned; with builtin: storage or task-sessions",
      required: true,
    },
  },
  examples: [
    { command: "storage --with builtin", text: "AO's state in the V3 layout, offline" },
    { command: '"Split the parser" --with "claude -p"', text: "Anything else, by an agent" },
  ],
  async run(context) {
    const { args } = context;
    const site = await siteOf(context);
    const { checkNewSlug, slugFor } = await import("../lib/planning/slug.ts");
    const { runStep } = await import("../lib/planning/step.ts");
    const agent = await agentOf(context, site);
    const slug = args.slug ?? slugFor(args.target, site.now());
    checkNewSlug(site, slug);
    const { signal } = context;
    const result = await runStep(site, { slug, agent, target: args.target, signal });
    if (args.commit === true) {
      const { commitMigration } = await import("../lib/planning/repository.ts");
      commitMigration(site, slug, `migration: plan ${slug}\n\nWhy:\n${args.target}\n`);
    }
    return reportStep(context, site, result);
  },
});

const review = command({
  summary: "Approve a plan that awaits a review, or hold one back",
  description:
    "Without --with it shows the plan and asks you. With it the command works in a copy and clears the flag when its user approves: on a terminal it has the terminal, with its prompt in the file $MIGRATION_PROMPT.",
  args: { ...flags.rootFlag, ...flags.withFlag, ...flags.reviewFlags },
  positionals: flags.migrationWord,
  examples: [{ command: "storage-20260304T050607", text: "Read it and decide" }],
  exits: { other: "with --with: the command's own code, when it is not 0; nothing is approved" },
  async run(context) {
    const { args, out, terminal } = context;
    const site = await siteOf(context);
    const fast = await fastPathOf(context, site, args.migration);
    const yes = args.yes === true;
    const ask = (text: string) => {
      out.print(text);
      return terminal.confirm({ message: `Approve ${args.migration}?`, flag: "--yes", yes });
    };
    if (fast !== null) {
      const { reviewFastPath } = await import("../lib/planning/fast-path-review.ts");
      await reviewFastPath(fast, { with: args.with, hold: args.hold, ask });
      return showFastPath(context, fast);
    }
    const slug = await slugOf(site, args.migration);
    const { review } = await import("../lib/planning/review.ts");
    const { hold, with: command } = args;
    const agent =
      hold === undefined && command !== undefined
        ? await agentOf(context, site, terminal.interactive)
        : null;
    // A command that has the terminal has its signals too.
    const signal = agent === null || terminal.interactive ? {} : { signal: context.signal };
    const { notes } = await review(site, slug, { hold, agent, ask, ...signal });
    for (const note of notes) site.onNote(note);
    const held = hold !== undefined;
    out.result({
      json: () => ({ schemaVersion: 1, slug, held, notes }),
      text: () => `${slug} is ${held ? "held back" : "approved"}`,
    });
    return "done";
  },
});

const refine = command({
  summary: "Give feedback, and run the step that takes it into account",
  args: { ...flags.rootFlag, ...flags.withFlag, ...flags.refineFlags },
  positionals: flags.migrationWord,
  examples: [{ command: "v3 --decide KEY=VALUE --with builtin", text: "Take a decision" }],
  async run(context) {
    const { args, cwd } = context;
    const { readFeedback } = await import("../lib/planning/feedback.ts");
    const { text, source } = readFeedback(args, cwd);
    const site = await siteOf(context);
    const fast = await fastPathOf(context, site, args.migration);
    if (fast !== null) {
      const { refineFastPath } = await import("../lib/planning/fast-path-review.ts");
      await refineFastPath(fast, { text, source });
      return showFastPath(context, fast);
    }
    const slug = await slugOf(site, args.migration);
    const agent = await agentOf(context, site);
    const planning = await import("../lib/planning/refine.ts");
    const { signal } = context;
    const result = await planning.refine(site, { slug, agent, text, source, signal });
    return reportStep(context, site, result);
  },
});

const tick = command({
  summary: "Run the next step or phase that is due",
  description:
    "Planning steps come first. A phase asks before it changes anything (--yes answers), goes through the change engine, and is taken back when it is not what it promised.",
  args: { ...flags.rootFlag, ...flags.withFlag, ...flags.tickFlags },
  positionals: flags.tickWords,
  examples: [
    { command: "--with builtin --steps 9", text: "Plan on until a phase or a person is next" },
    { command: '--with "codex exec -" --commit', text: "One step, by an agent" },
  ],
  exits: { findings: "the step or phase failed, and nothing of it was accepted" },
  async run(context) {
    const { args, out } = context;
    const site = await siteOf(context);
    const options = await tickOptionsOf(context, site);
    const planning = await import("../lib/planning/tick.ts");
    const { outcomeOf } = await import("../lib/planning/tick-result.ts");
    const { tickText } = await import("../lib/planning/report.ts");
    const ticks: TickResult[] = [];
    while (ticks.length < args.steps) {
      const result = await planning.tick(site, options);
      for (const note of result.recovered) site.onNote(note);
      ticks.push(result);
      // The built-in planner keeps none.
      const logs = result.logs.find((dir) => site.disk.lstat(dir) !== null);
      if (result.failure !== "none" && logs !== undefined) site.onNote(`its output: ${logs}`);
      if (result.outcome !== "commit" || result.role === "planning.final-review") break;
    }
    out.result({
      json: () => ({ schemaVersion: 1, ticks }),
      text: () => ticks.map(tickText).join(""),
    });
    return outcomeOf(ticks.at(-1));
  },
});

type TickContext = Context<
  typeof flags.rootFlag & typeof flags.withFlag & typeof flags.tickFlags,
  typeof flags.tickWords
>;

async function tickOptionsOf(context: TickContext, site: Site): Promise<TickOptions> {
  const { args, env, terminal, invocation, signal } = context;
  const { tickOptions } = await import("../lib/planning/tick-setup.ts");
  const { tmuxPort } = await import("../lib/storage/execute.ts");
  const { baseDir } = resolvePlaces({ ...args, env });
  return tickOptions(site, {
    ...{ args, env, invocation, signal, baseDir, toolVersion: manifest.version },
    slug: args.migration === undefined ? undefined : await slugOf(site, args.migration),
    agent: await agentOf(context, site),
    sources: await sourcesOf(context, site),
    tmux: tmuxPort(env),
    ask: (message) => terminal.confirm({ message, flag: "--yes", yes: args.yes === true }),
  });
}

const planning = script({
  name: "migration",
  summary: "Plan migrations in steps, review them, and carry them out phase by phase",
  description:
    "A plan lives below ROOT/migrations and goes through approaches, pick-best, expand, review and final-review, one step a tick. Whoever plans works in a private copy; what is accepted is published whole or not at all.",
  commands: readably({ new: create, tick, list, show, doctor, review, refine }),
  examples: [
    { command: "new storage --with builtin", text: "Begin a plan" },
    { command: "tick --with builtin --steps 9", text: "Go on with it" },
    { command: "list", text: "Where everything stands" },
  ],
  exits: { refused: "refused, or it waits for a person" },
  files: [
    { path: "ROOT/migrations/SLUG/", text: "plan, phases, manifest and planning history" },
    { path: "HOME/.local/state/ao-toolkit/planning/", text: "private copies and logs" },
  ],
});

export default planning;
if (import.meta.main) await main(planning);
