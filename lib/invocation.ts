/** Commands of our scripts that can be pasted: called as the running one, for the same disk. */

import { shellWord } from "./text.ts";

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
  // Only the last name: directories may be called alike.
  return invocation.replace(/[\w-]+(?=(?:\.ts)?'?$)/, script);
}
