/** Trees across devices: copied with all that they are, compared, and removed. */

import { describe, expect, test } from "bun:test";
import { dirname } from "node:path";
import { copyTree, removeTree, treeBytes, treeDigest } from "../../../lib/change/copy.ts";
import type { Disk } from "../../../lib/change/disk.ts";
import { altered, failing } from "../../change/prepared.ts";
import { SimulatedDisk } from "../../simulated-disk.ts";

function makeTree(): SimulatedDisk {
  const disk = new SimulatedDisk();
  for (const dir of ["/far", "/a", "/a/sub", "/a/sub/empty"]) disk.makeDir(dir, 0o750);
  disk.writeNew("/a/file", [Buffer.from("12345")], { mode: 0o640 });
  disk.writeNew("/a/sub/tool", [Buffer.from("678")], { mode: 0o755 });
  disk.makeSymlink("../file", "/a/sub/link");
  disk.mount("/far", "device");
  return disk;
}

const digestAfter = (change: (disk: SimulatedDisk) => void) => {
  const disk = makeTree();
  change(disk);
  return treeDigest(disk, "/a");
};

describe("a copy", () => {
  test("has the same digest, modes and times, and names all that has to be flushed", () => {
    const disk = makeTree();
    const { files, dirs } = copyTree(disk, "/a", "/far/a");
    expect(files.sort()).toEqual(["/far/a/file", "/far/a/sub/tool"]);
    expect(dirs.sort()).toEqual(["/far/a", "/far/a/sub", "/far/a/sub/empty"]);
    expect(treeDigest(disk, "/far/a")).toBe(treeDigest(disk, "/a"));
    for (const name of ["", "/file", "/sub", "/sub/tool"]) {
      const { mode, mtimeNs } = disk.lstat(`/a${name}`) ?? {};
      expect(disk.lstat(`/far/a${name}`)).toMatchObject({ mode, mtimeNs });
    }
    expect(disk.readLink("/far/a/sub/link")).toBe("../file");
  });

  test("of a single file or link is that", () => {
    const disk = makeTree();
    expect(copyTree(disk, "/a/file", "/far/f")).toEqual({ files: ["/far/f"], dirs: [] });
    expect(copyTree(disk, "/a/sub/link", "/far/l")).toEqual({ files: [], dirs: [] });
  });

  test("is not made of what cannot be copied", () => {
    const disk = makeTree();
    disk.writeNew("/a/bad\ufffd", [], { mode: 0o644 });
    const device: Disk = new Proxy(disk, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key, target);
        if (key !== "lstat") return typeof value === "function" ? value.bind(target) : value;
        return (path: string) => ({ ...target.lstat(path), kind: "other" });
      },
    });
    expect(() => copyTree(disk, "/a", "/far/1")).toThrow("bad");
    expect(() => copyTree(device, "/a/file", "/far/2")).toThrow("/a/file");
    expect(() => copyTree(disk, "/a/none", "/far/3")).toThrow("is gone");
    expect([disk.lstat("/far/2"), disk.lstat("/far/3")]).toEqual([null, null]);
  });
});

test("a digest tells names, kinds, modes, contents and targets apart, and nothing else", () => {
  const usual = digestAfter(() => {});
  expect(digestAfter((disk) => disk.touch("/a/file"))).toBe(usual);
  const changed = [
    digestAfter((disk) => disk.overwrite("/a/file", "12346")),
    digestAfter((disk) => disk.renameNoReplace("/a/file", "/a/file2")),
    digestAfter((disk) => disk.removeDir("/a/sub/empty")),
    digestAfter((disk) => {
      disk.unlink("/a/sub/link");
      disk.makeSymlink("../other", "/a/sub/link");
    }),
    digestAfter((disk) => {
      disk.unlink("/a/sub/link");
      disk.writeNew("/a/sub/link", [Buffer.from("../file")], { mode: 0o777 });
    }),
    digestAfter((disk) => {
      disk.unlink("/a/file");
      disk.writeNew("/a/file", [Buffer.from("12345")], { mode: 0o600 });
    }),
    digestAfter((disk) => {
      disk.removeDir("/a/sub/empty");
      disk.makeDir("/a/sub/empty", 0o700);
    }),
  ];
  expect(new Set([usual, ...changed]).size).toBe(changed.length + 1);
  expect(treeDigest(makeTree(), "/none")).toBeNull();
  // In whatever order a disk lists its names.
  const reordered = digestAfter((disk) => {
    disk.renameNoReplace("/a/file", "/far2");
    disk.renameNoReplace("/far2", "/a/file");
  });
  expect(reordered).toBe(usual);
});

test("a tree's bytes are those of its files, and it is removed whole", () => {
  const disk = makeTree();
  expect(treeBytes(disk, "/a")).toBe(8);
  expect(treeBytes(disk, "/a/file")).toBe(5);
  expect([treeBytes(disk, "/a/sub/link"), treeBytes(disk, "/none")]).toEqual([0, 0]);
  removeTree(disk, "/none");
  removeTree(disk, "/a/sub/link");
  expect(disk.lstat("/a/file")).not.toBeNull();
  removeTree(disk, "/a");
  expect(disk.readDir("/")).toEqual(["far"]);
});

test("bytes are counted as far as they can be seen", () => {
  for (const code of ["EACCES", "ENOENT"]) {
    const disk = makeTree();
    const readDir = (path: string) => (path === "/a/sub" ? failing(code)() : disk.readDir(path));
    expect(treeBytes(altered(disk, { readDir }), "/a")).toBe(5);
  }
  expect(() => treeBytes(altered(makeTree(), { readDir: failing("EIO") }), "/a")).toThrow("EIO");
});

test("directories that may not be written, as package caches have, are removed all the same", () => {
  const disk = makeTree();
  for (const dir of ["/a/sub/empty", "/a/sub", "/a"]) disk.chmod(dir, 0o555);
  const expectWritable = (path: string) => {
    const { mode = 0 } = disk.lstat(dirname(path)) ?? {};
    if ((mode & 0o200) === 0) throw Object.assign(new Error("EACCES"), { code: "EACCES" });
  };
  const strict = altered(disk, {
    unlink(path) {
      expectWritable(path);
      disk.unlink(path);
    },
    removeDir(path) {
      expectWritable(path);
      disk.removeDir(path);
    },
  });
  removeTree(strict, "/a");
  expect(disk.readDir("/")).toEqual(["far"]);
});

test("how a file system lists names, and what it says of links, makes no difference", () => {
  const disk = makeTree();
  const another = altered(disk, {
    readDir: (path) => disk.readDir(path).sort().reverse(),
    lstat(path) {
      const stat = disk.lstat(path);
      return stat?.kind === "symlink" ? { ...stat, mode: 0o755, size: 7 } : stat;
    },
  });
  expect(treeDigest(another, "/a")).toBe(treeDigest(disk, "/a"));
  expect([treeBytes(another, "/a"), treeBytes(another, "/a/sub/link")]).toEqual([8, 0]);
});
