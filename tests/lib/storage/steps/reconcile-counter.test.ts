/** The number that the next session gets: above every one that was ever seen, and never lowered. */

import { describe, expect, test } from "bun:test";
import type { StateDir } from "../../../../lib/storage/inventory.ts";
import {
  base,
  entry,
  type Found,
  home,
  idAt,
  planned,
  repo,
  session,
  stateDir,
  worktree,
} from "../found.ts";

const app = "/r/app";
const id = idAt(app);
const dir = `${base}/projects/${id}`;
const hash = "0123456789ab";
const counter = `${dir}/.next-session-id.json`;

function reconciled(own: Partial<StateDir>, more: Found = {}) {
  const { plan } = planned({
    entries: [entry(id, app, { storageKey: hash, sessionPrefix: "app" })],
    repos: [repo(app)],
    projects: [stateDir(id, { layout: "v2-hashed", ...own })],
    ...more,
  });
  const step = plan.steps.find((each) => each.id === "reconcile-counter");
  const [operation] = step?.operations ?? [];
  return {
    operation,
    details: step?.details ?? [],
    warnings: plan.warnings.filter((line) => line.includes(".next-session-id.json")),
  };
}

/** The number that a new counter says. */
function next(own: Partial<StateDir>, more: Found = {}): unknown {
  const { operation } = reconciled(own, more);
  if (operation?.op !== "create") return operation;
  expect(operation.path).toBe(counter);
  return JSON.parse(operation.content).next;
}

describe("a new counter", () => {
  test("is one where there is nothing, and says so in a line", () => {
    expect(next({})).toBe(1);
    expect(reconciled({}).details).toEqual([`projects/${id}/.next-session-id.json: 1`]);
  });

  test("is above the numbers of sessions, archives and worktrees, here and in what is merged", () => {
    const at = (name: string) => session(dir, name);
    expect(next({ sessions: [at("app-9"), at("app-10"), at("app-2")] })).toBe(11);
    expect(next({ archives: [at("app-4")] })).toBe(5);
    expect(next({ worktrees: ["app-7"] })).toBe(8);
    const v1 = (more: Partial<StateDir>) => ({
      hashDirs: [stateDir("app", { layout: "v1", hash, ...more })],
    });
    expect(next({}, v1({ worktrees: ["app-12"] }))).toBe(13);
    expect(next({}, v1({ sessions: [session(`${base}/${hash}-app`, "app-3")] }))).toBe(4);
    expect(next({}, v1({ nextSessionId: 40 }))).toBe(40);
  });

  test("is above the number of a worktree that is adopted, by this project alone", () => {
    const adopted = worktree(`${home}/.worktrees/app/app-6`, repo(app), { where: "legacy-root" });
    expect(next({}, { worktrees: [adopted] })).toBe(7);
    const of = repo("/r/web");
    const entries = [entry(id, app), entry("web", of.path, { sessionPrefix: "app-x" })];
    const stray = worktree(`${home}/.worktrees/web/app-66`, of, { where: "legacy-root" });
    const found = { entries, repos: [repo(app), of], worktrees: [stray] };
    const web = stateDir("web", {
      sessions: [session("/x", "w", { fields: { worktree: stray.path } })],
    });
    expect(next({}, { ...found, projects: [stateDir(id, { layout: "v2-hashed" }), web] })).toBe(1);
  });

  test("minds neither other prefixes nor orchestrators", () => {
    const names = ["other-9", "app-orchestrator-8", "app", "app-1"];
    expect(next({ sessions: names.map((name) => session(dir, name)) })).toBe(2);
  });
});

describe("a counter that is there", () => {
  const sessions = [session(dir, "app-5")];

  test("is raised, and never lowered", () => {
    const { operation, details } = reconciled({ sessions, nextSessionId: 5 });
    expect(operation).toEqual({
      ...{ op: "patchJson", path: counter },
      edits: [{ pointer: "/next", before: 5, after: 6 }],
    });
    expect(details).toHaveLength(1);
    for (const nextSessionId of [6, 60]) {
      expect(reconciled({ sessions, nextSessionId }).operation).toBeUndefined();
    }
  });

  test("and cannot be read is left alone, and told", () => {
    const file = (name: string) => [{ name, kind: "file" as const, bytes: 1 }];
    const { operation, warnings } = reconciled({ sessions, others: file(".next-session-id.json") });
    expect(operation).toBeUndefined();
    expect(warnings).toEqual([`projects/${id}/.next-session-id.json cannot be read; left alone.`]);
    expect(next({ sessions, others: file("notes.txt") })).toBe(6);
  });
});
