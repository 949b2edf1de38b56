/**
 * The scan: reads an AO disk of any generation or mixture into an {@link Inventory}.
 *
 * It reads and nothing else: no file is opened for writing, no git command runs that could refresh an
 * index, no link below a place is followed. What cannot be read is a fault, and the rest goes on.
 */

import { realpathSync } from "node:fs";
import { dirname } from "node:path";
import { listCodexRollouts } from "../agents.ts";
import type { Places } from "../paths.ts";
import { type Env, ProcessError } from "../process.ts";
import type { TmuxSession } from "../tmux.ts";
import { listSessions } from "../tmux.ts";
import type { Inventory, WorktreeLeaf } from "./inventory.ts";
import { scanBaseDir } from "./scan/base-dir.ts";
import { scanCompanions } from "./scan/companions.ts";
import { readRegistries, readV1Configs, type V1Configs } from "./scan/configs.ts";
import { rememberedDataDirs, scanMigrations } from "./scan/migrations.ts";
import { Reader } from "./scan/reader.ts";
import { addWorktreeRepos, readRepos } from "./scan/repos.ts";
import { scanRunning } from "./scan/running.ts";
import { scanState } from "./scan/state.ts";
import { type NamedDir, scanDataDirs, scanWorktreeDirs, usualDirs } from "./scan/v0.ts";
import { scanWorktreeRoot, scanWorktreesOf } from "./scan/worktrees.ts";

export interface ScanOptions {
  /** Ask tmux for live sessions. */
  tmux: boolean;
  /** Walk worktrees, observability and checkouts to know their bytes; costs what `du` costs. */
  sizes: boolean;
  env: Env;
}

/** Reads everything at the places. Throws for nothing that is on the disk. */
export function scan(places: Places, { tmux, sizes, env }: ScanOptions): Inventory {
  const { baseDir, home, worktreeRoot } = places;
  const now = Date.now();
  const reader = new Reader();
  const base = scanBaseDir(reader, baseDir, now);
  const registries = readRegistries(reader, places);
  const { projects, hashDirs, observability } = scanState(reader, baseDir, base, { now, sizes });
  const configs = readV1Configs(reader, hashDirs, registries.registry, places, env);
  const repos = readRepos(reader, { ...registries, configs, projects }, home, env);
  // Only now every config has been read that could name a directory of V0.
  const migrationsDir = base.knownDirs.has("migrations") ? `${baseDir}/migrations` : null;
  const dataDirs = scanDataDirs(reader, dataDirsOf(reader, configs, migrationsDir, places), places);
  const worktrees = [
    ...scanWorktreesOf(projects, "project", sizes),
    ...scanWorktreesOf(hashDirs, "v1", sizes),
    ...scanWorktreeRoot(reader, worktreeRoot, "legacy-root", sizes),
    ...scanWorktreeDirs(
      reader,
      [...configs.worktreeDirs, usualDirs(home).worktreeDir],
      places,
      sizes,
    ),
  ];
  addWorktreeRepos(repos, worktrees, env);
  const { realPlaces } = realPlacesOf(places, worktrees);
  return {
    scannedAt: new Date(now).toISOString(),
    places,
    ...(realPlaces !== undefined && { realPlaces }),
    nothingThere: base.nothingThere && dataDirs.length === 0,
    ...registries,
    projects,
    hashDirs: [...hashDirs, ...dataDirs],
    observability,
    worktrees,
    ...scanCompanions(Object.values(repos), worktrees, places, realPlaces),
    repos,
    originConfigs: configs.registries,
    ...historyOf(reader, places, worktrees),
    tmux: tmux ? askTmux(reader, env) : null,
    running: base.knownFiles.includes("running.json")
      ? scanRunning(reader, `${baseDir}/running.json`, env)
      : null,
    leftovers: base.leftovers,
    knownFiles: base.knownFiles,
    heldLocks: base.heldLocks,
    orphanObservability: base.knownDirs.has("observability")
      ? orphansIn(reader, `${baseDir}/observability`)
      : [],
    ...scanMigrations(reader, migrationsDir),
    faults: reader.faults,
  };
}

/** Where V0's state may be: as configs say, else where it was or usually is. */
function dataDirsOf(
  reader: Reader,
  { dataDirs }: V1Configs,
  migrationsDir: string | null,
  places: Places,
): NamedDir[] {
  const earlier = migrationsDir === null ? [] : rememberedDataDirs(reader, migrationsDir, places);
  return [...dataDirs, usualDirs(places.home).dataDir, ...earlier];
}

function orphansIn(reader: Reader, observability: string): string[] {
  const hasOrphans = reader.list(observability)?.dirs.includes("orphan");
  return hasOrphans ? (reader.list(`${observability}/orphan`)?.dirs ?? []) : [];
}

/** Agents' history that is tied to the paths of worktrees; without worktrees nobody asks for it. */
function historyOf(
  reader: Reader,
  { claudeDir, codexDir }: Places,
  worktrees: WorktreeLeaf[],
): Pick<Inventory, "claudeProjects" | "codexRollouts"> {
  if (worktrees.length === 0) return { claudeProjects: [], codexRollouts: [] };
  return {
    claudeProjects: reader.list(`${claudeDir}/projects`)?.dirs ?? [],
    codexRollouts: listCodexRollouts(codexDir),
  };
}

function realPlacesOf(
  { baseDir, worktreeRoot }: Places,
  worktrees: WorktreeLeaf[],
): Pick<Inventory, "realPlaces"> {
  const ofV0 = worktrees.filter(({ where }) => where === "v0").map(({ path }) => dirname(path));
  const places = [...new Set([baseDir, worktreeRoot, ...ofV0])].sort();
  const linked = places.flatMap((path) => {
    const real = realOf(path);
    return real === path ? [] : [[path, real] as const];
  });
  return linked.length === 0 ? {} : { realPlaces: Object.fromEntries(linked) };
}

function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function askTmux(reader: Reader, env: Env): TmuxSession[] | null {
  try {
    return listSessions(env);
  } catch (error) {
    if (!(error instanceof ProcessError)) throw error;
    reader.fault("unreadable", "tmux", error.message);
    return null;
  }
}
