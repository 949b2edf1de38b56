/** Where a plan may write: in the places that its caller and it itself name, through no link. */

import { describe, expect, test } from "bun:test";
import type { Operation } from "../../../lib/change/operation.ts";
import { Places } from "../../../lib/change/places.ts";
import { isBelow, Roots } from "../../../lib/change/roots.ts";
import { ToolkitError } from "../../../lib/errors.ts";
import { SimulatedDisk } from "../../simulated-disk.ts";

const migration = "/base/migrations/v3-20260101T000000Z-abcdef";

function makeRoots(callers = ["/base", "/tree"], plans = callers, disk = new SimulatedDisk()) {
  return new Roots(disk, new Places(migration), { callers, plans });
}

/** `ok`, or how the paths of an operation are refused. */
function verdict(operation: Operation, roots = makeRoots()): string {
  try {
    roots.checkPaths([{ op: "makeDir", path: "/base/first" }, operation]);
  } catch (error) {
    if (!(error instanceof ToolkitError)) throw error;
    return error.message.includes("(operation 2)") ? error.outcome : error.message;
  }
  return "ok";
}

const trash = (path: string): Operation => ({ op: "trash", path });

describe("a path", () => {
  test.each([
    "relative/x",
    "/",
    "/base/",
    "/base/../etc/x",
    "/base//x",
    "/base/./x",
    "/base/x\0y",
    "/base/\ud800",
    "",
  ])("%j is no plain absolute one", (path) => {
    expect(verdict(trash(path))).toBe("invalid");
    const relink: Operation = { op: "relinkWorktree", repo: "/base", worktree: path, files: [] };
    expect(verdict(relink)).toBe("invalid");
  });

  test("must be in one of the caller's places and in one of the plan's", () => {
    expect(verdict(trash("/base/x/y"))).toBe("ok");
    expect(verdict(trash("/tree"))).toBe("ok");
    expect(verdict(trash("/trees"))).toBe("refused");
    expect(verdict({ op: "move", from: "/base/x", to: "/other/x" })).toBe("refused");
    const both = makeRoots(["/base", "/tree"], ["/base"]);
    expect([verdict(trash("/base/x"), both), verdict(trash("/tree/x"), both)]).toEqual([
      "ok",
      "refused",
    ]);
    const plans = makeRoots(["/base"], ["/base", "/tree"]);
    expect(verdict(trash("/tree/x"), plans)).toBe("refused");
    // What a worktree is relied on for is not written.
    const relink: Operation = { op: "relinkWorktree", repo: "/r", worktree: "/far", files: [] };
    expect(verdict(relink)).toBe("ok");
  });

  test("beside a place that is a single file is outside", () => {
    const roots = () => makeRoots(["/base", "/etc/config"]);
    expect(verdict(trash("/etc/config"), roots())).toBe("ok");
    const both = [trash("/etc/config"), trash("/etc/passwd")];
    expect(() => roots().checkPaths(both)).toThrow("/etc/passwd");
    // Whoever names it: the caller, or the plan.
    expect(() => makeRoots(["/etc/config"], ["/"]).checkPaths(both)).toThrow("/etc/passwd");
    expect(() => makeRoots(["/"], ["/etc/config"]).checkPaths(both)).toThrow("/etc/passwd");
  });

  test("of the migrations themselves is not a plan's to change, nor what holds them", () => {
    for (const path of ["/base/migrations", `${migration}/x`, "/base"]) {
      expect([path, verdict(trash(path))]).toEqual([path, "refused"]);
    }
    expect(verdict(trash("/base/migrations2"))).toBe("ok");
  });

  test("cannot be moved into itself", () => {
    expect(verdict({ op: "move", from: "/tree/a", to: "/tree/a/b" })).toBe("invalid");
    expect(verdict({ op: "move", from: "/tree/a", to: "/tree/a" })).toBe("invalid");
    expect(verdict({ op: "move", from: "/tree/a", to: "/tree/ab" })).toBe("ok");
  });
});

describe("the directory of a path on the disk", () => {
  function made() {
    const disk = new SimulatedDisk();
    for (const dir of ["/base", "/tree", "/tree/sub", "/out"]) disk.makeDir(dir);
    disk.writeNew("/tree/file", [], { mode: 0o644 });
    disk.makeSymlink("/out", "/tree/link");
    disk.makeSymlink("/nowhere", "/tree/dangling");
    disk.makeSymlink("/tree", "/alias");
    return { disk, roots: makeRoots(["/base", "/tree", "/alias"], ["/"], disk) };
  }

  test("is there, or is the nearest one that is", () => {
    const { disk, roots } = made();
    const { dev } = disk.lstat("/tree") ?? {};
    expect(roots.parentOf("/tree/sub/x")).toMatchObject({ dev, exists: true });
    expect(roots.parentOf("/tree/none/deep/x")).toMatchObject({ exists: false });
    expect(roots.parentOf("/tree/file/x")).toMatchObject({ exists: false });
    expect(roots.parentOf("/tree")).toMatchObject({ exists: true });
  });

  test("is not reached through a link inside a place, though the place may be one", () => {
    const { roots } = made();
    expect(() => roots.parentOf("/tree/link/x")).toThrow("leads through a symbolic link");
    expect(() => roots.parentOf("/tree/link/deep/x")).toThrow("leads through a symbolic link");
    expect(() => roots.parentOf("/tree/dangling/x")).toThrow("link to nowhere");
    expect(roots.parentOf("/alias/sub/x")).toMatchObject({ exists: true });
    expect(() => roots.parentOf("/out/x")).toThrow("leads through a symbolic link");
  });

  test("of a place is there, though the place is a link or a single file", () => {
    const { disk } = made();
    disk.makeSymlink("/tree/sub/far", "/base/place");
    disk.makeDir("/tree/sub/far");
    const roots = makeRoots(["/base/place", "/tree/file"], ["/"], disk);
    expect(roots.parentOf("/base/place")).toMatchObject({ exists: true });
    expect(roots.parentOf("/tree/file")).toMatchObject({ exists: true });
    expect(() => roots.parentOf("/tree/other")).toThrow("leads through a symbolic link");
  });

  test("fails as the disk does, when it is no missing link", () => {
    const { disk } = made();
    const broken = (code: string) =>
      new Proxy(disk, {
        get(target, key) {
          if (key !== "realPath") return Reflect.get(target, key, target)?.bind?.(target);
          return () => {
            throw Object.assign(new Error(`${code}: no`), { code });
          };
        },
      });
    const look = (code: string) => () =>
      makeRoots(["/tree"], ["/"], broken(code)).parentOf("/tree/sub/x");
    expect(look("EIO")).toThrow("EIO");
    // Links in a circle.
    expect(look("ELOOP")).toThrow('"/tree/sub" is a symbolic link to nowhere');
  });

  test("is asked for once, until directories may have moved", () => {
    const { disk, roots } = made();
    expect(roots.parentOf("/tree/later/x").exists).toBe(false);
    disk.makeDir("/tree/later");
    expect(roots.parentOf("/tree/later/y").exists).toBe(false);
    roots.forget();
    expect(roots.parentOf("/tree/later/y").exists).toBe(true);
  });
});

test("below is by whole names", () => {
  expect(isBelow("/a/b", "/a")).toBe(true);
  expect(isBelow("/a", "/a")).toBe(true);
  expect(isBelow("/a", "/")).toBe(true);
  expect(isBelow("/ab", "/a")).toBe(false);
  expect(isBelow("/a", "/a/b")).toBe(false);
});
