import { afterEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { resolvePlaces } from "../../../lib/paths.ts";
import { inventoryDigest } from "../../../lib/storage/digest.ts";
import type { Inventory } from "../../../lib/storage/inventory.ts";
import { scan } from "../../../lib/storage/scan.ts";
import { makeDisk } from "../../disk/build.ts";
import { faults } from "../../disk/faults.ts";
import { mkdirs, writeFiles } from "../../disk/repos.ts";
import type { Disk } from "../../disk/spec.ts";
import { states } from "../../disk/states.ts";
import { makeTemp } from "../../temp.ts";
import { diffTrees, readTree } from "../../tree.ts";
import { cleanUp, faultsOf, keep, scanned } from "./scanned.ts";

afterEach(cleanUp);

/** The one project below `projects/`. */
function onlyProject({ projects: [project] }: Inventory) {
  if (project === undefined) throw new Error("no project was scanned");
  return project;
}

describe("every disk", () => {
  const all = Object.entries({ ...states, ...faults });

  test.each(all)("%s is scanned without changing anything, twice alike", (_, make) => {
    const disk = keep(make());
    const before = readTree(disk.root, { mtime: true });
    const inventory = scanned(disk, { tmux: true });
    const again = scanned(disk, { tmux: false, sizes: true });
    expect(diffTrees(before, readTree(disk.root, { mtime: true }))).toEqual([]);
    expect(inventoryDigest(again)).toBe(inventoryDigest(inventory));
    // Plain data: what a saved plan holds is what was scanned.
    expect(JSON.parse(JSON.stringify(inventory))).toEqual(inventory);
  });

  test("of every layout is told apart, counted and joined to its configs", () => {
    const disk = keep(states.everyLayout());
    const inventory = scanned(disk);
    const { projects, hashDirs } = inventory;
    // Hashes depend on where the disk stands, and with them the order of their directories.
    const byLayout = hashDirs.toSorted((a, b) => (a.layout < b.layout ? -1 : 1));
    const counts = [...projects, ...byLayout].map((dir) => {
      const { layout, sessions, archives, worktrees, empty } = dir;
      expect(empty).toBe(false);
      return [layout, sessions.length, archives.length, worktrees.length];
    });
    expect(counts).toEqual([
      ["v1-bare", 4, 0, 4],
      ["v2-hashed", 2, 0, 2],
      ["v3", 2, 0, 2],
      ["v0", 2, 0, 0],
      ["v1", 3, 2, 0],
      ["v1-bare-hash", 2, 0, 0],
    ]);
    const { configFile = "" } = disk.project("integrator");
    expect(Object.keys(inventory.originConfigs)).toEqual([configFile]);
    expect(byLayout.map(({ origin }) => origin)).toEqual([configFile, configFile, undefined]);
    expect(inventory.observability).toHaveLength(12);
    const places = Map.groupBy(inventory.worktrees, ({ where }) => where);
    expect([...places].map(([where, { length }]) => [where, length])).toEqual([
      ["project", 8],
      ["legacy-root", 5],
      ["v0", 2],
    ]);
    const linked = inventory.worktrees.filter(({ path, linkedPath }) => path === linkedPath);
    expect(linked).toHaveLength(15);
    expect(inventory.knownFiles).toContain("activity-events.db");
    expect([inventory.leftovers, inventory.faults]).toEqual([[], []]);
  });
});

describe("a base dir", () => {
  test("that is missing or empty holds nothing", () => {
    const disk = keep(makeDisk());
    expect(scanned(disk)).toMatchObject({ nothingThere: true, registry: null, faults: [] });
    rmSync(disk.baseDir, { recursive: true });
    expect(scanned(disk)).toMatchObject({ nothingThere: true, registry: null, faults: [] });
  });

  test("that is a file or a link to nowhere is a fault, not nothing", () => {
    const disk = keep(makeDisk());
    rmSync(disk.baseDir, { recursive: true });
    writeFileSync(disk.baseDir, "a file");
    expect(scanned(disk)).toMatchObject({
      nothingThere: false,
      faults: [{ kind: "not-a-file", place: { file: disk.baseDir } }],
    });
    rmSync(disk.baseDir);
    symlinkSync("nowhere", disk.baseDir);
    expect(scanned(disk)).toMatchObject({
      nothingThere: false,
      faults: [{ kind: "symlink", detail: "a symbolic link that leads nowhere" }],
    });
  });

  test("may itself be a link", () => {
    const disk = keep(states.cleanV2());
    const moved = join(disk.root, "moved");
    Bun.spawnSync(["mv", disk.baseDir, moved]);
    symlinkSync(moved, disk.baseDir);
    const { projects, faults } = scanned(disk);
    expect([projects.length, faults]).toEqual([2, []]);
  });

  test("has its entries sorted into what they are for", () => {
    const disk = keep(makeDisk({ projects: [{ name: "integrator" }] }));
    const { baseDir } = disk;
    writeFiles(baseDir, {
      ".migration-in-progress": "",
      "config.yaml.pre-migration": "projects: {}\n",
      "running.lock": "",
      "startup.lock": "",
      "recovery.log": "",
      "plugins/package.json": "{}",
      "notes.txt": "mine",
      "mine/notes.txt": "mine",
      "projects/stray.txt": "",
      "projects/has blank/sessions/x-1.json": "{}",
      "observability/orphan/0123456789ab/a.json": "{}",
      "0123456789ab-observability/sessions/obs-1": "status=done\n",
      "0123456789ac-observability/processes/a-1.json": "{}",
    });
    utimesSync(join(baseDir, "running.lock"), 1, 1);
    mkdirSync(join(baseDir, "elsewhere"));
    symlinkSync("elsewhere", join(baseDir, "migrations"));
    Bun.spawnSync(["mkfifo", join(baseDir, "pipe")]);
    const inventory = scanned(disk);
    expect(
      inventory.leftovers.map(({ path, kind }) => [path.slice(baseDir.length + 1), kind]),
    ).toEqual([
      ["elsewhere", "unknown"],
      ["mine", "unknown"],
      [".migration-in-progress", "migration-marker"],
      ["config.yaml.pre-migration", "pre-migration-config"],
      ["notes.txt", "unknown"],
      ["running.lock", "lock"],
    ]);
    expect(inventory.heldLocks).toEqual([join(baseDir, "startup.lock")]);
    expect(inventory.knownFiles).toEqual(["config.yaml", "recovery.log"]);
    expect(inventory.orphanObservability).toEqual(["0123456789ab"]);
    expect(inventory.hashDirs.map(({ name }) => name)).toEqual(["observability"]);
    expect(inventory.observability.map(({ hash }) => hash)).toEqual(["0123456789ac"]);
    expect(inventory.preMigration?.projects).toEqual([]);
    expect(faultsOf(inventory)).toEqual([
      "symlink migrations",
      "not-a-file pipe",
      "not-a-file projects/stray.txt",
      "unsafe-name projects/has blank",
    ]);
  });

  test("names the migrations that stopped half-way", () => {
    const disk = keep(makeDisk({ projects: [{ name: "integrator" }] }));
    const line = (...kinds: string[]) =>
      `${JSON.stringify({ sum: "0", records: kinds.map((k) => ({ k })) })}\n`;
    writeFiles(join(disk.baseDir, "migrations"), {
      "a-planned/plan.json": "{}",
      "b-empty/journal.jsonl": "",
      "c-done/journal.jsonl": line("start") + line("intent") + line("done", "end"),
      "d-pruned/journal.jsonl": line("start") + line("end") + line("pruned"),
      "e-open/journal.jsonl": line("start") + line("intent"),
      "f-torn/journal.jsonl": `${line("start") + line("intent")}{"sum": "1"`,
      "g-first/journal.jsonl": '{"sum": "1"',
      "h-long/journal.jsonl": `${line("start")}${line("intent", "x".repeat(100_000))}`,
      "i-damaged/journal.jsonl": "noise\n",
      ".draft/journal.jsonl": line("start"),
    });
    expect(scanned(disk).openMigrations).toEqual([
      "e-open",
      "f-torn",
      "g-first",
      "h-long",
      "i-damaged",
    ]);
  });
});

describe("what lives", () => {
  test("is seen: tmux sessions by name, AO by its process", () => {
    const disk = keep(faults.liveOrchestrator());
    const { tmux, running } = scanned(disk, { tmux: true });
    expect(tmux?.map(({ name }) => name)).toEqual(["int-orchestrator"]);
    expect(running).toMatchObject({ alive: true, isAo: true });
    expect(scanned(disk).tmux).toBeNull();
  });

  test("is no fault when tmux is not installed, and one when it does not answer", () => {
    const disk = keep(makeDisk({ projects: [{ name: "integrator" }] }));
    const places = resolvePlaces({ home: disk.home, env: disk.env });
    const bin = mkdirs(join(disk.root, "bin"));
    const env = { ...disk.env, PATH: bin };
    expect(scan(places, { tmux: true, sizes: false, env })).toMatchObject({
      tmux: null,
      faults: [],
    });
    // Where the server's socket would be.
    writeFiles(join(disk.root, "tmux"), { [`tmux-${process.getuid?.()}/default`]: "" });
    writeFiles(bin, { tmux: "#!/bin/sh\necho broken >&2\nexit 1\n" });
    chmodSync(join(bin, "tmux"), 0o755);
    expect(scan(places, { tmux: true, sizes: false, env })).toMatchObject({
      tmux: null,
      faults: [{ kind: "unreadable", place: { file: "tmux" } }],
    });
  });

  test("beside it, agents' history is listed when there are worktrees", () => {
    const disk = keep(faults.codexCwd());
    const { codexRollouts } = scanned(disk);
    const worktrees = scanned(disk).worktrees.map(({ path }) => path);
    expect(codexRollouts).toHaveLength(4);
    expect(codexRollouts.every(({ cwd }) => worktrees.includes(cwd))).toBe(true);
    const { claudeProjects } = scanned(keep(faults.claudeSlugUnderscore()));
    expect(claudeProjects).toHaveLength(3);
  });

  test("beside it, agents' names for places that are links are known", () => {
    expect(scanned(keep(faults.codexCwd())).realPlaces).toBeUndefined();
    const linked = keep(faults.linkedBaseDir());
    const realPlaces = { [linked.baseDir]: join(linked.root, "big-disk/ao") };
    expect(scanned(linked).realPlaces).toEqual(realPlaces);
  });
});

describe("hostile state", () => {
  test("neither hangs nor leads out, and every fault has its place", () => {
    const found = (disk: Disk) => faultsOf(scanned(keep(disk)));
    const sessions = (disk: Disk) => `projects/${disk.project("integrator").dirName}/sessions`;
    const odd = faults.notAFile();
    expect(found(odd)).toEqual([
      `not-a-file ${sessions(odd)}/int-7.json`,
      `not-a-file ${sessions(odd)}/int-8.json`,
    ]);
    const linked = faults.symlinkOut();
    const { dirName } = linked.project("integrator");
    expect(found(linked)).toEqual([
      "symlink projects/linked",
      `symlink ${sessions(linked)}/int-7.json`,
      `symlink ${sessions(linked)}/int-9.json`,
      `symlink projects/${dirName}/worktrees/int-8`,
    ]);
    const huge = faults.hugeMetadata();
    expect(found(huge)).toEqual([`too-large ${sessions(huge)}/int-7.json`]);
    expect(onlyProject(scanned(huge)).sessions).toHaveLength(3);
  });

  test("deeper than a path may be is unreadable, and the rest goes on", () => {
    const root = makeTemp("deep");
    try {
      // Long enough that the project directory can still be named, and its sessions cannot.
      let home = root;
      while (home.length < 3800) home = join(home, "d".repeat(Math.min(200, 4010 - home.length)));
      const sessions = mkdirs(
        join(home, ".agent-orchestrator", "projects", "integrator", "sessions"),
      );
      const name = `int-${"1".repeat(Math.max(1, 4094 - sessions.length - 5))}`;
      Bun.spawnSync(["sh", "-c", `: > ${name}-1234; echo '{}' > int-1.json`], { cwd: sessions });
      const env = { HOME: home, PATH: process.env.PATH };
      const inventory = scan(resolvePlaces({ env }), { tmux: false, sizes: false, env });
      expect(inventory.faults.map(({ kind, detail }) => [kind, detail])).toEqual([
        ["unreadable", "ENAMETOOLONG"],
      ]);
      expect(onlyProject(inventory).sessions.map(({ format }) => format)).toEqual(["json", "bad"]);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });
});
