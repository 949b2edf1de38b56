/** The dry run as one page of HTML that can be kept, sent and read without anything else. */

import type { Operation, OperationKind } from "../change/operation.ts";
import { type Child, type Html, html, htmlList, htmlTable } from "../html.ts";
import { barChart } from "../html-chart.ts";
import { badge, cards, htmlPage, type Tone, type Verdict } from "../html-page.ts";
import { formatBytes, formatCount, plural } from "../text.ts";
import { nothingToDo } from "./options.ts";
import { isBare } from "./outcome-text.ts";
import { driftSection, issuesOf } from "./page-drift.ts";
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
    verdict: isBare(plan) ? bare : verdict(record),
    sections: [
      { id: "summary", title: "Summary", body: summary(record) },
      { id: "bytes", title: "Bytes by kind", body: bytes(plan) },
      { id: "identifiers", title: "Identifiers in use", body: identifiers(plan) },
      { id: "drift", title: "Drift", body: driftSection(inventory) },
      { id: "trees", title: "Before and after", body: trees(plan) },
      { id: "plan", title: "The plan", body: steps(record) },
      { id: "decisions", title: "Decisions, warnings, blockers", body: remarks(record) },
    ],
  });
}

const bare: Verdict = { tone: "none", headline: "There is no AO state here" };

function verdict(record: PlanRecord): Verdict {
  const { steps, blockers, decisions, warnings } = record;
  if (blockers.length > 0) {
    const mended = "what blocks the plan is named at the end of this page";
    const headline = `Blocked: ${plural(blockers.length, "thing")} must be mended first`;
    return {
      tone: "fail",
      headline,
      detail: [html`Nothing can be executed; <a href="#decisions">${mended}</a>.`],
    };
  }
  if (steps.length === 0) return { tone: "good", headline: nothingToDo(record) };
  const open = decisions.filter(({ decidedBy }) => decidedBy === "default").length;
  const verb = warnings.length === 1 ? "is" : "are";
  const notes = `There ${verb} ${none(warnings.length, "warning")} and ${none(open, "open decision")}`;
  return {
    tone: "warn",
    headline: `${plural(steps.length, "step")} ${steps.length === 1 ? "leads" : "lead"} to V3`,
    detail: [`${notes}. One command takes all of it back; what was written since then is kept.`],
  };
}

function none(count: number, noun: string): string {
  return count === 0 ? `no ${noun}s` : plural(count, noun);
}

function summary({ inventory, steps, totals: plan }: PlanRecord): Html {
  const { totals, projects, v1HashDirs, observability } = inventory;
  const operations = steps.reduce((sum, step) => sum + step.operations.length, 0);
  return cards([
    ["Projects", formatCount(projects.length)],
    ["Directories by hash", formatCount(v1HashDirs.length)],
    ["Sessions", formatCount(totals.sessions)],
    ["Worktrees", formatCount(totals.worktrees)],
    ["Observability directories", formatCount(observability.rootLevelDirCount)],
    ["State read", formatBytes(totals.bytes)],
    ["Issues", formatCount(issuesOf(inventory).length)],
    ["Steps", formatCount(steps.length)],
    ["Operations", formatCount(operations)],
    ["Goes to the trash, about", formatBytes(plan.estimatedBytesFreed)],
  ]);
}

function bytes({ inventory }: StoragePlan): Html {
  const kinds = bytesByKind(inventory);
  if (kinds.length === 0) return html`<p>There is no state here.</p>`;
  const total = kinds.reduce((sum, { bytes }) => sum + bytes, 0);
  const bars = kinds.map(({ kind, bytes }) => ({
    label: kind,
    value: bytes,
    text: `${formatBytes(bytes)}, ${Math.round((bytes / total) * 100)} %`,
  }));
  const measured = inventory.worktrees.some((leaf) => leaf.bytes !== undefined);
  return html`${barChart({ id: "bytes-chart", title: "Bytes by kind of state", bars })}
${!measured && inventory.worktrees.length > 0 && html`<p class="soft">Worktrees were not measured; <code>--sizes</code> does.</p>`}`;
}

function identifiers({ inventory }: StoragePlan): Html {
  const forms = identifierForms(inventory);
  if (forms.length === 0) return html`<p>No identifier is in use.</p>`;
  const layers = [...Map.groupBy(forms, ({ layer }) => layer)];
  const sum = (of: typeof forms) => of.reduce((count, form) => count + form.count, 0);
  const bars = layers.map(([label, own]) => {
    const v3 = sum(own.filter((form) => form.v3));
    const value = sum(own);
    const parts = [
      { value: v3, tone: "good" as const },
      { value: value - v3, tone: "warn" as const },
    ];
    return { label, value, text: `${formatCount(v3)} of ${formatCount(value)} as in V3`, parts };
  });
  const groups = layers.map(([title, own]) => ({
    title,
    rows: own.map(({ form, v3, count, example }) => [
      html`<code>${form}</code>`,
      v3 ? badge("V3", "good") : badge("older", "warn"),
      ...[formatCount(count), html`<code>${example}</code>`],
    ]),
  }));
  return html`<p>One thing has many names. Of each layer: how many are named as in V3.</p>
<ul class="legend"><li><span class="key good"></span>as in V3</li><li><span class="key warn"></span>any older or other form</li></ul>
${barChart({ id: "identifiers-chart", title: "Identifiers by layer, as in V3 or not", bars, share: true })}
${htmlTable({
  caption: "The forms in use, layer by layer",
  head: ["Form", "Of", "Count", "For example"],
  ...{ groups, numbers: [2], wide: [0, 3] },
})}`;
}

