/** Worktrees of sessions: what git says of them, and making and removing them. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { ToolkitError } from "../errors.ts";
import { gitEnv, gitStatus, harmless, hasUnpushedWork } from "../git.ts";
import { type Repository, readAdminEntries, readWorktree } from "../git-files.ts";
import { type Env, findProgram, ProcessError, type RunResult, run } from "../process.ts";

/** A big repository takes its time to check out. */
const slowMs = 10 * 60_000;
/** For one worktree's status. */
const statusMs = 30_000;
/** As many gits at a time; more would only wait for each other. */
const lanes = 4;

/** `unknown`: git could not be asked. */
export type WorktreeState = "clean" | "dirty" | "unknown";

/** Asks git, side by side, which worktrees have changed or untracked files. */
export async function statesOf(
  paths: Iterable<string>,
  env: Env,
): Promise<Map<string, WorktreeState>> {
  const states = new Map<string, WorktreeState>();
  const git = findProgram("git", env);
  const queue = new Set(paths).values();
  const lane = async () => {
    for (const path of queue) {
      states.set(path, git === null ? "unknown" : await stateOf(git, path, env));
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return states;
}

async function stateOf(git: string, path: string, env: Env): Promise<WorktreeState> {
  const args = harmless(path, ["status", "--porcelain", "-z", "--ignore-submodules=none"]);
  const child = Bun.spawn([git, ...args], {
    env: { ...gitEnv(env) },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
    detached: true,
  });
  const timer = setTimeout(() => killGroup(child.pid), statusMs);
  try {
    const output = await child.stdout.text();
    if ((await child.exited) !== 0) return "unknown";
    return output === "" ? "clean" : "dirty";
  } finally {
    clearTimeout(timer);
  }
}

function killGroup(pid: number, signal: "SIGKILL" | "SIGTERM" = "SIGKILL"): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // It ended at the same moment.
  }
}

/** The commit that new work starts from. */
export interface Base {
  /** `origin/main`, or `main` where the remote-tracking branch is not there. */
  name: string;
  commit: string;
}

/**
 * The commit of the default branch: as last fetched from `origin`, like AO, else the local branch.
 *
 * @throws ToolkitError `invalid` when there is neither
 */
export function baseOf(repository: Repository, branch: string, env: Env): Base {
  for (const [name, ref] of [
    [`origin/${branch}`, `refs/remotes/origin/${branch}`],
    [branch, `refs/heads/${branch}`],
  ] as const) {
    const commit = commitOf(repository.root, ref, env);
    if (commit !== null) return { name, commit };
  }
  throw new ToolkitError(
    "invalid",
    `Cannot start from "${branch}": ${repository.root} has no such branch`,
    { hint: `git -C ${repository.root} fetch origin, or correct defaultBranch in the config` },
  );
}

/** The commit of a full ref name (`refs/…`); null when there is none. */
export function commitOf(repo: string, ref: string, env: Env): string | null {
  const asked = git(repo, ["rev-parse", "--verify", "--quiet", `${ref}^{commit}`], env);
  const commit = asked.stdout.trim();
  return asked.exitCode === 0 && /^[0-9a-f]{40,64}$/.test(commit) ? commit : null;
}

/** The linked worktree that has this branch checked out; null when none has. */
export function holderOf(repository: Repository, branch: string): string | null {
  const linked = readAdminEntries(repository.commonDir).find(
    (entry) => entry.branch === branch && entry.exists,
  );
  return linked?.path ?? null;
}

/**
 * Makes a worktree; of a branch that is new, at this commit.
 *
 * @param options.commit null for a branch that exists
 * @param options.signal ends a checkout that takes long, with the hooks that it runs
 * @throws ToolkitError `refused` with git's own words; the signal's reason
 */
export async function addWorktree(
  repository: Repository,
  options: {
    path: string;
    branch: string;
    commit: string | null;
    signal?: AbortSignal | undefined;
  },
  env: Env,
): Promise<void> {
  const { path, branch, commit, signal } = options;
  const { root } = repository;
  const isMade = () => commit !== null && commitOf(root, `refs/heads/${branch}`, env) === commit;
  const state = await patiently((attempt) => {
    // An attempt that failed half-way may have made the branch already.
    const exists = commit === null || (attempt > 1 && isMade());
    const words = exists ? [path, branch] : ["--no-track", "-b", branch, path, commit];
    return cancellable(["-C", root, "worktree", "add", "--quiet", ...words], env, signal);
  });
  signal?.throwIfAborted();
  if (state === null) return;
  throw new ToolkitError("refused", `Cannot make worktree "${path}": ${state}`);
}

