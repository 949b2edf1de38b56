/** What an operation touches, and the edits that take it back. */

import { describe, expect, test } from "bun:test";
import {
  dirOf,
  invertEdits,
  type Operation,
  subjectOf,
  touchedBy,
} from "../../../lib/change/operation.ts";

describe("an operation", () => {
  const files = [
    { path: "/repo/gitdir", before: "a", after: "b" },
    { path: "/wt/.git", before: "a", after: "b" },
  ];
  const relink: Operation = { op: "relinkWorktree", repo: "/repo", worktree: "/wt", files };
  const move: Operation = { op: "move", from: "/a", to: "/b" };
  const tmux: Operation = { op: "renameTmux", from: "old", to: "new" };

  test("touches the paths that it writes, and relies on others", () => {
    expect(touchedBy(move)).toEqual({ writes: ["/a", "/b"], needs: [] });
    expect(touchedBy(relink)).toEqual({ writes: ["/repo/gitdir", "/wt/.git"], needs: ["/wt"] });
    expect(touchedBy(tmux)).toStrictEqual({ writes: [], needs: [] });
    expect(touchedBy({ op: "trash", path: "/t" })).toEqual({ writes: ["/t"], needs: [] });
  });

  test("is called by what a user knows of it", () => {
    expect([relink, move, tmux].map(subjectOf)).toEqual(["/wt", "/a", "old"]);
    expect(subjectOf({ ...relink, files: [] })).toBe("/wt");
    expect(subjectOf({ op: "trash", path: "/t" })).toBe("/t");
    expect(dirOf("/a/b")).toBe("/a");
    expect(dirOf("/a")).toBe("/");
  });

  test("is taken back by edits in the other order, each with before and after changed", () => {
    expect(
      invertEdits([
        { pointer: "/a", before: 1, after: 2 },
        { pointer: "/new", after: null },
        { pointer: "/gone", before: "x" },
      ]),
    ).toStrictEqual([
      { pointer: "/gone", after: "x" },
      { pointer: "/new", before: null },
      { pointer: "/a", before: 2, after: 1 },
    ]);
  });

  test("that renames a key is taken back by the name it had, slashes and tildes too", () => {
    const renamed = [{ pointer: "/p/a~1b~0c", rename: "x/y~z" }];
    const back = [{ pointer: "/p/x~1y~0z", rename: "a/b~c" }];
    expect(invertEdits(renamed)).toStrictEqual(back);
    expect(invertEdits(back)).toStrictEqual(renamed);
  });
});
