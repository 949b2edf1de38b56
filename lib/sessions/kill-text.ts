/** What a kill would do and what it did, as text. */

import { printable } from "../text.ts";
import type { Killed, KillPlan } from "./kill.ts";

/**
 * The question before a kill.
 *
 * @param discards whether another question is to come, about work that would be thrown away
 */
export function killQuestion({ session, running, worktree }: KillPlan, discards: boolean): string {
  const tmux = running.length === 0 ? "tmux does not run it" : `ends tmux ${running.join(", ")}`;
  const place = {
    none: () => "no worktree",
    remove: (path: string) => `removes ${path}, which is clean and pushed`,
    work: (path: string, reason: string) => `${discards ? "" : "keeps "}${path}: ${reason}`,
    foreign: (path: string, reason: string) => `keeps ${path}: ${reason}`,
  };
  const { path = "", reason = "" } = { path: undefined, reason: undefined, ...worktree };
  const fate = place[worktree.fate](path, reason);
  return `Kill ${session.id} of ${session.dir.dirName} (${tmux}; ${fate})?`;
}

/** The result of a kill. */
export function killedText(id: string, { ended, archived, worktree }: Killed): string {
  const lines = [`Killed ${id}${ended.length === 0 ? "" : ` (tmux ${ended.join(", ")})`}.`];
  lines.push(`archived: ${archived}`);
  if (worktree !== null) {
    const { path, removed, reason } = worktree;
    lines.push(removed ? `worktree removed: ${path}` : `worktree kept: ${path} (${reason})`);
  }
  return lines.map(printable).join("\n");
}
