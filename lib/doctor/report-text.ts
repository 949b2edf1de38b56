/** The doctor's result for eyes. */

import { hanging, plural, printable, table, wrap } from "../text.ts";
import { type Check, costs, type Finding, type Section, sections } from "./check.ts";
import type { CheckResult, Status } from "./run.ts";

/** Colours; identity functions give plain text. */
export interface ReportStyle {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  yellow(text: string): string;
  green(text: string): string;
  cyan(text: string): string;
}

export interface ReportOptions {
  style: ReportStyle;
  /** Show all findings of a check instead of the first few. */
  verbose: boolean;
  /** Width of the screen. */
  columns: number;
  /** The command of a fix. */
  command: (fix: string) => string;
}

/** Findings of one check that are shown before the list is cut. */
const shown = 5;

/** All results by section, then one line with the numbers. */
export function reportText(results: readonly CheckResult[], options: ReportOptions): string {
  const lines: string[] = [];
  for (const [section, title] of Object.entries(sections) as [Section, string][]) {
    const own = results.filter(({ check }) => check.section === section);
    if (own.length === 0) continue;
    if (lines.length > 0) lines.push("");
    lines.push(options.style.bold(title), ...sectionLines(own, options));
  }
  return `${[...lines, "", summaryLine(results, options.style)].join("\n")}\n`;
}

function sectionLines(results: readonly CheckResult[], options: ReportOptions): string[] {
  const [first] = results;
  const same =
    first?.status === "skip" && results.every(({ summary }) => summary === first.summary);
  // A section that does not apply is one line, not eight.
  if (same && results.length > 1) {
    return [`  ${mark("skip", options.style)}  ${printable(first.summary)}`];
  }
  return results.flatMap((result) => checkLines(result, options));
}

function checkLines(
  result: CheckResult,
  { style, verbose, columns, command }: ReportOptions,
): string[] {
  const { check, status, summary, findings } = result;
  const head = `  ${mark(status, style)}  ${style.dim(check.id)}  `;
  if (findings.length === 0) return [`${head}${check.title}: ${printable(summary)}`];
  const lines = [head + check.title];
  const cut = verbose || findings.length <= shown + 1 ? findings : findings.slice(0, shown);
  for (const [index, finding] of cut.entries()) {
    const { message, remedy } = finding;
    lines.push(hanging("      • ", printable(message), columns));
    const place = untoldPlace(finding);
    if (place !== null) lines.push(`        ${style.dim(printable(place))}`);
    // One remedy for several findings is told after the last of them; unbroken, since it is copied.
    if (remedy === undefined || cut[index + 1]?.remedy === remedy) continue;
    lines.push(`        ${style.cyan("→")} ${printable(remedy)}`);
  }
  const rest = findings.length - cut.length;
  if (rest > 0) lines.push(`        … and ${plural(rest, "more", "more")} (--verbose)`);
  if (check.fix !== undefined)
    lines.push(`        ${style.cyan("mend:")} ${command(check.fix.name)}`);
  return lines;
}

/** A finding, or what was read of one. */
type Told = Pick<Finding, "message"> & Partial<Record<"ref" | "remedy", string | undefined>>;

/**
 * The path of a finding that names its file by its last part alone; null where it is told well
 * enough, be it by the remedy.
 */
export function untoldPlace({ message, remedy = "", ref = "" }: Told): string | null {
  const known = ref.split("/").slice(-2).join("/");
  if (!ref.startsWith("/") || message.includes(known) || remedy.includes(ref)) return null;
  return ref;
}

function mark(status: Status, style: ReportStyle): string {
  const word = status.toUpperCase().padEnd(5);
  if (status === "pass") return style.green(word);
  if (status === "fail" || status === "crash") return style.red(word);
  return status === "warn" ? style.yellow(word) : style.dim(word);
}

function summaryLine(results: readonly CheckResult[], style: ReportStyle): string {
  const number = (status: Status) => results.filter((result) => result.status === status).length;
  const parts = [
    `${number("pass")} passed`,
    plural(number("info"), "note"),
    plural(number("warn"), "warning"),
    plural(number("fail"), "failure"),
    `${number("skip")} skipped`,
  ];
  if (number("crash") > 0) parts.push(`${number("crash")} crashed`);
  const bad = number("fail") + number("crash") > 0;
  const word = bad ? style.red("Not healthy") : style.green("Healthy");
  return `${word}: ${parts.join(", ")}.`;
}

/** The list behind `--list-checks`. */
export function checkList(checks: readonly Check[]): string {
  const rows = checks.map(({ id, section, title, cost, fix }) => [
    id,
    section,
    title,
    costs[cost],
    fix === undefined ? "" : `fix: ${fix.name}${fix.safe ? " (safe)" : ""}`,
  ]);
  return `${table(rows)}\n`;
}

/** All there is to say about one check. */
export function explanation(check: Check, style: ReportStyle, columns: number): string {
  const { id, title, section, cost, explain, fix } = check;
  const part = (name: string, text: string) =>
    `${style.bold(name)}\n${wrap(text, Math.min(columns, 100), "  ")}`;
  const parts = [
    `${style.bold(id)}  ${title}\n${sections[section]}; ${costs[cost]}`,
    part("What", explain.what),
    part("Why", explain.why),
    part("How found", explain.found),
    part("How mended", explain.mended),
    part("Source", explain.source),
  ];
  if (fix !== undefined) {
    const safe = fix.safe ? "applied by --fix" : "applied by --fix with its id only";
    const quiet = fix.quiet ? "; AO has to be stopped" : "";
    parts.push(part("Fix", `${fix.name}: ${fix.title} (${safe}${quiet})`));
  }
  return `${parts.join("\n\n")}\n`;
}
