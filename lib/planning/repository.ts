/** Git, where the root is inside a work tree: what is not committed, and committing a plan. */

import { dirname, join } from "node:path";
import { ToolkitError } from "../errors.ts";
import { gitEnv } from "../git.ts";
import { ProcessError, run, runOrThrow } from "../process.ts";
import { liveName, type Site, skipsName } from "./site.ts";

/** Whether the root is inside a git work tree; elsewhere no git rule applies. */
export function isRepository(site: Site): boolean {
  for (let dir = site.root; ; dir = dirname(dir)) {
    if (site.disk.lstat(join(dir, ".git")) !== null) return true;
    if (dir === dirname(dir)) return false;
  }
}

/**
 * Files of one migration that git would call changed, untracked or ignored, relative to the top
 * of the work tree; empty outside of git.
 *
 * @throws ProcessError when git cannot tell
 */
export function dirtyPaths(site: Site, slug: string): string[] {
  if (!isRepository(site)) return [];
  const args = ["status", "--porcelain=v1", "-z", "--ignored=matching", "--untracked-files=all"];
  const path = `${liveName}/${slug}`;
  // Looking must not write: no refreshed index, no hooks of a file system monitor.
  const quiet = ["--no-optional-locks", "-c", "core.fsmonitor=false", ...here(site)];
  const text = runOrThrow("git", [...quiet, ...args, "--", path], {
    env: gitEnv(site.env),
    timeoutMs: 30_000,
  });
  const entries = text.split("\0");
  const paths: string[] = [];
  for (let index = 0; index < entries.length; index += 1) {
    const entry = entries[index] ?? "";
    if (entry.length > 3) paths.push(entry.slice(3));
    // A rename has its old path in the next entry.
    if (/^[RC]/.test(entry)) index += 1;
  }
  return paths;
}

/** Git at the root, for which a slug is a name and never a pattern. */
function here({ root }: Site): string[] {
  return ["--literal-pathspecs", "-C", root];
}

/** Whether git is told to ignore a migration, which then could never be committed. */
export function isIgnored(site: Site, slug: string): boolean {
  if (!isRepository(site)) return false;
  const path = `${liveName}/${slug}/manifest.json`;
  const options = { env: gitEnv(site.env), timeoutMs: 30_000 };
  return (
    run("git", ["-C", site.root, "check-ignore", "--quiet", "--", path], options).exitCode === 0
  );
}

/**
 * Commits one migration's own files and nothing else; false when there is nothing to commit.
 *
 * @throws ToolkitError `findings` when git refuses, with its words
 */
export function commitMigration(site: Site, slug: string, message: string): boolean {
  try {
    return commitFiles(site, slug, message);
  } catch (error) {
    if (!(error instanceof ProcessError)) throw error;
    const [subject = ""] = message.split("\n");
    const why = error.stderr.trim() || error.message;
    throw new ToolkitError("findings", `Cannot commit "${subject}": ${why}`, {
      hint: `what it is about is done and live; commit ${liveName}/${slug} yourself`,
    });
  }
}

function commitFiles(site: Site, slug: string, message: string): boolean {
  if (!isRepository(site)) return false;
  const paths = [`${liveName}/${slug}`, `${liveName}/${skipsName}/${slug}`];
  const options = { env: gitEnv(site.env), timeoutMs: 60_000 };
  const git = (...args: string[]) => runOrThrow("git", [...here(site), ...args], options);
  const known = paths.filter((path) => {
    const stored = run("git", [...here(site), "ls-files", "--", path], options).stdout;
    return stored !== "" || site.disk.lstat(join(site.root, path)) !== null;
  });
  if (known.length === 0) return false;
  git("add", "--all", "--", ...known);
  const compare = ["diff", "--cached", "--quiet", "--", ...known];
  const staged = run("git", [...here(site), ...compare], options);
  if (staged.exitCode === 0) return false;
  git("commit", "--quiet", "--message", message, "--", ...known);
  return true;
}
