/** The doctor's pages: one machine's, and the one of many; their parts, and how a person meets them. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DoctorDocument } from "../../../lib/doctor/document.ts";
import { mergeReports } from "../../../lib/doctor/fleet.ts";
import { fleetPage } from "../../../lib/doctor/fleet-page.ts";
import { doctorPage } from "../../../lib/doctor/page.ts";
import { doctorMarkdown } from "../../../lib/doctor/report-markdown.ts";
import { chromium } from "../../browser.ts";
import { readPage } from "../../page-reader.ts";
import { makeTemp } from "../../temp.ts";
import { checked, report } from "./reports.ts";

const hostile = "<script>document.title='pwned'</script>";
const fix = { name: "links", title: "Mend links", safe: true, command: "repair links" };

const sick: DoctorDocument = {
  ...report(
    { ...checked("AO-WT-001", "fail", [hostile, "](x) `*_| #1"]), section: "worktrees", fix },
    { ...checked("AO-TL-001", "pass"), section: "tools" },
    { ...checked("AO-TL-002", "warn", ["old"]), section: "tools" },
    checked("AO-ST-001", "crash"),
    checked("AO-ST-002", "skip"),
    checked("AO-ST-003", "info", ["by the way"]),
  ),
  home: '/h/"><img src=x>',
};

let dir: string;
const page = (name: string) => join(dir, `${name}.html`);

beforeAll(() => {
  dir = makeTemp("doctor-page");
  writeFileSync(page("doctor"), doctorPage(sick));
  const machines = { "<script>-1": sick, well: report(checked("AO-TL-001", "pass")) };
  for (const [name, value] of Object.entries(machines)) {
    writeFileSync(join(dir, `${name}.json`), JSON.stringify(value));
  }
  const files = ["<script>-1.json", "well.json", "down.json"];
  const about = { cwd: dir, toolkitVersion: "1.0.0", mergedAt: new Date(0) };
  writeFileSync(page("fleet"), fleetPage(mergeReports(files, about)));
});
afterAll(() => rmSync(dir, { recursive: true }));

test("everything is escaped, a healthy report says so", () => {
  const text = doctorPage(sick);
  expect(text).toContain("&lt;script&gt;document.title=&#39;pwned&#39;&lt;/script&gt;");
  expect(text).not.toMatch(/<script|<img/);
  expect(doctorPage(report(checked("AO-TL-001", "pass")))).toContain(">Healthy</p>");
  expect(doctorPage(report(checked("AO-TL-001", "warn", ["x"])))).toContain(
    ">Healthy, with 1 warning</p>",
  );
});

test("in Markdown, nothing that was found is markup", () => {
  const text = doctorMarkdown(sick);
  expect(text).toStartWith("## AO doctor: not healthy\n\n1 failure, 1 warning, 1 note, 1 passed");
  expect(text).toContain(
    "- &#93;&#40;x&#41; &#96;&#42;&#95;&#124; &#35;1<br><code>/w/config.yaml:3</code><br>→ <code>mend it</code>",
  );
  expect(text).not.toMatch(/<script|\]\(/);
  expect(text).toContain("### CRASH AO-ST-001 title of AO-ST-001\n\nso it is\n");
  const titles = [...text.matchAll(/^### (\w+)/gm)].map(([, status]) => status);
  expect(titles).toEqual(["FAIL", "CRASH", "WARN", "INFO"]);
});

if (chromium !== null) {
  describe("the doctor's page in a browser", () => {
    const reader = readPage(() => page("doctor"), "doctor");

    test("a person reads what failed, why, and what mends it", async () => {
      const text = await reader.text();
      for (const part of ["Not healthy: 2 checks failed", hostile, "→ mend it", "repair links"]) {
        expect(text).toContain(part);
      }
      expect((await reader.named("heading")).slice(1)).toEqual([
        ...["Summary", "Checks by section", "Fixes", "Tools", "Storage", "Worktrees"],
      ]);
      expect(await reader.pictures()).toEqual(["Results by section"]);
    });

    test("what failed is open, notes are not; the verdict leads to the check", async () => {
      const open = "[...document.querySelectorAll('details[open]')].map(({ id }) => id)";
      expect(await reader.browser.evaluate(open)).toEqual(["AO-TL-002", "AO-WT-001"]);
      const first = "document.querySelector('.verdict a').hash";
      expect(await reader.browser.evaluate(first)).toBe("#AO-WT-001");
    });
  });

  describe("the page of many machines in a browser", () => {
    const reader = readPage(() => page("fleet"), "fleet");

    test("a person reads which machines are ill, and of what", async () => {
      const text = await reader.text();
      expect(text).toContain("1 of 3 machines failing");
      const rows = "[...document.querySelectorAll('#machines tbody th')].map((e) => e.innerText)";
      expect(await reader.browser.evaluate(rows)).toEqual(["<script>-1", "down", "well"]);
      expect(await reader.pictures()).toEqual(["Machines by state"]);
    });
  });
}
