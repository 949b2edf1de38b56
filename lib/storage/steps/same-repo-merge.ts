/** One repository registered twice, merged only where the user decided so. */

import type { Edit } from "../../edits.ts";
import type { StepBuilder } from "../builder.ts";
import type { StateDir } from "../inventory.ts";
import { bringIn } from "../merge.ts";
import { projectLabel } from "../project.ts";
import { registryPointer } from "../registry-edits.ts";

export const title = "Merge same-repo dual registrations";
export const description =
  "Bring the directories of a merged registration into the one that stays and take its entry out of the registry. Only where decided; the default keeps both.";

export function build(builder: StepBuilder): void {
  const { target, identities } = builder.context;
  for (const project of target.projects) {
    const sources = project.sources.filter((source) => source.step === "same-repo-merge");
    for (const source of sources) bringIn(builder, project, source, project.dir);
    const dirs = new Set<StateDir | null>(sources.map((source) => source.dir));
    for (const move of target.worktrees) {
      if (dirs.has(move.carrier)) builder.settleWorktree(move);
    }
  }
  const order = builder.context.inventory.registry?.projectOrder ?? [];
  // From the back, so that taking one out of the order does not shift those still to go.
  const byOrder = identities.projects.toSorted(
    (a, b) => order.indexOf(b.key ?? "") - order.indexOf(a.key ?? ""),
  );
  for (const project of byOrder) {
    const into = project.mergedInto;
    if (into === null || into.held !== null) continue;
    removeEntry(builder, project.key);
    builder.detail(() => `${projectLabel(project)} → ${projectLabel(into)}`);
  }
}

function removeEntry(builder: StepBuilder, key: string | null): void {
  const { registry, places } = builder.context.inventory;
  if (registry === null || key === null) return;
  const pointer = registryPointer(registry, key);
  const entry = registry.projects.find((project) => project.key === key);
  if (pointer === null || entry === undefined) return;
  const raw = registry.raw as { projects: Record<string, unknown>; projectOrder?: unknown[] };
  const edits: Edit[] = [{ pointer, before: raw.projects[key] as NonNullable<Edit["before"]> }];
  const at = registry.projectOrder?.indexOf(key) ?? -1;
  if (at >= 0) edits.push({ pointer: `/projectOrder/${at}`, before: key });
  builder.add({ op: "patchYaml", path: places.configFile, edits });
}
