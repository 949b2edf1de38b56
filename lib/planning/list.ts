/** What there is: staged plans, and the migrations that the change engine carried out directly. */

import { listMigrations } from "../change/history.ts";
import { describeError, ToolkitError } from "../errors.ts";
import { rollbackReason, rolledBackPhases } from "./executed-file.ts";
import { type FastPath, type FastPathTarget, fastPathTargets, loadFastPath } from "./fast-path.ts";
import { currentPhaseOf, loadManifest, type Manifest } from "./manifest.ts";
import { migrationDirOf, type Site, visibleSlugs } from "./site.ts";
import { loadState } from "./state-file.ts";

export interface ListRow {
  /** `operations`: carried out at once by a script, without steps and phases, or about to be. */
  kind: "plan" | "operations";
  slug: string;
  /**
   * The manifest's, `rolled-back` for one of which a phase was taken back, `invalid-manifest`, or
   * the state that the engine's journal tells.
   */
  status: string;
  /** Where it stands; null when there is nothing to say. */
  cursor: string | null;
  awaitingReview: boolean;
  lastTouch: string | null;
  cooldown: string | null;
  reason: string | null;
}

export interface ListFilter {
  status?: string;
  awaitingReview?: boolean;
}

/** The rows of staged plans by slug, and after them those of the engine, oldest first. */
export async function listRows(
  site: Site,
  engineDirs: Readonly<Partial<Record<FastPathTarget, string>>>,
  filter: ListFilter = {},
): Promise<ListRow[]> {
  const rows: ListRow[] = [];
  for (const slug of visibleSlugs(site)) rows.push(await planRow(site, slug));
  for (const target of fastPathTargets) {
    const migrationsDir = engineDirs[target];
    if (migrationsDir === undefined) continue;
    rows.push(...(await engineRows(site, migrationsDir)));
    rows.push(...fastPathRow({ target, migrationsDir, disk: site.disk }));
  }
  const { status, awaitingReview = false } = filter;
  return rows.filter((row) => {
    if (status !== undefined && row.status !== status) return false;
    return !awaitingReview || row.awaitingReview;
  });
}

async function planRow(site: Site, slug: string): Promise<ListRow> {
  const blocked = (reason: string): ListRow => ({
    ...emptyRow("plan", slug, "invalid-manifest"),
    cursor: "blocked",
    reason,
  });
  let manifest: Manifest | null;
  try {
    manifest = loadManifest(site.disk, migrationDirOf(site, slug));
  } catch (error) {
    return blocked(`invalid-manifest: ${oneLine(error)}`);
  }
  if (manifest === null) return blocked("missing-manifest");
  const rolledBack = await rolledBackPhases(site, slug, manifest).catch((error) => oneLine(error));
  if (typeof rolledBack === "string") return blocked(rolledBack);
  const [first] = rolledBack;
  if (first !== undefined) {
    const { phases, lastTouch } = manifest;
    return {
      ...emptyRow("plan", slug, "rolled-back"),
      cursor: phases.find(({ name }) => name === first.phase)?.file ?? null,
      awaitingReview: true,
      lastTouch,
      reason: `${rollbackReason(rolledBack)}; review ${slug} lets it run again`,
    };
  }
  const { cursor, reason } = standing(site, slug, manifest);
  return {
    ...emptyRow("plan", slug, manifest.status),
    cursor,
    awaitingReview: manifest.awaitingHumanReview,
    lastTouch: manifest.lastTouch,
    cooldown: manifest.cooldownUntil,
    reason: reason ?? manifest.humanReviewReason,
  };
}

function emptyRow(kind: ListRow["kind"], slug: string, status: string): ListRow {
  const nothing = { cursor: null, lastTouch: null, cooldown: null, reason: null };
  return { kind, slug, status, awaitingReview: false, ...nothing };
}

function standing(
  site: Site,
  slug: string,
  manifest: Manifest,
): { cursor: string | null; reason: string | null } {
  const { status } = manifest;
  if (status === "ready" || status === "in-progress") {
    const phase = currentPhaseOf(manifest);
    if (phase === undefined) return { cursor: "blocked", reason: "invalid-current-phase" };
    return { cursor: phase.file, reason: null };
  }
  if (status !== "planning") return { cursor: null, reason: null };
  try {
    const state = loadState({ disk: site.disk, slug, dir: migrationDirOf(site, slug) });
    if (state !== null) return { cursor: `planning:${state.nextStep}`, reason: null };
    return { cursor: "planning:blocked", reason: "planning-state-missing" };
  } catch {
    return { cursor: "planning:blocked", reason: "planning-state-invalid" };
  }
}

/** What comes next, once somebody has had a say in it. */
function fastPathRow(path: Omit<FastPath, "now">): ListRow[] {
  const { target } = path;
  try {
    const record = loadFastPath(path);
    if (record === null) return [];
    const { awaitingHumanReview: awaitingReview, approvedPlan, lastTouch } = record;
    const cursor = awaitingReview ? "review" : `plan:${approvedPlan}`;
    const reason = record.humanReviewReason;
    return [
      { ...emptyRow("operations", target, "planned"), cursor, awaitingReview, lastTouch, reason },
    ];
  } catch (error) {
    if (!(error instanceof ToolkitError)) throw error;
    const cursor = "blocked";
    return [{ ...emptyRow("operations", target, "damaged"), cursor, reason: oneLine(error) }];
  }
}

async function engineRows(site: Site, dir: string): Promise<ListRow[]> {
  const { migrations, damaged } = await listMigrations(dir, site.disk);
  const rows = migrations.map((found): ListRow => {
    const { id, state, applied, operations, endedAt, createdAt, script, title } = found;
    return {
      ...emptyRow("operations", id, state),
      cursor: state === "done" ? null : `operation:${applied}/${operations}`,
      lastTouch: endedAt ?? createdAt,
      reason: `${script}: ${title}`,
    };
  });
  const broken = damaged.map(
    ({ id, error }): ListRow => ({
      ...emptyRow("operations", id, "damaged"),
      cursor: "blocked",
      reason: oneLine(error),
    }),
  );
  return [...rows, ...broken];
}

function oneLine(error: unknown): string {
  const place = error instanceof ToolkitError ? error.place : undefined;
  const at = place?.line === undefined ? "" : `${place.line}:${place.column ?? 1}: `;
  return (
    at +
    describeError(error)
      .replace(/^Cannot load "[^"]*": /, "")
      .replace(/\s+/g, " ")
  );
}
