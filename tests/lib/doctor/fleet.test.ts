/** Reports of many machines as one, made by the script as it is called. */

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { fleetDocumentSchema } from "../../../lib/doctor/fleet-document.ts";
import { machineOf } from "../../../lib/doctor/fleet-read.ts";
import { runScript } from "../../process.ts";
import { makeTemp } from "../../temp.ts";
import { checked, report } from "./reports.ts";

const hostile = "<script>alert(1)</script>";
const sick = report(
  checked("AO-ST-001", "fail", [hostile]),
  checked("AO-ST-002", "warn", ["one", "two"]),
);

let dir: string;
beforeAll(() => {
  dir = makeTemp("fleet");
  mkdirSync(join(dir, "other"));
  const issues = [{ kind: "v1-hash-dir", detail: "d" }];
  const totals = { bytes: 2048, sessions: 3, worktrees: 1, observabilityDirs: 0 };
  const inventory = { scannedAt: "2026-11-21T09:00:00.000Z", aoBaseDir: "/h/ao", totals };
  const plan = {
    ...{ schemaVersion: 3, planId: "0123456789abcdef" },
    inventory: { ...inventory, projects: [{ issues }], globalConfigIssues: issues },
    steps: [{ id: "s", title: "A step", count: 1, operations: [{}, {}] }],
    ...{ warnings: ["take care"], blockers: [] as string[] },
  };
  const later = { ...report(checked("AO-ST-001", "pass")), newField: true };
  const files: Record<string, unknown> = {
    ...{ well: later, sick, "well.migrate": { ...plan, steps: [], warnings: [] } },
    worried: report(checked("AO-ST-002", "warn", ["one"])),
    "drifted.migrate": plan,
    "blocked.plan": { ...plan, blockers: ["in the way"] },
    locked: { error: { outcome: "invalid", message: "Cannot read it", hint: null } },
    ...{ foreign: { schemaVersion: 1 }, older: { ...plan, planId: 7 }, "other/well": sick },
  };
  for (const [name, value] of Object.entries(files)) {
    writeFileSync(join(dir, `${name}.json`), JSON.stringify(value));
  }
  writeFileSync(join(dir, "down.json"), "");
  writeFileSync(join(dir, "cut.json"), '{\n  "schemaVersion": 1,');
});
afterAll(() => rmSync(dir, { recursive: true }));

const merge = (...words: string[]) =>
  runScript("scripts/doctor.ts", ["--merge", ...words], { cwd: dir });

async function fleetOf(...files: string[]) {
  const { code, stdout, stderr } = await merge(...files, "--json");
  expect(stderr).toBe("");
  return { code, fleet: v.parse(fleetDocumentSchema, JSON.parse(stdout)) };
}

test("many reports become one, the worst machine and the worst check first", async () => {
  const { code, fleet } = await fleetOf("well.json", "worried.json", "sick.json");
  expect(code).toBe(1);
  expect(fleet.machines.map(({ name, state }) => [name, state])).toEqual([
    ...[
      ["sick", "failing"],
      ["worried", "warning"],
      ["well", "healthy"],
    ],
  ]);
  expect(fleet.checks.map(({ id, worst, machines }) => [id, worst, machines])).toEqual([
    ["AO-ST-001", "fail", ["sick"]],
    ["AO-ST-002", "warn", ["sick", "worried"]],
  ]);
});

test("dry runs belong to the machine of their name, and their drift is added up", async () => {
  const files = ["well.json", "well.migrate.json", "drifted.migrate.json", "blocked.plan.json"];
  const { code, fleet } = await fleetOf(...files);
  expect(code).toBe(1);
  expect(fleet.machines.map(({ name, state }) => [name, state])).toEqual([
    ...[
      ["blocked", "failing"],
      ["drifted", "warning"],
      ["well", "healthy"],
    ],
  ]);
  expect(fleet.machines[2]).toMatchObject({ doctor: { file: "well.json" }, plan: { steps: [] } });
  expect(fleet.drift).toEqual([
    { kind: "v1-hash-dir", count: 6, machines: ["blocked", "drifted", "well"] },
  ]);
});

test("a file that is no report is an error with its place, and costs nobody else's", async () => {
  const bad = ["cut", "down", "foreign", "gone", "locked", "older", "other/well"];
  const { code, fleet } = await fleetOf("well.json", ...bad.map((name) => `${name}.json`));
  expect(code).toBe(3);
  expect(fleet.totals).toEqual({ machines: 7, failing: 0, unknown: 7, warning: 0, healthy: 0 });
  const problems = fleet.machines.flatMap(({ name, problems }) =>
    problems.map(({ file, line, column, message }) => [name, file, line, column, message]),
  );
  const nowhere = [undefined, undefined];
  expect(problems).toEqual([
    ["cut", "cut.json", 2, 22, "it is not JSON"],
    ["down", "down.json", ...nowhere, "it is empty: the machine said nothing"],
    ["foreign", "foreign.json", ...nowhere, expect.stringContaining("toolkitVersion: expected")],
    ["gone", "gone.json", ...nowhere, "there is no such file"],
    ["locked", "locked.json", ...nowhere, "the machine reports: Cannot read it"],
    ["older", "older.json", ...nowhere, expect.stringContaining("planId: expected string")],
    ["well", "other/well.json", ...nowhere, expect.stringContaining("another one of the machine")],
  ]);
  const { stdout } = await merge("well.json", "cut.json");
  expect(stdout).toContain("UNKNOWN  cut\n  error: cut.json:2:22: it is not JSON\n");
  expect(stdout).toContain("HEALTHY  well\n");
});

test("healthy machines are a healthy fleet; no report is a usage error", async () => {
  expect(await merge("well.json", "worried.json")).toMatchObject({
    ...{ code: 0, stderr: "" },
    stdout: expect.stringContaining("Healthy: 2 machines, 0 failing"),
  });
  expect(await merge()).toMatchObject({ code: 2, stderr: expect.stringContaining("no report") });
  for (const flag of ["--fix", "--format=github", "--list-checks"]) {
    expect(await merge("well.json", flag)).toMatchObject({ code: 2 });
  }
});

test("a fleet is written as JSON, Markdown and a page, everything in them escaped", async () => {
  const outputs = ["fleet.html", "fleet.md", "fleet.json"].flatMap((file) => ["--output", file]);
  expect(await merge("well.json", "sick.json", "cut.json", ...outputs)).toMatchObject({ code: 3 });
  const read = (name: string) => readFileSync(join(dir, name), "utf8");
  expect(v.parse(fleetDocumentSchema, JSON.parse(read("fleet.json"))).totals.machines).toBe(3);
  expect(read("fleet.html")).toContain("<title>AO doctor: many machines</title>");
  expect(read("fleet.html")).toContain("&lt;script&gt;alert(1)");
  expect(read("fleet.html")).not.toContain("<script");
  expect(read("fleet.md")).toContain("\n| sick | failing | 1 | 1 |  |  |\n| cut | unknown |");
});

test("a machine is called as its file", () => {
  const names = ["a/web-1.json", "web-1.doctor.json", "web-1.migrate.json", "x.y.json", ".json"];
  expect(names.map(machineOf)).toEqual(["web-1", "web-1", "web-1", "x.y", ".json"]);
});
