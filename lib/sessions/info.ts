/** The instance that commands at a place work on. */

import { existsSync } from "node:fs";
import { configHash } from "../paths.ts";
import { readConfigs, type Site } from "./configs.ts";
import type { InstanceDocument } from "./document.ts";
import { faultsOf, findProjects } from "./projects.ts";
import { sessionFiles } from "./read.ts";
import { findStateDirs, type StateDir } from "./state-dirs.ts";

/** Base dir, configs and every project, those included that have no state yet or no config. */
export function describeInstance(site: Site): InstanceDocument {
  const { baseDir, configFile } = site.places;
  const dirs = findStateDirs(baseDir);
  const configs = readConfigs(site, dirs);
  const projects = findProjects(site, dirs, configs);
  const known = new Set(projects.map(({ dir }) => dir.path));
  const inForce = configs.v1.find((config) => config.inForce)?.file ?? null;
  return {
    schemaVersion: 1,
    baseDir,
    config: inForce,
    hash: inForce === null ? null : configHash(inForce),
    registry: existsSync(configFile) ? configFile : null,
    projects: [
      ...projects.map(({ dir, path, prefix, defaultBranch, config = null }) => ({
        ...placeOf(dir),
        ...{ path, prefix, defaultBranch, config },
      })),
      ...dirs
        .filter(({ path }) => !known.has(path))
        .map((dir) => ({
          ...placeOf(dir),
          ...{ path: null, prefix: null, defaultBranch: null, config: null },
        })),
    ],
    warnings: faultsOf(configs),
  };
}

function placeOf(dir: StateDir) {
  return {
    project: dir.dirName,
    layout: dir.layout,
    stateDir: dir.path,
    hash: dir.hash ?? null,
    sessions: sessionFiles(dir).length,
  };
}
