/** The dry run as text: inventory, issues, plan, totals, decisions, warnings, blockers. */

import { formatBytes, hanging, printable, truncateMiddle, wrap } from "../text.ts";
import type { Issue } from "./drift.ts";
import { nothingToDo } from "./options.ts";
import type { InventoryRecord, PlanRecord } from "./record.ts";

/** Colours a report uses; identity functions give plain text. */
export interface ReportStyle {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  yellow(text: string): string;
}

/** No colours at all: for files. */
export const plainStyle: ReportStyle = {
  bold: (text) => text,
  dim: (text) => text,
  red: (text) => text,
  yellow: (text) => text,
};

export interface ReportOptions {
  style: ReportStyle;
  /** Show every issue and every detail instead of the first few. */
  verbose: boolean;
  columns: number;
}

/** Lines shown of a long list before it is shortened. */
const shown = 5;

/** The whole report. `heading` is the first line: tool, mode and version. */
export function planReport(record: PlanRecord, heading: string, options: ReportOptions): string {
  const { inventory } = record;
  const writer = new Writer(options);
  writer.line(options.style.bold(heading));
  writer.pair("Scanned:", printable(inventory.aoBaseDir));
  writer.pair("At:", inventory.scannedAt);
  inventorySection(writer, inventory);
  issueSections(writer, inventory);
  planSection(writer, record);
  totalsSection(writer, record);
  decisionsSection(writer, record);
  messages(writer, "Warnings", record.warnings, options.style.yellow);
  messages(writer, "Blockers", record.blockers, options.style.red);
  return writer.text();
}

class Writer {
  readonly #lines: string[] = [];

  constructor(readonly options: ReportOptions) {}

  line(text = ""): void {
    this.#lines.push(text);
  }

  heading(text: string): void {
    this.line();
    this.line(this.options.style.bold(text));
  }

  pair(label: string, value: string | number, indent = ""): void {
    this.line(`${indent}${label.padEnd(26 - indent.length)}${value}`.trimEnd());
  }

  /** A bullet of any length, wrapped under itself. */
  bullet(text: string, indent = "    ", sign = "•"): void {
    this.line(hanging(`${indent}${sign} `, printable(text), this.options.columns));
  }

  /** A list that is shortened unless everything was asked for. */
  list(items: string[], indent = "    ", sign = "•"): void {
    const limit = this.options.verbose || items.length <= shown + 1 ? items.length : shown;
    for (const item of items.slice(0, limit)) this.bullet(item, indent, sign);
    const left = items.length - limit;
    if (left > 0) this.line(`${indent}${this.options.style.dim(`… and ${left} more (--verbose)`)}`);
  }

  text(): string {
    return `${this.#lines.join("\n")}\n`;
  }
}

function inventorySection(writer: Writer, inventory: InventoryRecord): void {
  const { projects, totals, observability } = inventory;
  const bare = projects.filter((project) => project.layout === "v1-bare").length;
  writer.heading("Inventory");
  const row = (label: string, value: string | number) => writer.pair(label, value, "  ");
  row("Projects:", projects.length);
  row("  V1 bare-basename:", bare);
  row("  V2 hashed:", projects.length - bare);
  row("V1 hash dirs:", inventory.v1HashDirs.length);
  row("Sessions:", totals.sessions);
  row("Worktrees:", totals.worktrees);
  row("Observability dirs:", countWithBytes(totals.observabilityDirs, observability.bytes));
  row("Stranded worktrees:", inventory.strandedWorktrees.length);
  row("Bare hash dirs:", inventory.bareHashDirs.length);
  row(".migrated dirs:", inventory.migratedDirs.length);
  row("Live tmux sessions:", inventory.liveTmuxSessions.length);
  row("Same-repo duplicates:", inventory.duplicateRepos.length);
  row("State read:", formatBytes(totals.bytes));
}

function countWithBytes(count: number, bytes: number): string {
  return count === 0 ? "0" : `${count} (${formatBytes(bytes)})`;
}

