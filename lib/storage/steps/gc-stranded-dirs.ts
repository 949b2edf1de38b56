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
    // V0's directory may hold anything; only its sessions were AO's.
    if (dir.layout === "v0" || target.keptDirs.has(dir) || hasFaults(builder, dir)) continue;
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

/** Something that could not be used was not carried over, so nothing goes to the trash on a guess. */
function hasFaults(builder: StepBuilder, dir: StateDir): boolean {
  const { inventory, vacated, warnings } = builder.context;
  const isCarried = (path: string): boolean =>
    path !== dir.path && (vacated.has(path) || isCarried(path.slice(0, path.lastIndexOf("/"))));
  const fault = inventory.faults.find(
    ({ place }) => place.file.startsWith(`${dir.path}/`) && !isCarried(place.file),
  );
  if (fault === undefined) return false;
  warnings.push(`${lastPart(dir.path)} kept: ${fault.place.file} could not be used.`);
  return true;
}
