import { afterEach, describe, expect, test } from "bun:test";
import { renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type FixableCheck, isFixable } from "../../../lib/doctor/check.ts";
import { allChecks } from "../../../lib/doctor/checks.ts";
import { mend, refuseLive, remedyOf } from "../../../lib/doctor/mend.ts";
import { runCheck } from "../../../lib/doctor/run.ts";
import { findCheck, findFix } from "../../../lib/doctor/select.ts";
import { verifyWorktree } from "../../../lib/git.ts";
import { compareTrees, type Tree, treeOf } from "../../../lib/tree.ts";
import { makeDisk } from "../../disk/build.ts";
import { git, writeFiles } from "../../disk/repos.ts";
import type { Disk } from "../../disk/spec.ts";
import { disks } from "../../disk.ts";
import { factsOf, reportOf, type Scene } from "./facts.ts";
import { mendOptions, pairs, rollBack } from "./scenes.ts";

const made: Disk[] = [];

afterEach(() => {
  for (const disk of made.splice(0)) disk.cleanup();
});

function keep<Built extends Scene>(scene: Built): Built {
  made.push(scene.disk);
  return scene;
}

/** Everything in the home but the records of migrations. */
function bytesOf(disk: Disk): Tree {
  const migrations = join(disk.baseDir, "migrations");
  return treeOf(disk.home, (path) => path === migrations);
}

async function apply(check: FixableCheck, scene: Scene) {
  const facts = factsOf(scene);
  return await mend(await remedyOf(check, facts), facts, mendOptions, () => factsOf(scene));
}

const fixable = allChecks.filter(isFixable);

describe("each fix", () => {
  for (const check of fixable) {
    test(`${check.fix.name} mends what ${check.id} finds, and comes back byte for byte`, async () => {
      const scene = keep(await (pairs[check.id]?.broken ?? (() => ({ disk: makeDisk() })))());
      const before = bytesOf(scene.disk);
      const { id, after, warnings } = await apply(check, scene);
      expect({ status: after.status, left: after.findings, warnings }).toEqual({
        ...{ status: "pass", left: [], warnings: [] },
      });
      expect(compareTrees(before, bytesOf(scene.disk))).not.toEqual([]);
      expect(await rollBack(scene.disk, id)).toMatchObject({ state: "rolled-back", kept: [] });
      expect(compareTrees(before, bytesOf(scene.disk))).toEqual([]);
      expect((await runCheck(check, factsOf(scene))).status).not.toBe("pass");
    });
  }
});

describe("on every named disk", () => {
  for (const [name, build] of Object.entries(disks)) {
    test(`${name}: whatever a fixable check finds, its fix mends all of it`, async () => {
      const facts = factsOf(keep({ disk: build() }));
      for (const check of fixable) {
        const outcome = await check.run(facts);
        if ("skip" in outcome) continue;
        const { findings, mend: operations = [] } = outcome;
        const { id } = check;
        expect({ id, found: findings.length > 0 }).toEqual({ id, found: operations.length > 0 });
        if (findings.length === 0) continue;
        const { after } = await apply(check, keep({ disk: build() }));
        expect({ id, left: after.findings, status: after.status }).toEqual({
          ...{ id, left: [], status: "pass" },
        });
      }
    });
  }
});

