import { afterEach, expect, test } from "bun:test";
import { chmodSync, mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeTemp } from "./temp.ts";
import { changesDuring, diffTrees, filesBelow, readTree } from "./tree.ts";

let dir = "";
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function sample(): string {
  dir = makeTemp("tree");
  mkdirSync(join(dir, "a", "empty"), { recursive: true });
  writeFileSync(join(dir, "a", "file"), "one");
  symlinkSync("a/file", join(dir, "link"));
  return dir;
}

test("every kind of change is told, in the order of paths", async () => {
  const root = sample();
  const changes = await changesDuring(root, () => {
    writeFileSync(join(root, "a", "file"), "two");
    chmodSync(join(root, "a", "empty"), 0o700);
    rmSync(join(root, "link"));
    symlinkSync("elsewhere", join(root, "link"));
    writeFileSync(join(root, "new"), "");
  });
  expect(changes.map((line) => line.replace(/[0-9a-f]{8}/g, "#"))).toEqual([
    "~ a/empty: mode 755 → 700",
    "~ a/file: digest # → #",
    "~ link: target a/file → elsewhere",
    "+ new (file)",
  ]);
});

test("a file that became a directory, and one that went", () => {
  const root = sample();
  const before = readTree(root);
  rmSync(join(root, "a", "file"));
  mkdirSync(join(root, "a", "file"));
  rmSync(join(root, "a", "empty"), { recursive: true });
  expect(diffTrees(before, readTree(root))).toEqual([
    "- a/empty (dir)",
    expect.stringMatching(
      /^~ a\/file: kind file → dir, mode .*, size 3 → none, digest \w+ → none$/,
    ),
  ]);
});

test("times count only when asked for, and a path can be left out with all below it", async () => {
  const root = sample();
  const touch = () => utimesSync(join(root, "a", "file"), 1, 1);
  expect(await changesDuring(root, touch)).toEqual([]);
  utimesSync(join(root, "a", "file"), 2, 2);
  const told = await changesDuring(root, touch, { mtime: true });
  expect(told).toEqual(["~ a/file: mtime 2000 → 1000"]);
  expect([...readTree(root, { skip: (path) => path === "a" }).keys()]).toEqual([".", "link"]);
});

test("a missing directory is an empty tree", () => {
  expect(readTree(join(sample(), "gone")).size).toBe(0);
  expect(filesBelow(dir)).toEqual([join(dir, "a", "file")]);
});
