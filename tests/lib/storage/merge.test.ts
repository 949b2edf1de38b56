/** One directory into a project: as a whole, or entry by entry around what is there. */

import { describe, expect, test } from "bun:test";
import type { OtherEntry, StateDir } from "../../../lib/storage/inventory.ts";
import {
  base,
  entry,
  type Found,
  home,
  idAt,
  identityOf,
  planned,
  repo,
  session,
  stateDir,
  worktree,
} from "./found.ts";

const app = "/r/app";
const id = idAt(app);
const hash = "0123456789ab";
const source = `${base}/${hash}-app`;
const place = `projects/${id}`;

const file = (name: string, sha256?: string): OtherEntry => ({
  ...{ name, kind: "file", bytes: 1 },
  ...(sha256 !== undefined && { sha256 }),
});
const folder = (name: string, children?: OtherEntry[]): OtherEntry => ({
  ...{ name, kind: "dir", bytes: 1 },
  ...(children !== undefined && { children }),
});
const v1 = (more: Partial<StateDir> = {}) => stateDir("app", { layout: "v1", hash, ...more });

/** What the import of this directory does to the project's one, which has its place already. */
function merged(from: Partial<StateDir>, into: Partial<StateDir> | null = {}, more: Found = {}) {
  const { lines } = planned(
    {
      entries: [entry(id, app, { storageKey: hash })],
      repos: [repo(app)],
      projects: into === null ? [] : [stateDir(id, { layout: "v2-hashed", ...into })],
      hashDirs: [v1(from)],
      ...more,
    },
    { steps: ["import-v1-hash-dirs"] },
  );
  return lines.map((line) => line.replaceAll(`${hash}-app`, "V1").replaceAll(place, "P"));
}

describe("entries of a directory that is merged", () => {
  test("move where their names are free, whole directories at once", () => {
    const others = [file("notes.txt"), folder("reports", [file("a.kv", "1")])];
    expect(merged({ others: [...others, file(".origin")] })).toEqual([
      "move V1/notes.txt → P/notes.txt",
      "move V1/reports → P/reports",
    ]);
  });

  test("go around what is there, whatever its case, with the directory's hash before the ending", () => {
    const others = [file("NOTES.txt"), file("Makefile"), file(".env")];
    const there = ["notes.txt", `notes__from-${hash}.txt`, "makefile", ".env"].map((n) => file(n));
    expect(merged({ others }, { others: there })).toEqual([
      `move V1/NOTES.txt → P/NOTES__from-${hash}-2.txt`,
      `move V1/Makefile → P/Makefile__from-${hash}`,
      `move V1/.env → P/.env__from-${hash}`,
    ]);
  });

  test("stay behind when the same content is there, and are descended into", () => {
    const from = folder("reports", [
      file("same.kv", "1"),
      file("other.kv", "2"),
      file("free.kv", "3"),
      folder("deep", [file("x.kv", "4"), file("y.kv")]),
    ]);
    const into = folder("reports", [
      file("same.kv", "1"),
      file("other.kv", "9"),
      folder("deep", [file("x.kv", "4"), file("y.kv")]),
    ]);
    expect(merged({ others: [from] }, { others: [into] })).toEqual([
      `move V1/reports/other.kv → P/reports/other__from-${hash}.kv`,
      "move V1/reports/free.kv → P/reports/free.kv",
      `move V1/reports/deep/y.kv → P/reports/deep/y__from-${hash}.kv`,
    ]);
  });

  test("do not mix kinds: a file beside a directory, a checkout beside another", () => {
    const others = [file("mixed", "1"), folder("turned", [file("a")]), folder("checkout")];
    const there = [folder("mixed", [file("b")]), file("turned"), folder("checkout")];
    expect(merged({ others }, { others: there })).toEqual([
      `move V1/mixed → P/mixed__from-${hash}`,
      `move V1/turned → P/turned__from-${hash}`,
      `move V1/checkout → P/checkout__from-${hash}`,
    ]);
  });

  test("of worktrees/ are only what is no worktree, so that never moves as one", () => {
    const others = [
      folder("worktrees", [file("stray.txt")]),
      folder("deep", [folder("worktrees", [])]),
    ];
    expect(merged({ others })).toEqual([
      "makeDir P/worktrees",
      "move V1/worktrees/stray.txt → P/worktrees/stray.txt",
      "move V1/deep → P/deep",
    ]);
  });

  test("make room for the files that V3 writes itself", () => {
    expect(merged({ others: [file("identity.json"), file(".next-session-id.json")] })).toEqual([
      `move V1/identity.json → P/identity__from-${hash}.json`,
      `move V1/.next-session-id.json → P/.next-session-id__from-${hash}.json`,
    ]);
  });

  test("of two directories go around each other", () => {
    const other = "aaaaaaaaaaaa";
    const twice = [file("notes.txt"), folder("reports", [file("a.kv", "1"), file("b.kv")])];
    const second = stateDir("app", { layout: "v1", hash: other, others: twice });
    const lines = merged(
      { others: twice },
      {},
      {
        entries: [entry(id, app, { storageKey: hash })],
        preMigration: {
          ...{ file: "", text: "", raw: {}, faults: [] },
          projects: [entry(id, app, { storageKey: other })],
        },
        hashDirs: [v1({ others: twice }), second],
      },
    );
    expect(lines).toEqual([
      "move V1/notes.txt → P/notes.txt",
      "move V1/reports → P/reports",
      `move ${other}-app/notes.txt → P/notes__from-${other}.txt`,
      `move ${other}-app/reports/b.kv → P/reports/b__from-${other}.kv`,
    ]);
  });
});

