/** Which chats follow a worktree that is moved, and which are somebody else's. */

import { describe, expect, test } from "bun:test";
import type { Operation } from "../../../lib/change/operation.ts";
import { History } from "../../../lib/storage/history.ts";
import { type Found, home, inventoryOf, repo, worktree } from "./found.ts";

const [from, to] = ["/old.d/a_b", "/new/a_b"];
const chats = `${home}/.claude/projects`;

/** Chats of a disk with a worktree at the place, or with others. */
const chatsOn = (found: Found, at = from) =>
  new History(inventoryOf({ worktrees: [worktree(at, repo("/r"))], ...found }));

/** Operations when a worktree goes from one place to the other. */
const following = (found: Found, move = { from, to }) => chatsOn(found, move.from).follow(move);

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

  test("are found whatever the path has in it: to Claude all but letters and digits are one", () => {
    const odd = { from: "/Users/Zoë Q/.wt/it's/a-1", to: "/new/a_b" };
    const name = "-Users-Zo--Q--wt-it-s-a-1";
    expect(following({ claudeProjects: [name] }, odd)).toEqual(moved(name));
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

describe("chats that stay are told", () => {
  test("of a worktree whose new path reads like that of one that has moved there before it", () => {
    const places = ["/old.d/a_b", "/other/a-b"];
    const worktrees = places.map((path) => worktree(path, repo("/r")));
    const history = chatsOn({ claudeProjects: ["-old-d-a-b", "-other-a-b"], worktrees });
    const moves = places.map((path) =>
      history.follow({ from: path, to: `/new/${path.slice(-3)}` }),
    );
    expect(moves.map(({ length }) => length)).toEqual([1, 0]);
    expect(history.warnings).toEqual([
      "Claude's chats of /other/a-b stay in -other-a-b: -new-a-b is there already",
    ]);
  });

  test("of one whose path reads like another's today; without chats there is nothing to tell", () => {
    const worktrees = [from, "/old.d/a-b"].map((path) => worktree(path, repo("/r")));
    const shared = chatsOn({ claudeProjects: ["-old-d-a-b"], worktrees });
    const none = chatsOn({ claudeProjects: ["-new-a-b"], worktrees });
    for (const history of [shared, none]) expect(history.follow({ from, to })).toEqual([]);
    expect([shared.warnings, none.warnings]).toEqual([
      [
        `Claude's chats of ${from} stay in -old-d-a-b: another worktree's path reads the same to Claude`,
      ],
      [],
    ]);
  });
});

describe("where a place is a link", () => {
  const realPlaces = { "/old.d": "/big/old", "/new": "/big/new" };
  const move = (a: string, b: string): Operation => {
    return { op: "move", from: `${chats}/${a}`, to: `${chats}/${b}` };
  };

  test("Claude's chats have the name of the real one, or of the link, and keep to that", () => {
    const follow = (...claudeProjects: string[]) => following({ realPlaces, claudeProjects });
    expect(follow("-big-old-a-b")).toEqual([move("-big-old-a-b", "-big-new-a-b")]);
    expect(follow("-old-d-a-b")).toEqual([move("-old-d-a-b", "-new-a-b")]);
    expect(follow("-old-d-a-b", "-big-old-a-b")).toHaveLength(2);
  });

  test("chats of a place that is none go to the name that the agents will see", () => {
    const away = { from: "/plain/a_b", to };
    const codexRollouts = [{ path: "/codex/1.jsonl", cwd: "/plain/a_b" }];
    const found = { realPlaces, claudeProjects: ["-plain-a-b"], codexRollouts };
    const edits = [{ pointer: "/payload/cwd", before: "/plain/a_b", after: "/big/new/a_b" }];
    expect(following(found, away)).toEqual([
      move("-plain-a-b", "-big-new-a-b"),
      { op: "patchJson", path: "/codex/1.jsonl", line: 1, edits },
    ]);
  });

  test("Codex's keep to theirs as well, and each is changed once", () => {
    const cwds = ["/big/old/a_b", `${from}/sub`, "/big/old/a_bc"];
    const codexRollouts = cwds.map((cwd) => ({ path: "/codex/1.jsonl", cwd }));
    const after = following({ realPlaces, codexRollouts }).map((operation) => {
      return operation.op === "patchJson" ? operation.edits[0]?.after : operation;
    });
    expect(after).toEqual(["/big/new/a_b", `${to}/sub`]);
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
