/** Which orchestrator stays, and where the others go. */

import { describe, expect, test } from "bun:test";
import type { SessionFile, StateDir } from "../../../lib/storage/inventory.ts";
import { base, entry, type Found, idAt, planned, repo, session, stateDir } from "./found.ts";

const app = "/r/app";
const id = idAt(app);
const dir = `${base}/projects/${id}`;
const at = "20261121T100000Z";

const one = (name: string, more: Partial<SessionFile> = {}) => session(dir, name, more);
const born = (createdAt: string) => ({ fields: { createdAt } });
const live = (...names: string[]) => names.map((name) => ({ name }) as never);

function settled(
  sessions: SessionFile[],
  more: Partial<StateDir> = {},
  found: Found = {},
  answers: [string, string][] = [],
) {
  const home = stateDir(id, { layout: "v2-hashed", sessions, ...more });
  const { lines, plan } = planned(
    { entries: [entry(id, app)], repos: [repo(app)], projects: [home], ...found },
    { answers, steps: ["normalize-orchestrators"] },
  );
  const moves = lines.filter((line) => line.startsWith("move "));
  const short = (line: string) => line.slice(5).replaceAll(`projects/${id}/`, "");
  const step = plan.steps.find((each) => each.id === "normalize-orchestrators");
  return {
    ...{ moves: moves.map(short), warnings: plan.warnings, decisions: plan.decisions },
    operations: step?.operations ?? [],
  };
}

const archived = (name: string, stamp = at) =>
  `sessions/${name}.json → sessions/archive/${name}_${stamp}.json`;
const stays = (name: string) => `sessions/${name}.json → sessions/app-orchestrator.json`;

describe("of several orchestrators", () => {
  test("the live one stays, even where another has the name", () => {
    const files = [
      one("app-orchestrator"),
      one("app-orchestrator-2", { fields: { tmuxName: "app-orchestrator-2" } }),
    ];
    const { moves } = settled(files, {}, { tmux: live("app-orchestrator-2", "mail") });
    expect(moves).toEqual([archived("app-orchestrator"), stays("app-orchestrator-2")]);
    const { moves: quiet } = settled(files, {}, { tmux: null });
    expect(quiet).toEqual([archived("app-orchestrator-2")]);
  });

  test("the one that has the name stays, else the newest, else that of the highest number", () => {
    const two = one("app-orchestrator-2", born("2026-03-01T00:00:00Z"));
    const three = one("app-orchestrator-3", born("2026-02-01T00:00:00Z"));
    const four = one("app-orchestrator-4");
    const nine = one("app-orchestrator-9");
    expect(settled([two, one("app-orchestrator")]).moves).toEqual([archived(two.sessionId)]);
    expect(settled([three, two, four]).moves).toEqual([
      archived(three.sessionId),
      archived(four.sessionId),
      stays(two.sessionId),
    ]);
    expect(settled([four, nine]).moves).toEqual([archived(four.sessionId), stays(nine.sessionId)]);
    expect(settled([nine, four]).moves).toEqual([archived(four.sessionId), stays(nine.sessionId)]);
    expect(settled([nine]).moves).toEqual([stays(nine.sessionId)]);
    expect(settled([one("app-orchestrator"), one("app-1")]).moves).toEqual([]);
  });

  test("two live ones are a question, which is left open by default", () => {
    const names = ["app-orchestrator-1", "app-orchestrator-2"];
    const files = names.map((name) => one(name, { fields: { tmuxName: name } }));
    const found = { tmux: live(...names) };
    const asked = settled([...files, one("app-orchestrator")], {}, found);
    expect(asked.moves).toEqual([]);
    expect(asked.decisions).toMatchObject([{ key: `orchestrator:${id}:app`, chosen: "keep-all" }]);
    const values = asked.decisions[0]?.choices.map(({ value }) => value);
    expect(values).toEqual(["keep-all", ...names]);
    const key = `orchestrator:${id}:app`;
    const { moves } = settled(files, {}, found, [[key, "app-orchestrator-2"]]);
    expect(moves).toEqual([archived("app-orchestrator-1"), stays("app-orchestrator-2")]);
    expect(settled(files, {}, found, [[key, "keep-all"]]).moves).toEqual([]);
  });

  test("each prefix has one of its own", () => {
    const files = [one("app-orchestrator-1"), one("ax-orchestrator-2")];
    expect(settled(files).moves).toEqual([
      stays("app-orchestrator-1"),
      "sessions/ax-orchestrator-2.json → sessions/ax-orchestrator.json",
    ]);
  });

  test("archived, unreadable and empty ones are none", () => {
    const files = [
      one("app-orchestrator-1"),
      one("app-orchestrator-2", { format: "bad" }),
      one("app-orchestrator-3", { format: "empty" }),
    ];
    const archives = [
      one("app-orchestrator-4", {
        path: `${dir}/sessions/archive/app-orchestrator-4_20260101T000000Z.json`,
      }),
    ];
    expect(settled(files, { archives }).moves).toEqual([stays("app-orchestrator-1")]);
  });

  test("orchestrator.json beside the sessions counts as the last one, and takes its place", () => {
    const path = `${dir}/orchestrator.json`;
    const single = one("app-orchestrator", { path, fields: { sessionId: "app-orchestrator-7" } });
    const { moves } = settled([one("app-orchestrator-2")], { orchestrator: single });
    expect(moves).toEqual([
      archived("app-orchestrator-2"),
      "orchestrator.json → sessions/app-orchestrator.json",
    ]);
    const older = { ...single, fields: { sessionId: "../x" } };
    const named = settled([one("app-orchestrator")], { orchestrator: older }).moves;
    expect(named).toEqual([`orchestrator.json → sessions/archive/app-orchestrator_${at}.json`]);
    const bad = settled([], { orchestrator: { ...single, format: "bad" } });
    expect(bad.moves).toEqual([]);
    // It has no number of its own, so it is the last only where nothing says more.
    const newer = one("app-orchestrator-9", born("2026-03-01T00:00:00Z"));
    expect(settled([newer], { orchestrator: single }).moves).toEqual([
      `orchestrator.json → sessions/archive/app-orchestrator-7_${at}.json`,
      stays("app-orchestrator-9"),
    ]);
  });

  test("orchestrator.json goes by the prefix that it names, else by the project's", () => {
    const path = `${dir}/orchestrator.json`;
    const place = (sessionId: string) => {
      const orchestrator = one("app-orchestrator", { path, fields: { sessionId } });
      return settled([], { orchestrator }).moves;
    };
    expect(place("ax-orchestrator-7")).toEqual([
      "orchestrator.json → sessions/ax-orchestrator.json",
    ]);
    expect(place("boss")).toEqual(["orchestrator.json → sessions/app-orchestrator.json"]);
  });

  test("the one that is renamed says so itself, where it says who it is", () => {
    const edits = (name: string, more: Partial<StateDir> = {}, sessionId = name) => {
      const { operations } = settled([one(name, { fields: { sessionId } })], more);
      return operations.flatMap((operation) => (operation.op === "patchJson" ? operation : []));
    };
    expect(edits("app-orchestrator-2")).toEqual([
      {
        op: "patchJson",
        path: `${dir}/sessions/app-orchestrator.json`,
        edits: [{ pointer: "/sessionId", before: "app-orchestrator-2", after: "app-orchestrator" }],
      },
    ]);
    expect(edits("app-orchestrator-2", {}, "another")).toEqual([]);
    const path = `${dir}/orchestrator.json`;
    const sessionId = "app-orchestrator";
    const orchestrator = one(sessionId, { path, fields: { sessionId } });
    expect(settled([], { orchestrator }).operations.map(({ op }) => op)).not.toContain("patchJson");
  });

  test("copies that AO has migrated already are none, and empty files are in nobody's way", () => {
    const fields = { createdAt: "x", branch: "y" };
    const source = `${base}/0123456789ab-app.migrated`;
    const twin = session(source, "app-orchestrator-2", { fields, format: "kv", text: "a=1\n" });
    const copy = { layout: "v1", hash: "0123456789ab", migrated: true, sessions: [twin] } as const;
    const migrated = {
      entries: [entry(id, app, { storageKey: "0123456789ab" })],
      hashDirs: [stateDir("app", { ...copy, sessions: [twin] })],
    };
    const own = one("app-orchestrator-2", { fields });
    expect(settled([own], {}, migrated).moves).toEqual([stays("app-orchestrator-2")]);
    const empty = one("app-orchestrator", { format: "empty" });
    expect(settled([empty, one("app-orchestrator-3")]).moves).toEqual([
      stays("app-orchestrator-3"),
    ]);
  });
});

