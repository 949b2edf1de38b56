/** The private copy of a migration in which one run works, and the logs of that run. */

import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Disk } from "../change/disk.ts";
import { ToolkitError } from "../errors.ts";
import { shellWord } from "../text.ts";
import { quietly } from "./disk-failure.ts";
import { dirtyPaths, isIgnored } from "./repository.ts";
import { makeDirs } from "./save.ts";
import { liveName, migrationDirOf, type Site } from "./site.ts";
import { copyTree, entriesBelow, removeTree, treeDigest } from "./tree.ts";

export interface Workspace {
  slug: string;
  /** The copy. */
  dir: string;
  /** Where the run keeps prompts and output. */
  logDir: string;
  /** Digest of live when it was copied. */
  baseDigest: string;
  /** Whether there was a live migration to copy. */
  isNew: boolean;
}

/**
 * Opens a workspace for one run. Those of earlier runs of the migration go; their logs stay.
 *
 * @throws ToolkitError `refused` when live has changes that are not committed
 */
export function openWorkspace(site: Site, slug: string): Workspace {
  const { disk } = site;
  checkCommitted(site, slug);
  const live = migrationDirOf(site, slug);
  const runs = join(site.stateDir, slug);
  clearOldWorkspaces(disk, runs);
  const stamp = site.now().toISOString().replace(/[-:.]/g, "");
  const run = join(runs, `${stamp}-${randomBytes(4).toString("hex")}`);
  makeDirs(disk, join(run, "work"), 0o700);
  const dir = join(run, "work", slug);
  const isNew = disk.lstat(live) === null;
  const baseDigest = treeDigest(disk, live);
  if (isNew) disk.makeDir(dir);
  else copyTree(disk, live, dir);
  if (!isNew && treeDigest(disk, dir) !== baseDigest) {
    throw new ToolkitError("refused", `Cannot work on "${slug}": it changed while it was copied`);
  }
  return { slug, dir, logDir: run, baseDigest, isNew };
}

/** @throws ToolkitError `refused` where git has not got what is live, or is never to have it */
function checkCommitted(site: Site, slug: string): void {
  const folder = `${liveName}/${slug}`;
  if (isIgnored(site, slug)) {
    throw new ToolkitError("refused", `Cannot work on "${slug}": git ignores ${folder}`, {
      hint: `plans are committed between their steps; take ${liveName}/ out of what git ignores`,
    });
  }
  const dirty = dirtyPaths(site, slug);
  if (dirty.length === 0) return;
  const more = dirty.length > 3 ? ` and ${dirty.length - 3} more` : "";
  const state = `the live folder has changes to be committed first: ${dirty.slice(0, 3).join(", ")}`;
  const [root, path] = [site.root, folder].map(shellWord);
  throw new ToolkitError("refused", `Cannot work on "${slug}": ${state}${more}`, {
    hint:
      `git -C ${root} add ${path} && git -C ${root} commit -m plan ${path}; ` +
      "new and tick commit what they do with --commit",
  });
}

function clearOldWorkspaces(disk: Disk, runs: string): void {
  if (disk.lstat(runs)?.kind !== "directory") return;
  for (const run of disk.readDir(runs)) {
    const work = join(runs, run, "work");
    if (disk.lstat(work) !== null) removeTree(disk, work, runs);
  }
}

/** Removes the copy, or leaves that to the next run of the migration; the logs stay. */
export function closeWorkspace(site: Site, workspace: Workspace): void {
  quietly(() => removeTree(site.disk, join(workspace.logDir, "work"), workspace.logDir));
}

/** Removes hidden things that an agent's own tools left at the top: settings, caches. */
export function clearDroppings(disk: Disk, dir: string, before: ReadonlyMap<string, string>): void {
  for (const name of disk.readDir(dir)) {
    if (name.startsWith(".") && !before.has(name)) removeTree(disk, join(dir, name), dir);
  }
}

/** Path → what is there, for saying what an agent changed. */
export function fingerprints(disk: Disk, dir: string): Map<string, string> {
  return new Map(
    entriesBelow(disk, dir).map(({ path, kind }) => {
      if (kind === "directory") return [path, kind];
      return [
        path,
        new Bun.CryptoHasher("sha256").update(disk.readFile(join(dir, path))).digest("hex"),
      ];
    }),
  );
}

/** Files that differ between two fingerprints; directories by themselves do not count. */
export function changedFiles(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): string[] {
  const paths = [...new Set([...before.keys(), ...after.keys()])];
  const differs = (path: string) => before.get(path) !== after.get(path);
  const isFile = (path: string) =>
    [before.get(path), after.get(path)].some((kind) => kind !== undefined && kind !== "directory");
  return paths.filter((path) => differs(path) && isFile(path)).sort();
}
