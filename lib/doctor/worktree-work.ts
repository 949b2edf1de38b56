/** Work in worktrees that exists nowhere else, asked of git for many worktrees side by side. */

import type { Facts } from "./facts.ts";

export type Work =
  | { state: "none" }
  | { state: "uncommitted"; changes: number }
  | { state: "unpushed" }
  | { state: "unknown"; reason: string };

/** As many gits at a time; more would only wait for each other. */
const lanes = 6;

/** What each worktree holds; asked until the time is up, the rest is unknown. */
export async function workIn(
  paths: readonly string[],
  facts: Facts,
  budgetMs = 6000,
): Promise<Map<string, Work>> {
  const deadline = performance.now() + budgetMs;
  const found = new Map<string, Work>();
  const queue = paths.values();
  const lane = async () => {
    for (const path of queue) {
      const late = performance.now() > deadline;
      found.set(path, late ? { state: "unknown", reason: "time was up" } : await look(path, facts));
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return found;
}

async function look(path: string, facts: Facts): Promise<Work> {
  const status = await facts.askGit(path, [
    "status",
    "--porcelain",
    "-z",
    "--ignore-submodules=none",
  ]);
  if (status.state !== "ended" || status.exitCode !== 0) {
    return { state: "unknown", reason: "git could not be asked" };
  }
  const changes = status.stdout.split("\0").filter((record) => record !== "").length;
  if (changes > 0) return { state: "uncommitted", changes };
  const commits = await facts.askGit(path, [
    "rev-list",
    "--max-count=1",
    "HEAD",
    "--not",
    "--remotes",
  ]);
  if (commits.state !== "ended" || commits.exitCode !== 0) {
    return { state: "unknown", reason: "git could not be asked for its commits" };
  }
  return commits.stdout.trim() === "" ? { state: "none" } : { state: "unpushed" };
}
