/** One tick: a planning step if a plan is due, else a phase; and its commit, when that is wanted. */

import { join } from "node:path";
import { plural } from "../text.ts";
import { loadedMigrations, phaseEligibility, planningEligibility } from "./eligibility.ts";
import { rollbackReason, rolledBackPhases } from "./executed-file.ts";
import { loadManifest, type Manifest, manifestName } from "./manifest.ts";
import type { PhaseTickOptions } from "./phase-tick.ts";
import { phaseTick } from "./phase-tick.ts";
import { type PlanningTickOptions, planningTick } from "./planning-tick.ts";
import { recover } from "./recover.ts";
import { commitMigration } from "./repository.ts";
import { migrationDirOf, type Site } from "./site.ts";
import { type TickResult, tickResult } from "./tick-result.ts";

export interface TickOptions extends PlanningTickOptions, PhaseTickOptions {
  /** Commit the migration's own files, where the root is a git work tree. @default false */
  commit?: boolean;
}

/** Settles what earlier runs left, then runs what is due first. Planning comes before any phase. */
export async function tick(given: Site, options: TickOptions): Promise<TickResult> {
  const settled: string[] = [];
  const onNote = (note: string) => {
    settled.push(note);
    given.onNote?.(note);
  };
  const site = { ...given, onNote };
  // Before anything is read: a publish that is finished late leads to another step.
  recover(site);
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
  return { ...result, recovered: [...new Set([...settled, ...result.recovered])] };
}

/** Why there was nothing to do; of one migration the reason that it has. */
async function whyNot(site: Site, { slug, maxEffort = "xhigh" }: TickOptions): Promise<string> {
  if (slug === undefined) {
    const waiting = await countWaiting(site);
    const told = `; ${plural(waiting, "plan")} waiting for a person: list --awaiting-review`;
    return `nothing is due${waiting === 0 ? "" : told}`;
  }
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

/** As many as `list --awaiting-review` shows. */
async function countWaiting(site: Site): Promise<number> {
  let count = 0;
  for (const { slug, manifest } of loadedMigrations(site)) {
    const rolledBack = await rolledBackPhases(site, slug, manifest).catch(() => []);
    if (rolledBack.length > 0 || awaits(manifest)) count += 1;
  }
  return count;
}

function awaits({ awaitingHumanReview, status }: Manifest): boolean {
  return awaitingHumanReview && status !== "done" && status !== "skipped";
}
