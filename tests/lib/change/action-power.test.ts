/** What is durable in the middle of an action, and identities that two devices share by chance. */

import { describe, expect, test } from "bun:test";
import {
  type Aside,
  identityOf,
  type Move,
  perform,
  type Swap,
  settle,
} from "../../../lib/change/action.ts";
import { copyTree } from "../../../lib/change/copy.ts";
import { sha256 } from "../../../lib/hash.ts";
import { altered, failing, filesBelow } from "../../change/prepared.ts";
import { SimulatedDisk, type SimulationOptions } from "../../simulated-disk.ts";

function diskWith(files: Record<string, string>, options: SimulationOptions = {}): SimulatedDisk {
  const disk = new SimulatedDisk(options);
  for (const dir of ["/a", "/a/dir", "/a/dir/sub", "/b", "/far", "/far/deep"]) disk.makeDir(dir);
  disk.mount("/far", "device");
  for (const [path, text] of Object.entries(files)) {
    disk.writeNew(path, [Buffer.from(text)], { mode: 0o644 });
  }
  disk.flushAll();
  return disk;
}

/** As few of the changes that were not flushed survive as may. */
const afterCut = (disk: SimulatedDisk) => disk.afterPowerCut(() => 0);

describe("a power cut", () => {
  test("before the original goes finds the whole copy on the other device", () => {
    const disk = diskWith({ "/a/dir/x": "1", "/a/dir/sub/y": "2" });
    let cut: SimulatedDisk | undefined;
    const watched = altered(disk, {
      renameNoReplace(from, to) {
        if (to === "/b/aside") cut = afterCut(disk);
        disk.renameNoReplace(from, to);
      },
    });
    const across = { copy: "/far/deep/copy", asides: ["/b/aside"] };
    const move: Move = { act: "move", from: "/a/dir", to: "/far/deep/new", across };
    expect(perform(watched, move)).toBe("done");
    const found = cut === undefined ? {} : filesBelow(cut, "/far");
    expect(found).toEqual({ "/far/deep/new/x": "1", "/far/deep/new/sub/y": "2" });
    const { mode, mtimeNs } = disk.lstat("/b/aside/x") ?? {};
    expect(cut?.lstat("/far/deep/new/x")).toMatchObject({ mode, mtimeNs });
  });

  test("before the copy gets its name finds nothing by that name", () => {
    const disk = diskWith({ "/a/old": "1" });
    const cuts: (Record<string, string> | null)[] = [];
    const watched = altered(disk, {
      renameNoReplace(from, to) {
        if (to === "/far/new" && from === "/far/copy")
          cuts.push(filesBelow(afterCut(disk), "/far"));
        disk.renameNoReplace(from, to);
      },
    });
    const across = { copy: "/far/copy", asides: ["/b/aside"] };
    expect(perform(watched, { act: "move", from: "/a/old", to: "/far/new", across })).toBe("done");
    expect(cuts).toEqual([{ "/far/copy": "1" }]);
  });

  test.each(["none", "EPERM"])("before a file is replaced finds its second name (%s)", (code) => {
    const disk = diskWith({ "/a/file": "old", "/b/staged": "new" }, { noExchange: true });
    let cut: SimulatedDisk | undefined;
    const watched = altered(disk, {
      ...(code === "none" ? {} : { link: failing(code) }),
      replace(from, to) {
        cut = afterCut(disk);
        disk.replace(from, to);
      },
    });
    const swap: Swap = {
      ...{ act: "swap", path: "/a/file", staged: "/b/staged", keep: "/b/keep" },
      ...{ before: sha256("old"), after: sha256("new"), spare: () => "/b/spare" },
    };
    expect(perform(watched, swap)).toBe("done");
    expect(cut === undefined ? {} : filesBelow(cut, "/b")).toMatchObject({ "/b/keep": "old" });
    expect(cut?.lstat("/b/keep")?.mode).toBe(0o644);
  });
});

describe("an inode number that means another file on another device", () => {
  /** The file at `path` has the number of the one at `other`. */
  const numbered = (disk: SimulatedDisk, path: string, other: string) =>
    altered(disk, {
      lstat(asked) {
        const stat = disk.lstat(asked);
        const alike = asked === path ? disk.lstat(other) : null;
        return stat === null || alike === null ? stat : { ...stat, ino: alike.ino };
      },
    });

  test("is no second name of what was to move, and costs it nothing", () => {
    const files = { "/a/old": "1", "/far/new": "else" };
    const disk = diskWith(files);
    const seen = numbered(disk, "/far/new", "/a/old");
    const stat = disk.lstat("/a/old");
    const id = stat === null ? "" : identityOf(stat);
    expect(settle(seen, { act: "move", from: "/a/old", to: "/far/new", id })).toBe(false);
    expect({ ...filesBelow(disk, "/a"), ...filesBelow(disk, "/far") }).toEqual(files);
  });

  test("is no second name of what stands where something was put aside from", () => {
    const files = { "/a/x": "mine", "/far/x": "old" };
    const disk = diskWith(files);
    const aside: Aside = { act: "aside", from: "/a/x", asides: ["/b/x", "/far/x"] };
    expect(settle(numbered(disk, "/far/x", "/a/x"), aside)).toBe(true);
    expect({ ...filesBelow(disk, "/a"), ...filesBelow(disk, "/far") }).toEqual(files);
  });
});

