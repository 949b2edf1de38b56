import { afterEach, beforeEach, expect, test } from "bun:test";
import { rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirEntry, fileEntry } from "../../../../lib/storage/scan/entries.ts";
import { Reader } from "../../../../lib/storage/scan/reader.ts";
import { writeFiles } from "../../../disk/repos.ts";
import { makeTemp } from "../../../temp.ts";

let dir = "";
beforeEach(() => {
  dir = makeTemp("entries");
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const quick = { digests: false, sizes: false };

test("a directory has its entries by name, whatever they are, and the bytes of all", () => {
  writeFiles(dir, { "x/b/deep": "12", "x/a": "1", "x/d": "123" });
  symlinkSync("a", `${dir}/x/c`);
  Bun.spawnSync(["mkfifo", `${dir}/x/e`]);
  const reader = new Reader();
  const { children, bytes } = dirEntry(reader, dir, "x", quick);
  expect(reader.faults.map(({ kind }) => kind)).toEqual(["symlink", "not-a-file"]);
  expect(children?.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
    "a file",
    "b dir",
    "c symlink",
    "d file",
    "e other",
  ]);
  expect(bytes).toBe(6);
});

test.each([
  ["a checkout", { "x/.git/HEAD": "12", "x/README": "345" }, Number.POSITIVE_INFINITY],
  ["a worktree", { "x/.git": "12", "x/README": "345" }, Number.POSITIVE_INFINITY],
  ["what lies too deep", { "x/README": "12345" }, 0],
])("%s is not looked into, and measured only when asked", (_, files, depth) => {
  writeFiles(dir, files);
  const entry = { name: "x", kind: "dir", bytes: 0 } as const;
  expect(dirEntry(new Reader(), dir, "x", quick, depth)).toStrictEqual(entry);
  const sizes = { ...quick, sizes: true };
  expect(dirEntry(new Reader(), dir, "x", sizes, depth)).toStrictEqual({ ...entry, bytes: 5 });
});

test("a file of 4 MB has a digest, and one byte more is too much", () => {
  const limit = 4 * 1024 * 1024;
  writeFileSync(`${dir}/full`, Buffer.alloc(limit));
  writeFileSync(`${dir}/over`, Buffer.alloc(limit + 1));
  const reader = new Reader();
  const digestOf = (name: string, digests: boolean) =>
    fileEntry(reader, dir, name, { ...quick, digests }).sha256;
  expect(digestOf("full", true)).toMatch(/^[0-9a-f]{64}$/);
  expect(digestOf("full", false)).toBeUndefined();
  expect(digestOf("over", true)).toBeUndefined();
  expect(reader.faults).toEqual([]);
});
