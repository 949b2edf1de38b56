/**
 * What came after a migration and is carried back by its rollback: worktrees of sessions spawned
 * since go back with their directory, and git's links, the sessions and the agents' history follow.
 *
 * It is a migration of its own, below that of the rollback, and part of it: whoever finishes the
 * rollback finishes this.
 */

import { realpathSync } from "node:fs";
import { basename, join } from "node:path";
import { listMigrations } from "../change/history.ts";
import { dirOf, type Operation } from "../change/operation.ts";
import type { EngineOptions, Kept } from "../change/options.ts";
import { Places as MigrationPlaces } from "../change/places.ts";
import { concernsOnePath } from "../change/stop.ts";
import { applyPlan, checkPlan, undo } from "../change/transaction.ts";
import { describeError, ToolkitError } from "../errors.ts";
import { linkFilesForMove } from "../git.ts";
import { readWorktree } from "../git-files.ts";
import { isInside, type Places } from "../paths.ts";
import type { Env } from "../process.ts";
import { History } from "./history.ts";
import type { Inventory, SessionFile, WorktreeLeaf } from "./inventory.ts";
import { namedWorkspaces, workspaceEdits } from "./metadata-edits.ts";
import { lstatOrNull, rootsOf } from "./roots.ts";
import { scan } from "./scan.ts";
import { realOf as realPath, spelledOf } from "./spelling.ts";

/** The migration that is taken back. */
export interface Leader {
  operations: readonly Operation[];
  /** When it was made; what is older is as it was before it. */
  since: Date;
  places: Places;
  env: Env;
}

/** The rollback that is under way. */
export interface Rollback extends Leader {
  engine: EngineOptions;
  toolVersion: string;
  /** The command that mends links, for warnings. */
  mend: string;
  /** What it did not take back. */
  kept: readonly Kept[];
}

/**
 * Lets what came later follow; called when everything else is taken back. Idempotent.
 *
 * @returns warnings: what could not follow
 * @throws what stops the rollback half-way; it is to be called again then
 */
export async function follow(rollback: Rollback): Promise<string[]> {
  const { engine, mend, places, env } = rollback;
  const dir = new MigrationPlaces(engine.migrationDir).after;
  let inventory = look(places, env);
  const roots = [...new Set([...engine.roots, ...rootsOf(inventory)])];
  const { migrations, damaged } = await listMigrations(dir, engine.disk);
  for (const { dir: migrationDir, state } of migrations) {
    if (state === "done" || state === "rolled-back") continue;
    // Of a rollback that was killed in here: the disk is looked at anew.
    await undo({ ...engine, roots, migrationDir });
    inventory = look(places, env);
  }
  const { operations, warnings } = followers(inventory, rollback, rollback.kept);
  const number = migrations.length + damaged.length + 1;
  const id = `${basename(engine.migrationDir)}-after-${number}`;
  const below = { ...engine, roots, migrationDir: join(dir, id) };
  if (operations.length > 0) {
    warnings.push(...(await applyFitting(below, operations, rollback.toolVersion)));
    inventory = look(places, env);
  }
  return [...warnings, ...staleLinks(inventory, mend)];
}

function look(places: Places, env: Env): Inventory {
  return scan(places, { tmux: false, sizes: false, env });
}

/** Applies what fits the disk; the rest, and why, are the warnings that it gives back. */
async function applyFitting(
  engine: EngineOptions,
  operations: Operation[],
  toolVersion: string,
): Promise<string[]> {
  const id = basename(engine.migrationDir);
  const title = `what came later follows the rollback of ${id.replace(/-after-\d+$/, "")}`;
  const plan = { script: "rollback", title, operations, roots: [...engine.roots] };
  try {
    const unfit = await checkPlan({ ...engine, plan });
    const warnings = unfit.map(({ path, reason }) => `${path} could not follow: ${reason}`);
    const isFit = (_: Operation, index: number) => !unfit.some((each) => each.index === index);
    plan.operations = operations.filter(isFit);
    if (plan.operations.length === 0) return warnings;
    const result = await applyPlan({ ...engine, plan, toolVersion });
    return [...warnings, ...result.warnings];
  } catch (error) {
    return [`what came later could not follow: ${await withdrawn(engine, error)}`];
  }
}

