/**
 * The plan: from an inventory to the operations that lead to V3. Pure: the same inventory, answers
 * and moment give the same plan, and nothing is read or written here.
 */

import { describeHolder } from "../change/lock.ts";
import type { Operation } from "../change/operation.ts";
import type { Fault } from "../errors.ts";
import { sha256 } from "../hash.ts";
import { type PlannedStep, StepBuilder, type StepContext } from "./builder.ts";
import { type CompanionMove, settleCompanions } from "./companions.ts";
import { type Decision, Decisions } from "./decisions.ts";
import { History } from "./history.ts";
import { type Identities, identify } from "./identity.ts";
import type { Inventory } from "./inventory.ts";
import { noteDirs } from "./merge.ts";
import { type PlanOptions, type StepId, stepIds } from "./options.ts";
import { pathMap } from "./paths-map.ts";
import { blockedEdits } from "./registry-edits.ts";
import type { Target } from "./shape.ts";
import * as adoptStrandedWorktrees from "./steps/adopt-stranded-worktrees.ts";
import * as collapseObservability from "./steps/collapse-observability.ts";
import * as deadExportManifest from "./steps/dead-export-manifest.ts";
import * as gcStrandedDirs from "./steps/gc-stranded-dirs.ts";
import * as importV1HashDirs from "./steps/import-v1-hash-dirs.ts";
import * as normalizeOrchestrators from "./steps/normalize-orchestrators.ts";
import * as reconcileCounter from "./steps/reconcile-counter.ts";
import * as rekeyV1Entries from "./steps/rekey-v1-entries.ts";
import * as renameTmuxSessions from "./steps/rename-tmux-sessions.ts";
import * as rewriteSessionMetadata from "./steps/rewrite-session-metadata.ts";
import * as sameRepoMerge from "./steps/same-repo-merge.ts";
import * as stripStorageKey from "./steps/strip-storage-key.ts";
import * as writeIdentityJson from "./steps/write-identity-json.ts";
import { targetOf } from "./target.ts";
import { planTmux } from "./tmux-names.ts";

interface Step {
  title: string;
  description: string;
  build(builder: StepBuilder): void;
}

const steps: Record<StepId, Step> = {
  "import-v1-hash-dirs": importV1HashDirs,
  "rekey-v1-entries": rekeyV1Entries,
  "same-repo-merge": sameRepoMerge,
  "write-identity-json": writeIdentityJson,
  "reconcile-counter": reconcileCounter,
  "rewrite-session-metadata": rewriteSessionMetadata,
  "rename-tmux-sessions": renameTmuxSessions,
  "adopt-stranded-worktrees": adoptStrandedWorktrees,
  "normalize-orchestrators": normalizeOrchestrators,
  "collapse-observability": collapseObservability,
  "strip-storage-key": stripStorageKey,
  "gc-stranded-dirs": gcStrandedDirs,
  "dead-export-manifest": deadExportManifest,
};

/** A whole plan. Steps that would do nothing are not in it. */
export interface StoragePlan {
  /** SHA-256 over the operations, first 16 hex digits; computed when it is asked for. */
  readonly id: string;
  inventory: Inventory;
  identities: Identities;
  target: Target;
  /** Worktrees that come along with what they stand in. */
  companions: CompanionMove[];
  /** Steps that were asked for. */
  selected: ReadonlySet<StepId>;
  steps: PlannedStep[];
  decisions: Decision[];
  /** Answers that matched no decision. */
  unusedAnswers: string[];
  warnings: string[];
  blockers: string[];
}

