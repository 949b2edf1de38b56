/** What is left of imported and empty directories, and of older migrations, goes to the trash. */

import type { StepBuilder } from "../builder.ts";
import type { StateDir } from "../inventory.ts";
import { lastPart } from "../project.ts";

export const title = "Clear stranded directories";
export const description =
  "Move emptied hash directories, merged leftovers and .migrated copies to this migration's trash. Nothing is deleted until it is pruned.";

export function build(builder: StepBuilder): void {
  const { inventory, target } = builder.context;
  const merged = target.projects.flatMap((project) =>
    project.sources.filter((source) => !source.whole).map((source) => source.dir),
  );
  for (const dir of merged) {
    if (target.keptDirs.has(dir) || hasFaults(builder, dir)) continue;
    builder.add({ op: "trash", path: dir.path });
    builder.detail(() => `${builder.show(dir.path)} (merged)`);
  }
  for (const dir of inventory.hashDirs) {
    if (!dir.empty) continue;
    builder.add({ op: "trash", path: dir.path });
    builder.detail(() => `${lastPart(dir.path)} (empty)`);
  }
  for (const { path, kind } of inventory.leftovers) {
    if (kind !== "migration-marker") continue;
    builder.add({ op: "trash", path });
    builder.detail(() => `${builder.show(path)} (left by an interrupted AO migration)`);
  }
}

/** Something below could not be read, so nothing below is moved on a guess. */
function hasFaults(builder: StepBuilder, dir: StateDir): boolean {
  const { inventory, warnings } = builder.context;
  const fault = inventory.faults.find(({ place }) => place.file.startsWith(`${dir.path}/`));
  if (fault === undefined) return false;
  warnings.push(`${lastPart(dir.path)} kept: ${fault.place.file} could not be used.`);
  return true;
}
