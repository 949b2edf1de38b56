/** All reports are made from one record, and agree on every count. */
import { expect, test } from "bun:test";
import * as v from "valibot";
import { type Entry, type Status, statuses } from "../../../lib/smoke/record.ts";
import { githubLog } from "../../../lib/smoke/reports/github.ts";
import { html } from "../../../lib/smoke/reports/html.ts";
import { ctrf, ctrfSchema, junit, plainCounts, tap } from "../../../lib/smoke/reports/machine.ts";
import { markdownParts, summary } from "../../../lib/smoke/reports/markdown.ts";
import { resultOf } from "../../../lib/smoke/results.ts";

const nasty = 'a <b> & "c" ]]> \u0007 ``` # | \ud800 end';

/** A record with `count` steps of every status. */
function recordOf(count: number, reason = nasty): Entry[] {
  const all = statuses.flatMap((status) =>
    Array.from({ length: count }, (_, index) => ({ status, index })),
  );
  const idOf = (status: Status, index: number) => `3.${statuses.indexOf(status) * 1000 + index}`;
  const entries: Entry[] = [
    {
      type: "run",
      version: 1,
      run: "r",
      at: "2026-01-01T00:00:00Z",
      ao: "/ao",
      generation: "R",
      runtime: "tmux",
      github: "fake",
      agents: "fake",
      runbook: "/lanes",
    },
    {
      type: "environment",
      os: "linux",
      multiplexer: "tmux 3",
      git: "git 2",
      aoVersion: "dev",
      status: {},
      doctor: {},
    },
    {
      type: "plan",
      steps: all.map(({ status, index }) => ({
        id: idOf(status, index),
        lane: "3",
        laneTitle: "Sessions",
        title: `${status} ${nasty}`,
        why: "x",
        source: "f:1",
      })),
    },
  ];
  for (const { status, index } of all) {
    const step = idOf(status, index);
    entries.push({ type: "start", step, world: "w", at: "2026-01-01T00:00:00Z" });
    if (status === "fail") {
      const checks = [{ path: "status", expected: "404", ok: false, problem: "is 500" }];
      entries.push({
        type: "action",
        step,
        world: "w",
        part: "do",
        index: 0,
        kind: "http",
        title: "curl",
        ms: 1,
        attempts: 3,
        checks,
        seen: { body: nasty },
      });
    }
    // A step that was not reached has no end.
    if (status !== "not-run")
      entries.push({
        type: "end",
        step,
        world: "w",
        status,
        ms: 5,
        at: "2026-01-01T00:00:01Z",
        reason,
      });
  }
  entries.push({ type: "finish", at: "2026-01-01T00:00:02Z", ms: 2_000, cancelled: false });
  return entries;
}

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

  const page = html(result);
  for (const status of statuses)
    expect(page.match(new RegExp(`<td class="s ${status}">`, "g"))).toHaveLength(3);
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
  expect(html(result)).not.toContain("<b>");
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
