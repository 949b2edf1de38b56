import { afterEach, beforeEach, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { type Places, resolvePlaces } from "../../../../lib/paths.ts";
import { Reader } from "../../../../lib/storage/scan/reader.ts";
import { namedDir, scanDataDirs, scanWorktreeDirs } from "../../../../lib/storage/scan/v0.ts";
import { mkdirs, writeFiles } from "../../../disk/repos.ts";
import { makeTemp } from "../../../temp.ts";

let root = "";
let home = "";
let places: Places;
beforeEach(() => {
  root = makeTemp("v0");
  home = `${root}/home`;
  places = resolvePlaces({ home, env: {} });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test("a directory is meant from its config's place, or from the home", () => {
  const path = (text: string) => namedDir(text, "/code/app/ao.yaml", "/home/u").path;
  expect(["x", "../x", "/x/", "~/x"].map(path)).toEqual([
    ...["/code/app/x", "/code/x", "/x", "/home/u/x"],
  ]);
});

test("of data directories each is read once, those without sessions not at all", () => {
  writeFiles(home, {
    "one/app-1": "status=done\n",
    "two/archive/app-2_20260420T143052Z": "status=done\n",
    "two/archive/odd": "",
    "none/notes.txt": "",
  });
  const dirs = ["one", "two", "one", "none"].map((name) => ({ path: `${home}/${name}` }));
  const reader = new Reader();
  const found = scanDataDirs(reader, [...dirs, { path: `${home}/one`, config: "/x" }], places);
  expect(found.map(({ name, bytes, empty, origin }) => [name, bytes, empty, origin])).toEqual([
    ["one", 12, false, undefined],
    ["two", 12, false, undefined],
  ]);
  expect(found[1]?.otherSessionEntries).toEqual(["archive/odd"]);
  expect(reader.faults).toEqual([]);
});

test.each([
  ["the home", (at: Places) => at.home],
  ["what holds the home", (at: Places) => `${at.home}/..`],
  ["the base dir", (at: Places) => at.baseDir],
])("sessions in %s are a fault that names the config, and left alone", (_, where) => {
  const path = mkdirs(where(places)).replace(/\/home\/\.\.$/, "");
  writeFiles(path, { "app-1": "", "archive/app-2_20260420T143052Z": "" });
  const reader = new Reader();
  expect(scanDataDirs(reader, [{ path, config: "/code/ao.yaml" }], places)).toEqual([]);
  const [fault, ...more] = reader.faults;
  expect([fault?.kind, fault?.place.file, more.length]).toEqual(["unsafe-name", path, 0]);
  expect(fault?.detail).toMatch(/^2 V0 session files .*\/code\/ao\.yaml/);
});

test("as V0's worktrees count none of the usual root, the home or the base dir", () => {
  const trees = {
    old: `${home}/old-trees`,
    usual: places.worktreeRoot,
    home,
    above: root,
    base: places.baseDir,
    below: `${places.baseDir}/projects`,
  };
  for (const root of Object.values(trees)) mkdirs(`${root}/app/app-1`);
  const found = (root: string) =>
    scanWorktreeDirs(new Reader(), [{ path: root }, { path: root }], places, false).length;
  expect(Object.entries(trees).map(([name, root]) => [name, found(root)])).toEqual([
    ["old", 1],
    ...["usual", "home", "above", "base", "below"].map((name) => [name, 0]),
  ]);
  const apart = { ...places, baseDir: `${home}/old-trees/app/app-1/state` };
  expect(scanWorktreeDirs(new Reader(), [{ path: trees.old }], apart, false)).toEqual([]);
});
