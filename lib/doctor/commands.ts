/** Commands of this toolkit that can be pasted, for the same disk that is looked at now. */

import { siblingCall } from "../invocation.ts";
import { quoted } from "./shell.ts";

/** The flags that say which disk is meant. */
export interface DiskFlags {
  home?: string;
  baseDir?: string;
  config?: string;
}

/**
 * @param invocation how the running script was called: `bun run scripts/doctor.ts`
 * @returns a function that makes the command of a script of ours, its words quoted where needed
 */
export function commandMaker(
  invocation: string,
  { home, baseDir, config }: DiskFlags,
): (script: string, ...words: string[]) => string {
  const named = { "--home": home, "--base-dir": baseDir, "--config": config };
  const flags = Object.entries(named).flatMap(([flag, value]) =>
    value === undefined ? [] : [flag, value],
  );
  return (script, ...words) => {
    return [siblingCall(invocation, script), ...[...words, ...flags].map(quoted)].join(" ");
  };
}
