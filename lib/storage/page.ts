/** The dry run as one page of HTML that can be kept, sent and read without anything else. */

import { type Child, type Html, html, htmlList, htmlPage, htmlTable } from "../html.ts";
import { barChart } from "../html-chart.ts";
import { formatBytes, formatCount, plural } from "../text.ts";
import type { Issue } from "./drift.ts";
import { bytesByKind, identifierForms } from "./page-layers.ts";
import { drawTree, type Mark, type TreeNode, treesOf } from "./page-tree.ts";
import { operationsOf, type StoragePlan } from "./plan.ts";
import type { PlanRecord } from "./record.ts";

/** Lines of one list that are shown before the rest becomes a number. */
const limit = 200;

/** The page of a plan. Everything from the disk is escaped. */
export function planPage(plan: StoragePlan, record: PlanRecord, toolkit: string): string {
  const { inventory } = record;
  return htmlPage({
    title: "AO storage: what is there, what drifted, and the plan",
    about: [
      html`Base directory <code>${inventory.aoBaseDir}</code>`,
      html`Scanned <time datetime="${inventory.scannedAt}">${inventory.scannedAt}</time> by ${toolkit}`,
      html`Plan <code>${record.planId}</code>. A dry run: nothing was changed.`,
    ],
    sections: [
      { id: "summary", title: "Summary", body: summary(record) },
      { id: "bytes", title: "Bytes by kind", body: bytes(plan) },
      { id: "identifiers", title: "Identifiers in use", body: identifiers(plan) },
      { id: "drift", title: "Drift", body: drift(record) },
      { id: "trees", title: "Before and after", body: trees(plan) },
      { id: "plan", title: "The plan", body: steps(record) },
      { id: "decisions", title: "Decisions, warnings, blockers", body: remarks(record) },
    ],
  });
}

function summary({ inventory, steps, blockers }: PlanRecord): Html {
  const { totals, projects, v1HashDirs, observability } = inventory;
  const operations = steps.reduce((sum, step) => sum + step.operations.length, 0);
  const cards: [string, string][] = [
    ["Projects", formatCount(projects.length)],
    ["Directories by hash", formatCount(v1HashDirs.length)],
    ["Sessions", formatCount(totals.sessions)],
    ["Worktrees", formatCount(totals.worktrees)],
    ["Observability directories", formatCount(observability.rootLevelDirCount)],
    ["State read", formatBytes(totals.bytes)],
    ["Issues", formatCount(issuesOf(inventory).length)],
    ["Steps", formatCount(steps.length)],
    ["Operations", formatCount(operations)],
  ];
  const verdict =
    blockers.length > 0
      ? html`<p class="fail"><strong>Blocked.</strong> ${plural(blockers.length, "thing")} must be mended first.</p>`
      : steps.length === 0
        ? html`<p class="good"><strong>Nothing to do:</strong> this disk is V3.</p>`
        : html`<p><strong>${plural(steps.length, "step")}</strong> lead to V3; one command takes them back.</p>`;
  return html`${verdict}
<dl class="cards">${cards.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>\n`)}</dl>`;
}

function bytes({ inventory }: StoragePlan): Html {
  const kinds = bytesByKind(inventory);
  if (kinds.length === 0) return html`<p>There is no state here.</p>`;
  const bars = kinds.map(({ kind, bytes }) => ({
    ...{ label: kind, value: bytes, text: formatBytes(bytes) },
  }));
  const measured = inventory.worktrees.some((leaf) => leaf.bytes !== undefined);
  return html`${barChart({ id: "bytes-chart", title: "Bytes by kind of state", bars })}
