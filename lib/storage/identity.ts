/**
 * Identity: which project each directory on the disk belongs to.
 *
 * Nothing is guessed. A directory is joined to a project through witnesses (registry key, project id,
 * `.origin`, storageKey, `config.yaml.pre-migration`, git worktrees, identity.json, config hash). When
 * they agree, it is owned; when they disagree or are silent, it is left alone and a decision is listed.
 */

import {
  configHash,
  isInside,
  isProjectId,
  isSafeProjectId,
  projectIdOf,
  sessionPrefixOf,
  storageKey,
} from "../paths.ts";
import type { Registry, RegistryProject } from "../registry.ts";
import type { Decisions } from "./decisions.ts";
import { decideDuplicates, mergeDuplicates } from "./duplicates.ts";
import type { Inventory, StateDir } from "./inventory.ts";
import { dirLabel, isHashDir, lastPart, type Project } from "./project.ts";

/** A directory whose owner is not certain. It is left alone. */
export interface Orphan {
  dir: StateDir;
  reason: string;
}

export interface Identities {
  projects: Project[];
  ownerOf: Map<StateDir, Project>;
  orphans: Orphan[];
}

interface Claim {
  via: string;
  project: Project;
  /** A weak claim (a bare name) decides only where no strong one speaks. */
  weak?: boolean;
}

/** Joins every directory of the inventory to its project. Pure. */
export function identify(inventory: Inventory, decisions: Decisions): Identities {
  const projects = registeredProjects(inventory);
  const ownerOf = new Map<StateDir, Project>();
  const orphans: Orphan[] = [];
  // One directory may prove a project that another one belongs to, so all speak before any is judged.
  for (const dir of [...inventory.hashDirs, ...inventory.projects]) {
    if (!dir.empty) claimsFor(dir, inventory, projects);
  }
  for (const project of projects) holdWhereBlocked(project, inventory);
  decideDuplicates(projects, decisions);
  for (const dir of [...inventory.projects, ...inventory.hashDirs]) {
    if (dir.empty) continue;
    const owner = ownerOfDir(dir, inventory, projects, decisions);
    if ("reason" in owner) orphans.push(owner);
    else ownerOf.set(dir, owner.project);
  }
  for (const [dir, project] of ownerOf) attach(dir, project);
  for (const project of projects) takeEmptyDirs(project, inventory, ownerOf);
  mergeDuplicates(projects);
  for (const project of projects) {
    settleHome(project, ownerOf);
    holdWhereTaken(project, inventory);
    holdWitness(project, orphans);
  }
  return { projects, ownerOf, orphans };
}

function registeredProjects(inventory: Inventory): Project[] {
  return (inventory.registry?.projects ?? [])
    .filter((entry) => isSafeProjectId(entry.key))
    .map((entry) => projectFrom(inventory, entry.resolvedPath, entry));
}

function projectFrom(
  inventory: Inventory,
  path: string,
  entry: RegistryProject | null,
  configured: RegistryProject | null = entry,
): Project {
  const repo = inventory.repos[path];
  // AO computes ids from what git says; the registry's own note of it may be normalised.
  const originUrl = repo?.originUrl ?? configured?.originUrl ?? null;
  const exists = repo?.exists ?? false;
  const basename = path.slice(path.lastIndexOf("/") + 1);
  const id = idOf(entry, path, originUrl, exists);
  const state = repo?.unseen === true ? "may not be looked at" : "is gone";
  const prefix = configured?.sessionPrefix ?? sessionPrefixOf(basename);
  const names = new Set([
    basename,
    entry?.key,
    entry?.projectId,
    configured?.key,
    configured?.name,
  ]);
  names.delete(undefined);
  return {
    id,
    key: entry?.key ?? null,
    entry,
    path,
    realpath: repo?.realpath ?? null,
    originUrl,
    exists,
    prefix,
    names: names as Set<string>,
    home: null,
    others: [],
    held: id === null ? `its path ${state} and no origin is recorded, so its id is unknown` : null,
    mergedInto: null,
  };
}

