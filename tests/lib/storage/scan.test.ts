import { afterEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { resolvePlaces } from "../../../lib/paths.ts";
import { inventoryDigest } from "../../../lib/storage/digest.ts";
import type { Inventory } from "../../../lib/storage/inventory.ts";
import { scan } from "../../../lib/storage/scan.ts";
import { makeDisk } from "../../disk/build.ts";
import { faults } from "../../disk/faults.ts";
import { git, makeRepo, mkdirs, writeFiles } from "../../disk/repos.ts";
import type { Disk } from "../../disk/spec.ts";
import { states } from "../../disk/states.ts";
import { makeTemp } from "../../temp.ts";
import { diffTrees, readTree } from "../../tree.ts";

const made: Disk[] = [];
afterEach(() => {
  for (const disk of made.splice(0)) disk.cleanup();
});

function keep(disk: Disk): Disk {
  made.push(disk);
  return disk;
}

function scanned(disk: Disk, options: { tmux?: boolean; sizes?: boolean } = {}): Inventory {
  const places = resolvePlaces({ home: disk.home, env: disk.env });
  return scan(places, { tmux: false, sizes: false, env: disk.env, ...options });
}

/** Faults as `kind path`, paths relative to the base dir or the home. */
function faultsOf({ faults, places }: Inventory): string[] {
  const short = (file: string) =>
    file.replace(`${places.baseDir}/`, "").replace(`${places.home}/`, "~/");
  return faults.map(({ kind, place }) => `${kind} ${short(place.file)}`);
}

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

describe("configs", () => {
  test("that cannot be used are a fault with its place, and the rest goes on", () => {
    const { registry, registryFault, projects } = scanned(keep(faults.duplicateConfigKeys()));
    expect([registry, registryFault?.kind, projects.length]).toEqual([null, "corrupt", 2]);
    expect(registryFault?.place.line).toBeGreaterThan(1);
    const gone = scanned(keep(faults.v1ConfigGone()));
    expect([Object.keys(gone.originConfigs), faultsOf(gone)]).toEqual([
      [],
      ["corrupt ~/code/second/agent-orchestrator.yaml"],
    ]);
  });

  test("that V1 directories name are read once, the registry among them", () => {
    const disk = keep(faults.feedbackInMigrated());
    const { registry, originConfigs } = scanned(disk);
    expect(registry).not.toBeNull();
    expect(originConfigs[disk.configFile]).toBe(registry as NonNullable<typeof registry>);
    writeFileSync(disk.configFile, "projects: [\n");
    expect(scanned(disk)).toMatchObject({ originConfigs: {}, faults: [] });
  });

  test("in the home and in repositories may name V0's directories", () => {
    const disk = keep(makeDisk({ projects: [{ name: "integrator" }] }));
    const { repo } = disk.project("integrator");
    writeFiles(disk.home, {
      ".agent-orchestrator.yaml": "dataDir: ~/old-sessions\nprojects: {}\n",
      "old-sessions/old-1": "project=old\nstatus=done\n",
      "kept/empty.txt": "",
    });
    writeFiles(repo, {
      "agent-orchestrator.yml": "dataDir: .sessions\nworktreeDir: ~/old-trees\n",
      ".sessions/int-7": "status=done\n",
    });
    makeRepo(join(disk.home, "old-trees", "integrator", "int-7"));
    makeRepo(join(disk.home, "old-trees", "loose-8"));
    const { hashDirs, worktrees, originConfigs, repos } = scanned(disk);
    expect(hashDirs.map(({ path, layout, origin }) => [path, layout, origin])).toEqual([
      [join(disk.home, "old-sessions"), "v0", join(disk.home, ".agent-orchestrator.yaml")],
      [join(repo, ".sessions"), "v0", join(repo, "agent-orchestrator.yml")],
    ]);
    const v0 = worktrees.filter(({ where }) => where === "v0");
    expect(v0.map(({ group, name }) => [group, name])).toEqual([
      ["integrator", "int-7"],
      ["", "loose-8"],
    ]);
    expect(Object.keys(originConfigs)).toEqual([join(disk.home, ".agent-orchestrator.yaml")]);
    expect(repos[repo]?.localConfig).toEqual({
      path: join(repo, "agent-orchestrator.yml"),
      wrapped: false,
    });
  });

  test("that name the base dir or the home as V0's directory are not believed that far", () => {
    const disk = keep(makeDisk({ projects: [{ name: "integrator" }] }));
    writeFiles(disk.home, {
      ".agent-orchestrator.yaml": "dataDir: ~/.agent-orchestrator\nworktreeDir: ~/.\n",
      ".agent-orchestrator/int-1": "status=done\n",
    });
    const { hashDirs, faults, leftovers } = scanned(disk);
    expect([hashDirs, leftovers.length]).toEqual([[], 1]);
    expect(faults).toMatchObject([{ kind: "unsafe-name", place: { file: disk.baseDir } }]);
  });

  test("alone make a disk when V0 kept its state elsewhere", () => {
    const disk = keep(makeDisk());
    rmSync(disk.baseDir, { recursive: true });
    writeFiles(disk.home, {
      ".agent-orchestrator.yml": "dataDir: ~/.ao-sessions\n",
      ".ao-sessions/int-1": "status=done\n",
    });
    const { nothingThere, hashDirs } = scanned(disk);
    expect([nothingThere, hashDirs.length]).toEqual([false, 1]);
  });

  test("wrapped in projects: are told from flat ones", () => {
    const disk = keep(faults.wrappedLocalConfig());
    const { repos } = scanned(disk);
    const wrapped = (name: string) => repos[disk.project(name).path]?.localConfig?.wrapped;
    expect([wrapped("backend"), wrapped("integrator")]).toEqual([true, false]);
  });
});

describe("repositories and worktrees", () => {
  test("have their git facts, through links as well", () => {
    const disk = keep(faults.linkedHome());
    const { path } = disk.project("integrator");
    const { repos, worktrees } = scanned(disk);
    const realpath = join(disk.root, "big-disk", "integrator");
    expect(repos[path]).toMatchObject({
      exists: true,
      realpath,
      commonDir: join(realpath, ".git"),
      originUrl: "https://github.com/o/integrator.git",
    });
    expect(worktrees.map(({ commonDir }) => commonDir)).toEqual([join(realpath, ".git")]);
  });

  test("that are gone, stale, pruned, locked or detached say so", () => {
    const leaf = (disk: Disk) => scanned(keep(disk)).worktrees[0];
    expect(leaf(faults.movedWorktreeStaleLink())?.linkedPath).toContain("/.worktrees/");
    const pruned = leaf(faults.prunedWorktree());
    expect([pruned?.adminDir !== undefined, pruned?.commonDir]).toEqual([true, undefined]);
    expect(leaf(faults.lockedWorktree())).toMatchObject({ locked: true, branch: "feat/int-1" });
    expect(leaf(faults.detachedWorktree())?.branch).toBeUndefined();
    expect(leaf(faults.clonedWorkspace())?.adminDir).toBeUndefined();
    const stale = keep(faults.staleAdminEntries());
    const entries = scanned(stale).repos[stale.project("integrator").path]?.adminEntries;
    expect(entries?.map(({ exists }) => exists)).toEqual([false, true, false]);
    const gone = keep(faults.registryPathGone());
    expect(scanned(gone).repos[gone.project("backend").path]).toEqual({
      path: gone.project("backend").path,
      exists: false,
      adminEntries: [],
    });
  });

  test("of worktrees that no project names are known by their own path", () => {
    const disk = keep(makeDisk());
    const repo = makeRepo(join(disk.home, "somewhere"));
    git(repo, "worktree", "add", "-q", join(disk.worktreeRoot, "any", "one-1"));
    symlinkSync("/", join(disk.worktreeRoot, "any", "link"));
    symlinkSync("any", join(disk.worktreeRoot, "other"));
    const inventory = scanned(disk);
    expect(Object.keys(inventory.repos)).toEqual([repo]);
    expect(inventory.worktrees).toHaveLength(1);
    expect(faultsOf(inventory)).toEqual([
      "symlink ~/.worktrees/other",
      "symlink ~/.worktrees/any/link",
    ]);
  });

  test("have their submodules", () => {
    const { worktrees } = scanned(keep(faults.worktreeWithSubmodule()));
    expect(worktrees[0]?.submodules).toContain("libs/shared");
  });

  test("are measured only when asked", () => {
    const disk = keep(faults.terminatedSessions());
    expect(scanned(disk).worktrees.map(({ bytes }) => bytes)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    for (const { bytes } of scanned(disk, { sizes: true }).worktrees) {
      expect(bytes).toBeGreaterThan(300_000);
      expect(bytes).toBeLessThan(301_000);
    }
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
