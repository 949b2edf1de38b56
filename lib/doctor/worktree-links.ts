/** Git's links to worktrees: which stale ones can be pointed back for certain, and which cannot. */

import { realpathSync } from "node:fs";
import type { LinkFile } from "../change/operation.ts";
import { describeError } from "../errors.ts";
import { linkFilesForMove } from "../git.ts";
import { readWorktree } from "../git-files.ts";
import type { WorktreeLeaf } from "../storage/inventory.ts";
import type { Facts } from "./facts.ts";

/** A worktree whose link files have to change, and how. */
export interface RepairableLink {
  leaf: WorktreeLeaf;
  commonDir: string;
  files: LinkFile[];
}

export interface LostLink {
  leaf: WorktreeLeaf;
  reason: string;
}

export interface StaleLinks {
  repairable: RepairableLink[];
  lost: LostLink[];
}

/** Sorts the stale links of the drift; each is in exactly one of the two lists. */
export function staleLinks(facts: Facts): StaleLinks {
  const links: StaleLinks = { repairable: [], lost: [] };
  const { worktrees } = facts.inventory;
  for (const { ref } of facts.issues(["worktree-link-stale"])) {
    const leaf = worktrees.find(({ path }) => path === ref);
    if (leaf === undefined) continue;
    const judged = judge(leaf, worktrees);
    if ("files" in judged) links.repairable.push(judged);
    else links.lost.push(judged);
  }
  return links;
}

function judge(leaf: WorktreeLeaf, worktrees: WorktreeLeaf[]): RepairableLink | LostLink {
  const { adminDir, commonDir, linkedPath, path } = leaf;
  if (adminDir === undefined || commonDir === undefined || linkedPath === undefined) {
    return { leaf, reason: `its admin directory ${adminDir ?? ""} is gone, as after a prune` };
  }
  const rival = worktrees.find((other) => other !== leaf && other.adminDir === adminDir);
  if (rival !== undefined) return { leaf, reason: `${rival.path} claims the same link` };
  // A copy has the same `.git` text; the original keeps its link.
  const original = readWorktree(linkedPath);
  if (original !== null && real(original.adminDir) === adminDir) {
    return { leaf, reason: `it is a copy of ${linkedPath}, whose link that is` };
  }
  try {
    const files = linkFilesForMove({ adminDir, from: path, to: path });
    if (files.length > 0) return { leaf, commonDir, files };
    return { leaf, reason: "its link files say nothing that could be changed" };
  } catch (error) {
    return { leaf, reason: describeError(error) };
  }
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
