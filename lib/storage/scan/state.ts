/** Everything below the base dir that holds sessions or records. */

import { isProjectId, isSafeProjectId } from "../../paths.ts";
import type { ObservabilityDir, StateDir } from "../inventory.ts";
import type { BaseDir } from "./base-dir.ts";
import { linkDetail, specialDetail } from "./entries.ts";
import { scanObservability } from "./observability.ts";
import type { Reader } from "./reader.ts";
import { type StateDirOptions, scanHashDir, scanProjectDir } from "./state-dir.ts";

export interface State {
  projects: StateDir[];
  hashDirs: StateDir[];
  observability: ObservabilityDir[];
}

/** Reads `projects/*`, the V1 directories and the observability directories. */
export function scanState(
  reader: Reader,
  baseDir: string,
  base: BaseDir,
  { now, sizes }: { now: number; sizes: boolean },
): State {
  const hasProjects = base.knownDirs.has("projects");
  const names = hasProjects ? projectNames(reader, `${baseDir}/projects`) : [];
  // Digests are for merging, and only directories of an older layout are ever merged.
  const digests = base.hashDirs.length > 0 || !names.every(isProjectId);
  const options: StateDirOptions = { now, sizes, digests, heldLocks: base.heldLocks };
  const projects = names.map((name) =>
    scanProjectDir(reader, `${baseDir}/projects`, name, options),
  );
  const hashDirs = base.hashDirs.map((name) => scanHashDir(reader, baseDir, name, options));
  const observability: ObservabilityDir[] = [];
  for (const { name, hash } of base.observability) {
    const dir = scanObservability(reader, `${baseDir}/${name}`, hash);
    if (dir !== null) observability.push(dir);
    else hashDirs.push(scanHashDir(reader, baseDir, name, options));
  }
  return { projects, hashDirs, observability };
}

/** Directories below `projects/` that can be a project; everything else there is a fault. */
function projectNames(reader: Reader, dir: string): string[] {
  const listing = reader.list(dir);
  if (listing === null) return [];
  for (const name of listing.symlinks) reader.fault("symlink", `${dir}/${name}`, linkDetail);
  for (const name of listing.specials) reader.fault("not-a-file", `${dir}/${name}`, specialDetail);
  for (const name of listing.files) {
    reader.fault("not-a-file", `${dir}/${name}`, "a file where a project's directory belongs");
  }
  return listing.dirs.filter((name) => {
    const safe = isSafeProjectId(name);
    if (!safe) reader.fault("unsafe-name", `${dir}/${name}`, "not a project id");
    return safe;
  });
}
