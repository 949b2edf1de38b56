/** Which of the places that a recorded plan names are believed: the plan is a file like any other. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Operation } from "../../../lib/change/operation.ts";
import { resolvePlaces } from "../../../lib/paths.ts";
import { fixedRoots, recordedRoots } from "../../../lib/storage/roots.ts";
import { makeTemp } from "../../temp.ts";

const home = makeTemp("roots");
const places = resolvePlaces({ home, env: {} });
const v0 = join(home, "old", "ao-sessions");

beforeAll(() => {
  const files = ["worktrees/one/.git", "documents/thesis", "repo/.git/HEAD", "repo/.git/objects/x"];
  for (const file of files) {
    mkdirSync(dirname(join(home, file)), { recursive: true });
    writeFileSync(join(home, file), "");
  }
  mkdirSync(v0, { recursive: true });
});

afterAll(() => rmSync(home, { recursive: true }));

/** The roots that are believed beyond the toolkit's own. */
const believed = (roots: string[], operations: Operation[]) =>
  recordedRoots(places, { roots, operations }).slice(fixedRoots(places).length);

const v3 = (name: string) => join(places.baseDir, "projects", "web_0123456789", name);

describe("a recorded root", () => {
  test("of V0 is believed while only sessions, archives and worktrees in it are touched", () => {
    const worktrees = join(home, "worktrees");
    const operations: Operation[] = [
      { op: "makeDir", path: v3("sessions") },
      { op: "move", from: join(v0, "web-1"), to: v3("sessions/web-1.json") },
      { op: "trash", path: join(v0, "archive", "web-2_2026-01-02T03:04:05Z") },
      { op: "move", from: join(worktrees, "one"), to: v3("worktrees/web-1") },
    ];
    expect(believed([v0, `${worktrees}/`], operations)).toEqual([v0, worktrees]);
  });

  test.each([
    ["a file of the user's", [{ op: "trash", path: join(home, "documents/thesis") }]],
    ["a directory in it", [{ op: "makeDir", path: join(home, "documents/web-1/deep") }]],
    ["a plain file", [{ op: "move", from: join(home, "documents/thesis"), to: v3("x") }]],
    ["a plain directory", [{ op: "move", from: join(home, "documents"), to: v3("x") }]],
    ["an archive by another name", [{ op: "trash", path: join(home, "documents/archive/all") }]],
  ] satisfies [string, Operation[]][])("is not when the plan touches %s", (_, operations) => {
    expect(believed([join(home, "documents")], operations)).toEqual([]);
  });

  test("is not when it is the home, outside of it, or not there", () => {
    const roots = [home, `${home}/`, "/", dirname(home), join(home, "gone"), `${v0}/../../..`];
    expect(believed(roots, [])).toEqual([]);
  });

  test("of V0 that was cleared away since is believed for what it had, and for nothing else", () => {
    const gone = join(home, "gone");
    const session: Operation = { op: "move", from: join(gone, "web-1"), to: v3("web-1.json") };
    expect(believed([gone], [session])).toEqual([gone]);
    expect(believed([gone], [session, { op: "trash", path: join(gone, "thesis") }])).toEqual([]);
  });

  test("of a repository that is gone is believed for git's links alone", () => {
    const links = join(home, "gone/.git/worktrees");
    const file = { path: join(links, "x/gitdir"), before: "a", after: "b" };
    const repo = join(home, "gone/.git");
    const relink: Operation = { op: "relinkWorktree", repo, worktree: v3("x"), files: [file] };
    expect(believed([links], [relink])).toEqual([links]);
    const move: Operation = { op: "move", from: join(links, "x"), to: v3("y") };
    expect(believed([links], [relink, move])).toEqual([]);
  });

  test("is believed when it is where a repository keeps links to its worktrees", () => {
    const links = join(home, "repo/.git/worktrees");
    expect(believed([links, join(home, "gone/.git/worktrees")], [])).toEqual([links]);
  });
});
