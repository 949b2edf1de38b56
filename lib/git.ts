/**
 * What is asked of real git.
 *
 * Git is spawned so that it neither runs hooks nor refreshes an index: asking changes nothing.
 * Plain facts come from git's files (`git-files.ts`), texts of moved worktrees from `git-links.ts`.
 */

import { realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { parseGitConfig } from "./git-config.ts";
import { linkedPathOf, readGitFile } from "./git-files.ts";
import type { LinkFile, ListedRepositories } from "./git-links.ts";
import { readLinks, relink } from "./git-links.ts";
import { type Env, type RunResult, run, runOrThrow } from "./process.ts";

/**
 * `remote.origin.url` as the repository's config spells it, `insteadOf` rules not applied: that
 * text is what AO hashes. The first one, if there are several. Git is asked only when the
 * config includes other files and has no such line itself.
 */
export function readOriginUrl(commonDir: string, env: Env): string | undefined {
  const entries = parseGitConfig(readGitFile(join(commonDir, "config")) ?? "");
  for (const { section, subsection, key, value } of entries) {
    if (section === "remote" && subsection === "origin" && key === "url") return value ?? undefined;
  }
  if (!entries.some(({ section }) => section === "include" || section === "includeif")) {
    return undefined;
  }
  const asked = git(commonDir, ["config", "--includes", "--get-all", "remote.origin.url"], env);
  return asked.exitCode === 0 ? asked.stdout.split("\n")[0] || undefined : undefined;
}

/** What `git status` says of a worktree. */
export interface GitStatus {
  /** Null on a detached HEAD. */
  branch: string | null;
  /** Null before the first commit. */
  head: string | null;
  upstream?: string;
  /** Commits that the upstream does not have; absent without an upstream. */
  ahead?: number;
  behind?: number;
  /** Porcelain v2 lines of changed, conflicting and untracked paths; sorted. */
  changes: string[];
}

/**
 * Uncommitted work of a worktree, submodules included. Changes nothing, not even the index.
 *
 * @param timeoutMs Time limit in milliseconds. @default 30000
 * @throws ProcessError when git is missing, refuses or does not answer in time.
 */
export function gitStatus(path: string, env: Env, timeoutMs = 30_000): GitStatus {
  const args = ["status", "--porcelain=v2", "--branch", "-z", "--untracked-files=normal"];
  const records = gitOrThrow(path, args, env, timeoutMs).split("\0");
  const status: GitStatus = { branch: null, head: null, changes: [] };
  for (let index = 0; index < records.length; index += 1) {
    const record = records[index] ?? "";
    const [, name, value = ""] = /^# branch\.(\S+) (.*)$/.exec(record) ?? [];
    if (name === "oid" && value !== "(initial)") status.head = value;
    else if (name === "head" && value !== "(detached)") status.branch = value;
    else if (name === "upstream") status.upstream = value;
    else if (name === "ab") {
      const [ahead = "0", behind = "0"] = value.split(" ");
      status.ahead = Math.abs(Number(ahead));
      status.behind = Math.abs(Number(behind));
    } else if (record !== "" && !record.startsWith("#")) {
      // A rename's record is followed by the old path in a record of its own.
      const renamed = record.startsWith("2 ");
      status.changes.push(renamed ? `${record}\t${records[index + 1] ?? ""}` : record);
      if (renamed) index += 1;
    }
  }
  status.changes.sort();
  return status;
}

/**
 * Whether HEAD has commits that no remote-tracking branch has. True also when the repository has
 * no remote-tracking branches at all: nothing proves that the work is anywhere else.
 */
export function hasUnpushedWork(path: string, env: Env): boolean {
  // Fails only before the first commit, when there is nothing to push.
  if (git(path, ["rev-parse", "--quiet", "--verify", "HEAD"], env).exitCode !== 0) return false;
  const args = ["rev-list", "--max-count=1", "HEAD", "--not", "--remotes"];
  return gitOrThrow(path, args, env).trim() !== "";
}

/**
 * Asks git whether it knows the worktree where it stands: its `.git` leads to a repository, and
 * that repository lists the path and would not prune it.
 *
 * @returns Null when all is well, else the reason.
 */
export function verifyWorktree(path: string, env: Env): string | null {
  const found = git(path, ["rev-parse", "--git-dir", "--show-toplevel"], env);
  if (found.exitCode !== 0) return lastLine(found);
  const top = found.stdout.trimEnd().split("\n")[1] ?? "";
  if (real(top) !== real(path)) return `git finds ${top} there instead`;
  const listed = listWorktrees(path, env).find((worktree) => real(worktree.path) === real(path));
  if (listed === undefined) return "git does not list it among the repository's worktrees";
  return listed.prunable === undefined ? null : `prunable: ${listed.prunable}`;
}

/** `git worktree list` of the repository that owns `path`, main worktree first. */
export function listWorktrees(path: string, env: Env): { path: string; prunable?: string }[] {
  let listing = git(path, ["worktree", "list", "--porcelain", "-z"], env);
  let separator = "\0";
  // Git before 2.36 has no -z, and says so with its usage text.
  if (listing.exitCode === 129) {
    listing = git(path, ["worktree", "list", "--porcelain"], env);
    separator = "\n";
  }
  const blocks = listing.stdout.split(separator + separator);
  return blocks.flatMap((block) => {
    const fields = block.split(separator);
    const found = fields[0]?.startsWith("worktree ") ? fields[0].slice("worktree ".length) : null;
    if (found === null) return [];
    const prunable = fields.find((field) => /^prunable\b/.test(field))?.slice("prunable ".length);
    return [{ path: found, ...(prunable === undefined ? {} : { prunable }) }];
  });
}

/**
 * The link files whose text must change when a worktree moves, read before the move; their paths
 * are those after it. `to` is written with the symbolic links of its parents resolved, as git does.
 *
 * @param listed One for many moves that are planned together, as for {@link readLinks}.
 * @throws ToolkitError `invalid` when the admin directory is not one, or a link is not UTF-8.
 */
export function linkFilesForMove(
  move: { adminDir: string; from: string; to: string },
  listed?: ListedRepositories,
): LinkFile[] {
  const adminDir = real(move.adminDir);
  const from = real(move.from);
  const linked = linkedPathOf(adminDir) ?? from;
  return relink(readLinks(from, adminDir, listed), { from, linked, to: real(move.to) });
}

/** Environment in which git means the repository at the path, asks nothing and answers in English. */
export function gitEnv(env: Env): Env {
  const kept = Object.entries(env).filter(
    ([name]) => !misleading.has(name) && !name.startsWith("GIT_TRACE"),
  );
  const fixed = { GIT_OPTIONAL_LOCKS: "0", GIT_TERMINAL_PROMPT: "0", LC_ALL: "C" };
  return { ...Object.fromEntries(kept), ...fixed };
}

function git(path: string, args: string[], env: Env, timeoutMs?: number): RunResult {
  return run("git", harmless(path, args), gitOptions(env, timeoutMs));
}

function gitOrThrow(path: string, args: string[], env: Env, timeoutMs?: number): string {
  return runOrThrow("git", harmless(path, args), gitOptions(env, timeoutMs));
}

/** Git's words at a path, with those programs switched off that a repository may name in its config. */
export function harmless(path: string, args: string[]): string[] {
  return ["-C", path, "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", ...args];
}

// Variables that would point git at another repository than the one at the path.
const misleading = new Set(
  ["DIR", "WORK_TREE", "COMMON_DIR", "INDEX_FILE", "OBJECT_DIRECTORY", "NAMESPACE", "PREFIX"].map(
    (name) => `GIT_${name}`,
  ),
);

function gitOptions(env: Env, timeoutMs?: number) {
  return { env: gitEnv(env), ...(timeoutMs === undefined ? {} : { timeoutMs }) };
}

function lastLine(result: RunResult): string {
  return result.stderr.trim().split("\n").at(-1) || `git ended with exit code ${result.exitCode}`;
}

/** Symbolic links resolved as far down as the path exists. */
function real(path: string): string {
  const whole = resolve(path);
  try {
    return realpathSync(whole);
  } catch {
    const parent = dirname(whole);
    return parent === whole ? whole : join(real(parent), basename(whole));
  }
}
