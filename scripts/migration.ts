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
 * that cannot be read, 4 refused or waiting for a person, 5 stopped half-way, 130 cancelled.
 */

import { join, resolve } from "node:path";
import { type Context, command, main, script } from "../lib/cli.ts";
import { type Outcome, ToolkitError } from "../lib/errors.ts";
import { resolvePlaces } from "../lib/paths.ts";
import type { Agent } from "../lib/planning/agent.ts";
import type { BuiltinSource } from "../lib/planning/builtin/source.ts";
import { migrationWord, rootFlag, tickFlags, tickWords, withFlag } from "../lib/planning/flags.ts";
import type { Site } from "../lib/planning/site.ts";
import type { StepResult } from "../lib/planning/step.ts";
import type { TickOptions } from "../lib/planning/tick.ts";
import type { TickResult } from "../lib/planning/tick-result.ts";
import { printable, printableLines } from "../lib/text.ts";
import manifest from "../package.json" with { type: "json" };

/** What every command has in its context, and with `--with` some more. */
interface AnyContext
  extends Pick<Context<typeof rootFlag>, "args" | "cwd" | "env" | "invocation" | "terminal"> {
  args: Context<typeof rootFlag>["args"] & {
    with?: string;
    model?: string;
    timeout?: number;
    idleTimeout?: number;
  };
}

async function siteOf({ args, cwd, env }: AnyContext): Promise<Site> {
  const { openSite } = await import("../lib/planning/open-site.ts");
  const { baseDir } = resolvePlaces({ ...args, env });
  return openSite({ root: args.root, cwd, home: args.home, baseDir, env });
}

async function slugOf(site: Site, value: string): Promise<string> {
  const { resolveSlug } = await import("../lib/planning/resolve.ts");
  return resolveSlug(site, value);
}

