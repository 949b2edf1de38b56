/** The merged reports of many machines as one page of HTML. */

import { type Child, type Html, html, htmlList, htmlTable } from "../html.ts";
import { barChart } from "../html-chart.ts";
import { badge, cards, htmlPage, type Tone, type Verdict } from "../html-page.ts";
import { formatBytes, formatCount, plural } from "../text.ts";
import {
  type FleetDocument,
  type Machine,
  problemPlace,
  type State,
  states,
} from "./fleet-document.ts";
import { statusTones } from "./page.ts";

/** Machines, and lines of one list, that are shown before the rest becomes a number. */
const [mostMachines, limit] = [500, 100];

const stateTones: Readonly<Record<State, Tone>> = {
  failing: "fail",
  unknown: "plain",
  warning: "warn",
  healthy: "good",
};

/** The page. Everything in it is escaped. */
export function fleetPage(fleet: FleetDocument): string {
  const { mergedAt, toolkitVersion } = fleet;
  return htmlPage({
    title: "AO doctor: many machines",
    about: [
      html`Merged <time datetime="${mergedAt}">${mergedAt}</time> by ao-toolkit ${toolkitVersion}`,
    ],
    verdict: verdict(fleet),
    sections: [
      { id: "summary", title: "Summary", body: summary(fleet) },
      { id: "machines", title: "Machines", body: machineTable(fleet) },
      { id: "checks", title: "Checks across machines", body: checkTable(fleet) },
      { id: "drift", title: "Drift across machines", body: drift(fleet) },
      { id: "details", title: "One by one", body: details(fleet) },
    ],
  });
}

function verdict({ totals, healthy }: FleetDocument): Verdict {
  const { machines, failing, unknown, warning } = totals;
  const of = `of ${plural(machines, "machine")}`;
  if (failing > 0) return { tone: "fail", headline: `${formatCount(failing)} ${of} failing` };
  if (!healthy) return { tone: "fail", headline: `${formatCount(unknown)} ${of} gave no report` };
  if (warning > 0) {
    return { tone: "warn", headline: `${formatCount(warning)} ${of} with warnings or drift` };
  }
  return { tone: "good", headline: `${plural(machines, "machine")}, all healthy` };
}

function summary({ totals }: FleetDocument): Html {
  const bars = states.map((state) => ({
    ...{ label: state, value: totals[state], text: formatCount(totals[state]) },
    parts: [{ value: totals[state], tone: stateTones[state] }],
  }));
  return html`${cards([
    ["Machines", formatCount(totals.machines)],
    ["Failing", formatCount(totals.failing)],
    ["Unknown", formatCount(totals.unknown)],
    ["With warnings or drift", formatCount(totals.warning)],
    ["Healthy", formatCount(totals.healthy)],
  ])}
${barChart({ id: "states-chart", title: "Machines by state", bars })}`;
}

function machineTable({ machines }: FleetDocument): Html {
  const rows = machines.slice(0, mostMachines).map((machine, at) => {
    const { name, state, doctor, plan, problems } = machine;
    const { fail, crash, warn } = doctor?.totals ?? {};
    return [
      html`<a href="#machine-${at}">${name}</a>`,
      badge(state, stateTones[state]),
      doctor !== undefined && formatCount((fail ?? 0) + (crash ?? 0)),
      doctor !== undefined && formatCount(warn ?? 0),
      plan !== undefined && formatCount(plan.steps.length),
      plan !== undefined && formatCount(plan.sessions),
      plan !== undefined && formatBytes(plan.bytes),
      problems.length > 0 && formatCount(problems.length),
      doctor?.checkedAt ?? plan?.scannedAt,
    ];
  });
  const head = [
    "Machine",
    "State",
    "Failures",
    "Warnings",
    "Steps to V3",
    "Sessions",
    "State read",
  ];
  return html`${htmlTable({
    caption: "The worst first; what nothing was said of is empty",
    head: [...head, "Unusable files", "Looked at"],
    ...{ groups: [{ rows }], numbers: [2, 3, 4, 5, 6, 7, 8] },
  })}${left(machines.length - mostMachines)}`;
}

