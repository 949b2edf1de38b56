/**
 * Running other programs: found by absolute path, bounded in time, and never left behind.
 *
 * The child gets its own process group, so that what it started dies with it when time is up, and
 * no terminal, so that nothing can stop to ask a question.
 */

import { readFileSync } from "node:fs";
import { errorCode, ToolkitError } from "./errors.ts";

/** Environment variables, as in `process.env`; always passed in by the caller. */
export type Env = Readonly<Record<string, string | undefined>>;

export interface RunOptions {
  env: Env;
  /** @default the caller's own working directory */
  cwd?: string;
  /** Milliseconds until the whole process group is killed. @default 5000 */
  timeoutMs?: number;
}

/** How a program ended that did start and did end by itself. */
export interface RunResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** A program that is not installed, failed, or did not answer in time. */
export class ProcessError extends ToolkitError {
  readonly reason: "missing" | "failed" | "timed-out";
  readonly program: string;
  /** What it wrote to stderr, if it ran. */
  readonly stderr: string;

  constructor(
    reason: ProcessError["reason"],
    program: string,
    message: string,
    details: { hint?: string; cause?: unknown; stderr?: string } = {},
  ) {
    const { stderr, ...rest } = details;
    super("invalid", message, rest);
    this.name = "ProcessError";
    this.reason = reason;
    this.program = program;
    this.stderr = stderr ?? "";
  }
}

const defaultTimeoutMs = 5000;
// Used only when the environment has no PATH at all.
const defaultPath = "/usr/local/bin:/opt/homebrew/bin:/usr/bin:/bin";

/** Absolute path of a program, from `env.PATH`; null when it is not installed. */
export function findProgram(program: string, env: Env): string | null {
  return Bun.which(program, { PATH: env.PATH ?? defaultPath });
}

/**
 * Runs a program to its end and returns its exit code and output.
 *
 * @throws ProcessError `missing` when it is not installed, `timed-out` when it was killed after
 * `timeoutMs`, `failed` when it could not be started or died of a signal. A non-zero exit code is
 * returned, not thrown.
 */
export function run(program: string, args: string[], options: RunOptions): RunResult {
  const absolute = findProgram(program, options.env);
  if (absolute === null) {
    throw new ProcessError("missing", program, `Cannot run "${program}": not found in PATH`, {
      hint: `Install ${program}, or add its directory to PATH.`,
    });
  }
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  const child = start(absolute, args, options, timeoutMs);
  const stderr = child.stderr.toString();
  if (child.exitedDueToTimeout === true) killGroup(child.pid);
  // A child that ended well in time counts, even if a grandchild kept its pipe open until the limit.
  if (child.exitCode !== null) {
    return { exitCode: child.exitCode, stdout: child.stdout.toString(), stderr };
  }
  const command = `${program} ${args.join(" ")}`;
  if (child.exitedDueToTimeout === true) {
    throw new ProcessError(
      "timed-out",
      program,
      `Cannot run "${command}": no answer in ${timeoutMs} ms`,
      { stderr },
    );
  }
  throw new ProcessError(
    "failed",
    program,
    `Cannot run "${command}": killed by ${child.signalCode ?? "a signal"}`,
    { stderr },
  );
}

/**
 * Like {@link run}, for programs that must succeed: returns stdout.
 *
 * @throws ProcessError also when the exit code is not 0 (`failed`, with the last line of stderr).
 */
export function runOrThrow(program: string, args: string[], options: RunOptions): string {
  const result = run(program, args, options);
  if (result.exitCode === 0) return result.stdout;
  const why = result.stderr.trim().split("\n").at(-1) || `exit code ${result.exitCode}`;
  throw new ProcessError("failed", program, `Cannot run "${program} ${args.join(" ")}": ${why}`, {
    stderr: result.stderr,
  });
}

function start(absolute: string, args: string[], options: RunOptions, timeoutMs: number) {
  try {
    return Bun.spawnSync([absolute, ...args], {
      env: { ...options.env },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      timeout: timeoutMs,
      killSignal: "SIGKILL",
      detached: true,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
  } catch (cause) {
    const state = errorCode(cause) ?? String(cause);
    const where = options.cwd === undefined ? "" : ` in ${options.cwd}`;
    throw new ProcessError("failed", absolute, `Cannot start "${absolute}"${where}: ${state}`, {
      cause,
    });
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // ESRCH: everything in the group has ended already.
  }
}

/**
 * Whether a process has ended and nobody has asked how yet; in containers often nobody ever does.
 * False where the system does not tell.
 */
export function isZombie(pid: number): boolean {
  try {
    // The name before the state may hold anything, brackets too.
    return /^.*\) Z /s.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
}
