import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { claudeSlugs, codexByCwd, findClaudeHistory, listCodexRollouts } from "../../lib/agents.ts";
import { makeTemp } from "../temp.ts";

const root = makeTemp("agents");
afterAll(() => rmSync(root, { recursive: true, force: true }));

let count = 0;
/** A directory with these files. */
function directory(files: Record<string, string>): string {
  count += 1;
  const dir = join(root, String(count));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
  return dir;
}

const line = (cwd: string) => `${JSON.stringify({ type: "user", sessionId: "s", cwd })}\n`;

describe("claudeSlugs", () => {
  test("gives Claude's own spelling first, then those that AO has looked for", () => {
    expect(claudeSlugs("/home/u/.worktrees/my_app/int-1")).toEqual([
      "-home-u--worktrees-my-app-int-1",
      "-home-u--worktrees-my_app-int-1",
    ]);
    expect(claudeSlugs("/srv/a b/int-1")).toEqual(["-srv-a-b-int-1", "-srv-a b-int-1"]);
    expect(claudeSlugs("/srv/x")).toEqual(["-srv-x"]);
  });
});

describe("findClaudeHistory", () => {
  test("finds the directories of every spelling, and nothing for other worktrees", () => {
    const dir = directory({
      "projects/-w-my-app-1/a.jsonl": `{"type":"summary"}\n${line("/w/my_app/1")}`,
      "projects/-w-my_app-1/b.jsonl": "",
      "projects/-w-my-app-10/c.jsonl": line("/w/my_app/10"),
    });
    const found = findClaudeHistory(dir, ["/w/my_app/1", "/w/my_app/2"]);
    expect(found).toEqual(
      ["-w-my-app-1", "-w-my_app-1"].map((slug) => ({
        dir: join(dir, "projects", slug),
        worktree: "/w/my_app/1",
        sharedWith: [],
        otherPaths: [],
      })),
    );
    expect(findClaudeHistory(join(root, "none"), ["/w/my_app/1"])).toEqual([]);
  });

  test("one directory for two worktrees is shared, unless the transcripts name only one", () => {
    const worktrees = ["/w/a_b/1", "/w/a-b/1"];
    const unclear = directory({ "projects/-w-a-b-1/x.jsonl": "not json\n" });
    expect(findClaudeHistory(unclear, worktrees).map(({ sharedWith }) => sharedWith)).toEqual([
      ["/w/a-b/1"],
      ["/w/a_b/1"],
    ]);
    const clear = directory({ "projects/-w-a-b-1/x.jsonl": line("/w/a_b/1/src") });
    expect(findClaudeHistory(clear, worktrees)).toMatchObject([
      { worktree: "/w/a_b/1", sharedWith: [] },
    ]);
  });

  test("names a path that is no worktree but has history in the same directory", () => {
    const dir = directory({
      "projects/-w-a-b/x.jsonl": line("/w/a-b"),
      "projects/-w-a-b/y.jsonl": line("/w/a/b"),
      "projects/-w-a-b/z.jsonl": line("/somewhere/else"),
    });
    expect(findClaudeHistory(dir, ["/w/a-b"])).toMatchObject([{ otherPaths: ["/w/a/b"] }]);
  });
});

describe("listCodexRollouts", () => {
  const meta = (cwd: unknown, more = "") =>
    `${JSON.stringify({ type: "session_meta", payload: { id: "1", cwd, more } })}\n`;

  test("reads the working directory from first lines only, live and archived", () => {
    const dir = directory({
      "sessions/2026/04/20/rollout-b.jsonl": `${meta("/w/1")}broken{`,
      "sessions/2026/04/19/rollout-a.jsonl": meta("/w/1", "x".repeat(200_000)).trimEnd(),
      "archived_sessions/rollout-c.jsonl": meta("/w/2"),
      "sessions/2026/04/20/rollout-old.jsonl": '{"id":"1","timestamp":"t"}\n',
      "sessions/2026/04/20/rollout-text.jsonl": "hello\n",
      "sessions/2026/04/20/rollout-number.jsonl": meta(7),
      "sessions/2026/04/20/rollout-empty.jsonl": "",
      "sessions/2026/04/20/rollout-endless.jsonl": meta("/w/1", "x".repeat(1_100_000)),
      "sessions/2026/04/20/other.jsonl": meta("/w/1"),
    });
    const rollouts = listCodexRollouts(dir);
    expect(rollouts).toEqual([
      { path: join(dir, "archived_sessions/rollout-c.jsonl"), cwd: "/w/2" },
      { path: join(dir, "sessions/2026/04/19/rollout-a.jsonl"), cwd: "/w/1" },
      { path: join(dir, "sessions/2026/04/20/rollout-b.jsonl"), cwd: "/w/1" },
    ]);
    expect(codexByCwd(rollouts).get("/w/1")).toHaveLength(2);
    expect(listCodexRollouts(join(root, "none"))).toEqual([]);
  });
});