/** Whoever plans, as `--with` says. */
async function agentOf(context: AnyContext, site: Site, interactive = false): Promise<Agent> {
  const { args, terminal } = context;
  const { agentFor } = await import("../lib/planning/setup.ts");
  return agentFor(site, {
    with: args.with,
    interactive,
    model: args.model,
    timeoutMs: (args.timeout ?? 1800) * 1000,
    idleMs: (args.idleTimeout ?? 300) * 1000,
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

const list = command({
  summary: "List the migrations and where they stand",
  description:
    "Staged plans by slug, then what migrate and migrate-sessions carried out at once. Columns on a terminal, tab-separated values in a pipe.",
  args: {
    ...rootFlag,
    status: { type: "string", valueName: "STATUS", description: "Only those with this status" },
    awaitingReview: { type: "boolean", description: "Only those that await a review" },
    headers: { type: "boolean", default: true, description: "Leave out the first line" },
  },
  examples: [{ command: "--awaiting-review", text: "What waits for a person" }],
  async run(context) {
    const { args, out, env, terminal } = context;
    const site = await siteOf(context);
    const { listRows } = await import("../lib/planning/list.ts");
    const { listText } = await import("../lib/planning/report.ts");
    const { recover } = await import("../lib/planning/recover.ts");
    for (const note of recover(site)) terminal.note(note);
    const { baseDir } = resolvePlaces({ ...args, env });
    const { workflowMigrations } = await import("../lib/planning/setup.ts");
    const engineDirs = [join(baseDir, "migrations"), workflowMigrations(site)];
    const rows = await listRows(site, engineDirs, {
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
  args: rootFlag,
  positionals: migrationWord,
  examples: [{ command: "storage-20260304T050607", text: "Where it stands, and why" }],
  async run(context) {
    const { args, out } = context;
    const site = await siteOf(context);
    const slug = await slugOf(site, args.migration);
    const planning = await import("../lib/planning/show.ts");
    const { showText } = await import("../lib/planning/report.ts");
    const shown = planning.show(site, slug);
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

const doctor = command({
  summary: "Check one migration, or all of them",
  description: "One line a finding; nothing when all is well. Without --fix nothing is changed.",
  args: {
    ...rootFlag,
    all: { type: "boolean", description: "Every migration, and what publishing left behind" },
    fix: { type: "boolean", description: "Mend what is mechanical" },
  },
  positionals: { migration: { description: "Slug or path of a migration", complete: "plans" } },
  examples: [{ command: "--all", text: "Everything" }],
  exits: { findings: "something is wrong" },
  async run(context) {
    const { args, out, terminal } = context;
    if ((args.migration === undefined) === (args.all !== true)) {
      throw new ToolkitError("usage", "Cannot check: give one migration, or --all");
    }
    const site = await siteOf(context);
    const { examine, examineAll } = await import("../lib/planning/doctor.ts");
    const { doctorText } = await import("../lib/planning/report.ts");
    const slug = args.migration === undefined ? null : await slugOf(site, args.migration);
    const fixed: string[] = [];
    if (args.fix === true) {
      const { fixAll } = await import("../lib/planning/fix.ts");
      const { visibleSlugs } = await import("../lib/planning/site.ts");
      fixed.push(...(await fixAll(site, slug === null ? visibleSlugs(site) : [slug])));
      for (const note of fixed) terminal.note(note);
    }
    const findings = slug === null ? examineAll(site) : examine(site, slug);
    out.result({
      json: () => ({ schemaVersion: 1, root: site.root, fixed, findings }),
      text: () => doctorText(findings, site.root),
    });
    return findings.some(({ severity }) => severity === "error") ? "findings" : "done";
  },
});

function reportStep(
  { out, terminal }: Pick<Context, "out" | "terminal">,
  result: StepResult,
): Outcome {
  for (const note of result.notes) terminal.note(note);
  const { slug, step, outcome, reason, next } = result;
  out.result({
    json: () => ({ schemaVersion: 1, ...result }),
    text: () =>
      `${slug}\t${step}: ${outcome}; next: ${next}${reason === null ? "" : ` (${reason})`}`,
  });
  return "done";
}

const create = command({
  summary: "Begin a plan, and run its first step",
  args: {
    ...rootFlag,
    ...withFlag,
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
    return reportStep(context, await runStep(site, { slug, agent, target: args.target, signal }));
  },
});

const review = command({
  summary: "Approve a plan that awaits a review, or hold one back",
  description:
    "Without --with it shows the plan and asks you. With it the command works in a copy and clears the flag when its user approves: on a terminal it has the terminal, with its prompt in the file $MIGRATION_PROMPT.",
  args: {
    ...rootFlag,
    ...withFlag,
    hold: {
      type: "string",
      valueName: "REASON",
      description: "Hold it back until it is reviewed",
      excludes: ["with"],
    },
  },
  positionals: migrationWord,
  examples: [{ command: "storage-20260304T050607", text: "Read it and decide" }],
  async run(context) {
    const { args, out, terminal } = context;
    const site = await siteOf(context);
    const slug = await slugOf(site, args.migration);
    const gate = await import("../lib/planning/review.ts");
    const done = (result: { notes: string[] }, text: string, held = false): Outcome => {
      for (const note of result.notes) terminal.note(note);
      out.result({
        json: () => ({ schemaVersion: 1, slug, held, notes: result.notes }),
        text: () => text,
      });
      return "done";
    };
    if (args.hold !== undefined) {
      return done(await gate.hold(site, slug, args.hold), `${slug} is held back`, true);
    }
    if (args.with !== undefined) {
      const agent = await agentOf(context, site, terminal.interactive);
      return done(await gate.reviewWith(site, slug, agent, context.signal), `${slug} is approved`);
    }
    const { manifest: found, plan } = gate.reviewable(site, slug);
    out.print(
      `${printableLines(plan, "")}\n\nWhy you are asked: ${printable(found.humanReviewReason ?? "")}`,
    );
    const question = { message: `Approve ${slug}?`, flag: "--yes", yes: args.yes === true };
    if (!(await terminal.confirm(question))) {
      throw new ToolkitError("cancelled", "Cancelled: it still awaits its review");
    }
    return done(await gate.approve(site, slug), `${slug} is approved`);
  },
});

const refine = command({
  summary: "Give feedback, and run the step that takes it into account",
  args: {
    ...rootFlag,
    ...withFlag,
    message: {
      type: "string",
      valueName: "TEXT",
      description: "The feedback",
      excludes: ["file", "decide"],
    },
    file: {
      type: "string",
      valueName: "FILE",
      description: "A file with the feedback, kept as it is",
      excludes: ["decide"],
    },
    decide: {
      type: "string",
      valueName: "KEY=VALUE",
      repeat: true,
      description: "Answer a decision of the plan",
    },
  },
  positionals: migrationWord,
  examples: [{ command: "v3 --decide KEY=VALUE --with builtin", text: "Take a decision" }],
  async run(context) {
    const { args, cwd } = context;
    const { readFeedback } = await import("../lib/planning/feedback.ts");
    const { text, source } = readFeedback({
      decide: args.decide,
      ...(args.message === undefined ? {} : { message: args.message }),
      ...(args.file === undefined ? {} : { file: resolve(cwd, args.file) }),
    });
    const site = await siteOf(context);
    const slug = await slugOf(site, args.migration);
    const agent = await agentOf(context, site);
    const planning = await import("../lib/planning/refine.ts");
    const { signal } = context;
    return reportStep(context, await planning.refine(site, { slug, agent, text, source, signal }));
  },
});

const tick = command({
  summary: "Run the next step or phase that is due",
  description:
    "Planning steps come first. A phase asks before it changes anything (--yes answers), goes through the change engine, and is taken back when it is not what it promised.",
  args: { ...rootFlag, ...withFlag, ...tickFlags },
  positionals: tickWords,
  examples: [
    { command: "--with builtin --steps 9", text: "Plan on until a phase or a person is next" },
    { command: '--with "codex exec -" --commit', text: "One step, by an agent" },
  ],
  exits: { findings: "the step or phase failed, and nothing of it was accepted" },
  async run(context) {
    const { args, out, terminal } = context;
    const site = await siteOf(context);
    const options = await tickOptions(context, site);
    const planning = await import("../lib/planning/tick.ts");
    const { outcomeOf } = await import("../lib/planning/tick-result.ts");
    const { tickText } = await import("../lib/planning/report.ts");
    const ticks: TickResult[] = [];
    while (ticks.length < args.steps) {
      const result = await planning.tick(site, options);
      for (const note of result.recovered) terminal.note(note);
      ticks.push(result);
      if (result.outcome !== "commit" || result.role === "planning.final-review") break;
    }
    out.result({
      json: () => ({ schemaVersion: 1, ticks }),
      text: () => ticks.map(tickText).join(""),
    });
    return outcomeOf(ticks.at(-1));
  },
});

type TickContext = Context<typeof rootFlag & typeof withFlag & typeof tickFlags, typeof tickWords>;

async function tickOptions(context: TickContext, site: Site): Promise<TickOptions> {
  const { args, env, terminal, invocation } = context;
  const { executorFor } = await import("../lib/planning/setup.ts");
  const { tmuxPort } = await import("../lib/storage/execute.ts");
  const sources = await sourcesOf(context, site);
  const setup = {
    sources,
    toolVersion: manifest.version,
    baseDir: resolvePlaces({ ...args, env }).baseDir,
    tmux: tmuxPort(env),
    invocation,
    root: args.root,
    with: args.with ?? "builtin",
  };
  return {
    agent: await agentOf(context, site),
    effort: args.effort,
    maxEffort: args.maxEffort,
    maxAttempts: args.attempts,
    commit: args.commit === true,
    signal: context.signal,
    executorFor: ({ slug }) => executorFor(site, slug, setup),
    confirm: ({ slug }, phase) => {
      const message = `Carry out phase ${phase.name} of ${slug}? rollback takes it back.`;
      return terminal.confirm({ message, flag: "--yes", yes: args.yes === true });
    },
    ...(args.migration === undefined ? {} : { slug: await slugOf(site, args.migration) }),
    ...(args.validate === undefined
      ? {}
      : { validation: { command: args.validate, env, cwd: site.root } }),
  };
}

const planning = script({
  name: "migration",
  summary: "Plan migrations in steps, review them, and carry them out phase by phase",
  description:
    "A plan lives below ROOT/migrations and goes through approaches, pick-best, expand, review and final-review, one step a tick. Whoever plans works in a private copy; what is accepted is published whole or not at all.",
  commands: { new: create, tick, list, show, doctor, review, refine },
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
