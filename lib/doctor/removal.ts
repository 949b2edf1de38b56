/** The command that removes a worktree without losing what only it has. */

import type { WorktreeLeaf } from "../storage/inventory.ts";
import { quoted } from "./shell.ts";

/**
 * Git itself refuses where something is uncommitted, and a branch stays; the commits of a HEAD on no
 * branch get a name first. Undefined for what is no linked worktree.
 */
export function removalOf({ path, name, commonDir, branch }: WorktreeLeaf): string | undefined {
  if (commonDir === undefined) return undefined;
  const removal = `git --git-dir=${quoted(commonDir)} worktree remove ${quoted(path)}`;
  if (branch !== undefined) return removal;
  return `git -C ${quoted(path)} branch ${quoted(`kept-${name}`)} && ${removal}`;
}
