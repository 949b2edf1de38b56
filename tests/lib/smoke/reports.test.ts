/** All reports are made from one record, and agree on every count. */
import { expect, test } from "bun:test";
import * as v from "valibot";
import { statuses } from "../../../lib/smoke/record.ts";
import { githubLog } from "../../../lib/smoke/reports/github.ts";
import { runPage } from "../../../lib/smoke/reports/html.ts";
import { ctrf, ctrfSchema, junit, plainCounts, tap } from "../../../lib/smoke/reports/machine.ts";
import { markdownParts, summary } from "../../../lib/smoke/reports/markdown.ts";
import { resultOf } from "../../../lib/smoke/results.ts";
import { recordOf } from "./records.ts";

test("every format counts what the record says", () => {
  const result = resultOf(recordOf(3));
  expect(Object.values(result.counts)).toEqual(statuses.map(() => 3));
  const plain = plainCounts(result);
  expect(plain).toEqual({ passed: 9, failed: 12, skipped: 6, pending: 3, other: 3 });

  const document = v.parse(ctrfSchema, ctrf(result, "1.0.0"));
  expect(document.results.summary).toMatchObject({ tests: 33, ...plain });
  for (const status of statuses) {
    expect(document.results.tests.filter(({ rawStatus }) => rawStatus === status)).toHaveLength(3);
  }

  const xml = junit(result);
  const head = /<testsuites [^>]*tests="(\d+)" failures="(\d+)" errors="(\d+)" skipped="(\d+)"/
    .exec(xml)
    ?.slice(1)
    .map(Number);
  expect(head).toEqual([33, 6, 6, 12]);
  expect(xml.match(/<testcase /g)).toHaveLength(33);
  expect(xml.match(/<(failure|error) /g)).toHaveLength(plain.failed);
  expect(xml.match(/<skipped /g)).toHaveLength(plain.skipped + plain.pending + plain.other);

  const lines = tap(result).split("\n");
  expect(lines[1]).toBe("1..33");
  expect(lines.filter((line) => /^(not )?ok /.test(line))).toHaveLength(33);
  expect(
    lines.filter((line) => line.startsWith("not ok") && !line.includes("# TODO")),
  ).toHaveLength(plain.failed);
  expect(lines.filter((line) => line.startsWith("ok") && !line.includes("# SKIP"))).toHaveLength(
    plain.passed,
  );

  // What was blocked shares one; the rest of what failed or is unclear has one each.
  const log = githubLog(result, "text", { cwd: "/w", workspace: "/w", token: "t0k" });
  expect(log.match(/^::error /gm)).toHaveLength(plain.failed - 3 + 1);
  expect(log).toContain("::error title=3 steps blocked::");
  expect(log.match(/^::warning /gm)).toHaveLength(6);

  const page = runPage(result);
  for (const status of statuses)
    expect(
      page.match(new RegExp(`<summary><span class="badge \\w+">${status}<`, "g")),
    ).toHaveLength(3);
  expect(markdownParts(result).join("")).toContain(summary(result.counts));
});

test("a finding is annotated at its step, in the lanes of the workspace", () => {
  const result = resultOf(recordOf(1, "is 500\n::error::fake"));
  const steps = result.steps
    .filter(({ status }) => status === "fail")
    .map((step) => ({ ...step, source: "lanes/03.yaml:12" }));
  const options = { cwd: "/w", workspace: "/w", token: "t0k" };
  const log = githubLog({ ...result, steps }, "x\n::error::y", options);
  const lines = log.split("\n");
  expect(lines.slice(0, 4)).toEqual([
    ...["::group::AO smoke runbook", "::stop-commands::t0k", "x", "::error::y"],
  ]);
  expect(lines[6]).toMatch(
    /^::error file=lanes\/03\.yaml,line=12,title=fail%3A 3\.\d+ .*::is 500%0A::error::fake$/,
  );
  expect(lines.filter((line) => line.startsWith("::error "))).toHaveLength(1);
});

test("nothing that AO says breaks out of a report", () => {
  const result = resultOf(recordOf(1));
  const xml = junit(result);
  expect(xml).not.toContain("<b>");
  expect(xml).not.toContain("\u0007");
  expect(Buffer.from(xml).toString()).toBe(xml);
  expect(runPage(result)).not.toContain("<b>");
  const markdown = markdownParts(result).join("");
  expect(markdown).toContain("````json");
});

test("Markdown comes in parts that each fit into one comment", () => {
  const parts = markdownParts(resultOf(recordOf(100, "long reason ".repeat(100))));
  expect(parts.length).toBeGreaterThan(3);
  for (const part of parts) expect(part.length).toBeLessThan(60_000);
  expect(parts[0]).toStartWith(`Part 1 of ${parts.length}`);
});

test("a failure shows what was expected and what was seen last, as a diff", () => {
  const markdown = markdownParts(resultOf(recordOf(1))).join("");
  expect(markdown).toContain("  curl, tried 3 times in 1 ms\n- status: 404\n+ status: is 500");
});

test("a step that was walked again counts as it came out last", () => {
  const entries = recordOf(1);
  const again = entries.filter((entry) => entry.type === "end" && entry.status === "fail");
  const step = again[0]?.type === "end" ? again[0].step : "";
  entries.push({ type: "start", step, world: "w2", at: "2026-01-01T00:00:03Z" });
  entries.push({
    type: "end",
    step,
    world: "w2",
    status: "pass",
    ms: 1,
    at: "2026-01-01T00:00:04Z",
  });
  const result = resultOf(entries);
  expect(result.counts.fail).toBe(0);
  expect(result.counts.pass).toBe(2);
});

test("a step that only came along does not count", () => {
  const entries = recordOf(1);
  const [pass] = entries.flatMap((entry) =>
    entry.type === "end" && entry.status === "pass" ? [entry] : [],
  );
  if (pass) entries.push({ ...pass, world: "other", status: "fail", prerequisite: true });
  expect(resultOf(entries).counts).toMatchObject({ pass: 1, fail: 1 });
});
