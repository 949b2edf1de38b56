/** What follows a worktree: git's link to it where there is one, and the agents' chats. */

import { expect, test } from "bun:test";
import type { StateDir, WorktreeLeaf } from "../../../lib/storage/inventory.ts";
import { base, entry, type Found, idAt, planned, repo, stateDir, worktree } from "./found.ts";

const app = "/r/app";
const id = idAt(app);
const hash = "0123456789ab";
const source = `${base}/${hash}-app`;
const place = `${base}/projects/${id}`;

const leaf = (name: string, more: Partial<WorktreeLeaf> = {}, dir = source) =>
  worktree(`${dir}/worktrees/${name}`, repo(app), { where: "v1", ...more });

/** What becomes of worktrees in a V1 directory that becomes the project's, or in that one. */
function followed(worktrees: WorktreeLeaf[], more: Found = {}) {
  const { lines } = planned({
    entries: [entry(id, app, { storageKey: hash })],
    repos: [repo(app)],
    hashDirs: [
      stateDir("app", { layout: "v1", hash, worktrees: worktrees.map(({ name }) => name) }),
    ],
    worktrees,
    ...more,
  });
  return lines
    .filter((line) => /^(relink|patchJson|move .*\.claude)/.test(line))
    .map((line) => line.replace(`projects/${id}/worktrees`, "P"));
}

/** A worktree that is no linked one. */
function unlinked({ adminDir: _, commonDir: __, linkedPath: ___, ...rest }: WorktreeLeaf) {
  return rest;
}

test("a worktree that git knows is linked at its new place, any other is only moved", () => {
  expect(followed([leaf("app-1")])).toEqual(["relinkWorktree P/app-1"]);
  expect(followed([unlinked(leaf("app-1"))])).toEqual([]);
  const { commonDir: _, ...halfKnown } = leaf("app-1");
  expect(followed([halfKnown])).toEqual([]);
});

test("one whose link was stale is linked too, whatever else stands beside it", () => {
  const stale = leaf("app-1", { linkedPath: "/gone" });
  expect(followed([stale, leaf("app-2")])).toEqual([
    "relinkWorktree P/app-1",
    "relinkWorktree P/app-2",
  ]);
});

test("of two that claim one link only the one that git names has it", () => {
  const own = leaf("app-1");
  const copy = leaf("app-2", { adminDir: own.adminDir ?? "", linkedPath: own.path });
  expect(followed([own, copy])).toEqual(["relinkWorktree P/app-1"]);
});

test("chats follow a worktree that moves, and stay with one whose link alone is mended", () => {
  const chats = (cwd: string) => ({ codexRollouts: [{ path: "/codex/1.jsonl", cwd }] });
  expect(followed([leaf("app-1")], chats(`${source}/worktrees/app-1`))).toEqual([
    "relinkWorktree P/app-1",
    "patchJson /codex/1.jsonl",
  ]);
  const home: Partial<StateDir> = { layout: "v2-hashed", worktrees: ["app-1"] };
  const stale = leaf("app-1", { where: "project", linkedPath: "/gone" }, place);
  const found = { hashDirs: [], projects: [stateDir(id, home)] };
  expect(followed([stale], { ...found, ...chats(stale.path) })).toEqual(["relinkWorktree P/app-1"]);
});