/** Git, its hooks included, for as long as a big checkout takes or nobody cancels it. */
async function cancellable(
  args: string[],
  env: Env,
  signal: AbortSignal | undefined,
): Promise<RunResult> {
  signal?.throwIfAborted();
  const child = Bun.spawn([findProgram("git", env) ?? "git", ...args], {
    env: { ...gitEnv(env) },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
    detached: true,
  });
  // Git takes back what it has begun when it is asked to end, and not when it is killed.
  const stop = () => killGroup(child.pid, "SIGTERM");
  const timer = setTimeout(stop, slowMs);
  signal?.addEventListener("abort", stop, { once: true });
  const said = hear(child.stderr);
  const exitCode = await child.exited;
  clearTimeout(timer);
  signal?.removeEventListener("abort", stop);
  if (signal?.aborted === true) killGroup(child.pid);
  // What a hook left running may hold the pipe open; with that this process could not end.
  await Promise.race([said.all, Bun.sleep(1000)]);
  return { exitCode, stdout: "", stderr: said.end() };
}

/** Text as it comes, until nobody wants more of it. */
function hear(stream: ReadableStream<Uint8Array>): { all: Promise<void>; end(): string } {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let text = "";
  const listen = async () => {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      text += decoder.decode(next.value, { stream: true });
    }
  };
  const all = listen().catch(() => {});
  const end = () => {
    void reader.cancel().catch(() => {});
    return text;
  };
  return { all, end };
}

/**
 * Removes a worktree as git does, which refuses when it has changed or untracked files.
 *
 * @param force remove it with what is in it
 * @returns null when it is gone, else git's reason
 */
export function removeWorktree(
  repo: string,
  path: string,
  { force, env }: { force: boolean; env: Env },
): Promise<string | null> {
  const words = ["worktree", "remove", ...(force ? ["--force"] : []), "--", path];
  return patiently(() => git(repo, words, env, slowMs));
}

/** Git reads every worktree of a repository, and stumbles over one that is just being made. */
const stumbled = /failed to read .*commondir|\.lock': File exists/;
const attempts = 20;

/**
 * Runs git, again when it only met another git at work.
 *
 * @returns null when it succeeded, else its reason
 */
async function patiently(
  work: (attempt: number) => RunResult | Promise<RunResult>,
): Promise<string | null> {
  for (let attempt = 1; ; attempt += 1) {
    const { exitCode, stderr } = await work(attempt);
    if (exitCode === 0) return null;
    if (!stumbled.test(stderr) || attempt === attempts) {
      return lastLine(stderr) || `git ended with exit code ${exitCode}`;
    }
    await Bun.sleep(5 + Math.random() * 45);
  }
}

/** Removes a branch that still is at this commit; one that has moved on stays. */
export function removeBranch(repo: string, branch: string, commit: string, env: Env): void {
  git(repo, ["update-ref", "-d", `refs/heads/${branch}`, commit], env);
}

/** Files in a worktree's admin directory that say that something is under way. */
const underWay = ["rebase-merge", "rebase-apply", "MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD"];

/** Work that exists nowhere else, as a reason to keep the worktree; null when there is none. */
export function workIn(path: string, env: Env): string | null {
  const worktree = readWorktree(path);
  if (worktree?.commonDir === undefined) return "git does not know it as a worktree";
  if (worktree.locked) return "it is locked";
  if (underWay.some((name) => existsSync(join(worktree.adminDir, name)))) {
    return "a merge or rebase is under way in it";
  }
  try {
    const { changes } = gitStatus(path, env);
    if (changes.length > 0) {
      return changes.length === 1
        ? "it has 1 uncommitted change"
        : `it has ${changes.length} uncommitted changes`;
    }
    return hasUnpushedWork(path, env) ? "it has commits that no remote has" : null;
  } catch (error) {
    if (error instanceof ProcessError) return `git could not be asked: ${error.message}`;
    throw error;
  }
}

function git(path: string, args: string[], env: Env, timeoutMs = statusMs) {
  return run("git", harmless(path, args), { env: gitEnv(env), timeoutMs });
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}
