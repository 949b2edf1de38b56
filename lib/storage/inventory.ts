/**
 * The inventory: everything the scan saw on one AO disk, as plain data.
 *
 * The scan (`scan.ts`) fills it and judges nothing; drift, decisions and the plan are computed from
 * it alone. Paths are absolute. What could not be read is a {@link Fault}, never an exception.
 */

import type { Holder } from "../change/lock.ts";
import type { Fault } from "../errors.ts";
import type { SessionFields } from "../metadata.ts";
import type { Places } from "../paths.ts";
import type { Registry } from "../registry.ts";
import type { TmuxSession } from "../tmux.ts";

/** One metadata file: live in `sessions/`, archived in `sessions/archive/`, or `orchestrator.json`. */
export interface SessionFile {
  path: string;
  /** From the file name: `int-1`, `int-1.json` and `int-1_20260420T143052Z` all give `int-1`. */
  sessionId: string;
  /** The raw timestamp of an archived file's name. Absent for live sessions. */
  archivedAt?: string;
  /** `kv-in-json`: key=value text in a file that is called `.json` (a real fault, row 15). */
  format: "json" | "kv" | "kv-in-json" | "empty" | "bad";
  bytes: number;
  fields: SessionFields;
  /** Whole text; kept for key=value only, because the plan converts it. */
  text?: string;
  /** Written last, by more than a second, of several files of one session in a directory. */
  newest?: true;
  /** Top-level `$` pointers present more than once: such a file is never patched. */
  duplicateKeys?: boolean;
}

/**
 * A directory that holds sessions: `projects/{name}`, `{h12}-{name}`, bare `{h12}`, V0's data dir
 * (which may hold those of many projects: each session's `project` field tells).
 */
export interface StateDir {
  path: string;
  /** `v3` is `v2-hashed` with identity.json. */
  layout: "v0" | "v1" | "v1-bare-hash" | "v1-bare" | "v2-hashed" | "v3";
  /** Directory name as found, without `.migrated`. */
  name: string;
  /** The 12 hex digits of a V1 directory. */
  hash?: string;
  /** True for `….migrated`. */
  migrated: boolean;
  /** The config that owns the directory: content of a V1 directory's `.origin`, or what names a V0 one. */
  origin?: string;
  sessions: SessionFile[];
  archives: SessionFile[];
  /** `orchestrator.json` beside `sessions/` (rare). */
  orchestrator?: SessionFile;
  /** Names under `worktrees/`. */
  worktrees: string[];
  /** Parsed `identity.json` (V3). */
  identity?: Identity;
  /** `next` of `.next-session-id.json` (V3). */
  nextSessionId?: number;
  /** `sessions/*.json.corrupt-*` names. */
  corruptCopies: string[];
  /** `sessions/*.lock` names older than the 30 s after which AO takes a lock over. */
  staleLocks: string[];
  /**
   * Every other entry below (feedback-reports, code-reviews, observability, …), sorted by name. Of
   * `archive/` and `worktrees/` only what is no archived session and no directory.
   */
  others: OtherEntry[];
  /**
   * Names under `sessions/` that are neither metadata, archive, locks nor corrupt copies (`.ghcache`,
   * …); those under `sessions/archive/` as `archive/<name>`.
   */
  otherSessionEntries: string[];
  /** Not one file at any depth (row 2). False as soon as one is seen. */
  empty: boolean;
  /**
   * Bytes of every file below, worktrees not included (see {@link WorktreeLeaf.bytes}); of
   * `observability` and checkouts only with `sizes`.
   */
  bytes: number;
}

/**
 * An entry that is no session, archive or worktree. Directories are listed to their leaves, so that
 * two state dirs can be merged file by file; `observability` one level deep (it may be huge), and a
 * directory with a `.git` in it not at all (it moves as one).
 */
export interface OtherEntry {
  name: string;
  kind: "file" | "dir" | "symlink" | "other";
  /** Of a directory: the sum of what is listed below it. */
  bytes: number;
  /**
   * SHA-256 of a file's content, where there are hash dirs at all (they may be merged into any
   * project); absent over 4 MB.
   */
  sha256?: string;
  children?: OtherEntry[];
}

/** `projects/{id}/identity.json` of V3. */
export interface Identity {
  schemaVersion: 3;
  projectId: string;
  displayName?: string;
  originUrl: string | null;
  path: string;
  realpath: string | null;
  sessionPrefix: string;
  repo?: Record<string, string>;
  defaultBranch?: string;
}

/** One `{h12}-observability` directory. */
export interface ObservabilityDir {
  path: string;
  hash: string;
  files: ObservabilityFile[];
  bytes: number;
  /** Milliseconds since the epoch of the oldest file, or of the directory when empty. */
  oldestMs: number;
}

