/** The doctor's result as one page of HTML that can be kept, sent and read without anything else. */

import { type Child, type Html, html, htmlTable } from "../html.ts";
import { barChart } from "../html-chart.ts";
import { badge, cards, htmlPage, type Section, type Tone, type Verdict } from "../html-page.ts";
import { formatCount, plural } from "../text.ts";
import { sections } from "./check.ts";
import type { DoctorDocument } from "./document.ts";

type Checked = DoctorDocument["checks"][number];
type Status = Checked["status"];

/** Findings of one check that are shown before the rest becomes a number. */
const limit = 200;

/** How good a status is, and the word for it. */
export const statusTones: Readonly<Record<Status, Tone>> = {
  pass: "good",
  info: "plain",
  warn: "warn",
  fail: "fail",
  skip: "none",
  crash: "fail",
};

const worstFirst: readonly Status[] = ["fail", "crash", "warn", "info", "pass", "skip"];

/** The page of a report. Everything in it is escaped. */
export function doctorPage(document: DoctorDocument): string {
  const { home, baseDir, checkedAt, toolkitVersion, checks } = document;
  const groups = Object.entries(sections).flatMap(([section, title]): Section[] => {
    const own = checks.filter((check) => check.section === section);
    if (own.length === 0) return [];
    return [{ id: section, title, body: own.toSorted(byStatus).map(checkBlock) }];
  });
  return htmlPage({
    title: "AO doctor: tools, config and state",
    about: [
      html`Home <code>${home}</code>, base directory <code>${baseDir}</code>`,
      html`Checked <time datetime="${checkedAt}">${checkedAt}</time> by ao-toolkit ${toolkitVersion}. Nothing was changed.`,
    ],
    verdict: verdict(document),
    sections: [
      { id: "summary", title: "Summary", body: summary(document) },
      { id: "fixes", title: "Fixes", body: fixes(checks) },
      ...groups,
    ],
  });
}

function byStatus(a: Checked, b: Checked): number {
  return worstFirst.indexOf(a.status) - worstFirst.indexOf(b.status);
}

function verdict({ healthy, totals, checks }: DoctorDocument): Verdict {
  const { fail, crash, warn } = totals;
  const worst = checks
    .filter(({ status }) => status === "fail" || status === "crash")
    .map(({ id, title }) => html`<a href="#${id}">${id}</a> ${title}`);
  if (!healthy) {
    const headline = `Not healthy: ${plural(fail + crash, "check")} failed`;
    return { tone: "fail", headline, detail: worst };
  }
  if (warn > 0) {
    return { tone: "warn", headline: `Healthy, with ${plural(warn, "warning")}` };
  }
  return { tone: "good", headline: "Healthy" };
}

function summary({ totals, checks }: DoctorDocument): Html {
  const names: readonly (readonly [Status, string])[] = [
    ["fail", "Failed"],
    ["warn", "Warnings"],
    ["info", "Notes"],
    ["pass", "Passed"],
    ["skip", "Skipped"],
  ];
  const shown = [...names, ...(totals.crash > 0 ? ([["crash", "Crashed"]] as const) : [])];
  const bars = Object.entries(sections).flatMap(([section, label]) => {
    const own = checks.filter((check) => check.section === section);
    if (own.length === 0) return [];
    const parts = worstFirst.map((status) => ({
      value: own.filter((check) => check.status === status).length,
      tone: statusTones[status],
    }));
    const bad = worstFirst.flatMap((status) => {
      const count = own.filter((check) => check.status === status).length;
      return count > 0 ? [`${formatCount(count)} ${status}`] : [];
    });
    return [{ label, value: own.length, text: bad.join(", "), parts }];
  });
  return html`${cards(shown.map(([status, name]) => [name, formatCount(totals[status])]))}
<h3>Checks by section</h3>
<ul class="legend">${names.map(
    ([status, name]) =>
      html`<li><span class="key ${statusTones[status]}"></span>${name.toLowerCase()}</li>\n`,
  )}</ul>
${barChart({ id: "sections-chart", title: "Results by section", bars, share: true })}`;
}

function fixes(checks: readonly Checked[]): Html {
  const rows = checks.toSorted(byStatus).flatMap(({ id, fix, findings }) => {
    if (fix === undefined) return [];
    const how = fix.safe ? badge("yes, it is safe", "good") : badge("by its name only", "warn");
    const what = html`${fix.title} (<a href="#${id}">${id}</a>, ${plural(findings.length, "finding")})`;
    return [[what, how, html`<code>${fix.command}</code>`]];
  });
  if (rows.length === 0) return html`<p>Nothing was found that has a fix.</p>`;
  return html`<p>Every fix is recorded and can be taken back. <code>doctor --fix</code> applies the safe ones.</p>
${htmlTable({
  caption: "What can be mended, and by which command",
  head: ["Fix", "Applied by --fix", "Command"],
  ...{ groups: [{ rows }], wide: [0, 2] },
})}`;
}

function checkBlock(check: Checked): Html {
  const { id, title, status, summary, findings, milliseconds } = check;
  const head = html`${badge(status, statusTones[status])} <code>${id}</code> ${title}`;
  if (findings.length === 0) {
    return html`<p id="${id}">${head}: <span class="soft">${summary}</span></p>\n`;
  }
  const open = status === "fail" || status === "warn";
  const state = open ? html`<details id="${id}" open>` : html`<details id="${id}">`;
  return html`${state}<summary>${head} ${badge(formatCount(findings.length), "none")}</summary>
${findingList(check)}
<p class="soft">Why it matters: <code>doctor explain ${id}</code>. It took ${formatCount(milliseconds)} ms.</p></details>
`;
}

function findingList({ findings, fix }: Checked): Html {
  const shown = findings.slice(0, limit);
  const items = shown.map(({ message, ref, remedy }, at) => {
    // One remedy for several findings is told after the last of them.
    const told = remedy === undefined || shown[at + 1]?.remedy === remedy;
    const where: Child =
      ref !== undefined && !message.includes(ref) && html` <code class="soft">${ref}</code>`;
    return html`<li>${message}${where}${!told && html`<div class="remedy">→ ${remedy}</div>`}</li>\n`;
  });
  const rest = findings.length - shown.length;
  return html`<ul>${items}${rest > 0 && html`<li class="soft">… and ${formatCount(rest)} more</li>`}</ul>
${
  fix !== undefined &&
  html`<p>${fix.title}:</p>
<pre class="command" role="region" aria-label="Fix" tabindex="0">${fix.command}</pre>`
}`;
}
