#!/usr/bin/env -S bun --no-env-file --no-install --config=/dev/null
/**
 * Takes migrations back: lists them, undoes one, empties the trash of finished ones.
 *
 *     bun run scripts/rollback.ts --list           every migration of this disk and its state
 *     bun run scripts/rollback.ts [ID]             undo one (default: the newest); asks first
 *     bun run scripts/rollback.ts --prune          empty the trash of finished migrations
 *
 * Exit codes: 0 done, 2 usage, 3 damaged migration, 4 refused, 5 something had to be kept.
 */

import { realpathSync } from "node:fs";
import { join, resolve } from "node:path";
import type { MigrationSummary } from "../lib/change/history.ts";
import type { EngineOptions, Kept, UndoResult } from "../lib/change/options.ts";
import { type Context, main, script } from "../lib/cli.ts";
import { type Outcome, ToolkitError } from "../lib/errors.ts";
import { commandMaker, type DiskFlags } from "../lib/invocation.ts";
import { resolvePlaces } from "../lib/paths.ts";
import type { Leader } from "../lib/storage/followers.ts";
import { taskPlaces } from "../lib/tasks/places.ts";
import { formatBytes, plural, printable, table } from "../lib/text.ts";
import manifest from "../package.json" with { type: "json" };

const args = {
  list: {
    type: "boolean",
    description: "List the migrations, newest last",
    excludes: ["prune", "dryRun", "resume"],
  },
  dryRun: { type: "boolean", description: "Say what would be taken back, change nothing" },
  resume: {
    type: "boolean",
    description: "Finish a rollback that was interrupted",
    excludes: ["prune"],
  },
  prune: { type: "boolean", description: "Empty the trash of finished migrations for good" },
  olderThan: {
    type: "string",
    valueName: "AGE",
    description: "With --prune: only migrations older than this (30d, 12h)",
  },
  worktreeRoot: {
    type: "string",
    valueName: "DIR",
    description: "Where the migration found old worktrees (default: HOME/.worktrees)",
  },
  root: {
    type: "string",
    valueName: "DIR",
    description: "Look at DIR/.workflow/migrations instead of the base dir's",
  },
} as const;

const positionals = {
  id: { description: "Id of a migration (default: the newest)", complete: "migrations" },
} as const;

type RollbackContext = Context<typeof args, typeof positionals>;

const command = script({
  name: "rollback",
  summary: "Take a migration back, or list and prune them",
  description:
    "Undoes what a migration did and keeps what came after: later edits, new sessions and new files stay. What could not be taken back is listed with the reason.",
  args,
  positionals,
  examples: [
    { command: "--list", text: "Every migration and its state" },
    { command: "--dry-run", text: "What the newest one's rollback would do" },
    { command: "--yes", text: "Take the newest one back" },
    { command: "--prune --older-than 30d", text: "Free the trash of old ones" },
  ],
  exits: { interrupted: "something had to be kept, or it stopped half-way" },
  files: [{ path: "BASE/migrations/ID/", text: "journal and trash that a rollback reads" }],
  async run(context) {
    const { args } = context;
    if (args.olderThan !== undefined && args.prune !== true) {
      throw new ToolkitError("usage", "Cannot use --older-than: it goes with --prune");
    }
    if (args.id !== undefined && (args.list === true || args.prune === true)) {
      throw new ToolkitError("usage", `Cannot use "${args.id}": --list and --prune take no id`);
    }
    if (args.list === true) return list(context);
    if (args.prune === true) return prune(context);
    return undoOne(context);
  },
});

function migrationsDir(context: RollbackContext): string {
  const { args, cwd, env } = context;
  return args.root === undefined
    ? join(resolvePlaces({ ...args, env }).baseDir, "migrations")
    : taskPlaces(resolve(cwd, args.root)).migrationsDir;
}

/** Makes commands of this script for the same migrations. */
function callOf({ invocation, args }: RollbackContext): (...words: string[]) => string {
  const call = commandMaker(invocation, args);
  const where = args.root === undefined ? [] : ["--root", args.root];
  return (...words) => call("rollback", ...words, ...where);
}