/** A key that already is a V2 id stays; another is computed, if what it is computed from is known. */
function idOf(
  entry: RegistryProject | null,
  path: string,
  originUrl: string | null,
  exists: boolean,
): string | null {
  if (entry !== null && isProjectId(entry.key)) return entry.key;
  if (!exists && originUrl === null) return null;
  return projectIdOf(originUrl === null ? { path } : { path, originUrl });
}

function ownerOfDir(
  dir: StateDir,
  inventory: Inventory,
  projects: Project[],
  decisions: Decisions,
): { project: Project } | Orphan {
  if (dir.layout === "v0" && !isInside(dir.path, inventory.places.home)) {
    return { dir, reason: "it lies outside the home directory, where nothing is changed" };
  }
  const claims = claimsFor(dir, inventory, projects);
  const strong = claims.filter((claim) => claim.weak !== true);
  const candidates = distinct(strong.length > 0 ? strong : claims);
  const [only] = candidates;
  if (candidates.length === 1 && only !== undefined) return { project: only.project };
  return decideOwner(dir, candidates, projects, decisions);
}

function decideOwner(
  dir: StateDir,
  candidates: Claim[],
  projects: Project[],
  decisions: Decisions,
): { project: Project } | Orphan {
  const label = dirLabel(dir);
  const named =
    candidates.length > 0 ? candidates : projects.map((project) => ({ project, via: "" }));
  const open = named.filter(({ project }) => project.id !== null && project.mergedInto === null);
  // Of two entries with one id the one that is keyed by it is the project.
  open.sort(
    (a, b) => Number(b.project.key === b.project.id) - Number(a.project.key === a.project.id),
  );
  const choosable = open.filter(
    ({ project: { id } }, at) => open.findIndex(({ project }) => project.id === id) === at,
  );
  const choices = choosable.map(({ project, via }) => ({
    value: project.id ?? "",
    label: via === "" ? project.path : `${project.path} (says ${via})`,
  }));
  const reason =
    candidates.length > 1
      ? `its witnesses disagree (${candidates.map((claim) => `${claim.via}: ${claim.project.path}`).join("; ")})`
      : "nothing on the disk proves which project it belongs to";
  if (choices.length === 0) return { dir, reason };
  const chosen = decisions.ask({
    key: `identity:${label}`,
    question: `Which project does ${label} belong to? ${upperFirst(reason)}.`,
    choices: [{ value: "leave", label: "leave it where it is" }, ...choices],
    default: "leave",
  });
  const given = choosable.find(({ project }) => project.id === chosen);
  return given === undefined ? { dir, reason } : { project: given.project };
}

function claimsFor(dir: StateDir, inventory: Inventory, projects: Project[]): Claim[] {
  const claims: Claim[] = [];
  const byPath = (path: string, via: string) => {
    const project = projectAt(path, dir, inventory, projects);
    if (project !== null) claims.push({ via, project });
  };
  if (isHashDir(dir)) hashDirClaims(dir, inventory, projects, claims, byPath);
  else projectDirClaims(dir, inventory, projects, claims, byPath);
  // V3 has settled whose directory this is, and worktrees may have come to it by decision.
  if (dir.identity?.projectId === dir.name && claims.length > 0) return claims;
  for (const commonDir of repositoriesOf(dir, inventory)) {
    repositoryClaims(commonDir, inventory, projects, claims, byPath);
  }
  return claims;
}

