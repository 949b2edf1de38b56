/** Test files as the jury of mutants: which places they reach, how long they take, what they say. */

import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { type Copy, preloadFile } from "./copies.ts";
import type { Task } from "./switches.ts";

/** One test file. */
export interface Unit {
  file: string;
  milliseconds: number;
  /** How often each mutant's place was reached, by its number. */
  hits: Record<string, number>;
}

/** How a test file ended. */
export interface Verdict {
  passed: boolean;
  milliseconds: number;
  /** Name of the first test that failed, or what else happened. */
  reason?: string;
}

/**
 * Tests of the two folders, and a few of what stands on them. Others reach much code too, but take
 * half a minute each: leaving them out can only make the share that is noticed look smaller.
 */
const globs = [
  "tests/lib/{change,storage}/**/*.test.ts",
  "tests/lib/tasks/execute.test.ts",
  "tests/lib/planning/{execute,publish,recover}.test.ts",
  "tests/schemas/schemas.test.ts",
  "tests/scripts/migrate.test.ts",
  "tests/scripts/migrate/{ao,dead-exports,decide,execute,page,rehearse,stale}*.test.ts",
];

/** A share of the generated disks: the whole number takes minutes, for each mutant that survives. */
const environment = { AO_TEST_RUNS: "40", AO_TEST_SEED: "20261121" };

/** Machines are slower at times; a mutant that never ends waits for this. */
const limitOf = (milliseconds: number) => 15_000 + 6 * milliseconds;

/** Paths of all test files, in order. */
export function unitFiles(root: string): string[] {
  const found = globs.flatMap((glob) => [...new Bun.Glob(glob).scanSync(root)]);
  return [...new Set(found)].sort();
}

/** Runs one test file of a copy; its whole process group ends with it. */
export async function runUnit(
  copy: Copy,
  file: string,
  { task, limit }: { task: Task; limit: number },
): Promise<Verdict> {
  copy.give(task);
  const started = performance.now();
  const flags = ["--bail", "--timeout=60000", `--preload=./${preloadFile}`];
  const child = Bun.spawn([process.execPath, "test", ...flags, `./${file}`], {
    cwd: copy.dir,
    env: { ...process.env, ...environment, TMPDIR: copy.temp, AO_TEST_DIR: copy.temp },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
    detached: true,
  });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    endGroup(child.pid);
  }, limit);
  const said = await Promise.race([child.stderr.text(), Bun.sleep(limit + 2_000).then(() => "")]);
  const code = await child.exited;
  clearTimeout(timer);
  endGroup(child.pid);
  for (const name of readdirSync(copy.temp)) {
    rmSync(join(copy.temp, name), { recursive: true, force: true });
  }
  const milliseconds = performance.now() - started;
  if (late) return { passed: false, milliseconds, reason: "out of time" };
  if (code === 0) return { passed: true, milliseconds };
  const name = /^\(fail\) (.*?)(?: \[[\d.]+ms\])?$/m.exec(said)?.[1];
  return { passed: false, milliseconds, reason: name ?? `ended with ${code}` };
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, constants.signals.SIGKILL);
  } catch {
    // Nobody is left of it.
  }
}

/** Runs a test file without any mutant; tells what it reaches, or why it cannot judge. */
export async function measureUnit(copy: Copy, file: string): Promise<Unit | { failed: string }> {
  const coverage = join(copy.dir, "coverage");
  mkdirSync(coverage);
  try {
    const counted = await runUnit(copy, file, { task: { coverage }, limit: 300_000 });
    if (!counted.passed) return { failed: `${file}: ${counted.reason}` };
    const hits: Record<string, number> = {};
    for (const name of readdirSync(coverage)) {
      const part: Record<string, number> = JSON.parse(readFileSync(join(coverage, name), "utf8"));
      for (const [id, count] of Object.entries(part)) hits[id] = (hits[id] ?? 0) + count;
    }
    return { file, milliseconds: counted.milliseconds, hits };
  } finally {
    rmSync(coverage, { recursive: true });
  }
}

/** The first unit that notices the mutant: those that reach it, the quickest first. */
export async function judge(
  copy: Copy,
  mutant: string,
  units: readonly Unit[],
): Promise<{ by: string; reason: string } | "survived" | "not reached"> {
  const reaching = units
    .filter(({ hits }) => hits[mutant] !== undefined)
    .sort((a, b) => a.milliseconds - b.milliseconds);
  for (const { file, milliseconds, hits } of reaching) {
    const task = { mutant, hitLimit: 1_000 + 100 * (hits[mutant] ?? 0) };
    const verdict = await runUnit(copy, file, { task, limit: limitOf(milliseconds) });
    if (!verdict.passed) return { by: file, reason: verdict.reason ?? "" };
  }
  return reaching.length === 0 ? "not reached" : "survived";
}
