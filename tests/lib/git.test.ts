import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import {
  gitStatus,
  hasUnpushedWork,
  linkFilesForMove,
  listWorktrees,
  readOriginUrl,
  verifyWorktree,
} from "../../lib/git.ts";
import { findRepository, readAdminEntries, readWorktree } from "../../lib/git-files.ts";
import type { LinkFile, ListedRepositories } from "../../lib/git-links.ts";
import { addSubmodule, addWorktree, git, makeRepo, testEnv } from "../disk/repos.ts";
import { makeTemp } from "../temp.ts";
import { changesDuring } from "../tree.ts";

const root = makeTemp("git");
const env = testEnv(root);
afterAll(() => rmSync(root, { recursive: true, force: true }));

let count = 0;
/** A fresh repository with one worktree, each in a place of its own. */
function fixture(originUrl?: string) {
  count += 1;
  const base = join(root, `case-${count}`);
  const repo = makeRepo(join(base, "repo"), originUrl);
  const worktree = addWorktree(repo, join(base, "trees", "int-1"), "feat/one");
  return { base, repo, worktree, adminDir: join(repo, ".git", "worktrees", "int-1") };
}

function apply(files: LinkFile[], direction: "do" | "undo" = "do"): void {
  for (const { path, before, after } of files) {
    expect(readFileSync(path, "utf8")).toBe(direction === "do" ? before : after);
    writeFileSync(path, direction === "do" ? after : before);
  }
}

/** Makes both links of a worktree relative, as newer git does when asked. */
function makeRelative(worktree: string, adminDir: string): void {
  writeFileSync(join(worktree, ".git"), `gitdir: ${relative(worktree, adminDir)}\n`);
  writeFileSync(join(adminDir, "gitdir"), `${relative(adminDir, join(worktree, ".git"))}\n`);
}

describe("reading worktrees from git's files", () => {
  test("finds admin directory, repository, branch and lock without asking git", () => {
    const { repo, worktree, adminDir } = fixture();
    git(repo, "worktree", "lock", "--reason", "on a disk that is away", worktree);
    expect(readWorktree(worktree)).toEqual({
      path: worktree,
      adminDir,
      commonDir: join(repo, ".git"),
      linkedPath: worktree,
      branch: "feat/one",
      locked: true,
      lockReason: "on a disk that is away",
      submodules: [],
    });
    expect(readAdminEntries(join(repo, ".git"))).toEqual([
      { id: "int-1", adminDir, path: worktree, exists: true, branch: "feat/one", locked: true },
    ]);
  });

  test("tells a detached HEAD, a moved worktree and a pruned one", () => {
    const { base, repo, worktree, adminDir } = fixture();
    git(worktree, "checkout", "-q", "--detach");
    const moved = join(base, "moved");
    renameSync(worktree, moved);
    const facts = readWorktree(moved);
    expect(facts?.linkedPath).toBe(worktree);
    expect(facts?.branch).toBeUndefined();
    expect(facts?.head).toBe(git(repo, "rev-parse", "main"));
    expect(readAdminEntries(join(repo, ".git"))[0]?.exists).toBe(false);
    git(repo, "worktree", "prune", "--expire=now");
    expect(readWorktree(moved)).toEqual({ path: moved, adminDir, locked: false, submodules: [] });
  });

  test("follows relative links", () => {
    const { worktree, adminDir } = fixture();
    makeRelative(worktree, adminDir);
    expect(readWorktree(worktree)?.linkedPath).toBe(worktree);
    expect(readWorktree(worktree)?.adminDir).toBe(adminDir);
    expect(gitStatus(worktree, env).changes).toEqual([]);
  });

  test("takes neither a main worktree, a submodule, a plain directory nor a pipe for one", () => {
    const { base, repo } = fixture();
    addSubmodule(repo, "lib", join(base, "sources"));
    expect(readWorktree(repo)).toBeNull();
    expect(readWorktree(join(repo, "lib"))).toBeNull();
    expect(readWorktree(base)).toBeNull();
    mkdirSync(join(base, "pipe"));
    Bun.spawnSync(["mkfifo", join(base, "pipe", ".git")]);
    expect(readWorktree(join(base, "pipe"))).toBeNull();
  });

  test("findRepository goes up from a subdirectory and through a worktree", () => {
    const { base, repo, worktree, adminDir } = fixture();
    const commonDir = join(repo, ".git");
    expect(findRepository(join(repo, "src"))).toEqual({ root: repo, gitDir: commonDir, commonDir });
    expect(findRepository(join(worktree, "src"))).toEqual({
      root: worktree,
      gitDir: adminDir,
      commonDir,
    });
    git(base, "clone", "-q", "--bare", repo, "bare");
    expect(findRepository(join(base, "bare"))?.root).toBe(join(base, "bare"));
    expect(findRepository(base)).toBeNull();
  });

  test("readOriginUrl gives the text of the config, also when it comes from an included file", () => {
    const { base, repo } = fixture();
    const config = join(repo, ".git", "config");
    expect(readOriginUrl(join(repo, ".git"), env)).toBeUndefined();
    writeFileSync(join(base, "more"), '[remote "origin"]\n\turl = ../elsewhere\n');
    appendFileSync(config, `[include]\n\tpath = ${join(base, "more")}\n`);
    expect(readOriginUrl(join(repo, ".git"), env)).toBe("../elsewhere");
    appendFileSync(
      config,
      '[url "https://h/"]\n\tinsteadOf = h:\n[remote "origin"]\n\turl = h:o/r\n',
    );
    expect(readOriginUrl(join(repo, ".git"), env)).toBe("h:o/r");
  });
});

