/**
 * The JSON record of a dry run. Field names are those of AO's own V3 dry run (schemaVersion 3), so
 * that its readers work; `planId`, `inventoryDigest`, `decisions`, `issues` and each step's
 * `operations` are ours.
 */

import { parseOrchestratorId } from "../paths.ts";
import type { PlannedStep } from "./builder.ts";
import type { Decision } from "./decisions.ts";
import { type Drift, findDrift, type Issue } from "./drift.ts";
import { duplicateRepos } from "./duplicates.ts";
import type { StateDir } from "./inventory.ts";
import type { StepId } from "./options.ts";
import type { StoragePlan } from "./plan.ts";
import { lastPart, projectLabel } from "./project.ts";
import { conventionOfLive, type TmuxConvention } from "./tmux-names.ts";
import { type PlanTotals, totalsOf } from "./totals.ts";
import { candidateProject, candidateSession } from "./worktrees.ts";

export interface ProjectRecord {
  projectId: string;
  layout: "v1-bare" | "v2-hashed";
  rekeyTo: string | null;
  path: string | null;
  realpath: string | null;
  originUrl: string | null;
  sessionPrefix: string | null;
  storageKeyField: string | null;
  sessionsCount: number;
  archiveCount: number;
  worktreesCount: number;
  orchestratorVariants: string[];
  liveOrchestratorTmuxName: string | null;
  legacyTmuxNamesInMetadata: number;
  legacyWorkspacePathsInMetadata: number;
  bytes: number;
  issues: Issue[];
}

export interface InventoryRecord {
  schemaVersion: 3;
  scannedAt: string;
  aoBaseDir: string;
  totals: { bytes: number; sessions: number; worktrees: number; observabilityDirs: number };
  projects: ProjectRecord[];
  observability: { rootLevelDirCount: number; bytes: number; oldestModifiedAt: string | null };
  strandedWorktrees: {
    path: string;
    branch: string | null;
    candidateProjectId: string | null;
    candidateSessionId: string | null;
  }[];
  bareHashDirs: string[];
  migratedDirs: string[];
  liveTmuxSessions: { name: string; convention: TmuxConvention }[];
  duplicateRepos: { originUrl: string; projectIds: string[] }[];
  v1HashDirs: { path: string; hash: string; projectId: string | null; empty: boolean }[];
  globalConfigIssues: Issue[];
  /** Ours: issues of hash directories, by directory name. */
  hashDirIssues: Record<string, Issue[]>;
  /** Ours: issues that belong to no project and not to the registry. */
  issues: Issue[];
}

export interface PlanRecord {
  schemaVersion: 3;
  generatedAt: string;
  aoVersion: string;
  planId: string;
  inventoryDigest: string;
  /** Ours: the steps that were asked for, so that a saved plan can be made again. */
  selectedSteps: StepId[];
  inventory: InventoryRecord;
  steps: PlannedStep[];
  totals: PlanTotals;
  decisions: Decision[];
  warnings: string[];
  blockers: string[];
}

/** The record of one plan. */
export function recordOf(
  plan: StoragePlan,
  meta: { generatedAt: Date; aoVersion: string; inventoryDigest: () => string },
): PlanRecord {
  return {
    schemaVersion: 3,
    generatedAt: meta.generatedAt.toISOString(),
    aoVersion: meta.aoVersion,
    // Digests of a large disk cost more than all else here, and only the JSON form shows them.
    get planId() {
      return plan.id;
    },
    get inventoryDigest() {
      return meta.inventoryDigest();
    },
    selectedSteps: [...plan.selected],
    inventory: inventoryRecord(plan),
    steps: plan.steps,
    totals: totalsOf(plan),
    decisions: plan.decisions,
    warnings: plan.warnings,
    blockers: plan.blockers,
  };
}

