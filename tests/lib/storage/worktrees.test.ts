/** Which worktrees move, where to, and whose they are. */

import { describe, expect, test } from "bun:test";
import type { SessionFile, StateDir, WorktreeLeaf } from "../../../lib/storage/inventory.ts";
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
} from "./found.ts";

const [app, other] = ["/r/app", "/r/other"];
const [idA, idB] = [idAt(app), idAt(other)];
const [dirA, dirB] = [`${base}/projects/${idA}`, `${base}/projects/${idB}`];
const hash = "0123456789ab";
const legacy = (name: string, group = "app") => `${home}/.worktrees/${group}/${name}`;

/** A session that works in a worktree. */
const at = (dir: string, name: string, path: string, more: Partial<SessionFile> = {}) =>
  session(dir, name, { fields: { worktree: path }, ...more });

const stray = (path: string, more: Partial<WorktreeLeaf> = {}, of = repo(app)) =>
  worktree(path, of, { where: "legacy-root", ...more });

function moved(
  worktrees: WorktreeLeaf[],
  { a = {}, b = {}, ...more }: Found & { a?: Partial<StateDir>; b?: Partial<StateDir> } = {},
  answers: [string, string][] = [],
) {
  const { plan } = planned(
    {
      entries: [entry(idA, app), entry(idB, other)],
      repos: [repo(app), repo(other)],
      projects: [
        stateDir(idA, { layout: "v2-hashed", ...a }),
        stateDir(idB, { layout: "v2-hashed", ...b }),
      ],
      worktrees,
      ...more,
    },
    { answers },
  );
  const short = (path: string) =>
    path.replace(dirA, "A").replace(dirB, "B").replace(`${home}/.worktrees/`, "~");
  return {
    moves: plan.target.worktrees.map(({ from, to }) => `${short(from)} → ${short(to)}`),
    left: plan.warnings
      .filter((line) => line.startsWith("Worktree "))
      .map((l) => short(l.split(" ")[1] ?? "")),
    decisions: plan.decisions,
    plan,
  };
}

