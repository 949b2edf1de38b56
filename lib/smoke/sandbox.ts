/**
 * The isolated place a world lives in: own home, data, sockets, port and PATH; nothing of the user.
 */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";
import { describeError, errorCode, ToolkitError } from "../errors.ts";
import { type Environment, isAlive, killGroup } from "./processes.ts";
import { processesWith } from "./sweep.ts";

export interface Sandbox {
  root: string;
  home: string;
  data: string;
  runFile: string;
  log: string;
  port: number;
  /** Marks every process of this world through its environment, so that none is left behind. */
  marker: string;
  env: Environment;
}

/** The variable that carries {@link Sandbox.marker}. */
export const markerVariable = "AO_SMOKE_WORLD";

/** Programs linked into the sandbox's PATH, where they exist; all else is out of sight. */
const linkedPrograms = [
  "sh bash env cat chmod cp date dirname basename echo expr find git grep head id kill ln ls",
  "mkdir mv ps pwd readlink rm sed sleep sort tail tee test touch tr tty uname wc which",
  "tmux zellij",
].flatMap((line) => line.split(" "));

export interface SandboxOptions {
  /** Folder for the sandbox; sockets live in it, so it must be short. */
  parent: string;
  marker: string;
  /** The PATH in which programs are looked up. */
  path: string;
  /** More programs to link by name, for example real agents. */
  programs?: readonly string[];
  /** Variables to add, for example a token for a real GitHub. */
  env?: Environment;
}

/** Makes the folders, git configuration, PATH of links and environment of a world. */
export async function createSandbox(options: SandboxOptions): Promise<Sandbox> {
  const root = makeRoot(options.parent);
  const home = join(root, "home");
  const directories = { data: join(root, "data"), run: join(root, "run"), tmux: join(root, "t") };
  const folders = ["bin", "agents", "empty", "run", "t", "z", "x", "repos", "home/.config/git"];
  for (const folder of folders) mkdirSync(join(root, folder), { recursive: true, mode: 0o700 });
  writeFileSync(join(home, ".gitconfig"), gitConfiguration(home));
  writeFileSync(join(home, ".config/git/ignore"), `${hookFolders.join("\n")}\n`);
  linkPrograms(join(root, "bin"), [...linkedPrograms, ...(options.programs ?? [])], options.path);
  const port = await freePort();
  const runFile = join(directories.run, "running.json");
  const env: Environment = {
    HOME: home,
    PATH: [join(root, "agents"), join(root, "bin")].join(delimiter),
    SHELL: join(root, "bin/sh"),
    TMPDIR: join(root, "x"),
    TERM: "xterm-256color",
    LANG: "C.UTF-8",
    TZ: "UTC",
    USER: "smoke",
    XDG_CONFIG_HOME: join(home, ".config"),
    XDG_DATA_HOME: join(home, ".local/share"),
    XDG_STATE_HOME: join(home, ".local/state"),
    XDG_CACHE_HOME: join(home, ".cache"),
    XDG_RUNTIME_DIR: join(root, "run"),
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    TMUX_TMPDIR: directories.tmux,
    ZELLIJ_SOCKET_DIR: join(root, "z"),
    AO_DATA_DIR: directories.data,
    AO_RUN_FILE: runFile,
    AO_PORT: String(port),
    [markerVariable]: options.marker,
    ...options.env,
  };
  const log = join(directories.run, "daemon.log");
  return { root, home, data: directories.data, runFile, log, port, marker: options.marker, env };
}

function makeRoot(parent: string): string {
  try {
    return mkdtempSync(join(parent, "w"));
  } catch (error) {
    const state = errorCode(error) ?? describeError(error);
    throw new ToolkitError("invalid", `Cannot make a sandbox in "${parent}": ${state}`, {
      hint: "Name a folder with some space with TMPDIR.",
      cause: error,
    });
  }
}

/** Hook files that AO writes into worktrees; untracked, they would make every kill a dirty one. */
const hookFolders = [".claude/", ".codex/", ".cursor/", ".qwen/", ".opencode/", ".github/hooks/"];

