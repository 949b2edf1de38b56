/** What a run says at its end, and which commands it names. */

import { describe, expect, test } from "bun:test";
import {
  executionText,
  isBare,
  nextCommands,
  rehearsalText,
} from "../../../lib/storage/outcome-text.ts";
import { base, entry, type Found, planned, repo, stateDir } from "./found.ts";

const migrate = (...words: string[]) => ["migrate", ...words].join(" ");

describe("after a dry run", () => {
  const next = (found: Found) => nextCommands(planned(found).plan, migrate);
  const fault = { kind: "corrupt" as const, place: { file: "/c.yaml" }, detail: "odd" };
  const v1 = stateDir("app", { layout: "v1-bare" });
  const todo = { entries: [entry("app", "/r/app")], repos: [repo("/r/app")], projects: [v1] };

  test("the next steps are named when there is something to do and nothing in the way", () => {
    for (const word of ["--rehearse", "--execute", "--output plan.json"]) {
      expect(next(todo)).toContain(migrate(word));
    }
    expect(next({ ...todo, registryFault: fault })).not.toContain("--execute");
    expect(next({ ...todo, registryFault: fault })).toContain("blockers");
  });

  test("each has a line of its own, with what it is for at the same place", () => {
    const lines = next(todo).split("\n").slice(-4, -1);
    const notes = ["try it on a copy", "carry it out", "save it for review"];
    const places = lines.map((line, at) => line.indexOf(`   ${notes[at]}`));
    expect(new Set(places).size).toBe(1);
    expect(places[0]).toBe(2 + "migrate --output plan.json".length);
  });

  test("what it is for stands above a command that is too long to have it beside it", () => {
    const long = (...words: string[]) => migrate(...words, "--home", "/a".repeat(20));
    const fitting = (columns: number) => nextCommands(planned(todo).plan, long, columns);
    const lines = fitting(80).split("\n").slice(-7, -1);
    expect(lines.slice(0, 2)).toEqual(["  try it on a copy:", `    ${long("--rehearse")}`]);
    expect(lines.slice(4)).toEqual([
      "  save it for review:",
      `    ${long("--output", "plan.json")}`,
    ]);
    expect(fitting(200).split("\n")).toHaveLength(6);
  });

  test("a disk without state names where else it could be, one that is V3 says nothing", () => {
    expect(next({ nothingThere: true })).toContain(base);
    expect(next({ nothingThere: true })).toContain("--home");
    const { plan } = planned({});
    expect([plan.steps.length, next({})]).toEqual([0, ""]);
    expect(isBare(plan)).toBe(false);
    expect(isBare(planned({ nothingThere: true }).plan)).toBe(true);
    const blocked = planned({ nothingThere: true, registryFault: fault }).plan;
    expect(isBare(blocked)).toBe(false);
    const bare = planned({ nothingThere: true }).plan;
    expect(isBare({ ...bare, warnings: ["a"], blockers: ["b"] })).toBe(false);
    expect(isBare({ ...bare, steps: planned(todo).plan.steps.slice(0, 1), warnings: ["a"] })).toBe(
      false,
    );
  });
});

test("an execution tells what is left, twenty things at most, and how to take it back", () => {
  const done = {
    id: "v3-1",
    dir: "/m/v3-1",
    operations: 7,
    warnings: ["odd\u001b"],
    leftovers: [],
  };
  const text = executionText(done, "rollback v3-1");
  expect(text).toContain("7 operations");
  expect(text).toContain("/m/v3-1");
  expect(text).toContain("warning: odd");
  expect(text).not.toContain("\u001b");
  expect(text).toContain("\n  rollback v3-1\n");
  const left = (count: number) =>
    executionText(
      { ...done, leftovers: Array.from({ length: count }, (_, n) => `left ${n}`) },
      "x",
    );
  expect(left(1)).toContain("1 thing left");
  expect(left(30)).toContain("30 things left");
  expect(
    left(30)
      .split("\n")
      .filter((line) => line.startsWith("  • ")).length,
  ).toBe(20);
  expect(text).not.toContain("left:");
});

describe("a rehearsal", () => {
  const clean = {
    ...{ operations: 3, entries: 1, missing: [], differences: [], kept: [] },
    milliseconds: { copy: 1234, execute: 10, rollback: 999 },
  };

  test("that went well tells how long each part took, and what to do next", () => {
    const text = rehearsalText(clean, migrate);
    for (const part of ["1.23 s", "0.01 s", "1.00 s", "1 entry", "migrate --execute"]) {
      expect(text).toContain(part);
    }
    expect(rehearsalText({ ...clean, operations: 0 }, migrate)).not.toContain("Copied");
    expect(rehearsalText({ ...clean, operations: 1, entries: 2 }, migrate).split("\n")).toEqual(
      expect.arrayContaining([
        "Copied:      2 entries in 1.23 s",
        "Executed:    1 operation in 0.01 s",
        "Rolled back: in 1.00 s",
      ]),
    );
  });

  test("that did not names every problem, fifty at most, and no next step", () => {
    const problems = { missing: ["/a"], kept: ["/b"], differences: ["/c"] };
    for (const [key, [path = ""]] of Object.entries(problems)) {
      const text = rehearsalText({ ...clean, [key]: [path] }, migrate);
      expect(text).toContain(path);
      expect(text).not.toContain("--execute");
    }
    const many = Array.from({ length: 60 }, (_, n) => `/${n}`);
    const lines = rehearsalText({ ...clean, missing: many }, migrate).split("\n");
    expect(lines.filter((line) => line.startsWith("  • ")).length).toBe(50);
  });
});
