/** What follows a rollback, told from a scan: which worktrees, sessions and chats. */

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Operation } from "../../../lib/change/operation.ts";
import type { Kept } from "../../../lib/change/options.ts";
import { resolvePlaces } from "../../../lib/paths.ts";
import { followers } from "../../../lib/storage/followers.ts";
import type { SessionFile, StateDir, WorktreeLeaf } from "../../../lib/storage/inventory.ts";
import { makeTemp } from "../../temp.ts";
import { type Found, inventoryOf, repo, session, stateDir, worktree } from "./found.ts";

let root: string;
/** Where the worktree was before the rollback, and where it is now. */
let from: string;
let to: string;
let adminDir: string;
let moves: Operation[];

function write(path: string, text = ""): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

beforeEach(() => {
  root = makeTemp("followers-found");
  from = join(root, "new/worktrees/x-1");
  to = join(root, "old/worktrees/x-1");
  adminDir = join(root, "repo/.git/worktrees/x-1");
  write(join(adminDir, "gitdir"), `${from}/.git\n`);
  write(join(adminDir, "commondir"), "../..\n");
  write(join(to, ".git"), `gitdir: ${adminDir}\n`);
  moves = [{ op: "move", from: join(root, "old"), to: join(root, "new") }];
});
afterEach(() => rmSync(root, { recursive: true }));

const since = new Date("2026-01-01T00:00:00Z");

/** Follows with a scan of this one repository and worktree, as `more` has it otherwise. */
function following(
  more: Found = {},
  leaf: Partial<WorktreeLeaf> = {},
  entry: object = {},
  kept: Kept[] = [],
) {
  const of = repo(join(root, "repo"), {
    adminEntries: [{ id: "x-1", path: from, exists: false, ...entry }],
  });
  const places = resolvePlaces({ home: root, baseDir: root, env: {} });
  const worktrees = [worktree(to, of, { linkedPath: from, ...leaf })];
  const inventory = inventoryOf({ places, repos: [of], worktrees, ...more });
  return followers(inventory, { operations: moves, since, places, env: {} }, kept);
}

describe("a worktree that went back with its directory", () => {
  test("is linked where it is now, and its chats follow", () => {
    const codexRollouts = [{ path: "/codex/1.jsonl", cwd: from }];
    const { operations, warnings } = following({ codexRollouts });
    expect(operations).toEqual([
      {
        ...{ op: "relinkWorktree", repo: join(root, "repo/.git"), worktree: to },
        files: [expect.objectContaining({ path: join(adminDir, "gitdir") })],
      },
      expect.objectContaining({ op: "patchJson", path: "/codex/1.jsonl" }),
    ]);
    expect(warnings).toEqual([]);
  });

  test("is left where git finds it, where it is not seen, and where another claims its link", () => {
    expect(following({}, {}, { exists: true }).operations).toEqual([]);
    expect(following({}, { path: `${to}-2`, linkedPath: `${to}-2` }).operations).toEqual([]);
    const of = repo(join(root, "repo"));
    const twice = [to, `${to}-copy`].map((path) => worktree(path, of, { adminDir }));
    expect(following({ worktrees: twice }).operations).toEqual([]);
    expect(following({}, { adminDir: `${adminDir}-2` }).operations).toEqual([]);
    expect(following({}, {}, { path: to }).operations).toEqual([]);
    // Links that make no sense are nothing to be mended here.
    rmSync(join(adminDir, "commondir"));
    expect(following().operations).toEqual([]);
  });

  test("is left where it is older than the migration, or is not there", () => {
    const old = new Date(since.getTime() - 1000);
    utimesSync(join(to, ".git"), old, old);
    expect(following().operations).toEqual([]);
    rmSync(to, { recursive: true });
    expect(following().operations).toEqual([]);
  });

  test("is left while its former place is taken, and where no move leads back to it", () => {
    write(join(from, "mine"));
    expect(following().operations).toEqual([]);
    rmSync(from, { recursive: true });
    moves = [{ op: "move", from: join(root, "old"), to: `${root}/ne` }];
    expect(following().operations).toEqual([]);
  });

  test("is found through several moves, the last first", () => {
    const aside = join(root, "aside");
    moves = [
      { op: "move", from: join(root, "old"), to: aside },
      { op: "makeDir", path: join(root, "new") },
      { op: "move", from: join(aside, "worktrees"), to: join(root, "new/worktrees") },
    ];
    expect(following().operations).toHaveLength(1);
    expect(following({}, {}, { path: "relative/x-1" }).operations).toEqual([]);
  });
});

describe("a session that came later", () => {
  const file = (name: string, more: Partial<SessionFile> = {}): SessionFile => {
    const path = write(join(root, "old/sessions", `${name}.json`));
    return session(join(root, "old"), name, { fields: { worktree: from }, path, ...more });
  };
  const told = (
    dir: Partial<StateDir>,
    hashDir = false,
    more: Found = {},
    kept: Omit<Kept, "index" | "reason">[] = [],
  ) => {
    const found = stateDir("app", dir);
    const { operations, warnings } = following(
      {
        ...{ worktrees: [], repos: [], ...more },
        ...(hashDir ? { hashDirs: [found] } : { projects: [found] }),
      },
      {},
      {},
      kept.map((each) => ({ index: 0, reason: "x", ...each })),
    );
    const paths = operations.map((each) => ("path" in each ? each.path : each.op));
    return { names: paths.map((path) => path.split("/").at(-1)), operations, warnings };
  };

  test("names its worktree where that is now, whatever kind of session it is", () => {
    const [one, two, three] = [file("x-1"), file("x-2"), file("x-3")];
    const all = { sessions: [one], archives: [two], orchestrator: three };
    expect(told(all).names).toEqual(["x-1.json", "x-2.json", "x-3.json"]);
    expect(told({ sessions: [one] }, true).operations).toEqual([
      {
        ...{ op: "patchJson", path: one.path },
        edits: [{ pointer: "/worktree", before: from, after: to }],
      },
    ]);
  });

  test("is left as the migration made it while taking it back has failed, and only then", () => {
    const one = file("x-1");
    const path = join(root, "new/sessions/x-1.json");
    const all = { sessions: [one, file("x-2")] };
    for (const place of [path, one.path]) {
      expect(told(all, false, {}, [{ path: place, failed: true }]).names).toEqual(["x-2.json"]);
      expect(told(all, false, {}, [{ path: place }]).names).toEqual(["x-1.json", "x-2.json"]);
    }
  });

  test("that has links resolved names it where that is now, and keeps to that", () => {
    const worktree = from.replace(root, "/big");
    const more = { realPlaces: { [root]: "/big" } };
    const { operations } = told({ sessions: [file("x-1", { fields: { worktree } })] }, false, more);
    const after = to.replace(root, "/big");
    expect(operations).toMatchObject([{ edits: [{ before: worktree, after }] }]);
  });

  test("is told where it cannot be edited, and left where it names nothing that moved", () => {
    const names = `which is ${to} now`;
    for (const more of [{ format: "kv" as const }, { duplicateKeys: true }]) {
      const { names: none, warnings } = told({ sessions: [file("x-1", more)] });
      expect(none).toEqual([]);
      expect(warnings).toEqual([expect.stringContaining(names)]);
    }
    const other = file("x-1", { fields: { worktree: "/elsewhere" } });
    expect(told({ sessions: [other] })).toMatchObject({ names: [], warnings: [] });
    const old = new Date(since.getTime() - 1000);
    const older = file("x-1", { format: "kv" });
    utimesSync(older.path, old, old);
    expect(told({ sessions: [older] })).toMatchObject({ names: [], warnings: [] });
  });
});
