/** The merged reports of many machines for eyes: the worst machine first. */

import { formatBytes, formatCount, plural, printable } from "../text.ts";
import {
  type FleetDocument,
  type Machine,
  type MachineDoctor,
  type MachinePlan,
  problemPlace,
  type State,
} from "./fleet-document.ts";
import type { ReportStyle } from "./report-text.ts";

/** Lines of one list, and names of one line, that are shown before the rest becomes a number. */
const [mostLines, mostNames] = [5, 8];

interface TextOptions {
  style: ReportStyle;
  /** Show everything. */
  verbose: boolean;
}

/** What is wrong machine by machine, then what is wrong across them. */
export function fleetText(fleet: FleetDocument, options: TextOptions): string {
  const { style } = options;
  const well = fleet.machines.filter(({ state }) => state === "healthy");
  const blocks = fleet.machines
    .filter(({ state }) => state !== "healthy")
    .map((machine) => machineLines(machine, options).join("\n"));
  if (well.length > 0) {
    const names = well.map(({ name }) => name);
    blocks.push(`${mark("healthy", style)}  ${namesOf(names, options)}`);
  }
  const checks = fleet.checks.filter(({ worst }) => worst !== "info" || options.verbose);
  if (checks.length > 0) {
    const lines = checks.map(
      ({ id, title, worst, machines }) =>
        `  ${worst.toUpperCase().padEnd(5)}  ${style.dim(id)}  ${printable(title)} ${on(machines, options)}`,
    );
    blocks.push([style.bold("Checks across machines"), ...lines].join("\n"));
  }
  if (fleet.drift.length > 0) {
    const lines = fleet.drift.map(
      ({ kind, count, machines }) =>
        `  ${String(count).padStart(6)}  ${printable(kind)} ${on(machines, options)}`,
    );
    blocks.push([style.bold("Drift across machines"), ...lines].join("\n"));
  }
  return `${[...blocks, summaryLine(fleet, style)].join("\n\n")}\n`;
}

function machineLines(machine: Machine, options: TextOptions): string[] {
  const { name, state, doctor, plan, problems } = machine;
  const { style } = options;
  return [
    `${mark(state, style)}  ${style.bold(printable(name))}`,
    ...problems.map(
      (problem) =>
        `  ${style.red("error:")} ${printable(`${problemPlace(problem)}: ${problem.message}`)}`,
    ),
    ...(doctor === undefined ? [] : doctorLines(doctor, options)),
    ...(plan === undefined ? [] : planLines(plan, options)),
  ];
}

function doctorLines({ totals, checks, checkedAt }: MachineDoctor, options: TextOptions): string[] {
  const { style } = options;
  const numbers = [
    plural(totals.fail + totals.crash, "failure"),
    plural(totals.warn, "warning"),
    plural(totals.info, "note"),
  ];
  const notable = checks.filter(({ status }) => status !== "info" || options.verbose);
  return [
    `  doctor: ${numbers.join(", ")} (checked ${printable(checkedAt)})`,
    ...notable.flatMap(({ id, title, status, summary, findings, fix }) => [
      `    ${status.toUpperCase().padEnd(5)}  ${style.dim(printable(id))}  ${printable(title)}${
        findings.length === 0 ? `: ${printable(summary)}` : ""
      }`,
      ...list(
        findings.map(({ message }) => message),
        options,
      ),
      ...(fix === undefined ? [] : [`        ${style.cyan("mend:")} ${printable(fix.command)}`]),
    ]),
  ];
}

function planLines(plan: MachinePlan, options: TextOptions): string[] {
  const { steps, operations, drift, openDecisions, warnings, blockers, bytes, sessions } = plan;
  const issues = drift.reduce((sum, { count }) => sum + count, 0);
  const numbers = [
    ...[plural(steps.length, "step"), plural(operations, "operation"), plural(issues, "issue")],
    ...(openDecisions > 0 ? [plural(openDecisions, "open decision")] : []),
  ];
  return [
    `  dry run: ${numbers.join(", ")} (${plural(sessions, "session")}, ${formatBytes(bytes)})`,
    ...list(
      [
        ...blockers.map((text) => `blocker: ${text}`),
        ...warnings.map((text) => `warning: ${text}`),
      ],
      options,
    ),
  ];
}

function list(items: readonly string[], { verbose }: TextOptions): string[] {
  const cut = verbose || items.length <= mostLines + 1 ? items : items.slice(0, mostLines);
  const lines = cut.map((item) => `      • ${printable(item)}`);
  const rest = items.length - cut.length;
  return rest > 0 ? [...lines, `        … and ${plural(rest, "more", "more")} (--verbose)`] : lines;
}

function on(machines: readonly string[], options: TextOptions): string {
  return `(${formatCount(machines.length)}): ${namesOf(machines, options)}`;
}

function namesOf(names: readonly string[], { verbose }: TextOptions): string {
  const cut = verbose || names.length <= mostNames + 1 ? names : names.slice(0, mostNames);
  const rest = names.length - cut.length;
  const shown = cut.map(printable).join(", ");
  return rest > 0 ? `${shown} … and ${plural(rest, "more", "more")}` : shown;
}

function mark(state: State, style: ReportStyle): string {
  const word = state.toUpperCase().padEnd(7);
  if (state === "healthy") return style.green(word);
  return state === "warning" ? style.yellow(word) : style.red(word);
}

function summaryLine({ totals, healthy }: FleetDocument, style: ReportStyle): string {
  const { machines, failing, unknown, warning, healthy: well } = totals;
  const parts = [`${failing} failing`, `${unknown} unknown`, `${warning} with warnings`];
  const word = healthy ? style.green("Healthy") : style.red("Not healthy");
  return `${word}: ${plural(machines, "machine")}, ${[...parts, `${well} healthy`].join(", ")}.`;
}
