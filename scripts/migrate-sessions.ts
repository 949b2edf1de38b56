#!/usr/bin/env -S bun --no-env-file --no-install --config=/dev/null
/**
 * Turns flat task sessions, `task_sessions/{task}.yml`, into directories with the session, a
 * snapshot of the task's definition, and a log for people.
 *
 *     bun run scripts/migrate-sessions.ts --dry-run      what would be done with each file
 *     bun run scripts/migrate-sessions.ts                does it, after a confirmation
 *
 * Exit codes: 0 done or nothing to do, 2 usage, 3 some files were left as they are (the others are
 * migrated), 4 refused, 5 stopped half-way, 130 cancelled.
 */

import { join, resolve } from "node:path";
import type { ApplyResult, Progress as EngineProgress } from "../lib/change/options.ts";
import { type Context, main, script } from "../lib/cli.ts";
import { type Outcome, ToolkitError } from "../lib/errors.ts";
import { siblingCall } from "../lib/invocation.ts";
import type { Progress } from "../lib/progress.ts";
import type { MigrationDocument } from "../lib/tasks/document.ts";
import type { TaskPlaces } from "../lib/tasks/places.ts";
import type { TaskPlan } from "../lib/tasks/plan.ts";
import { plural, printable, shellWord } from "../lib/text.ts";
import manifest from "../package.json" with { type: "json" };

/** Warnings that are shown; --json has all of them. */
const shownWarnings = 20;

const args = {
  dryRun: {
    type: "boolean",
    description: "Only show what would be done",
    excludes: ["resume"],
  },
  root: {
    type: "string",
    valueName: "DIR",
    description: "The project that has the .workflow (default: the current directory)",
  },
  version: {
    type: "string",
    valueName: "ID",
    repeat: true,
    description: "Only this version, such as v001; alone at the end: show the tool's version",
  },
  resume: {
    type: "boolean",
    description: "Finish a migration that was interrupted",
    excludes: ["version"],
  },
} as const;

type SessionsContext = Context<typeof args>;

const command = script({
  name: "migrate-sessions",
  summary: "Turn flat task sessions into directories",
  description:
    "Each .workflow/versions/VERSION/task_sessions/TASK.yml (or .yaml) becomes TASK/session.yml, byte for byte, beside task.yml (a snapshot of the definition in tasks/) and operations.log. A file that cannot be read is reported and left as it is.",
  args,
  examples: [
    { command: "--dry-run", text: "What would be done with each file" },
    { command: "--root ~/work/shop --version v001", text: "One version of another project" },
    { command: "--yes --json", text: "Without a question, with the result as JSON" },
  ],
  exits: { invalid: "some files were left as they are; all others are migrated" },
  files: [
    { path: ".workflow/versions/*/task_sessions/", text: "the sessions" },
    { path: ".workflow/migrations/ID/", text: "plan and journal, for going back" },
  ],
  async run(context) {
    const { taskPlaces } = await import("../lib/tasks/places.ts");
    const places = taskPlaces(resolve(context.cwd, context.args.root ?? "."));
    using progress = createProgress(context);
    if (context.args.resume === true) return resumeRun(context, places, progress);
    const gate = await gateOf(context, places);
    const now = gate.reservation?.now ?? new Date();
    const plan = await makePlan(context, places, { now, progress });
    if (context.args.dryRun === true || plan.sessions.length === 0) {
      return show(context, places, plan, null);
    }
    gate.check(plan);
    await confirm(context, places, plan);
    const { migrateTasks } = await import("../lib/tasks/execute.ts");
    const { recheck: onLocked } = gate;
    const run = { ...runOptions(context, progress), toolVersion: manifest.version, now, onLocked };
    const result = await migrateTasks(plan, places, run);
    gate.file(result.id);
    progress.end();
    return show(context, places, plan, await migrationOf(context, places, result));
  },
});

/** What somebody has had to say about the migration that comes next. */
async function gateOf({ args, invocation, terminal }: SessionsContext, places: TaskPlaces) {
  const fastPath = await import("../lib/planning/fast-path.ts");
  const { taskPlanId } = await import("../lib/planning/builtin/tasks.ts");
  const { realDisk: disk } = await import("../lib/change/disk.ts");
  const { migrationsDir, root } = places;
  const path = { target: "task-sessions", migrationsDir, disk, now: () => new Date() } as const;
  const flag = args.root === undefined ? "" : ` --root ${shellWord(args.root)}`;
  const review = (word: string) =>
    `${siblingCall(invocation, "migration")} review ${shellWord(word)}${flag}`;
  if (args.dryRun !== true) {
    const { settleFastPath } = await import("../lib/planning/fast-path-settle.ts");
    for (const note of await settleFastPath(path)) terminal.note(note);
  }
  const reservation = fastPath.reservationOf(path);
  if (reservation !== null && reservation.waits !== null) {
    const command = review(path.target);
    terminal.note(`held back: ${printable(reservation.waits)}; let it go with: ${command}`);
  }
  return {
    reservation,
    /** @throws ToolkitError `refused` while it is held back, or is not what was approved */
    check(plan: TaskPlan) {
      fastPath.refuseHeld(path, { root, disk }, review);
      fastPath.demandApproved(reservation, taskPlanId(plan.operations), review(path.target));
    },
    /** The same once more, when nobody can change it any more. */
    recheck: () => fastPath.refuseChanged(path, { root, disk }, reservation, review),
    /** @throws ToolkitError `refused` while it is held back itself, not by a staged plan */
    checkResume: () => fastPath.refuseHeld(path, null, review),
    file: (id: string) => fastPath.fileFastPath(path, id),
  };
}

