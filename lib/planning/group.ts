/**
 * Running a program with all it starts: bounded in time, in silence and in output, stopped by a
 * signal, and with nothing of its process group left afterwards.
 */

import { errorCode } from "../errors.ts";
import type { Env } from "../process.ts";

export interface GroupOptions {
  /** The program, as an absolute path, and its arguments. */
  words: [string, ...string[]];
  cwd: string;
  env: Env;
  /** @default nothing */
  stdin?: string;
  /** Milliseconds until the group is killed. */
  timeoutMs: number;
  /** Milliseconds of silence until it is killed. @default no limit */
  idleMs?: number;
  signal?: AbortSignal;
  /** Given what it writes to stdout and stderr, as it comes. */
  onOutput?: (text: string) => void;
}

export interface GroupResult {
  /** Null when it did not end by itself. */
  exitCode: number | null;
  signal: string | null;
  stopped: "timeout" | "idle" | "flood" | "cancelled" | null;
  /** Why it could not be started; null when it was. */
  startFault: string | null;
  stdout: string;
  stderr: string;
}

/** Most that each of its streams may hold. */
const maxOutput = 8 * 1024 * 1024;

/** Runs a program to its end, or ends it. Never throws for what the program does. */
export async function runGroup(options: GroupOptions): Promise<GroupResult> {
  const heard = { stdout: new Sink(), stderr: new Sink() };
  const texts = () => ({ stdout: heard.stdout.text(), stderr: heard.stderr.text() });
  let child: Child;
  try {
    child = start(options);
  } catch (cause) {
    const startFault = errorCode(cause) ?? String(cause);
    return { exitCode: null, signal: null, stopped: null, startFault, ...texts() };
  }
  const stopped = await watch(child, heard, options);
  const { exitCode, signalCode } = child;
  const signal = signalCode?.toString() ?? null;
  return { exitCode, signal, stopped, startFault: null, ...texts() };
}

type Child = Bun.Subprocess<Blob | "ignore", "pipe", "pipe">;

function start({ words, cwd, env, stdin }: GroupOptions): Child {
  return Bun.spawn(words, {
    cwd,
    env: { ...env },
    stdin: stdin === undefined ? "ignore" : new Blob([stdin]),
    stdout: "pipe",
    stderr: "pipe",
    // A group of its own, so that what it starts ends with it.
    detached: true,
  });
}

/** Waits for the end of a child, or ends it; returns why it was ended. */
async function watch(
  child: Child,
  heard: { stdout: Sink; stderr: Sink },
  options: GroupOptions,
): Promise<GroupResult["stopped"]> {
  const { timeoutMs, idleMs = Number.POSITIVE_INFINITY, signal, onOutput } = options;
  const started = performance.now();
  let last = started;
  let stopped: GroupResult["stopped"] = null;
  const stop = (reason: NonNullable<GroupResult["stopped"]>) => {
    stopped ??= reason;
    killGroup(child.pid);
  };
  const readers = [child.stdout.getReader(), child.stderr.getReader()] as const;
  const read = async (reader: (typeof readers)[number], sink: Sink) => {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      last = performance.now();
      if (!sink.take(next.value)) stop("flood");
      onOutput?.(new TextDecoder().decode(next.value));
    }
  };
  const check = () => {
    const now = performance.now();
    if (now - started > timeoutMs) stop("timeout");
    else if (now - last > idleMs) stop("idle");
  };
  const timer = setInterval(check, Math.max(5, Math.min(250, timeoutMs / 4, idleMs / 4)));
  const onAbort = () => stop("cancelled");
  signal?.addEventListener("abort", onAbort, { once: true });
  if (signal?.aborted === true) onAbort();
  const reading = Promise.allSettled([
    read(readers[0], heard.stdout),
    read(readers[1], heard.stderr),
  ]);
  await child.exited;
  // A grandchild may hold the pipes open; what it still has to say does not count.
  await Promise.race([reading, Bun.sleep(200)]);
  killGroup(child.pid);
  await Promise.race([reading, Bun.sleep(200)]);
  // One that has left the group lives on; with its pipes open this process could not end.
  for (const reader of readers) void reader.cancel().catch(() => {});
  clearInterval(timer);
  signal?.removeEventListener("abort", onAbort);
  return stopped;
}

/** Collects output up to a limit. */
class Sink {
  readonly #chunks: Uint8Array[] = [];
  #size = 0;

  /** False when it was too much. */
  take(chunk: Uint8Array): boolean {
    this.#size += chunk.length;
    if (this.#size > maxOutput) return false;
    this.#chunks.push(chunk);
    return true;
  }

  text(): string {
    return new TextDecoder().decode(Buffer.concat(this.#chunks));
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // ESRCH: everything in the group has ended already.
  }
}
