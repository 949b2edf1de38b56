/**
 * Facts about git repositories and linked worktrees, read from git's own files.
 *
 * Nothing is spawned, so a scan of many worktrees costs a few small reads each and cannot run what
 * a hostile repository's config names. Layout of the files: `git help repository-layout`.
 */

import { closeSync, constants, fstatSync, openSync, readdirSync, readSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { parseGitConfig } from "./git-config.ts";

/** A repository as seen from some path inside it. */
export interface Repository {
  /** The directory that has the `.git`; the git directory itself when the repository is bare. */
  root: string;
  gitDir: string;
  /** Shared by all worktrees of the repository. */
  commonDir: string;
}

/** A linked worktree, as its `.git` file and its admin directory tell. */
export interface LinkedWorktree {
  path: string;
  /** `<commonDir>/worktrees/<id>`, also when it is gone. */
  adminDir: string;
  /** Absent when the admin directory is gone: git does not know this worktree any more. */
  commonDir?: string;
  /** What the admin directory's `gitdir` names; not `path` when the worktree was moved by hand. */
  linkedPath?: string;
  /** Absent on a detached HEAD. */
  branch?: string;
  /** The commit of a detached HEAD. */
  head?: string;
  locked: boolean;
  lockReason?: string;
  /** Initialised submodules, relative to `path`, nested ones included. */
  submodules: string[];
}

/** One entry below `<commonDir>/worktrees`. */
export interface AdminEntry {
  id: string;
  adminDir: string;
  /** The worktree that `gitdir` names; empty when that file cannot be read. */
  path: string;
  /** Whether that worktree has a `.git`. */
  exists: boolean;
  branch?: string;
  locked: boolean;
}

const maxFileBytes = 1024 * 1024;

/**
 * Text of a regular file of at most 1 MB; null for anything else. Never waits, whatever the path is
 * (a pipe, a device), and never reads what git would not.
 */
export function readGitFile(path: string): string | null {
  return readBytes(path)?.toString("utf8") ?? null;
}

/** As {@link readGitFile}, undecoded. */
export function readBytes(path: string): Buffer | null {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return null;
  }
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile() || stats.size > maxFileBytes) return null;
    const buffer = Buffer.alloc(stats.size);
    return buffer.subarray(0, readSync(fd, buffer, 0, stats.size, 0));
  } catch {
    return null;
  } finally {
    closeSync(fd);
  }
}

/** The repository that owns a path: its own, or that of the nearest parent. Null outside git. */
export function findRepository(path: string): Repository | null {
  for (let root = resolve(path); ; root = dirname(root)) {
    const gitDir = gitDirOf(root);
    if (gitDir !== null) return { root, gitDir, commonDir: commonDirOf(gitDir) ?? gitDir };
    if (dirname(root) === root) return null;
  }
}

/** A linked worktree's facts; null when `path` is not the top of one. */
export function readWorktree(path: string): LinkedWorktree | null {
  const adminDir = dotGitTarget(path);
  if (adminDir === null) return null;
  const commonDir = commonDirOf(adminDir);
  if (commonDir === null) {
    // A submodule's `.git` file leads to a git directory with no `commondir`; a pruned worktree's
    // leads nowhere, but the place it names is still told apart by git's own naming.
    const pruned = basename(dirname(adminDir)) === "worktrees" && !isGitDir(adminDir);
    return pruned ? { path, adminDir, locked: false, submodules: [] } : null;
  }
  const linkedPath = linkedPathOf(adminDir);
  const root = linkedPath ?? path;
  return {
    path,
    adminDir,
    commonDir,
    ...(linkedPath === null ? {} : { linkedPath }),
    ...readHead(adminDir),
    ...readLock(adminDir),
    submodules: readModules(adminDir)
      .map((module) => relative(root, module.worktree))
      .filter((name) => name !== "" && !/^\.\.(\/|$)/.test(name))
      .sort(),
  };
}

