/**
 * Pieces of HTML: tables, lists, and the one way to put text into them.
 *
 * Text becomes markup only through {@link html}, which escapes every value that is not markup
 * already; there is no other way to make {@link Html}.
 */

import { formatCount, printable } from "./text.ts";

/** Markup, as opposed to text. */
export class Html {
  readonly #markup: string;

  constructor(parts: readonly string[], values: readonly Child[]) {
    this.#markup = parts
      .map((part, at) => part + (at < values.length ? markup(values[at]) : ""))
      .join("");
  }

  toString(): string {
    return this.#markup;
  }
}

/** What may stand in markup; of `null`, `undefined` and `false` nothing is left. */
export type Child = Html | string | number | null | undefined | false | readonly Child[];

/**
 * A piece of markup.
 *
 * @example
 * ```ts
 * html`<b>${"<script>"}</b>`.toString(); // "<b>&lt;script&gt;</b>"
 * ```
 */
export function html(parts: TemplateStringsArray, ...values: Child[]): Html {
  return new Html(parts, values);
}

function markup(child: Child): string {
  if (child === null || child === undefined || child === false) return "";
  if (child instanceof Html) return child.toString();
  if (Array.isArray(child)) return child.map(markup).join("");
  return escapeHtml(String(child));
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text for content and for quoted attributes; characters that reorder or hide it are shown. */
export function escapeHtml(text: string): string {
  return text
    .split("\n")
    .map(printable)
    .join("\n")
    .replace(/[&<>"']/g, (character) => entities[character] ?? "");
}

/** Rows under a heading of their own. */
export interface RowGroup {
  title?: Child;
  rows: readonly (readonly Child[])[];
}

/** A table with a caption; the first cell of each row is its heading. */
export function htmlTable(options: {
  caption: string;
  head: readonly string[];
  groups: readonly RowGroup[];
  /** Columns of numbers, by index. */
  numbers?: readonly number[];
  /** Columns of paths and sentences, by index: they break anywhere, and are never squeezed. */
  wide?: readonly number[];
}): Html {
  const { caption, head, groups, numbers = [], wide = [] } = options;
  const kind = (column: number) => {
    if (numbers.includes(column)) return "n";
    return wide.includes(column) ? "w" : "t";
  };
  const cells = (row: readonly Child[]) =>
    row.map((cell, column) =>
      column === 0
        ? html`<th scope="row" class="${kind(column)}">${cell}</th>`
        : html`<td class="${kind(column)}">${cell}</td>`,
    );
  const bodies = groups.map(
    ({ title, rows }) => html`<tbody>
${title !== undefined && html`<tr><th scope="rowgroup" colspan="${head.length}">${title}</th></tr>\n`}${rows.map((row) => html`<tr>${cells(row)}</tr>\n`)}</tbody>
`,
  );
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0"><table>
<caption>${caption}</caption>
<thead><tr>${head.map((name, column) => html`<th scope="col" class="${kind(column)}">${name}</th>`)}</tr></thead>
${bodies}</table></div>`;
}

/** A list that shows at most `limit` items and says how many more there are. */
export function htmlList(items: readonly Child[], limit = 200): Html {
  const more = items.length - limit;
  return html`<ul>${items.slice(0, limit).map((item) => html`<li>${item}</li>\n`)}${
    more > 0 && html`<li class="soft">… and ${formatCount(more)} more</li>`
  }</ul>`;
}
