/** `running.json`: whether the process that it names lives and is AO. */

import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { errorCode } from "../../errors.ts";
import { type Env, isZombie, run } from "../../process.ts";
import type { RunningFile } from "../inventory.ts";
import type { Reader } from "./reader.ts";

/** Reads the run file and asks the system about its pid. */
export function scanRunning(reader: Reader, path: string, env: Env): RunningFile | null {
  const value = reader.readObject(path);
  if (value === null) return null;
  const pid = wholeNumber(value.pid);
  const alive = pid !== null && isAlive(pid);
  return {
    path,
    pid,
    port: wholeNumber(value.port),
    alive,
    isAo: alive && isAoCommand(commandOf(pid, env)),
  };
}

function wholeNumber(value: unknown): number | null {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : null;
}

/** Whether a process has this pid, of any user. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (errorCode(error) !== "EPERM") return false;
  }
  return !isZombie(pid);
}

/** Words of a process's command line; empty when the system does not tell. */
export function commandOf(pid: number, env: Env): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
  } catch {
    // Not Linux, or gone.
  }
  try {
    const { stdout } = run("ps", ["-ww", "-o", "command=", "-p", String(pid)], { env });
    return stdout.match(/\S+/g) ?? [];
  } catch {
    return [];
  }
}

const aoNames = new Set(["ao", "agent-orchestrator"]);
const runtimes = /^(node|nodejs|bun|deno|tsx|sh|bash|dash|zsh)[\d.]*$/;
/** Options of those runtimes whose value is a word of its own. */
const optionsWithValue =
  /^(-r|-C|-o|--(require|import|loader|experimental-loader|env-file|conditions|title|config|preload|cwd|tsconfig))$/;
/** AO's own packages as installed, and its command line in a checkout of its source. */
const aoScript =
  /\/node_modules\/@(aoagents|composio)\/ao(-[a-z-]+)?\/|\/agent-orchestrator\/packages\/(ao|cli)\/(dist|src|bin)\//;

/**
 * Whether a command line is AO's: its executable, or a runtime that runs AO's script. An editor or
 * a shell that merely has such a path among its arguments is not.
 */
export function isAoCommand(words: readonly string[]): boolean {
  const [program, ...rest] = words;
  if (program === undefined) return false;
  // A login shell's name starts with a dash; a set process title is one word with spaces.
  const name = programName(program.split(" ", 1)[0] ?? "");
  if (aoNames.has(name)) return true;
  if (!runtimes.test(name)) return false;
  const script = scriptOf(rest);
  return script !== undefined && (aoNames.has(programName(script)) || aoScript.test(script));
}

function programName(path: string): string {
  return basename(path).replace(/\.(exe|cmd|c?js|mjs|ts|sh)$/, "");
}

/** The first word that is no option of the runtime. Code given as text is no script. */
function scriptOf(words: readonly string[]): string | undefined {
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? "";
    if (/^(-e|-p|-c|-pe|--eval|--print)$/.test(word)) return undefined;
    if (optionsWithValue.test(word)) at += 1;
    else if (word !== "run" && !word.startsWith("-")) return word;
  }
  return undefined;
}
