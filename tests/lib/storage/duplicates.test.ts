/** Projects of one repository, and projects with one id. */

import { describe, expect, test } from "bun:test";
import { duplicateRepos } from "../../../lib/storage/duplicates.ts";
import { entry, idAt, judge, repo, stateDir } from "./found.ts";

const [app, copy] = ["/r/app", "/r/copy"];
const ssh = "git@github.com:o/app.git";
const https = "https://github.com/o/app.git";
const repos = [repo(app, { originUrl: ssh }), repo(copy, { originUrl: https })];
const entries = [entry("k1", app), entry("k2", copy)];
const idOfApp = idAt(app, ssh);
const idOfCopy = idAt(copy, https);

describe("projects whose origins are one, however they are spelled", () => {
  test("are asked about once, with each of them to merge into", () => {
    const third = [...entries, entry("k3", "/r/none"), entry("k4", "/r/third")];
    const { decisions, projects } = judge({
      entries: third,
      repos: [...repos, repo("/r/none"), repo("/r/third", { originUrl: "https://x.org/y" })],
    });
    expect(decisions.list.map(({ key, chosen }) => [key, chosen])).toEqual([
      [expect.stringMatching(/^same-repo:.*github\.com.o\/app$/), "keep-both"],
    ]);
    const values = decisions.list[0]?.choices.map(({ value }) => value);
    expect(values).toEqual(["keep-both", "into:k1", "into:k2"]);
    expect(projects.every(({ mergedInto }) => mergedInto === null)).toBe(true);
  });

  test("are sorted by origin, and those without one are none", () => {
    const origins = ["https://b.org/x", "https://a.org/x"].flatMap((url) => [url, url]);
    const given = [...origins, undefined, undefined].map((originUrl, n) =>
      repo(`/r/${n}`, originUrl === undefined ? {} : { originUrl }),
    );
    const { projects } = judge({
      entries: given.map(({ path }, n) => entry(`k${n}`, path)),
      repos: given,
    });
    const found = duplicateRepos(projects);
    expect(found.map(({ originUrl }) => originUrl.includes("a.org"))).toEqual([true, false]);
    expect(found.map((each) => each.projects.length)).toEqual([2, 2]);
    const unregistered = projects.map((project) => ({ ...project, key: null }));
    expect(duplicateRepos(unregistered)).toEqual([]);
  });

  test("hand their directories and names over to the one that was chosen", () => {
    const [{ key = "" } = {}] = judge({ entries, repos }).decisions.list;
    const found = { entries, repos, projects: [stateDir("k1"), stateDir("k2"), stateDir("copy")] };
    const { projects, decisions } = judge(found, [[key, "into:k2"]]);
    expect(decisions.list[0]).toMatchObject({ chosen: "into:k2", decidedBy: "user" });
    const [first, second] = projects;
    expect(first).toMatchObject({ others: [], home: null });
    expect(first?.mergedInto).toBe(second ?? null);
    expect(second).toMatchObject({ home: { name: "k2" }, mergedInto: null });
    expect(second?.others.map(({ name }) => name)).toEqual(["copy", "k1"]);
    expect(second?.names).toEqual(new Set(["app", "copy", "k1", "k2"]));
  });

  test("are chosen between for a directory no more when they are one", () => {
    const [{ key = "" } = {}] = judge({ entries, repos }).decisions.list;
    const identity = {
      ...{ schemaVersion: 3 as const, projectId: "x", originUrl: null, realpath: app },
      ...{ path: app, sessionPrefix: "x" },
    };
    const named = [entry("k1", app), entry("k2", copy, { projectId: "odd" })];
    const found = { entries: named, repos, projects: [stateDir("odd", { identity })] };
    expect(judge(found).alone).toEqual(["projects/odd"]);
    const merged = judge(found, [[key, "into:k2"]]);
    expect([merged.alone, Object.keys(merged.owners)]).toEqual([[], ["projects/odd"]]);
    const unowned = judge({ ...found, projects: [stateDir("third")] }, [[key, "into:k2"]]);
    expect(unowned.choices.at(-1)).toEqual([idOfCopy]);
  });

  test("are merged only into one that is not held back, and that has the id when one has it", () => {
    const place = `/home/u/.agent-orchestrator/projects/${idOfApp}`;
    const faults = [{ kind: "symlink" as const, place: { file: place }, detail: "a link" }];
    const values = (found: Parameters<typeof judge>[0]) =>
      judge({ repos, ...found }).decisions.list.map(({ choices }) => choices.slice(1));
    expect(values({ entries, faults })).toMatchObject([[{ value: "into:k2" }]]);
    const keyed = [entry("k1", app), entry(idOfApp, app), entry("k2", copy)];
    expect(values({ entries: keyed })).toMatchObject([
      [{ value: `into:${idOfApp}` }, { value: "into:k2" }],
    ]);
  });
});

describe("two projects with one id", () => {
  const held = (keys: string[]) =>
    judge({ entries: keys.map((key) => entry(key, app)), repos }).projects.map(
      (project) => project.held !== null,
    );

  test("cannot both have its place: the one that is keyed by it stays", () => {
    expect(held(["k1", idOfApp])).toEqual([true, false]);
    expect(held([idOfApp, "k1"])).toEqual([false, true]);
  });

  test("are both held back when neither is, and one alone is not", () => {
    expect(held(["k1", "k2"])).toEqual([true, true]);
    expect(held(["k1"])).toEqual([false]);
  });

  test("are no rivals when one is merged, or when their ids cannot be known", () => {
    const twice = [entry("k1", app), entry(idOfApp, app)];
    const [{ key = "" } = {}] = judge({ entries: twice, repos }).decisions.list;
    const merged = judge({ entries: twice, repos }, [[key, `into:${idOfApp}`]]);
    expect(merged.projects.map((project) => project.held)).toEqual([null, null]);
    const gone = judge({ entries: [entry("k1", "/x"), entry("k2", "/y")] }).projects;
    expect(gone.map((project) => project.held?.includes("registered for the same"))).toEqual([
      false,
      false,
    ]);
  });
});
