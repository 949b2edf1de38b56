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

import { join } from "node:path";
import { type Context, command, main, script } from "../lib/cli.ts";
import { type Outcome, ToolkitError } from "../lib/errors.ts";
import { resolvePlaces } from "../lib/paths.ts";
import type { Agent } from "../lib/planning/agent.ts";
import type { BuiltinSource } from "../lib/planning/builtin/source.ts";
import type { PlannedFastPath } from "../lib/planning/fast-path-review.ts";
import * as flags from "../lib/planning/flags.ts";
import type { Site } from "../lib/planning/site.ts";
import type { StepResult } from "../lib/planning/step.ts";
import type { TickOptions } from "../lib/planning/tick.ts";
import type { TickResult } from "../lib/planning/tick-result.ts";
import { printable, printableLines } from "../lib/text.ts";
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

/** Where the change engine records what is carried out at once. */
async function recordsOf({ args, env }: AnyContext, site: Site) {
  const { workflowMigrations } = await import("../lib/planning/site.ts");
  const { baseDir } = resolvePlaces({ ...args, env });
  return { storage: join(baseDir, "migrations"), "task-sessions": workflowMigrations(site) };
}

/** The fast path with its planner, when the word means it rather than a staged plan. */
async function fastPathOf(context: AnyContext, site: Site, word: string) {
  const { isFastPathTarget } = await import("../lib/planning/fast-path.ts");
  if (!isFastPathTarget(word)) return null;
  const { refuseTwice } = await import("../lib/planning/resolve.ts");
  const { sourceFor } = await import("../lib/planning/setup.ts");
  refuseTwice(site, word);
  const source = sourceFor(await sourcesOf(context, site), word);
  const { disk, now } = site;
  return { target: word, migrationsDir: (await recordsOf(context, site))[word], disk, now, source };
}

const list = command({
  summary: "List the migrations and where they stand",
  description:
    "Staged plans by slug, then what migrate and migrate-sessions carried out at once, or would if it were not held back. Columns on a terminal, tab-separated values in a pipe.",
  args: { ...flags.rootFlag, ...flags.listFlags },
  examples: [{ command: "--awaiting-review", text: "What waits for a person" }],
  async run(context) {
    const { args, out, terminal } = context;
    const site = await siteOf(context);
    const { listRows } = await import("../lib/planning/list.ts");
    const { listText } = await import("../lib/planning/report.ts");
    const { recover } = await import("../lib/planning/recover.ts");
    for (const note of recover(site)) terminal.note(note);
    const rows = await listRows(site, await recordsOf(context, site), {
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
    const findings = await (slug === null ? examineAll(site) : examine(site, slug));
    out.result({
      json: () => ({ schemaVersion: 1, root: site.root, fixed, findings }),
      text: () => doctorText(findings, site.root),
    });
    return findings.some(({ severity }) => severity === "error") ? "findings" : "done";
  },
});

async function reportStep(
  { out, terminal }: Pick<Context, "out" | "terminal">,
  result: StepResult,
): Promise<Outcome> {
  const { stepText } = await import("../lib/planning/report.ts");
  for (const note of result.notes) terminal.note(note);
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
  args: { ...flags.rootFlag, ...flags.withFlag, ...flags.reviewFlags },
  positionals: flags.migrationWord,
  examples: [{ command: "storage-20260304T050607", text: "Read it and decide" }],
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
    const { manifest: found, plan } = await gate.reviewable(site, slug);
    const why = printable(found.humanReviewReason ?? "");
    if (!(await ask(`${printableLines(plan, "")}\n\nWhy you are asked: ${why}`))) {
      throw new ToolkitError("cancelled", "Cancelled: it still awaits its review");
    }
    return done(await gate.approve(site, slug), `${slug} is approved`);
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
    return reportStep(context, await planning.refine(site, { slug, agent, text, source, signal }));
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

type TickContext = Context<
  typeof flags.rootFlag & typeof flags.withFlag & typeof flags.tickFlags,
  typeof flags.tickWords
>;

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
