/** Commands of our scripts that can be pasted: called as the running one, for the same disk. */

import { realpathSync } from "node:fs";
import { basename, delimiter, isAbsolute, relative } from "node:path";
import { type Env, findProgram } from "./process.ts";
import { shellWord } from "./text.ts";

/**
 * How a script can be called again: by its path, relative where it is below `cwd`, or by the name
 * of its program where npm or npx called it. Where only npm knows a bun, npx has to find it.
 *
 * @param script.bin programs of the package with their files, as in package.json
 * @param env where npm says what it runs (`npm_lifecycle_script`), and `PATH`
 */
export function invocationOf(
  script: { path: string; bin?: Readonly<Record<string, string>> },
  { cwd, env }: { cwd: string; env: Env },
): string {
  const program = /[\w-]+/.exec(env.npm_lifecycle_script ?? "")?.[0] ?? "";
  const file = script.bin?.[program];
  if (env.npm_lifecycle_event === "npx" && file !== undefined && script.path.endsWith(`/${file}`)) {
    return `npx ${program}`;
  }
  const path = relative(cwd, script.path);
  const shown = path.startsWith("..") || isAbsolute(path) ? script.path : path;
  if (env.npm_execpath !== undefined) {
    // `npm run` in the package itself, where npx finds its programs.
    const own = Object.entries(script.bin ?? {}).find(([, file]) => file === path);
    if (own !== undefined) return `npx ${own[0]}`;
  }
  const npx = env.npm_execpath !== undefined && !hasOwnBun(env) ? "npx " : "";
  return `${npx}bun run ${shellWord(shown)}`;
}

/**
 * How an executable can be called again: by its name where that leads to it, else by its path.
 *
 * @param program its real path, as `process.execPath` is
 */
export function executableCall(program: string, { cwd, env }: { cwd: string; env: Env }): string {
  const name = basename(program);
  const found = findProgram(name, env);
  if (found !== null && realpathSync(found) === program) return shellWord(name);
  const path = relative(cwd, program);
  return shellWord(path.startsWith("..") || isAbsolute(path) ? program : `./${path}`);
}

/** Whether a shell that npm did not start would find bun too. */
function hasOwnBun(env: Env): boolean {
  const places = (env.PATH ?? "").split(delimiter);
  const own = places.filter((place) => !place.endsWith("/node_modules/.bin"));
  return findProgram("bun", { PATH: own.join(delimiter) }) !== null;
}

/** The flags that say which disk is meant. */
export interface DiskFlags {
  home?: string | undefined;
  baseDir?: string | undefined;
  config?: string | undefined;
  worktreeRoot?: string | undefined;
}

/**
 * Makes commands for the disk that the running script was told to look at.
 *
 * @param invocation how the running script was called: `bun run scripts/doctor.ts`
 * @returns a function that makes the command of a script of ours, its words quoted where needed
 */
export function commandMaker(
  invocation: string,
  { home, baseDir, config, worktreeRoot }: DiskFlags,
): (script: string, ...words: string[]) => string {
  const named = {
    "--home": home,
    "--base-dir": baseDir,
    "--config": config,
    "--worktree-root": worktreeRoot,
  };
  const flags = Object.entries(named).flatMap(([flag, value]) =>
    value === undefined ? [] : [flag, value],
  );
  return (script, ...words) =>
    [siblingCall(invocation, script), ...[...words, ...flags].map(shellWord)].join(" ");
}

/**
 * The call of a script that stands beside the running one.
 *
 * @param invocation how the running one was called: `bun run scripts/doctor.ts`, `aokit doctor`
 *
 * @example
 * ```ts
 * siblingCall("bun run 'my tools/migrate.ts'", "rollback"); // "bun run 'my tools/rollback.ts'"
 * ```
 */
export function siblingCall(invocation: string, script: string): string {
  // Only the last name: directories may be called alike. Programs share a prefix.
  return invocation.replace(/( ao-)?[\w-]+(?=(?:\.ts)?'?$)/, `$1${script}`);
}
