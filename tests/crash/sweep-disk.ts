/**
 * The disk of the crash sweep: as small as can be, with every layout and one of each thing that
 * goes wrong on real disks.
 */

import {
  cpSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { shortHash } from "../../lib/hash.ts";
import { makeDisk } from "../disk/build.ts";
import { addWorktreeFast, mkdirs, writeFiles } from "../disk/repos.ts";
import type { BuiltProject, Disk, ProjectSpec } from "../disk/spec.ts";

/** Long enough ago for any lock to be abandoned. */
const longAgo = 1_776_679_200;

const projects: ProjectSpec[] = [
  { name: "ancient", layout: "v0", worktrees: "none" },
  {
    ...{ name: "integrator", layout: "v1", archives: 1, archiveCopies: 2, feedback: 1 },
    ...{ claude: "older", codex: true },
  },
  { name: "safe_split", layout: "v1-bare-hash", worktrees: "none" },
  {
    ...{ name: "agent-orchestrator", layout: "v1-bare", storageKey: "bare", tmux: "doubled" },
    ...{ orchestrators: [8], orchestratorFile: true, worktrees: "none" },
  },
  { name: "backend", sessions: 2, worktrees: "legacy-root", codeReviews: 1 },
  // One repository under two ids.
  { name: "backend-2", origin: "https://github.com/o/backend.git", sessions: 0, feedback: 1 },
  { name: "PyTorch", layout: "v3" },
];

/** Everything at once. Nothing on it is live, and no lock on it is fresh. */
export function everyFault(dir: string): Disk {
  const disk = makeDisk({ projects, running: "dead" }, dir);
  const integrator = disk.project("integrator");
  const backend = disk.project("backend");
  strayDirectories(disk, integrator, backend);
  oddSessions(disk, backend);
  oddWorktrees(disk, backend);
  // What a bare name is to be called is there already, with a session of the same id.
  const { id } = disk.project("agent-orchestrator");
  writeFiles(join(disk.baseDir, "projects", id, "sessions"), {
    "ao-1.json": '{\n  "branch": "feat/another",\n  "status": "done"\n}\n',
  });
  return disk;
}

/** Answers to what nothing on that disk proves, so that those steps have something to do too. */
export function answersFor(disk: Disk): string[] {
  const [v1, v2] = [disk.project("integrator"), disk.project("backend")];
  return [
    `identity:.ao-sessions=${disk.project("PyTorch").id}`,
    `identity:${v1.dirName}.migrated=${v1.id}`,
    `same-repo:https://github.com/o/backend=into:${v2.id}`,
  ].flatMap((answer) => ["--decide", answer]);
}

/** What earlier tools and crashes leave in the base dir. */
function strayDirectories(disk: Disk, v1: BuiltProject, v2: BuiltProject): void {
  const { baseDir, configFile } = disk;
  mkdirs(join(baseDir, `${shortHash("gone", 12)}-gone`, "sessions", "archive"));
  writeFiles(join(baseDir, `${shortHash("hidden", 12)}-hidden`), { ".origin": "/nowhere/a.yaml" });
  // The same session as in the directory that the migrator left behind, and not the same content.
  writeFiles(`${v1.stateDir}.migrated`, { "sessions/int-1": "project=integrator\nstatus=done\n" });
  const observed = { nobody: { status: "ok" }, somebody: { projectId: v2.key } };
  for (const [name, record] of Object.entries(observed)) {
    const dir = join(baseDir, `${shortHash(name, 12)}-observability`, "processes");
    writeFiles(dir, { "lifecycle-1.ndjson": `${JSON.stringify(record)}\n` });
  }
  writeFiles(baseDir, {
    ".migration-in-progress": "2026-04-20T10:00:00.000Z",
    "config.yaml.pre-migration": readFileSync(configFile),
    "unknown.txt": "somebody's notes\n",
  });
  abandonedLock(`${configFile}.lock`);
}

function abandonedLock(path: string): void {
  writeFileSync(path, "");
  utimesSync(path, longAgo, longAgo);
}

/** Session files that are not what they should be, and names that no session has. */
export function oddSessions(disk: Disk, { stateDir, prefix }: BuiltProject): void {
  const dir = join(stateDir, "sessions");
  writeFiles(dir, {
    [`${prefix}-6.json`]: "branch=feat/six\nstatus=working\nmine=x=y\n",
    [`${prefix}-7.json`]: "",
    [`${prefix}-8.json`]: '{"branch": "feat/eig',
    [`${prefix}-1.json.corrupt-1776679200000`]: '{"branch": ',
    "int 8.json": '{"status":"done"}\n',
  });
  writeFiles(join(disk.home, "outside"), { "secret.json": '{"status":"done"}\n' });
  symlinkSync(join(disk.home, "outside", "secret.json"), join(dir, `${prefix}-12.json`));
  abandonedLock(join(dir, `${prefix}-1.json.lock`));
}

/** Worktrees that were moved or changed, one that nobody owns, and one that is gone. */
export function oddWorktrees(disk: Disk, project: BuiltProject): void {
  const { repo, key, stateDir, sessions } = project;
  const [moved = "", dirty = ""] = sessions.map((session) => session.worktree ?? "");
  const to = join(stateDir, "worktrees", sessions[0]?.id ?? "");
  mkdirSync(dirname(to), { recursive: true });
  renameSync(moved, to);
  writeFiles(dirty, { README: "changed\n", "un tracked.txt": "?\n" });
  const unowned = join(disk.worktreeRoot, key, `${project.prefix}-20`);
  addWorktreeFast(repo, unowned, "feat/twenty");
  const gone = addWorktreeFast(repo, join(disk.worktreeRoot, key, "gone"), "feat/gone");
  rmSync(gone, { recursive: true });
}

/** A small disk with what the doctor mends by itself. */
export function mendable(dir: string): Disk {
  const disk = makeDisk({ projects: [{ name: "backend", sessions: 3 }] }, dir);
  const project = disk.project("backend");
  oddSessions(disk, project);
  const sessions = join(project.stateDir, "sessions");
  writeFiles(sessions, { "bac-10.json": "branch=feat/ten\nstatus=done\n" });
  cpSync(join(sessions, "bac-10.json"), join(sessions, "bac-11.json"));
  for (const { worktree = "", id } of project.sessions.slice(0, 2)) {
    renameSync(worktree, join(mkdirs(join(project.stateDir, "worktrees")), `${id}-moved`));
  }
  return disk;
}
