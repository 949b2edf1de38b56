/**
 * The shape of the target: which directory, session and worktree goes where.
 */

import type { SessionFile, StateDir, WorktreeLeaf } from "./inventory.ts";
import type { Project } from "./project.ts";

/** What happens to one session file on its way into its project. */
export type Fate =
  | "stay" // JSON (or unusable bytes) that only moves with its directory
  | "move" // carried over file by file, bytes unchanged
  | "convert" // key=value becomes a JSON file; the original goes to the trash
  | "set-aside" // an empty file: to the trash
  | "twin"; // AO already migrated it; the old copy stays with its directory, which goes to the trash

export interface SessionTarget {
  file: SessionFile;
  dir: StateDir;
  archived: boolean;
  fate: Fate;
  /** Session id today. */
  formerId: string;
  /** Session id and file name after the import; orchestrators may be renamed once more. */
  sessionId: string;
  fileName: string;
  /** Where the file stands once its project is at its V3 place (before orchestrators are normalised). */
  path: string;
  /** Of one that is archived for that: the file of the same session that goes on being it. */
  successor?: SessionTarget;
}

/** One directory on its way into a project. */
export interface Source {
  dir: StateDir;
  step: "import-v1-hash-dirs" | "rekey-v1-entries" | "same-repo-merge";
  /** The project has no directory yet, so this one becomes it by a single rename. */
  whole: boolean;
}

export interface ProjectTarget {
  project: Project;
  id: string;
  /** `<base>/projects/<id>`. */
  dir: string;
  /** Where the project's directory stands until it is re-keyed. */
  standing: string;
  sources: Source[];
  sessions: SessionTarget[];
  /** `orchestrator.json` beside `sessions/`. */
  single: SessionTarget | null;
  orchestrators: OrchestratorMove[];
}

export interface Target {
  projects: ProjectTarget[];
  worktrees: WorktreeMove[];
  /** Directories that stay because they hold a second copy of a linked worktree. */
  keptDirs: Set<StateDir>;
  warnings: string[];
}

/** One orchestrator file that is renamed or archived. Paths name the V3 place of the project. */
export interface OrchestratorMove {
  file: SessionFile;
  from: string;
  to: string;
  sessionId: string;
  /** Canonical id for the one that stays, null for one that is archived. */
  becomes: string | null;
}

export interface WorktreeMove {
  leaf: WorktreeLeaf;
  from: string;
  to: string;
  /** The directory it comes along with; null when it is adopted from outside the base dir. */
  carrier: StateDir | null;
  /** True when the carrier's own rename takes it there; otherwise the worktree is moved by itself. */
  carried: boolean;
  target: ProjectTarget;
  sessionId: string | null;
}
