import { afterEach, describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeDisk } from "../../../disk/build.ts";
import { faults } from "../../../disk/faults.ts";
import { makeRepo, writeFiles } from "../../../disk/repos.ts";
import { cleanUp, faultsOf, keep, scanned } from "../scanned.ts";

afterEach(cleanUp);

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

  test("that are gone hide no V0 sessions in the usual place, and nothing is guessed of these", () => {
    const disk = keep(makeDisk({ projects: [{ name: "integrator" }] }));
    writeFiles(disk.home, { ".ao-sessions/int-7": "status=done\n" });
    const [found] = scanned(disk).hashDirs;
    expect(found).toMatchObject({ path: join(disk.home, ".ao-sessions"), layout: "v0" });
    expect(found?.origin).toBeUndefined();
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
