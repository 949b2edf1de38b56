/**
 * tmux sessions of the user's server, or of the one that `TMUX_TMPDIR` in the environment names.
 *
 * `TMUX` is removed from the environment, so that running inside tmux changes nothing. Names are
 * held to letters, digits, `_` and `-`: tmux turns `.` and `:` into `_` without a word, and runs
 * commands found in `#(…)` of a new name.
 */

import { existsSync } from "node:fs";
import { userInfo } from "node:os";
import { ToolkitError } from "./errors.ts";
import { type Env, findProgram, ProcessError, type RunResult, run } from "./process.ts";

export interface TmuxSession {
  name: string;
  /** Pane process ids. */
  panePids: number[];
  /** Working directory of the first pane. */
  path: string;
}

/** Whether tmux would keep this name exactly as it is. */
export function isTmuxName(name: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_-]*$/.test(name);
}

/**
 * Every live session with the process ids of its panes.
 *
 * @returns Sorted by name; empty when no server runs; null when tmux is not installed.
 * @throws ProcessError when tmux is there and does not answer, or answers with an error.
 */
export function listSessions(env: Env): TmuxSession[] | null {
  // A colon cannot be in a session's name, so it parts the fields whatever the path holds; tmux
  // replaces control characters in its output, tabs included, when the locale is not UTF-8.
  const format = "#{session_name}:#{pane_pid}:#{pane_current_path}";
  if (hasNoSocket(env)) return findProgram("tmux", env) === null ? null : [];
  const listed = tmux(["list-panes", "-a", "-F", format], env, hasLostItsLast);
  if (listed === null) return null;
  const sessions = new Map<string, TmuxSession>();
  for (const line of listed.stdout.split("\n")) {
    const [, name, pid, path] = /^([^:]+):(\d+):(.*)$/.exec(line) ?? [];
    if (name === undefined || path === undefined) continue;
    const session = sessions.get(name) ?? { name, panePids: [], path };
    session.panePids.push(Number(pid));
    sessions.set(name, session);
  }
  return [...sessions.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Whether a live session has exactly this name. False also when tmux is not installed. */
export function hasSession(name: string, env: Env): boolean {
  if (!isTmuxName(name) || hasNoSocket(env)) return false;
  return tmux(["has-session", "-t", exactly(name)], env, isAbsent)?.exitCode === 0;
}

/**
 * Renames a live session; its panes keep running.
 *
 * @throws ToolkitError `refused` when `to` is not a name tmux would keep or is taken, or when there
 * is no session `from`; ProcessError when tmux is missing or fails.
 */
export function renameSession(from: string, to: string, env: Env): void {
  checkName(to);
  // tmux answers a rename to a taken name with an error, a rename to itself with success.
  must(["rename-session", "-t", exactly(from), "--", to], env, `rename tmux session "${from}"`);
}

/** Ends a session and everything in it. A session that is not there is no error. */
export function killSession(name: string, env: Env): void {
  if (!hasSession(name, env)) return;
  must(["kill-session", "-t", exactly(name)], env, `kill tmux session "${name}"`);
}

export interface NewSession {
  name: string;
  cwd: string;
  /** Program and arguments, run without a shell. @default the user's shell */
  command?: string[];
  /** Added to the environment of the session. */
  variables?: Record<string, string>;
}

/**
 * Starts a detached session; the server, if none runs.
 *
 * @throws ToolkitError `refused` when the name is taken or one that tmux would alter; ProcessError
 * when tmux or the working directory is missing.
 */
export function newSession(session: NewSession, env: Env): void {
  checkName(session.name);
  const variables = Object.entries(session.variables ?? {}).flatMap(([name, value]) => [
    "-e",
    `${name}=${value}`,
  ]);
  const command = commandWords(session.command, env);
  const args = ["new-session", "-d", "-s", session.name, ...variables, ...command];
  // Not `-c`: tmux would expand `#{…}` in it. Without it the client's own directory counts.
  const start = () => tmux(args, { ...env, PWD: session.cwd }, () => true, session.cwd);
  let result = start();
  // A server whose last session has just ended takes a moment to go, and answers like this.
  for (let tries = 0; tries < 20 && /^server exited/.test(result?.stderr ?? ""); tries += 1) {
    Bun.sleepSync(25);
    result = start();
  }
  check(result, `start tmux session "${session.name}"`);
}

/** Words after which tmux starts the program itself, without a shell or a second command. */
function commandWords(command: string[] | undefined, env: Env): string[] {
  if (command === undefined || command.length === 0) return [];
  // tmux hands a single word to a shell; `env` makes it two.
  const words =
    command.length === 1 ? [findProgram("env", env) ?? "/usr/bin/env", ...command] : command;
  return ["--", ...words];
}

// Without `=` tmux also accepts a prefix or a pattern of a name; the colon says that it is a session.
function exactly(name: string): string {
  return `=${name}:`;
}

function checkName(name: string): void {
  if (isTmuxName(name)) return;
  throw new ToolkitError("refused", `Cannot name a tmux session "${name}": tmux would alter it`, {
    hint: "Use only letters, digits, _ and -.",
  });
}

function must(args: string[], env: Env, action: string): void {
  check(
    tmux(args, env, () => true),
    action,
  );
}

function check(result: RunResult | null, action: string): void {
  if (result?.exitCode === 0) return;
  const state = result === null ? "tmux is not installed" : answer(result);
  throw new ToolkitError("refused", `Cannot ${action}: ${state}`);
}

/**
 * Whether no server can be running, because its socket is not there. Asking tmux itself would make
 * the directory for the socket, and a look at a disk must not leave anything.
 */
function hasNoSocket(env: Env): boolean {
  // As in tmux: the first of these that exists.
  const parent = [env.TMUX_TMPDIR || "/tmp", "/tmp"].find((dir) => existsSync(dir));
  return !existsSync(`${parent}/tmux-${userInfo().uid}/default`);
}

/**
 * Runs tmux. Null when it is not installed; an empty result when no server runs.
 *
 * @param expected Failures that the caller handles; any other throws.
 */
function tmux(
  args: string[],
  env: Env,
  expected: (stderr: string) => boolean = () => false,
  cwd?: string,
): RunResult | null {
  const { TMUX: _, TMUX_PANE: __, ...outside } = env;
  let result: RunResult;
  try {
    // A word that ends in `;` would end the command; tmux takes the backslash off again.
    const words = args.map((word) => word.replace(/;$/, "\\;"));
    result = run("tmux", ["-u", ...words], {
      env: outside,
      ...(cwd === undefined ? {} : { cwd }),
    });
  } catch (error) {
    if (error instanceof ProcessError && error.reason === "missing") return null;
    throw error;
  }
  if (result.exitCode === 0 || isServerAbsent(result.stderr) || expected(result.stderr)) {
    return result;
  }
  throw new ProcessError("failed", "tmux", `Cannot run "tmux ${args[0]}": ${answer(result)}`, {
    stderr: result.stderr,
  });
}

// The last two are what a server says that is shutting down at this moment.
const absentServer =
  /^(no server running on|error connecting to .*\((No such file|Connection refused)|server exited|lost server)/m;

function isServerAbsent(stderr: string): boolean {
  return absentServer.test(stderr);
}

function isAbsent(stderr: string): boolean {
  return /^can't find session/m.test(stderr);
}

/** What a server says whose last session has just ended, while it goes. */
function hasLostItsLast(stderr: string): boolean {
  return /^no current target/m.test(stderr);
}

function answer(result: RunResult): string {
  return result.stderr.trim().split("\n").at(-1) || `exit code ${result.exitCode}`;
}
