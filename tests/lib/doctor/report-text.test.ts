import { describe, expect, test } from "bun:test";
import type { Check, Finding } from "../../../lib/doctor/check.ts";
import { allChecks } from "../../../lib/doctor/checks.ts";
import { checkList, explanation, reportText } from "../../../lib/doctor/report-text.ts";
import type { CheckResult, Status } from "../../../lib/doctor/run.ts";
import { findCheck } from "../../../lib/doctor/select.ts";
import { createStyle } from "../../../lib/terminal.ts";

const style = createStyle(false);
const options = { style, verbose: false, columns: 80, command: (name: string) => `repair ${name}` };

function result(id: string, status: Status, findings: Finding[] = [], summary = ""): CheckResult {
  const check: Check = findCheck(id);
  return { check, status, summary, findings, milliseconds: 1 };
}

const warn = (message: string, remedy?: string): Finding => ({
  ...{ level: "warn", message },
  ...(remedy !== undefined && { remedy }),
});

describe("the report", () => {
  test("has sections, findings with remedies, the fix, and a line with the numbers", () => {
    const text = reportText(
      [
        result("AO-CF-001", "pass", [], "2 projects registered"),
        result("AO-RT-003", "warn", [warn("It was left.", "look at it")]),
        result("AO-RT-004", "crash", [], "boom"),
      ],
      options,
    );
    expect(text).toBe(
      [
        "Config",
        "  PASS   AO-CF-001  registry: 2 projects registered",
        "",
        "Runtime",
        "  WARN   AO-RT-003  forgotten session locks",
        "      • It was left.",
        "        → look at it",
        "        mend: repair session-locks",
        "  CRASH  AO-RT-004  tmux sessions that no session names: boom",
        "",
        "Not healthy: 1 passed, 0 notes, 1 warning, 0 failures, 0 skipped, 1 crashed.",
        "",
      ].join("\n"),
    );
  });

  test("cuts long lists, but not to save a single line", () => {
    const many = (count: number) =>
      reportText(
        [
          result(
            "AO-RT-003",
            "warn",
            Array.from({ length: count }, (_, n) => warn(`lock ${n}`)),
          ),
        ],
        options,
      );
    expect(many(6)).toContain("lock 5");
    expect(many(7)).not.toContain("lock 5");
    expect(many(7)).toContain("… and 2 more (--verbose)");
  });

  test("breaks a long finding for the screen, but never a remedy that is copied", () => {
    const [message, remedy] = ["word ".repeat(40).trim(), `run ${"word ".repeat(40)}`.trim()];
    const lines = reportText([result("AO-RT-003", "warn", [warn(message, remedy)])], options)
      .split("\n")
      .filter((line) => line.includes("word"));
    expect(lines.slice(0, -1).map((line) => line.length <= 80)).toEqual([true, true, true]);
    expect(lines[1]).toStartWith("        word");
    expect(lines.at(-1)).toBe(`        → ${remedy}`);
  });

  test("says where a file is that a finding calls by its last part alone", () => {
    const ref = "/home/u/.agent-orchestrator/projects/p/sessions/int-7.json";
    const shown = (message: string, more: Partial<Finding> = {}) =>
      reportText([result("AO-SE-002", "warn", [{ ...warn(message), ref, ...more }])], options)
        .split("\n")
        .slice(2, -4);
    expect(shown('"int-7.json" is empty.')).toEqual([
      '      • "int-7.json" is empty.',
      `        ${ref}`,
    ]);
    expect(shown("sessions/int-7.json is empty.")).toHaveLength(1);
    expect(shown('"int-7.json" is odd.', { remedy: `look at ${ref}` })).toHaveLength(2);
    expect(shown("Session int-7 is live.", { ref: "int-7" })).toHaveLength(1);
  });

  test("tells a remedy that several findings share once", () => {
    const text = reportText(
      [
        result("AO-RT-003", "warn", [
          warn("one", "do x"),
          warn("two", "do x"),
          warn("three", "do y"),
        ]),
      ],
      options,
    );
    expect(text).toContain("• one\n      • two\n        → do x\n      • three\n        → do y\n");
  });

  test("makes one line of a section that does not apply", () => {
    const skipped = ["AO-RW-001", "AO-RW-002"].map((id) => result(id, "skip", [], "not here"));
    expect(reportText(skipped, options)).toContain("Rewrite (Go AO)\n  SKIP   not here\n\nHealthy");
  });

  test("shows control characters of foreign names as escapes", () => {
    const text = reportText([result("AO-RT-003", "warn", [warn("a\x1b[2J\nb")])], options);
    expect(text).toContain("• a\\x1b[2J\\x0ab\n");
  });
});

describe("texts about checks", () => {
  test("list each on one line", () => {
    const lines = checkList(allChecks).trimEnd().split("\n");
    expect(lines).toHaveLength(allChecks.length);
    expect(lines.find((line) => line.startsWith("AO-WT-001"))).toEndWith(
      "fix: worktree-links (safe)",
    );
  });

  test("explain every check in full sentences", () => {
    for (const check of allChecks) {
      for (const text of Object.values(check.explain)) expect(text).toMatch(/^[^\n]+\.$/);
      const lines = explanation(check, style, 80).split("\n");
      expect(lines.filter((line) => Bun.stringWidth(line) > 80)).toEqual([]);
    }
  });
});