function gitConfiguration(home: string): string {
  return [
    "[user]\n\tname = Smoke Runbook\n\temail = smoke@example.invalid",
    "[init]\n\tdefaultBranch = main",
    "[commit]\n\tgpgSign = false",
    `[core]\n\texcludesFile = ${join(home, ".config/git/ignore")}`,
    '[protocol "file"]\n\tallow = always\n',
  ].join("\n");
}

function linkPrograms(folder: string, names: readonly string[], path: string): void {
  for (const name of new Set(names)) {
    const program = Bun.which(name, { PATH: path });
    if (program !== null) symlinkSync(program, join(folder, name));
  }
}

/** A PATH that holds links to these programs of the sandbox and nothing else. */
export function pathOf(sandbox: Sandbox, programs: readonly string[]): string {
  const folder = mkdtempSync(join(sandbox.root, "x/path-"));
  for (const name of programs) {
    const program = Bun.which(name, { PATH: sandbox.env.PATH ?? "" });
    if (program === null) {
      throw new ToolkitError("invalid", `Cannot link "${name}": not in the sandbox's PATH`);
    }
    symlinkSync(program, join(folder, name));
  }
  return folder;
}

/** The sandbox's environment with an action's own settings; null takes a variable away. */
export function environmentFor(
  sandbox: Sandbox,
  changes: Readonly<Record<string, string | null>> = {},
  programs?: readonly string[],
): Environment {
  const env: Environment = { ...sandbox.env };
  if (programs !== undefined) env.PATH = pathOf(sandbox, programs);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) delete env[name];
    else env[name] = value;
  }
  return env;
}

/** Absolute path of a program in the sandbox's PATH (links are kept: their names matter). */
export function resolveProgram(sandbox: Sandbox, name: string): string {
  const program = name.includes("/") ? name : Bun.which(name, { PATH: sandbox.env.PATH ?? "" });
  if (program === null) {
    throw new ToolkitError("invalid", `Cannot run "${name}": not found in the sandbox's PATH`);
  }
  return program;
}

/** Claims of this process; kept, since one that is collected as garbage is let go of. */
const claims: { port: number }[] = [];

/**
 * A TCP port that nobody listens on and that nobody else is given before this process ends. It lies
 * below the range that systems take for outgoing connections, so that none of those gets it before
 * the daemon does.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_240 + Math.floor(Math.random() * 20_000);
    if ((await claim(port)) && (await canListen(port))) return port;
  }
}

/**
 * Claims a port by the UDP socket of its number: it is in nobody's way, walks in other processes see
 * it, and the system lets go of it however this one ends. False when another has it.
 */
async function claim(port: number): Promise<boolean> {
  try {
    const socket = await Bun.udpSocket({ hostname: "127.0.0.1", port });
    socket.unref();
    claims.push(socket);
    return true;
  } catch (error) {
    // A machine that gives no UDP sockets has no claims either; two walks rarely pick one port.
    return errorCode(error) !== "EADDRINUSE";
  }
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/**
 * Ends every process that carries the world's marker and removes its folder.
 *
 * @returns the ids of processes that could not be ended, so that a report can say so.
 */
export async function removeSandbox(sandbox: Pick<Sandbox, "root" | "marker">, keep: boolean) {
  const left = processesWith(markerVariable, sandbox.marker);
  for (let round = 0; round < 40; round++) {
    const alive = processesWith(markerVariable, sandbox.marker);
    if (alive.length === 0) break;
    for (const pid of alive) {
      killGroup(pid, round < 2 ? "SIGTERM" : "SIGKILL");
      killOne(pid, round < 2 ? "SIGTERM" : "SIGKILL");
    }
    await Bun.sleep(25);
  }
  if (!keep) rmSync(sandbox.root, { recursive: true, force: true });
  return left.filter(isAlive);
}

function killOne(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended between the look and the signal.
  }
}
