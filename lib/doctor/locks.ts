/** AO's lock files that nobody holds any more. */

import { readGitFile } from "../git-files.ts";
import { commandOf, isAlive, isAoCommand } from "../storage/scan/running.ts";
import type { Facts } from "./facts.ts";

export interface StaleLock {
  path: string;
  /** Why nobody holds it, as a clause. */
  reason: string;
}

/** Old locks of the base directory whose holder is dead, is not AO, or is not named. */
export function staleLocks(facts: Facts): StaleLock[] {
  return facts.issues(["stale-lock"]).flatMap(({ ref = "" }) => {
    const reason = whyStale(readGitFile(ref) ?? "", facts);
    return reason === null ? [] : [{ path: ref, reason }];
  });
}

/** Null for a lock that a living AO holds, and for one that only this toolkit may take away. */
function whyStale(content: string, { env }: Facts): string | null {
  if (content.includes('"ao-toolkit"')) return null;
  const pid = Number(/\b[1-9]\d{0,9}\b/.exec(content)?.[0]);
  if (Number.isNaN(pid)) return "is older than AO lets a lock grow";
  if (!isAlive(pid)) return `is of process ${pid}, which is dead`;
  return isAoCommand(commandOf(pid, env)) ? null : `is of process ${pid}, which is not AO`;
}