function projectDirClaims(
  dir: StateDir,
  inventory: Inventory,
  projects: Project[],
  claims: Claim[],
  byPath: (path: string, via: string) => void,
): void {
  const keyed = projects.find((project) => project.key === dir.name);
  if (keyed !== undefined) {
    claims.push({ via: "the registry key", project: keyed });
    return;
  }
  for (const project of projects) {
    if (project.entry?.projectId === dir.name) claims.push({ via: "projectId", project });
    if (project.id === dir.name) claims.push({ via: "the project id", project });
  }
  if (dir.identity !== undefined) byPath(dir.identity.path, "identity.json");
  const before = inventory.preMigration?.projects.find((entry) => entry.key === dir.name);
  if (before !== undefined) byPath(before.resolvedPath, "config.yaml.pre-migration");
  for (const project of projects) {
    if (lastPart(project.path) === dir.name) claims.push({ via: "its name", project, weak: true });
  }
}

function hashDirClaims(
  dir: StateDir,
  inventory: Inventory,
  projects: Project[],
  claims: Claim[],
  byPath: (path: string, via: string) => void,
): void {
  for (const entry of originEntries(dir, inventory)) byPath(entry.resolvedPath, ".origin");
  for (const project of projects) {
    if (matchesStorageKey(dir, project, inventory)) claims.push({ via: "storageKey", project });
    const local = inventory.repos[project.path]?.localConfig?.path;
    if (dir.hash !== undefined && lastPart(project.path) === dir.name && local !== undefined) {
      if (configHash(local) === dir.hash) claims.push({ via: "the config's path", project });
    }
  }
  const before = inventory.preMigration?.projects ?? [];
  for (const entry of before.filter((candidate) => namesHash(candidate.storageKey, dir))) {
    byPath(entry.resolvedPath, "config.yaml.pre-migration");
  }
}

/** Projects of the config that `.origin` names whose directory name this is. */
function originEntries(dir: StateDir, inventory: Inventory): RegistryProject[] {
  const config: Registry | undefined = inventory.originConfigs[dir.origin ?? ""];
  return (config?.projects ?? []).filter((entry) => lastPart(entry.resolvedPath) === dir.name);
}

function matchesStorageKey(dir: StateDir, project: Project, inventory: Inventory): boolean {
  if (namesHash(project.entry?.storageKey, dir)) return true;
  if (dir.layout !== "v1-bare-hash" || !project.exists) return false;
  const gitRoot = project.realpath ?? project.path;
  const origin = inventory.repos[project.path]?.originUrl;
  return storageKey({ gitRoot, subdir: "", ...(origin && { originUrl: origin }) }) === dir.hash;
}

function namesHash(key: string | undefined, dir: StateDir): boolean {
  if (key === undefined || dir.hash === undefined) return false;
  return key === dir.hash || key === `${dir.hash}-${dir.name}`;
}

/** The project at a path: a registered one, else one that the disk itself proves. */
function projectAt(
  path: string,
  dir: StateDir,
  inventory: Inventory,
  projects: Project[],
): Project | null {
  const real = inventory.repos[path]?.realpath;
  const same = projects.filter(
    (project) => project.path === path || (real !== undefined && project.realpath === real),
  );
  const [first] = same;
  if (first !== undefined) return same.find((project) => project.key === dir.name) ?? first;
  if (inventory.repos[path]?.exists !== true) return null;
  const configured = originEntries(dir, inventory).find((entry) => entry.resolvedPath === path);
  const project = projectFrom(inventory, path, null, configured ?? null);
  if (dir.identity !== undefined) project.prefix = dir.identity.sessionPrefix;
  // An unregistered V2 directory is believed only when its id follows from this very path.
  if (!isHashDir(dir) && project.id !== dir.name) return null;
  projects.push(project);
  return project;
}

/** Common git dirs of the worktrees inside this directory. */
function repositoriesOf(dir: StateDir, inventory: Inventory): string[] {
  const inside = `${dir.path}/worktrees/`;
  const found = inventory.worktrees.flatMap(({ path, commonDir }) =>
    commonDir !== undefined && path.startsWith(inside) ? [commonDir] : [],
  );
  return [...new Set(found)].sort();
}

