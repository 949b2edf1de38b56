/** What a repair says to eyes: its plan, and how it ended. */

import { plural, printable } from "../text.ts";
import { type Mended, operationLines, type Remedy } from "./mend.ts";
import { leftBy } from "./repair-document.ts";
import type { ReportStyle } from "./report-text.ts";

/** Lines shown of a long list before it is cut. */
const shown = 20;

/** What would be mended, and by which operations. */
export function planText(remedies: readonly Remedy[], style: ReportStyle): string {
  const parts = remedies.map(({ check, findings, operations }) => {
    if (operations.length === 0) return `${check.fix.name}: nothing to mend.`;
    return [
      `${style.bold(check.fix.name)}  ${style.dim(check.id)}  ${check.fix.title}`,
      ...list(findings, "  • "),
      `  ${plural(operations.length, "operation")}:`,
      ...list(operationLines(operations), "    "),
    ].join("\n");
  });
  return `${parts.join("\n\n")}\n`;
}

/** What was mended, what is left of it, and how to take it back. */
export function resultText(
  mended: readonly Mended[],
  style: ReportStyle,
  undo: (id: string) => string,
): string {
  if (mended.length === 0) return "Nothing to mend.\n";
  const parts = mended.map((done) => {
    const left = leftBy(done.after);
    const lines = [
      `${style.green("Mended")} ${done.fix}: ${plural(done.operations, "operation")}, recorded as ${done.id}.`,
      ...done.warnings.map((warning) => `warning: ${printable(warning)}`),
    ];
    if (left.length === 0) lines.push("Looked again: it is well now.");
    else lines.push(`Looked again: ${plural(left.length, "finding")} left:`, ...list(left, "  • "));
    return [...lines, `Take it back with:\n  ${undo(done.id)}`].join("\n");
  });
  return `${parts.join("\n\n")}\n`;
}

function list(items: readonly string[], indent: string): string[] {
  const cut = items.length > shown + 1 ? items.slice(0, shown) : items;
  const lines = cut.map((item) => indent + printable(item));
  const rest = items.length - cut.length;
  return rest > 0 ? [...lines, `${indent}… and ${plural(rest, "more", "more")}`] : lines;
}