describe("sessions of a directory that is merged", () => {
  const kv = (name: string) => ({
    ...session(source, name),
    ...{ path: `${source}/sessions/${name}`, format: "kv" as const, text: "status=done\n" },
  });

  test("are converted or moved; empty ones and twins stay behind", () => {
    const empty = { ...session(source, "app-3"), format: "empty" as const };
    const sessions = [kv("app-1"), session(source, "app-2"), empty];
    expect(merged({ sessions })).toEqual([
      "makeDir P/sessions",
      "create P/sessions/app-1.json",
      "trash V1/sessions/app-1",
      "move V1/sessions/app-2.json → P/sessions/app-2.json",
    ]);
  });

  test("leave copies and hidden entries that AO made, where they are free", () => {
    const from = { corruptCopies: ["a.json.corrupt-1"], otherSessionEntries: [".ghcache", ".x"] };
    const into = { otherSessionEntries: [".GHcache"], corruptCopies: [".x"] };
    expect(merged(from, into).map((line) => line.replace("sessions/", ""))).toEqual([
      "makeDir P/sessions",
      "move V1/a.json.corrupt-1 → P/sessions/a.json.corrupt-1",
      `move V1/.ghcache → P/sessions/.ghcache__from-${hash}`,
      `move V1/.x → P/sessions/.x__from-${hash}`,
    ]);
  });

  test("bring orchestrator.json along, around the project's own", () => {
    const orchestrator = {
      ...session(source, "app-orchestrator"),
      path: `${source}/orchestrator.json`,
    };
    expect(merged({ orchestrator })).toEqual(["move V1/orchestrator.json → P/orchestrator.json"]);
    const own = { ...orchestrator, path: `${base}/${place}/orchestrator.json` };
    expect(merged({ orchestrator }, { orchestrator: own })).toEqual([
      `move V1/orchestrator.json → P/orchestrator__from-${hash}.json`,
    ]);
  });

  test("of V0 are all that is taken from a directory of the user's, empty ones too", () => {
    const path = `${home}/old`;
    const old = (name: string, format: "kv" | "empty") => ({
      ...session(path, name),
      ...{ path: `${path}/${name}`, format, text: "", fields: { project: "app" } },
    });
    const v0 = stateDir("old", {
      ...{ layout: "v0", path, others: [file("mine.txt")] },
      sessions: [old("app-1", "kv"), old("app-2", "empty")],
    });
    const { lines } = planned(
      { entries: [entry(id, app)], repos: [repo(app)], hashDirs: [v0] },
      { answers: [["identity:old", id]], steps: ["import-v1-hash-dirs"] },
    );
    expect(lines.map((line) => line.replace(place, "P"))).toEqual([
      "makeDir projects",
      "makeDir P",
      "makeDir P/sessions",
      "create P/sessions/app-1.json",
      `trash ${path}/app-1`,
      `trash ${path}/app-2`,
    ]);
  });
});

