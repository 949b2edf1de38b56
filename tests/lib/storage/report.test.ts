/** The dry run's text: what is shortened, what never is, and how it fits a terminal. */

import { describe, expect, test } from "bun:test";
import { recordOf } from "../../../lib/storage/record.ts";
import { plainStyle, planReport } from "../../../lib/storage/report.ts";
import { entry, type Found, idAt, planned, repo, session, stateDir } from "./found.ts";

const app = "/r/app";
const id = idAt(app);

function report(found: Found, more: { verbose?: boolean; columns?: number } = {}): string[] {
  const record = recordOf(planned(found).plan, {
    ...{ generatedAt: new Date(0), aoVersion: "0", inventoryDigest: () => "" },
  });
  const options = { style: plainStyle, verbose: false, columns: 100, ...more };
  return planReport(record, "Title", options).split("\n");
}

const projects = (count: number): Found => {
  const paths = Array.from({ length: count }, (_, n) => `/r/p${String(n).padStart(2, "0")}`);
  return {
    entries: paths.map((path, n) => entry(`k${n}`, path, { sessionPrefix: `s${n}` })),
    repos: paths.map((path) => repo(path)),
    projects: paths.map((path, n) => stateDir(`k${n}`, { sessions: [session(path, `s${n}-1`)] })),
  };
};

describe("projects with issues", () => {
  const shown = (count: number, verbose = false) => {
    const lines = report(projects(count), { verbose });
    return {
      count: lines.filter((line) => /^ {2}\S+ \[v1-bare\]$/.test(line)).length,
      more: lines
        .find((line) => line.includes("more projects"))
        ?.trim()
        .split(" ")[2],
    };
  };

  test("are all shown up to twelve, then ten and how many more; all with --verbose", () => {
    expect(shown(12)).toEqual({ count: 12, more: undefined });
    expect(shown(13)).toEqual({ count: 10, more: "3" });
    expect(shown(13, true)).toEqual({ count: 13, more: undefined });
    expect(report({}).join("\n")).not.toContain("Per-project issues");
  });

  test("have one line for each kind, unless everything was asked for", () => {
    const sessions = ["app-1", "app-2", "app-3"].map((name) =>
      session("/x", name, { format: "empty" }),
    );
    const found = {
      entries: [entry(id, app)],
      repos: [repo(app)],
      projects: [stateDir(id, { layout: "v2-hashed", sessions })],
    };
    const count = (verbose: boolean) =>
      report(found, { verbose }).filter((line) => line.includes("is empty")).length;
    expect([count(false), count(true)]).toEqual([1, 3]);
    expect(report(found).find((line) => line.includes("is empty"))).toContain("2 more");
  });
});

test("long lists are shortened by more than one line, and never with --verbose", () => {
  const orphans = (count: number): Found => ({
    hashDirs: Array.from({ length: count }, (_, n) =>
      stateDir(`x${n}`, { layout: "v1", hash: "0123456789ab" }),
    ),
  });
  const lines = (count: number, verbose = false) => {
    const text = report(orphans(count), { verbose });
    const from = text.findIndex((line) => line.startsWith("Warnings"));
    const warnings = text.slice(from + 1);
    return {
      bullets: warnings.filter((line) => line.startsWith("  • ")).length,
      more: warnings
        .find((line) => line.includes("more (--verbose)"))
        ?.trim()
        .split(" ")[2],
    };
  };
  const { bullets: few } = lines(40);
  expect(few).toBeGreaterThan(1);
  expect(lines(40).more).toBe(String(40 - few));
  // One more than the limit is shown: the line that says so would take the same room.
  expect(lines(few + 1)).toEqual({ bullets: few + 1, more: undefined });
  expect(lines(few + 2)).toEqual({ bullets: few, more: "2" });
  expect(lines(40, true)).toEqual({ bullets: 40, more: undefined });
});

test("lines fit the terminal, down to forty columns", () => {
  const name = "a-project-with-a-very-long-name-that-nobody-would-type-twice";
  const found: Found = {
    entries: [entry("k1", `/r/${name}`)],
    repos: [repo(`/r/${name}`)],
    projects: [stateDir(name, { sessions: [session("/x", "s-1", { format: "empty" })] })],
    hashDirs: [stateDir("old one", { layout: "v1", hash: "0123456789ab" })],
  };
  for (const columns of [60, 100]) {
    const text = report(found, { columns, verbose: true }).filter((line) => line.includes(" "));
    const words = text.filter((line) => line.trim().split(" ").length > 2);
    const tooLong = words.filter((line) => line.length > columns && !line.includes("/"));
    expect(tooLong).toEqual([]);
  }
});

test("a plan that is blocked, or empty, says that and has no totals", () => {
  const place = { file: "/c.yaml" };
  const blocked = report({ registryFault: { kind: "corrupt", place, detail: "odd" } });
  expect(blocked.join("\n")).toContain("Blocked");
  expect(blocked).not.toContain("Totals");
  expect(report(projects(1))).toContain("Totals");
});
