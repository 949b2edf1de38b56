/** Worktrees at no place of AO's come along with what they stand in, and git and agents find them. */

import { afterEach, describe, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { claudeSlugs } from "../../../lib/agents.ts";
import { undo } from "../../../lib/change/transaction.ts";
import { verifyWorktree } from "../../../lib/git.ts";
import { assess } from "../../../lib/storage/assess.ts";
import { execute, jobOf } from "../../../lib/storage/execute.ts";
import { follow, type Leader, previewFollowers } from "../../../lib/storage/followers.ts";
import { operationsOf } from "../../../lib/storage/plan.ts";
import { rootsOf } from "../../../lib/storage/roots.ts";
import { makeDisk } from "../../disk/build.ts";
import { writeClaudeHistory } from "../../disk/extras.ts";
import { addWorktree } from "../../disk/repos.ts";
import type { Disk } from "../../disk/spec.ts";
import { disks } from "../../disk.ts";
import { optionsFor } from "./journey.ts";

const run = {
  toolVersion: "0.0.0",
  commands: () => ({ resume: "resume", rollback: "rollback" }),
};

const made: Disk[] = [];
afterEach(() => {
  for (const disk of made.splice(0)) disk.cleanup();
});

function keep(disk: Disk | undefined): Disk {
  if (disk === undefined) throw new Error("no disk");
  made.push(disk);
  return disk;
}

/** Whether git lists each of them, and Claude would find its chats. */
function isWell({ env, claudeDir }: Disk, path: string): boolean {
  const [slug = ""] = claudeSlugs(path);
  return verifyWorktree(path, env) === null && existsSync(join(claudeDir, "projects", slug));
}

describe("worktrees that AO did not make", () => {
  test("are linked and have their chats where they are taken, one by one", async () => {
    const disk = keep(disks.worktreesAside?.());
    const options = optionsFor(disk);
    const found = assess(options);
    const { companions } = found.plan;
    const base = `${disk.baseDir}/projects`;
    const [own, other] = [disk.project("integrator").id, disk.project("backend").id];
    expect(companions.map(({ to }) => to.slice(base.length + 1)).sort()).toEqual(
      [
        `${own}/scratch/tree`,
        `${own}/worktrees/int-1/.claude/worktrees/inner`,
        `${own}/worktrees/int-1/vendor/other`,
        `${other}/tree`,
        `${other}/worktrees/bac-1/vendor/own`,
      ].sort(),
    );
    for (const { from } of companions) expect(isWell(disk, from)).toBe(true);
    const { leftovers } = await execute(jobOf(found, options), run);
    expect(leftovers).toEqual([]);
    for (const { to } of companions) expect([to, isWell(disk, to)]).toEqual([to, true]);
    const links = operationsOf(found.plan).flatMap((operation) =>
      operation.op === "relinkWorktree" ? operation.files.map(({ path }) => path) : [],
    );
    expect(new Set(links).size).toBe(links.length);
  });

  test("are told when git does not accept them afterwards", () => {
    const disk = keep(disks.worktreesAside?.());
    const options = optionsFor(disk);
    const found = assess(options);
    const { worktrees } = jobOf(found, options);
    for (const { to } of found.plan.companions) expect(worktrees).toContain(to);
  });

  test("follow a rollback that takes them along, if they came after the migration", async () => {
    const disk = keep(
      makeDisk({ projects: [{ name: "integrator", layout: "v1" }, { name: "backend" }] }),
    );
    const options = optionsFor(disk);
    const found = assess(options);
    const since = new Date();
    const { dir } = await execute(jobOf(found, options), run);
    const [to = ""] = found.plan.target.worktrees.map((move) => move.to);
    const { worktree = "" } = disk.project("integrator").sessions[0] ?? {};
    const inner = addWorktree(disk.project("integrator").repo, join(to, ".claude/inner"), "inner");
    const other = addWorktree(disk.project("backend").repo, join(to, "vendor/other"), "other");
    for (const path of [inner, other]) writeClaudeHistory(disk.claudeDir, path, "now");
    const { places } = found.plan.inventory;
    const operations = operationsOf(found.plan);
    const leader: Leader = { operations, since, places, env: disk.env };
    const backs = [join(worktree, ".claude/inner"), join(worktree, "vendor/other")];
    expect(previewFollowers(leader).sort()).toEqual(
      [inner, other].map((path, at) => {
        return `link ${path} at ${backs[at]}, with its session and chats: it came later`;
      }),
    );
    const engine = {
      migrationDir: dir,
      roots: rootsOf(found.plan.inventory),
      commands: { resume: "resume", rollback: "rollback" },
    };
    const rollback = { ...leader, engine, toolVersion: "0.0.0", mend: "MEND" };
    const result = await undo({ ...engine, afterwards: (kept) => follow({ ...rollback, kept }) });
    expect([result.kept, result.warnings]).toEqual([[], []]);
    for (const path of backs) expect([path, isWell(disk, path)]).toEqual([path, true]);
    expect(readdirSync(join(disk.claudeDir, "projects"))).toHaveLength(2);
  });
});
