/** One migration in full: where it stands, what was accepted, what comes. */

import { join } from "node:path";
import { type RolledBack, rolledBackPhases } from "./executed-file.ts";
import { loadManifest, type Manifest } from "./manifest.ts";
import { operationsFileOf } from "./operations-file.ts";
import { mayBeInside } from "./refs.ts";
import { migrationDirOf, type Site } from "./site.ts";
import type { PlanningState } from "./state.ts";
import { loadState } from "./state-file.ts";

export interface Shown {
  slug: string;
  dir: string;
  manifest: Manifest;
  /** Null for a migration that was not planned in steps. */
  state: PlanningState | null;
  /** Phases that have their operations recorded. */
  recorded: string[];
  /** Phases that were done and have been taken back since. */
  rolledBack: RolledBack[];
  plan: string | null;
}

/** @throws ToolkitError `invalid` for a manifest or state that does not load */
export async function show(site: Site, slug: string): Promise<Shown | null> {
  const { disk } = site;
  const dir = migrationDirOf(site, slug);
  const manifest = loadManifest(disk, dir);
  if (manifest === null) return null;
  const planFile = join(dir, "plan.md");
  const isFile = (file: string) =>
    mayBeInside(file) && disk.lstat(join(dir, file))?.kind === "file";
  return {
    slug,
    dir,
    manifest,
    state: loadState({ disk, slug, dir }),
    recorded: manifest.phases
      .filter(({ file }) => isFile(operationsFileOf(file)))
      .map(({ name }) => name),
    rolledBack: await rolledBackPhases(site, slug, manifest),
    plan: isFile("plan.md") ? new TextDecoder().decode(disk.readFile(planFile)) : null,
  };
}
