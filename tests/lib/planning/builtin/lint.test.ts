import { describe, expect, test } from "bun:test";
import type { Operation } from "../../../../lib/change/operation.ts";
import { lint, lintOperations } from "../../../../lib/planning/builtin/lint.ts";
import {
  answersIn,
  type BuiltinPlan,
  decisionText,
} from "../../../../lib/planning/builtin/source.ts";

const roots = ["/state"];
const create = (path: string): Operation => ({ op: "create", path, content: "x" });
const move = (from: string, to: string): Operation => ({ op: "move", from, to });
const trash = (path: string): Operation => ({ op: "trash", path });

const plan = (change: Partial<BuiltinPlan> = {}): BuiltinPlan => ({
  id: "0".repeat(16),
  title: "t",
  script: "migrate",
  phases: [],
  decisions: [],
  warnings: [],
  blockers: [],
  live: [],
  roots,
  measure: () => ({ place: "/state", bytes: 1, devices: [] }),
  ...change,
});

describe("lint", () => {
  test("sound operations have no findings", () => {
    const operations = [move("/state/a", "/state/b"), create("/state/a"), trash("/state/c")];
    expect(lintOperations(operations, roots)).toEqual([]);
  });

  test.each([
    [[create("/elsewhere/a")], "outside of the named places: /elsewhere/a"],
    [[create("/state/../etc/a")], "outside of the named places: /state/../etc/a"],
    [[trash("/state/a"), move("/state/a/b", "/state/c")], "used after it was thrown away"],
    [[move("/state/a", "/state/c"), create("/state/c")], "two things would become /state/c"],
    [[trash("/state")], "a whole place would be thrown away: /state"],
  ] as [Operation[], string][])("%j", (operations, finding) => {
    expect(lintOperations(operations, roots).join("\n")).toContain(finding);
  });

  test("a place that was emptied may be filled again", () => {
    const operations = [create("/state/a"), move("/state/a", "/state/b"), create("/state/a")];
    expect(lintOperations(operations, roots)).toEqual([]);
    expect(lintOperations([trash("/state/a"), create("/state/a")], roots)).toEqual([]);
  });

  test("blockers, stale operations and open decisions", () => {
    const decision = {
      key: "identity:abc",
      question: "Whose is abc?",
      choices: [{ value: "keep", label: "" }],
      chosen: "keep",
      decidedBy: "default" as const,
    };
    const phase = { name: "a", title: "", description: "", details: [], operations: [] };
    const fresh = plan({
      blockers: ["config.yaml:1:1: broken"],
      decisions: [decision],
      phases: [{ ...phase, operations: [create("/state/a")] }],
    });
    const findings = lint(new Map([["a", [create("/state/b")]]]), fresh, false);
    expect(findings).toEqual([
      "blocked: config.yaml:1:1: broken",
      "stale base: the disk has changed, phase a would be planned differently now",
      "ambiguous identity: Whose is abc? (identity:abc; one of keep; default keep)",
    ]);
    const same = new Map([["a", [create("/state/a")]]]);
    expect(lint(same, { ...fresh, blockers: [] }, true)).toEqual([]);
    expect(
      lint(new Map(), plan({ decisions: [{ ...decision, decidedBy: "user" }] }), false),
    ).toEqual([]);
  });
});

test("answers are read from feedback, the last one counts, and keys may hold an equals sign", () => {
  const feedback = (text: string) => ({ receivedAt: "", source: "message" as const, text });
  const answers = answersIn([
    feedback("please hurry\nnothing = decided"),
    feedback(decisionText("same-repo:https://x/?a=b", "keep")),
    feedback(`${decisionText("k", "one")}\r\n${decisionText("k", "two")}`),
  ]);
  expect([...answers]).toEqual([
    ["same-repo:https://x/?a=b", "keep"],
    ["k", "two"],
  ]);
});
