/** One tick: a planning step if a plan is due, else a phase; and its commit, when that is wanted. */

import type { PhaseTickOptions } from "./phase-tick.ts";
import { phaseTick } from "./phase-tick.ts";
import { type PlanningTickOptions, planningTick } from "./planning-tick.ts";
import { commitMigration } from "./repository.ts";
import type { Site } from "./site.ts";
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
      summary: "nothing is due",
    });
  const { slug, commit } = result;
  if (options.commit === true && slug !== null && commit !== null) {
    commitMigration(site, slug, `${commit.subject}\n\n${commit.body}`);
  }
  return result;
}