async function makePlan(
  { args }: SessionsContext,
  places: TaskPlaces,
  { now, progress }: { now: Date; progress: ShownProgress },
): Promise<TaskPlan> {
  const { scanTasks } = await import("../lib/tasks/scan.ts");
  const { planTasks } = await import("../lib/tasks/plan.ts");
  const inventory = scanTasks(places, {
    versions: args.version,
    onProgress: (done, total) => progress.show("Reading", done, total),
  });
  const plan = planTasks(inventory, {
    now,
    onProgress: (done, total) => progress.show("Planning", done, total),
  });
  progress.end();
  return plan;
}

async function confirm(
  { args, terminal }: SessionsContext,
  places: TaskPlaces,
  { sessions, problems }: TaskPlan,
): Promise<void> {
  const left =
    problems.length === 0 ? "" : ` (${plural(problems.length, "file")} stay as they are)`;
  const go = await terminal.confirm({
    message: `Migrate ${plural(sessions.length, "task session")} below ${places.root}${left}?`,
    flag: "--yes",
    yes: args.yes,
  });
  if (!go) throw new ToolkitError("cancelled", "Cancelled: nothing was changed");
}

/** Says what was done, or would be; without a migration nothing was. */
async function show(
  { args, out, terminal }: SessionsContext,
  places: TaskPlaces,
  plan: TaskPlan,
  migration: MigrationDocument | null,
): Promise<Outcome> {
  const report = await import("../lib/tasks/report.ts");
  const { taskMigrationDocument } = await import("../lib/tasks/document.ts");
  const dryRun = args.dryRun === true;
  if (!out.json) {
    for (const line of report.remarkLines(plan.warnings, shownWarnings)) terminal.warn(line);
    for (const problem of plan.problems) terminal.warn(report.remarkLine(problem));
    if (migration !== null) terminal.note(`to take it back: ${migration.undo}`);
  }
  out.result({
    json: () => taskMigrationDocument(plan, { root: places.root, dryRun, migration }),
    text: () => {
      if (plan.sessions.length + plan.problems.length === 0) return report.nothingFound;
      return dryRun ? report.dryRunText(plan) : report.summaryText(plan);
    },
  });
  return plan.problems.length > 0 ? "invalid" : "done";
}

async function resumeRun(
  context: SessionsContext,
  places: TaskPlaces,
  progress: ShownProgress,
): Promise<Outcome> {
  const gate = await gateOf(context, places);
  const { checkResume: onLocked } = gate;
  onLocked();
  const { resumeTasks } = await import("../lib/tasks/execute.ts");
  const result = await resumeTasks(places, { ...runOptions(context, progress), onLocked });
  gate.file(result.id);
  const migration = await migrationOf(context, places, result);
  const done = `Finished ${result.id}: ${plural(result.operations, "operation")} in all.`;
  context.out.result({
    json: () => ({ schemaVersion: 1, root: places.root, migration }),
    text: () => `${done}\nTo take it back: ${migration.undo}`,
  });
  return "done";
}

async function migrationOf(
  context: SessionsContext,
  places: TaskPlaces,
  result: ApplyResult,
): Promise<MigrationDocument> {
  const { migrationDocument } = await import("../lib/tasks/document.ts");
  for (const warning of result.warnings) context.terminal.warn(warning);
  const dir = join(places.migrationsDir, result.id);
  return migrationDocument(result, dir, commandsOf(context)(result.id).rollback);
}

/** The commands that lead on from a run, with the root that it was given. */
function commandsOf({ args, invocation }: SessionsContext) {
  const rollback = siblingCall(invocation, "rollback");
  const root = args.root === undefined ? "" : ` --root ${shellWord(args.root)}`;
  return (id: string) => ({
    resume: `${invocation}${root} --resume`,
    rollback: `${rollback}${root === "" ? " --root ." : root} ${id}`,
  });
}

function runOptions(context: SessionsContext, progress: ShownProgress) {
  return {
    command: context.invocation,
    commands: commandsOf(context),
    signal: context.signal,
    onProgress: ({ phase, done, total }: EngineProgress) =>
      progress.show(phase === "check" ? "Checking" : "Migrating", done, total),
  };
}

/** One bar after the other. */
interface ShownProgress extends Disposable {
  show(label: string, done: number, total: number): void;
  end(): void;
}

function createProgress({ terminal }: SessionsContext): ShownProgress {
  let shown: { label: string; bar: Progress } | undefined;
  const end = () => {
    shown?.bar.end();
    shown = undefined;
  };
  return {
    show(label, done, total) {
      if (shown?.label !== label) {
        end();
        shown = { label, bar: terminal.progress(label, total) };
      }
      shown?.bar.update(done);
    },
    end,
    [Symbol.dispose]: end,
  };
}

export default command;

if (import.meta.main) await main(command);
