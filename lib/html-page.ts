/**
 * Pages of HTML that stand alone: no request, no script, light and dark, readable on a small screen,
 * in a terminal browser and on paper.
 */

import { type Child, Html, html } from "./html.ts";

/** How good the news is. */
export type Tone = "good" | "warn" | "fail" | "plain" | "none";

/** What the page says first: one sentence that is the result, and what it means. */
export interface Verdict {
  tone: Tone;
  headline: string;
  /** Lines under it. */
  detail?: readonly Child[];
}

export interface Section {
  /** Unique in the page; the list of contents links to it. */
  id: string;
  title: string;
  body: Child;
}

/** The whole page. */
export function htmlPage(options: {
  title: string;
  /** Lines under the title. */
  about: readonly Child[];
  verdict?: Verdict;
  sections: readonly Section[];
}): string {
  const { title, about, verdict, sections } = options;
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
<main id="content" tabindex="-1">
${verdict && banner(verdict)}${parts}</main>
</body>
</html>
`;
  return `<!doctype html>\n${page}`;
}

const signs: Readonly<Record<Tone, string>> = {
  good: "✓",
  warn: "!",
  fail: "✕",
  plain: "→",
  none: "–",
};

function banner({ tone, headline, detail = [] }: Verdict): Html {
  return html`<div class="verdict ${tone}"><span class="sign" aria-hidden="true">${signs[tone]}</span>
<div><p class="headline">${headline}</p>${detail.map((line) => html`<p>${line}</p>\n`)}</div></div>
`;
}

/** A word in the colour of its tone. */
export function badge(word: string, tone: Tone): Html {
  return html`<span class="badge ${tone}">${word}</span>`;
}

/** Numbers, each with its name. */
export function cards(entries: readonly (readonly [name: string, value: string])[]): Html {
  return html`<dl class="cards">${entries.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>\n`)}</dl>`;
}

// Colours are pairs that keep a contrast of 4.5 and more on paper, card and tint alike.
const style = `
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#545d68;--paper:#fff;--card:#f6f8fa;--line:#d5dbe1;
--blue:#0a58ca;--red:#a40e26;--amber:#7a4b00;--green:#0f5c25;
--fill-red:#cf222e;--fill-amber:#c98a00;--fill-green:#2da44e;--fill-blue:#2f6fd0;
--tint-red:#fdecec;--tint-amber:#fff4dc;--tint-green:#e7f6ea;--tint-blue:#e9f1fd}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#a3adb8;--paper:#0d1117;--card:#151b23;
--line:#353c45;--blue:#79b8ff;--red:#ff9a92;--amber:#e6b95c;--green:#63d97c;
--fill-red:#f0635a;--fill-amber:#c9962b;--fill-green:#3fa957;--fill-blue:#4f93e6;
--tint-red:#35181b;--tint-amber:#2f2610;--tint-green:#12291a;--tint-blue:#13233a}}
*{box-sizing:border-box}
html{scroll-padding-top:1rem}
body{margin:0 auto;max-width:78rem;padding:2rem 1.5rem 5rem;color:var(--ink);background:var(--paper);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",sans-serif;overflow-wrap:anywhere}
h1{font-size:1.75rem;line-height:1.25;letter-spacing:-.01em;margin:0 0 .6rem}
h2{font-size:1.3rem;line-height:1.3;margin:3rem 0 1rem;padding-bottom:.35rem;border-bottom:1px solid var(--line)}
h3{font-size:1rem;margin:1.5rem 0 .6rem}
p{margin:.4rem 0}
header p{margin:.1rem 0;color:var(--soft);font-size:.925rem}
a{color:var(--blue)}
:focus-visible{outline:3px solid var(--blue);outline-offset:2px;border-radius:3px}
main:focus{outline:none}
.skip{position:absolute;left:-99rem}.skip:focus{position:static}
nav ul{display:flex;flex-wrap:wrap;gap:.4rem;margin:1.1rem 0;padding:0;list-style:none}
nav a{display:block;padding:.2rem .7rem;border:1px solid var(--line);border-radius:1rem;background:var(--card);
text-decoration:none;font-size:.9rem}
nav a:hover{text-decoration:underline}
.verdict{display:flex;gap:1rem;align-items:flex-start;margin:1.25rem 0;padding:1rem 1.2rem;border-radius:8px;
border:1px solid var(--line);border-left:6px solid var(--edge);background:var(--tint)}
.verdict p{margin:.15rem 0}.verdict .headline{font-size:1.2rem;font-weight:650}
.sign{flex:none;font-size:1.5rem;line-height:1.25;color:var(--edge);font-weight:700}
.good{--edge:var(--green);--tint:var(--tint-green)}.warn{--edge:var(--amber);--tint:var(--tint-amber)}
.fail{--edge:var(--red);--tint:var(--tint-red)}.plain{--edge:var(--blue);--tint:var(--tint-blue)}
.none{--edge:var(--soft);--tint:var(--card)}
.badge{display:inline-block;padding:0 .5em;border-radius:.7em;font-size:.8125rem;font-weight:600;
white-space:nowrap;color:var(--edge);background:var(--tint);overflow-wrap:normal}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(12rem,1fr));gap:.75rem;margin:1rem 0;padding:0}
.cards div{display:flex;flex-direction:column-reverse;justify-content:flex-end;background:var(--card);
border:1px solid var(--line);border-radius:8px;padding:.6rem .9rem}
.cards dt{color:var(--soft);font-size:.85rem;line-height:1.35}
.cards dd{margin:0;font-size:1.5rem;line-height:1.4;font-weight:650;font-variant-numeric:tabular-nums}
.scroll{overflow-x:auto;margin:.5rem 0}
table{border-collapse:collapse;width:100%;overflow-wrap:break-word}
caption{text-align:left;color:var(--soft);padding:.25rem 0;font-size:.925rem}
th,td{border-bottom:1px solid var(--line);padding:.35rem .7rem;text-align:left;vertical-align:top}
th:first-child,td:first-child{padding-left:.2rem}
thead th{font-size:.85rem;color:var(--soft);vertical-align:bottom;border-bottom-width:2px}
th[scope=row]{font-weight:500}th[scope=row]:not(.w)>code{white-space:nowrap}.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
th[scope=rowgroup]{padding-top:1.1rem;font-weight:650}
.w{min-width:14rem;overflow-wrap:anywhere}
.heat{background:var(--tint-amber);font-weight:600}
code,pre,.tree{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.85rem}
pre.command{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:6px;
padding:.5rem .75rem;margin:.4rem 0;white-space:pre-wrap}
details{border:1px solid var(--line);border-radius:8px;margin:.5rem 0;padding:.45rem .9rem;background:var(--card)}
details details{background:var(--paper)}
summary{cursor:pointer;font-weight:550}
summary .badge{margin-left:.35rem}
ul{margin:.5rem 0;padding-left:1.3rem}li{margin:.15rem 0}
svg{display:block;width:100%;max-width:44rem;margin:.5rem 0 1rem;overflow:visible}
svg text{fill:var(--ink);font:13px system-ui,-apple-system,"Segoe UI",sans-serif}
svg .value{font-weight:600}
svg .track{fill:var(--line);opacity:.55}svg .plain{fill:var(--fill-blue)}svg .good{fill:var(--fill-green)}
svg .none{fill:var(--line)}svg .warn{fill:var(--fill-amber)}svg .fail{fill:var(--fill-red)}
.remedy{margin:.15rem 0 .15rem 1rem;color:var(--soft)}
.legend{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;padding:0;margin:.5rem 0;list-style:none;font-size:.9rem}
.legend .key{display:inline-block;width:.8rem;height:.8rem;border-radius:2px;margin-right:.4rem}
.key.good{background:var(--fill-green)}.key.warn{background:var(--fill-amber)}.key.plain{background:var(--fill-blue)}.key.fail{background:var(--fill-red)}
.key.none{background:var(--line)}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,28rem),1fr));gap:1.5rem}
.pair>*{min-width:0}
.tree{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:8px;margin:0 0 .75rem;
padding:.8rem 1rem;white-space:pre;overflow-wrap:normal;line-height:1.5}
.tree .badge{font:600 .75rem/1.5 system-ui,sans-serif}
.soft{color:var(--soft)}
h3.warn,h3.fail{color:var(--edge)}
@media(max-width:40rem){body{padding:1.25rem 1rem 4rem}h1{font-size:1.4rem}h2{margin-top:2.25rem}
.cards{grid-template-columns:repeat(auto-fill,minmax(9rem,1fr));gap:.5rem}.cards dd{font-size:1.25rem}
th,td{padding:.35rem .4rem}.w{min-width:7rem}}
@media print{nav,.skip{display:none}details::details-content{content-visibility:visible;height:auto}
body{max-width:none;padding:0}.tree,table,details{break-inside:auto}}
`;
