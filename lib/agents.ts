/**
 * Chat history that coding agents keep outside AO, tied to the path of the worktree they ran in:
 * Claude's `projects/<slug>/` and Codex's `sessions/YYYY/MM/DD/rollout-*.jsonl`.
 */

import { closeSync, constants, fstatSync, openSync, readdirSync, readSync } from "node:fs";
import { basename, join } from "node:path";
import { claudeSlug, isInside } from "./paths.ts";

/** A Claude history directory and the worktree it belongs to. */
export interface ClaudeHistory {
  dir: string;
  worktree: string;
  /**
   * Other worktrees whose path is spelled the same way and that may own part of it: `a_b` and `a-b`
   * give one name. Empty when the transcripts inside say whose they are, and it is one.
   */
  sharedWith: string[];
  /** Working directories named inside that are no known worktree's, though their name fits too. */
  otherPaths: string[];
}

/**
 * Directory names that history of a path may have, the one Claude uses first.
 *
 * Claude turns every character but ASCII letters and digits into `-`; AO looks for
 * {@link claudeSlug}, and older AO kept `_`.
 */
export function claudeSlugs(path: string): string[] {
  const claude = path.replace(/[^A-Za-z0-9]/g, "-");
  const older = path.replaceAll(":", "").replace(/[\\/.]/g, "-");
  return [...new Set([claude, claudeSlug(path), older])];
}

/** Which Claude history directories belong to which of these worktrees; those with none are left out. */
export function findClaudeHistory(claudeDir: string, worktrees: string[]): ClaudeHistory[] {
  const parent = join(claudeDir, "projects");
  const present = new Set(list(parent).directories);
  const candidates = new Map<string, string[]>();
  for (const worktree of worktrees) {
    for (const slug of claudeSlugs(worktree).filter((name) => present.has(name))) {
      candidates.set(slug, [...(candidates.get(slug) ?? []), worktree]);
    }
  }
  return [...candidates].flatMap(([slug, owners]) => claimsOf(join(parent, slug), owners));
}

function claimsOf(dir: string, worktrees: string[]): ClaudeHistory[] {
  const paths = transcriptPaths(dir);
  const named = worktrees.filter((worktree) => paths.some((path) => isInside(path, worktree)));
  // Transcripts keep the path of their day, so after an earlier move they name none of them.
  const owners = named.length > 0 ? named : worktrees;
  const otherPaths = paths.filter(
    (path) =>
      claudeSlugs(path).includes(basename(dir)) &&
      !worktrees.some((worktree) => isInside(path, worktree)),
  );
  return owners.map((worktree) => ({
    dir,
    worktree,
    sharedWith: owners.filter((other) => other !== worktree),
    otherPaths,
  }));
}

/** Distinct working directories that the transcripts of a history directory start with; sorted. */
function transcriptPaths(dir: string): string[] {
  const found = new Set<string>();
  for (const name of list(dir).files.filter((file) => file.endsWith(".jsonl"))) {
    const head = readHead(join(dir, name), 64 * 1024);
    const line = head.split("\n").find((candidate) => candidate.includes('"cwd"'));
    const cwd = (parseJson(line ?? "") as { cwd?: unknown } | null)?.cwd;
    if (typeof cwd === "string") found.add(cwd);
  }
  return [...found].sort();
}

/** A Codex rollout and the working directory that its first line names. */
export interface CodexRollout {
  path: string;
  cwd: string;
}

/**
 * Every Codex rollout that names a working directory, sorted by path. Reads first lines only;
 * files without a `session_meta` line of at most 1 MB are left out.
 */
export function listCodexRollouts(codexDir: string): CodexRollout[] {
  return ["sessions", "archived_sessions"]
    .flatMap((name) => rolloutFiles(join(codexDir, name), 0))
    .sort()
    .flatMap((path) => {
      const cwd = rolloutCwd(path);
      return cwd === null ? [] : [{ path, cwd }];
    });
}

/** Rollouts by working directory. */
export function codexByCwd(rollouts: CodexRollout[]): Map<string, string[]> {
  const index = new Map<string, string[]>();
  for (const { path, cwd } of rollouts) index.set(cwd, [...(index.get(cwd) ?? []), path]);
  return index;
}

// Dated directories are three levels deep; archived rollouts lie flat.
function rolloutFiles(dir: string, depth: number): string[] {
  const { directories, files } = list(dir);
  const own = files.filter((name) => /^rollout-.*\.jsonl$/.test(name));
  const below = depth < 3 ? directories : [];
  return [
    ...own.map((name) => join(dir, name)),
    ...below.flatMap((name) => rolloutFiles(join(dir, name), depth + 1)),
  ];
}

const maxFirstLine = 1024 * 1024;

function rolloutCwd(path: string): string | null {
  const meta = parseJson(readHead(path, maxFirstLine, true)) as {
    type?: unknown;
    payload?: { cwd?: unknown };
  } | null;
  const cwd = meta?.type === "session_meta" ? meta.payload?.cwd : undefined;
  return typeof cwd === "string" ? cwd : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * The start of a regular file as text, at most `limit` bytes; empty for anything else.
 *
 * @param lineOnly Stop at the first newline, and give nothing when there is none within the limit
 * and the file goes on.
 */
function readHead(path: string, limit: number, lineOnly = false): string {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return "";
  }
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile()) return "";
    const size = Math.min(stats.size, limit);
    const chunks: Buffer[] = [];
    for (let done = 0; done < size; ) {
      const chunk = Buffer.alloc(Math.min(64 * 1024, size - done));
      const count = readSync(fd, chunk, 0, chunk.length, done);
      const newline = lineOnly ? chunk.subarray(0, count).indexOf(10) : -1;
      chunks.push(chunk.subarray(0, newline === -1 ? count : newline));
      if (newline !== -1 || count === 0) break;
      done += count;
      if (lineOnly && done >= size && size < stats.size) return "";
    }
    return Buffer.concat(chunks).toString("utf8");
  } catch {
    return "";
  } finally {
    closeSync(fd);
  }
}

function list(dir: string): { directories: string[]; files: string[] } {
  try {
    const entries = readdirSync(dir, { withFileTypes: true });
    return {
      directories: entries.filter((entry) => entry.isDirectory()).map(({ name }) => name),
      files: entries.filter((entry) => entry.isFile()).map(({ name }) => name),
    };
  } catch {
    return { directories: [], files: [] };
  }
}