${!measured && inventory.worktrees.length > 0 && html`<p class="soft">Worktrees were not measured; --sizes does.</p>`}`;
}

function identifiers({ inventory }: StoragePlan): Html {
  const forms = identifierForms(inventory);
  if (forms.length === 0) return html`<p>No identifier is in use.</p>`;
  return htmlTable({
    caption: "One thing has many names: the forms in use, layer by layer",
    head: ["Layer", "Form", "Count", "For example"],
    rows: forms.map(({ layer, form, count, example }) => [
      ...[layer, html`<code>${form}</code>`, formatCount(count), html`<code>${example}</code>`],
    ]),
    numbers: [2],
  });
}

/** Issues by where they are, in the order of the text report. */
function issueGroups(inventory: PlanRecord["inventory"]): [string, Issue[]][] {
  const groups: [string, Issue[]][] = [
    ...inventory.projects.map(({ projectId, issues }): [string, Issue[]] => [projectId, issues]),
    ...Object.entries(inventory.hashDirIssues),
    ["Registry and configs", inventory.globalConfigIssues],
    ["Elsewhere", inventory.issues],
  ];
  return groups.filter(([, issues]) => issues.length > 0);
}

function issuesOf(inventory: PlanRecord["inventory"]): Issue[] {
  return issueGroups(inventory).flatMap(([, issues]) => issues);
}

function drift({ inventory }: PlanRecord): Html {
  const groups = issueGroups(inventory);
  if (groups.length === 0) return html`<p class="good">Nothing drifted.</p>`;
  const byKind = Map.groupBy(issuesOf(inventory), ({ kind }) => kind);
  const bars = [...byKind]
    .map(([label, issues]) => ({ label, value: issues.length, text: formatCount(issues.length) }))
    .sort((a, b) => b.value - a.value);
  const places = groups.map(
    ([name, issues]) => html`<details><summary>${name} (${formatCount(issues.length)})</summary>
${htmlList(
  issues.map(({ kind, detail }) => html`<code>${kind}</code> ${detail}`),
  limit,
)}</details>
`,
  );
  return html`<h3>By kind</h3>
${barChart({ id: "drift-chart", title: "Issues by kind", bars })}
<h3>By project</h3>
${places}`;
}

const markStyles: Readonly<Record<Mark, string>> = {
  moves: "change",
  changes: "change",
  "to the trash": "go",
  new: "add",
  "moved here": "add",
};

function trees(plan: StoragePlan): Html {
  const { baseDir, worktreeRoot } = plan.inventory.places;
  const { before, after } = treesOf(plan.inventory, operationsOf(plan));
  const one = (title: string, tree: TreeNode) =>
    html`<div><h3>${title}</h3>${drawing(tree, baseDir)}${drawing(tree, worktreeRoot)}</div>`;
  return html`<p>Beside each path stands what becomes of it. What is in worktrees and in other files
is not drawn.</p>
<div class="pair">${one("Before", before)}
${one("After", after)}</div>`;
}

function drawing(tree: TreeNode, path: string): Child {
  const lines = drawTree(tree, path);
  if (lines.length === 0) return false;
  const rows = lines.map(({ text, mark }) =>
    mark === undefined
      ? html`${text}\n`
      : html`${text}  <span class="${markStyles[mark]}">${mark}</span>\n`,
  );
  return html`<pre class="tree" tabindex="0">${path}/
${rows}</pre>`;
}

function steps({ steps }: PlanRecord): Html {
  if (steps.length === 0) return html`<p>There is nothing to do.</p>`;
  return html`${steps.map(
    ({ order, title, description, count, details, operations }) => html`<details>
<summary>${order}. ${title} (${formatCount(count)})</summary>
<p>${description}</p>
<p class="soft">${plural(operations.length, "operation")}</p>
${htmlList(details, limit)}</details>
`,
  )}`;
}

function remarks({ decisions, warnings, blockers }: PlanRecord): Html {
  if (decisions.length + warnings.length + blockers.length === 0) return html`<p>None.</p>`;
  const list = (title: string, kind: string, lines: readonly string[]) =>
    lines.length > 0 && html`<h3 class="${kind}">${title}</h3>${htmlList(lines, limit)}`;
  const questions = decisions.map(
    ({ key, question, choices, chosen }) => html`<details open><summary>${question}</summary>
${htmlList(choices.map(({ value, label }) => html`<code>${value}</code> ${label}${value === chosen && html` <strong>(chosen)</strong>`}`))}
<p class="soft">Answer with <code>--decide '${key}=VALUE'</code></p></details>
`,
  );
  return html`${questions}${list("Blockers", "fail", blockers)}${list("Warnings", "warn", warnings)}`;
}
