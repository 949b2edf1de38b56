/**
 * Asking a program something while other checks run: side by side, in bounded time.
 *
 * The counterpart of `lib/process.ts`, which waits. The child gets a process group of its own, so
 * that whatever it started dies with it when time is up.
 */

import { describeError } from "../errors.ts";
import { type Env, findProgram } from "../process.ts";

/** How a program answered. */
export type Answer =
  | { state: "missing" }
  | { state: "timed-out"; path: string; limitMs: number }
  | { state: "failed"; path: string; detail: string }
  | { state: "ended"; path: string; exitCode: number; stdout: string; stderr: string };

export interface AskOptions {
  env: Env;
  cwd?: string;
  /** Milliseconds until the whole process group is killed. @default 5000 */
  limitMs?: number;
}

/** More than any answer we look at; the rest of a flood is read and dropped. */
const maxBytes = 1024 * 1024;

/** Runs a program to its end. Never throws: every ending is an {@link Answer}. */
export async function ask(
  program: string,
  args: readonly string[],
  { env, cwd, limitMs = 5000 }: AskOptions,
): Promise<Answer> {
  const path = findProgram(program, env);
  if (path === null) return { state: "missing" };
  let child: Bun.Subprocess<"ignore", "pipe", "pipe">;
  try {
    child = Bun.spawn([path, ...args], {
      env: { ...env },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      detached: true,
      ...(cwd !== undefined && { cwd }),
    });
  } catch (error) {
    return { state: "failed", path, detail: describeError(error) };
  }
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  const ended = Promise.all([child.exited, stdout.done, stderr.done]).then(() => true);
  const inTime = await Promise.race([ended, timeUp(limitMs)]);
  if (!inTime) killGroup(child.pid);
  if (child.exitCode !== null) {
    // It did end, even if a grandchild still held its pipe when time was up.
    const { exitCode } = child;
    return { state: "ended", path, exitCode, stdout: stdout.text(), stderr: stderr.text() };
  }
  if (!inTime) return { state: "timed-out", path, limitMs };
  return { state: "failed", path, detail: `killed by ${child.signalCode ?? "a signal"}` };
}

/** Resolves to false when time is up. The process need not stay alive for it. */
function timeUp(limitMs: number): Promise<false> {
  const { promise, resolve } = Promise.withResolvers<false>();
  // After a long synchronous scan a timer is due before anybody saw what came in meanwhile.
  const timer = setTimeout(() => setTimeout(() => resolve(false), 20), limitMs);
  timer.unref();
  return promise;
}

function collect(stream: ReadableStream<Uint8Array>): { done: Promise<void>; text(): string } {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const read = async () => {
    for await (const chunk of stream) {
      if (bytes < maxBytes) chunks.push(chunk);
      bytes += chunk.length;
    }
  };
  // A pipe that breaks has said all it will say.
  const done = read().catch(() => {});
  return { done, text: () => Buffer.concat(chunks).toString("utf8") };
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // ESRCH: everything in the group has ended already.
  }
}

/** Why a program gave no answer, as a clause: `does not answer in 5 s`. Null when it did. */
export function complaint(answer: Answer): string | null {
  if (answer.state === "missing") return "is not in PATH";
  if (answer.state === "timed-out") return `does not answer in ${answer.limitMs / 1000} s`;
  if (answer.state === "failed") return `could not be run: ${answer.detail}`;
  if (answer.exitCode === 0) return null;
  // What it printed may hold anything, so only the code is told.
  return `ends with exit code ${answer.exitCode}`;
}
