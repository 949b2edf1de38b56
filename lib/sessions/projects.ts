/** The projects of a disk and where each keeps its sessions: what `spawn PROJECT` chooses from. */

import { existsSync, realpathSync } from "node:fs";
import { basename, join } from "node:path";
import { formatPlace, ToolkitError } from "../errors.ts";
import { readOriginUrl } from "../git.ts";
import { findRepository } from "../git-files.ts";
import { configHash, isSafeSessionId, projectIdOf, sessionPrefixOf } from "../paths.ts";
import type { Env } from "../process.ts";
import { type Registry, type RegistryProject, readLocalConfig } from "../registry.ts";
import { nearest } from "../text.ts";
import type { Configs, Site } from "./configs.ts";
import { type Identity, readIdentity } from "./identity.ts";
import { projectStateDir, type StateDir } from "./state-dirs.ts";

/** A project whose checkout is known. */
export interface Project {
  /** What it answers to. */
  names: Set<string>;
  /** What its sessions' metadata call it. */
  key: string;
  /** Its checkout. */
  path: string;
  /** Where its sessions are, or will be. */
  dir: StateDir;
  prefix: string;
  defaultBranch: string;
  displayName: string;
  /** Agent that the config names. */
  agent?: string;
  /** The config that names it; absent when only its `identity.json` does. */
  config?: string;
  /** Whether that is the V1 config in force at the current directory. */
  inForce: boolean;
  originUrl?: string;
  repo?: { [key: string]: unknown };
}

/** A project before all configs that name its checkout have been heard. */
type Draft = Omit<Project, "prefix" | "defaultBranch"> &
  Partial<Pick<Project, "prefix" | "defaultBranch">>;

/** Every project that a config or an `identity.json` names, one for each checkout and V1 config. */
export function findProjects(site: Site, dirs: readonly StateDir[], configs: Configs): Project[] {
  const all: Draft[] = [
    ...configs.v1.flatMap((config) => fromV1(site, config)),
    ...(configs.registry === null ? [] : fromRegistry(site, dirs, configs.registry)),
  ];
  for (const dir of dirs) {
    if (dir.layout !== "v3" || all.some((project) => project.dir.path === dir.path)) continue;
    const identity = readIdentity(dir);
    if (identity !== null) all.push(fromIdentity(dir, identity));
  }
  const byPath = Map.groupBy(all, ({ path }) => realOf(path));
  return [...byPath.values()].flatMap((projects) => {
    const chosen = inUse(projects);
    return chosen.map((project) => completed(project, projects));
  });
}

/** A draft with what only another config of the same checkout says, and AO's defaults. */
function completed(project: Draft, all: readonly Draft[]): Project {
  const known = all.toSorted((a, b) => Number(b.inForce) - Number(a.inForce));
  const agent = project.agent ?? known.find((other) => other.agent !== undefined)?.agent;
  const names = new Set(all.flatMap((other) => [...other.names]));
  return {
    ...project,
    // In V1 names tell one config's state from another's.
    names: project.dir.hash === undefined ? names : project.names,
    prefix:
      project.prefix ??
      known.find(({ prefix }) => prefix !== undefined)?.prefix ??
      sessionPrefixOf(basename(project.path)),
    defaultBranch:
      project.defaultBranch ??
      known.find(({ defaultBranch }) => defaultBranch !== undefined)?.defaultBranch ??
      "main",
    ...(agent !== undefined && { agent }),
  };
}

/**
 * Of the places that configs give one checkout, those in use: the newest layout that is there. A
 * layout since V2 has one directory for a checkout, V1 has one for each config.
 */
function inUse(projects: Draft[]): Draft[] {
  const since = projects.filter(({ dir }) => dir.hash === undefined);
  const made = since.find(({ dir }) => existsSync(dir.path));
  if (made !== undefined) return [made];
  const v1 = projects.filter(({ dir }) => dir.hash !== undefined);
  const [first] = since;
  const isV1 = first === undefined || v1.some(({ dir }) => existsSync(dir.path));
  return isV1 ? v1 : [first];
}

