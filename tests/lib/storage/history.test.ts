/** Which chats follow a worktree that is moved, and which are somebody else's. */

import { describe, expect, test } from "bun:test";
import type { Operation } from "../../../lib/change/operation.ts";
import { historyOperations } from "../../../lib/storage/history.ts";
import { type Found, home, inventoryOf, repo, worktree } from "./found.ts";

const [from, to] = ["/old.d/a_b", "/new/a_b"];
const chats = `${home}/.claude/projects`;

/** Operations when a worktree goes from one place to the other. */
const following = (found: Found, move = { from, to }) =>
  historyOperations(move, inventoryOf({ worktrees: [worktree(move.from, repo("/r"))], ...found }));

describe("Claude's chats", () => {
  const moved = (slug: string): Operation[] => [
    { op: "move", from: `${chats}/${slug}`, to: `${chats}/-new-a-b` },
  ];

  test("are renamed with the worktree, also those of a Claude that left underscores", () => {
    expect(following({ claudeProjects: ["-old-d-a-b"] })).toEqual(moved("-old-d-a-b"));
    expect(following({ claudeProjects: ["-x", "-old-d-a_b"] })).toEqual(moved("-old-d-a_b"));
    // Of both only one can have the new name: that of today's Claude.
    const both = ["-old-d-a_b", "-old-d-a-b"];
    expect(following({ claudeProjects: both })).toEqual(moved("-old-d-a-b"));
    const odd = { from: "C:\\old_a", to: "/new/a_b" };
    expect(following({ claudeProjects: ["C-old_a"] }, odd)).toEqual(moved("C-old_a"));
  });

  test("stay where there are none, or where others stand in the new place", () => {
    expect(following({ claudeProjects: [] })).toEqual([]);
    expect(following({ claudeProjects: ["-old-d-a-b", "-new-a-b"] })).toEqual([]);
  });

  test("stay where the path reads the same to Claude, or is shared with another worktree", () => {
    const alike = { from: "/new/a-b", to: "/new/a.b" };
    expect(following({ claudeProjects: ["-new-a-b"] }, alike)).toEqual([]);
    const others = (path: string) => [from, path].map((each) => worktree(each, repo("/r")));
    const shared = { claudeProjects: ["-old-d-a-b"], worktrees: others("/old.d/a-b") };
    expect(following(shared)).toEqual([]);
    expect(following({ ...shared, worktrees: others("/old.d/c") })).toHaveLength(1);
  });
});

test("Codex's chats name the new place, those of directories below it too", () => {
  const rollouts = [from, `${from}/sub`, `${from}2`, "/else", `/else${from}/`];
  const codexRollouts = rollouts.map((cwd, n) => ({ path: `/codex/${n}.jsonl`, cwd }));
  const edit = (n: number, below: string): Operation => ({
    ...{ op: "patchJson", path: `/codex/${n}.jsonl`, line: 1 },
    edits: [{ pointer: "/payload/cwd", before: from + below, after: to + below }],
  });
  expect(following({ codexRollouts })).toEqual([edit(0, ""), edit(1, "/sub")]);
  const both = following({ codexRollouts, claudeProjects: ["-old-d-a-b"] });
  expect(both.map(({ op }) => op)).toEqual(["move", "patchJson", "patchJson"]);
});