/** Every linked worktree that the repository knows of, sorted by id. */
export function readAdminEntries(commonDir: string): AdminEntry[] {
  const parent = join(commonDir, "worktrees");
  return listDirectories(parent)
    .sort()
    .map((id) => {
      const adminDir = join(parent, id);
      const path = linkedPathOf(adminDir) ?? "";
      const { branch } = readHead(adminDir);
      return {
        id,
        adminDir,
        path,
        exists: path !== "" && readGitFile(join(path, ".git")) !== null,
        ...(branch === undefined ? {} : { branch }),
        locked: readLock(adminDir).locked,
      };
    });
}

/** A submodule's git directory inside a worktree's admin directory. */
export interface Module {
  gitDir: string;
  /** The file that has `core.worktree`. */
  configFile: string;
  /** Where `core.worktree` leads, absolute. */
  worktree: string;
}

/** Initialised submodules of a linked worktree, nested ones included. */
export function readModules(adminDir: string): Module[] {
  return listDirectories(join(adminDir, "modules")).flatMap((name) =>
    modulesBelow(join(adminDir, "modules", name)),
  );
}

// A submodule's name may have slashes in it, so its git directory may be any number of levels down.
function modulesBelow(dir: string): Module[] {
  if (!isGitDir(dir)) {
    return listDirectories(dir).flatMap((name) => modulesBelow(join(dir, name)));
  }
  const own = ["config.worktree", "config"].flatMap((file) => {
    const configFile = join(dir, file);
    const entry = parseGitConfig(readGitFile(configFile) ?? "").findLast(
      ({ section, key }) => section === "core" && key === "worktree",
    );
    if (entry?.value == null) return [];
    return [{ gitDir: dir, configFile, worktree: resolve(dir, entry.value) }];
  });
  return [...own, ...readModules(dir)];
}

/** Absolute target of a `.git` file; null when there is none or it is not one. */
function dotGitTarget(path: string): string | null {
  const match = /^gitdir: (.+?)\s*$/.exec(readGitFile(join(path, ".git")) ?? "");
  return match?.[1] === undefined ? null : resolve(path, match[1]);
}

function gitDirOf(root: string): string | null {
  const dotGit = join(root, ".git");
  if (isGitDir(dotGit)) return dotGit;
  const target = dotGitTarget(root);
  if (target !== null) return target;
  return isGitDir(root) ? root : null;
}

function isGitDir(path: string): boolean {
  return readGitFile(join(path, "HEAD")) !== null && readGitFile(join(path, "config")) !== null;
}

/** The shared git directory of an admin directory; null when it is not an admin directory. */
export function commonDirOf(adminDir: string): string | null {
  const text = readGitFile(join(adminDir, "commondir"))?.trim();
  return text ? resolve(adminDir, text) : null;
}

/** The worktree that an admin directory's `gitdir` names, absolute. */
export function linkedPathOf(adminDir: string): string | null {
  const text = readGitFile(join(adminDir, "gitdir"))?.trim();
  return text ? dirname(resolve(adminDir, text)) : null;
}

function readHead(adminDir: string): { branch?: string; head?: string } {
  const text = readGitFile(join(adminDir, "HEAD"))?.trim() ?? "";
  const branch = /^ref: refs\/heads\/(.+)$/.exec(text)?.[1];
  // With the reftable format HEAD holds only this placeholder.
  if (branch === ".invalid") return {};
  if (branch !== undefined) return { branch };
  return /^[0-9a-f]{40,64}$/.test(text) ? { head: text } : {};
}

function readLock(adminDir: string): { locked: boolean; lockReason?: string } {
  const text = readGitFile(join(adminDir, "locked"));
  if (text === null) return { locked: false };
  return { locked: true, ...(text.trim() === "" ? {} : { lockReason: text.trim() }) };
}

function listDirectories(path: string): string[] {
  try {
    const entries = readdirSync(path, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch {
    return [];
  }
}
