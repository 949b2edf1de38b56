/** What a crash may leave of one action, and what `settle` makes of it; what actions meet. */

import { describe, expect, test } from "bun:test";
import {
  type Aside,
  changedDirs,
  digestOf,
  identityOf,
  type Move,
  perform,
  type Swap,
  settle,
} from "../../../lib/change/action.ts";
import type { Disk } from "../../../lib/change/disk.ts";
import { errorCode } from "../../../lib/errors.ts";
import { sha256 } from "../../../lib/hash.ts";
import { SimulatedDisk, type SimulationOptions } from "../../simulated-disk.ts";

/** A disk with these files, in `/a`, `/b` and, on another device, `/far`. */
function diskWith(files: Record<string, string>, options: SimulationOptions = {}): SimulatedDisk {
  const disk = new SimulatedDisk(options);
  for (const dir of ["/a", "/b", "/far"]) disk.makeDir(dir);
  disk.mount("/far", "device");
  for (const [path, text] of Object.entries(files)) {
    disk.writeNew(path, [Buffer.from(text)], { mode: 0o644 });
  }
  return disk;
}

/** All files and their contents. */
function filesOf(disk: SimulatedDisk): Record<string, string> {
  const found: Record<string, string> = {};
  const visit = (path: string): void => {
    for (const name of disk.readDir(path).sort()) {
      const each = `${path}/${name}`;
      if (disk.lstat(each)?.kind === "directory") visit(each);
      else found[each] = Buffer.from(disk.readFile(each)).toString("utf8");
    }
  };
  for (const top of ["/a", "/b", "/far"]) visit(top);
  return found;
}

