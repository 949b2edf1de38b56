/** Makes disks: AO state of any generation, in a private home with real git and real tmux. */

import { existsSync, readdirSync, realpathSync, rmSync, unlinkSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { projectIdOf, sessionPrefixOf, storageKey } from "../../lib/paths.ts";
import { newSession } from "../../lib/tmux.ts";
import { generateConfigHash } from "../../node_modules/@composio/ao-core/dist/paths.js";
import { makeTemp } from "../temp.ts";
import {
  registryPlace,
  registryText,
  v1ConfigText,
  writeLocalConfig,
  writeV3Files,
} from "./config.ts";
import {
  codeReviewFiles,
  feedbackFiles,
  writeAgentHistory,
  writeBaseFiles,
  writeObservability,
} from "./extras.ts";
import { writeRunning } from "./live.ts";
import { addWorktreeFast, makeRepo, mkdirs, testEnv, writeFiles } from "./repos.ts";
import { archiveStamp, writeJsonSession, writeV1Session } from "./sessions.ts";
import type {
  BuiltProject,
  BuiltSession,
  Disk,
  DiskSpec,
  ProjectSpec,
  TmuxNaming,
} from "./spec.ts";

/** Makes a disk. It is removed by `cleanup()`, by `using`, or when the process ends. */
export function makeDisk(spec: DiskSpec = {}, dir?: string): Disk {
  const root = dir === undefined ? makeTemp("disk") : realpathSync(dir);
  const home = mkdirs(join(root, "home"));
  const disk = emptyDisk(root, home, spec, dir === undefined);
  for (const projectSpec of spec.projects ?? []) disk.projects.push(identify(disk, projectSpec));
  writeConfigs(disk, spec);
  for (const project of disk.projects) buildProject(disk, project);
  const keys = disk.projects.map(({ key }) => key);
  writeObservability(disk.baseDir, keys, spec.observability ?? 0);
  if (spec.baseFiles) writeBaseFiles(disk.baseDir, disk.projects);
  if (spec.running !== undefined) writeRunning(disk, spec.running);
  return disk;
}

function emptyDisk(root: string, home: string, spec: DiskSpec, temporary: boolean): Disk {
  const baseDir = mkdirs(join(home, ".agent-orchestrator"));
  const registry = registryPlace(spec, home, baseDir);
  const env = { ...testEnv(home, mkdirs(join(root, "tmux"))), ...registry.env };
  const projects: BuiltProject[] = [];
  const tasks: (() => void)[] = [];
  const cleanup = () => {
    process.off("exit", cleanup);
    for (const task of tasks.splice(0)) task();
    if (!existsSync(root)) return;
    if (readdirSync(join(root, "tmux")).length > 0) {
      Bun.spawnSync(["tmux", "kill-server"], { env, stdout: "ignore", stderr: "ignore" });
    }
    rmSync(root, { recursive: true, force: true });
  };
  // A test that dies must not leave a tmux server behind.
  if (temporary) process.on("exit", cleanup);
  return {
    root,
    home,
    baseDir,
    worktreeRoot: join(home, ".worktrees"),
    configFile: registry.file,
    claudeDir: join(home, ".claude"),
    codexDir: join(home, ".codex"),
    env,
    projects,
    project(name) {
      const found = projects.find((project) => project.name === name);
      if (found === undefined) throw new Error(`no project "${name}" on this disk`);
      return found;
    },
    defer: (task) => tasks.push(task),
    cleanup,
    [Symbol.dispose]: cleanup,
  };
}

const sinceV2 = new Set(["v1-bare", "v2", "v3"]);

/** Makes the repository, and works out what AO would call everything. */
function identify(disk: Disk, spec: ProjectSpec): BuiltProject {
  const { name, layout = "v2" } = spec;
  const repo = join(disk.home, spec.path ?? `repos/${name}`);
  const originUrl =
    spec.origin === null ? undefined : (spec.origin ?? `https://github.com/o/${name}.git`);
  if (!existsSync(repo)) makeRepo(repo, originUrl, spec.extraFiles);
  const path = spec.subdir === undefined ? repo : mkdirs(join(repo, spec.subdir));
  const origin = originUrl === undefined ? {} : { originUrl };
  const id = projectIdOf({ path, ...origin });
  const key12 = storageKey({ gitRoot: repo, subdir: spec.subdir ?? "", ...origin });
  const configFile = join(
    disk.home,
    spec.config ?? "code/my-orchestrator",
    "agent-orchestrator.yaml",
  );
  const v1 = layout === "v1" || layout === "v0";
  // The hash needs the file to be there: AO resolves links in its path.
  if (v1 && !existsSync(configFile))
    writeFiles(resolve(configFile, ".."), { [basename(configFile)]: "" });
  const hash = v1 ? hashOfConfig(configFile) : key12;
  const dirName = {
    v0: ".ao-sessions",
    v1: `${hash}-${basename(path)}`,
    "v1-bare-hash": hash,
    "v1-bare": basename(path),
    v2: id,
    v3: id,
  }[layout];
  const parent =
    layout === "v0"
      ? disk.home
      : sinceV2.has(layout)
        ? join(disk.baseDir, "projects")
        : disk.baseDir;
  return {
    spec,
    name,
    layout,
    path,
    repo,
    ...origin,
    id,
    prefix: spec.sessionPrefix ?? sessionPrefixOf(basename(path)),
    hash,
    storageKey: key12,
    dirName,
    stateDir: join(parent, dirName),
    key: spec.registryKey ?? (sinceV2.has(layout) ? dirName : name),
    ...(v1 && { configFile }),
    sessions: [],
  };
}

/** By AO's own core, which wants the file to be there; its text comes later. */
function hashOfConfig(configFile: string): string {
  writeFiles(dirname(configFile), { [basename(configFile)]: "" });
  const hash = generateConfigHash(configFile);
  unlinkSync(configFile);
  return hash;
}

function writeConfigs(disk: Disk, spec: DiskSpec): void {
  const byConfig = Map.groupBy(disk.projects, ({ configFile }) => configFile);
  for (const [file, projects] of byConfig) {
    if (file === undefined) continue;
    const text = v1ConfigText(projects, disk.home, spec);
    writeFiles(dirname(file), { [basename(file)]: text });
  }
  const registered = disk.projects.some(
    ({ layout, spec: { registered } }) => registered ?? (layout !== "v0" && layout !== "v1"),
  );
  if (registered || spec.registryAt !== undefined) {
    const text = registryText(disk.projects);
    writeFiles(dirname(disk.configFile), { [basename(disk.configFile)]: text });
  }
}

function buildProject(disk: Disk, project: BuiltProject): void {
  const { spec, layout, stateDir } = project;
  mkdirs(layout === "v0" ? stateDir : join(stateDir, "sessions"));
  if (layout === "v1" && project.configFile !== undefined) {
    writeFiles(stateDir, { ".origin": project.configFile, "sessions/.ghcache/pulls.json": "[]" });
  }
  planSessions(disk, project).forEach((session, index) => {
    buildSession(disk, project, session, index);
  });
  writeFiles(stateDir, feedbackFiles(project, spec.feedback ?? 0));
  writeFiles(stateDir, codeReviewFiles(project, spec.codeReviews ?? 0));
  if (layout === "v3") writeV3Files(project);
  if (spec.localConfig !== undefined) writeLocalConfig(project);
}

/** Ids, places and names of the sessions that the description asks for. */
function planSessions(disk: Disk, project: BuiltProject): BuiltSession[] {
  const { spec, prefix } = project;
  const first = spec.firstSession ?? 1;
  const live = spec.sessions ?? 1;
  const plain = Array.from({ length: live }, (_, index) => `${prefix}-${first + index}`);
  const orchestrators = (spec.orchestrators ?? []).map((number) =>
    number === "single" ? `${prefix}-orchestrator` : `${prefix}-orchestrator-${number}`,
  );
  const archived = Array.from(
    { length: spec.archives ?? 0 },
    (_, index) => `${prefix}-${first + live + index}`,
  );
  const copies = spec.archiveCopies ?? 1;
  return [
    ...[...plain, ...orchestrators].map((id, index) => {
      const built = index < (spec.builtWorktrees ?? Number.POSITIVE_INFINITY);
      return planSession(disk, project, { id, built });
    }),
    ...archived.flatMap((id, index) =>
      Array.from({ length: copies }, (_, copy) =>
        planSession(disk, project, { id, built: false, archive: index * copies + copy }),
      ),
    ),
  ];
}

function planSession(
  disk: Disk,
  project: BuiltProject,
  { id, built, archive }: { id: string; built: boolean; archive?: number },
): BuiltSession {
  const { spec, layout, stateDir } = project;
  const orchestrator = id.includes("-orchestrator");
  const dir = layout === "v0" ? stateDir : join(stateDir, "sessions");
  const extension = sinceV2.has(layout) ? ".json" : "";
  const alone = spec.orchestratorFile && id.endsWith(`-${spec.orchestrators?.at(-1)}`);
  const tmuxName = tmuxNameOf(project, id);
  const place = worktreePlace(disk, project, id);
  return {
    id,
    file:
      archive !== undefined
        ? join(dir, "archive", `${id}_${archiveStamp(archive)}${extension}`)
        : alone && orchestrator
          ? join(stateDir, "orchestrator.json")
          : join(dir, `${id}${extension}`),
    workspace: place ?? project.path,
    ...(built && place !== undefined && { worktree: place }),
    branch: orchestrator ? `orchestrator/${id}` : `feat/${id}`,
    ...(tmuxName !== undefined && { tmuxName }),
    archived: archive !== undefined,
    orchestrator,
  };
}

function worktreePlace(disk: Disk, project: BuiltProject, id: string): string | undefined {
  const { spec, layout, stateDir, key } = project;
  const place =
    spec.worktrees ?? (layout === "v0" ? "v0" : sinceV2.has(layout) ? "project" : "legacy-root");
  if (place === "none") return undefined;
  if (place === "legacy-root") return join(disk.worktreeRoot, key, id);
  if (place === "v0") return join(disk.home, ".ao-worktrees", project.name, id);
  return join(stateDir, "worktrees", id);
}

function tmuxNameOf(project: BuiltProject, id: string): string | undefined {
  const { spec, layout, hash, name, prefix } = project;
  const naming: TmuxNaming = spec.tmux ?? (sinceV2.has(layout) ? "v3" : "v1");
  return {
    none: undefined,
    v1: `${hash}-${id}`,
    "v1-project": `${hash}-${name}${id.slice(prefix.length)}`,
    "v1-double": `${hash}-${name}-${id}`,
    doubled: `${prefix}-${id}`,
    v3: id,
  }[naming];
}

function buildSession(
  disk: Disk,
  project: BuiltProject,
  session: BuiltSession,
  index: number,
): void {
  const { repo, layout, spec } = project;
  if (session.worktree !== undefined) {
    // Projects may share a repository, and then their branches too.
    const { branch } = session;
    for (let n = 2; existsSync(join(repo, ".git", "refs", "heads", session.branch)); n += 1) {
      session.branch = `${branch}.${n}`;
    }
    addWorktreeFast(repo, session.worktree, session.branch, spec.extraFiles);
    writeAgentHistory(disk, project, session);
  }
  const write = sinceV2.has(layout) ? writeJsonSession : writeV1Session;
  write({ project, session, index });
  project.sessions.push(session);
  const live = Array.isArray(spec.live) ? spec.live.includes(session.id) : spec.live === true;
  if (live && !session.archived && session.tmuxName !== undefined) {
    const cwd = session.worktree ?? project.path;
    newSession({ name: session.tmuxName, cwd, command: ["sleep", "600"] }, disk.env);
  }
}
