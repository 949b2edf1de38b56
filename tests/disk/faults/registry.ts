/** Disks whose registry or project-local configs are not as they should be. */

import {
  appendFileSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { makeDisk } from "../build.ts";
import { writeClaudeHistory, writeCodexRollout } from "../extras.ts";
import { git, mkdirs, writeFiles } from "../repos.ts";
import { type Disk, named, type ProjectSpec } from "../spec.ts";

const integrator: ProjectSpec = { name: "integrator", layout: "v1-bare", storageKey: "bare" };
const backend: ProjectSpec = { name: "backend" };

/** The disk with its registry's text changed. */
function withRegistry(dir: string | undefined, change: (text: string) => string): Disk {
  const disk = makeDisk({ projects: [integrator, backend] }, dir);
  writeFileSync(disk.configFile, change(readFileSync(disk.configFile, "utf8")));
  return disk;
}

export const registryFaults = named({
  /** Row 13: the registry is where `AO_GLOBAL_CONFIG` says. */
  globalConfigEnv: (dir) =>
    makeDisk(
      {
        projects: [integrator, backend],
        registryAt: { variable: "AO_GLOBAL_CONFIG", path: "elsewhere/ao.yaml" },
      },
      dir,
    ),

  /** The same through `XDG_CONFIG_HOME`, with a decoy at the usual place. */
  xdgConfig: (dir) => {
    const registryAt = { variable: "XDG_CONFIG_HOME", path: ".config" } as const;
    const disk = makeDisk({ projects: [integrator, backend], registryAt }, dir);
    writeFiles(disk.baseDir, { "config.yaml": "projects: {}\n" });
    return disk;
  },

  /** Row 22: `agent-orchestrator.yaml` in a repository, still wrapped in `projects:`. */
  wrappedLocalConfig: (dir) =>
    makeDisk(
      {
        projects: [
          { ...backend, localConfig: "wrapped" },
          { ...integrator, localConfig: "flat" },
        ],
      },
      dir,
    ),

  /** Row 23: an entry whose path is gone. */
  registryPathGone: (dir) => {
    const disk = makeDisk({ projects: [{ ...backend, worktrees: "none" }, integrator] }, dir);
    rmSync(disk.project("backend").repo, { recursive: true });
    return disk;
  },

  /** Row 24: a project that was taken from the registry; its state and its local config stay. */
  removedProject: (dir) =>
    makeDisk(
      { projects: [{ ...backend, registered: false, localConfig: "flat" }, integrator] },
      dir,
    ),

  /** `schemaVersion` as text. */
  schemaVersionAsText: (dir) =>
    withRegistry(dir, (text) => `schemaVersion: "2"\n${text.replace(/^schemaVersion:.*\n/m, "")}`),

  /** `schemaVersion` as a list. */
  schemaVersionAsList: (dir) =>
    withRegistry(
      dir,
      (text) => `schemaVersion:\n  - 2\n  - 3\n${text.replace(/^schemaVersion:.*\n/m, "")}`,
    ),

  /** A registry that does not parse, with the place of the fault known: line 4. */
  unparsableConfig: (dir) =>
    withRegistry(dir, () => 'port: 3000\nprojects:\n  integrator:\n    path: "/open\n  x: [1\n'),

  /** Aliases that would unfold to 10^9 entries. */
  aliasBomb: (dir) =>
    withRegistry(dir, (text) => {
      const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
      for (let level = 1; level < 9; level += 1) {
        const aliases = Array.from({ length: 10 }, () => `*a${level - 1}`).join(", ");
        lines.push(`a${level}: &a${level} [${aliases}]`);
      }
      return `${text}${lines.join("\n")}\n`;
    }),

  /** A key twice. */
  duplicateConfigKeys: (dir) => withRegistry(dir, (text) => `${text}port: 3001\n`),

  /** Windows line ends and a byte order mark. */
  crlfConfig: (dir) => withRegistry(dir, (text) => `\uFEFF${text.replaceAll("\n", "\r\n")}`),

  /** A storage key without quotes that YAML takes for a number. */
  unquotedStorageKey: (dir) =>
    withRegistry(dir, (text) =>
      text.replace(/storageKey: "[0-9a-f]+"/, "storageKey: 123456789012"),
    ),

  /** Keys, ids and paths that climb out. */
  climbingIds: (dir) =>
    withRegistry(dir, (text) =>
      text.replace(
        "projects:\n",
        'projects:\n  "../../evil":\n    path: ../../../etc\n  "..":\n    projectId: "../x"\n    path: ~/repos/../../..\n',
      ),
    ),

  /** A registry with nothing in it, and one that is a directory. */
  emptyConfig: (dir) => withRegistry(dir, () => ""),
  configIsDirectory: (dir) => {
    const disk = makeDisk({ projects: [integrator] }, dir);
    rmSync(disk.configFile);
    mkdirs(disk.configFile);
    return disk;
  },

  /** State, and no registry at all. */
  noRegistry: (dir) => {
    const disk = makeDisk({ projects: [integrator, backend] }, dir);
    rmSync(disk.configFile);
    return disk;
  },

  /** The V1 config that `.origin` names is gone, or does not parse. */
  v1ConfigGone: (dir) => {
    const v1 = { layout: "v1", sessions: 1, worktrees: "v1" } as const;
    const disk = makeDisk(
      {
        projects: [
          { name: "integrator", ...v1 },
          { name: "backend", ...v1, config: "code/second" },
        ],
      },
      dir,
    );
    rmSync(disk.project("integrator").configFile ?? "");
    appendFileSync(disk.project("backend").configFile ?? "", "  - [broken\n");
    return disk;
  },

  /** Paths through a link, as people have them who moved their code to another disk. */
  linkedHome: (dir) => {
    const disk = makeDisk({ projects: [{ ...integrator, worktrees: "legacy-root" }] }, dir);
    const { repo } = disk.project("integrator");
    const moved = join(mkdirs(join(disk.root, "big-disk")), "integrator");
    Bun.spawnSync(["mv", repo, moved]);
    Bun.spawnSync(["ln", "-s", moved, repo]);
    return disk;
  },

  /** The base dir is a link to another disk; git and agents know worktrees by where they really are. */
  linkedBaseDir: (dir) => {
    const v1: ProjectSpec = { name: "backend", layout: "v1", worktrees: "v1" };
    const disk = makeDisk({ projects: [integrator, v1] }, dir);
    const moved = join(mkdirs(join(disk.root, "big-disk")), "ao");
    renameSync(disk.baseDir, moved);
    symlinkSync(moved, disk.baseDir);
    for (const { repo, sessions } of disk.projects) {
      const worktrees = sessions.flatMap(({ worktree }) => worktree ?? []);
      git(repo, "worktree", "repair", ...worktrees);
      for (const worktree of worktrees.map((path) => realpathSync(path))) {
        writeClaudeHistory(disk.claudeDir, worktree, "now");
        writeCodexRollout(disk.codexDir, worktree);
      }
    }
    return disk;
  },
});
