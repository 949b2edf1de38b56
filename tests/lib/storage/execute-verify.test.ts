/** What execution looks at when it is done: the plan again, and the worktrees it has moved. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cpSync, existsSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { listMigrations } from "../../../lib/change/history.ts";
import type { Progress } from "../../../lib/change/options.ts";
import { applyPlan } from "../../../lib/change/transaction.ts";
import { assess } from "../../../lib/storage/assess.ts";
import { execute, jobOf, resumeStorage } from "../../../lib/storage/execute.ts";
import { makeDisk } from "../../disk/build.ts";
import { writeFiles } from "../../disk/repos.ts";
import type { Disk } from "../../disk/spec.ts";
import { optionsFor } from "./journey.ts";

const run = {
  toolVersion: "0.0.0",
  commands: (id: string) => ({ resume: "resume", rollback: `rollback ${id}` }),
};

const makeV1 = () => makeDisk({ projects: [{ name: "integrator", layout: "v1" }] });

let disk: Disk;
beforeAll(() => {
  disk = makeV1();
});
afterAll(() => disk.cleanup());

test("a job has its own id, the plan as text, and the worktrees that git accepts today", () => {
  const options = optionsFor(disk);
  // No worktree of git's: moved with the directory, and nothing is asked about it.
  writeFiles(disk.project("integrator").stateDir, { "worktrees/plain-1/README": "" });
  const before = assess(options);
  const job = jobOf(before, options);
  expect(job.id).toMatch(/^v3-20261121T100000Z/);
  expect(job.plan.script).toBe("migrate");
  expect(job.plan.title).toMatch(/: \d+ steps$/);
  expect(before.plan.target.worktrees.some(({ to }) => to.endsWith("plain-1"))).toBe(true);
  expect(job.summary).toStartWith(`# Migration ${job.id}\n`);
  // Every detail, for the eyes: nothing is shortened.
  for (const { details } of before.plan.steps) {
    for (const detail of details) expect(job.summary).toContain(detail.slice(0, 40));
  }
  const names = job.worktrees.map((path) => basename(path));
  expect(names.toSorted()).toEqual(
    disk
      .project("integrator")
      .sessions.map(({ worktree }) => basename(worktree ?? ""))
      .toSorted(),
  );
});

describe("after execution", () => {
  test("what a new plan would still do is told, and worktrees that git does not accept", async () => {
    const options = optionsFor(disk);
    const job = jobOf(assess(options), options);
    const { operations } = job.plan;
    const skipped = operations.findLastIndex(({ op }) => op === "create");
    const holders = new Set<string>();
    const lock = join(disk.baseDir, "migrations", ".lock");
    const onProgress = ({ phase }: Progress) => {
      if (phase === "apply") holders.add(JSON.parse(readFileSync(lock, "utf8")).command);
    };
    const done = await execute(
      {
        ...job,
        plan: { ...job.plan, operations: operations.filter((_, n) => n !== skipped) },
        worktrees: [...job.worktrees, join(disk.home, "none")],
      },
      { ...run, command: "migrate --yes", onProgress },
    );
    expect(holders).toEqual(new Set(["migrate --yes"]));
    expect(done).toMatchObject({ id: job.id, operations: operations.length - 1, warnings: [] });
    expect(done.dir).toBe(join(disk.baseDir, "migrations", job.id));
    expect(readFileSync(join(done.dir, "plan.md"), "utf8")).toBe(job.summary);
    const [left, broken, ...more] = done.leftovers;
    expect(left).toMatch(/^[A-Z].*: ./);
    expect(broken).toStartWith(`${join(disk.home, "none")}: `);
    expect(more).toEqual([]);
  });

  test("there is nothing to go on with, another script's least of all, and that is a refusal", async () => {
    const roots = [disk.baseDir];
    const path = join(disk.baseDir, "mended");
    const stopped = applyPlan({
      ...{ migrationDir: join(disk.baseDir, "migrations", "repair-1"), roots },
      ...{ commands: run.commands(""), toolVersion: "0.0.0" },
      plan: { script: "repair", title: "t", roots, operations: [{ op: "makeDir", path }] },
      onProgress: ({ phase, done }) => {
        if (phase === "apply" && done > 0)
          throw Object.assign(new Error("full"), { code: "ENOSPC" });
      },
    });
    await expect(stopped).rejects.toMatchObject({ outcome: "interrupted" });
    const resumed = resumeStorage(optionsFor(disk), { ...run, again: () => "again" });
    await expect(resumed).rejects.toMatchObject({ outcome: "refused" });
    expect(existsSync(join(disk.baseDir, "migrations"))).toBe(true);
  });
});

test("a migration that was written down and not begun, as a kill leaves it, is gone on with", async () => {
  using own = makeV1();
  const options = optionsFor(own);
  const job = jobOf(assess(options), options);
  const [dir, kept] = [join(own.baseDir, "migrations", job.id), join(own.root, "kept")];
  const onProgress = ({ phase }: Progress) => {
    if (phase !== "apply") return;
    cpSync(dir, kept, { recursive: true });
    throw Object.assign(new Error("full"), { code: "ENOSPC" });
  };
  await expect(execute(job, { ...run, onProgress })).rejects.toThrow();
  rmSync(join(kept, "journal.jsonl"), { force: true });
  cpSync(kept, dir, { recursive: true });
  const { migrations } = await listMigrations(join(own.baseDir, "migrations"));
  expect(migrations.map(({ id, state }) => [id, state])).toEqual([[job.id, "planned"]]);
  expect(await resumeStorage(options, { ...run, again: () => "again" })).toMatchObject({
    id: job.id,
    leftovers: [],
  });
});