/**
 * The project that a word means: one of its names, or the name of its directory.
 *
 * @throws ToolkitError `usage` when there is none, `refused` when there are several
 */
export function chooseProject(projects: readonly Project[], word: string): Project {
  const exact = projects.filter(({ dir }) => dir.dirName === word);
  const named = exact.length > 0 ? exact : projects.filter(({ names }) => names.has(word));
  const here = named.filter(({ inForce }) => inForce);
  const [first, second] = named.length > 1 && here.length === 1 ? here : named;
  if (first === undefined) {
    const keys = projects.map(({ dir, key }) => (dir.hash === undefined ? dir.dirName : key));
    const known = [...new Set(keys)].sort();
    const meant = nearest(word, known);
    if (meant !== undefined) {
      throw new ToolkitError("usage", `Cannot find project "${word}": no config names it`, {
        hint: `did you mean ${meant}?`,
      });
    }
    throw new ToolkitError("usage", `Cannot find project "${word}": no config names it`, {
      hint:
        known.length === 0
          ? "no project is configured: write agent-orchestrator.yaml, or register it with AO"
          : `one of ${known.join(", ")}`,
    });
  }
  if (second === undefined) return first;
  const choices = named.map(({ dir, path }) => `${dir.dirName} (${path})`);
  throw new ToolkitError("refused", `Cannot tell which "${word}" is meant: there are several`, {
    hint: `name one: ${choices.join(", ")}`,
  });
}

interface V1Config {
  file: string;
  registry: Registry;
  inForce: boolean;
}

function fromV1({ places }: Site, { file, registry, inForce }: V1Config): Draft[] {
  const hash = configHash(file);
  return registry.projects.map((entry) => {
    const name = basename(entry.resolvedPath);
    const dirName = `${hash}-${name}`;
    const path = join(places.baseDir, dirName);
    const dir: StateDir = { path, layout: "v1", dirName, name, hash };
    return { ...configured(entry, registry, dir), key: entry.key, config: file, inForce };
  });
}

function fromRegistry(
  { places, env }: Site,
  dirs: readonly StateDir[],
  registry: Registry,
): Draft[] {
  return registry.projects.map((entry) => {
    const { key, projectId, storageKey, resolvedPath } = entry;
    const origin = entry.originUrl ?? originOf(resolvedPath, env);
    const id = projectIdOf({
      path: resolvedPath,
      ...(origin !== undefined && { originUrl: origin }),
    });
    const byName = (name: string | undefined) => dirs.find(({ dirName }) => dirName === name);
    const made = byName(projectId) ?? byName(key) ?? byName(id) ?? byName(storageKey);
    const dir = made ?? projectStateDir(places.baseDir, projectId ?? key);
    // A directory that is not there yet gets the layout that its registry has.
    if (made === undefined && registry.schemaVersion === 3) dir.layout = "v3";
    const project = { ...configured(entry, registry, dir), config: registry.file, inForce: false };
    project.key = made?.hash === undefined ? dir.dirName : key;
    if (origin !== undefined) project.originUrl = origin;
    return project;
  });
}

function configured(entry: RegistryProject, registry: Registry, dir: StateDir): Draft {
  const { key, resolvedPath, projectId, name, displayName, sessionPrefix, repo } = entry;
  const folder = basename(resolvedPath);
  const identity = dir.layout === "v3" ? readIdentity(dir) : null;
  const agent = agentOf(entry, registry);
  const prefix = sessionPrefix ?? identity?.sessionPrefix;
  const defaultBranch = entry.defaultBranch ?? identity?.defaultBranch;
  const names = [key, projectId, name, displayName, folder, dir.name, dir.dirName];
  return {
    names: new Set(names.filter((text) => text !== undefined)),
    key,
    path: resolvedPath,
    dir,
    ...(prefix !== undefined && { prefix }),
    ...(defaultBranch !== undefined && { defaultBranch }),
    displayName: displayName ?? name ?? folder,
    ...(agent !== undefined && { agent }),
    inForce: false,
    ...(typeof repo === "object" && { repo }),
  };
}

