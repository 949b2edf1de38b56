/** The part of the page that says what drifted: by kind, by project, and one by one. */

import { type Child, type Html, html, htmlList, htmlTable } from "../html.ts";
import { barChart } from "../html-chart.ts";
import { badge } from "../html-page.ts";
import { formatCount } from "../text.ts";
import type { Issue } from "./drift.ts";
import type { InventoryRecord } from "./record.ts";

/** Lines of one list that are shown before the rest becomes a number. */
const limit = 50;
/** Places that get a bar, and those that get a column. */
const [mostBars, mostColumns] = [25, 8];

/** Issues by where they are, in the order of the text report. */
function issueGroups(inventory: InventoryRecord): [string, Issue[]][] {
  const groups: [string, Issue[]][] = [
    ...inventory.projects.map(({ projectId, issues }): [string, Issue[]] => [projectId, issues]),
    ...Object.entries(inventory.hashDirIssues),
    ["Registry and configs", inventory.globalConfigIssues],
    ["Elsewhere", inventory.issues],
  ];
  return groups.filter(([, issues]) => issues.length > 0);
}

/** All issues of a record. */
export function issuesOf(inventory: InventoryRecord): Issue[] {
  return issueGroups(inventory).flatMap(([, issues]) => issues);
}

export function driftSection(inventory: InventoryRecord): Html {
  const groups = issueGroups(inventory);
  if (groups.length === 0) return html`<p>Nothing drifted.</p>`;
  const kinds = byCount([...Map.groupBy(issuesOf(inventory), ({ kind }) => kind)]);
  const places = byCount(groups);
  return html`<div class="pair"><div><h3>By kind</h3>
${chart("drift-kinds", "Issues by kind", kinds)}</div>
<div><h3>By project</h3>
${chart("drift-places", "Issues by project", places)}</div></div>
<h3>Which kind where</h3>
${matrix(kinds, places)}
<h3>One by one</h3>
${groups.map(
  ([
    name,
    issues,
  ]) => html`<details><summary>${name} ${badge(formatCount(issues.length), "warn")}</summary>
${htmlList(
  issues.map(({ kind, detail }) => html`<code>${kind}</code> ${detail}`),
  limit,
)}</details>
`,
)}`;
}

type Counted = readonly (readonly [string, readonly Issue[]])[];

function byCount(groups: Counted): Counted {
  return groups.toSorted(([, a], [, b]) => b.length - a.length);
}

function chart(id: string, title: string, groups: Counted): Html {
  const bars = groups.slice(0, mostBars).map(([label, issues]) => ({
    ...{ label, value: issues.length, text: formatCount(issues.length) },
  }));
  const rest = groups.slice(mostBars);
  const others = rest.reduce((sum, [, issues]) => sum + issues.length, 0);
  return html`${barChart({ id, title, bars })}
${rest.length > 0 && html`<p class="soft">${formatCount(rest.length)} more have ${formatCount(others)} together.</p>`}`;
}

/** Kinds by places; the places beyond the first few share a column. */
function matrix(kinds: Counted, places: Counted): Html {
  const cut = places.length > mostColumns + 1 ? mostColumns : places.length;
  const rest = places.slice(cut).flatMap(([, issues]) => issues);
  const more = places.length - cut;
  const columns: Counted =
    more === 0 ? places : [...places.slice(0, cut), [`${formatCount(more)} others`, rest]];
  const cell = (kind: string, issues: readonly Issue[]): Child => {
    const count = issues.filter((issue) => issue.kind === kind).length;
    return count > 0 && badge(formatCount(count), "warn");
  };
  const rows = kinds.map(([kind, all]) => [
    html`<code>${kind}</code>`,
    ...columns.map(([, issues]) => cell(kind, issues)),
    formatCount(all.length),
  ]);
  const head = ["Kind", ...columns.map(([name]) => name), "All"];
  const numbers = head.map((_, column) => column).slice(1);
  return htmlTable({
    caption: "Issues of each kind in each place",
    ...{ head, groups: [{ rows }], numbers },
  });
}