/**
 * Takes back what did not get far for a reason that trying again would meet again: that is none to
 * keep the rollback open.
 *
 * @returns the reason
 * @throws every other error
 */
async function withdrawn(engine: EngineOptions, error: unknown): Promise<string> {
  if (!(error instanceof ToolkitError)) throw error;
  const { outcome, cause } = error;
  const isLasting = cause === undefined || concernsOnePath(cause);
  if (outcome === "refused" && isLasting) return describeError(error);
  if (outcome !== "interrupted") throw error;
  if (!concernsOnePath(cause)) throw cause;
  await undo(engine);
  return describeError(cause);
}

/** What follows a rollback, as operations, and warnings of what will have to stay as it is. */
export function followers(
  inventory: Inventory,
  { operations, since }: Leader,
  kept: readonly Kept[] = [],
): { operations: Operation[]; warnings: string[] } {
  const placeBack = wayBack(operations);
  const { realPlaces } = inventory;
  const placeOf = (path: string) => {
    const spelled = spelledOf(path, realPlaces);
    const place = placeBack(spelled);
    if (place === spelled || exists(path) || !exists(place)) return path;
    return spelled === path ? place : realPath(place, realPlaces);
  };
  const carried = carriedBack(inventory, placeOf).filter(({ to }) => !isOlder(`${to}/.git`, since));
  // The agents' history still stands under the names that these worktrees had.
  const formerly = new Map(carried.map(({ from, to }) => [to, from]));
  const before = inventory.worktrees.map((leaf) => {
    return { ...leaf, path: formerly.get(leaf.path) ?? leaf.path };
  });
  const history = new History({ ...inventory, worktrees: before });
  // A file of the migration that will be tried again has to be as the migration left it.
  const failed = kept.filter((each) => each.failed === true).map(({ path }) => path);
  const waiting = new Set(failed.flatMap((path) => [path, placeBack(path)]));
  const isLater = ({ path }: SessionFile) => !waiting.has(path) && !isOlder(path, since);
  const sessions = sessionEdits(inventory, isLater, placeOf);
  const links = carried.flatMap((move) => [move.relink, ...history.follow(move)]);
  return {
    operations: [...links, ...sessions.operations],
    warnings: [...history.warnings, ...sessions.warnings],
  };
}

/** What a rollback would carry back besides, one line a worktree. */
export function previewFollowers({ operations, since, places, env }: Leader): string[] {
  const known = new Set(
    operations.flatMap((each) => (each.op === "relinkWorktree" ? each.worktree : [])),
  );
  const placeBack = wayBack(operations);
  const { worktrees, companions = [] } = look(places, env);
  return [...worktrees, ...companions].flatMap(({ path, adminDir }) => {
    const place = placeBack(path);
    const isKnown = place === path || known.has(path) || adminDir === undefined;
    if (isKnown || isOlder(`${path}/.git`, since)) return [];
    return [`link ${path} at ${place}, with its session and chats: it came later`];
  });
}

/** A worktree that went back with its directory, while git believes that it is where it was. */
interface Carried {
  from: string;
  to: string;
  relink: Operation;
}

function carriedBack(inventory: Inventory, placeOf: (path: string) => string): Carried[] {
  const { baseDir } = inventory.places;
  const realBase = realOf(baseDir);
  // Git resolves links in paths, plans do not.
  const spelled = (path: string) =>
    isInside(path, realBase) ? baseDir + path.slice(realBase.length) : path;
  const found = new Map<string, Carried>();
  for (const { commonDir, adminEntries } of Object.values(inventory.repos)) {
    for (const { id, path, exists } of adminEntries) {
      const from = spelled(path);
      const to = placeOf(from);
      if (commonDir === undefined || exists || to === from) continue;
      const adminDir = `${commonDir}/worktrees/${id}`;
      const relink = relinkOf(leavesAt(to, inventory.worktrees), { commonDir, adminDir, to });
      if (relink !== null) found.set(adminDir, { from, to, relink });
    }
  }
  return [...found.values()];
}