describe("an orchestrator's place", () => {
  test("that something else has is left to it, and so are all of them", () => {
    const other = one("app-1", { path: `${dir}/sessions/app-orchestrator.json`, format: "bad" });
    const blocked = settled([
      { ...other, sessionId: "app-orchestrator" },
      one("app-orchestrator-2"),
    ]);
    expect(blocked.moves).toEqual([]);
    expect(blocked.warnings.filter((line) => line.includes(other.path))).toHaveLength(1);
    const faults = [{ kind: "symlink" as const, place: { file: other.path }, detail: "a link" }];
    expect(settled([one("app-orchestrator-2")], {}, { faults }).moves).toEqual([]);
    const elsewhere = [{ ...faults[0], place: { file: `${dir}/x` } } as (typeof faults)[0]];
    expect(settled([one("app-orchestrator-2")], {}, { faults: elsewhere }).moves).toEqual([
      stays("app-orchestrator-2"),
    ]);
    // A fault inside the file that has the name and can be read is no obstacle.
    expect(
      settled([one("app-orchestrator"), one("app-orchestrator-2")], {}, { faults }).moves,
    ).toEqual([archived("app-orchestrator-2")]);
  });

  test("in the archive may be taken, also by one that goes there now", () => {
    const path = `${dir}/sessions/archive/app-orchestrator-1_${at}.json`;
    const archives = [one("app-orchestrator-1", { path, archivedAt: at })];
    const files = [one("app-orchestrator-1"), one("app-orchestrator")];
    const [next, third] = ["20261121T100001Z", "20261121T100002Z"];
    expect(settled(files, { archives }).moves).toEqual([archived("app-orchestrator-1", next)]);
    const second = one("app-orchestrator-1", { path: path.replace(at, next), archivedAt: next });
    const both = settled(files, { archives: [...archives, second] });
    expect(both.moves).toEqual([archived("app-orchestrator-1", third)]);
    const sessionId = "app-orchestrator-1";
    const single = one(sessionId, { path: `${dir}/orchestrator.json`, fields: { sessionId } });
    expect(settled(files, { orchestrator: single }).moves).toEqual([
      archived(sessionId),
      `orchestrator.json → sessions/archive/${sessionId}_${next}.json`,
    ]);
  });
});