function fromIdentity(dir: StateDir, identity: Identity): Draft {
  const { path, sessionPrefix, displayName, originUrl, defaultBranch } = identity;
  const folder = basename(path);
  return {
    names: new Set([dir.dirName, folder, ...(displayName === undefined ? [] : [displayName])]),
    key: dir.dirName,
    path,
    dir,
    prefix: sessionPrefix,
    ...(defaultBranch !== undefined && { defaultBranch }),
    displayName: displayName ?? folder,
    inForce: false,
    ...(originUrl !== undefined && { originUrl }),
  };
}

/** The agent that a config names: the project's own config, its entry, or the default of all. */
function agentOf(entry: RegistryProject, { raw }: Registry): string | undefined {
  const local = readLocalConfig(join(entry.resolvedPath, "agent-orchestrator.yaml"));
  if ("config" in local && !local.config.wrapped) {
    const agent = fieldOf(local.config.raw, "agent");
    if (typeof agent === "string") return agent;
  }
  const projects = fieldOf(raw, "projects");
  const entries = typeof projects === "object" && projects !== null ? Object.values(projects) : [];
  const own = entries.find((value) => fieldOf(value, "path") === entry.path);
  const agent = fieldOf(own, "agent") ?? fieldOf(fieldOf(raw, "defaults"), "agent");
  return typeof agent === "string" ? agent : undefined;
}

function fieldOf(value: unknown, name: string): unknown {
  const isObject = typeof value === "object" && value !== null && Object.hasOwn(value, name);
  return isObject ? (value as Record<string, unknown>)[name] : undefined;
}

/**
 * Whether sessions can be made for a project without meeting those of another; the rules are AO's.
 *
 * @throws ToolkitError `invalid` for a prefix or name that cannot be part of names, or that
 * another project of the same V1 config has too
 */
export function checkProject(project: Project, all: readonly Project[]): void {
  const { prefix, dir, config } = project;
  const place = config === undefined ? {} : { place: { file: config } };
  const hint = `set sessionPrefix in ${config ?? join(dir.path, "identity.json")}`;
  if (!isSafeSessionId(prefix) || prefix.startsWith("-") || prefix.length > 64) {
    const state = "only letters, digits, _ and - can be in a session's name";
    throw new ToolkitError("invalid", `Cannot use session prefix "${prefix}": ${state}`, {
      hint,
      ...place,
    });
  }
  if (dir.hash === undefined) return;
  for (const other of all) {
    if (other === project || other.dir.hash !== dir.hash || other.config !== config) continue;
    const twice = other.dir.path === dir.path ? `directory name "${dir.name}"` : null;
    const shared = twice ?? (other.prefix === prefix ? `session prefix "${prefix}"` : null);
    if (shared === null) continue;
    const state = `"${project.key}" and "${other.key}" have the ${shared}`;
    throw new ToolkitError("invalid", `Cannot tell sessions apart: ${state}`, { hint, ...place });
  }
}

/** What messages say where a config went wrong; empty when nothing did. */
export function faultsOf(configs: Configs): string[] {
  const registries = [...configs.v1.map(({ registry }) => registry), configs.registry];
  const faults = registries.flatMap((registry) => registry?.faults ?? []);
  return [
    ...configs.warnings,
    ...faults.map(({ place, detail }) => `${formatPlace(place)}: ${detail}`),
  ];
}

function originOf(path: string, env: Env): string | undefined {
  const repository = findRepository(path);
  return repository === null ? undefined : readOriginUrl(repository.commonDir, env);
}

function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
