/** Scans made by hand: what planning decides depends on them alone, so no disk has to be made. */

import { subjectOf } from "../../../lib/change/operation.ts";
import { projectIdOf, resolvePlaces } from "../../../lib/paths.ts";
import type { Registry, RegistryProject } from "../../../lib/registry.ts";
import { Decisions } from "../../../lib/storage/decisions.ts";
import { type Identities, identify } from "../../../lib/storage/identity.ts";
import type {
  Identity,
  Inventory,
  RepoFacts,
  SessionFile,
  StateDir,
  WorktreeLeaf,
} from "../../../lib/storage/inventory.ts";
import { type StepId, stepIds } from "../../../lib/storage/options.ts";
import { planStorage, type StoragePlan } from "../../../lib/storage/plan.ts";

export const home = "/home/u";
export const base = `${home}/.agent-orchestrator`;

export function entry(
  key: string,
  path: string,
  more: Partial<RegistryProject> = {},
): RegistryProject {
  return { key, path, resolvedPath: path, place: { file: `${base}/config.yaml` }, ...more };
}

export function registry(projects: RegistryProject[], file = `${base}/config.yaml`): Registry {
  return { file, text: "", raw: {}, projects, faults: [] };
}

/** A repository that is there, its own git directory inside. */
export function repo(path: string, more: Partial<RepoFacts> = {}): RepoFacts {
  const usual = { exists: true, realpath: path, commonDir: `${path}/.git`, adminEntries: [] };
  return { path, ...usual, ...more };
}

/** A directory with one session, below `projects/` unless its layout is another. */
export function stateDir(name: string, more: Partial<StateDir> = {}): StateDir {
  const { layout = "v1-bare", hash, migrated = false } = more;
  const under = layout === "v1" || layout === "v1-bare-hash" ? base : `${base}/projects`;
  const called = layout === "v1" ? `${hash}-${name}` : name;
  const path = `${under}/${called}${migrated ? ".migrated" : ""}`;
  return {
    ...{ path, layout, name, migrated, sessions: [], archives: [], worktrees: [] },
    ...{ corruptCopies: [], staleLocks: [], others: [], otherSessionEntries: [] },
    ...{ empty: false, bytes: 0 },
    ...more,
  };
}

export function session(
  dir: string,
  sessionId: string,
  more: Partial<SessionFile> = {},
): SessionFile {
  const path = `${dir}/sessions/${sessionId}.json`;
  return { path, sessionId, format: "json", bytes: 2, fields: {}, ...more };
}

/** A linked worktree of a repository, known to git at this very place. */
export function worktree(
  path: string,
  of: RepoFacts,
  more: Partial<WorktreeLeaf> = {},
): WorktreeLeaf {
  const [name = "", parent = "", above = ""] = path.split("/").reverse();
  const group = parent === "worktrees" ? above : parent;
  return {
    ...{ path, where: "project", group, name, locked: false, submodules: [] },
    ...{ adminDir: `${of.commonDir}/worktrees/${name}`, commonDir: of.commonDir ?? "" },
    ...{ linkedPath: path },
    ...more,
  };
}

export interface Found extends Partial<Omit<Inventory, "repos" | "registry">> {
  entries?: RegistryProject[];
  repos?: RepoFacts[];
}

/** An inventory of these parts and nothing else. */
export function inventoryOf({ entries = [], repos = [], ...more }: Found): Inventory {
  return {
    scannedAt: "2026-11-21T10:00:00.000Z",
    places: resolvePlaces({ home, env: {} }),
    nothingThere: false,
    registry: entries.length === 0 ? null : registry(entries),
    ...{ preMigration: null, registryFault: null, projects: [], hashDirs: [] },
    ...{ observability: [], worktrees: [], originConfigs: {}, claudeProjects: [] },
    ...{ codexRollouts: [], tmux: [], running: null, leftovers: [], knownFiles: [] },
    ...{ heldLocks: [], orphanObservability: [], openMigrations: [], migrationHolder: null },
    faults: [],
    repos: Object.fromEntries(repos.map((each) => [each.path, each])),
    ...more,
  };
}

/** The id of the project at a path, as AO computes it. */
export function idAt(path: string, originUrl?: string): string {
  return projectIdOf({ path, ...(originUrl !== undefined && { originUrl }) });
}

/** What V3 notes of the project at a path. */
export function identityOf(path: string, projectId = "x"): Identity {
  const names = { schemaVersion: 3 as const, projectId, sessionPrefix: "zz" };
  return { ...names, originUrl: null, path, realpath: path };
}

export interface Judged extends Identities {
  inventory: Inventory;
  decisions: Decisions;
  /** Path of the project of each directory, by the directory's path below the base dir. */
  owners: Record<string, string>;
  /** Directories that are left alone. */
  alone: string[];
  /** What may be chosen for each of them, without `leave`. */
  choices: string[][];
}

/** A path below the base dir, relative to it. */
export function short(path: string): string {
  return path.replace(`${base}/`, "");
}

/** Joins the directories of a scan to projects. */
export function judge(found: Found, answers: [string, string][] = []): Judged {
  const inventory = inventoryOf(found);
  const decisions = new Decisions(new Map(answers));
  const identities = identify(inventory, decisions);
  const owners = [...identities.ownerOf].map(([dir, { path }]) => [short(dir.path), path]);
  return {
    ...{ ...identities, inventory, decisions },
    owners: Object.fromEntries(owners),
    alone: identities.orphans.map(({ dir }) => short(dir.path)),
    choices: decisions.list.map(({ choices }) => choices.slice(1).map(({ value }) => value)),
  };
}

export interface Planned {
  plan: StoragePlan;
  /** `op path` or `move from → to`, paths below the base dir, of the steps that were asked for. */
  lines: string[];
}

/** Plans from a scan alone; `steps` limits what is shown, not what is planned. */
export function planned(
  found: Found,
  { answers = [], steps = [] }: { answers?: [string, string][]; steps?: StepId[] } = {},
): Planned {
  const plan = planStorage(inventoryOf(found), {
    now: new Date("2026-11-21T10:00:00Z"),
    steps: new Set(stepIds),
    answers: new Map(answers),
    linkFiles: ({ adminDir, from, to }) => [
      { path: `${adminDir}/gitdir`, before: from, after: to },
    ],
  });
  const shown = plan.steps.filter(({ id }) => steps.length === 0 || steps.includes(id));
  const lines = shown.flatMap(({ operations }) =>
    operations.map((operation) => {
      if (operation.op === "move") return `move ${short(operation.from)} → ${short(operation.to)}`;
      return `${operation.op} ${short(subjectOf(operation))}`;
    }),
  );
  return { plan, lines };
}
