import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { drawStory, pictureFile, recordStory } from "./picture.ts";
import { drawSvg } from "./svg.ts";

test("the README's picture is what the scripts say today (npm run picture makes it again)", async () => {
  const committed = readFileSync(pictureFile, "utf8");
  expect(drawStory(await recordStory())).toBe(committed);
}, 30_000);

test("the picture is small, and fetches nothing", () => {
  const svg = readFileSync(pictureFile, "utf8");
  expect(svg.length).toBeLessThan(150_000);
  const markup = svg.replace(/(<text[^>]*>)[^<]*/g, "$1");
  const addresses =
    markup.match(/\b(?:https?:|href|url\((?!#)|@import|<script|<image)[^ ]*/g) ?? [];
  expect(addresses).toEqual(['http://www.w3.org/2000/svg"']);
});

test("text is drawn as text, whatever is in it", () => {
  const rows = [[{ column: 0, text: "<script>&  x", style: "bold" }]];
  const drawing = { title: "a < b", description: "&", columns: 80, rows: 2, still: 0 };
  const svg = drawSvg([{ rows, cursor: 0, hold: 10 }], drawing);
  expect(svg).toContain(">&lt;script&gt;&amp;</text>");
  expect(svg).toContain(">x</text>");
  expect(svg).toContain("a &lt; b</title>");
});

test("a row that is written over is shown as it was at its time", () => {
  const row = (text: string) => [{ column: 0, text, style: "" }];
  const moments = [
    { rows: [row("ask"), row("")], cursor: 1, hold: 100 },
    { rows: [row("answered"), row("done")], cursor: 1, hold: 100 },
  ];
  const drawing = { title: "", description: "", columns: 80, rows: 2, still: 1 };
  const svg = drawSvg(moments, drawing);
  const groups = [...svg.matchAll(/<g class="(\w+)"><text[^>]*>(\w+)/g)];
  const rest = groups.map(([, name, text]) => [
    text,
    new RegExp(`\\.${name}\\{visibility:(\\w+)`).exec(svg)?.[1],
  ]);
  expect(rest).toEqual([
    ["ask", "hidden"],
    ["answered", "visible"],
    ["done", "visible"],
  ]);
});