describe("asking git", () => {
  test("gitStatus lists changes and writes nothing, not even a stale index", async () => {
    const { repo, worktree } = fixture("https://github.com/o/r.git");
    git(worktree, "branch", "-q", "--set-upstream-to=origin/main");
    writeFileSync(join(worktree, "README"), "changed\n");
    git(worktree, "mv", "src/main.txt", "src/a b.txt");
    writeFileSync(join(worktree, "new file"), "");
    writeFileSync(join(worktree, "src", "a b.txt"), "one\ntwo\nthree\n");
    const lines: string[] = [];
    const changed = await changesDuring(
      dirname(repo),
      () => {
        const status = gitStatus(worktree, env);
        expect(status).toMatchObject({ branch: "feat/one", upstream: "origin/main", ahead: 0 });
        lines.push(...status.changes);
      },
      { mtime: true },
    );
    expect(changed).toEqual([]);
    expect(lines.map((line) => line.slice(0, 4))).toEqual(["1 .M", "2 R.", "? ne"]);
    expect(lines[1]).toEndWith("\tsrc/main.txt");
  });

  test("no hook, file system monitor or outer repository has a say", () => {
    const { base, repo, worktree } = fixture();
    const trap = join(base, "trap");
    writeFileSync(trap, `#!/bin/sh\ntouch ${join(base, "sprung")}\n`);
    chmodSync(trap, 0o755);
    git(repo, "config", "core.fsmonitor", trap);
    git(repo, "config", "core.hooksPath", base);
    const misled = { ...env, GIT_DIR: join(base, "no"), GIT_INDEX_FILE: join(base, "no") };
    expect(gitStatus(worktree, misled).changes).toEqual([]);
    expect(verifyWorktree(worktree, misled)).toBeNull();
    expect(existsSync(join(base, "sprung"))).toBe(false);
  });

  test("hasUnpushedWork: commits that no remote-tracking branch has", () => {
    const pushed = fixture("https://github.com/o/r.git");
    expect(hasUnpushedWork(pushed.worktree, env)).toBe(false);
    git(pushed.worktree, "commit", "-q", "--allow-empty", "-m", "More");
    expect(hasUnpushedWork(pushed.worktree, env)).toBe(true);
    expect(hasUnpushedWork(fixture().worktree, env)).toBe(true);
    git(root, "init", "-q", "--template=", "unborn");
    expect(hasUnpushedWork(join(root, "unborn"), env)).toBe(false);
  });

  test("verifyWorktree says what is wrong with a moved, a pruned and a missing worktree", () => {
    const { base, repo, worktree } = fixture();
    expect(verifyWorktree(worktree, env)).toBeNull();
    const moved = join(base, "moved");
    renameSync(worktree, moved);
    expect(verifyWorktree(moved, env)).toContain("does not list it");
    expect(listWorktrees(repo, env).map(({ prunable }) => prunable !== undefined)).toEqual([
      false,
      true,
    ]);
    git(repo, "worktree", "prune", "--expire=now");
    expect(verifyWorktree(moved, env)).toContain("not a git repository");
    expect(verifyWorktree(join(base, "nowhere"), env)).toContain("nowhere");
    mkdirSync(join(repo, "plain"));
    expect(verifyWorktree(join(repo, "plain"), env)).toContain(`git finds ${repo} there instead`);
  });

  test("a missing git, and one that hangs, are told apart", () => {
    const { base, worktree } = fixture();
    expect(() => gitStatus(worktree, { ...env, PATH: base })).toThrow("not found in PATH");
    writeFileSync(join(base, "git"), "#!/bin/sh\n/bin/sleep 30 & /bin/sleep 30\n");
    chmodSync(join(base, "git"), 0o755);
    const started = performance.now();
    expect(() => gitStatus(worktree, { ...env, PATH: base }, 100)).toThrow("no answer in 100 ms");
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

describe("linkFilesForMove", () => {
  let submodules: ReturnType<typeof fixture>;
  beforeAll(() => {
    submodules = fixture();
    addSubmodule(submodules.repo, "libs/a b", join(submodules.base, "sources"));
    git(submodules.worktree, "merge", "-q", "main");
    git(submodules.worktree, "submodule", "update", "-q", "--init", "--recursive");
  });

  test("one file changes when links are absolute, and the worktree works after the move", () => {
    const { base, worktree, adminDir } = fixture();
    writeFileSync(join(worktree, "README"), "changed\n");
    const before = gitStatus(worktree, env);
    const to = join(base, "deep", "er", "x");
    const files = linkFilesForMove({ adminDir, from: worktree, to });
    expect(files).toEqual([
      { path: join(adminDir, "gitdir"), before: `${worktree}/.git\n`, after: `${to}/.git\n` },
    ]);
    mkdirSync(dirname(to), { recursive: true });
    renameSync(worktree, to);
    apply(files);
    expect(verifyWorktree(to, env)).toBeNull();
    expect(gitStatus(to, env)).toEqual(before);
    renameSync(to, worktree);
    apply(files, "undo");
    expect(verifyWorktree(worktree, env)).toBeNull();
  });

  test("relative links stay relative", () => {
    const { base, repo, worktree, adminDir } = fixture();
    makeRelative(worktree, adminDir);
    const to = join(base, "deep", "er", "x");
    const files = linkFilesForMove({ adminDir, from: worktree, to });
    expect(files.map(({ path, after }) => [path, after])).toEqual([
      [join(adminDir, "gitdir"), "../../../../deep/er/x/.git\n"],
      [join(to, ".git"), "gitdir: ../../../repo/.git/worktrees/int-1\n"],
    ]);
    mkdirSync(dirname(to), { recursive: true });
    renameSync(worktree, to);
    apply(files);
    // Only git from 2.48 on lists such worktrees rightly; every git finds its way from inside.
    expect(gitStatus(to, env).branch).toBe("feat/one");
    expect(readAdminEntries(join(repo, ".git"))[0]).toMatchObject({ path: to, exists: true });
  });

  test("repairs a worktree that was moved by hand, where it stands", () => {
    const { base, worktree, adminDir } = fixture();
    const moved = join(base, "moved");
    renameSync(worktree, moved);
    expect(verifyWorktree(moved, env)).not.toBeNull();
    const files = linkFilesForMove({ adminDir, from: moved, to: moved });
    apply(files);
    expect(verifyWorktree(moved, env)).toBeNull();
    expect(linkFilesForMove({ adminDir, from: moved, to: moved })).toEqual([]);
  });

  test("a worktree inside the moving one comes along", () => {
    const { base, repo, worktree, adminDir } = fixture();
    const inner = addWorktree(worktree, join(worktree, ".claude", "worktrees", "inner"), "inner");
    const to = join(base, "moved");
    const files = linkFilesForMove({ adminDir, from: worktree, to });
    expect(files.map(({ path }) => relative(repo, path))).toEqual([
      ".git/worktrees/int-1/gitdir",
      ".git/worktrees/inner/gitdir",
    ]);
    renameSync(worktree, to);
    apply(files);
    expect(verifyWorktree(join(to, relative(worktree, inner)), env)).toBeNull();
    expect(verifyWorktree(to, env)).toBeNull();
  });

  test("submodules, nested ones too, work at another depth and back again", () => {
    const { base, worktree, adminDir } = submodules;
    writeFileSync(join(worktree, "libs", "a b", "nested", "README"), "changed\n");
    const facts = [gitStatus(worktree, env), git(worktree, "submodule", "status", "--recursive")];
    expect(readWorktree(worktree)?.submodules).toEqual(["libs/a b", "libs/a b/nested"]);
    const to = join(base, "a", "b", "c", "moved # 1");
    const files = linkFilesForMove({ adminDir, from: worktree, to });
    expect(files).toHaveLength(5);
    mkdirSync(dirname(to), { recursive: true });
    renameSync(worktree, to);
    apply(files);
    expect([gitStatus(to, env), git(to, "submodule", "status", "--recursive")]).toEqual(facts);
    expect(git(join(to, "libs", "a b", "nested"), "rev-parse", "--show-toplevel")).toBe(
      join(to, "libs", "a b", "nested"),
    );
    const back = linkFilesForMove({ adminDir, from: to, to: worktree });
    expect(back.map(({ after }) => after)).toEqual(files.map(({ before }) => before));
    renameSync(to, worktree);
    apply(back);
    expect([gitStatus(worktree, env), git(worktree, "submodule", "status", "--recursive")]).toEqual(
      facts,
    );
  });

  test("submodules of a worktree that was moved by hand are repaired too", () => {
    const { base, worktree, adminDir } = submodules;
    const moved = join(base, "x", "hand");
    mkdirSync(dirname(moved), { recursive: true });
    renameSync(worktree, moved);
    expect(() => git(moved, "submodule", "status", "--recursive")).toThrow();
    apply(linkFilesForMove({ adminDir, from: moved, to: moved }));
    expect(git(moved, "submodule", "status", "--recursive")).toContain("libs/a b/nested");
    renameSync(moved, worktree);
    apply(linkFilesForMove({ adminDir, from: worktree, to: worktree }));
  });

  test("of many moves that are planned together, each repository is listed once", () => {
    const { base, repo, worktree, adminDir } = fixture();
    const listed: ListedRepositories = new Map();
    const move = { adminDir, from: worktree, to: join(base, "x") };
    expect(linkFilesForMove(move, listed)).toHaveLength(1);
    const inside = join(worktree, "inside");
    git(repo, "worktree", "add", "-q", "-b", "inside", inside);
    expect(linkFilesForMove(move, listed)).toHaveLength(1);
    expect(linkFilesForMove(move)).toHaveLength(2);
    expect([...listed.values()].map((entries) => entries.map(({ path }) => path))).toEqual([
      [worktree],
    ]);
  });

  test("an admin directory that is none is refused", () => {
    const { base, repo, worktree } = fixture();
    const call = () => linkFilesForMove({ adminDir: join(repo, ".git"), from: worktree, to: base });
    expect(call).toThrow("is not a worktree's admin directory");
  });
});