function left(rest: number): Child {
  return rest > 0 && html`<p class="soft">… and ${formatCount(rest)} more; the JSON has all.</p>`;
}

function names(machines: readonly string[]): string {
  const rest = machines.length - limit;
  const shown = machines.slice(0, limit).join(", ");
  return rest > 0 ? `${shown} … and ${formatCount(rest)} more` : shown;
}

function checkTable({ checks }: FleetDocument): Html {
  if (checks.length === 0) return html`<p>Every check passed everywhere.</p>`;
  const rows = checks.map(({ id, title, worst, machines }) => [
    html`<code>${id}</code> ${title}`,
    badge(worst, statusTones[worst]),
    ...[formatCount(machines.length), names(machines)],
  ]);
  return htmlTable({
    caption: "What was found, and on which machines",
    head: ["Check", "Worst", "Machines", "Which"],
    ...{ groups: [{ rows }], numbers: [2], wide: [0, 3] },
  });
}

function drift({ drift, machines }: FleetDocument): Html {
  const plans = machines.filter(({ plan }) => plan !== undefined).length;
  if (plans === 0) return html`<p>No dry run was among the reports.</p>`;
  if (drift.length === 0) return html`<p>Nothing drifted on ${plural(plans, "machine")}.</p>`;
  const bars = drift.map(({ kind, count, machines }) => ({
    ...{ label: kind, value: count },
    text: `${formatCount(count)} on ${formatCount(machines.length)}`,
  }));
  return html`<p>Issues of each kind in ${plural(plans, "dry run")}, and on how many machines.</p>
${barChart({ id: "drift-chart", title: "Drift by kind", bars })}`;
}

function details({ machines }: FleetDocument): Html {
  return html`${machines.slice(0, mostMachines).map(machineBlock)}${left(machines.length - mostMachines)}`;
}

function machineBlock(machine: Machine, at: number): Html {
  const { name, state, doctor, plan, problems } = machine;
  const head = html`<summary>${name} ${badge(state, stateTones[state])}</summary>`;
  return html`<details id="machine-${at}">${head}
${
  problems.length > 0 &&
  htmlList(
    problems.map((problem) => html`<code>${problemPlace(problem)}</code> ${problem.message}`),
    limit,
  )
}
${
  doctor !== undefined &&
  html`<p>Home <code>${doctor.home}</code>, base directory <code>${doctor.baseDir}</code>, toolkit ${doctor.toolkitVersion}, <code>${doctor.file}</code></p>
${doctor.checks.map(checkBlock)}`
}
${
  plan !== undefined &&
  html`<p>Dry run: plan <code>${plan.planId}</code>, ${plural(plan.operations, "operation")}, <code>${plan.file}</code></p>
${htmlList([
  ...plan.blockers.map((text) => html`${badge("blocker", "fail")} ${text}`),
  ...plan.warnings.map((text) => html`${badge("warning", "warn")} ${text}`),
  ...plan.steps.map(({ title, count }) => html`${title} (${formatCount(count)})`),
])}`
}</details>
`;
}

function checkBlock(check: NonNullable<Machine["doctor"]>["checks"][number]): Html {
  const { id, title, status, summary, findings, fix } = check;
  const items = findings.map(
    ({ message, remedy }) =>
      html`${message}${remedy !== undefined && html`<div class="remedy">→ ${remedy}</div>`}`,
  );
  return html`<p>${badge(status, statusTones[status])} <code>${id}</code> ${title}${findings.length === 0 && `: ${summary}`}</p>
${findings.length > 0 && htmlList(items, limit)}
${fix !== undefined && html`<p class="soft">Mend with <code>${fix.command}</code></p>`}
`;
}
