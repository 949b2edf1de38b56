import { expect, test } from "bun:test";
import { escapeHtml, html, htmlList, htmlTable } from "../../lib/html.ts";
import { barChart } from "../../lib/html-chart.ts";
import { htmlPage } from "../../lib/html-page.ts";

test("text is escaped in content and in attributes, markup is not escaped twice", () => {
  const name = `<script>"&'`;
  const inner = html`<b>${name}</b>`;
  expect(html`<p title="${name}">${inner}</p>`.toString()).toBe(
    '<p title="&lt;script&gt;&quot;&amp;&#39;"><b>&lt;script&gt;&quot;&amp;&#39;</b></p>',
  );
});

test("what hides or reorders text is shown, line breaks stay", () => {
  expect(escapeHtml("a\u202eb\u0000c\nd")).toBe("a\\u{202e}b\\x00c\nd");
});

test("nothing is left of what is not there; lists are joined, numbers are text", () => {
  const parts = [html`<i>1</i>`, "<2>", 3];
  expect(html`${null}${undefined}${false}${parts}`.toString()).toBe("<i>1</i>&lt;2&gt;3");
});

test("a table names its rows, their groups and its columns", () => {
  const groups = [{ title: "<G>", rows: [["<a>", 1]] }];
  const head = ["Name", "Count"];
  const text = htmlTable({ caption: "C", head, groups, numbers: [1] }).toString();
  expect(text).toContain("<caption>C</caption>");
  expect(text).toContain('<th scope="col" class="n">Count</th>');
  expect(text).toContain('<th scope="rowgroup" colspan="2">&lt;G&gt;</th>');
  expect(text).toContain('<th scope="row" class="t">&lt;a&gt;</th><td class="n">1</td>');
});

test("a long list says how much is left out", () => {
  const text = htmlList(["a", "b", "c"], 2).toString();
  expect(text.match(/<li\b/g)).toHaveLength(3);
  expect(text).toContain('<li class="soft">… and 1 more</li>');
});

test("a chart says its values as text; bars are on one scale, and small ones are seen", () => {
  const bars = [
    { label: "big", value: 3000, text: "3 KB" },
    { label: "<small>", value: 1, text: "1 B" },
    { label: "none", value: 0, text: "0 B" },
  ];
  const text = barChart({ id: "x", title: "Bytes", bars }).toString();
  expect(text).toContain('<desc id="x-desc">big: 3 KB, &lt;small&gt;: 1 B, none: 0 B</desc>');
  expect(barsOf(text)).toEqual(["plain 0% 100%", "plain 0% 0.6%", "plain 0% 0%"]);
});

test("a chart of shares divides each bar among its parts", () => {
  const parts = [
    { value: 1, tone: "good" as const },
    { value: 3, tone: "warn" as const },
  ];
  const bars = [
    { label: "a", value: 4, text: "1 of 4", parts },
    { label: "b", value: 400, text: "400" },
  ];
  const text = barChart({ id: "x", title: "T", bars, share: true }).toString();
  expect(barsOf(text)).toEqual(["good 0% 25%", "warn 25% 75%", "plain 0% 100%"]);
});

/** Tone, place and length of each bar. */
function barsOf(text: string): string[] {
  const bars = text.matchAll(/class="(good|warn|plain)" x="(\S+)" y="\d+" width="(\S+)"/g);
  return [...bars].map(([, ...parts]) => parts.join(" "));
}

test("a page needs nothing from elsewhere and allows nothing", () => {
  const page = htmlPage({
    ...{ title: "<T>", about: ["about"] },
    verdict: { tone: "fail", headline: "<H>", detail: ["why"] },
    sections: [{ id: "one", title: "One", body: html`<p>1</p>` }],
  });
  expect(page).toStartWith('<!doctype html>\n<html lang="en">');
  expect(page).toContain("<title>&lt;T&gt;</title>");
  expect(page).toContain(`content="default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;"`);
  expect(page).toContain('<div class="verdict fail">');
  expect(page).toContain('<p class="headline">&lt;H&gt;</p><p>why</p>');
  expect(page).not.toMatch(/<script|<img|<link|url\(|@import|https?:/);
  expect(page).toContain('<a href="#one">One</a>');
});