function altered(disk: Disk, calls: Partial<Disk>): Disk {
  return new Proxy(disk, {
    get: (target, key) => {
      const value: unknown = Reflect.get(calls, key) ?? Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function failing(code: string): () => never {
  return () => {
    throw Object.assign(new Error(`${code}: it failed`), { code });
  };
}

function idOf(disk: Disk, path: string): string {
  const stat = disk.lstat(path);
  if (stat === null) throw new Error(`nothing at ${path}`);
  return identityOf(stat);
}

function codeOf(step: () => unknown): string {
  try {
    step();
  } catch (error) {
    return errorCode(error) ?? String(error);
  }
  return "none";
}

describe("a move that may have happened", () => {
  const move = (more: Partial<Move> = {}): Move => ({
    ...{ act: "move", from: "/a/old", to: "/b/new" },
    ...more,
  });

  test("has not while nothing is there, and has when the old name is gone", () => {
    expect(settle(diskWith({ "/a/old": "1" }), move())).toBe(false);
    expect(settle(diskWith({}), move())).toBe(false);
    expect(settle(diskWith({ "/b/new": "1" }), move())).toBe(true);
  });

  test("of a file with both names loses the old one, that a link had left", () => {
    const disk = diskWith({ "/a/old": "1" });
    disk.link("/a/old", "/b/new");
    expect(settle(disk, move())).toBe(true);
    expect(filesOf(disk)).toEqual({ "/b/new": "1" });
  });

  test("from one spelling to another has when the directory lists the new one", () => {
    const spelled = move({ to: "/a/OLD" });
    const disk = diskWith({ "/a/old": "1" }, { caseless: true });
    expect(settle(disk, spelled)).toBe(false);
    disk.replace("/a/old", "/a/OLD");
    expect(settle(disk, spelled)).toBe(true);
    expect(filesOf(disk)).toEqual({ "/a/OLD": "1" });
  });

  test("is known by what moved, when somebody put another thing under the old name", () => {
    const disk = diskWith({ "/b/new": "1", "/a/old": "other" });
    expect(settle(disk, move({ id: idOf(disk, "/b/new") }))).toBe(true);
    expect(settle(disk, move({ id: idOf(disk, "/a/old") }))).toBe(false);
    // Its time may change when it has moved.
    expect(settle(disk, move({ id: idOf(disk, "/b/new").replace(/\d+:1$/, "7:1") }))).toBe(true);
    expect(filesOf(disk)).toEqual({ "/b/new": "1", "/a/old": "other" });
  });

  test("is known in a copy of the disk by kind, time and size, whatever its inode", () => {
    const disk = diskWith({ "/b/new": "1", "/a/old": "other" });
    const restored = idOf(disk, "/b/new").replace(/^file:\d+/, "file:987654");
    expect(settle(disk, move({ id: restored }))).toBe(true);
    for (const another of [
      restored.replace("file", "symlink"),
      restored.replace(/:1$/, ":2"),
      restored.replace(/\d:1$/, "x:1"),
    ]) {
      expect(settle(disk, move({ id: another }))).toBe(false);
    }
    // A directory's size says nothing about it.
    disk.makeDir("/a/dir");
    expect(idOf(disk, "/a/dir")).toEndWith(":");
  });

  test("does not take an inode of another device for what moved", () => {
    const disk = diskWith({ "/a/old": "1", "/far/new": "else" });
    const far = move({ to: "/far/new", id: idOf(disk, "/far/new").replace(/:\d+:\d+$/, ":0:0") });
    expect(settle(disk, far)).toBe(false);
  });

  test("across devices has when the copy is whole; then the original goes aside", () => {
    const across = { copy: "/far/copy", asides: ["/far/trash", "/a/aside"] };
    const far = (disk: Disk) => move({ to: "/far/new", id: idOf(disk, "/a/old"), across });
    const whole = diskWith({ "/a/old": "1", "/far/new": "1" });
    whole.copyAttributes("/a/old", "/far/new");
    expect(settle(whole, far(whole))).toBe(true);
    expect(filesOf(whole)).toEqual({ "/a/aside": "1", "/far/new": "1" });
    const torn = diskWith({ "/a/old": "12", "/far/new": "1" });
    expect(settle(torn, far(torn))).toBe(false);
    expect(filesOf(torn)).toEqual({ "/a/old": "12", "/far/new": "1" });
  });

  test("of a staged file, which has no identity, is told by its content", () => {
    const same = diskWith({ "/a/old": "1", "/b/new": "1" });
    expect(settle(same, move())).toBe(true);
    expect(filesOf(same)).toEqual({ "/b/new": "1" });
    const other = diskWith({ "/a/old": "1", "/b/new": "2" });
    expect(settle(other, move())).toBe(false);
    expect(filesOf(other)).toEqual({ "/a/old": "1", "/b/new": "2" });
  });
});

describe("something that may have been put aside", () => {
  const aside: Aside = { act: "aside", from: "/a/x", asides: ["/far/x", "/b/x"] };

  test("has been when it is in one of the places, or nowhere", () => {
    expect(settle(diskWith({ "/a/x": "1" }), aside)).toBe(false);
    expect(settle(diskWith({}), aside)).toBe(true);
    for (const place of aside.asides) {
      const disk = diskWith({ "/a/x": "new", [place]: "old" });
      expect(settle(disk, aside)).toBe(true);
      expect(filesOf(disk)).toEqual({ "/a/x": "new", [place]: "old" });
    }
  });

  test("loses its old name when a link left both", () => {
    const disk = diskWith({ "/a/x": "1" });
    disk.link("/a/x", "/b/x");
    expect(settle(disk, aside)).toBe(true);
    expect(filesOf(disk)).toEqual({ "/b/x": "1" });
  });
});

describe("a swap that may have happened", () => {
  const swap: Swap = {
    ...{ act: "swap", path: "/a/file", staged: "/b/staged", keep: "/b/keep" },
    ...{ before: sha256("old"), after: sha256("new"), spare: () => "/b/spare" },
  };
  const cases: [string, Record<string, string>, boolean, Record<string, string>][] = [
    ["nothing was done", { "/a/file": "old", "/b/staged": "new" }, false, {}],
    [
      "only the old file has to be put away yet",
      { "/a/file": "new", "/b/staged": "old" },
      true,
      { "/a/file": "new", "/b/keep": "old" },
    ],
    ["all was done", { "/a/file": "new", "/b/keep": "old" }, true, {}],
    ["all was done, and somebody wrote since", { "/a/file": "3", "/b/keep": "old" }, true, {}],
    ["all was done, and the old file is nowhere", { "/a/file": "new" }, true, {}],
    ["the staged file is nowhere", { "/a/file": "old" }, false, {}],
    [
      "somebody else's version was swapped out",
      { "/a/file": "new", "/b/staged": "3" },
      false,
      { "/a/file": "3", "/b/staged": "new" },
    ],
    [
      "somebody else's version was swapped out, and another one came",
      { "/a/file": "4", "/b/staged": "3" },
      false,
      { "/a/file": "4", "/b/spare": "3" },
    ],
    [
      "names came through in another order than contents",
      { "/a/file": "old", "/b/keep": "new" },
      false,
      { "/a/file": "old", "/b/spare": "new" },
    ],
    ["what is kept is nobody's", { "/a/file": "old", "/b/keep": "3" }, true, {}],
    ["the new content is in both places", { "/a/file": "new", "/b/keep": "new" }, true, {}],
  ];
  test.each(cases)("where %s", (_, files, happened, left) => {
    const disk = diskWith(files);
    expect(settle(disk, swap)).toBe(happened);
    expect(filesOf(disk)).toEqual(Object.keys(left).length === 0 ? files : left);
  });

  test("puts each newer version back, until ours comes out again", () => {
    const disk = diskWith({ "/a/file": "new", "/b/staged": "3" });
    // A program without a lock writes once more while ours is taken out.
    let writes = 0;
    const busy = altered(disk, {
      exchange(a, b) {
        writes += 1;
        if (writes === 1) disk.overwrite("/a/file", "4");
        disk.exchange(a, b);
      },
    });
    expect(settle(busy, swap)).toBe(false);
    expect(filesOf(disk)).toEqual({ "/a/file": "4", "/b/spare": "3" });
  });

  test("gives up against a program that never stops, and loses no version it saw last", () => {
    const disk = diskWith({ "/a/file": "new", "/b/staged": "0" });
    let writes = 0;
    const busy = altered(disk, {
      exchange(a, b) {
        writes += 1;
        disk.overwrite("/a/file", String(writes));
        disk.exchange(a, b);
      },
    });
    expect(settle(busy, swap)).toBe(false);
    expect(writes).toBe(20);
    expect(Object.keys(filesOf(disk)).sort()).toEqual(["/a/file", "/b/spare"]);
  });

  test("is prepared anew when the file is another than the one that was read", () => {
    const files = { "/a/file": "old", "/b/staged": "new" };
    const disk = diskWith(files);
    const seen = disk.lstat("/a/file");
    if (seen === null) throw new Error("no file");
    for (const change of [{ ino: 99n }, { mtimeNs: 1n }, { size: 9 }]) {
      expect(perform(disk, { ...swap, seen: { ...seen, ...change } })).toBe("again");
    }
    expect(filesOf(disk)).toEqual(files);
    expect(perform(disk, { ...swap, seen })).toBe("done");
    expect(filesOf(disk)).toEqual({ "/a/file": "new", "/b/keep": "old" });
    expect(perform(diskWith({ "/b/staged": "new" }), { ...swap, seen })).toBe("again");
    expect(perform(diskWith({ "/b/staged": "new" }), swap)).toBe("again");
    expect(codeOf(() => perform(altered(disk, { exchange: failing("EIO") }), swap))).toBe("EIO");
  });

  test("that finds a newer version than was read leaves that one in place", () => {
    const disk = diskWith({ "/a/file": "3", "/b/staged": "new" });
    expect(perform(disk, swap)).toBe("again");
    expect(filesOf(disk)).toEqual({ "/a/file": "3", "/b/staged": "new" });
  });

  describe("without exchange", () => {
    const plain = { noExchange: true };

    test("the old file gets a second name first, and one left by a crash is set aside", () => {
      const disk = diskWith({ "/a/file": "old", "/b/staged": "new", "/b/keep": "torn" }, plain);
      expect(perform(disk, swap)).toBe("done");
      expect(filesOf(disk)).toEqual({ "/a/file": "new", "/b/keep": "old", "/b/spare": "torn" });
    });

    test.each(["EPERM", "ENOTSUP", "EOPNOTSUPP", "EMLINK"])("or a copy, on %s", (code) => {
      const disk = diskWith({ "/a/file": "old", "/b/staged": "new" }, plain);
      const { mtimeNs } = disk.lstat("/a/file") ?? {};
      expect(perform(altered(disk, { link: failing(code) }), swap)).toBe("done");
      expect(filesOf(disk)).toEqual({ "/a/file": "new", "/b/keep": "old" });
      expect(disk.lstat("/b/keep")).toMatchObject({ mode: 0o644, mtimeNs });
    });

    test("other failures are the caller's, and a file that changed is not replaced", () => {
      const files = { "/a/file": "3", "/b/staged": "new" };
      const disk = diskWith(files, plain);
      expect(codeOf(() => perform(altered(disk, { link: failing("EIO") }), swap))).toBe("EIO");
      expect(codeOf(() => perform(altered(disk, { link: failing("") }), swap))).toBe("");
      expect(perform(disk, swap)).toBe("again");
      expect(filesOf(disk)).toEqual(files);
    });
  });
});

test("only a file has a digest, and a disk that fails is no missing file", () => {
  const disk = diskWith({ "/a/file": "1" });
  expect(digestOf(disk, "/a/file")).toBe(sha256("1"));
  for (const code of ["ENOENT", "ENOTDIR", "EISDIR", "ELOOP"]) {
    expect(digestOf(altered(disk, { hashFile: failing(code) }), "/a/file")).toBeNull();
  }
  for (const code of ["EIO", "EACCES", ""]) {
    const broken = altered(disk, { hashFile: failing(code) });
    expect(codeOf(() => digestOf(broken, "/a/file"))).toBe(code);
  }
});

describe("an action", () => {
  test("on directories has happened when they are there, or gone", () => {
    const disk = diskWith({ "/a/file": "1" });
    expect(settle(disk, { act: "makeDir", path: "/a" })).toBe(true);
    expect(settle(disk, { act: "makeDir", path: "/a/file" })).toBe(false);
    expect(settle(disk, { act: "makeDir", path: "/a/none" })).toBe(false);
    expect(settle(disk, { act: "removeDir", path: "/a" })).toBe(false);
    expect(settle(disk, { act: "removeDir", path: "/a/none" })).toBe(true);
  });

  test("is prepared anew when its neighbours changed, and fails otherwise", () => {
    const disk = diskWith({ "/a/file": "1", "/b/file": "2" });
    const move: Move = { act: "move", from: "/a/file", to: "/b/file" };
    expect(perform(disk, { act: "makeDir", path: "/a/file" })).toBe("again");
    expect(perform(disk, { act: "makeDir", path: "/none/dir" })).toBe("again");
    expect(perform(disk, { act: "removeDir", path: "/a" })).toBe("again");
    expect(perform(disk, move)).toBe("again");
    expect(perform(disk, { ...move, from: "/a/none", to: "/b/none" })).toBe("again");
    expect(codeOf(() => perform(disk, { act: "removeDir", path: "/a/file" }))).toBe("ENOTDIR");
    expect(codeOf(() => perform(disk, { ...move, to: "/far/file" }))).toBe("EXDEV");
    const across = { copy: "/far/copy", asides: ["/far/trash"] };
    const broken = altered(disk, { renameNoReplace: failing("EIO") });
    expect(codeOf(() => perform(broken, { ...move, across }))).toBe("EIO");
    expect(filesOf(disk)).toEqual({ "/a/file": "1", "/b/file": "2" });
  });

  test("that changes the case of a name alone is none where both are one name", () => {
    const caseless = diskWith({ "/a/old": "1" }, { caseless: true });
    expect(perform(caseless, { act: "move", from: "/a/old", to: "/a/Old" })).toBe("done");
    expect(filesOf(caseless)).toEqual({ "/a/Old": "1" });
    const telling = diskWith({ "/a/old": "1", "/a/Old": "2" });
    expect(perform(telling, { act: "move", from: "/a/old", to: "/a/Old" })).toBe("again");
    expect(filesOf(telling)).toEqual({ "/a/old": "1", "/a/Old": "2" });
  });

  test("across devices ends with the copy in place and the original aside", () => {
    const disk = diskWith({ "/a/old": "1", "/far/copy": "torn" });
    const across = { copy: "/far/copy", asides: ["/far/trash", "/b/aside"] };
    expect(perform(disk, { act: "move", from: "/a/old", to: "/far/new", across })).toBe("done");
    expect(filesOf(disk)).toEqual({ "/b/aside": "1", "/far/new": "1" });
    // What changes while it is copied stays.
    const changing = diskWith({ "/a/old": "1" });
    const busy = altered(changing, {
      copyFile(from, to) {
        changing.copyFile(from, to);
        changing.overwrite(from, "2");
      },
    });
    const move: Move = { act: "move", from: "/a/old", to: "/far/new", across };
    expect(codeOf(() => perform(busy, move))).toBe("EBUSY");
    expect(changing.lstat("/far/new")).toBeNull();
    expect(filesOf(changing)["/a/old"]).toBe("2");
  });

  test("that puts something aside tries the places in order, and fails with the last", () => {
    const aside: Aside = { act: "aside", from: "/a/x", asides: ["/far/x", "/b/x"] };
    const disk = diskWith({ "/a/x": "1" });
    expect(perform(disk, aside)).toBe("done");
    expect(filesOf(disk)).toEqual({ "/b/x": "1" });
    const taken = diskWith({ "/a/x": "1", "/b/x": "2" });
    expect(perform(taken, aside)).toBe("again");
    const broken = altered(taken, { renameNoReplace: failing("EIO") });
    expect(codeOf(() => perform(broken, aside))).toBe("EIO");
    const far: Aside = { ...aside, asides: ["/far/x"] };
    expect(codeOf(() => perform(taken, far))).toBe("EXDEV");
    expect(filesOf(taken)).toEqual({ "/a/x": "1", "/b/x": "2" });
  });

  test("names every directory that has to be flushed after it", () => {
    const across = { copy: "/c/copy", asides: ["/d/x", "/e/x"] };
    const move: Move = { act: "move", from: "/a/x", to: "/b/x" };
    expect(changedDirs(move)).toEqual(["/a", "/b"]);
    expect(changedDirs({ ...move, across })).toEqual(["/a", "/b", "/d", "/e"]);
    expect(changedDirs({ act: "aside", from: "/a/x", asides: ["/b/x"] })).toEqual(["/a", "/b"]);
    expect(changedDirs({ act: "removeDir", path: "/a/x" })).toEqual(["/a"]);
    const swap = { act: "swap", path: "/a/x", staged: "/b/x", keep: "/c/x" } as const;
    const given = { before: "1", after: "2", spare: () => "/b/y" };
    expect(changedDirs({ ...swap, ...given })).toEqual(["/a", "/b", "/c"]);
  });
});
