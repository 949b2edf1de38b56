import { afterAll, beforeAll, expect, test } from "bun:test";
import { linkSync, rmSync, symlinkSync } from "node:fs";
import { bytesBelow, holdsFile } from "../../../../lib/storage/scan/walk.ts";
import { mkdirs, writeFiles } from "../../../disk/repos.ts";
import { makeTemp } from "../../../temp.ts";

let dir = "";
beforeAll(() => {
  dir = makeTemp("walk");
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test("a tree of directories holds no file, until there is one or a link, or it cannot be told", () => {
  const path = mkdirs(`${dir}/tree`);
  mkdirs(`${path}/a/b/c`);
  mkdirs(`${path}/d`);
  expect(holdsFile(path)).toBe(false);
  expect(holdsFile(`${path}/missing`)).toBe(false);
  symlinkSync("nowhere", `${path}/a/b/link`);
  expect(holdsFile(path)).toBe(true);
  writeFiles(dir, { file: "" });
  expect(holdsFile(`${dir}/file`)).toBe(true);
});

test("bytes are those of files, each hard-linked file once, and never through a link", () => {
  const path = mkdirs(`${dir}/sizes`);
  writeFiles(path, { "a/one": "x".repeat(1000), "b/two": "x".repeat(20), ".git": "x" });
  linkSync(`${path}/a/one`, `${path}/b/again`);
  symlinkSync(dir, `${path}/loop`);
  Bun.spawnSync(["mkfifo", `${path}/pipe`]);
  expect(bytesBelow(path)).toBe(1021);
  expect(bytesBelow(`${path}/missing`)).toBe(0);
});