describe("a worktree outside the base dir", () => {
  test("goes to the project of the one session that names it, under the session's name", () => {
    const path = legacy("any name");
    const { moves, left } = moved([stray(path)], { b: { sessions: [at(dirB, "other-1", path)] } });
    expect([moves, left]).toEqual([["~app/any name → B/worktrees/other-1"], []]);
  });

  test("that nobody names goes to the project of its repository, if it could be a session's", () => {
    expect(moved([stray(legacy("app-7"))]).moves).toEqual(["~app/app-7 → A/worktrees/app-7"]);
    const odd = moved([stray(legacy("no session"))]);
    expect([odd.moves, odd.left.length]).toEqual([[], 1]);
    const foreign = moved([stray(legacy("app-7"), {}, repo("/r/third"))]);
    expect([foreign.moves, foreign.left]).toEqual([[], ["~app/app-7"]]);
  });

  test("is called after its session before another is that only has such a name", () => {
    const [unnamed, named] = [legacy("app-1"), legacy("feature")];
    const a = { sessions: [at(dirA, "app-1", named)] };
    const { moves, left } = moved([stray(unnamed), stray(named)], { a });
    expect([moves, left]).toEqual([["~app/feature → A/worktrees/app-1"], ["~app/app-1"]]);
  });

  test("that only an older file of a session names is that session's, unless it has another", () => {
    const [older, newer] = [legacy("older"), legacy("newer")];
    const text = (path: string) =>
      at(dirA, "app-1", path, { path: `${dirA}/sessions/app-1`, format: "kv" });
    const nowhere = { sessions: [text(older), at(dirA, "app-1", legacy("gone"))] };
    expect(moved([stray(older)], { a: nowhere }).moves).toEqual(["~app/older → A/worktrees/app-1"]);
    const elsewhere = { sessions: [text(older), at(dirA, "app-1", newer)] };
    expect(moved([stray(older), stray(newer)], { a: elsewhere }).moves).toEqual([
      "~app/newer → A/worktrees/app-1",
      "~app/older → A/worktrees/older",
    ]);
  });

  test("of a repository with several projects goes to the one that it is grouped under", () => {
    const shared = [app, other].map((path) => repo(path, { commonDir: "/r/.git" }));
    const of = repo("/r");
    const leaves = [stray(legacy("s-1", "other"), {}, of), stray(legacy("s-2", idA), {}, of)];
    const { moves, left } = moved([...leaves, stray(legacy("s-3", "x"), {}, of)], {
      repos: shared,
    });
    expect(moves).toEqual(["~other/s-1 → B/worktrees/s-1", `~${idA}/s-2 → A/worktrees/s-2`]);
    expect(left).toEqual(["~x/s-3"]);
  });

  test("that two sessions name is a question, which is left open by default", () => {
    const path = legacy("s-1");
    const users = {
      a: { sessions: [at(dirA, "app-1", path)] },
      b: { sessions: [at(dirB, "other-1", path)] },
    };
    const asked = moved([stray(path)], users);
    expect(asked.moves).toEqual([]);
    expect(asked.decisions).toMatchObject([{ key: `worktree:${path}`, chosen: "leave" }]);
    const values = asked.decisions[0]?.choices.map(({ value }) => value);
    expect(values).toEqual(["leave", `${idA}/app-1`, `${idB}/other-1`]);
    const answer: [string, string] = [`worktree:${path}`, `${idB}/other-1`];
    expect(moved([stray(path)], users, [answer]).moves).toEqual(["~app/s-1 → B/worktrees/other-1"]);
  });

  test("is kept for a session whose directory is left alone", () => {
    const path = legacy("s-1");
    const alone = stateDir("alone");
    alone.sessions.push(at(alone.path, "x-1", path));
    const entries = [entry(idA, app), entry("k2", other)];
    const projects = [stateDir(idA, { layout: "v2-hashed" }), alone];
    const { moves, left } = moved([stray(path)], { entries, projects });
    expect([moves, left]).toEqual([[], ["~app/s-1"]]);
    const rival = stateDir(idA, { sessions: [at(dirA, "app-1", path)], layout: "v2-hashed" });
    const disputed = moved([stray(path)], { entries, projects: [rival, alone] });
    const question = disputed.decisions.find(({ key }) => key.startsWith("worktree:"));
    expect(question?.choices.map(({ value }) => value)).toEqual(["leave", `${idA}/app-1`]);
  });

  test("of orchestrators that are archived is the project's, of one that stays its own", () => {
    const path = legacy("app-orchestrator-1");
    const named = (id: string) => at(dirA, id, path);
    const one = {
      a: { sessions: [named("app-orchestrator-1"), session(dirA, "app-orchestrator")] },
    };
    expect(moved([stray(path)], one).moves).toEqual([
      "~app/app-orchestrator-1 → A/worktrees/app-orchestrator-1",
    ]);
    const both = { a: { sessions: [named("app-orchestrator-1"), named("app-orchestrator")] } };
    expect(moved([stray(path)], both).moves).toEqual([
      "~app/app-orchestrator-1 → A/worktrees/app-orchestrator",
    ]);
    const gone = ["app-orchestrator-2", "app-orchestrator-1"].map(named);
    const all = { a: { sessions: [...gone, session(dirA, "app-orchestrator")] } };
    expect(moved([stray(path)], all).moves).toEqual([
      "~app/app-orchestrator-1 → A/worktrees/app-orchestrator-1",
    ]);
  });

  test("that orchestrator.json names is that session's", () => {
    const path = legacy("any name");
    const orchestrator = at(dirA, "app-orchestrator", path, { path: `${dirA}/orchestrator.json` });
    expect(moved([stray(path)], { a: { orchestrator } }).moves).toEqual([
      "~app/any name → A/worktrees/app-orchestrator",
    ]);
  });

  test("stays where its place is taken, whatever the case", () => {
    const inside = worktree(`${dirA}/worktrees/APP-1`, repo(app));
    const { moves, left } = moved([stray(legacy("app-1")), inside]);
    expect([moves, left]).toEqual([[], ["~app/app-1"]]);
    const twice = moved([stray(legacy("app-1")), stray(legacy("App-1", "x"))]);
    expect([twice.moves.length, twice.left]).toEqual([1, ["~x/App-1"]]);
  });

  test("that is no linked worktree, or lies outside the home, stays", () => {
    const { adminDir: _, ...plain } = stray(legacy("app-1"));
    const { commonDir: __, ...lost } = stray(legacy("app-2"));
    const far = stray("/srv/trees/app/app-3", { where: "v0" });
    const near = stray(`${home}/trees/app/app-4`, { where: "v0" });
    const { moves, left } = moved([plain, lost, far, near]);
    expect(left).toEqual(["~app/app-1", "~app/app-2", "/srv/trees/app/app-3"]);
    expect(moves).toEqual([`${home}/trees/app/app-4 → A/worktrees/app-4`]);
  });
});

