/** Fixes at work: the operations of a check's own run, through the change engine. */

import { join } from "node:path";
import { loadPlan, newMigrationId } from "../change/history.ts";
import { type Operation, subjectOf, touchedBy } from "../change/operation.ts";
import type { EngineOptions } from "../change/options.ts";
import { applyPlan, resume } from "../change/transaction.ts";
import { ToolkitError } from "../errors.ts";
import { tmuxPort } from "../storage/execute.ts";
import { liveReasons } from "../storage/live.ts";
import { recordedRoots, rootsOf } from "../storage/roots.ts";
import { plural } from "../text.ts";
import type { FixableCheck } from "./check.ts";
import type { Facts } from "./facts.ts";
import { type CheckResult, runCheck } from "./run.ts";

/** What a fix would do right now. */
export interface Remedy {
  check: FixableCheck;
  /** What it would mend, one line each. */
  findings: string[];
  operations: Operation[];
  /** Why AO has to be stopped first; empty when all is quiet or the fix does not mind. */
  live: string[];
}

/**
 * Asks the check for its findings and what mends them. Nothing is changed.
 *
 * @throws ToolkitError `refused` when the check has to be skipped, with its reason
 */
export async function remedyOf(check: FixableCheck, facts: Facts): Promise<Remedy> {
  const outcome = await check.run(facts);
  if ("skip" in outcome) {
    const fault = facts.inventory.registryFault;
    throw new ToolkitError(
      fault === null ? "refused" : "invalid",
      `Cannot apply "${check.fix.name}": ${outcome.skip}`,
      fault === null ? {} : { place: fault.place, hint: "mend that file, then run again" },
    );
  }
  const { findings, mend = [] } = outcome;
  const quiet = check.fix.quiet && mend.length > 0;
  return {
    check,
    findings: findings.map(({ message }) => facts.redact(message)),
    operations: mend,
    live: quiet ? liveReasons(facts.inventory) : [],
  };
}

/** @throws ToolkitError `refused` while AO or one of its sessions is live */
export function refuseLive({ check, live }: Remedy, force: string): void {
  if (live.length === 0) return;
  const more = live.length > 3 ? ` and ${live.length - 3} more` : "";
  const reasons = `${live.slice(0, 3).join("; ")}${more}`;
  throw new ToolkitError("refused", `Cannot apply "${check.fix.name}": AO is live (${reasons})`, {
    hint: `stop AO and its sessions, or go on all the same with: ${force}`,
  });
}

/** What the engine is given by the script. */
export interface MendOptions {
  /** Name of the script, for the record. */
  script: "doctor" | "repair";
  toolVersion: string;
  commands: (id: string) => EngineOptions["commands"];
  signal?: AbortSignal;
  onProgress?: NonNullable<EngineOptions["onProgress"]>;
}

/** A fix that was applied. */
export interface Mended {
  /** Id of the migration that recorded it. */
  id: string;
  fix: string;
  operations: number;
  warnings: string[];
  /** How the check ends now. */
  after: CheckResult;
}

/**
 * Applies a remedy and runs its check again.
 *
 * @param again new facts, of the disk as it is afterwards
 * @throws ToolkitError as `applyPlan`
 */
export async function mend(
  remedy: Remedy,
  facts: Facts,
  options: MendOptions,
  again: () => Facts,
): Promise<Mended> {
  const { check, operations } = remedy;
  const id = newMigrationId(facts.now, "repair");
  const roots = rootsOf(facts.inventory);
  const { script, toolVersion } = options;
  const title = `${check.fix.title} (${check.id})`;
  const result = await applyPlan({
    ...engineOptions(id, facts, roots, options),
    toolVersion,
    plan: { script, title, operations, roots },
  });
  const after = await runCheck(check, again());
  const { warnings } = result;
  return { id, fix: check.fix.name, operations: result.operations, warnings, after };
}

/**
 * Finishes the newest repair that was interrupted.
 *
 * @throws ToolkitError `refused` when none was, else as `resume`
 */
export async function resumeRepair(
  facts: Facts,
  options: MendOptions,
): Promise<{ id: string; title: string; operations: number; warnings: string[] }> {
  const { migrations } = await facts.migrations;
  const open = migrations.findLast(
    ({ script, state }) =>
      (script === "doctor" || script === "repair") &&
      (state === "interrupted" || state === "planned"),
  );
  if (open === undefined) {
    throw new ToolkitError(
      "refused",
      `Cannot resume in "${facts.places.baseDir}": no repair was interrupted`,
    );
  }
  // Half-way the disk may no longer say where a V0 directory or a repository is; the plan does.
  const recorded = recordedRoots(facts.places, await loadPlan(open.dir));
  const roots = [...rootsOf(facts.inventory), ...recorded];
  const result = await resume(engineOptions(open.id, facts, roots, options));
  return { id: open.id, title: open.title, ...pick(result) };
}

function pick({ operations, warnings }: { operations: number; warnings: string[] }) {
  return { operations, warnings };
}

function engineOptions(
  id: string,
  facts: Facts,
  roots: readonly string[],
  { script, commands, signal, onProgress }: MendOptions,
): EngineOptions {
  return {
    migrationDir: join(facts.migrationsDir, id),
    roots,
    commands: commands(id),
    command: script,
    tmux: tmuxPort(facts.env),
    ...(signal !== undefined && { signal }),
    ...(onProgress !== undefined && { onProgress }),
  };
}

/** One line for each operation, without the content of files: that may be anybody's. */
export function operationLines(operations: readonly Operation[]): string[] {
  return operations.map((operation) => {
    const { op } = operation;
    if (op === "move" || op === "renameTmux") {
      return `${op} ${operation.from} → ${operation.to}`;
    }
    if (op === "create") {
      return `${op} ${operation.path} (${plural(Buffer.byteLength(operation.content), "byte")})`;
    }
    if (op === "patchJson" || op === "patchYaml") {
      const pointers = operation.edits.map(({ pointer }) => pointer);
      return `${op} ${operation.path} ${pointers.join(" ")}`;
    }
    if (op === "relinkWorktree") return `${op} ${touchedBy(operation).writes.join(", ")}`;
    return `${op} ${subjectOf(operation)}`;
  });
}
