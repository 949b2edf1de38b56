/** The run as one page of HTML that can be kept, sent and read without anything else. */
import { type Child, type Html, html, htmlList } from "../../html.ts";
import { barChart } from "../../html-chart.ts";
import { badge, cards, htmlPage, type Section, type Tone, type Verdict } from "../../html-page.ts";
import { formatCount, plural } from "../../text.ts";
import { type Status, statuses } from "../record.ts";
import { findings, type RunResult, type StepResult } from "../results.ts";
import { summary } from "./markdown.ts";
import { reasonOf } from "./reason.ts";

const tones: Readonly<Record<Status, Tone>> = {
  pass: "good",
  "manual-pass": "good",
  "known-fixed": "good",
  ...{ fail: "fail", error: "fail", blocked: "fail", "manual-fail": "fail" },
  ...{ known: "warn", unclear: "warn" },
  ...{ skipped: "none", "not-run": "none" },
};

/** Each tone of a bar with what it stands for. */
const legend: readonly (readonly [Tone, string])[] = [
  ["good", "worked"],
  ["fail", "broke"],
  ["warn", "known or unclear"],
  ["none", "not walked"],
];

/** The page of a run. Everything in it is escaped. */
export function runPage(result: RunResult): string {
  const { run, environment, steps, knownIssues } = result;
  const lanes = [...Map.groupBy(steps, ({ lane }) => lane).values()];
  const os = environment?.os ?? "an unknown system";
  const multiplexer = environment?.multiplexer ?? run.runtime;
  const walked = new Set(steps.map(({ id }) => id));
  const known = knownIssues.map(
    ({ step, text }) => html`${walked.has(step) ? stepLink(step) : step}: ${text}`,
  );
  return htmlPage({
    title: "AO smoke runbook",
    about: [
      html`Run <code>${run.run}</code> of <time datetime="${run.at}">${run.at}</time>`,
      html`AO ${environment?.aoVersion ?? "unknown"}, generation ${run.generation}, on ${os} with ${multiplexer}`,
      html`Agents: ${run.agents}. GitHub: ${run.github}. In a sandbox of its own.`,
    ],
    verdict: verdict(result),
    sections: [
      { id: "summary", title: "Summary", body: overview(result, lanes) },
      ...(known.length === 0
        ? []
        : [{ id: "known", title: "Known issues to look at", body: htmlList(known) }]),
      ...lanes.map(laneSection),
    ],
  });
}

function verdict({ counts, steps, finished, cancelled }: RunResult): Verdict {
  const found = steps.filter(({ status }) => findings.includes(status));
  const detail: Child[] = [summary(counts)];
  const state = cancelled ? "cancelled" : "not finished";
  const whole = finished && !cancelled;
  if (!whole) detail.push(`The run was ${state}: what is missing was not walked.`);
  if (found.length > 0) {
    detail.push(...found.map(({ id, title }) => html`${stepLink(id)} ${title}`));
    const verb = found.length === 1 ? "needs" : "need";
    return { tone: "fail", headline: `${plural(found.length, "step")} ${verb} a look`, detail };
  }
  if (!whole) return { tone: "warn", headline: upper(state), detail };
  return { tone: "good", headline: "Nothing broke", detail };
}

function upper(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

function overview({ counts, coverage, ms }: RunResult, lanes: StepResult[][]): Html {
  const bars = lanes.map((steps) => {
    const parts = legend.map(([tone]) => ({
      ...{ tone, value: steps.filter(({ status }) => tones[status] === tone).length },
    }));
    const [worked = 0, broke = 0] = parts.map(({ value }) => value);
    const bad = broke > 0 ? `, ${formatCount(broke)} broke` : "";
    const said = `${formatCount(worked)} of ${formatCount(steps.length)} worked${bad}`;
    return { label: laneTitle(steps), value: steps.length, text: said, parts };
  });
  const seen = statuses.filter((status) => counts[status] > 0);
  const operations = coverage?.operations;
  return html`${cards([
    ...seen.map((status) => [status, formatCount(counts[status])] as const),
    ...[["Time", `${(ms / 1000).toFixed(1)} s`] as const],
    ...(operations === undefined
      ? []
      : [["OpenAPI operations", `${operations.asked} of ${operations.total}`] as const]),
  ])}
<h3>Steps by lane</h3>
<ul class="legend">${legend.map(([tone, text]) => html`<li><span class="key ${tone}"></span>${text}</li>\n`)}</ul>
${barChart({ id: "lanes-chart", title: "Results by lane", bars, share: true })}`;
}

function laneTitle([first]: readonly StepResult[]): string {
  const { lane = "", laneTitle = "" } = first ?? {};
  return lane === "teardown" ? laneTitle : `Lane ${lane}: ${laneTitle}`;
}

function laneSection(steps: readonly StepResult[]): Section {
  const id = `lane-${steps[0]?.lane}`;
  return { id, title: laneTitle(steps), body: steps.map(stepBlock) };
}

function anchorOf(id: string): string {
  return `step-${id.replaceAll(".", "-")}`;
}

function stepLink(id: string): Html {
  return html`<a href="#${anchorOf(id)}">${id}</a>`;
}

function stepBlock(step: StepResult): Html {
  const { id, status, title, why, differs, ms, link } = step;
  const reason = reasonOf(step);
  const head = html`${badge(status, tones[status])} <code>${id}</code> ${title}`;
  const state = findings.includes(status)
    ? html`<details id="${anchorOf(id)}" open>`
    : html`<details id="${anchorOf(id)}">`;
  const known = link?.startsWith("https://") && html` <a href="${link}">known issue</a>`;
  return html`${state}<summary>${head}</summary>
${reason !== "" && html`<p>${reason}${known}</p>\n`}${[why, differs ?? ""]
  .filter((text) => text !== "")
  .map((text) => html`<p class="soft">${text}</p>\n`)}${actionList(step)}
<p class="soft">It took ${formatCount(Math.round(ms))} ms.</p></details>
`;
}

/** What was done and what came of it, with what was seen where something did not hold. */
function actionList({ id, actions }: StepResult): Html {
  return html`${actions.map(({ title, ms, error, checks, seen }) => {
    const held = error === undefined && checks.every(({ ok }) => ok);
    const text = seen === undefined ? null : JSON.stringify(seen, null, 2);
    const label = `Seen in step ${id}: ${title}`;
    return html`<p>${badge(held ? "ok" : "not ok", held ? "good" : "fail")} ${title} <span class="soft">(${formatCount(Math.round(ms))} ms)</span></p>
${text !== null && html`<pre class="command" role="region" aria-label="${label}" tabindex="0">${text}</pre>\n`}`;
  })}`;
}
