/** Under which names sessions and archives of several directories come together. */

import { describe, expect, test } from "bun:test";
import type { SessionFile, StateDir } from "../../../lib/storage/inventory.ts";
import { base, entry, idAt, planned, repo, session, stateDir } from "./found.ts";

const app = "/r/app";
const id = idAt(app);
const home = `${base}/projects/${id}`;
const hash = "0123456789ab";
const source = `${base}/${hash}-app`;

const live = (dir: string, name: string, more: Partial<SessionFile> = {}) =>
  session(dir, name, { fields: { createdAt: name, branch: name }, ...more });
const kv = (dir: string, name: string, more: Partial<SessionFile> = {}) =>
  live(dir, name, { format: "kv", text: "a=1\n", path: `${dir}/sessions/${name}`, ...more });
const archive = (
  dir: string,
  file: string,
  format: SessionFile["format"] = "json",
): SessionFile => ({
  ...session(dir, file.split("_")[0] ?? ""),
  ...{ path: `${dir}/sessions/archive/${file}`, format, archivedAt: "x", text: "" },
});

/** `fate from → to` of every session; paths below the project or the V1 directory. */
function targets(own: Partial<StateDir> | null, ...dirs: Partial<StateDir>[]) {
  const { plan } = planned({
    entries: [entry(id, app, { storageKey: hash })],
    repos: [repo(app)],
    projects: own === null ? [] : [stateDir(id, { layout: "v2-hashed", ...own })],
    hashDirs: dirs.map((dir) => stateDir("app", { layout: "v1", hash, ...dir })),
  });
  const short = (path: string) =>
    path
      .replace(`${home}/sessions/`, "")
      .replace(`${source}.migrated/sessions/`, "M/")
      .replace(`${source}/sessions/`, "V1/");
  const [target] = plan.target.projects;
  return {
    names: (target?.sessions ?? []).map(
      ({ fate, file, path }) => `${fate} ${short(file.path)} → ${short(path)}`,
    ),
    warnings: plan.warnings.filter((line) => line.startsWith("Session ")).length,
    target,
  };
}

describe("a session", () => {
  test("keeps its id where nobody has it, and is converted, moved or set aside", () => {
    const sessions = [
      kv(source, "app-2"),
      live(source, "app-3"),
      live(source, "app-4", { format: "empty" }),
      live(source, "app-5", { format: "bad" }),
    ];
    const { names, warnings } = targets({ sessions: [live(home, "app-1")] }, { sessions });
    expect(names).toEqual([
      "stay app-1.json → app-1.json",
      "convert V1/app-2 → app-2.json",
      "move V1/app-3.json → app-3.json",
      "set-aside V1/app-4.json → app-4.json",
      "move V1/app-5.json → app-5.json",
    ]);
    expect(warnings).toBe(0);
    const alone = targets(null, { sessions }).names;
    expect(alone.filter((line) => !/stay|convert|set-aside/.test(line))).toEqual([]);
  });

  test("is told apart by its directory where its id is taken, whatever the case", () => {
    const sessions = [live(source, "APP-1"), live(source, `APP-1__from-${hash}`)];
    const own = { sessions: [live(home, "app-1")] };
    const { names, warnings } = targets(own, { sessions });
    expect(names.slice(1).map((line) => line.split(" → ")[1])).toEqual([
      `APP-1__from-${hash}-2.json`,
      `APP-1__from-${hash}.json`,
    ]);
    expect(warnings).toBe(1);
    const bare = targets(own, {
      sessions: [live(source, "app-1", { format: "bad", path: `${source}/sessions/app-1` })],
    });
    expect(bare.names[1]).toEndWith(`→ app-1__from-${hash}`);
  });

  test("gets a new name that differs from all others by more than case", () => {
    const sessions = [live(source, "APP-1"), live(source, `app-1__from-${hash}`)];
    const { names } = targets({ sessions: [live(home, "app-1")] }, { sessions });
    const files = names.map((line) => line.split("→ ")[1]?.toLowerCase());
    expect(new Set(files).size).toBe(3);
  });

  test("that stands beside another of its id in one directory: JSON keeps the name", () => {
    const sessions = [kv(home, "app-1"), live(home, "app-1")];
    expect(targets({ sessions }).names.sort()).toEqual([
      "convert app-1 → archive/app-1_20261121T100000Z.json",
      "stay app-1.json → app-1.json",
    ]);
    const plain = live(home, "app-1", { path: `${home}/sessions/app-1` });
    expect(targets({ sessions: [plain, live(home, "app-1")] }).names.sort()).toEqual([
      "stay app-1 → archive/app-1_20261121T100000Z.json",
      "stay app-1.json → app-1.json",
    ]);
    const renamed = targets(
      { sessions: [live(home, "app-1")] },
      { sessions: [live(source, "app-1"), kv(source, "app-1")] },
    );
    expect(renamed.names.slice(1)).toEqual([
      `convert V1/app-1 → archive/app-1__from-${hash}_20261121T100000Z.json`,
      `move V1/app-1.json → app-1__from-${hash}.json`,
    ]);
    const empty = live(home, "app-1", { format: "empty" });
    expect(targets({ sessions: [kv(home, "app-1"), empty] }).names.sort()).toEqual([
      "convert app-1 → app-1.json",
      "set-aside app-1.json → app-1.json",
    ]);
    const bad = live(home, "app-1", { format: "bad" });
    expect(targets({ sessions: [kv(home, "app-1"), bad] }).names.sort()).toEqual([
      "convert app-1 → app-1__from-text.json",
      "stay app-1.json → app-1.json",
    ]);
  });

  test("that AO has migrated already is known by its birth and branch, and stays behind", () => {
    const migrated = { migrated: true };
    const own = { sessions: [live(home, "app-1")] };
    const twin = kv(`${source}.migrated`, "app-1");
    expect(targets(own, { ...migrated, sessions: [twin] }).names[1]).toStartWith("twin M/app-1 ");
    for (const change of [{ branch: "other" }, { createdAt: "other" }]) {
      const fields = { ...twin.fields, ...change };
      const { names } = targets(own, { ...migrated, sessions: [{ ...twin, fields }] });
      expect(names[1]).toBe(`convert M/app-1 → app-1__from-${hash}.json`);
    }
    // Only a migrated copy can be one.
    expect(targets(own, { sessions: [kv(source, "app-1")] }).names[1]).toStartWith("convert");
    for (const format of ["bad", "empty"] as const) {
      const unread = { sessions: [live(home, "app-1", { format })] };
      expect(targets(unread, { ...migrated, sessions: [twin] }).names.at(-1)).toStartWith(
        "convert",
      );
    }
    const bad = { ...twin, format: "bad" as const };
    expect(targets(own, { ...migrated, sessions: [bad] }).names[1]).toStartWith("move");
  });

  test("may be known although it was archived, or lost its orchestrator's number", () => {
    const copy = (name: string) => ({
      ...{ migrated: true, sessions: [kv(`${source}.migrated`, name)] },
    });
    const archived = {
      ...archive(home, "app-1_20260101T000000Z.json"),
      fields: { createdAt: "app-1", branch: "app-1" },
    };
    expect(targets({ archives: [archived] }, copy("app-1")).names).toContainEqual(
      expect.stringMatching(/^twin M\/app-1 /),
    );
    const fields = { createdAt: "app-orchestrator-8", branch: "app-orchestrator-8" };
    // Of several that it could be, any may be the one.
    const numbers = ["", "-9"].map((n) =>
      live(home, `app-orchestrator${n}`, n === "" ? {} : { fields }),
    );
    expect(targets({ sessions: numbers }, copy("app-orchestrator-8")).names.at(-1)).toStartWith(
      "twin",
    );
    const renamed = { sessions: [live(home, "app-orchestrator", { fields })] };
    expect(targets(renamed, copy("app-orchestrator-8")).names[1]).toStartWith("twin");
    const odd = { sessions: [live(home, "app-orchestrator-8-x", { fields })] };
    expect(targets(odd, copy("app-orchestrator-8")).names[1]).toStartWith("convert");
  });
});

