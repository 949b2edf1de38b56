import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { realDisk } from "../../../lib/change/disk.ts";
import { releaseRunLock, takeRunLock } from "../../../lib/change/lock.ts";
import { applyPlan } from "../../../lib/change/transaction.ts";
import type { ToolkitError } from "../../../lib/errors.ts";
import { parseArchiveName, resolvePlaces } from "../../../lib/paths.ts";
import { findSession } from "../../../lib/sessions/find.ts";
import { kill, planKill } from "../../../lib/sessions/kill.ts";
import { hasSession, killSession, newSession } from "../../../lib/tmux.ts";
import { makeDisk } from "../../disk/build.ts";
import { git } from "../../disk/repos.ts";
import type { BuiltSession, Disk, Layout } from "../../disk/spec.ts";
import { dyingDisk } from "../planning/dying-disk.ts";
import { changeOptions } from "./site.ts";

const now = new Date("2026-02-17T10:30:00.250Z");

function siteOf(disk: Disk) {
  return { baseDir: disk.baseDir, worktreeRoot: disk.worktreeRoot, env: disk.env };
}

function find(disk: Disk, id: string) {
  const places = resolvePlaces({ home: disk.home, env: disk.env });
  return findSession(id, { places, cwd: disk.home, env: disk.env });
}

function end(disk: Disk, id: string, discard = false) {
  const plan = planKill(find(disk, id), siteOf(disk));
  return kill({ ...plan, discard, now }, siteOf(disk), changeOptions({ ...disk }));
}

/** A disk with one live session, and that session. */
function withOne(layout: Layout = "v2") {
  const disk = makeDisk({ projects: [{ name: "integrator", layout, sessions: 1, live: true }] });
  const [session] = disk.project("integrator").sessions;
  if (session?.worktree === undefined) throw new Error("no worktree");
  return { disk, session: session as BuiltSession & { worktree: string } };
}

describe("a session is ended and archived byte for byte", () => {
  for (const layout of ["v1", "v1-bare-hash", "v1-bare", "v2", "v3"] as const) {
    test(layout, async () => {
      const { disk, session } = withOne(layout);
      using _ = disk;
      const { stateDir, repo } = disk.project("integrator");
      const before = readFileSync(session.file, "utf8");
      const result = await end(disk, session.id);
      const json = layout.startsWith("v1") && layout !== "v1-bare" ? "" : ".json";
      const archived = join(stateDir, `sessions/archive/int-1_2026-02-17T10-30-00-250Z${json}`);
      expect(result).toEqual({
        ended: [session.tmuxName ?? ""],
        archived,
        worktree: { path: session.worktree, removed: true },
      });
      expect(readFileSync(archived, "utf8")).toBe(before);
      expect(parseArchiveName(archived.split("/").at(-1) ?? "")).toMatchObject({
        sessionId: "int-1",
      });
      expect(existsSync(session.file)).toBe(false);
      expect(hasSession(session.tmuxName ?? "", disk.env)).toBe(false);
      expect(git(repo, "worktree", "list", "--porcelain").match(/^worktree /gm)).toHaveLength(1);
      expect(git(repo, "branch", "--list", session.branch)).toContain(session.branch);
      expect(readdirSync(join(disk.baseDir, "migrations"))).toEqual([".lock"]);
    });
  }
});

describe("nothing is ended and no worktree removed", () => {
  async function refusal(disk: Disk, session: BuiltSession & { worktree: string }) {
    const error = await end(disk, session.id).catch((thrown) => thrown);
    expect(hasSession(session.tmuxName ?? "", disk.env)).toBe(true);
    expect(existsSync(join(session.worktree, "README"))).toBe(true);
    return error as ToolkitError;
  }

  test("while a migration is at work", async () => {
    const { disk, session } = withOne();
    using _ = disk;
    const dir = join(disk.baseDir, "migrations");
    mkdirSync(dir);
    const migration = "v3-20260217T103000Z-abcdef";
    const holder = { pid: process.pid, command: "migrate", startedAt: now.toISOString() };
    const lock = await takeRunLock(realDisk, join(dir, ".lock"), { ...holder, migration });
    const { outcome, message } = await refusal(disk, session);
    expect([outcome, message]).toEqual(["refused", expect.stringContaining("Cannot lock")]);
    releaseRunLock(lock);
    expect(await end(disk, session.id)).toMatchObject({ worktree: { removed: true } });
  });

  test("while one has stopped half-way", async () => {
    const { disk, session } = withOne();
    using _ = disk;
    const dying = dyingDisk(realDisk, (_, values) => values.includes(join(disk.baseDir, "new")));
    const path = join(disk.baseDir, "new");
    await applyPlan({
      migrationDir: join(disk.baseDir, "migrations/v3-20260217T103000Z-abcdef"),
      ...{ roots: [disk.baseDir], commands: { resume: "", rollback: "" }, disk: dying.disk },
      ...{ toolVersion: "0", now: () => now },
      plan: {
        ...{ script: "migrate", title: "t", roots: [disk.baseDir] },
        operations: [{ op: "create", path, content: "x" }],
      },
    }).catch(() => null);
    dying.bury();
    const { outcome, message } = await refusal(disk, session);
    expect([outcome, message]).toEqual(["refused", expect.stringContaining("stopped half-way")]);
  });
});

