/**
 * Pages of HTML that stand alone: no request, no script, light and dark, readable in a terminal
 * browser and on paper.
 *
 * Text becomes markup only through {@link html}, which escapes every value that is not markup
 * already; there is no other way to make {@link Html}.
 */

import { printable } from "./text.ts";

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

/** A table with a caption; the first cell of each row is its heading. */
export function htmlTable(options: {
  caption: string;
  head: readonly string[];
  rows: readonly (readonly Child[])[];
  /** Columns of numbers, by index. */
  numbers?: readonly number[];
}): Html {
  const { caption, head, rows, numbers = [] } = options;
  const kind = (column: number) => (numbers.includes(column) ? "n" : "t");
  const cells = (row: readonly Child[]) =>
    row.map((cell, column) =>
      column === 0
        ? html`<th scope="row">${cell}</th>`
        : html`<td class="${kind(column)}">${cell}</td>`,
    );
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0"><table>
<caption>${caption}</caption>
<thead><tr>${head.map((name, column) => html`<th scope="col" class="${kind(column)}">${name}</th>`)}</tr></thead>
<tbody>
${rows.map((row) => html`<tr>${cells(row)}</tr>\n`)}</tbody></table></div>`;
}

/** A list that shows at most `limit` items and says how many more there are. */
export function htmlList(items: readonly Child[], limit = 200): Html {
  const more = items.length - limit;
  return html`<ul>${items.slice(0, limit).map((item) => html`<li>${item}</li>\n`)}${
    more > 0 && html`<li>… and ${more} more</li>`
  }</ul>`;
}

/** The whole page. `sections` are what its list of contents links to. */
export function htmlPage(options: {
  title: string;
  /** Lines under the title. */
  about: readonly Child[];
  sections: readonly { id: string; title: string; body: Child }[];
}): string {
  const { title, about, sections } = options;
  const links = sections.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>\n`);
  const parts = sections.map(
    ({ id, title, body }) => html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${body}
</section>
`,
  );
  const policy = "default-src 'none'; style-src 'unsafe-inline'";
  const page = html`<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${new Html([style], [])}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header><h1>${title}</h1>${about.map((line) => html`<p>${line}</p>\n`)}</header>
<nav aria-label="Contents"><ul>${links}</ul></nav>
<main id="content">
${parts}</main>
</body>
</html>
`;
  return `<!doctype html>\n${page}`;
}

const style = `
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--paper:#fff;--card:#f6f8fa;--line:#d0d7de;
--blue:#0a58ca;--red:#a40e26;--amber:#7d4e00;--green:#116329}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9aa4af;--paper:#0d1117;--card:#161b22;
--line:#3d444d;--blue:#6cb2ff;--red:#ff8a80;--amber:#e0b04a;--green:#56d364}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:66rem;padding:1.5rem 1rem 4rem;color:var(--ink);background:var(--paper);
font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.6rem;margin:0 0 .5rem}h2{font-size:1.25rem;margin:2.5rem 0 .75rem}
h3{font-size:1rem;margin:1.25rem 0 .5rem}
header p{margin:.1rem 0;color:var(--soft)}
a{color:var(--blue)}
:focus-visible{outline:3px solid var(--blue);outline-offset:2px}
.skip{position:absolute;left:-99rem}.skip:focus{position:static}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;padding:0;list-style:none}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.75rem;margin:0;padding:0}
.cards div{background:var(--card);border:1px solid var(--line);border-radius:6px;padding:.6rem .8rem}
.cards dt{color:var(--soft);font-size:.85rem}.cards dd{margin:0;font-size:1.35rem;font-weight:600}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%}
caption{text-align:left;color:var(--soft);padding:.25rem 0}
th,td{border-bottom:1px solid var(--line);padding:.3rem .6rem;text-align:left;vertical-align:top}
th[scope=row]{font-weight:500}.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
code,pre,.tree{font-family:ui-monospace,monospace;font-size:.875rem}
details{border:1px solid var(--line);border-radius:6px;margin:.5rem 0;padding:.4rem .8rem;background:var(--card)}
summary{cursor:pointer;font-weight:500}
svg{display:block;width:100%;height:auto;max-width:46rem;margin:.5rem 0}
svg text{fill:var(--ink);font:13px system-ui,sans-serif}
svg .bar{fill:var(--blue)}svg .track{fill:var(--line)}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(20rem,1fr));gap:1rem}
.tree{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:6px;margin:0;
padding:.75rem;white-space:pre;overflow-wrap:normal}
.add{color:var(--green)}.change{color:var(--amber)}.go,.fail{color:var(--red)}.warn{color:var(--amber)}
.good{color:var(--green)}.soft{color:var(--soft)}
@media print{details{border:0}nav,.skip{display:none}}
`;
