import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { resolvePlaces } from "../../../../lib/paths.ts";
import { scan } from "../../../../lib/storage/scan.ts";
import { mkdirs, writeFiles } from "../../../disk/repos.ts";
import { makeTemp } from "../../../temp.ts";
import { faultsOf } from "../scanned.ts";

let home = "";
let base = "";
beforeEach(() => {
  home = makeTemp("state");
  base = mkdirs(`${home}/.agent-orchestrator`);
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function look() {
  const env = { HOME: home, PATH: "" };
  return scan(resolvePlaces({ env }), { tmux: false, sizes: false, env });
}

describe("digests of files", () => {
  const hashed = "app_0123456789";
  const file = (dir: string) => ({ [`${dir}/notes/a.txt`]: "x" });
  /** Whether the first file of each project has one. */
  const digested = () =>
    look().projects.map(({ others }) => others[0]?.children?.[0]?.sha256 !== undefined);

  test("are made only where directories of an older layout may be merged", () => {
    writeFiles(`${base}/projects`, file(hashed));
    expect(digested()).toEqual([false]);
    writeFiles(base, { "0123456789ab-app/sessions/app-1": "status=done\n" });
    expect(digested()).toEqual([true]);
    rmSync(`${base}/0123456789ab-app`, { recursive: true });
    writeFiles(`${base}/projects`, file("app"));
    expect(digested()).toEqual([true, true]);
  });
});

test("a link below the base dir is one fault, and nothing is read through it", () => {
  const away = mkdirs(`${home}/away`);
  writeFiles(away, {
    "projects/app/sessions/app-1.json": "{}",
    "observability/orphan/0123456789ab/a.json": "{}",
    "migrations/v3-a/journal.jsonl": "noise\n",
    "running.json": '{"pid": 1}',
  });
  for (const name of ["projects", "observability", "migrations", "running.json"]) {
    symlinkSync(`${away}/${name}`, `${base}/${name}`);
  }
  const inventory = look();
  expect(inventory).toMatchObject({
    ...{ projects: [], orphanObservability: [], openMigrations: [], running: null },
  });
  expect(faultsOf(inventory)).toEqual([
    "symlink migrations",
    "symlink observability",
    "symlink projects",
    "symlink running.json",
  ]);
  rmSync(`${base}/observability`);
  mkdirSync(`${base}/observability`);
  symlinkSync(`${away}/observability/orphan`, `${base}/observability/orphan`);
  expect(look().orphanObservability).toEqual([]);
  rmSync(`${base}/observability`, { recursive: true });
  renameSync(`${away}/observability`, `${base}/observability`);
  expect(look().orphanObservability).toEqual(["0123456789ab"]);
});

test("what below projects/ is no directory is a fault each", () => {
  writeFiles(`${base}/projects`, { "stray.txt": "", "app/sessions/app-1.json": "{}" });
  symlinkSync("app", `${base}/projects/link`);
  Bun.spawnSync(["mkfifo", `${base}/projects/pipe`]);
  const inventory = look();
  expect(inventory.projects.map(({ name }) => name)).toEqual(["app"]);
  expect(faultsOf(inventory)).toEqual([
    "symlink projects/link",
    "not-a-file projects/pipe",
    "not-a-file projects/stray.txt",
  ]);
});

test("worktrees of V1 directories are told from those of projects", () => {
  mkdirs(`${base}/0123456789ab-app/worktrees/app-1`);
  mkdirs(`${base}/projects/web/worktrees/web-1`);
  expect(look().worktrees.map(({ where, group, name }) => [where, group, name])).toEqual([
    ["project", "web", "web-1"],
    ["v1", "app", "app-1"],
  ]);
});

test("agents' histories are not looked for where there is no worktree", () => {
  mkdirs(`${home}/.claude/projects/-tmp-x`);
  expect(look().claudeProjects).toEqual([]);
  mkdirs(`${base}/projects/web/worktrees/web-1`);
  expect(look().claudeProjects).toEqual(["-tmp-x"]);
});