/**
 * What a worktree's repository proves. Several projects may live in one repository: then it speaks
 * for each of them, and only against a claim for a project elsewhere.
 */
function repositoryClaims(
  commonDir: string,
  inventory: Inventory,
  projects: Project[],
  claims: Claim[],
  byPath: (path: string, via: string) => void,
): void {
  const via = "its git worktrees";
  const inside = projects.filter(({ path }) => inventory.repos[path]?.commonDir === commonDir);
  const strong = claims.filter((claim) => claim.weak !== true);
  if (strong.some((claim) => inside.includes(claim.project))) return;
  if (inside.length === 0) byPath(repositoryPath(commonDir, inventory), via);
  for (const project of inside) claims.push({ via, project });
}

/** The registered path of a common git dir, else the directory that holds it. */
export function repositoryPath(commonDir: string, inventory: Inventory): string {
  for (const repo of Object.values(inventory.repos)) {
    if (repo.commonDir === commonDir) return repo.path;
  }
  return commonDir.endsWith("/.git") ? commonDir.slice(0, -"/.git".length) : commonDir;
}

function attach(dir: StateDir, project: Project): void {
  project.names.add(dir.name);
  project.others.push(dir);
}

/** An empty directory proves nothing, but one that is called like a project is its own. */
function takeEmptyDirs(
  project: Project,
  inventory: Inventory,
  ownerOf: Map<StateDir, Project>,
): void {
  const { id, key, others } = project;
  if (key === null && others.length === 0) return;
  for (const dir of inventory.projects) {
    if (!dir.empty || ownerOf.has(dir) || (dir.name !== id && dir.name !== key)) continue;
    ownerOf.set(dir, project);
    attach(dir, project);
  }
}

/** Where a file or a link has the name of a project's directory, the project cannot go there. */
function holdWhereBlocked(project: Project, inventory: Inventory): void {
  const place = `${inventory.places.baseDir}/projects/${project.id}`;
  const isBlocked = inventory.faults.some((fault) => fault.place.file === place);
  if (isBlocked) project.held ??= `projects/${project.id} is no directory of its own`;
}

/** A project whose place holds state that is not proven to be its own stays where it is. */
function holdWhereTaken(project: Project, inventory: Inventory): void {
  const { id, home } = project;
  if (id === null || home?.name === id || !inventory.projects.some(({ name }) => name === id))
    return;
  project.held ??= `projects/${id} is there and nothing proves that it is its own`;
}

/** A registry key that speaks for a directory which is left alone must go on speaking for it. */
function holdWitness(project: Project, orphans: Orphan[]): void {
  const { key, entry } = project;
  const named = orphans.find(
    ({ dir }) => !isHashDir(dir) && (dir.name === key || dir.name === entry?.projectId),
  );
  if (named === undefined || project.held !== null) return;
  project.held = `${dirLabel(named.dir)} may be its own and is left alone`;
}

/** Of a project's directories the one named by its id is home, else a bare one of its own. */
function settleHome(project: Project, ownerOf: Map<StateDir, Project>): void {
  const under = project.others.filter((dir) => !isHashDir(dir));
  const own = under.filter((dir) => ownerOf.get(dir) === project);
  project.home =
    under.find((dir) => dir.name === project.id) ??
    own.find((dir) => dir.name === project.key) ??
    own[0] ??
    null;
  project.others = project.others.filter((dir) => dir !== project.home).sort(byPreference);
}

/** Originals before `.migrated` copies, then by name, so that a collision always falls the same way. */
function byPreference(a: StateDir, b: StateDir): number {
  if (a.migrated !== b.migrated) return a.migrated ? 1 : -1;
  return a.path < b.path ? -1 : 1;
}

function distinct(claims: Claim[]): Claim[] {
  const survivor = ({ project }: Claim) => project.mergedInto ?? project;
  return claims.filter(
    (claim, at) => claims.findIndex((other) => survivor(other) === survivor(claim)) === at,
  );
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