/** All worktrees, and the one at the path if it stands at no place of AO's. */
function leavesAt(path: string, worktrees: WorktreeLeaf[]): Pick<WorktreeLeaf, Seen>[] {
  const linked = worktrees.some((leaf) => leaf.path === path) ? null : readWorktree(path);
  if (linked === null) return worktrees;
  const { adminDir, commonDir } = linked;
  return [...worktrees, { path, adminDir: realOf(adminDir), ...(commonDir && { commonDir }) }];
}

type Seen = "path" | "adminDir" | "commonDir";

function relinkOf(
  worktrees: Pick<WorktreeLeaf, Seen>[],
  { commonDir, adminDir, to }: { commonDir: string; adminDir: string; to: string },
): Operation | null {
  const leaf = worktrees.find(({ path }) => path === to);
  // A relative link leads nowhere from where it is now.
  const isIts = leaf?.adminDir === adminDir || leaf?.commonDir === undefined;
  const others = worktrees.filter((other) => other !== leaf && other.adminDir === adminDir);
  if (leaf === undefined || !isIts || others.length > 0) return null;
  try {
    const files = linkFilesForMove({ adminDir, from: to, to });
    return files.length === 0
      ? null
      : { op: "relinkWorktree", repo: commonDir, worktree: to, files };
  } catch {
    // Its links make no sense; that is told.
    return null;
  }
}

function staleLinks({ worktrees }: Inventory, mend: string): string[] {
  return worktrees.flatMap(({ path, linkedPath }) => {
    if (linkedPath === undefined || linkedPath === path || exists(linkedPath)) return [];
    const state = `git's link to the worktree ${path} names ${linkedPath}, which is gone`;
    return [`${state}; mend it with: ${mend}`];
  });
}

function sessionEdits(
  inventory: Inventory,
  isLater: (file: SessionFile) => boolean,
  placeOf: (path: string) => string,
): { operations: Operation[]; warnings: string[] } {
  const operations: Operation[] = [];
  const warnings: string[] = [];
  for (const dir of [...inventory.projects, ...inventory.hashDirs]) {
    const { sessions, archives, orchestrator } = dir;
    const single = orchestrator === undefined ? [] : [orchestrator];
    for (const file of [...sessions, ...archives, ...single]) {
      const stale = namedWorkspaces(file).find((path) => placeOf(path) !== path);
      if (stale === undefined || !isLater(file)) continue;
      if (file.format !== "json" || file.duplicateKeys === true) {
        warnings.push(`${file.path} still names ${stale}, which is ${placeOf(stale)} now`);
        continue;
      }
      const edits = workspaceEdits(file, placeOf);
      operations.push({ op: "patchJson", path: file.path, edits });
    }
  }
  return { operations, warnings };
}

function isOlder(path: string, since: Date): boolean {
  return (lstatOrNull(path)?.mtimeMs ?? 0) < since.getTime();
}

function exists(path: string): boolean {
  return lstatOrNull(path) !== null;
}

function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Where something is once all moves are taken back: a lookup, since both may be many. */
function wayBack(operations: readonly Operation[]): (path: string) => string {
  const arrivals = new Map<string, { at: number; from: string }[]>();
  for (const [at, operation] of operations.entries()) {
    if (operation.op !== "move") continue;
    const { from, to } = operation;
    arrivals.set(to, [...(arrivals.get(to) ?? []), { at, from }]);
  }
  const lastBefore = (end: number, path: string) => {
    let last: { at: number; from: string; to: string } | undefined;
    for (let to = path; to !== "/"; to = dirOf(to)) {
      const arrival = arrivals.get(to)?.findLast(({ at }) => at < end);
      if (arrival !== undefined && arrival.at > (last?.at ?? -1)) last = { ...arrival, to };
    }
    return last;
  };
  return (path) => {
    let place = path;
    if (!path.startsWith("/")) return place;
    for (let move = lastBefore(operations.length, place); move !== undefined; ) {
      place = move.from + place.slice(move.to.length);
      move = lastBefore(move.at, place);
    }
    return place;
  };
}