async function list(context: RollbackContext): Promise<Outcome> {
  const { listMigrations, trashBytes } = await import("../lib/change/history.ts");
  const dir = migrationsDir(context);
  const { migrations, damaged } = await listMigrations(dir);
  const shown = migrations.map((migration) => ({
    ...migration,
    trashBytes: trashBytes(migration.dir),
  }));
  const broken = damaged.map(({ id, error }) => ({ id, message: error.message }));
  context.out.result({
    json: () => ({ schemaVersion: 1, migrations: shown, damaged: broken }),
    text: () => {
      if (shown.length + broken.length === 0) return `No migrations in ${printable(dir)}.`;
      const rows = shown.map(({ id, state, operations, kept, trashBytes, title }) => [
        id,
        state + (kept > 0 ? ` (${kept} kept)` : ""),
        String(operations),
        formatBytes(trashBytes),
        printable(title),
      ]);
      const head = ["ID", "STATE", "OPERATIONS", "TRASH", "TITLE"];
      const align = ["left", "left", "right", "right"] as const;
      const lines = [table([head, ...rows], { align })];
      for (const { id, message } of broken)
        lines.push(`${printable(id)}  damaged: ${printable(message)}`);
      return lines.join("\n");
    },
  });
  return broken.length > 0 ? "invalid" : "done";
}

async function undoOne(context: RollbackContext): Promise<Outcome> {
  const { args, out, terminal, invocation } = context;
  const { chooseMigration, previewUndo } = await import("../lib/change/rollback.ts");
  const migration = await chooseMigration(migrationsDir(context), {
    id: args.id,
    resuming: args.resume === true,
    call: callOf(context),
  });
  const { id, state, title } = migration;
  await refuseUnnamed(context, migration);
  await noteLaterOnes(context, migration);
  if (args.dryRun === true) {
    const steps = [...(await previewUndo(migration)), ...(await previewLater(context, migration))];
    out.result({
      json: () => ({ schemaVersion: 1, id, state, title, steps }),
      text: () =>
        [`${id} (${state}): ${printable(title)}`, ...steps.map((step) => `  ${printable(step)}`)]
          .concat("Nothing was changed.")
          .join("\n"),
    });
    return "done";
  }
  const go = await terminal.confirm({
    message: `Take back ${id} (${state}): ${plural(migration.operations, "operation")}?`,
    flag: "--yes",
    yes: args.yes === true,
  });
  if (!go) throw new ToolkitError("cancelled", "Cancelled: nothing was changed");
  const { undo } = await import("../lib/change/transaction.ts");
  const { tmuxPort } = await import("../lib/storage/execute.ts");
  const call = callOf(context);
  using bar = terminal.progress("Rolling back", migration.operations);
  const engine = {
    migrationDir: migration.dir,
    roots: await rootsFor(context, migration),
    tmux: tmuxPort(context.env),
    commands: { resume: call(id, "--resume"), rollback: call(id) },
    command: `${invocation} ${id}`,
    signal: context.signal,
  };
  const result = await undo({
    ...engine,
    onProgress: ({ done }) => bar.update(done),
    afterwards: (kept) => later(context, migration, { engine, kept }),
  });
  bar.end();
  out.result({
    json: () => ({ schemaVersion: 1, ...result }),
    text: () => undoText(result),
  });
  return result.kept.length > 0 ? "interrupted" : "done";
}

/** Worktrees, sessions and history of after the migration follow it; what cannot is a warning. */
async function later(
  context: RollbackContext,
  migration: MigrationSummary,
  rollback: { engine: EngineOptions; kept: readonly Kept[] },
): Promise<string[]> {
  if (migration.script !== "migrate") return [];
  const { follow } = await import("../lib/storage/followers.ts");
  const { worktreeRoot: _, ...disk } = context.args;
  const mend = commandMaker(context.invocation, disk)("repair", "worktree-links");
  const leader = await leaderOf(context, migration);
  return follow({ ...leader, ...rollback, toolVersion: manifest.version, mend });
}

/** The same as a preview. */
async function previewLater(
  context: RollbackContext,
  migration: MigrationSummary,
): Promise<string[]> {
  if (migration.script !== "migrate") return [];
  const { previewFollowers } = await import("../lib/storage/followers.ts");
  return previewFollowers(await leaderOf(context, migration));
}

async function leaderOf(
  { args, env }: RollbackContext,
  { dir, createdAt }: MigrationSummary,
): Promise<Leader> {
  const { loadPlan } = await import("../lib/change/history.ts");
  const { operations } = await loadPlan(dir);
  return { operations, since: new Date(createdAt), places: resolvePlaces({ ...args, env }), env };
}

