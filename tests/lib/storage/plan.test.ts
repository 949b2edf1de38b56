/** What a plan says beside its steps: what blocks it, what runs, and what was asked for. */

import { describe, expect, test } from "bun:test";
import { stepIds } from "../../../lib/storage/options.ts";
import { planStorage } from "../../../lib/storage/plan.ts";
import {
  base,
  entry,
  type Found,
  home,
  idAt,
  inventoryOf,
  planned,
  repo,
  session,
  stateDir,
  worktree,
} from "./found.ts";

const app = "/r/app";
const id = idAt(app);
const todo: Found = {
  entries: [entry("app", app)],
  repos: [repo(app)],
  projects: [stateDir("app", { sessions: [session("/x", "app-1")] })],
};

describe("a plan is blocked", () => {
  const blockers = (found: Found) => planned(found).plan.blockers;

  test("by a registry that cannot be used, with its place, and then has no steps", () => {
    const fault = (place: { line?: number; column?: number }) => ({
      ...{ kind: "corrupt" as const, detail: "odd" },
      place: { file: "/c.yaml", ...place },
    });
    expect(blockers({ ...todo, registryFault: fault({}) })).toEqual(["/c.yaml: odd"]);
    const { plan } = planned({ ...todo, registryFault: fault({ line: 3, column: 7 }) });
    expect(plan.blockers).toEqual(["/c.yaml:3:7: odd"]);
    expect(plan.steps).toEqual([]);
    expect(blockers(todo)).toEqual([]);
    expect(planned(todo).plan.steps).not.toEqual([]);
  });

  test("by a base dir or projects that cannot be listed, not by one odd file", () => {
    const fault = (kind: "unreadable" | "not-a-file", file: string) => ({
      ...{ kind, detail: "odd" },
      place: { file },
    });
    const faults = [
      fault("not-a-file", base),
      fault("unreadable", `${base}/projects`),
      fault("unreadable", `${base}/projects/app/sessions/app-1.json`),
    ];
    expect(blockers({ faults })).toEqual([`${base}: odd`, `${base}/projects: odd`]);
  });

  test("by every migration that is open: it runs, or is to be ended first", () => {
    const holder = { pid: 12, command: "migrate", startedAt: "now", migration: "m2" };
    const found = { openMigrations: ["m1", "m2"], migrationHolder: holder };
    const [first, second, ...none] = blockers(found);
    expect(first).toMatch(/^Migration m1 was interrupted: resume/);
    expect(second).toMatch(/^Migration m2 is running, in process 12 \(migrate, since now\)/);
    expect(none).toEqual([]);
    expect(blockers({ openMigrations: ["m1"] })[0]).toContain("interrupted");
  });
});

test("what running.json says of a process is a warning, unless it says nothing", () => {
  const warnings = (pid: number | null, alive = false, isAo = false) =>
    planned({ running: { path: "/r.json", port: null, pid, alive, isAo } }).plan.warnings;
  expect(warnings(7, true, true)).toEqual(["AO is running (pid 7); stop it before executing."]);
  expect(warnings(7, true)).toEqual([
    "running.json names pid 7, which belongs to another program.",
  ]);
  expect(warnings(7)).toEqual(["running.json names pid 7, which is dead."]);
  expect(warnings(null)).toEqual([]);
  expect(planned({}).plan.warnings).toEqual([]);
});

describe("a plan", () => {
  const planOf = (steps: (typeof stepIds)[number][], answers: [string, string][] = []) =>
    planStorage(inventoryOf({ ...todo, projects: [stateDir(id, { layout: "v2-hashed" })] }), {
      ...{ now: new Date(0), answers: new Map(answers), linkFiles: () => [] },
      steps: new Set(steps),
    });

  test("has the steps that were asked for and do something, numbered as among all", () => {
    const steps = planOf([
      "write-identity-json",
      "reconcile-counter",
      "rename-tmux-sessions",
    ]).steps;
    expect(steps.map(({ order, id, count }) => [order, id, count])).toEqual([
      [stepIds.indexOf("write-identity-json") + 1, "write-identity-json", 1],
      [stepIds.indexOf("reconcile-counter") + 1, "reconcile-counter", 1],
    ]);
  });

  test("is known by its operations alone: the same ones have the same id", () => {
    const ids = (["write-identity-json", "reconcile-counter"] as const).map(
      (step) => planOf([step]).id,
    );
    expect(ids[0]).toMatch(/^[0-9a-f]{16}$/);
    expect(ids[1]).not.toBe(ids[0]);
    expect(planOf(["write-identity-json", "rename-tmux-sessions"]).id).toBe(ids[0] ?? "");
  });

  test("names answers to questions that did not come up", () => {
    expect(planOf([], [["who:knows", "x"]]).unusedAnswers).toEqual(["who:knows"]);
  });

  test("makes no directory that is there: `projects` with a project in it", () => {
    const path = `${home}/.worktrees/app/app-1`;
    const worktrees = [worktree(path, repo(app), { where: "legacy-root" })];
    const { lines } = planned({ ...todo, worktrees });
    expect(lines.filter((line) => line.startsWith("makeDir "))).toEqual([
      `makeDir projects/${id}/worktrees`,
    ]);
  });
});

describe("the details of a step, for people", () => {
  const detailsOf = (found: Found) =>
    Object.fromEntries(planned(found).plan.steps.map((step) => [step.id, step.details]));

  test("name paths below the base directory or the home in short", () => {
    const paths = [`${home}/.worktrees/app/app-1`, "/mnt/app/app-2"];
    const worktrees = paths.map((path) => worktree(path, repo(app), { where: "legacy-root" }));
    const lines = detailsOf({ ...todo, worktrees })["adopt-stranded-worktrees"];
    expect(lines).toEqual([
      `~/.worktrees/app/app-1 → projects/${id}/worktrees/app-1`,
      `/mnt/app/app-2 → projects/${id}/worktrees/app-2`,
    ]);
  });

  test("name what each thing was and what it becomes", () => {
    const dir = `${base}/projects/app`;
    const kv = session(dir, "app-2", {
      format: "kv",
      text: "a=1\n",
      path: `${dir}/sessions/app-2`,
    });
    const sessions = [
      ...[kv, session(dir, "app-3", { format: "empty" })],
      session(dir, "app-4", { fields: { project: "app" } }),
      session(dir, "app-5", { path: `${dir}/sessions/app-5` }),
    ];
    const details = detailsOf({ ...todo, projects: [stateDir("app", { sessions })] });
    const at = (name: string) => `projects/${id}/sessions/${name}`;
    expect(details["rewrite-session-metadata"]).toEqual([
      `${at("app-2.json")}: key=value → JSON`,
      `${at("app-3.json")}: empty, set aside`,
      `${at("app-4.json")}: /project`,
      `${at("app-5.json")}: was app-5`,
    ]);
    expect(details["rekey-v1-entries"]).toEqual([`projects/app → projects/${id}`]);
    expect(details["write-identity-json"]).toEqual([`projects/${id}/identity.json`]);
    expect(details["reconcile-counter"]).toEqual([`projects/${id}/.next-session-id.json: 6`]);
  });
});
