/** Storage: what the dry run, execution and rollback cost beside du and cp on the same disk. */

import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { bigDisk } from "../disk/big.ts";
import type { Disk } from "../disk/spec.ts";
import { root } from "../process.ts";
import type { Section } from "./bench.ts";
import { compare, type Figure, figure, megabytes, type Program, run } from "./measure.ts";

const bun = [process.execPath, "--no-env-file", "--no-install", "--config=/dev/null"];

function scriptOn(disk: Disk, name: string, ...args: string[]): Program {
  const cmd = [...bun, join(root, "scripts", `${name}.ts`), ...args, "--home", disk.home];
  return { cmd, env: disk.env };
}

const section: Section = {
  title:
    "Storage (100 projects, 20,000 sessions and archives, 2,000 observability dirs, 60 worktrees)",
  async measure({ quick }) {
    const small = { projects: 10, sessionsPerProject: 20, observability: 50, worktrees: 6 };
    const runs = quick ? 2 : 7;
    using disk = bigDisk(quick ? { ...small, filesPerWorktree: 20 } : {});
    return [...(await dryRun(disk, runs)), ...(await execution(disk, quick ? 1 : 3))];
  },
};
export default section;

async function dryRun(disk: Disk, runs: number): Promise<Figure[]> {
  const du = { cmd: ["du", "-s", disk.baseDir, disk.worktreeRoot] };
  const { a, ratios } = await compare(scriptOn(disk, "migrate"), du, runs);
  return [
    figure("dry run / du -s", ratios, 1, "×", { fullSize: true }),
    figure("dry run, peak memory", megabytes(a), 200, "MB"),
  ];
}

/** Execution beside `cp -a` of the state without worktrees, and rollback beside execution. */
async function execution(disk: Disk, runs: number): Promise<Figure[]> {
  const copy = join(disk.root, "copy");
  const execute: number[] = [];
  const rollback: number[] = [];
  const memory: number[] = [];
  for (let n = 0; n < runs; n++) {
    const cp = await copied(disk, copy);
    const done = await run(scriptOn(disk, "migrate", "--execute", "--yes", "--quiet"));
    const undone = await run(scriptOn(disk, "rollback", "--yes", "--quiet"));
    execute.push(done.milliseconds / cp);
    rollback.push(undone.milliseconds / done.milliseconds);
    memory.push(Math.max(...megabytes([done, undone])));
    rmSync(join(disk.baseDir, "migrations"), { recursive: true });
  }
  return [
    figure("execute / cp -a", execute, 3, "×"),
    figure("rollback / execute", rollback, 1, "×"),
    figure("execute and rollback, peak memory", memory, 300, "MB"),
  ];
}

/** Milliseconds of `cp -a` of the base dir; worktrees are set aside for the time of the copy. */
async function copied(disk: Disk, copy: string): Promise<number> {
  const bare = join(disk.root, "bare");
  mkdirSync(copy, { recursive: true });
  if (!(await Bun.file(join(bare, ".ready")).exists())) {
    const leaf = /\/worktrees\/[^/]+\//;
    cpSync(disk.baseDir, bare, { recursive: true, filter: (path) => !leaf.test(path) });
    await Bun.write(join(bare, ".ready"), "");
  }
  const { milliseconds } = await run({ cmd: ["cp", "-a", bare, copy] });
  rmSync(copy, { recursive: true });
  return milliseconds;
}