function undoText({ id, undone, kept, warnings }: UndoResult): string {
  const lines = [`Rolled back ${id}: ${plural(undone, "operation")} taken back.`];
  lines.push(...warnings.map((warning) => `warning: ${printable(warning)}`));
  if (kept.length > 0) {
    lines.push(`Kept, because it came or changed after the migration (${kept.length}):`);
    lines.push(...kept.map(({ path, reason }) => `  • ${printable(path)}: ${printable(reason)}`));
  }
  return lines.join("\n");
}

/** What a later one of the same script did may stand on this one, and goes back more smoothly first. */
async function noteLaterOnes(context: RollbackContext, { id, script }: MigrationSummary) {
  const { listMigrations } = await import("../lib/change/history.ts");
  const { migrations } = await listMigrations(migrationsDir(context));
  const at = migrations.findIndex((migration) => migration.id === id);
  const newest = migrations
    .slice(at + 1)
    .findLast((later) => later.script === script && later.state === "done");
  if (newest === undefined) return;
  const first = callOf(context)(newest.id);
  context.terminal.note(`${newest.id} came after it and may build on it; newest first: ${first}`);
}

/** Places that were named when the migration was made have to be named to take it back. */
async function refuseUnnamed(context: RollbackContext, migration: MigrationSummary): Promise<void> {
  const { args, invocation, env } = context;
  if (args.root !== undefined) return;
  const { demandNamed } = await import("../lib/storage/unnamed.ts");
  const { loadPlan } = await import("../lib/change/history.ts");
  const words = args.resume === true ? ["--resume"] : [];
  const again = (flags: DiskFlags) =>
    commandMaker(invocation, { ...args, ...flags })("rollback", migration.id, ...words);
  const roots = await rootsFor(context, migration);
  const { baseDir } = resolvePlaces({ ...args, env });
  demandNamed(migration.id, await loadPlan(migration.dir), roots, { again, baseDir });
}

/** What may be written: the workflow's own directory, or the named places of this disk. */
async function rootsFor(
  context: RollbackContext,
  { dir, script }: MigrationSummary,
): Promise<string[]> {
  const { args, cwd, env } = context;
  if (args.root !== undefined) {
    const root = resolve(cwd, args.root);
    // Phases of a staged plan may change anything in the directory they were planned for.
    return script === "migration" ? [realpathSync(root)] : [taskPlaces(root).workflowDir];
  }
  const { recordedRoots } = await import("../lib/storage/roots.ts");
  const { loadPlan } = await import("../lib/change/history.ts");
  return recordedRoots(resolvePlaces({ ...args, env }), await loadPlan(dir));
}

async function prune(context: RollbackContext): Promise<Outcome> {
  const { args, out, terminal, invocation } = context;
  const history = await import("../lib/change/history.ts");
  const { hasTrash, listMigrations, pruneMigration, trashBytes } = history;
  const { parseAge } = await import("../lib/change/rollback.ts");
  const before = Date.now() - (args.olderThan === undefined ? 0 : parseAge(args.olderThan));
  const { migrations } = await listMigrations(migrationsDir(context));
  const due = migrations.filter(
    ({ state, createdAt, pruned, dir }) =>
      (state === "done" || state === "rolled-back") &&
      (!pruned || hasTrash(dir)) &&
      Date.parse(createdAt) <= before,
  );
  const bytes = due.reduce((sum, { dir }) => sum + trashBytes(dir), 0);
  if (args.dryRun !== true && due.length > 0) {
    const what = `${plural(due.length, "migration")} (${formatBytes(bytes)})`;
    const loss = due.some(({ state }) => state === "done")
      ? " Those that are done cannot be taken back byte for byte then."
      : "";
    const go = await terminal.confirm({
      message: `Empty the trash of ${what} for good?${loss}`,
      flag: "--yes",
      yes: args.yes === true,
    });
    if (!go) throw new ToolkitError("cancelled", "Cancelled: nothing was deleted");
  }
  let freed = 0;
  for (const migration of args.dryRun === true ? [] : due) {
    const roots = await rootsFor(context, migration);
    freed += await pruneMigration(migration.dir, { roots, command: `${invocation} --prune` });
  }
  const ids = due.map(({ id }) => id);
  out.result({
    json: () => ({ schemaVersion: 1, migrations: ids, bytes, freed }),
    text: () => {
      if (ids.length === 0) return "No finished migration has trash to prune.";
      const verb = args.dryRun === true ? "Would free" : "Freed";
      return `${verb} ${formatBytes(args.dryRun === true ? bytes : freed)}: ${ids.join(", ")}`;
    },
  });
  return "done";
}

export default command;
if (import.meta.main) await main(command);
