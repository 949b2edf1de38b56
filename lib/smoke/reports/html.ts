/** The run as one HTML page that needs nothing else: no script, no font, no request. */
import type { RunResult, StepResult } from "../results.ts";
import { xml } from "./machine.ts";
import { summary } from "./markdown.ts";
import { reasonOf } from "./reason.ts";

const style = `body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;
padding:0 1rem;color:#1b1f24;background:#fff}
table{border-collapse:collapse;width:100%;margin:1rem 0}
td,th{border-bottom:1px solid #d0d7de;padding:.3rem .5rem;text-align:left;vertical-align:top}
pre{background:#f6f8fa;padding:.6rem;overflow:auto;white-space:pre-wrap}summary{cursor:pointer}
.s{font-weight:600;white-space:nowrap}.pass,.manual-pass,.known-fixed{color:#116329}
.fail,.error,.blocked,.manual-fail{color:#a40e26}.known,.unclear{color:#7d4e00}
.skipped,.not-run{color:#57606a}
@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}pre{background:#161b22}
td,th{border-color:#30363d}.pass,.manual-pass,.known-fixed{color:#3fb950}
.fail,.error,.blocked,.manual-fail{color:#ff7b72}.known,.unclear{color:#d29922}
.skipped,.not-run{color:#8b949e}}`;

/** The page; every text in it is escaped. */
export function html(result: RunResult): string {
  const { run, environment, counts, coverage, steps } = result;
  const lanes = [...Map.groupBy(steps, ({ lane }) => lane).values()];
  const facts: [string, string][] = [
    ["Run", `${run.run}, ${run.at}`],
    ["AO", `${environment?.aoVersion ?? "unknown"}, generation ${run.generation}`],
    ["OS", environment?.os ?? "unknown"],
    ["Multiplexer", environment?.multiplexer ?? run.runtime],
    ["Agents, GitHub", `${run.agents}, ${run.github}`],
  ];
  if (coverage)
    facts.push([
      "OpenAPI operations",
      `${coverage.operations.asked} of ${coverage.operations.total}`,
    ]);
  const head = [
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
    "<title>AO smoke runbook</title>",
    `<meta name="viewport" content="width=device-width"><style>${style}</style></head><body>`,
  ].join("");
  const state = result.finished ? "" : " (not finished)";
  const fact = ([name, value]: [string, string]) =>
    `<tr><th>${xml(name)}</th><td>${xml(value)}</td></tr>`;
  return [
    head,
    `<h1>AO smoke runbook</h1><p>${xml(summary(counts))}${state}</p>`,
    `<table>${facts.map(fact).join("")}</table>`,
    ...lanes.map(laneTable),
    "</body></html>\n",
  ].join("\n");
}

function laneTable(steps: readonly StepResult[]): string {
  const title = `Lane ${steps[0]?.lane}: ${steps[0]?.laneTitle}`;
  return `<h2>${xml(title)}</h2><table>${steps.map(row).join("")}</table>`;
}

function row(step: StepResult): string {
  const reason = reasonOf(step);
  const actions = step.actions.map(({ checks, error, title, ms }) => {
    const held = error === undefined && checks.every(({ ok }) => ok);
    return `${held ? "ok  " : "FAIL"} ${title} (${Math.round(ms)} ms)`;
  });
  const seen = step.actions
    .filter((action) => action.seen !== undefined)
    .map((action) => JSON.stringify(action.seen, null, 2));
  const inside = [step.why, step.differs ?? ""]
    .filter((text) => text !== "")
    .map((text) => `<p>${xml(text)}</p>`);
  const block = [...actions, ...seen].join("\n").trim();
  const link = step.link?.startsWith("https://")
    ? ` <a href="${xml(step.link)}">known issue</a>`
    : "";
  return [
    `<tr><td class="s ${step.status}">${step.status}</td><td>`,
    `<details><summary>${xml(`${step.id} ${step.title}`)}</summary>${inside.join("")}`,
    block === "" ? "" : `<pre>${xml(block)}</pre>`,
    `</details>${reason === "" ? "" : `<div>${xml(reason)}${link}</div>`}</td>`,
    `<td>${Math.round(step.ms)} ms</td></tr>`,
  ].join("");
}