const markTones: Readonly<Record<Mark, Tone>> = {
  moves: "plain",
  changes: "warn",
  "to the trash": "fail",
  new: "good",
  "moved here": "good",
};

function trees(plan: StoragePlan): Html {
  const { baseDir, worktreeRoot } = plan.inventory.places;
  const { before, after } = treesOf(plan.inventory, operationsOf(plan));
  const one = (title: string, tree: TreeNode) =>
    html`<div><h3>${title}</h3>${drawing(title, tree, baseDir)}${drawing(title, tree, worktreeRoot)}</div>`;
  if (isBare(plan)) return html`<p>There is nothing to draw.</p>`;
  return html`<p>Beside each path stands what becomes of it. What is in worktrees and in other files
is not drawn.</p>
<div class="pair">${one("Before", before)}
${one("After", after)}</div>`;
}

function drawing(title: string, tree: TreeNode, path: string): Child {
  const lines = drawTree(tree, path);
  if (lines.length === 0) return false;
  const rows = lines.map(({ text, mark }) =>
    mark === undefined ? html`${text}\n` : html`${text}  ${badge(mark, markTones[mark])}\n`,
  );
  return html`<pre class="tree" role="region" aria-label="${title}: ${path}" tabindex="0">${path}/
${rows}</pre>`;
}

function steps({ steps }: PlanRecord): Html {
  if (steps.length === 0) return html`<p>There is nothing to do.</p>`;
  return html`${steps.map(
    ({ order, title, description, count, details, operations }) => html`<details>
<summary>${order}. ${title} ${badge(formatCount(count), "plain")}</summary>
<p>${description}</p>
${htmlList(details, limit)}
<details><summary>${operationSummary(operations)}</summary>
${operationTable(title, operations)}</details></details>
`,
  )}`;
}

const verbs: Readonly<Record<OperationKind, string>> = {
  makeDir: "make directory",
  create: "create",
  move: "move",
  patchJson: "change fields",
  patchYaml: "change fields",
  trash: "to the trash",
  relinkWorktree: "mend git's link",
  renameTmux: "rename in tmux",
};

function operationSummary(operations: readonly Operation[]): string {
  const byVerb = Map.groupBy(operations, ({ op }) => verbs[op]);
  const parts = [...byVerb].map(([verb, own]) => `${formatCount(own.length)} × ${verb}`);
  return `${plural(operations.length, "operation")}: ${parts.join(", ")}`;
}

function operationTable(title: string, operations: readonly Operation[]): Html {
  const rows = operations.slice(0, limit).map((operation) => {
    const [path, to] = operationCells(operation);
    return [verbs[operation.op], html`<code>${path}</code>`, to];
  });
  const more = operations.length - limit;
  return html`${htmlTable({
    caption: `Operations of “${title}”, in order`,
    head: ["Operation", "Path", "What becomes of it"],
    ...{ groups: [{ rows }], wide: [1, 2] },
  })}${more > 0 && html`<p class="soft">… and ${formatCount(more)} more; the JSON record has all.</p>`}`;
}

function operationCells(operation: Operation): [string, Child] {
  switch (operation.op) {
    case "move":
    case "renameTmux":
      return [operation.from, html`<code>${operation.to}</code>`];
    case "create":
      return [operation.path, plural(Buffer.byteLength(operation.content), "byte")];
    case "relinkWorktree":
      return [operation.worktree, html`linked with <code>${operation.repo}</code>`];
    case "patchJson":
    case "patchYaml":
      return [operation.path, operation.edits.map(editLine)];
    default:
      return [operation.path, null];
  }
}

function editLine({
  pointer,
  before,
  after,
  rename,
}: {
  pointer: string;
  before?: unknown;
  after?: unknown;
  rename?: string;
}): Html {
  const said = (value: unknown) => (value === undefined ? "nothing" : JSON.stringify(value));
  const what = rename === undefined ? `${said(before)} → ${said(after)}` : `is called ${rename}`;
  return html`<div><code>${pointer}</code> ${what}</div>`;
}

function remarks({ decisions, warnings, blockers }: PlanRecord): Html {
  if (decisions.length + warnings.length + blockers.length === 0) return html`<p>None.</p>`;
  const list = (title: string, kind: Tone, lines: readonly string[]) =>
    lines.length > 0 && html`<h3 class="${kind}">${title}</h3>${htmlList(lines, limit)}`;
  const questions = decisions.map(
    ({ key, question, choices, chosen }) => html`<details open><summary>${question}</summary>
${htmlList(choices.map(({ value, label }) => html`<code>${value}</code> ${label}${value === chosen && html` ${badge("chosen", "good")}`}`))}
<p class="soft">Answer with <code>--decide '${key}=VALUE'</code></p></details>
`,
  );
  return html`${list("Blockers", "fail", blockers)}${questions}${list("Warnings", "warn", warnings)}`;
}
