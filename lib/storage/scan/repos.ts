/** The repositories that this disk's projects and worktrees belong to. */

import { realpathSync } from "node:fs";
import { isAbsolute } from "node:path";
import { readOriginUrl } from "../../git.ts";
import { findRepository, readAdminEntries } from "../../git-files.ts";
import { isGone } from "../../presence.ts";
import { type Env, ProcessError } from "../../process.ts";
import type { RepoFacts, StateDir, WorktreeLeaf } from "../inventory.ts";
import { type Registries, readProjectConfig, type V1Configs } from "./configs.ts";
import type { Reader } from "./reader.ts";

/** Where the paths of projects come from. */
interface Witnesses extends Registries {
  configs: V1Configs;
  projects: StateDir[];
}

/** Facts about every repository that a registry, a V1 config or an identity names, by that path. */
export function readRepos(
  reader: Reader,
  witnesses: Witnesses,
  home: string,
  env: Env,
): Record<string, RepoFacts> {
  const { registry, preMigration, configs, projects } = witnesses;
  const registered = [registry, preMigration, ...Object.values(configs.registries)];
  const paths = registered.flatMap((config) => config?.projects ?? []).map((p) => p.resolvedPath);
  const identified = projects.flatMap(({ identity }) => identity?.path ?? []);
  const repos: Record<string, RepoFacts> = {};
  for (const path of [...new Set([...paths, ...identified])].sort()) {
    if (!isAbsolute(path) || path.includes("\0")) continue;
    const facts = readRepo(path, env);
    if (facts.unseen) reader.fault("unreadable", path, "a registered project's path");
    const localConfig = facts.exists ? readProjectConfig(reader, path, configs, home) : undefined;
    repos[path] = localConfig === undefined ? facts : { ...facts, localConfig };
  }
  return repos;
}

/** Adds the repositories of worktrees that no project names. */
export function addWorktreeRepos(
  repos: Record<string, RepoFacts>,
  worktrees: WorktreeLeaf[],
  env: Env,
): void {
  const known = new Set(Object.values(repos).map(({ commonDir }) => commonDir));
  for (const { commonDir } of worktrees) {
    if (commonDir === undefined || known.has(commonDir)) continue;
    known.add(commonDir);
    const path = repoPathOf(commonDir);
    repos[path] ??= readRepo(path, env);
  }
}

/** Facts about the repository at (or around) a path, read from git's files. */
function readRepo(path: string, env: Env): RepoFacts {
  const facts: RepoFacts = { path, exists: false, adminEntries: [] };
  const realpath = realOf(path);
  if (realpath === null) return isGone(path) ? facts : { ...facts, unseen: true };
  facts.exists = true;
  facts.realpath = realpath;
  const repository = findRepository(realpath);
  if (repository === null) return facts;
  facts.commonDir = realOf(repository.commonDir) ?? repository.commonDir;
  const originUrl = originOf(facts.commonDir, env);
  if (originUrl !== undefined) facts.originUrl = originUrl;
  facts.adminEntries = readAdminEntries(facts.commonDir).map((entry) => ({
    id: entry.id,
    path: entry.path,
    exists: entry.exists,
  }));
  return facts;
}

/** Git itself is asked only where a config includes others; without git there is no answer. */
function originOf(commonDir: string, env: Env): string | undefined {
  try {
    return readOriginUrl(commonDir, env);
  } catch (error) {
    if (error instanceof ProcessError) return undefined;
    throw error;
  }
}

/** The path that a common git dir is known by when no project names it. */
function repoPathOf(commonDir: string): string {
  return commonDir.endsWith("/.git") ? commonDir.slice(0, -"/.git".length) : commonDir;
}

function realOf(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}
