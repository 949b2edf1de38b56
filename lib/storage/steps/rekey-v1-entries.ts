/** Bare project ids become `{name}_{h10}`, on the disk and in the registry. */

import type { Edit } from "../../edits.ts";
import type { StepBuilder } from "../builder.ts";
import { bringIn, noteDirs } from "../merge.ts";
import type { Project } from "../project.ts";
import { registryPointer } from "../registry-edits.ts";
import type { ProjectTarget } from "../shape.ts";
import { imports, settleSources } from "./import-v1-hash-dirs.ts";
import { keepIdentity } from "./write-identity-json.ts";

export const title = "Re-key V1 bare-basename projects to V2 format";
export const description =
  "Rename projects/{name} to projects/{name}_{hash10}, rename the registry key and its mentions, and repair the git links of the worktrees inside.";

export function build(builder: StepBuilder): void {
  for (const target of builder.context.target.projects) {
    const moved = moveHome(builder, target);
    const twins = target.sources.filter((source) => source.step === "rekey-v1-entries");
    for (const source of twins) {
      bringIn(builder, target, source, target.dir);
      builder.detail(() => `projects/${source.dir.name} → projects/${target.id} (merged)`);
    }
    if (moved) settleSources(builder, target);
    const dirs = new Set([...(moved ? [target.project.home] : []), ...twins.map(({ dir }) => dir)]);
    for (const move of builder.context.target.worktrees) {
      if (move.carrier !== null && dirs.has(move.carrier)) builder.settleWorktree(move);
    }
  }
  for (const project of builder.context.identities.projects) rekeyEntry(builder, project);
}

function moveHome(builder: StepBuilder, target: ProjectTarget): boolean {
  if (target.standing === target.dir) return false;
  builder.move(target.standing, target.dir);
  const { home } = target.project;
  if (home !== null) noteDirs(builder.context.dirs, home, target.dir);
  if (!imports(target)) keepIdentity(builder, target, target.dir);
  builder.detail(() => `projects/${target.project.home?.name} → projects/${target.id}`);
  return true;
}

/** The registry entry: mentions first, then the key itself, so that each edit names what is there. */
function rekeyEntry(builder: StepBuilder, project: Project): void {
  const { registry, places } = builder.context.inventory;
  const { entry, id, key } = project;
  if (registry === null || entry === null || id === null || key === null || key === id) return;
  const pointer = registryPointer(registry, key);
  if (project.held !== null || project.mergedInto !== null || pointer === null) return;
  const edits: Edit[] = [];
  if (entry.projectId === key) {
    edits.push({ pointer: `${pointer}/projectId`, before: key, after: id });
  }
  const at = registry.projectOrder?.indexOf(key) ?? -1;
  if (at >= 0) edits.push({ pointer: `/projectOrder/${at}`, before: key, after: id });
  const path = places.configFile;
  if (edits.length > 0) builder.add({ op: "patchYaml", path, edits });
  builder.add({ op: "patchYaml", path, edits: [{ pointer, rename: id }] });
  const standing = project.home?.name;
  if (standing === undefined || standing === id) builder.detail(() => `registry: ${key} → ${id}`);
}
