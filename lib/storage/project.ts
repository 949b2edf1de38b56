/** The project as the planner sees it: one owner of state, with every directory that is its own. */

import type { RegistryProject } from "../registry.ts";
import type { StateDir } from "./inventory.ts";

/** One project, from the registry or proved by what is on the disk. */
export interface Project {
  /** Its V3 id: `{name}_{h10}`. Null when it cannot be computed (path gone and no origin known). */
  id: string | null;
  /** Registry key today; null when it is not registered. */
  key: string | null;
  entry: RegistryProject | null;
  path: string;
  realpath: string | null;
  originUrl: string | null;
  exists: boolean;
  prefix: string;
  /** Every name that metadata or paths may use for it. */
  names: Set<string>;
  /** Its directory under `projects/` today, if any. */
  home: StateDir | null;
  /** Other directories that belong to it: hash dirs, a bare twin of a hashed home. */
  others: StateDir[];
  /** Why the plan leaves this project as it is, or null when it may be migrated. */
  held: string | null;
  /** The project that takes over this one's directories, when a decision merged the two. */
  mergedInto: Project | null;
}

/** True for directories of V0 and V1, which stand beside `projects/`. */
export function isHashDir(dir: StateDir): boolean {
  return dir.layout === "v0" || dir.layout === "v1" || dir.layout === "v1-bare-hash";
}

/** The name a directory is called by in decisions and messages: relative to the base dir. */
export function dirLabel(dir: StateDir): string {
  return isHashDir(dir) ? lastPart(dir.path) : `projects/${dir.name}`;
}

/** What messages call a project: its registry key, else its id. */
export function projectLabel(project: Project): string {
  return project.key ?? project.id ?? project.path;
}

/** The last part of a path. */
export function lastPart(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
