/** What a plan changed where nothing leads now, and the command that leads there again. */

import { expect, test } from "bun:test";
import type { Operation } from "../../../lib/change/operation.ts";
import { demandNamed, unnamedPlaces } from "../../../lib/storage/unnamed.ts";

const base = "/h/.agent-orchestrator";
const edits = [{ pointer: "/a", before: 1, after: 2 }];
const operations: Operation[] = [
  { op: "move", from: "/data/wt/app/app-1", to: `${base}/projects/app/worktrees/app-1` },
  { op: "move", from: "/c d/projects/-data-wt-app-app-1", to: "/c d/projects/-h-app-1" },
  { op: "patchJson", path: "/x/archived_sessions/rollout-1.jsonl", line: 1, edits },
  { op: "patchJson", path: "/x/sessions/2026/rollout-2.jsonl", line: 1, edits },
  { op: "patchYaml", path: "/etc/ao.yaml", edits },
];
const roots = [
  ...[base, "/c d/projects", "/data/wt", "/etc/ao.yaml", "/h/.worktrees"],
  ...["/x/archived_sessions", "/x/sessions"],
];
const all = { operations, roots };

test("a place that may be written to now, or that was only named, is no matter", () => {
  expect(unnamedPlaces(all, roots)).toEqual([]);
  expect(unnamedPlaces(all, ["/"])).toEqual([]);
  expect(unnamedPlaces({ operations: [], roots }, [])).toEqual([]);
  const but = (path: string) => roots.filter((root) => root !== path);
  expect(unnamedPlaces(all, but("/h/.worktrees"))).toEqual([]);
  const wt = { path: "/data/wt", by: { flag: "worktreeRoot" } };
  expect(unnamedPlaces(all, but("/data/wt"))).toEqual([wt] as never);
});

test("each is named by the flag or the variable that had named it", () => {
  const again = (flags: object) => `rollback ${JSON.stringify(flags)}`;
  const refuse = () => demandNamed("v3-1", all, [base], { again, baseDir: base });
  expect(refuse).toThrow(
    'Cannot go on with "v3-1": it changes "/c d/projects" too, which nothing names now',
  );
  let error: unknown;
  try {
    refuse();
  } catch (thrown) {
    error = thrown;
  }
  const flags = '{"worktreeRoot":"/data/wt","config":"/etc/ao.yaml"}';
  const hint = `CLAUDE_CONFIG_DIR='/c d' CODEX_HOME=/x rollback ${flags}`;
  expect(error).toMatchObject({ outcome: "refused", hint });
});

test("a place of old worktrees may be called like one of the agents'", () => {
  const named = (root: string) => {
    const move: Operation = { op: "move", from: `${root}/app/app-1`, to: `${base}/x` };
    return unnamedPlaces({ operations: [move], roots: [root] }, [base])[0]?.by;
  };
  for (const root of ["/h/projects", "/h/sessions"]) {
    expect(named(root)).toEqual({ flag: "worktreeRoot" });
  }
});

test("a base dir that was moved is to be linked to where it was, or the home that it was moved with", () => {
  const moved = (baseDir: string, former: string) => {
    const move: Operation = { op: "makeDir", path: `${former}/projects/app` };
    const again = (flags: object) => `rollback ${JSON.stringify(flags)}`;
    try {
      demandNamed("v3-1", { operations: [move], roots: [former] }, [baseDir], { again, baseDir });
    } catch (error) {
      return error;
    }
    return null;
  };
  expect(moved("/data/my ao", "/tmp/ao")).toMatchObject({
    outcome: "refused",
    message: 'Cannot go on with "v3-1": its base dir was "/tmp/ao"',
    hint: 'link it to where it was: ln -s \'/data/my ao\' /tmp/ao\nthen: rollback {"baseDir":"/tmp/ao"}',
  });
  const [old, now] = ["/nowhere/old/.agent-orchestrator", "/nowhere/new/.agent-orchestrator"];
  expect(moved(now, old)).toMatchObject({
    hint: expect.stringContaining("ln -s /nowhere/new /nowhere/old\n"),
  });
});
