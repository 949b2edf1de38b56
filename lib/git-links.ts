/**
 * The links between a worktree and its repository, and how their texts change when it moves.
 *
 * A linked worktree hangs on two files that name each other's place: `.git` in its top and `gitdir`
 * in its admin directory. Each initialised submodule adds two more: its own `.git`, and
 * `core.worktree` in its config below the admin directory. Worktrees of the same repository that
 * stand inside the moving one (agents make them) are part of it.
 */

import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { ToolkitError } from "./errors.ts";
import { parseGitConfig, replaceGitConfigValue } from "./git-config.ts";
import {
  type AdminEntry,
  commonDirOf,
  linkedPathOf,
  readAdminEntries,
  readBytes,
  readGitFile,
  readModules,
} from "./git-files.ts";

/** A small file whose whole text goes from `before` to `after` (git's link files). */
export interface LinkFile {
  path: string;
  before: string;
  after: string;
}

/** A link file and its whole text. */
export interface Link {
  path: string;
  text: string;
}

/** A move of a worktree. All paths absolute, symbolic links resolved. */
export interface WorktreeMove {
  /** Where the worktree stands before. */
  from: string;
  /** Where its links believe it is: not `from` when it was moved by hand. */
  linked: string;
  /** Where it stands after. */
  to: string;
}

/** The linked worktrees of repositories, by common directory; those that are asked for are added. */
export type ListedRepositories = Map<string, AdminEntry[]>;

/**
 * Every link file of a linked worktree.
 *
 * @param listed One for many worktrees, so that each repository is listed once. Nothing may move meanwhile.
 * @throws ToolkitError `invalid` when `adminDir` is not an admin directory, or a link is not UTF-8.
 */
export function readLinks(
  path: string,
  adminDir: string,
  listed: ListedRepositories = new Map(),
): Link[] {
  const commonDir = commonDirOf(adminDir);
  const linked = linkedPathOf(adminDir);
  if (commonDir === null || linked === null) {
    throw new ToolkitError(
      "invalid",
      `Cannot read the links of "${path}": ${adminDir} is not a worktree's admin directory`,
      { hint: `git worktree repair ${path}` },
    );
  }
  const links = linksOf(path, linked, adminDir);
  const entries = listed.get(commonDir) ?? readAdminEntries(commonDir);
  listed.set(commonDir, entries);
  for (const entry of entries) {
    const inside = entry.path && (pathInside(entry.path, path) ?? pathInside(entry.path, linked));
    // Only worktrees that really stand there; an entry's path may be long gone.
    if (!inside || readGitFile(join(path, inside, ".git")) === null) continue;
    links.push(...linksOf(join(path, inside), entry.path, entry.adminDir));
  }
  return links;
}

function linksOf(path: string, linked: string, adminDir: string): Link[] {
  const files = [join(adminDir, "gitdir"), join(path, ".git")];
  for (const module of readModules(adminDir)) {
    const inside = pathInside(module.worktree, linked) ?? pathInside(module.worktree, path);
    if (inside === null) continue;
    const dotGit = join(path, inside, ".git");
    if (readGitFile(dotGit) !== null) files.push(module.configFile, dotGit);
  }
  return files.map(readLink);
}

function readLink(path: string): Link {
  const bytes = readBytes(path);
  const text = bytes?.toString("utf8") ?? "";
  if (bytes === null || !Buffer.from(text).equals(bytes)) {
    const state = bytes === null ? "it cannot be read" : "it is not UTF-8";
    throw new ToolkitError("invalid", `Cannot use git link file "${path}": ${state}`);
  }
  return { path, text };
}

/**
 * What becomes of the links when the worktree moves; paths are those after the move. Relative links
 * stay relative, absolute ones absolute, and everything else in a file stays byte for byte.
 *
 * With `from` equal to `to` this repairs a worktree that was moved by hand.
 *
 * @returns Only files whose text changes.
 */
export function relink(links: Link[], move: WorktreeMove): LinkFile[] {
  return links
    .map(({ path, text }) => {
      const inside = pathInside(path, move.from);
      return {
        path: inside === null ? path : join(move.to, inside),
        before: text,
        after: inside === null ? relinkFixed(path, text, move) : relinkMoving(inside, text, move),
      };
    })
    .filter(({ before, after }) => before !== after);
}

/** A file in the repository, which stays: its target moves. */
function relinkFixed(path: string, text: string, move: WorktreeMove): string {
  const base = dirname(path);
  if (path.endsWith("/gitdir")) return text.replace(/^.*\S/, (old) => retarget(old, base, move));
  const entry = parseGitConfig(text).findLast(
    ({ section, key }) => section === "core" && key === "worktree",
  );
  if (entry?.value == null) return text;
  const value = retarget(entry.value, base, move);
  return value === entry.value ? text : replaceGitConfigValue(text, entry, value);
}

function retarget(old: string, base: string, move: WorktreeMove): string {
  const target = resolve(base, old);
  for (const place of [move.linked, move.from]) {
    const inside = target === place ? "" : pathInside(target, place);
    if (inside === null) continue;
    const moved = join(move.to, inside);
    return isAbsolute(old) ? moved : relative(base, moved);
  }
  return old;
}

/** A `.git` file in the worktree, which moves: its target stays, seen from elsewhere. */
function relinkMoving(inside: string, text: string, move: WorktreeMove): string {
  return text.replace(/^gitdir: (.*\S)/, (line, old: string) => {
    if (isAbsolute(old)) return line;
    // A relative link that went stale still tells its target, from where it was right.
    const target = resolve(dirname(join(move.linked, inside)), old);
    if (pathInside(target, move.linked) !== null) return line;
    return `gitdir: ${relative(dirname(join(move.to, inside)), target)}`;
  });
}

/** `path` relative to `dir` when it is below it, else null. */
function pathInside(path: string, dir: string): string | null {
  const inside = relative(dir, path);
  return inside === "" || /^\.\.(\/|$)/.test(inside) ? null : inside;
}
