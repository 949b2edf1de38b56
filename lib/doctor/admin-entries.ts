/**
 * Git's admin entries of worktrees that are gone: which hold nothing that is nowhere else.
 *
 * `git worktree prune` asks no such question. It takes the index with staged work, a detached HEAD
 * that is the only name of its commits, the state of an unfinished rebase, and whole repositories of
 * submodules.
 */

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { linkedPathOf, readGitFile } from "../git-files.ts";
import { isGone } from "../presence.ts";
import type { Facts } from "./facts.ts";
import { brokenLinks } from "./worktree-links.ts";

export interface AdminEntry {
  adminDir: string;
  message: string;
}

export interface StaleEntries {
  /** Nothing is lost with them. */
  spent: AdminEntry[];
  /** Something is, or nobody can tell. */
  kept: (AdminEntry & { reason: string })[];
}

/** Sorts the stale admin entries of the drift; each is in exactly one of the two lists. */
export async function staleEntries(facts: Facts): Promise<StaleEntries> {
  const entries: StaleEntries = { spent: [], kept: [] };
  const mendable = new Set(brokenLinks(facts).mendable.map(({ leaf }) => leaf.path));
  const issues = facts
    .issues(["worktree-admin-stale"])
    .filter(({ ref = "" }) => !mendable.has(linkedPathOf(ref) ?? ""));
  const judged = await Promise.all(
    issues.map(async ({ ref = "", detail }) => ({
      entry: { adminDir: ref, message: detail },
      reason: reasonInFiles(ref) ?? (await reasonInIndex(facts, ref)),
    })),
  );
  for (const { entry, reason } of judged) {
    if (reason === null) entries.spent.push(entry);
    else entries.kept.push({ ...entry, reason });
  }
  return entries;
}

const unfinished = [
  "MERGE_HEAD",
  "CHERRY_PICK_HEAD",
  "REVERT_HEAD",
  "BISECT_LOG",
  "rebase-merge",
  "rebase-apply",
];

function reasonInFiles(adminDir: string): string | null {
  const path = linkedPathOf(adminDir);
  if (path === null) return "it does not say which worktree it is of";
  if (existsSync(path)) return `something still stands at ${path}`;
  if (!isGone(path)) return `${path} cannot be looked at`;
  // A whole disk may be away for now; a worktree that was removed leaves its parent behind.
  if (isGone(dirname(path))) return `${dirname(path)} is not there either`;
  if (existsSync(join(adminDir, "locked"))) return "it is locked";
  if (existsSync(join(adminDir, "modules"))) return "it holds repositories of submodules";
  const work = unfinished.find((name) => existsSync(join(adminDir, name)));
  if (work !== undefined) return `it holds unfinished work (${work})`;
  const head = readGitFile(join(adminDir, "HEAD")) ?? "";
  return head.startsWith("ref: refs/heads/") ? null : "its HEAD is on no branch";
}

/** Staged work exists in the index alone. */
async function reasonInIndex(facts: Facts, adminDir: string): Promise<string | null> {
  if (!existsSync(join(adminDir, "index"))) return null;
  const words = [`--git-dir=${adminDir}`, "diff-index", "--cached", "--quiet", "HEAD", "--"];
  const answer = await facts.askGit(dirname(dirname(dirname(adminDir))), words);
  if (answer.state !== "ended") return "git could not be asked about its index";
  if (answer.exitCode === 0) return null;
  return answer.exitCode === 1 ? "its index holds staged work" : "git cannot read its index";
}