function inventoryRecord(plan: StoragePlan): InventoryRecord {
  const { inventory, identities } = plan;
  const drift = findDrift(inventory, identities);
  const { observability, hashDirs } = inventory;
  const observabilityBytes = sum(observability.map((dir) => dir.bytes));
  const dirs = [...inventory.projects, ...hashDirs];
  const oldest = observability.reduce((least, dir) => Math.min(least, dir.oldestMs), Infinity);
  const prefixes = new Set(identities.projects.map((project) => project.prefix));
  return {
    schemaVersion: 3,
    scannedAt: inventory.scannedAt,
    aoBaseDir: inventory.places.baseDir,
    totals: {
      bytes: sum(dirs.map((dir) => dir.bytes)) + observabilityBytes,
      sessions: sum(dirs.map((dir) => dir.sessions.length)),
      worktrees: inventory.worktrees.length,
      observabilityDirs: observability.length,
    },
    projects: inventory.projects.map((dir) => projectRecord(dir, plan, drift)),
    observability: {
      rootLevelDirCount: observability.length,
      bytes: observabilityBytes,
      oldestModifiedAt: Number.isFinite(oldest) ? new Date(oldest).toISOString() : null,
    },
    strandedWorktrees: strandedRecords(plan),
    bareHashDirs: hashDirs
      .filter((dir) => dir.layout === "v1-bare-hash" && !dir.migrated)
      .map((dir) => lastPart(dir.path)),
    migratedDirs: hashDirs.filter((dir) => dir.migrated).map((dir) => lastPart(dir.path)),
    liveTmuxSessions: (inventory.tmux ?? []).map(({ name }) => ({
      name,
      convention: conventionOfLive(name, prefixes),
    })),
    duplicateRepos: duplicateRepos(identities.projects).map(({ originUrl, projects }) => ({
      originUrl,
      projectIds: projects.map(projectLabel),
    })),
    v1HashDirs: hashDirs
      .filter((dir) => dir.layout === "v1")
      .map((dir) => ({
        path: dir.path,
        hash: dir.hash ?? "",
        projectId: identities.ownerOf.get(dir)?.id ?? null,
        empty: dir.empty,
      })),
    globalConfigIssues: drift.config,
    hashDirIssues: Object.fromEntries(
      hashDirs.map((dir) => [lastPart(dir.path), drift.byDir.get(dir.path) ?? []]),
    ),
    issues: drift.disk,
  };
}

function projectRecord(dir: StateDir, plan: StoragePlan, drift: Drift): ProjectRecord {
  const project = plan.identities.ownerOf.get(dir) ?? null;
  const issues = drift.byDir.get(dir.path) ?? [];
  const count = (...kinds: Issue["kind"][]) =>
    new Set(issues.filter((issue) => kinds.includes(issue.kind)).map((issue) => issue.ref)).size;
  const files = [...dir.sessions, ...(dir.orchestrator === undefined ? [] : [dir.orchestrator])];
  const orchestrators = files.filter(({ sessionId }) => parseOrchestratorId(sessionId) !== null);
  const live = new Set((plan.inventory.tmux ?? []).map(({ name }) => name));
  const liveNames = orchestrators.flatMap(({ fields }) =>
    [fields.tmuxName, fields.handleId].filter((name) => live.has(name ?? "")),
  );
  return {
    projectId: dir.name,
    layout: dir.layout === "v1-bare" ? "v1-bare" : "v2-hashed",
    rekeyTo: dir.layout === "v1-bare" ? (project?.id ?? null) : null,
    path: project?.path ?? null,
    realpath: project?.realpath ?? null,
    originUrl: project?.originUrl ?? null,
    sessionPrefix: project?.prefix ?? null,
    storageKeyField: project?.entry?.storageKey ?? null,
    sessionsCount: dir.sessions.length,
    archiveCount: dir.archives.length,
    worktreesCount: dir.worktrees.length,
    orchestratorVariants: orchestrators.map(({ sessionId }) => sessionId),
    liveOrchestratorTmuxName: liveNames[0] ?? null,
    legacyTmuxNamesInMetadata: count("doubled-prefix-tmux", "legacy-tmux-in-metadata"),
    legacyWorkspacePathsInMetadata: count("legacy-workspace-path"),
    bytes: dir.bytes,
    issues,
  };
}

function strandedRecords(plan: StoragePlan): InventoryRecord["strandedWorktrees"] {
  const { inventory, identities, target } = plan;
  return inventory.worktrees
    .filter((leaf) => leaf.where === "legacy-root" || leaf.where === "v0")
    .map((leaf) => {
      const move = target.worktrees.find((candidate) => candidate.leaf === leaf);
      const project = candidateProject(leaf, inventory, identities.projects);
      return {
        path: leaf.path,
        branch: leaf.branch ?? null,
        candidateProjectId: move?.target.id ?? project?.id ?? null,
        candidateSessionId: move?.sessionId ?? candidateSession(leaf),
      };
    });
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, n) => total + n, 0);
}
