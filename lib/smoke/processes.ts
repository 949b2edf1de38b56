/**
 * Starts programs in groups of their own, reads what they say, and ends the whole group in time.
 */
import { spawn } from "node:child_process";
import { openSync, readFileSync } from "node:fs";
import { errorCode } from "../errors.ts";

export type Environment = Record<string, string>;

export interface RunRequest {
  /** Absolute path of the program; a bare name would be looked up in the child's PATH. */
  program: string;
  args: readonly string[];
  env: Environment;
  cwd: string;
  stdin?: string;
  /** Milliseconds until the group is killed. */
  timeout: number;
}
export interface RunResult {
  /** Null when it was killed. */
  exit: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
  timedOut: boolean;
  /** True when a child of it still held the output open after it had ended. */
  heldOpen: boolean;
  ms: number;
}

/** More output than this is cut: a program that fills its output must not fill memory. */
const outputLimit = 1_000_000;
/** How long to wait for output that is still open once the program itself has ended. */
const openGrace = 150;

/**
 * Runs a program to its end or its time limit; whatever it started in its group is killed then.
 *
 * @throws Error with a system code when it could not be started at all.
 */
export function runProcess(request: RunRequest): Promise<RunResult> {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(request.program, [...request.args], {
      env: request.env,
      cwd: request.cwd,
      detached: true,
      stdio: ["pipe", "pipe", "pipe"],
    });
    const stdout = collect(child.stdout);
    const stderr = collect(child.stderr);
    let timedOut = false;
    let grace: Timer | undefined;
    const limit = setTimeout(() => {
      timedOut = true;
      killGroup(child.pid);
    }, request.timeout);
    let ended = false;
    const finish = (heldOpen: boolean) => {
      if (ended) return;
      ended = true;
      clearTimeout(limit);
      clearTimeout(grace);
      killGroup(child.pid);
      child.stdout.destroy();
      child.stderr.destroy();
      resolve({
        exit: timedOut ? null : child.exitCode,
        signal: child.signalCode,
        stdout: stdout(),
        stderr: stderr(),
        timedOut,
        heldOpen,
        ms: performance.now() - started,
      });
    };
    child.on("error", (error) => {
      clearTimeout(limit);
      reject(error);
    });
    child.on("exit", () => {
      grace = setTimeout(() => finish(true), openGrace);
    });
    child.on("close", () => finish(false));
    // A program that never reads its input closes the pipe; that is its right, not a failure.
    child.stdin.on("error", () => {});
    child.stdin.end(request.stdin ?? "");
  });
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on("data", (chunk: Buffer) => {
    if (size < outputLimit) chunks.push(chunk);
    size += chunk.length;
  });
  return () => {
    const text = Buffer.concat(chunks).toString("utf8");
    return size > outputLimit ? `${text.slice(0, outputLimit)}\n[cut: ${size} bytes in all]` : text;
  };
}

/** A program left running, with its output appended to a file. */
export interface Background {
  pid: number;
  /** Resolves when it ends; the exit code is null when a signal ended it. */
  ended: Promise<{ exit: number | null; signal: string | null }>;
}

/** Starts a program in its own session and leaves it running. */
export function startProcess(
  request: Omit<RunRequest, "timeout" | "stdin">,
  log: string,
): Background {
  const output = openSync(log, "a", 0o600);
  const child = spawn(request.program, [...request.args], {
    env: request.env,
    cwd: request.cwd,
    detached: true,
    stdio: ["ignore", output, output],
  });
  const ended = new Promise<{ exit: number | null; signal: string | null }>((resolve) => {
    child.on("error", () => resolve({ exit: null, signal: null }));
    child.on("exit", (exit, signal) => resolve({ exit, signal }));
  });
  if (child.pid === undefined) throw new Error(`could not start ${request.program}`);
  child.unref();
  return { pid: child.pid, ended };
}

/** Kills a process group; a group that is gone already is what was wanted. */
export function killGroup(pid: number | undefined, signal: NodeJS.Signals = "SIGKILL"): void {
  if (pid === undefined || pid <= 1) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (errorCode(error) !== "ESRCH" && errorCode(error) !== "EPERM") throw error;
  }
}

/** True while a process exists and is not just a zombie waiting for its parent. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return errorCode(error) === "EPERM";
  }
  return processState(pid) !== "Z";
}

/** The start time of a process in clock ticks: with its pid it names one process for good. */
export function startTicks(pid: number): string | undefined {
  return statFields(pid)?.[19];
}

function processState(pid: number): string | undefined {
  return statFields(pid)?.[0];
}

/** Fields of `/proc/PID/stat` after the program's name, which may itself hold blanks. */
function statFields(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}