describe("a directory that becomes the project", () => {
  test("is renamed at once; its origin goes, and what has V3's names makes room", () => {
    const others = [file(".next-session-id.json"), file("notes.txt")];
    expect(merged({ origin: "/x.yaml", identity: identityOf("/x"), others }, null)).toEqual([
      "makeDir projects",
      "move V1 → P",
      "trash P/.origin",
      `move P/identity.json → P/identity__from-${hash}.json`,
      `move P/.next-session-id.json → P/.next-session-id__from-${hash}.json`,
    ]);
    expect(merged({ nextSessionId: 7 }, null).at(-1)).toBe(
      `move P/.next-session-id.json → P/.next-session-id__from-${hash}.json`,
    );
  });

  test("keeps its sessions in place: converted, or out of the way when they are empty", () => {
    const kv = { format: "kv" as const, text: "a=1\n" };
    const sessions = [
      { ...session(source, "app-1", kv), path: `${source}/sessions/app-1` },
      session(source, "app-2", { format: "kv-in-json", text: "a=1\n" }),
      session(source, "app-3", { format: "empty" }),
      session(source, "app-4"),
    ];
    expect(merged({ sessions }, null).slice(2)).toEqual([
      "create P/sessions/app-1.json",
      "trash P/sessions/app-1",
      "trash P/sessions/app-2.json",
      "create P/sessions/app-2.json",
      "trash P/sessions/app-3.json",
    ]);
  });

  test("is what a second one is merged into", () => {
    const first = { others: [folder("reports", [file("a.kv", "1")])], worktrees: ["app-1"] };
    const copy = v1({
      ...{ migrated: true, worktrees: ["app-2"] },
      others: [folder("reports", [file("a.kv", "2")]), file("reports.txt")],
    });
    const worktrees = [worktree(`${source}.migrated/worktrees/app-2`, repo(app), { where: "v1" })];
    const lines = merged(first, null, { hashDirs: [v1(first), copy], worktrees });
    expect(lines).toEqual([
      "makeDir projects",
      "move V1 → P",
      `move V1.migrated/reports/a.kv → P/reports/a__from-${hash}.kv`,
      "move V1.migrated/reports.txt → P/reports.txt",
      "move V1.migrated/worktrees/app-2 → P/worktrees/app-2",
      "relinkWorktree P/worktrees/app-2",
    ]);
  });

  test("brings its worktrees in itself; one whose name is taken by its case gets another", () => {
    const names = ["app-1", "APP-1"];
    const leaves = names.map((name) =>
      worktree(`${source}/worktrees/${name}`, repo(app), { where: "v1" }),
    );
    const lines = merged({ worktrees: names }, null, { worktrees: leaves });
    expect(lines).toEqual([
      "makeDir projects",
      "move V1 → P",
      `move P/worktrees/APP-1 → P/worktrees/APP-1__from-${hash}`,
      "relinkWorktree P/worktrees/app-1",
      `relinkWorktree P/worktrees/APP-1__from-${hash}`,
    ]);
  });
});

test("worktrees of merged directories move once each, beside one that is adopted", () => {
  const dirs = [source, `${source}.migrated`];
  const leaves = dirs.map((dir, n) =>
    worktree(`${dir}/worktrees/app-${n}`, repo(app), { where: "v1" }),
  );
  const stray = worktree(`${home}/.worktrees/app/app-7`, repo(app), { where: "legacy-root" });
  const lines = merged(
    {},
    {},
    {
      hashDirs: [v1({ worktrees: ["app-0"] }), v1({ worktrees: ["app-1"], migrated: true })],
      worktrees: [...leaves, stray],
    },
  );
  expect(lines).toEqual([
    "makeDir P/worktrees",
    "move V1/worktrees/app-0 → P/worktrees/app-0",
    "move V1.migrated/worktrees/app-1 → P/worktrees/app-1",
    "relinkWorktree P/worktrees/app-0",
    "relinkWorktree P/worktrees/app-1",
  ]);
});