describe("a program that does not end at once", () => {
  /** The session with another program in the place of its own. */
  function running(program: (home: string) => string) {
    const { disk, session } = withOne();
    const line = program(disk.home);
    const name = session.tmuxName ?? "";
    killSession(name, disk.env);
    newSession({ name, cwd: session.worktree, command: ["/bin/sh", "-c", line] }, disk.env);
    return { disk, session };
  }

  test("what it writes when its terminal goes is seen, and keeps the worktree", async () => {
    const last = "trap 'sleep 0.3; echo work > late.txt; exit' HUP";
    const { disk, session } = running(() => `${last}; touch ready; while :; do sleep 0.05; done`);
    using _ = disk;
    while (!existsSync(join(session.worktree, "ready"))) await Bun.sleep(10);
    rmSync(join(session.worktree, "ready"));
    const { worktree } = await end(disk, session.id);
    expect(worktree).toMatchObject({ removed: false, reason: "it has 1 uncommitted change" });
    expect(readFileSync(join(session.worktree, "late.txt"), "utf8")).toBe("work\n");
  });

  test("one that ignores it is killed", async () => {
    const beat = (home: string) => `while :; do echo . >> ${home}/beats; sleep 0.05; done`;
    const { disk, session } = running((home) => `trap '' HUP TERM INT; ${beat(home)}`);
    using _ = disk;
    while (!existsSync(join(disk.home, "beats"))) await Bun.sleep(10);
    expect(await end(disk, session.id)).toMatchObject({ worktree: { removed: true } });
    const beats = () => readFileSync(join(disk.home, "beats"), "utf8").length;
    const before = beats();
    await Bun.sleep(200);
    expect(beats()).toBe(before);
  });
});

describe("a worktree stays with what exists nowhere else", () => {
  const cases: [string, (worktree: string, repo: string) => void, string][] = [
    [
      "a file git does not know",
      (at) => writeFileSync(join(at, "new.txt"), "x"),
      "1 uncommitted change",
    ],
    ["a changed file", (at) => writeFileSync(join(at, "README"), "x"), "1 uncommitted change"],
    [
      "a commit that no remote has",
      (at) => git(at, "commit", "-q", "--allow-empty", "-m", "More"),
      "commits that no remote has",
    ],
    [
      "a commit on no branch",
      (at) => {
        git(at, "checkout", "-q", "--detach");
        git(at, "commit", "-q", "--allow-empty", "-m", "More");
      },
      "commits that no remote has",
    ],
    [
      "a repository without a remote",
      (at) => git(at, "update-ref", "-d", "refs/remotes/origin/main"),
      "commits that no remote has",
    ],
    ["a lock", (at) => git(at, "worktree", "lock", at), "it is locked"],
    [
      "a merge under way",
      (at, repo) => {
        const head = git(at, "rev-parse", "HEAD");
        writeFileSync(join(repo, ".git/worktrees/int-1/MERGE_HEAD"), `${head}\n`);
      },
      "a merge or rebase is under way",
    ],
  ];
  for (const [what, change, reason] of cases) {
    test(what, async () => {
      const { disk, session } = withOne();
      using _ = disk;
      change(session.worktree, disk.project("integrator").repo);
      const result = await end(disk, session.id);
      expect(result.worktree).toEqual({
        ...{ path: session.worktree, removed: false, reason: expect.stringContaining(reason) },
      });
      expect(existsSync(join(session.worktree, "src/main.txt"))).toBe(true);
      expect(existsSync(result.archived)).toBe(true);
    });
  }

  test("unless it is to be thrown away", async () => {
    const { disk, session } = withOne();
    using _ = disk;
    writeFileSync(join(session.worktree, "new.txt"), "x");
    expect(await end(disk, session.id, true)).toMatchObject({ worktree: { removed: true } });
    expect(existsSync(session.worktree)).toBe(false);
  });
});