describe("work that is nowhere else", () => {
  const entries = findFix("worktree-entries");

  /** A disk whose first worktree was removed by hand after `change`. */
  function removed(change: (worktree: string, repo: string) => void): Scene {
    const disk = makeDisk({ projects: [{ name: "integrator" }] });
    const { sessions, repo } = disk.project("integrator");
    const worktree = sessions[0]?.worktree ?? "";
    change(worktree, repo);
    rmSync(worktree, { recursive: true });
    return keep({ disk });
  }

  test.each([
    [
      "staged work",
      (worktree: string) => {
        writeFiles(worktree, { "new.txt": "staged\n" });
        git(worktree, "add", "new.txt");
      },
    ],
    [
      "a detached HEAD",
      (worktree: string) => {
        git(worktree, "checkout", "-q", "--detach");
        git(worktree, "commit", "-q", "--allow-empty", "-m", "Only here");
      },
    ],
    ["a lock", (worktree: string) => void git(worktree, "worktree", "lock", worktree)],
    [
      "an unfinished merge",
      (worktree: string, repo: string) => {
        writeFiles(join(repo, ".git", "worktrees", "int-1"), { MERGE_HEAD: "0\n" });
        expect(worktree).not.toBe("");
      },
    ],
  ])("an entry with %s is never taken", async (_, change) => {
    const scene = removed(change);
    expect(await reportOf(entries, scene)).toMatchObject({ findings: [], mend: [] });
  });

  test("an entry is never taken whose worktree cannot be looked at", async () => {
    const scene = removed(() => {});
    const [session] = scene.disk.project("integrator").sessions;
    const worktree = session?.worktree ?? "";
    expect((await reportOf(entries, scene)).mend).toHaveLength(1);
    // A loop, since permissions do not keep root out.
    symlinkSync(worktree, worktree);
    expect(await reportOf(entries, scene)).toMatchObject({ findings: [], mend: [] });
    const [kept] = (await runCheck(findCheck("AO-WT-004"), factsOf(scene))).findings;
    expect(kept?.message).toContain(`${worktree} cannot be looked at`);
    expect((await runCheck(findCheck("AO-WT-005"), factsOf(scene))).findings).toEqual([]);
  });

  test("stays in its worktree through every fix there is, one after the other", async () => {
    const scene = keep({ disk: disks.dirtyWorktree?.() ?? makeDisk() });
    const { sessions, repo } = scene.disk.project("integrator");
    const [session] = sessions;
    const status = (path: string) =>
      git(path, "--no-optional-locks", "status", "--porcelain", "--ignored", "--branch");
    const before = status(session?.worktree ?? "");
    const fields = { worktree: session?.worktree, branch: session?.branch, status: "terminated" };
    writeFileSync(session?.file ?? "", `${JSON.stringify(fields)}\n`);
    for (const check of fixable) {
      const { operations } = await remedyOf(check, factsOf(scene));
      if (operations.length > 0) await apply(check, scene);
    }
    const listed = git(repo, "worktree", "list", "--porcelain");
    const path = /worktree (\S+\/int-1)\n/.exec(listed)?.[1] ?? "";
    expect(path).not.toBe("");
    expect(path).not.toBe(session?.worktree);
    expect(status(path)).toBe(before);
    expect(git(repo, "stash", "list")).toContain("stash@{0}");
  });

  test("a copy of a worktree never gets the link of the original", async () => {
    const scene = keep({ disk: makeDisk({ projects: [{ name: "integrator" }] }) });
    const { sessions, stateDir } = scene.disk.project("integrator");
    const worktree = sessions[0]?.worktree ?? "";
    Bun.spawnSync(["cp", "-r", worktree, join(stateDir, "worktrees", "int-2")]);
    expect(await reportOf(findFix("worktree-links"), scene)).toMatchObject({ findings: [] });
    expect(verifyWorktree(worktree, scene.disk.env)).toBeNull();
  });

  test("nor does it while nobody can look at the original", async () => {
    const scene = keep({ disk: makeDisk({ projects: [{ name: "integrator" }] }) });
    const { sessions, stateDir } = scene.disk.project("integrator");
    const worktree = sessions[0]?.worktree ?? "";
    Bun.spawnSync(["cp", "-r", worktree, join(stateDir, "worktrees", "int-2")]);
    renameSync(worktree, join(scene.disk.root, "out-of-sight"));
    symlinkSync(worktree, worktree);
    expect(await reportOf(findFix("worktree-links"), scene)).toMatchObject({ mend: [] });
    const [lost] = (await runCheck(findCheck("AO-WT-002"), factsOf(scene))).findings;
    expect(lost?.message).toContain(`${worktree}, which cannot be looked at`);
  });

  test("git accepts a worktree whose link was mended, with its uncommitted work", async () => {
    const scene = keep({ disk: disks.movedWorktreeStaleLink?.() ?? makeDisk() });
    const { sessions } = scene.disk.project("integrator");
    const worktree = sessions[0]?.worktree ?? "";
    writeFiles(worktree, { "unsaved.txt": "mine\n" });
    expect(verifyWorktree(worktree, scene.disk.env)).not.toBeNull();
    await apply(findFix("worktree-links"), scene);
    expect(verifyWorktree(worktree, scene.disk.env)).toBeNull();
    expect(git(worktree, "--no-optional-locks", "status", "--porcelain")).toBe("?? unsaved.txt");
  });

  test.each([
    ["gone", (dotGit: string) => rmSync(dotGit)],
    ["damaged", (dotGit: string) => writeFileSync(dotGit, "gitdir: \0\n")],
    [
      "of a repository that was moved",
      (dotGit: string) => writeFileSync(dotGit, "gitdir: /old/x\n"),
    ],
  ])("a worktree whose .git file is %s gets it back, and its entry is kept", async (_, harm) => {
    const scene = keep({ disk: makeDisk({ projects: [{ name: "integrator" }] }) });
    const worktree = scene.disk.project("integrator").sessions[0]?.worktree ?? "";
    writeFiles(worktree, { "unsaved.txt": "mine\n" });
    harm(join(worktree, ".git"));
    const before = bytesOf(scene.disk);
    expect(await reportOf(findFix("worktree-entries"), scene)).toMatchObject({ findings: [] });
    const { id, after } = await apply(findFix("worktree-links"), scene);
    expect(after.status).toBe("pass");
    expect(verifyWorktree(worktree, scene.disk.env)).toBeNull();
    expect(git(worktree, "--no-optional-locks", "status", "--porcelain")).toBe("?? unsaved.txt");
    await rollBack(scene.disk, id);
    expect(compareTrees(before, bytesOf(scene.disk))).toEqual([]);
  });

  test("a lock that a living AO holds stays, and so does one of an interrupted migration", async () => {
    const scene = keep({ disk: disks.liveOrchestrator?.() ?? makeDisk() });
    const { running } = factsOf(scene).inventory;
    writeFiles(scene.disk.baseDir, {
      "running.lock": `${running?.pid}\n`,
      "startup.lock": '{"tool":"ao-toolkit","migration":"v3-x"}\n',
    });
    for (const name of ["running.lock", "startup.lock"]) {
      Bun.spawnSync(["touch", "-d", "2026-01-01", join(scene.disk.baseDir, name)]);
    }
    expect(await reportOf(findFix("locks"), scene)).toMatchObject({ findings: [], mend: [] });
  });
});

describe("while AO is live", () => {
  test("a fix that moves state is refused, one that does not is not", async () => {
    const scene = keep({ disk: disks.liveOrchestrator?.() ?? makeDisk() });
    const facts = factsOf(scene);
    const identity = await remedyOf(findFix("identity"), facts);
    expect(() => refuseLive(identity, "--force")).toThrow(/AO is live/);
    const links = await remedyOf(findFix("worktree-links"), facts);
    expect(() => refuseLive(links, "--force")).not.toThrow();
  });
});