function issueSections(writer: Writer, inventory: InventoryRecord): void {
  const groups: [string, Issue[]][] = [
    ...inventory.projects.map((project): [string, Issue[]] => [
      `${project.projectId} [${project.layout}]`,
      project.issues,
    ]),
    ...Object.entries(inventory.hashDirIssues).map(([name, issues]): [string, Issue[]] => [
      `${name} [v1]`,
      issues,
    ]),
  ].filter(([, issues]) => issues.length > 0) as [string, Issue[]][];
  if (groups.length > 0) writer.heading("Per-project issues");
  const { verbose, style } = writer.options;
  const limit = verbose || groups.length <= 12 ? groups.length : 10;
  for (const [label, issues] of groups.slice(0, limit)) {
    writer.line(`  ${truncateMiddle(printable(label), writer.options.columns - 2)}`);
    writer.list(summarised(issues, verbose));
  }
  if (groups.length > limit) {
    writer.line(`  ${style.dim(`… and ${groups.length - limit} more projects (--verbose)`)}`);
  }
  section(writer, "Global config issues", inventory.globalConfigIssues);
  section(writer, "Other issues", inventory.issues);
}

function section(writer: Writer, heading: string, issues: Issue[]): void {
  if (issues.length === 0) return;
  writer.heading(heading);
  writer.list(summarised(issues, writer.options.verbose), "  ");
}

/** One example of each kind with how many there are, so that a short list still names every kind. */
function summarised(issues: Issue[], verbose: boolean): string[] {
  if (verbose) return issues.map((issue) => issue.detail);
  const byKind = new Map<string, { first: Issue; count: number }>();
  for (const issue of issues) {
    const known = byKind.get(issue.kind);
    if (known === undefined) byKind.set(issue.kind, { first: issue, count: 1 });
    else known.count += 1;
  }
  return [...byKind.values()].map(({ first, count }) =>
    count === 1 ? first.detail : `${first.detail} (and ${count - 1} more like this)`,
  );
}

function planSection(writer: Writer, record: PlanRecord): void {
  writer.heading("Plan");
  if (record.steps.length === 0) {
    writer.line(record.blockers.length > 0 ? "  Blocked; see below." : `  ${nothingToDo(record)}.`);
    return;
  }
  const { style } = writer.options;
  for (const step of record.steps) {
    writer.line(`  ${String(step.order).padStart(2)}. ${step.title} (${step.count})`);
    if (!writer.options.verbose) continue;
    writer.line(
      `      ${style.dim(wrap(step.description, writer.options.columns - 6).replaceAll("\n", "\n      "))}`,
    );
    writer.list(step.details, "      ", "-");
  }
}

function totalsSection(writer: Writer, record: PlanRecord): void {
  if (record.steps.length === 0) return;
  const { totals } = record;
  const operations = record.steps.reduce((n, step) => n + step.operations.length, 0);
  writer.heading("Totals");
  const rows: [string, number | string][] = [
    ["Projects to re-key:", totals.projectsToRekey],
    ["Sessions to rewrite:", totals.sessionsToRewrite],
    ["tmux renames:", totals.tmuxRenames],
    ["Worktrees to adopt:", totals.worktreeAdoptions],
    ["Orchestrators:", totals.orchestratorsToNormalize],
    ["Observability dirs:", totals.observabilityDirsToCollapse],
    ["Bare hash dirs:", totals.bareHashDirsToRemove],
    ["storageKey fields:", totals.storageKeyFieldsToStrip],
    ["Bytes to the trash:", formatBytes(totals.estimatedBytesFreed)],
    ["Operations:", operations],
  ];
  for (const [label, value] of rows) writer.pair(label, value, "  ");
}

function decisionsSection(writer: Writer, record: PlanRecord): void {
  if (record.decisions.length === 0) return;
  writer.heading("Decisions");
  for (const decision of record.decisions) {
    writer.bullet(decision.question, "  ");
    for (const { value, label } of decision.choices) {
      const chosen = value === decision.chosen;
      const note = value === decision.default ? " (default)" : "";
      const sign = chosen ? "›" : " ";
      writer.bullet(`${value}: ${label}${note}`, "    ", sign);
    }
    writer.bullet(`answer with: --decide '${decision.key}=VALUE'`, "    ", " ");
  }
}

function messages(
  writer: Writer,
  heading: string,
  lines: string[],
  paint: (text: string) => string,
): void {
  if (lines.length === 0) return;
  writer.line();
  writer.line(paint(heading));
  writer.list(lines, "  ");
}
