/** Real git repositories and worktrees for tests: made from one template, with fixed dates. */

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { makeTemp } from "../temp.ts";

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

/** A repository as git made it: path → content, `.git` included; and its commit, with a newline. */
interface Template {
  files: Map<string, Buffer>;
  commit: string;
}

/** By number of extra files. */
const templates = new Map<number, Template>();

// One repository per process and size is made by git and kept in memory; all others are copies.
function templateRepo(extraFiles: number): Template {
  const known = templates.get(extraFiles);
  if (known !== undefined) return known;
  const dir = makeTemp("template");
  try {
    git(dir, "init", "-q", "--template=", "-b", "main");
    writeFiles(dir, { README: "A repository for tests.\n", "src/main.txt": "one\ntwo\nthree\n" });
    for (let n = 0; n < extraFiles; n += 1) {
      writeFiles(dir, { [`src/part-${n % 40}/file-${n}.txt`]: `${n}\n`.repeat(1 + (n % 300)) });
    }
    git(dir, "add", ".");
    git(dir, "commit", "-q", "-m", "First");
    if (extraFiles > 0) git(dir, "gc", "-q");
    const files = readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(dir, join(entry.parentPath, entry.name)));
    const template = {
      files: new Map(files.map((file) => [file, readFileSync(join(dir, file))])),
      commit: `${git(dir, "rev-parse", "main")}\n`,
    };
    templates.set(extraFiles, template);
    return template;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/**
 * A repository with one commit on `main`; with an origin, `origin/main` has that commit too.
 *
 * @param extraFiles Files besides the first two. @default 0
 */
export function makeRepo(path: string, originUrl?: string, extraFiles = 0): string {
  const { files, commit } = templateRepo(extraFiles);
  const all = new Map<string, string | Buffer>(files);
  if (originUrl !== undefined) {
    const fetch = "+refs/heads/*:refs/remotes/origin/*";
    const remote = `[remote "origin"]\n\turl = ${originUrl}\n\tfetch = ${fetch}\n`;
    all.set(".git/config", `${files.get(".git/config")}${remote}`);
    all.set(".git/refs/remotes/origin/main", commit);
  }
  // Each file once: writing one again makes the file system flush the first version.
  writeFiles(path, Object.fromEntries(all));
  return path;
}

/** A linked worktree on a new branch, made by git. */
export function addWorktree(repo: string, path: string, branch: string): string {
  mkdirSync(dirname(path), { recursive: true });
  git(repo, "worktree", "add", "-q", "-b", branch, path);
  return path;
}

/**
 * The same, file for file as git makes it, without a process: for tests that need many. The
 * repository must still be as `makeRepo` made it, with as many extra files, else git is asked.
 */
export function addWorktreeFast(
  repo: string,
  path: string,
  branch: string,
  extraFiles = 0,
): string {
  const { files, commit } = templateRepo(extraFiles);
  const commonDir = join(repo, ".git");
  const main = readText(join(commonDir, "refs/heads/main")) ?? readPacked(commonDir);
  if (main !== commit || readText(join(commonDir, "HEAD")) !== "ref: refs/heads/main\n") {
    return addWorktree(repo, path, branch);
  }
  const name = basename(path);
  let id = name;
  for (let n = 1; existsSync(join(commonDir, "worktrees", id)); n += 1) id = `${name}${n}`;
  const adminDir = join(commonDir, "worktrees", id);
  const checkout = [...files].filter(([file]) => !file.startsWith(".git/"));
  writeFiles(path, { ...Object.fromEntries(checkout), ".git": `gitdir: ${adminDir}\n` });
  const by = "tester <tester@example.invalid> 1767323045 +0000";
  const created = `${"0".repeat(40)} ${commit.trim()} ${by}`;
  writeFiles(adminDir, {
    index: files.get(".git/index") ?? "",
    HEAD: `ref: refs/heads/${branch}\n`,
    ORIG_HEAD: commit,
    commondir: "../..\n",
    gitdir: `${path}/.git\n`,
    "logs/HEAD": `${created}\n${commit.trim()} ${commit.trim()} ${by}\treset: moving to HEAD\n`,
  });
  writeFiles(commonDir, {
    [`refs/heads/${branch}`]: commit,
    [`logs/refs/heads/${branch}`]: `${created}\tbranch: Created from HEAD\n`,
  });
  return path;
}

function readPacked(commonDir: string): string {
  const packed = readText(join(commonDir, "packed-refs")) ?? "";
  return `${/^([0-9a-f]+) refs\/heads\/main$/m.exec(packed)?.[1]}\n`;
}

function readText(path: string): string | null {
  return existsSync(path) ? readFileSync(path, "utf8") : null;
}

/** Makes a directory with its parents and returns it. */
export function mkdirs(path: string): string {
  mkdirSync(path, { recursive: true });
  return path;
}

/** Writes files below a directory, their parents included. */
export function writeFiles(dir: string, files: Record<string, string | Uint8Array>): void {
  const made = new Set<string>();
  for (const [name, content] of Object.entries(files)) {
    const path = join(dir, name);
    const parent = dirname(path);
    if (!made.has(parent)) mkdirSync(parent, { recursive: true });
    made.add(parent);
    writeFileSync(path, content);
  }
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