test("what is gone cannot change the case of its name, which whoever prepares it sees", () => {
  for (const caseless of [true, false]) {
    const disk = diskWith({}, { caseless });
    expect(perform(disk, { act: "move", from: "/a/none", to: "/a/None" })).toBe("again");
  }
});

test("a file that changes while it is copied is named", () => {
  const disk = diskWith({ "/a/old": "1" });
  const busy = altered(disk, {
    copyFile(from, to) {
      disk.copyFile(from, to);
      disk.overwrite(from, "2");
    },
  });
  const across = { copy: "/far/copy", asides: ["/b/aside"] };
  const move = () => perform(busy, { act: "move", from: "/a/old", to: "/far/new", across });
  expect(move).toThrow('EBUSY: "/a/old" changes while it is copied');
  expect(disk.readDir("/far")).toEqual(["deep"]);
});

test("a copy that finds no room leaves what it took of it free, and says why it failed", () => {
  for (const unlink of [undefined, failing("EIO")]) {
    const disk = diskWith({ "/a/dir/1": "1", "/a/dir/2": "2" });
    const full = altered(disk, {
      copyFile(from, to) {
        if (from.endsWith("2")) failing("ENOSPC")();
        disk.copyFile(from, to);
      },
      ...(unlink && { unlink }),
    });
    const across = { copy: "/far/copy", asides: ["/b/aside"] };
    const move: Move = { act: "move", from: "/a/dir", to: "/far/dir", across };
    expect(() => perform(full, move)).toThrow("ENOSPC");
    expect(disk.readDir("/far")).toEqual(["deep", ...(unlink ? ["copy"] : [])]);
    expect(filesBelow(disk, "/a")).toEqual({ "/a/dir/1": "1", "/a/dir/2": "2" });
    expect(perform(disk, move)).toBe("done");
  }
});

test("a copy is nobody else's to read before it is whole", () => {
  const disk = diskWith({ "/a/dir/x": "1" });
  const modes: (number | undefined)[] = [];
  const watched = altered(disk, {
    copyFile(from, to) {
      modes.push(disk.lstat("/far/dir")?.mode);
      disk.copyFile(from, to);
    },
  });
  copyTree(watched, "/a/dir", "/far/dir");
  expect([...modes, disk.lstat("/far/dir")?.mode]).toEqual([0o700, 0o755]);
});

test("two names of one file are two names: neither takes the other's place", () => {
  const disk = diskWith({ "/a/x": "1" });
  disk.link("/a/x", "/a/y");
  expect(perform(disk, { act: "move", from: "/a/x", to: "/a/y" })).toBe("again");
  expect(disk.readDir("/a").sort()).toEqual(["dir", "x", "y"]);
});

test("something put aside is gone from its place, or the first place that it can go to is taken", () => {
  const disk = diskWith({ "/b/x": "1" });
  const aside: Aside = { act: "aside", from: "/a/x", asides: ["/b/x", "/b/y"] };
  expect(settle(disk, aside)).toBe(true);
  disk.writeNew("/a/x", [Buffer.from("2")], { mode: 0o644 });
  expect(perform(disk, aside)).toBe("again");
  expect([disk.readDir("/b"), disk.readDir("/a").sort()]).toEqual([["x"], ["dir", "x"]]);
});

test("somebody's version that was swapped out is kept when the file is gone", () => {
  const disk = diskWith({ "/b/staged": "3" });
  const swap: Swap = {
    ...{ act: "swap", path: "/a/file", staged: "/b/staged", keep: "/b/keep" },
    ...{ before: sha256("old"), after: sha256("new"), spare: () => "/b/spare" },
  };
  expect(settle(disk, swap)).toBe(false);
  expect(filesBelow(disk, "/b")).toEqual({ "/b/spare": "3" });
});

test("an inode of any length is left out where a copy of the disk is looked at", () => {
  const disk = diskWith({ "/a/x": "other", "/b/x": "1" });
  const named = altered(disk, {
    lstat(path) {
      const stat = disk.lstat(path);
      return stat && path === "/b/x" ? { ...stat, ino: 12_345n } : stat;
    },
  });
  const stat = named.lstat("/b/x");
  const id = stat === null ? "" : identityOf({ ...stat, ino: 987n });
  expect(settle(named, { act: "move", from: "/a/x", to: "/b/x", id })).toBe(true);
});

test("what still stands at its old place has not moved, whatever looks like it", () => {
  const disk = diskWith({ "/a/x": "1", "/b/x": "2" });
  disk.copyAttributes("/a/x", "/b/x");
  const stat = disk.lstat("/a/x");
  const id = stat === null ? "" : identityOf(stat);
  expect(settle(disk, { act: "move", from: "/a/x", to: "/b/x", id })).toBe(false);
});
