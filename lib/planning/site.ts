/**
 * Where staged plans live: the names, the directories and what may be seen in them.
 *
 * A *migration* is a directory below `<root>/migrations`; its name is the *slug*. The published
 * copy there is *live*; a step works in a private copy, the *workspace*, outside of it.
 */

import { basename, join } from "node:path";
import type { Disk } from "../change/disk.ts";
import type { Env } from "../process.ts";

/** Everything that the functions here need from outside. */
export interface Site {
  /** Absolute; `<root>/migrations` is the live directory. */
  root: string;
  /** Private to the user and outside the live directory: workspaces, logs, run locks. */
  stateDir: string;
  /** Where the change engine records what it carried out for these plans. @default nowhere */
  engineDirs?: readonly string[];
  disk: Disk;
  env: Env;
  now: () => Date;
  /** Told what was settled of earlier runs as it happens: what comes after it may fail. */
  onNote?: (note: string) => void;
}

/** As much of a site as it takes to look at its plans. */
export type Rooted = Pick<Site, "root" | "disk">;

/** The live directory, relative to the root. */
export const liveName = "migrations";
/** Publishing happens here; also the lock. */
export const transactionsName = "__transactions__";
/** Plans that were rejected on purpose. */
export const skipsName = "__intentional_skips__";

export function liveDirOf(site: Rooted): string {
  return join(site.root, liveName);
}

export function migrationDirOf(site: Rooted, slug: string): string {
  return join(site.root, liveName, slug);
}

export function transactionsDirOf(site: Site): string {
  return join(site.root, liveName, transactionsName);
}

/** Where the engine records what it does below a root. */
export function workflowMigrations({ root }: Pick<Site, "root">): string {
  return join(root, ".workflow/migrations");
}

/** Whether a name can stand for a slug or a run: one plain path segment, not hidden, no `__`. */
export function isSafeSegment(name: string): boolean {
  if (name === "" || name !== basename(name) || /[\\\p{Cc}]/u.test(name)) return false;
  return !name.startsWith(".") && !name.startsWith("__");
}

/** Whether a name is one that the change engine gives its own migrations. */
export function isEngineId(name: string): boolean {
  return /^[a-z0-9-]+-\d{8}T\d{6}Z-[0-9a-f]{6}$/.test(name);
}

/** The slugs below the live directory, sorted. Files, links, hidden and `__` names are not seen. */
export function visibleSlugs(site: Rooted): string[] {
  const dir = liveDirOf(site);
  if (site.disk.lstat(dir)?.kind !== "directory") return [];
  return site.disk
    .readDir(dir)
    .filter((name) => isSafeSegment(name) && !isEngineId(name))
    .filter((name) => site.disk.lstat(join(dir, name))?.kind === "directory")
    .sort();
}

/** A moment as plans write it: ISO 8601 with milliseconds and an offset. */
export function stamp(now: Date): string {
  return now.toISOString().replace("Z", "+00:00");
}
