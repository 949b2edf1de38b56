import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, rmSync, symlinkSync, utimesSync } from "node:fs";
import { scanBaseDir } from "../../../../lib/storage/scan/base-dir.ts";
import { Reader } from "../../../../lib/storage/scan/reader.ts";
import { mkdirs, writeFiles } from "../../../disk/repos.ts";
import { makeTemp } from "../../../temp.ts";

let dir = "";
beforeEach(() => {
  dir = makeTemp("base-dir");
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const now = Date.UTC(2026, 10, 21);
const look = () => scanBaseDir(new Reader(), dir, now);

test("AO's own names are known, and names that only look like them are not", () => {
  const known = [
    ...["config.yaml", "config.yml", "running.json", "last-stop.json", "daemon-children.json"],
    ...["windows-pty-hosts.json", "activity-events.db", "activity-events.db-wal"],
    ...["activity-events.db-shm", "activity-events.db-journal", "recovery.log", ".DS_Store"],
  ].sort();
  const others = ["config.yaml~", "my-config.yaml", "activity-events.db-old", "configXyaml"].sort();
  writeFiles(dir, Object.fromEntries([...known, ...others].map((name) => [name, ""])));
  const dirs = ["projects", "migrations", "observability", "plugins", "portfolio", ".bun-tmp"];
  for (const name of [...dirs, "projects2"]) mkdirSync(`${dir}/${name}`);
  const { knownFiles, knownDirs, leftovers } = look();
  expect(knownFiles).toEqual(known);
  expect([...knownDirs].sort()).toEqual(dirs.toSorted());
  expect(leftovers.map(({ path, kind }) => [path.slice(dir.length + 1), kind])).toEqual(
    ["projects2", ...others].map((name) => [name, "unknown"]),
  );
});

test("a lock is held until it is a minute old, and a leftover from then on", () => {
  writeFiles(dir, { "a.lock": "", "b.lock": "" });
  utimesSync(`${dir}/a.lock`, now / 1000 - 60, now / 1000 - 60);
  utimesSync(`${dir}/b.lock`, now / 1000 - 59, now / 1000 - 59);
  const { leftovers, heldLocks } = look();
  expect(leftovers).toEqual([{ path: `${dir}/a.lock`, kind: "lock", modifiedMs: now - 60_000 }]);
  expect(heldLocks).toEqual([`${dir}/b.lock`]);
});

test("one entry is not nothing, whatever it is", () => {
  expect(look().nothingThere).toBe(true);
  for (const make of [
    () => mkdirSync(`${dir}/x`),
    () => writeFiles(dir, { x: "" }),
    () => symlinkSync("x", `${dir}/x`),
    () => writeFiles(dir, { "x\n": "" }),
  ]) {
    make();
    expect(look().nothingThere).toBe(false);
    rmSync(`${dir}/x`, { recursive: true, force: true });
  }
});

test("a linked registry is said to be read, and any other link not to be followed", () => {
  mkdirs(`${dir}/elsewhere`);
  symlinkSync("elsewhere", `${dir}/config.yaml`);
  symlinkSync("elsewhere", `${dir}/projects`);
  const reader = new Reader();
  const { knownFiles, knownDirs } = scanBaseDir(reader, dir, now);
  expect([knownFiles, [...knownDirs]]).toEqual([[], []]);
  const [registry, projects] = reader.faults;
  expect([registry?.kind, projects?.kind]).toEqual(["symlink", "symlink"]);
  expect(registry?.detail).toContain("is read");
  expect(projects?.detail).toContain("not followed");
});
