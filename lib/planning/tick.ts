/** One tick: a planning step if a plan is due, else a phase; and its commit, when that is wanted. */

import { join } from "node:path";
import { phaseEligibility, planningEligibility } from "./eligibility.ts";
import { rollbackReason, rolledBackPhases } from "./executed-file.ts";
import { loadManifest, manifestName } from "./manifest.ts";
import type { PhaseTickOptions } from "./phase-tick.ts";
import { phaseTick } from "./phase-tick.ts";
import { type PlanningTickOptions, planningTick } from "./planning-tick.ts";
import { commitMigration } from "./repository.ts";
import { migrationDirOf, type Site } from "./site.ts";
import { type TickResult, tickResult } from "./tick-result.ts";

export interface TickOptions extends PlanningTickOptions, PhaseTickOptions {
  /** Commit the migration's own files, where the root is a git work tree. @default false */
  commit?: boolean;
}

/** Runs what is due first. Planning comes before any phase. */
export async function tick(site: Site, options: TickOptions): Promise<TickResult> {
  const result =
    (await planningTick(site, options)) ??
    (await phaseTick(site, options)) ??
    tickResult({
      outcome: "nothing",
      role: "tick",
      failure: "none",
      slug: options.slug ?? null,
      summary: await whyNot(site, options),
    });
  const { slug, commit } = result;
  if (options.commit === true && slug !== null && commit !== null) {
    commitMigration(site, slug, `${commit.subject}\n\n${commit.body}`);
  }
  return result;
}

/** Why there was nothing to do; of one migration the reason that it has. */
async function whyNot(site: Site, { slug, maxEffort = "xhigh" }: TickOptions): Promise<string> {
  if (slug === undefined) return "nothing is due";
  const dir = migrationDirOf(site, slug);
  const manifest = loadManifest(site.disk, dir);
  if (manifest === null) return "there is no such migration";
  const rolledBack = await rolledBackPhases(site, slug, manifest);
  if (rolledBack.length > 0) return `${rollbackReason(rolledBack)}; review lets it run again`;
  const file = join(dir, manifestName);
  const now = site.now();
  const found =
    manifest.status === "planning"
      ? planningEligibility(manifest, now, file)
      : phaseEligibility(manifest, now, file, maxEffort);
  return found.eligible ? "nothing is due" : found.reason;
}
