/** The operations of a phase: a plan of the change engine, kept beside the phase's document. */

import { join } from "node:path";
import type { Disk } from "../change/disk.ts";
import { formatPlan, parsePlan } from "../change/migration.ts";
import type { Plan } from "../change/plan.ts";
import { ToolkitError } from "../errors.ts";

/** For prompts. */
export const phaseFileNames =
  "Operations that are known beforehand stand in phase-<number>-<name>.operations.json beside the " +
  "document: schemaVersion 1, script, title, roots and operations of the change engine.";

/** The file with the operations of a phase, by the name of its document. */
export function operationsFileOf(document: string): string {
  return document.replace(/\.md$/, ".operations.json");
}

/** The plan as its file has it. */
export function formatOperations(plan: Plan): string {
  return Buffer.concat([...formatPlan(plan)]).toString();
}

/**
 * The recorded operations of a phase; null when none are recorded.
 *
 * @throws ToolkitError `invalid` with the place of the fault
 */
export async function readOperations(
  disk: Disk,
  dir: string,
  document: string,
): Promise<Plan | null> {
  const file = join(dir, operationsFileOf(document));
  const stat = disk.lstat(file);
  if (stat === null) return null;
  if (stat.kind !== "file") {
    throw new ToolkitError("invalid", `Cannot load "${file}": it is a ${stat.kind}, not a file`);
  }
  return parsePlan(new TextDecoder().decode(disk.readFile(file)), file);
}

/**
 * The operations in an agent's answer: the last block fenced as JSON.
 *
 * @param frame script, title and roots of the plan that they make
 * @throws ToolkitError `invalid` when there is none, or what it holds are no operations
 */
export async function parseAnswer(answer: string, frame: Omit<Plan, "operations">): Promise<Plan> {
  const block = [...answer.matchAll(/^```json\s*$([\s\S]*?)^```\s*$/gm)].at(-1)?.[1];
  const file = "the agent's answer";
  if (block === undefined) {
    throw new ToolkitError("invalid", `Cannot load "${file}": it has no block of operations`);
  }
  let operations: unknown;
  try {
    operations = (JSON.parse(block) as { operations?: unknown } | null)?.operations;
  } catch (cause) {
    throw new ToolkitError("invalid", `Cannot load "${file}": its block is not JSON`, { cause });
  }
  return parsePlan(JSON.stringify({ schemaVersion: 1, ...frame, operations }), file);
}
