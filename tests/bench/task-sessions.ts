/** Task sessions: the time a session takes must not grow with how many there are. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../process.ts";
import type { Section } from "./bench.ts";
import { type Figure, figure, median, type Program, run } from "./measure.ts";

const few = 1_000;
const many = 10_000;
const growth = 1.2;

/** A session of about 1 KB with six operations; every tenth has more than ASCII in it. */
function sessionText(index: number): string {
  const word = index % 10 === 0 ? "Größe" : "module";
  const operations = Array.from({ length: 6 }, (_, n) => [
    `- timestamp: '2025-12-16T11:${String(59 - n).padStart(2, "0")}:00'`,
    "  operation: UPDATE",
    "  target_type: file",
    `  target_id: part-${n}.ts`,
    `  path: app/lib/part-${n}.ts`,
    `  summary: Changed the ${word} of part ${n}`,
  ]).flat();
  const head = [`task_id: task_${index}`, "status: completed  # done", "operations:"];
  return `${[...head, ...operations].join("\n")}\n`;
}

/** A project with this many sessions in ten versions; one in ten has no definition. */
function makeProject(dir: string, sessions: number): void {
  for (let version = 0; version < 10; version += 1) {
    for (const name of ["task_sessions", "tasks"]) {
      mkdirSync(join(dir, `.workflow/versions/v00${version}`, name), { recursive: true });
    }
  }
  for (let index = 0; index < sessions; index += 1) {
    const version = join(dir, `.workflow/versions/v00${index % 10}`);
    writeFileSync(join(version, `task_sessions/task_${index}.yml`), sessionText(index));
    if (index % 10 === 7) continue;
    const definition = `id: task_${index}\ntitle: "Part ${index}"\nsteps:\n  - write\n  - test\n`;
    writeFileSync(join(version, `tasks/task_${index}.yml`), definition);
  }
}

/** Milliseconds for a project of that size, made anew and removed. */
async function timeOf(sessions: number, args: readonly string[]): Promise<number> {
  const dir = mkdtempSync(join(tmpdir(), "ao-bench-tasks-"));
  try {
    makeProject(dir, sessions);
    const script = join(root, "scripts/migrate-sessions.ts");
    const runtime = [process.execPath, "--no-env-file", "--no-install", "--config=/dev/null"];
    const program: Program = { cmd: [...runtime, script, "--root", dir, "--quiet", ...args] };
    return (await run(program)).milliseconds;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Compares both sizes run by run, less the time that a run with nothing to do takes. */
async function compareSizes(
  name: string,
  args: readonly string[],
  { sizes, runs }: { sizes: readonly [number, number]; runs: number },
): Promise<Figure> {
  const ratios: number[] = [];
  const perSession: number[] = [];
  await timeOf(sizes[0], args);
  for (let n = 0; n < runs; n += 1) {
    const idle = await timeOf(0, args);
    const small = ((await timeOf(sizes[0], args)) - idle) / sizes[0];
    const large = ((await timeOf(sizes[1], args)) - idle) / sizes[1];
    ratios.push(large / small);
    perSession.push(large);
  }
  const note = `${median(perSession).toFixed(2)} ms a session at ${sizes[1]}`;
  return figure(name, ratios, growth, "×", { note });
}

const section: Section = {
  title: `Task sessions: time per session at ${many} against ${few}`,
  async measure({ quick }) {
    const size = quick
      ? { sizes: [20, 200] as const, runs: 1 }
      : { sizes: [few, many] as const, runs: 3 };
    return [
      await compareSizes("dry run", ["--dry-run"], size),
      await compareSizes("migration", ["--yes"], size),
    ];
  },
};

export default section;
