/** The configs that name projects, found without being told where they are. */

import { readFileSync, realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { formatPlace, ToolkitError } from "../errors.ts";
import { originFile, type Places } from "../paths.ts";
import type { Env } from "../process.ts";
import { type Registry, readRegistry } from "../registry.ts";
import type { StateDir } from "./state-dirs.ts";

/** Names of V1's config, which also is a project's own config since. */
const fileNames = ["agent-orchestrator.yaml", "agent-orchestrator.yml"];

/** Where a command stands. */
export interface Site {
  places: Places;
  cwd: string;
  env: Env;
  /** What `--config` names. */
  config?: string | undefined;
}

/** The configs of a disk, as far as they can be read. */
export interface Configs {
  /** V1 configs; the one in force at the current directory first, if there is one. */
  v1: { file: string; registry: Registry; inForce: boolean }[];
  /** The registry of V1.5 and later; null when there is none. */
  registry: Registry | null;
  /** What could not be read. */
  warnings: string[];
}

/** Whether a `--config` names a config of V1 rather than the registry. */
export function isV1ConfigName(file: string): boolean {
  return fileNames.includes(basename(file));
}

/**
 * Reads the registry, the V1 config that is in force (`--config`, else `AO_CONFIG_PATH`, else the
 * nearest one with `projects` in this directory or above), and those that the disk's own `.origin`
 * files name.
 *
 * @throws ToolkitError `invalid` when the one that was asked for cannot be used
 */
export function readConfigs(site: Site, dirs: readonly StateDir[]): Configs {
  const { places, config } = site;
  const { home } = places;
  const configs: Configs = { v1: [], registry: null, warnings: [] };
  const registry = readRegistry(places.configFile, home);
  if ("registry" in registry) configs.registry = registry.registry;
  else if ("fault" in registry) {
    const { place, detail } = registry.fault;
    configs.warnings.push(`${formatPlace(place)}: ${detail}`);
  }
  const own = config !== undefined && isV1ConfigName(config);
  const first = own ? named(resolve(site.cwd, config), home) : nearest(site);
  if (first !== null) configs.v1.push({ ...first, inForce: true });
  for (const dir of dirs) {
    const origin = dir.hash === undefined ? null : readOrigin(dir);
    if (origin === null || configs.v1.some(({ file }) => file === origin)) continue;
    const read = readRegistry(origin, home);
    if ("registry" in read) {
      configs.v1.push({ file: origin, registry: read.registry, inForce: false });
    }
  }
  return configs;
}

/** The config path in a V1 state directory; null when there is none. */
export function readOrigin(dir: Pick<StateDir, "path">): string | null {
  try {
    return readFileSync(originFile(dir.path), "utf8").trim() || null;
  } catch {
    return null;
  }
}

function named(file: string, home: string): { file: string; registry: Registry } {
  const read = readRegistry(file, home);
  if ("registry" in read) return { file: real(file), registry: read.registry };
  const state = "fault" in read ? read.fault.detail : "there is no such file";
  const place = "fault" in read ? { place: read.fault.place } : {};
  throw new ToolkitError("invalid", `Cannot read config "${file}": ${state}`, place);
}

/** The nearest config that lists projects; a project's own config, which lists none, is passed by. */
function nearest({ places, cwd, env }: Site): { file: string; registry: Registry } | null {
  if (env.AO_CONFIG_PATH) return named(resolve(cwd, env.AO_CONFIG_PATH), places.home);
  for (let dir = resolve(cwd); ; dir = dirname(dir)) {
    for (const name of fileNames) {
      const read = readRegistry(join(dir, name), places.home);
      if ("fault" in read) return named(join(dir, name), places.home);
      if ("missing" in read) continue;
      const { registry } = read;
      if (registry.projects.length + registry.faults.length === 0) continue;
      return { file: real(join(dir, name)), registry };
    }
    if (dirname(dir) === dir) return null;
  }
}

// AO compares and stores the path with its links resolved.
function real(file: string): string {
  return realpathSync(file);
}
