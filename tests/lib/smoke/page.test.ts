/** The page of a run: what it says first, and how a person meets it. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runPage } from "../../../lib/smoke/reports/html.ts";
import { resultOf } from "../../../lib/smoke/results.ts";
import { chromium } from "../../browser.ts";
import { readPage } from "../../page-reader.ts";
import { makeTemp } from "../../temp.ts";
import { recordOf } from "./records.ts";

const hostile = "<script>document.title='pwned'</script>";
const known = { type: "known-issue", step: "9.9", text: "gone since" } as const;

let dir: string;
const page = () => join(dir, "run.html");
beforeAll(() => {
  dir = makeTemp("smoke-page");
  writeFileSync(page(), runPage(resultOf([...recordOf(2, hostile), known])));
});
afterAll(() => rmSync(dir, { recursive: true }));

test("it says first whether something broke, and whether the run came to its end", () => {
  const all = recordOf(1);
  const good = all.filter(
    (entry) => (entry.type !== "end" && entry.type !== "start") || entry.step === "3.0",
  );
  expect(runPage(resultOf(good))).toMatch(/Nothing broke<.*\n?<p>1 pass, 10 not-run</);
  const open = good.filter(({ type }) => type !== "finish");
  expect(runPage(resultOf(open))).toContain("Not finished<");
  const text = runPage(resultOf(all));
  expect(text).toContain("4 steps need a look<");
});

if (chromium !== null) {
  describe("the page of a run in a browser", () => {
    const reader = readPage(page, "smoke");

    test("a person reads what broke, and what AO said is only text", async () => {
      const text = await reader.text();
      for (const part of ["8 steps need a look", hostile, "9.9: gone since", "Time"]) {
        expect(text).toContain(part);
      }
      const open = "document.querySelectorAll('details[open]').length";
      expect(await reader.browser.evaluate(open)).toBe(8);
      expect(await reader.pictures()).toEqual(["Results by lane"]);
    });
  });
}
