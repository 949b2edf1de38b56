/** The doctor's result as Markdown: for the summary of a workflow, an issue, a chat. */

import { plural, printable } from "../text.ts";
import type { DoctorDocument } from "./document.ts";
import { type FleetDocument, problemPlace } from "./fleet-document.ts";
import { untoldPlace } from "./report-text.ts";

type Checked = DoctorDocument["checks"][number];

/** GitHub takes a summary of up to 1 MiB; people take less. */
const [mostFindings, mostLetters] = [20, 500];

const levels = ["fail", "crash", "warn", "info"] as const;

/** What was found, the worst first, under a line with the numbers. Nothing in it is markup. */
export function doctorMarkdown(document: DoctorDocument): string {
  const { healthy, totals, checks, baseDir, checkedAt } = document;
  const numbers = [
    ...[plural(totals.fail, "failure"), plural(totals.warn, "warning")],
    ...[plural(totals.info, "note"), `${totals.pass} passed`, `${totals.skip} skipped`],
    ...(totals.crash > 0 ? [`${totals.crash} crashed`] : []),
  ];
  const found = levels.flatMap((level) => checks.filter(({ status }) => status === level));
  return `${[
    `## AO doctor: ${healthy ? "healthy" : "not healthy"}`,
    `${numbers.join(", ")}. Base directory ${code(baseDir)}, checked ${text(checkedAt)}.`,
    ...found.map(checkBlock),
  ].join("\n\n")}\n`;
}

function checkBlock({ id, title, status, summary, findings, fix }: Checked): string {
  const lines = [`### ${status.toUpperCase()} ${text(id)} ${text(title)}`, ""];
  if (findings.length === 0) lines.push(text(summary));
  for (const finding of findings.slice(0, mostFindings)) {
    const place = untoldPlace(finding);
    const parts = [text(finding.message)];
    if (place !== null) parts.push(code(place));
    if (finding.remedy !== undefined) parts.push(`→ ${code(finding.remedy)}`);
    lines.push(`- ${parts.join("<br>")}`);
  }
  const rest = findings.length - mostFindings;
  if (rest > 0) lines.push(`- … and ${plural(rest, "more", "more")}`);
  if (fix !== undefined) lines.push("", `Mend: ${code(fix.command)}`);
  return lines.join("\n");
}

/** Machines, the worst first, and what was found across them. */
export function fleetMarkdown({ totals, machines, checks }: FleetDocument): string {
  const rows = machines.map(({ name, state, doctor, plan, problems }) => {
    const { fail = 0, crash = 0, warn = 0 } = doctor?.totals ?? {};
    const said = problems.map((problem) => `${problemPlace(problem)}: ${problem.message}`);
    const numbers = doctor === undefined ? ["", ""] : [fail + crash, warn];
    const cells = [text(name), state, ...numbers, plan?.steps.length ?? "", text(said.join("; "))];
    return `| ${cells.join(" | ")} |`;
  });
  const lines = checks.map(
    ({ id, title, worst, machines }) =>
      `- ${worst.toUpperCase()} ${text(id)} ${text(title)}: ${text(machines.join(", "))}`,
  );
  const head = ["machine", "state", "failures", "warnings", "steps to V3", "unusable"];
  const table = [`| ${head.join(" | ")} |`, `|${head.map(() => "---").join("|")}|`, ...rows];
  return `${[
    `## AO doctor: ${plural(totals.machines, "machine")}, ${totals.failing} failing, ${totals.unknown} unknown`,
    table.join("\n"),
    ...(lines.length > 0 ? [lines.join("\n")] : []),
  ].join("\n\n")}\n`;
}

/** Text that stays text, whatever Markdown or HTML is in it. */
function text(raw: string): string {
  const entity = (letter: string) => `&#${letter.codePointAt(0)};`;
  // What stands first could begin a list, a heading or a rule.
  return printable(cut(raw))
    .replace(/[&<>"'\\`*_{}[\]()#|~]/g, entity)
    .replace(/^[-+=.\d]/, entity);
}

function code(raw: string): string {
  return `<code>${text(raw)}</code>`;
}

function cut(raw: string): string {
  return raw.length <= mostLetters ? raw : `${raw.slice(0, mostLetters)}…`;
}