describe("a place that is not surely the session's own stays, even when it is to be thrown away", () => {
  const rewrite = (session: BuiltSession, worktree: string) => {
    const text = readFileSync(session.file, "utf8").replaceAll(session.workspace, worktree);
    writeFileSync(session.file, text);
  };
  const cases: [string, (disk: Disk, session: BuiltSession) => string, string][] = [
    [
      "the project's checkout",
      (disk) => disk.project("integrator").path,
      "no worktree that git knows",
    ],
    ["the home", (disk) => disk.home, "no worktree that git knows"],
    [
      "a worktree somewhere else",
      (disk) => {
        const path = join(disk.home, "mine/int-1");
        git(disk.project("integrator").repo, "worktree", "add", "-q", "-b", "mine", path);
        return path;
      },
      "not where this session's worktree belongs",
    ],
    [
      "another session's worktree",
      (disk) => join(disk.project("integrator").stateDir, "worktrees/int-2"),
      "not where this session's worktree belongs",
    ],
  ];
  for (const [what, choose, reason] of cases) {
    test(what, async () => {
      using disk = makeDisk({ projects: [{ name: "integrator", sessions: 2 }] });
      const [session] = disk.project("integrator").sessions;
      if (session === undefined) throw new Error("no session");
      const place = choose(disk, session);
      rewrite(session, place);
      const result = await end(disk, "int-1", true);
      expect(result.worktree).toMatchObject({ path: place, removed: false });
      expect(result.worktree?.reason).toContain(reason);
      expect(existsSync(place)).toBe(true);
    });
  }

  test("a worktree that two checkouts' sessions share", async () => {
    using disk = makeDisk({
      projects: [
        { name: "integrator", layout: "v1", sessions: 1 },
        {
          name: "integrator",
          layout: "v1",
          config: "code/second",
          path: "repos/integrator",
          worktrees: "none",
        },
      ],
    });
    const [first, second] = disk.projects.map(({ sessions }) => sessions[0]);
    if (first?.worktree === undefined || second === undefined) throw new Error("no sessions");
    rewrite(second, first.worktree);
    const word = `${disk.projects[0]?.dirName}/int-1`;
    const result = await end(disk, word, true);
    expect(result.worktree?.reason).toContain("works there too");
    expect(existsSync(first.worktree)).toBe(true);
  });
});

test("a session whose worktree is gone is archived all the same", async () => {
  const { disk, session } = withOne();
  using _ = disk;
  rmSync(session.worktree, { recursive: true });
  expect(await end(disk, session.id)).toMatchObject({ worktree: null });
});

test("a session with empty metadata, as a crash of AO leaves it, is archived", async () => {
  const { disk, session } = withOne("v1");
  using _ = disk;
  writeFileSync(session.file, "");
  const result = await end(disk, session.id);
  expect(result).toMatchObject({ ended: [], worktree: null });
  expect(readFileSync(result.archived, "utf8")).toBe("");
});

test("a session of Windows is not touched", () => {
  const { disk, session } = withOne("v1");
  using _ = disk;
  writeFileSync(session.file, "status=working\npipePath=\\\\.\\pipe\\ao-pty-int-1\n");
  expect(() => planKill(find(disk, session.id), siteOf(disk))).toThrow("runs behind \\\\.\\pipe");
});

test("a hostile tmux name in metadata reaches no shell and no other session", async () => {
  const { disk, session } = withOne("v1");
  using _ = disk;
  for (const name of ["*", "=", "$(touch x)", "a;b", "-t", "", session.tmuxName?.slice(0, -1)]) {
    writeFileSync(session.file, `status=working\ntmuxName=${name}\n`);
    expect(planKill(find(disk, session.id), siteOf(disk)).running).toEqual([]);
  }
  expect(hasSession(session.tmuxName ?? "", disk.env)).toBe(true);
});