/** Plans the way from what the scan saw to V3. */
export function planStorage(inventory: Inventory, options: PlanOptions): StoragePlan {
  const decisions = new Decisions(options.answers);
  const identities = identify(inventory, decisions);
  const target = targetOf(inventory, identities, options, decisions);
  const tmux = planTmux(inventory, target);
  const context: StepContext = {
    inventory,
    identities,
    target,
    options,
    edits: { paths: pathMap(inventory, target), tmux },
    history: new History(inventory),
    warnings: [],
    placed: new Map(),
    dirs: knownDirs(inventory),
    vacated: new Set(),
  };
  const blockers = blockersOf(inventory);
  // Half a registry proves half an identity, so nothing is planned on an unreadable one.
  const { planned, companions } =
    inventory.registryFault === null ? buildSteps(context) : { planned: [], companions: [] };
  if (inventory.registry !== null) {
    const operations = planned.flatMap((step) => step.operations);
    blockers.push(...blockedEdits(inventory.registry, operations));
  }
  let id: string | undefined;
  return {
    get id() {
      id ??= sha256(JSON.stringify(planned.map((step) => step.operations))).slice(0, 16);
      return id;
    },
    inventory,
    identities,
    target,
    companions,
    selected: options.steps,
    steps: planned,
    decisions: decisions.list,
    unusedAnswers: decisions.unused(),
    warnings: [
      ...orphanWarnings(identities),
      ...target.warnings,
      ...tmux.warnings,
      ...context.warnings,
      ...context.history.warnings.map((warning) => `${warning}.`),
      ...liveWarnings(inventory),
    ],
    blockers,
  };
}

/** All operations of a plan, in the order in which they run. */
export function operationsOf(plan: StoragePlan): Operation[] {
  return plan.steps.flatMap((step) => step.operations);
}

function buildSteps(context: StepContext): Pick<StoragePlan, "companions"> & {
  planned: PlannedStep[];
} {
  const built = stepIds
    .filter((id) => context.options.steps.has(id))
    .map((id) => {
      const builder = new StepBuilder(context);
      steps[id].build(builder);
      return { id, builder };
    });
  const companions = settleCompanions(
    built.map(({ builder }) => builder),
    context,
  );
  const planned = built
    .filter(({ builder }) => builder.operations.length > 0)
    .map(({ id, builder }) => stepOf(id, steps[id], builder));
  return { planned, companions };
}

function stepOf(
  id: StepId,
  { title, description }: Step,
  { operations, details }: StepBuilder,
): PlannedStep {
  let lines: string[] | undefined;
  return {
    order: stepIds.indexOf(id) + 1,
    id,
    title,
    description,
    count: details.length,
    get details() {
      lines ??= details.map((line) => line());
      return lines;
    },
    operations,
  };
}

function knownDirs(inventory: Inventory): Set<string> {
  const dirs = new Set<string>();
  if (inventory.projects.length > 0) dirs.add(`${inventory.places.baseDir}/projects`);
  for (const dir of inventory.projects) noteDirs(dirs, dir, dir.path);
  return dirs;
}

/** Directories of AO's own that cannot be listed: nothing is known of a disk that has one. */
export function unlisted({ faults, places: { baseDir } }: Inventory): Fault[] {
  const isProjects = ({ kind, place }: Fault) =>
    kind === "unreadable" && place.file === `${baseDir}/projects`;
  return faults.filter((fault) => fault.place.file === baseDir || isProjects(fault));
}

function blockersOf(inventory: Inventory): string[] {
  const blockers: string[] = [];
  const fault = inventory.registryFault;
  if (fault !== null) {
    const { file, line, column } = fault.place;
    const place = [file, line, column].filter((part) => part !== undefined).join(":");
    blockers.push(`${place}: ${fault.detail}`);
  }
  blockers.push(...unlisted(inventory).map(({ place, detail }) => `${place.file}: ${detail}`));
  const holder = inventory.migrationHolder;
  for (const id of inventory.openMigrations) {
    blockers.push(
      holder?.migration === id
        ? `Migration ${id} is running, in ${describeHolder(holder)}: wait until it has ended.`
        : `Migration ${id} was interrupted: resume it or roll it back first.`,
    );
  }
  return blockers;
}

function orphanWarnings(identities: Identities): string[] {
  return identities.orphans.map(({ dir, reason }) => `${dir.path} left alone: ${reason}.`);
}

function liveWarnings(inventory: Inventory): string[] {
  const { running } = inventory;
  if (running === null) return [];
  if (running.isAo) return [`AO is running (pid ${running.pid}); stop it before executing.`];
  if (running.pid === null) return [];
  const state = running.alive ? "belongs to another program" : "is dead";
  return [`running.json names pid ${running.pid}, which ${state}.`];
}
