/** Every config that says something about this disk: the registry, V1's own configs, local ones. */

import { isAbsolute, join } from "node:path";
import type { Json } from "../../edits.ts";
import type { Fault } from "../../errors.ts";
import type { Places } from "../../paths.ts";
import type { Env } from "../../process.ts";
import { type Registry, readLocalConfig, readRegistry } from "../../registry.ts";
import type { RepoFacts, StateDir } from "../inventory.ts";
import { isObject, type Reader } from "./reader.ts";
import { type NamedDir, namedDir } from "./v0.ts";

export interface Registries {
  registry: Registry | null;
  preMigration: Registry | null;
  /** The registry is there and cannot be used. */
  registryFault: Fault | null;
}

/** Reads the registry in force and the copy that AO's first migration made of it. */
export function readRegistries(reader: Reader, places: Places): Registries {
  const current = readRegistry(places.configFile, places.home);
  const registryFault = "fault" in current ? current.fault : null;
  const registry = "registry" in current ? current.registry : null;
  let preMigration: Registry | null = null;
  const beside = [places.configFile, join(places.baseDir, "config.yaml")];
  for (const file of new Set(beside.map((path) => `${path}.pre-migration`))) {
    preMigration ??= readOrFault(reader, file, places.home);
  }
  return { registry, preMigration, registryFault };
}

/** What configs other than the registry say. */
export interface V1Configs {
  /** By path; those that are not there or cannot be used are left out. */
  registries: Record<string, Registry>;
  dataDirs: NamedDir[];
  worktreeDirs: NamedDir[];
}

/**
 * Reads the configs that `.origin` files name, and those in the home that V0 and V1 looked for;
 * notes the V0 directories that any config names.
 */
export function readV1Configs(
  reader: Reader,
  hashDirs: StateDir[],
  registry: Registry | null,
  places: Places,
  env: Env,
): V1Configs {
  const configs: V1Configs = { registries: {}, dataDirs: [], worktreeDirs: [] };
  if (registry !== null) noteV0Dirs(configs, registry.file, registry.raw, places.home);
  const origins = new Set(hashDirs.flatMap(({ origin }) => origin ?? []));
  if (registry !== null && origins.has(registry.file)) configs.registries[registry.file] = registry;
  for (const path of new Set([...[...origins].sort(), ...homeConfigs(places, env)])) {
    // The registry has been read, and its fault is known.
    if (path === places.configFile) continue;
    const config = readOrFault(reader, path, places.home);
    if (config === null) continue;
    configs.registries[path] = config;
    noteV0Dirs(configs, path, config.raw, places.home);
  }
  return configs;
}

function homeConfigs(places: Places, env: Env): string[] {
  const { AO_CONFIG_PATH: named, HOME: home } = env;
  return [
    ...(named !== undefined && isAbsolute(named) && home === places.home ? [named] : []),
    join(places.home, ".agent-orchestrator.yaml"),
    join(places.home, ".agent-orchestrator.yml"),
    join(places.home, ".config", "agent-orchestrator", "config.yaml"),
  ];
}

/**
 * A project's own config, in its repository; undefined when it has none. V0 directories that it
 * names are noted.
 */
export function readProjectConfig(
  reader: Reader,
  project: string,
  configs: V1Configs,
  home: string,
): RepoFacts["localConfig"] {
  for (const name of ["agent-orchestrator.yaml", "agent-orchestrator.yml"]) {
    const path = `${project}/${name}`;
    const read = readLocalConfig(path);
    if ("missing" in read) continue;
    if ("fault" in read) {
      reader.faults.push(read.fault);
      return { path, wrapped: false };
    }
    const { raw, wrapped } = read.config;
    noteV0Dirs(configs, path, raw, home);
    return { path, wrapped };
  }
  return undefined;
}

function noteV0Dirs(configs: V1Configs, file: string, raw: Json, home: string): void {
  if (!isObject(raw)) return;
  const named = (value: unknown) =>
    typeof value === "string" && value !== "" && !value.includes("\0")
      ? [namedDir(value, file, home)]
      : [];
  configs.dataDirs.push(...named(raw.dataDir));
  configs.worktreeDirs.push(...named(raw.worktreeDir));
}

/** Null when there is no such file, or it cannot be used (which is a fault). */
function readOrFault(reader: Reader, file: string, home: string): Registry | null {
  const read = readRegistry(file, home);
  if ("registry" in read) return read.registry;
  if ("fault" in read) reader.faults.push(read.fault);
  return null;
}
