/**
 * Runs scripts as processes, the way a user does, but apart from the user's own state: each has
 * its own home, temporary directory and tmux socket, and an environment that holds little else.
 */

import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Env } from "../lib/process.ts";

/** The repository. */
export const root = resolve(import.meta.dir, "..");

/** The runtime flags of the scripts' own first line. */
const runtime = [process.execPath, "--no-env-file", "--no-install", "--config=/dev/null"];

/** A place for one test; `using` removes it and ends its tmux server. */
export interface Sandbox extends Disposable {
  /** A real path, so that it can be compared with what scripts print. */
  home: string;
  env: Record<string, string>;
}

/** Makes an empty home with an environment for it. */
export function makeSandbox(extra: Env = {}): Sandbox {
  const home = realpathSync(mkdtempSync(join(tmpdir(), "ao-test-")));
  const given = Object.entries(extra).filter((entry) => entry[1] !== undefined);
  const env: Record<string, string> = {
    PATH: process.env.PATH ?? "",
    HOME: home,
    TMPDIR: home,
    TMUX_TMPDIR: home,
    LANG: "C.UTF-8",
    TZ: "UTC",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
    ...Object.fromEntries(given),
  };
  return { home, env, [Symbol.dispose]: () => removeSandbox(home, env) };
}

function removeSandbox(home: string, env: Record<string, string>): void {
  for (const name of readdirSync(home)) {
    if (!name.startsWith("tmux-")) continue;
    for (const socket of readdirSync(join(home, name))) {
      Bun.spawnSync(["tmux", "-S", join(home, name, socket), "kill-server"], { env });
    }
  }
  rmSync(home, { recursive: true, force: true });
}

export interface ScriptOptions {
  /** @default one of its own, removed afterwards */
  sandbox?: Sandbox;
  /** Added to the sandbox's environment. */
  env?: Record<string, string>;
  /** @default the repository */
  cwd?: string;
  /** What it reads from stdin; default nothing. */
  stdin?: string;
  /** Milliseconds until it and all it started is killed, and the test fails. @default 10000 */
  timeoutMs?: number;
}

/** How a script ended. A signal gives `128 + its number`, as a shell has it. */
export interface ScriptResult {
  code: number;
  stdout: string;
  stderr: string;
}

/**
 * Runs a script with pipes for stdin, stdout and stderr.
 *
 * @param script path, absolute or from the repository
 */
export async function runScript(
  script: string,
  args: readonly string[] = [],
  options: ScriptOptions = {},
): Promise<ScriptResult> {
  using own = options.sandbox === undefined ? makeSandbox() : undefined;
  const child = Bun.spawn([...runtime, resolve(root, script), ...args], {
    cwd: options.cwd ?? root,
    env: { ...(options.sandbox ?? own)?.env, ...options.env },
    stdin: options.stdin === undefined ? "ignore" : Buffer.from(options.stdin),
    stdout: "pipe",
    stderr: "pipe",
    detached: true,
  });
  const limit = limitTime(child.pid, options.timeoutMs);
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  await child.exited;
  if (limit.expired()) throw new Error(`${script} did not end in time\n${stdout}\n${stderr}`);
  return { code: exitCodeOf(child), stdout, stderr };
}

/** Waits until `expect` has been printed, then types `send`. */
export interface Keystroke {
  expect: string;
  send: string;
}

export interface TerminalScriptOptions extends Omit<ScriptOptions, "stdin"> {
  /** @default 80 */
  columns?: number;
  /** Sends stdout to a file instead of the terminal, so that it can be told from stderr. */
  stdoutToFile?: boolean;
}

export interface TerminalScriptResult {
  code: number;
  /** What came over the terminal, with line breaks as `\n` and without escape sequences. */
  screen: string;
  /** The same as it came. */
  raw: string;
  /** What went to the file, with `stdoutToFile`. */
  stdout: string;
}

/** Runs a script in a terminal of its own and types the keys in their order. */
export async function runInTerminal(
  script: string,
  args: readonly string[],
  keys: readonly Keystroke[],
  options: TerminalScriptOptions = {},
): Promise<TerminalScriptResult> {
  using own = options.sandbox === undefined ? makeSandbox() : undefined;
  const sandbox = options.sandbox ?? own;
  const file = join(sandbox?.home ?? "", "stdout");
  const call = [...runtime, resolve(root, script), ...args];
  const words = options.stdoutToFile ? ["sh", "-c", 'exec "$@" >"$0"', file, ...call] : call;
  const decoder = new TextDecoder();
  const waiting = [...keys];
  let raw = "";
  let seen = 0;
  const drained = Promise.withResolvers<void>();
  const child = Bun.spawn(words, {
    cwd: options.cwd ?? root,
    env: { ...sandbox?.env, TERM: "xterm-256color", ...options.env },
    terminal: {
      cols: options.columns ?? 80,
      rows: 24,
      exit: () => drained.resolve(),
      data(terminal, bytes) {
        raw += decoder.decode(bytes, { stream: true });
        const next = waiting[0];
        const at = next === undefined ? -1 : raw.indexOf(next.expect, seen);
        if (next === undefined || at === -1) return;
        seen = at + next.expect.length;
        waiting.shift();
        terminal.write(next.send);
      },
    },
  });
  const limit = limitTime(child.pid, options.timeoutMs);
  await child.exited;
  // What it wrote last may still be on its way through the terminal; what it left running may
  // hold the terminal open.
  await Promise.race([drained.promise, Bun.sleep(500)]);
  child.terminal?.close();
  const screen = Bun.stripANSI(raw).replaceAll("\r\n", "\n");
  if (limit.expired()) throw new Error(`${script} did not end in time\n${screen}`);
  const stdout = options.stdoutToFile ? readFileSync(file, "utf8") : "";
  return { code: exitCodeOf(child), screen, raw, stdout };
}

/** Kills the process group when time is up. */
function limitTime(pid: number, timeoutMs = 10_000): { expired(): boolean } {
  let expired = false;
  const timer = setTimeout(() => {
    expired = true;
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // It ended at the same moment.
    }
  }, timeoutMs);
  return {
    expired: () => {
      clearTimeout(timer);
      return expired;
    },
  };
}

function exitCodeOf(child: Bun.Subprocess): number {
  if (child.signalCode === null) return child.exitCode ?? -1;
  const entry = Object.entries(constants.signals).find(([name]) => name === child.signalCode);
  return 128 + (entry?.[1] ?? 0);
}
