/** Git's links to worktrees: which broken ones can be mended for certain, and which cannot. */

import { existsSync, lstatSync, realpathSync } from "node:fs";
import { join } from "node:path";
import type { Operation } from "../change/operation.ts";
import { describeError } from "../errors.ts";
import { linkFilesForMove } from "../git.ts";
import { readGitFile, readWorktree } from "../git-files.ts";
import { isGone } from "../presence.ts";
import type { WorktreeLeaf } from "../storage/inventory.ts";
import type { Facts } from "./facts.ts";

/** A worktree whose link can be mended, and how. */
export interface MendableLink {
  leaf: WorktreeLeaf;
  /** The fault as a sentence without its full stop. */
  message: string;
  operation: Operation;
}

export interface LostLink {
  leaf: WorktreeLeaf;
  reason: string;
}

export interface BrokenLinks {
  mendable: MendableLink[];
  lost: LostLink[];
}

/** Sorts the broken links of the drift; each is in at most one of the two lists. */
export function brokenLinks(facts: Facts): BrokenLinks {
  const links: BrokenLinks = { mendable: [], lost: [] };
  const { worktrees } = facts.inventory;
  for (const { kind, ref } of facts.issues(["worktree-link-stale", "worktree-not-linked"])) {
    const leaf = worktrees.find(({ path }) => path === ref);
    if (leaf === undefined) continue;
    const judged = fromRepository(leaf, facts) ?? fromWorktree(leaf, worktrees);
    if ("operation" in judged) links.mendable.push(judged);
    // A directory that no repository ever knew has lost nothing.
    else if (kind === "worktree-link-stale") links.lost.push(judged);
  }
  return links;
}

/** The repository knows the worktree at its place, but the worktree does not lead to the repository. */
function fromRepository(leaf: WorktreeLeaf, { inventory }: Facts): MendableLink | null {
  const { path } = leaf;
  if (leaf.adminDir !== undefined && leaf.commonDir !== undefined) return null;
  const claims = Object.values(inventory.repos).flatMap(({ commonDir, adminEntries }) =>
    commonDir === undefined
      ? []
      : adminEntries
          .filter((entry) => entry.path !== "" && real(entry.path) === real(path))
          .map(({ id }) => ({ commonDir, adminDir: `${commonDir}/worktrees/${id}` })),
  );
  const [claim] = claims;
  // Projects may share a repository; two that differ cannot both be right.
  if (claim === undefined || claims.some(({ adminDir }) => adminDir !== claim.adminDir))
    return null;
  const dotGit = join(path, ".git");
  const content = `gitdir: ${claim.adminDir}\n`;
  if (isAbsent(dotGit)) {
    const message = `${path} has no .git file, though ${claim.commonDir} knows it`;
    return { leaf, message, operation: { op: "create", path: dotGit, content } };
  }
  const text = readGitFile(dotGit);
  if (text === null || text === content) return null;
  const files = [{ path: dotGit, before: text, after: content }];
  return {
    leaf,
    message: `${dotGit} does not lead to ${claim.commonDir}, which knows this worktree`,
    operation: { op: "relinkWorktree", repo: claim.commonDir, worktree: path, files },
  };
}

/** The worktree leads to the repository, which has it at another place. */
function fromWorktree(leaf: WorktreeLeaf, worktrees: WorktreeLeaf[]): MendableLink | LostLink {
  const { adminDir, commonDir, linkedPath, path } = leaf;
  if (adminDir === undefined || commonDir === undefined || linkedPath === undefined) {
    const state = isGone(adminDir ?? "") ? "is gone, as after a prune" : "cannot be read";
    return { leaf, reason: `its admin directory ${adminDir ?? ""} ${state}` };
  }
  const rival = worktrees.find((other) => other !== leaf && other.adminDir === adminDir);
  if (rival !== undefined) return { leaf, reason: `${rival.path} claims the same link` };
  const there = join(linkedPath, ".git");
  if (!existsSync(there) && !isGone(there)) {
    return { leaf, reason: `its link is of ${linkedPath}, which cannot be looked at` };
  }
  // A copy has the same `.git` text; the original keeps its link.
  const original = readWorktree(linkedPath);
  if (original !== null && real(original.adminDir) === adminDir) {
    return { leaf, reason: `it is a copy of ${linkedPath}, whose link that is` };
  }
  try {
    const files = linkFilesForMove({ adminDir, from: path, to: path });
    if (files.length === 0) return { leaf, reason: "its link files say nothing to be changed" };
    const message = `git's link to ${path} names ${linkedPath}; a prune would lose it`;
    const operation: Operation = { op: "relinkWorktree", repo: commonDir, worktree: path, files };
    return { leaf, message, operation };
  } catch (error) {
    return { leaf, reason: describeError(error) };
  }
}

function isAbsent(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) === undefined;
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
