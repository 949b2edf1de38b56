/** What the commands on staged plans print for eyes, and for pipes. */

import { isInside } from "../paths.ts";
import type { Style } from "../terminal.ts";
import { printable, table } from "../text.ts";
import type { SlugFinding } from "./doctor.ts";
import type { ListRow } from "./list.ts";
import type { Shown } from "./show.ts";
import type { StepResult } from "./step.ts";
import type { TickResult } from "./tick-result.ts";

const columns = ["slug", "status", "cursor", "awaiting_review", "last_touch", "cooldown", "reason"];
const none = "(none)";

function cellsOf(row: ListRow): string[] {
  const { slug, status, cursor, awaitingReview, lastTouch, cooldown, reason } = row;
  const review = awaitingReview ? "yes" : "no";
  return [slug, status, cursor, review, lastTouch, cooldown, reason].map((cell) =>
    printable(cell ?? none),
  );
}

/** One line a migration: columns for a terminal, tabs for a pipe. */
export function listText(
  rows: readonly ListRow[],
  options: { headers: boolean; aligned: boolean; style: Style },
): string {
  const { headers, aligned, style } = options;
  const head = aligned ? columns.map((name) => style.bold(name)) : columns;
  const lines = [...(headers ? [head] : []), ...rows.map(cellsOf)];
  if (lines.length === 0) return "";
  return `${aligned ? table(lines) : lines.map((cells) => cells.join("\t")).join("\n")}\n`;
}

/** One line a finding, with tabs; nothing when there is none. */
export function doctorText(findings: readonly SlugFinding[], root: string): string {
  return findings
    .map(({ slug, severity, code, path, message }) => {
      const shown = isInside(path, root) ? path.slice(root.length + 1) : path;
      return `${[slug, severity, code, shown, message].map(printable).join("\t")}\n`;
    })
    .join("");
}

export function showText(shown: Shown, style: Style): string {
  const { slug, manifest, state, recorded, rolledBack, plan } = shown;
  const pairs: [string, string | null][] = [
    ["status", rolledBack.length > 0 ? "rolled-back" : manifest.status],
    ["target", state?.target ?? null],
    ["cursor", state?.nextStep ?? null],
    ["current phase", manifest.currentPhase || null],
    ["awaiting review", manifest.awaitingHumanReview ? "yes" : "no"],
    ["reason", manifest.humanReviewReason ?? state?.finalReason ?? null],
    ["created", manifest.createdAt],
    ["last touch", manifest.lastTouch],
    ["cooldown until", manifest.cooldownUntil],
    ["wakes up on", manifest.wakeUpOn],
  ];
  if (rolledBack.length > 0) pairs.push(["run again", `review ${slug}, then tick ${slug}`]);
  const rows = pairs.map(([name, value]) => [style.dim(name), printable(value ?? none)]);
  const parts = [`${style.bold(printable(slug))}\n${table(rows)}`];
  if (state !== null && state.completedSteps.length > 0) {
    const steps = state.completedSteps.map(({ name, outcome, completedAt, agent }) => {
      return [name, outcome, completedAt, agent ?? none].map(printable);
    });
    parts.push(`${style.bold("Accepted steps")}\n${table(steps)}`);
  }
  if (manifest.phases.length > 0) {
    const phases = manifest.phases.map(({ name, file, done, requiredEffort }) => {
      const kind = recorded.includes(name) ? "operations" : "agent";
      const taken = rolledBack.find(({ phase }) => phase === name)?.state;
      return [taken ?? (done ? "done" : "open"), name, file, requiredEffort ?? none, kind].map(
        printable,
      );
    });
    parts.push(`${style.bold("Phases")}\n${table(phases)}`);
  }
  for (const { source, text } of state?.feedback ?? []) {
    parts.push(
      `${style.bold(`Feedback (${source})`)}\n${text.split("\n").map(printable).join("\n")}`,
    );
  }
  if (plan !== null) parts.push(plan.split("\n").map(printable).join("\n").trimEnd());
  return `${parts.join("\n\n")}\n`;
}

/** A line for one planning step. */
export function stepText({ slug, step, outcome, reason, next }: StepResult): string {
  const why = reason === null ? "" : ` (${printable(reason)})`;
  return `${slug}\t${step}: ${outcome}; next: ${next}${why}`;
}

/** A line for what one tick did, and one for each migration that it put off. */
export function tickText({
  outcome,
  role,
  failure,
  slug,
  summary,
  next,
  deferred,
}: TickResult): string {
  const said = printable(summary).replace(/\.$/, "");
  if (outcome === "nothing") return slug === null ? `${said}\n` : `nothing for ${slug}: ${said}\n`;
  const who = slug === null ? "" : ` ${printable(slug)}`;
  const why = failure === "none" ? "" : ` (${failure})`;
  const then = next === null ? "" : `; next: ${printable(next)}`;
  const lines = [`${outcome}${who} ${role}${why}: ${said}${then}`];
  for (const put of deferred) {
    lines.push(`put off ${printable(put.slug)}: ${printable(put.reason)}`);
  }
  return `${lines.join("\n")}\n`;
}
