/** Real git repositories and worktrees for tests: made from one template, with fixed dates. */

import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** Environment of a private home: no global git config, no outer tmux, a neutral identity. */
export function testEnv(home: string, tmuxDir = join(home, ".tmux")): Record<string, string> {
  const date = "2026-01-02T03:04:05Z";
  return {
    HOME: home,
    PATH: process.env.PATH ?? "/usr/local/bin:/usr/bin:/bin",
    LC_ALL: "C.UTF-8",
    TERM: "xterm-256color",
    TMUX_TMPDIR: tmuxDir,
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_AUTHOR_NAME: "tester",
    GIT_AUTHOR_EMAIL: "tester@example.invalid",
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_NAME: "tester",
    GIT_COMMITTER_EMAIL: "tester@example.invalid",
    GIT_COMMITTER_DATE: date,
  };
}

const gitEnv = testEnv("/nonexistent");

/** Runs git in a directory and returns its output without the last newline; throws when it fails. */
export function git(cwd: string, ...args: string[]): string {
  const result = Bun.spawnSync(["git", "-c", "protocol.file.allow=always", ...args], {
    cwd,
    env: gitEnv,
    stdout: "pipe",
    stderr: "pipe",
  });
  if (result.exitCode !== 0) {
    throw new Error(`git ${args.join(" ")} in ${cwd}: ${result.stderr.toString()}`);
  }
  return result.stdout.toString().replace(/\n$/, "");
}

let template: string | undefined;

// One repository per process is made by git; all others are copies of it.
function templateRepo(): string {
  if (template !== undefined && existsSync(template)) return template;
  const dir = mkdtempSync(join(tmpdir(), "ao-template-"));
  process.on("exit", () => rmSync(dir, { recursive: true, force: true }));
  git(dir, "init", "-q", "--template=", "-b", "main");
  writeFileSync(join(dir, "README"), "A repository for tests.\n");
  mkdirSync(join(dir, "src"));
  writeFileSync(join(dir, "src", "main.txt"), "one\ntwo\nthree\n");
  git(dir, "add", ".");
  git(dir, "commit", "-q", "-m", "First");
  // Written by the first `worktree add` otherwise; here already, so that copies are alike.
  mkdirSync(join(dir, ".git", "info"), { recursive: true });
  template = dir;
  return dir;
}

/** A repository with one commit on `main`; with an origin, `origin/main` has that commit too. */
export function makeRepo(path: string, originUrl?: string): string {
  mkdirSync(dirname(path), { recursive: true });
  cpSync(templateRepo(), path, { recursive: true });
  if (originUrl !== undefined) {
    appendFileSync(
      join(path, ".git", "config"),
      `[remote "origin"]\n\turl = ${originUrl}\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n`,
    );
    const remote = join(path, ".git", "refs", "remotes", "origin");
    mkdirSync(remote, { recursive: true });
    cpSync(join(path, ".git", "refs", "heads", "main"), join(remote, "main"));
  }
  return path;
}

/** A linked worktree on a new branch, made by git. */
export function addWorktree(repo: string, path: string, branch: string): string {
  mkdirSync(dirname(path), { recursive: true });
  git(repo, "worktree", "add", "-q", "-b", branch, path);
  return path;
}

/** Adds a submodule with a nested submodule to a repository, and commits it. */
export function addSubmodule(repo: string, name: string, sources: string): void {
  const inner = makeRepo(join(sources, "inner"));
  const outer = makeRepo(join(sources, "outer"));
  git(outer, "submodule", "add", "-q", inner, "nested");
  git(outer, "commit", "-q", "-m", "Nested");
  git(repo, "submodule", "add", "-q", "--name", name, outer, name);
  git(repo, "commit", "-q", "-m", "Submodule");
}
