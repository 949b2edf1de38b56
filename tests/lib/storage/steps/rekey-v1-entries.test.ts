/** Directories on their way to their project's id: what comes along, and what is said of each. */

import { describe, expect, test } from "bun:test";
import type { StateDir } from "../../../../lib/storage/inventory.ts";
import type { StepId } from "../../../../lib/storage/options.ts";
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
const hash = "0123456789ab";
const v1 = (more: Partial<StateDir> = {}) => stateDir("app", { layout: "v1", hash, ...more });

const known: Found = { entries: [entry("k1", app, { storageKey: hash })], repos: [repo(app)] };

test("worktrees of a bare directory and of what was merged into it are linked at the end", () => {
  const leaves = [`${base}/projects/k1/worktrees/app-1`, `${base}/${hash}-app/worktrees/app-2`];
  const { plan, lines } = planned({
    ...known,
    projects: [stateDir("k1", { worktrees: ["app-1"] })],
    hashDirs: [v1({ worktrees: ["app-2"] })],
    worktrees: leaves.map((path) => worktree(path, repo(app))),
  });
  expect(lines.filter((line) => line.startsWith("relink")).sort()).toEqual([
    `relinkWorktree projects/${id}/worktrees/app-1`,
    `relinkWorktree projects/${id}/worktrees/app-2`,
  ]);
  const step = plan.steps.find((each) => each.id === "rekey-v1-entries");
  expect(step?.operations.map(({ op }) => op).slice(0, 3)).toEqual([
    ...(["move", "relinkWorktree", "relinkWorktree"] as const),
  ]);
});

test("what is already in V3's place is not linked once more, nor what is adopted", () => {
  const stray = worktree(`${home}/.worktrees/app/app-1`, repo(app), { where: "legacy-root" });
  const { lines } = planned(
    { ...known, projects: [stateDir("k1")], worktrees: [stray] },
    { steps: ["rekey-v1-entries", "import-v1-hash-dirs"] },
  );
  expect(lines.filter((line) => line.startsWith("relink"))).toEqual([]);
});

test("a project whose id is unknown, or not its alone, keeps its key", () => {
  const renamed = (found: Found) =>
    planned(found, { steps: ["rekey-v1-entries"] }).lines.filter((line) => line.includes("Yaml"));
  const raw = { projects: { k1: {}, k2: {} } };
  const read = (...paths: string[]): Found => {
    const projects = paths.map((path, n) => entry(`k${n + 1}`, path));
    const registry = { file: `${base}/config.yaml`, text: "", raw, projects, faults: [] };
    return { repos: [repo(app)], registry } as Found;
  };
  expect(renamed(read(app))).toEqual(["patchYaml config.yaml"]);
  expect(renamed(read("/r/gone"))).toEqual([]);
  expect(renamed(read(app, app))).toEqual([]);
});

describe("of each directory is said what is in it, and how it came along", () => {
  const said = (
    found: Found,
    step: StepId = "import-v1-hash-dirs",
    answers: [string, string][] = [],
  ) => {
    const { plan } = planned({ ...known, ...found }, { answers });
    return plan.steps.find((each) => each.id === step)?.details;
  };
  const sessions = (dir: string, ...names: string[]) => names.map((name) => session(dir, name));
  const from = `${base}/${hash}-app`;
  const others = [{ name: "notes.txt", kind: "file" as const, bytes: 1 }];

  test("as a whole, or merged", () => {
    expect(said({ hashDirs: [v1()] })).toEqual([`${hash}-app → projects/${id}`]);
    const full = { sessions: sessions(from, "app-1", "app-2"), archives: sessions(from, "app-3") };
    expect(said({ hashDirs: [v1({ ...full, worktrees: ["app-1"] })] })).toEqual([
      `${hash}-app → projects/${id} (2 sessions, 1 archive, 1 worktree)`,
    ]);
    const merged = {
      projects: [stateDir("k1")],
      hashDirs: [v1({ others, worktrees: ["a", "b"] })],
    };
    expect(said(merged)).toEqual([`${hash}-app → projects/${id} (merged, 2 worktrees)`]);
    expect(said({ ...merged, hashDirs: [v1({ others })] })).toEqual([
      `${hash}-app → projects/${id} (merged)`,
    ]);
  });

  test("a bare one beside one that has its id is merged", () => {
    const projects = [stateDir(id, { layout: "v2-hashed" }), stateDir("k1", { others })];
    expect(said({ projects }, "rekey-v1-entries")).toContain(
      `projects/k1 → projects/${id} (merged)`,
    );
  });

  test("the first AO's directory stays where it is, so it is neither merged nor trashed", () => {
    const path = `${home}/old`;
    const fields = { project: "k1" };
    const old = session(path, "app-1", {
      path: `${path}/app-1`,
      format: "kv",
      text: "a=1\n",
      fields,
    });
    const found = { hashDirs: [stateDir("old", { layout: "v0", path, sessions: [old] })] };
    const answers: [string, string][] = [["identity:old", id]];
    expect(said(found, "import-v1-hash-dirs", answers)).toEqual([
      `old → projects/${id} (1 session)`,
    ]);
    expect(said(found, "gc-stranded-dirs", answers)).toBeUndefined();
  });
});
