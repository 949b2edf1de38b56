/** V0: `dataDir` and `worktreeDir`, wherever a config put them. */

import { dirname, resolve } from "node:path";
import { expandHome, isInside, type Places } from "../../paths.ts";
import type { StateDir, WorktreeLeaf } from "../inventory.ts";
import type { Reader } from "./reader.ts";
import { scanFlatDir } from "./state-dir.ts";
import { scanWorktreeRoot } from "./worktrees.ts";

/** A directory of V0, and the config that names it. */
export interface NamedDir {
  path: string;
  /** Absent where no config is left that does. */
  config?: string;
}

/**
 * V0's directories where AO's examples put them. The config that named them may be known only from
 * a V1 directory that a migration has taken in since.
 */
export function usualDirs(home: string): { dataDir: NamedDir; worktreeDir: NamedDir } {
  return {
    dataDir: { path: `${home}/.ao-sessions` },
    worktreeDir: { path: `${home}/.ao-worktrees` },
  };
}

/** Absolute path of a directory as a config spells it. */
export function namedDir(text: string, config: string, home: string): NamedDir {
  return { path: resolve(dirname(config), expandHome(text, home)), config };
}

/**
 * State of V0's data directories; each once, and none without a session.
 *
 * A data directory that holds the base dir or the home (AO's own first default was the base dir
 * itself) cannot be moved or cleared as one, so its sessions are a fault and left alone.
 */
export function scanDataDirs(reader: Reader, dirs: NamedDir[], places: Places): StateDir[] {
  return distinct(dirs).flatMap(({ path, config }) => {
    const dir = scanFlatDir(reader, path);
    if (dir.sessions.length + dir.archives.length === 0) return [];
    if (isInside(places.baseDir, path) || isInside(places.home, path)) {
      const count = dir.sessions.length + dir.archives.length;
      const detail = `${count} V0 session files lie in it, beside everything else; left alone`;
      reader.fault("unsafe-name", path, `${detail} (named as dataDir in ${config})`);
      return [];
    }
    return [config === undefined ? dir : { ...dir, origin: config }];
  });
}

/** Worktrees below V0's worktree directories, the usual root left out: it is scanned anyway. */
export function scanWorktreeDirs(
  reader: Reader,
  dirs: NamedDir[],
  places: Places,
  sizes: boolean,
): WorktreeLeaf[] {
  return distinct(dirs)
    .filter(({ path }) => path !== places.worktreeRoot && !isInside(places.home, path))
    .filter(({ path }) => !isInside(places.baseDir, path) && !isInside(path, places.baseDir))
    .flatMap(({ path }) => scanWorktreeRoot(reader, path, "v0", sizes));
}

function distinct(dirs: NamedDir[]): NamedDir[] {
  return dirs.filter(({ path }, at) => dirs.findIndex((other) => other.path === path) === at);
}
