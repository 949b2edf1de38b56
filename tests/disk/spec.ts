/** The short description from which a disk is made, and what there is once it is made. */

export type Layout = "v0" | "v1" | "v1-bare-hash" | "v1-bare" | "v2" | "v3";

/** Where a project's worktrees stand. */
export type WorktreePlace = "none" | "legacy-root" | "project" | "v1" | "v0";

/** How tmux sessions are called: `{h12}-int-1`, `{h12}-integrator-1`, `{h12}-integrator-int-1`, `int-int-1`, `int-1`. */
export type TmuxNaming = "none" | "v1" | "v1-project" | "v1-double" | "doubled" | "v3";

export interface ProjectSpec {
  /** Directory name of the repository, and of a V1 project. */
  name: string;
  /** @default "v2" */
  layout?: Layout;
  /** Repository, relative to the home. @default `repos/{name}` */
  path?: string;
  /** The project is this subdirectory of the repository. @default its top */
  subdir?: string;
  /** `remote.origin.url`; null for none. @default `https://github.com/o/{name}.git` */
  origin?: string | null;
  /** Directory of the V1 config, relative to the home. @default `code/my-orchestrator` */
  config?: string;
  /** @default what AO derives from the name */
  sessionPrefix?: string;
  /** Live sessions, numbered from `firstSession`. @default 1 */
  sessions?: number;
  /** @default 1 */
  firstSession?: number;
  /** Archived sessions, numbered after the live ones. @default 0 */
  archives?: number;
  /** Archive files for each of them. @default 1 */
  archiveCopies?: number;
  /** Numbered orchestrators, and `"single"` for the one without a number. @default none */
  orchestrators?: (number | "single")[];
  /** The last orchestrator's metadata is `orchestrator.json`. @default false */
  orchestratorFile?: boolean;
  /** @default `legacy-root` before V2, `project` since, `v0` in V0 */
  worktrees?: WorktreePlace;
  /** How many of the worktrees are there; the others are only named. @default all */
  builtWorktrees?: number;
  /** Files in the repository besides the usual two. @default 0 */
  extraFiles?: number;
  /** @default `v1` before V2, `v3` since */
  tmux?: TmuxNaming;
  /** Start the tmux sessions: all, or those of these session ids. @default false */
  live?: boolean | string[];
  /** Has `storageKey` in the registry: `{h12}`, or `{h12}-{name}`. @default none; bare in `v1-bare-hash` */
  storageKey?: "bare" | "wrapped";
  /** Is in the registry. @default false for V0 and V1, else true */
  registered?: boolean;
  /** @default the directory name since V2, the name before */
  registryKey?: string;
  /** Lines added to the registry entry, indented by the builder. */
  registryLines?: string[];
  /** Writes `agent-orchestrator.yaml` into the repository. @default none */
  localConfig?: "flat" | "wrapped";
  /** Feedback reports. @default 0 */
  feedback?: number;
  /** Code reviews: a run and a finding each. @default 0 */
  codeReviews?: number;
  /** Claude history for every worktree: as Claude, or as older tools spelled it. @default none */
  claude?: "now" | "older";
  /** A Codex rollout for every worktree. @default false */
  codex?: boolean;
}

export interface DiskSpec {
  projects?: ProjectSpec[];
  /** `{h12}-observability` directories; every fifth names no project. @default 0 */
  observability?: number;
  /** `running.json` of a dead process, of one that is not AO, or of one that looks like AO. @default none */
  running?: "dead" | "reused" | "ao";
  /** The V1 config lists its projects instead of naming them. @default false */
  listForm?: boolean;
  /** Registry, relative to the home, with the variable that names it. @default in the base dir */
  registryAt?: { variable: "AO_GLOBAL_CONFIG" | "XDG_CONFIG_HOME"; path: string };
  /** Files that AO leaves in its base dir over time. @default false */
  baseFiles?: boolean;
}

/** A session that was made. */
export interface BuiltSession {
  id: string;
  /** Metadata file. */
  file: string;
  /** Where metadata says that it works, whether or not that place is there. */
  workspace: string;
  /** Its worktree, if there is one. */
  worktree?: string;
  branch: string;
  tmuxName?: string;
  archived: boolean;
  orchestrator: boolean;
}

/** A project that was made. */
export interface BuiltProject {
  spec: ProjectSpec;
  name: string;
  layout: Layout;
  /** What the registry or the V1 config names. */
  path: string;
  /** Top of its repository. */
  repo: string;
  originUrl?: string;
  /** `{name}_{h10}`. */
  id: string;
  prefix: string;
  /** `h12` of its V1 config, or its storage key. */
  hash: string;
  storageKey: string;
  /** Its directory, by name and path. */
  dirName: string;
  stateDir: string;
  /** How sessions and other tools call it. */
  key: string;
  /** The V1 config that owns it. */
  configFile?: string;
  sessions: BuiltSession[];
}

export interface Disk extends Disposable {
  root: string;
  home: string;
  baseDir: string;
  worktreeRoot: string;
  /** The registry in force, whether or not it was written. */
  configFile: string;
  claudeDir: string;
  codexDir: string;
  env: Record<string, string>;
  projects: BuiltProject[];
  /** The project of that name; throws when there is none. */
  project(name: string): BuiltProject;
  /** Adds something to do at cleanup. */
  defer(task: () => void): void;
  /** Ends the disk's tmux server and processes, and removes it. */
  cleanup(): void;
}

/** Makes a named disk: in the directory given, or in a new temporary one. */
export type Build = (dir?: string) => Disk;

/** Named disks, each with its own name in the type. */
export function named<Name extends string>(builds: Record<Name, Build>): Record<Name, Build> {
  return builds;
}