export interface ObservabilityFile {
  /** Relative to the directory: `processes/lifecycle-123.json`. */
  name: string;
  bytes: number;
  /** Every distinct projectId named inside (also in traces, sessions, health records); sorted. */
  projectIds: string[];
}

/** A git worktree (or what looks like one) at any place AO uses. */
export interface WorktreeLeaf {
  path: string;
  /** Which place: `~/.worktrees/{group}/{name}`, `projects/{group}/worktrees/{name}`, … */
  where: "legacy-root" | "project" | "v1" | "v0";
  /** Project-like directory name it was found under, and its own name. */
  group: string;
  name: string;
  /** From its `.git` file: the admin directory `<repo>/.git/worktrees/<id>`; absent when not a linked worktree. */
  adminDir?: string;
  /** The repository's common git dir, from the admin dir. */
  commonDir?: string;
  /** What the admin dir's `gitdir` names (without the trailing `/.git`); differs from `path` after a move (row 1). */
  linkedPath?: string;
  branch?: string;
  locked: boolean;
  /** Relative names of submodule working trees inside (those with an entry in `<adminDir>/modules`). */
  submodules: string[];
  /** Bytes of everything in it; only with `sizes`. */
  bytes?: number;
}

/**
 * A worktree that git knows below the base dir or inside another worktree, at no place where AO keeps
 * any: agents and people make them there. It comes along with what it stands in.
 */
export interface Companion {
  path: string;
  adminDir: string;
  commonDir: string;
}

/** A repository that a config or an identity names, or that a worktree belongs to. */
export interface RepoFacts {
  path: string;
  exists: boolean;
  /** It does not count as there, but may be: it cannot be looked at, which is a fault. */
  unseen?: true;
  realpath?: string;
  commonDir?: string;
  /** `remote.origin.url`, raw. */
  originUrl?: string;
  /** Admin entries below `<commonDir>/worktrees`: id → path named by `gitdir`. */
  adminEntries: { id: string; path: string; exists: boolean }[];
  /** A project-local `agent-orchestrator.yaml|yml`, with whether it is wrongly wrapped in `projects:` (row 22). */
  localConfig?: { path: string; wrapped: boolean };
}

/** `running.json`: believed only when the pid lives and its command line fits (row 33). */
export interface RunningFile {
  path: string;
  pid: number | null;
  port: number | null;
  alive: boolean;
  isAo: boolean;
}

/** Remains of earlier tools and crashes at the base dir. */
export interface Leftover {
  path: string;
  kind:
    | "migration-marker" // .migration-in-progress
    | "pre-migration-config" // config.yaml.pre-migration
    | "lock" // running.lock, startup.lock, config.yaml.lock, …
    | "unknown";
  /** Milliseconds since the epoch. */
  modifiedMs: number;
}

export interface Inventory {
  scannedAt: string;
  places: Places;
  /** Where places with worktrees really are: those that are reached through a link. Absent without. */
  realPlaces?: Record<string, string>;
  /** The base dir does not exist or is empty, and no config names a V0 directory that has state. */
  nothingThere: boolean;
  /** Null when there is no config file. */
  registry: Registry | null;
  /** `config.yaml.pre-migration`, when it parses: another witness for identity (row 8). */
  preMigration: Registry | null;
  /** `config.yaml` exists and cannot be used: a blocker. */
  registryFault: Fault | null;
  /** Everything under `projects/`. */
  projects: StateDir[];
  /** `{h12}-{name}`, bare `{h12}`, their `.migrated` twins, and V0's data dir. */
  hashDirs: StateDir[];
  observability: ObservabilityDir[];
  worktrees: WorktreeLeaf[];
  /** Absent when there are none. */
  companions?: Companion[];
  /** Keyed by the path as registered (after `~` expansion). */
  repos: Record<string, RepoFacts>;
  /**
   * V1 configs (path → what it says): those that `.origin` files name, and those in the home where
   * V0 and V1 looked for one. What is missing or cannot be used is absent here.
   */
  originConfigs: Record<string, Registry>;
  /** Names below `<claudeDir>/projects`. */
  claudeProjects: string[];
  /** Codex rollouts with the working directory their first line names; read only when there are worktrees. */
  codexRollouts: { path: string; cwd: string }[];
  /** Null when tmux is not there, was not asked (`--no-tmux`) or did not answer. */
  tmux: TmuxSession[] | null;
  running: RunningFile | null;
  leftovers: Leftover[];
  /** Names of AO's own files at the base dir that are not judged (`activity-events.db`, …). */
  knownFiles: string[];
  /** Locks younger than AO lets them grow: somebody is writing. Paths, of sessions' locks too. */
  heldLocks: string[];
  /** Names below V3's `observability/orphan/`. */
  orphanObservability: string[];
  /** Ids of migrations below `migrations/` that are neither done nor rolled back. */
  openMigrations: string[];
  /** Who works on one of them right now. */
  migrationHolder: Holder | null;
  faults: Fault[];
}