describe("an archive", () => {
  test("becomes JSON where it is key=value, and keeps its name otherwise", () => {
    const archives = [
      archive(source, "app-1_a", "kv"),
      archive(source, "app-2_a", "bad"),
      archive(source, "app-3_a.json"),
      archive(source, "app-4_a.json", "kv-in-json"),
    ];
    const names = targets({}, { archives }).names.map((line) => line.split("archive/").at(-1));
    expect(names.sort()).toEqual(["app-1_a.json", "app-2_a", "app-3_a.json", "app-4_a.json"]);
  });

  test("goes around one that is there, whatever its case, and around each other", () => {
    const own = {
      archives: [archive(home, "app-1_a.json"), archive(home, `app-1_a__from-${hash}.json`)],
    };
    const archives = [archive(source, "APP-1_a", "kv"), archive(source, "app-2_a", "bad")];
    const twice = [archive(`${source}.migrated`, "app-2_a", "bad")];
    const { names } = targets(own, { archives }, { migrated: true, archives: twice });
    expect(names.slice(2).map((line) => line.split("archive/").at(-1))).toEqual([
      "app-2_a",
      `APP-1_a__from-${hash}-2.json`,
      `app-2_a__from-${hash}`,
    ]);
  });

  test("that is converted goes around one that has the name already", () => {
    const archives = [archive(home, "app-1_a", "kv"), archive(home, "app-1_a.json")];
    const { names } = targets({ archives });
    expect(names.map((line) => line.split("archive/").at(-1))).toEqual([
      "app-1_a.json",
      `app-1_a__from-${id}.json`,
    ]);
  });
});

describe("orchestrator.json", () => {
  const single = (dir: string, more: Partial<SessionFile> = {}) => ({
    orchestrator: session(dir, "orchestrator", { path: `${dir}/orchestrator.json`, ...more }),
  });

  test("is the project's own, else the one that a source brings; only JSON counts", () => {
    const of = (...given: Parameters<typeof targets>) => targets(...given).target?.single?.dir.path;
    expect(of(single(home), single(source))).toBe(home);
    expect(of({}, single(source))).toBe(source);
    expect(of({}, {}, { ...single(`${source}.migrated`), migrated: true })).toBe(
      `${source}.migrated`,
    );
    expect(of({}, single(source, { format: "kv" }))).toBeUndefined();
    expect(of({})).toBeUndefined();
  });

  test("is the session that it says it is, unless that is no safe name", () => {
    const named = (fields: SessionFile["fields"]) =>
      targets(single(home, { fields })).target?.single?.sessionId;
    expect(named({ sessionId: "app-orchestrator-3" })).toBe("app-orchestrator-3");
    const usual = targets({}).target?.project.prefix;
    expect([named({ sessionId: "../x" }), named({})]).toEqual(
      Array(2).fill(`${usual}-orchestrator`),
    );
  });
});
