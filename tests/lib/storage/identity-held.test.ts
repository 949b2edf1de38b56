/** Which projects are held back, and which of a project's directories is its home. */

import { describe, expect, test } from "bun:test";
import {
  base,
  entry,
  type Found,
  idAt,
  identityOf as identity,
  judge,
  repo,
  short,
  stateDir,
  worktree,
} from "./found.ts";

const hash = "0123456789ab";
const [app, other] = ["/r/app", "/r/other"];
const repos = [repo(app), repo(other)];
const entries = [entry("k1", app), entry("k2", other)];
const v1 = (name: string, more: Parameters<typeof stateDir>[1] = {}) =>
  stateDir(name, { layout: "v1", hash, ...more });

describe("a project is held back", () => {
  const held = (found: Found, answers: [string, string][] = []) =>
    judge({ entries, repos, ...found }, answers).projects.map((project) => project.held !== null);

  test("where a file or a link stands in its place", () => {
    const at = (path: string) => [
      { kind: "symlink" as const, place: { file: path }, detail: "a link" },
    ];
    expect(held({ faults: at(`${base}/projects/${idAt(app)}`) })).toEqual([true, false]);
    expect(held({ faults: at(`${base}/projects/x`) })).toEqual([false, false]);
  });

  test("where its id cannot be known", () => {
    expect(held({ repos: [repo(app), repo(other, { exists: false })] })).toEqual([false, true]);
    const origin = { exists: false, originUrl: "https://github.com/o/other.git" };
    expect(held({ repos: [repo(app), repo(other, origin)] })).toEqual([false, false]);
    expect(held({ repos: [] })).toEqual([true, true]);
    const noted = [entry("k1", app, { originUrl: "git@github.com:o/app" }), entry("k2", other)];
    expect(held({ repos: [], entries: noted })).toEqual([false, true]);
    const keyed = [entry("app_0123456789", app), entry("k2", other)];
    expect(held({ repos: [], entries: keyed })).toEqual([false, true]);
  });

  test("where its place holds state that is not proven to be its own", () => {
    const taken = stateDir(idAt(app), { identity: identity(other) });
    expect(held({ projects: [taken] })).toEqual([true, false]);
    const chosen: [string, string][] = [[`identity:projects/${idAt(app)}`, idAt(app)]];
    expect(held({ projects: [taken] }, chosen)).toEqual([false, false]);
  });

  test("while a directory under its name is left alone", () => {
    const at = `${base}/projects/app/worktrees/s-1`;
    const worktrees = [worktree(at, repo(other))];
    const named = [entry("k1", app, { projectId: "app" }), entry("k2", other)];
    expect(held({ entries: named, projects: [stateDir("app")], worktrees })).toEqual([true, false]);
    const keyed = [worktree(`${base}/projects/k1/worktrees/s-1`, repo(other))];
    expect(held({ projects: [stateDir("k1")], worktrees: keyed })).toEqual([true, false]);
    expect(held({ projects: [stateDir("odd")] })).toEqual([false, false]);
    const v1Only = v1("k1");
    expect(held({ hashDirs: [v1Only] })).toEqual([false, false]);
  });
});

describe("of a project's directories", () => {
  test("the one called by its id is home, else the one called by its key", () => {
    const one = [entry("k1", app, { projectId: "first" })];
    const homeOf = (...names: string[]) =>
      judge({ entries: one, repos, projects: names.map((name) => stateDir(name)) }).projects[0];
    expect(homeOf("first", "k1", idAt(app))?.home?.name).toBe(idAt(app));
    expect(homeOf("first", "k1")?.home?.name).toBe("k1");
    expect(homeOf("first")?.home?.name).toBe("first");
    expect(homeOf()?.home).toBeNull();
    expect(homeOf("first", "k1")?.others.map(({ name }) => name)).toEqual(["first"]);
  });

  test("originals come before copies of a migration, then by name", () => {
    const key = { storageKey: hash };
    const hashDirs = [
      v1("app", { migrated: true }),
      v1("b", { path: `${base}/b` }),
      v1("a", { path: `${base}/a` }),
    ];
    const { projects } = judge({ entries: [entry("k1", app, key)], repos, hashDirs });
    expect(projects[0]?.others.map(({ path }) => short(path))).toEqual([
      "a",
      "b",
      `${hash}-app.migrated`,
    ]);
    expect(projects[0]?.names).toEqual(new Set(["app", "k1", "a", "b"]));
  });
});

test("registry keys that are no safe directory names are no projects", () => {
  expect(judge({ entries: [entry("../x", app), entry("k1", other)], repos }).projects).toHaveLength(
    1,
  );
});
