/** A session's `operations.log`: its history for people, one line an operation. */

import { printable, printableLines } from "../text.ts";
import type { TaskOperation } from "./session.ts";

/** Stands for a timestamp or an operation that a session does not name. */
const unknownTime = "unknown";
const unknownOperation = "UNKNOWN";

export const rule = "=".repeat(70);

/**
 * The whole log of a session that was flat.
 *
 * @param stamp when it was migrated, as timestamps are written
 */
export function operationsLog(
  task: string,
  stamp: string,
  operations: readonly TaskOperation[],
): string {
  const lines = [
    `# Operations Log for ${printable(task)}`,
    `# Migrated: ${stamp}`,
    "# Format: [timestamp] OPERATION target_type: target_id (path)",
    rule,
    `[${stamp}] MIGRATION: Converted from flat file structure`,
  ];
  if (operations.length > 0) lines.push("# Historical operations from session data:");
  for (const operation of inTimeOrder(operations)) {
    lines.push(operationLine(operation));
    const summary = operation.summary?.trim() ?? "";
    if (summary !== "") lines.push(`  Summary: ${printableLines(summary, "    ")}`);
  }
  return `${lines.join("\n")}\n`;
}

/** Operations of one moment keep their order; those without a time come last. */
function inTimeOrder(operations: readonly TaskOperation[]): TaskOperation[] {
  const timeOf = ({ time }: TaskOperation) => time ?? Number.POSITIVE_INFINITY;
  return operations.toSorted((a, b) => (timeOf(a) === timeOf(b) ? 0 : timeOf(a) - timeOf(b)));
}

function operationLine(given: TaskOperation): string {
  const { timestamp = unknownTime, operation = unknownOperation, path } = given;
  const target = [given.targetType, given.targetId].filter((part) => part !== undefined);
  const parts = [`[${timestamp}]`, operation];
  if (target.length > 0) parts.push(target.join(": "));
  if (path !== undefined && path !== "") parts.push(`(${path})`);
  return printable(parts.join(" "));
}
