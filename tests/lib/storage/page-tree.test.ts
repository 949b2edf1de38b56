/** The two trees of the page: what the scan saw, and the same after a plan's operations. */

import { describe, expect, test } from "bun:test";
import type { Operation } from "../../../lib/change/operation.ts";
import { drawTree, treesOf } from "../../../lib/storage/page-tree.ts";
import {
  base,
  entry,
  type Found,
  identityOf,
  inventoryOf,
  repo,
  session,
  stateDir,
  worktree,
} from "./found.ts";

const dir = `${base}/projects/app`;

/** Lines of both trees below the base dir, each with its mark. */
function drawn(found: Found, operations: Operation[] = []) {
  const trees = treesOf(inventoryOf(found), operations);
  const lines = (tree: typeof trees.before) =>
    drawTree(tree, base).map(({ text, mark }) => (mark === undefined ? text : `${text} (${mark})`));
  return { before: lines(trees.before), after: lines(trees.after) };
}

const sessions = (count: number) =>
  Array.from({ length: count }, (_, n) => session(dir, `app-${String(n).padStart(2, "0")}`));

test("everything that the scan knows is in the tree", () => {
  const app = stateDir("app", {
    ...{ sessions: sessions(1), identity: identityOf("/r/app") },
    archives: [session(dir, "app-9", { path: `${dir}/sessions/archive/app-9_x.json` })],
    orchestrator: session(dir, "o", { path: `${dir}/orchestrator.json` }),
    others: [{ name: "reports", kind: "dir", bytes: 0 }],
  });
  const { before, after } = drawn({
    ...{ projects: [app], entries: [entry("app", "/r/app")] },
    hashDirs: [stateDir("app", { layout: "v1", hash: "0123456789ab" })],
    observability: [
      { path: `${base}/aaa-observability`, hash: "aaa", files: [], bytes: 0, oldestMs: 0 },
    ],
    worktrees: [worktree(`${dir}/worktrees/app-00`, repo("/r/app"))],
    leftovers: [{ path: `${base}/running.lock`, kind: "lock", modifiedMs: 0 }],
  });
  expect(before).toEqual([
    "├─ 0123456789ab-app",
    "├─ aaa-observability",
    "├─ config.yaml",
    "├─ projects/",
    "│  └─ app/",
    "│     ├─ identity.json",
    "│     ├─ orchestrator.json",
    "│     ├─ reports",
    "│     ├─ sessions/",
    "│     │  ├─ app-00.json",
    "│     │  └─ archive/",
    "│     │     └─ app-9_x.json",
    "│     └─ worktrees/",
    "│        └─ app-00",
    "└─ running.lock",
  ]);
  expect(after).toEqual(before);
});

describe("an operation", () => {
  const found = { projects: [stateDir("app", { sessions: sessions(2) })] };
  const at = (name: string) => `${dir}/sessions/${name}`;
  const leaf = (lines: string[], name: string) =>
    lines.find((line) => line.includes(name))?.slice(-30);

  test("that moves something is seen in both trees, with what is below it", () => {
    const { before, after } = drawn(found, [
      { op: "move", from: dir, to: `${base}/projects/new/p` },
    ]);
    expect(leaf(before, "app/")).toEndWith("app/ (moves)");
    expect(after).toEqual([
      "└─ projects/",
      "   └─ new/",
      "      └─ p/ (moved here)",
      "         └─ sessions/",
      "            ├─ app-00.json",
      "            └─ app-01.json",
    ]);
    const unseen = drawn(found, [{ op: "move", from: `${base}/unseen`, to: `${base}/here` }]);
    expect(unseen.after[0]).toBe("├─ here (moved here)");
  });

  test("that makes something new marks only what was not there", () => {
    const { before, after } = drawn(found, [
      { op: "makeDir", path: dir },
      { op: "makeDir", path: `${dir}/extra` },
      { op: "create", path: at("app-02.json"), content: "" },
    ]);
    expect(before.join("\n")).not.toContain("extra");
    const made = after.filter((line) => line.endsWith("(new)"));
    expect(made.map((line) => line.split("─ ")[1])).toEqual(["extra (new)", "app-02.json (new)"]);
    expect(leaf(after, " app/")).toEndWith("app/");
  });

  test("that trashes something takes it out of the second tree", () => {
    const { before, after } = drawn(found, [
      { op: "trash", path: at("app-00.json") },
      { op: "trash", path: `${base}/unseen/x` },
    ]);
    expect(leaf(before, "app-00")).toEndWith("app-00.json (to the trash)");
    expect(after.join("\n")).not.toContain("app-00");
  });

  test("that patches something marks a change, unless the move says more", () => {
    const patch = (path: string): Operation => ({ op: "patchJson", path, edits: [] });
    const [one, two] = [at("app-00.json"), at("app-01.json")];
    const { before, after } = drawn(found, [
      patch(one),
      { op: "move", from: two, to: at("moved.json") },
      patch(at("moved.json")),
      patch(`${base}/unseen.json`),
      { op: "renameTmux", from: "a", to: "b" },
    ]);
    expect(leaf(before, "app-00")).toEndWith("(changes)");
    expect(leaf(after, "app-00")).toEndWith("(changes)");
    expect(leaf(before, "app-01")).toEndWith("(moves)");
    expect(leaf(after, "moved")).toEndWith("(moved here)");
    expect(leaf(after, "unseen")).toBeUndefined();
  });
});

test("long directories show the first twelve, or thirteen, which takes no more room", () => {
  const count = (n: number) => {
    const { before } = drawn({ projects: [stateDir("app", { sessions: sessions(n) })] });
    return [before.filter((line) => line.includes(".json")).length, before.at(-1)?.trim()];
  };
  expect(count(12)).toEqual([12, "└─ app-11.json"]);
  expect(count(13)).toEqual([13, "└─ app-12.json"]);
  expect(count(14)).toEqual([12, "└─ … and 2 more"]);
  expect(drawTree(treesOf(inventoryOf({}), []).before, "/none")).toEqual([]);
});
