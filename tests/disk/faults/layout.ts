/** Disks whose directories tell of earlier tools, crashes and collisions. */

import { cpSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { shortHash } from "../../../lib/hash.ts";
import { makeDisk } from "../build.ts";
import { registryText } from "../config.ts";
import { feedbackFiles } from "../extras.ts";
import { mkdirs, writeFiles } from "../repos.ts";
import { named, type ProjectSpec } from "../spec.ts";

const v1: ProjectSpec = { name: "integrator", layout: "v1", sessions: 2, worktrees: "v1" };
const v2: ProjectSpec = { name: "integrator", sessions: 2 };

export const layoutFaults = named({
  /** Row 2: V1 directories without a live session: archives only, and feedback reports only. */
  v1ArchiveOnly: (dir) =>
    makeDisk(
      {
        projects: [
          { ...v1, sessions: 0, archives: 2 },
          { name: "backend", layout: "v1", sessions: 0, feedback: 2 },
        ],
      },
      dir,
    ),

  /** V1 directories with not one file in them, and one with only a hidden file. */
  emptyV1Dirs: (dir) => {
    const disk = makeDisk({ projects: [v2] }, dir);
    mkdirs(join(disk.baseDir, `${shortHash("a", 12)}-gone`, "sessions", "archive"));
    mkdirs(join(disk.baseDir, shortHash("b", 12), "worktrees"));
    writeFiles(join(disk.baseDir, `${shortHash("c", 12)}-hidden`), {
      ".origin": "/nowhere/a.yaml",
    });
    return disk;
  },

  /** Row 3: `{h}-x` and `{h}-x.migrated` both exist, and differ. */
  hashAndMigratedTwins: (dir) => {
    const disk = makeDisk({ projects: [v1] }, dir);
    const { stateDir } = disk.project("integrator");
    cpSync(join(stateDir, "sessions"), join(`${stateDir}.migrated`, "sessions"), {
      recursive: true,
    });
    const [session] = disk.project("integrator").sessions;
    const name = join(`${stateDir}.migrated`, "sessions", session?.id ?? "");
    writeFileSync(name, "project=integrator\nbranch=feat/other\nstatus=killed\n");
    writeFiles(`${stateDir}.migrated`, { "sessions/int-9": "project=integrator\nstatus=done\n" });
    return disk;
  },

  /** Row 4: two configs, one project name, the same session id in both, each with its worktree. */
  sameSessionTwoHashDirs: (dir) => {
    const second = { path: "other/integrator", config: "code/second" };
    const disk = makeDisk(
      { projects: [v1, { ...v1, ...second, archives: 1, worktrees: "v1" }] },
      dir,
    );
    disk.projects.forEach(({ sessions }, index) => {
      writeFiles(sessions[0]?.worktree ?? "", { "whose.txt": `checkout ${index}\n` });
    });
    return disk;
  },

  /** The same from two configs for one and the same repository. */
  sameRepoTwoHashDirs: (dir) =>
    makeDisk({ projects: [v1, { ...v1, config: "code/second", worktrees: "legacy-root" }] }, dir),

  /** Rows 5 and 6: what AO's own migrator left when it was done. */
  migratedEarlier: (dir) => {
    const disk = makeDisk(
      { projects: [{ ...v2, registryKey: "integrator", layout: "v1-bare" }] },
      dir,
    );
    const { hash, stateDir } = disk.project("integrator");
    cpSync(stateDir, join(disk.baseDir, `${hash}-integrator.migrated`), { recursive: true });
    const before = registryText([
      { ...disk.project("integrator"), spec: { ...v2, storageKey: "wrapped" } },
    ]);
    writeFiles(disk.baseDir, { "config.yaml.pre-migration": before });
    return disk;
  },

  /** Row 7: the migrator took sessions along and left the feedback reports behind. */
  feedbackInMigrated: (dir) => {
    const disk = makeDisk({ projects: [{ name: "integrator", layout: "v1-bare" }] }, dir);
    const project = disk.project("integrator");
    const left = join(disk.baseDir, `${project.hash}-integrator.migrated`);
    writeFiles(left, { ...feedbackFiles(project, 3), ".origin": disk.configFile });
    mkdirs(join(left, "sessions"));
    return disk;
  },

  /** Row 8: `projects/integrator`, while the registry knows only the hashed id; storageKey is gone. */
  bareNameRegistryHashed: (dir) => {
    const disk = makeDisk({ projects: [v2, { name: "backend", layout: "v1-bare" }] }, dir);
    const project = disk.project("integrator");
    const bare = join(disk.baseDir, "projects", "integrator");
    renameSync(project.stateDir, bare);
    rmSync(join(bare, "worktrees"), { recursive: true });
    const before = { ...project, key: "integrator", spec: { ...v2, storageKey: "bare" as const } };
    writeFiles(disk.baseDir, { "config.yaml.pre-migration": registryText([before]) });
    return disk;
  },

  /** A bare directory that nothing on the disk joins to a project. */
  unknownBareProject: (dir) => {
    const disk = makeDisk({ projects: [v2] }, dir);
    const text = '{\n  "branch": "feat/x",\n  "status": "done"\n}\n';
    writeFiles(join(disk.baseDir, "projects", "mystery"), { "sessions/mys-1.json": text });
    writeFiles(join(disk.baseDir, shortHash("who", 12)), { "sessions/who-1": "status=done\n" });
    return disk;
  },

  /** Row 9: one session archived three times, under every form of time. */
  manyArchives: (dir) =>
    makeDisk(
      {
        projects: [
          { ...v1, archives: 2, archiveCopies: 3 },
          { name: "backend", archives: 1, archiveCopies: 3 },
        ],
      },
      dir,
    ),

  /** Row 14: a marker of a migration that never ended. */
  migrationMarker: (dir) => {
    const disk = makeDisk({ projects: [v2] }, dir);
    writeFiles(disk.baseDir, { ".migration-in-progress": "2026-04-20T10:00:00.000Z" });
    return disk;
  },

  /** Row 18: one orchestrator after the other, each with a number. */
  manyOrchestrators: (dir) =>
    makeDisk(
      { projects: [{ name: "agent-orchestrator", orchestrators: [1, 2, 3, 5, 8, "single"] }] },
      dir,
    ),

  /** Row 19: every tmux convention, one a project. */
  tmuxNamings: (dir) =>
    makeDisk(
      {
        projects: (["v1", "v1-project", "v1-double", "doubled", "v3", "none"] as const).map(
          (tmux) => ({ name: `with-${tmux}`, layout: "v1-bare" as const, tmux, sessions: 2 }),
        ),
      },
      dir,
    ),

  /** Row 20: two projects with one prefix, and sessions of the same id. */
  prefixClash: (dir) =>
    makeDisk(
      {
        projects: [
          { name: "integrator", layout: "v1-bare", sessions: 2 },
          { name: "interface", layout: "v1-bare", sessions: 2, sessionPrefix: "int" },
        ],
      },
      dir,
    ),

  /** Row 21: prefixes made unique without a dash, and with one more number. */
  prefixWithoutDash: (dir) =>
    makeDisk(
      {
        projects: [
          { name: "agent-orchestrator", layout: "v1-bare" },
          { name: "app-oven", layout: "v1-bare", sessionPrefix: "ao2", orchestrators: [1] },
          { name: "all-over", sessionPrefix: "ao-1", sessions: 2 },
        ],
      },
      dir,
    ),

  /** Row 25: the number of observability directories counted on one real disk. */
  observability153: (dir) =>
    makeDisk({ projects: [v2, { name: "backend", layout: "v1-bare" }], observability: 153 }, dir),

  /** Names that differ in case only. */
  caseClash: (dir) => {
    const disk = makeDisk(
      {
        projects: [v1, { ...v1, name: "Integrator", config: "code/second", sessionPrefix: "INT" }],
      },
      dir,
    );
    const { stateDir } = disk.project("integrator");
    writeFiles(stateDir, { "sessions/INT-1": "project=integrator\nbranch=b\nstatus=done\n" });
    return disk;
  },

  /** Two projects that are subdirectories of one repository. */
  sharedRepository: (dir) =>
    makeDisk(
      {
        projects: ["api", "web"].map((name) => ({
          name,
          layout: "v1-bare" as const,
          path: "repos/mono",
          subdir: `packages/${name}`,
          origin: "https://github.com/o/mono.git",
          worktrees: "legacy-root" as const,
        })),
      },
      dir,
    ),

  /** Two checkouts of one repository, registered both. */
  twoCheckouts: (dir) =>
    makeDisk(
      { projects: [v2, { ...v2, name: "second", origin: "git@github.com:o/integrator.git" }] },
      dir,
    ),

  /**
   * The directory that a bare name would get is there already, with a session of the same id. The
   * origin reads the same in git and in the registry, so that there is one hashed id, not two.
   */
  targetExists: (dir) => {
    const project = { name: "integrator", origin: "https://github.com/o/integrator", sessions: 2 };
    const disk = makeDisk({ projects: [{ ...project, layout: "v1-bare" }] }, dir);
    const { id } = disk.project("integrator");
    writeFiles(join(disk.baseDir, "projects", id), {
      "sessions/int-1.json": '{\n  "branch": "feat/another",\n  "status": "done"\n}\n',
    });
    return disk;
  },
});