describe("a worktree inside a directory", () => {
  const v1 = (more: Partial<StateDir> = {}) => stateDir("app", { layout: "v1", hash, ...more });
  const source = `${base}/${hash}-app`;
  const keyed = { entries: [entry(idA, app, { storageKey: hash }), entry(idB, other)] };
  const inV1 = (name: string, more: Partial<WorktreeLeaf> = {}) =>
    worktree(`${source}/worktrees/${name}`, repo(app), { where: "v1", ...more });

  test("that stays is not moved, but its link is mended when it names another place", () => {
    const path = `${dirA}/worktrees/app-1`;
    expect(moved([worktree(path, repo(app))]).moves).toEqual([]);
    const stale = moved([worktree(path, repo(app), { linkedPath: legacy("app-1") })]);
    expect(stale.moves).toEqual(["A/worktrees/app-1 → A/worktrees/app-1"]);
    const { adminDir: _, ...plain } = worktree(path, repo(app), { linkedPath: "/x" });
    expect(moved([plain]).moves).toEqual([]);
  });

  test("goes where it goes, under its session's new name, around what is there", () => {
    const there = worktree(`${dirA}/worktrees/app-1`, repo(app));
    const first = inV1("app-1", { adminDir: "/r/app/.git/worktrees/app-11" });
    const leaves = [there, first, inV1("app-2"), inV1("APP-1")];
    const hashDirs = [v1({ sessions: [session(source, "app-1"), session(source, "app-2")] })];
    const a = { sessions: [session(dirA, "app-1")] };
    expect(
      moved(leaves, { ...keyed, a, hashDirs }).moves.map((line) => line.split(" → ")[1]),
    ).toEqual([
      `A/worktrees/app-1__from-${hash}`,
      "A/worktrees/app-2",
      `A/worktrees/APP-1__from-${hash}-2`,
    ]);
  });

  test("that is a copy of one that git knows elsewhere stays, and so does its directory", () => {
    const real = worktree(`${dirA}/worktrees/app-1`, repo(app));
    const copy = inV1("app-1", { linkedPath: real.path });
    const hashDirs = [v1()];
    const { moves, left, plan } = moved([real, copy], { ...keyed, hashDirs });
    expect([moves, left]).toEqual([[], [copy.path]]);
    expect([...plan.target.keptDirs]).toEqual(hashDirs);
    const trashed = plan.steps
      .flatMap(({ operations }) => operations)
      .filter(({ op }) => op === "trash");
    expect(trashed).toEqual([]);
    // As a whole it takes its worktrees along, copies or not.
    const alone = moved([{ ...real, path: legacy("app-1"), linkedPath: legacy("app-1") }, copy], {
      ...{ ...keyed, hashDirs, projects: [] },
    });
    expect(alone.plan.target.keptDirs.size).toBe(0);
  });
});

describe("what follows a worktree", () => {
  const follows = (leaves: WorktreeLeaf[]) =>
    moved(leaves)
      .plan.steps.flatMap(({ operations }) => operations)
      .filter(({ op }) => op === "relinkWorktree")
      .map((operation) => (operation.op === "relinkWorktree" ? operation.repo : ""));

  test("is git's link, where the worktree has it", () => {
    expect(follows([stray(legacy("app-1"))])).toEqual(["/r/app/.git"]);
    const inside = worktree(`${dirA}/worktrees/app-1`, repo(app), { linkedPath: "/gone/app-1" });
    expect(follows([inside])).toEqual(["/r/app/.git"]);
    const rival = worktree(`${dirA}/worktrees/app-2`, repo(app), {
      ...{ adminDir: inside.adminDir ?? "", linkedPath: "/gone/app-1" },
    });
    // Neither of the two is the one that git names.
    expect(follows([inside, rival])).toEqual([]);
    const neighbour = { ...rival, adminDir: "/r/app/.git/worktrees/app-2" };
    expect(follows([inside, neighbour])).toHaveLength(2);
    const { commonDir: _, ...lost } = inside;
    expect(follows([lost])).toEqual([]);
  });
});

test("a worktree is its session's also where metadata has its place with links resolved", () => {
  const realPlaces = { [`${home}/.worktrees`]: "/big/wt" };
  const sessions = [at(dirA, "app-7", "/big/wt/app/odd")];
  const { moves } = moved([stray(legacy("odd"))], { a: { sessions }, realPlaces });
  expect(moves).toEqual(["~app/odd → A/worktrees/app-7"]);
});
