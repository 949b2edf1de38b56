/**
 * Identifiers and paths of every AO generation, and where this toolkit looks for them.
 *
 * Everything but {@link configHash} is a pure function of its arguments. The V1 rules are those of
 * AO's published core and are compared with it in the tests; the later ones come from its releases.
 */

import { realpathSync } from "node:fs";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { ToolkitError } from "./errors.ts";
import { shortHash } from "./hash.ts";

/** `h12` of V1: digest of the directory of the config file, links resolved where it exists. */
export function configHash(configPath: string): string {
  return shortHash(dirname(realOrResolved(configPath)), 12);
}

function realOrResolved(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}

/** Name of a V1 state directory: `{h12}-{basename of the project's path}`. */
export function instanceName(configPath: string, projectPath: string): string {
  return `${configHash(configPath)}-${basename(projectPath)}`;
}

/**
 * One spelling for the many of a git origin: `https://host/path`, without user, port, trailing `/`
 * and `.git`. What is neither `git@host:path` nor a URL with a host (a local path) keeps its start.
 */
export function normaliseOrigin(url: string): string {
  const text = url.trim();
  const match =
    /^git@([^:/[\]]+|\[[^\]]+\]):\/*(.*)$/s.exec(text) ??
    /^[a-z][a-z0-9+.-]*:\/\/(?:[^/]*@)?([^:/@[\]]+|\[[^\]]+\])(?::\d*)?(?:\/+(.*))?$/is.exec(text);
  const full = match ? `https://${match[1]?.toLowerCase()}/${match[2] ?? ""}` : text;
  return full
    .replace(/\/+$/, "")
    .replace(/\.git$/, "")
    .replace(/\/+$/, "");
}

/**
 * The `storageKey` of V1.5, 12 hex digits.
 *
 * @param project.subdir Project path below the git root; empty for the root itself.
 * @param project.originUrl Raw remote URL; without one the git root stands in for it.
 */
export function storageKey(project: {
  gitRoot: string;
  subdir: string;
  originUrl?: string;
}): string {
  const { gitRoot, subdir, originUrl } = project;
  const origin = originUrl ? normaliseOrigin(originUrl) : `local://${gitRoot}`;
  return shortHash(`${origin}#${subdir}`, 12);
}

/**
 * Project id of V2 and V3: `{name}_{h10}`, always one that {@link isProjectId} accepts.
 *
 * The raw origin URL goes into the digest, not the normalised one: that is how AO computes it.
 */
export function projectIdOf(project: { path: string; originUrl?: string }): string {
  const path = resolve(project.path);
  const name = basename(path)
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, "-")
    .replace(/^[^a-z0-9]/, "x")
    .replace(/-+/g, "-")
    .slice(0, 30);
  return `${name || "x"}_${shortHash(`${path}:${project.originUrl ?? ""}`, 10)}`;
}

/** Whether this is a V2 or V3 project id; anything else under `projects/` is a V1 bare name. */
export function isProjectId(text: string): boolean {
  return /^[a-z0-9][a-z0-9_-]{0,29}_[0-9a-f]{10}$/.test(text);
}

/** Whether a project id can be a directory name and nothing worse. */
export function isSafeProjectId(text: string): boolean {
  return text.length <= 128 && /^[a-zA-Z0-9][a-zA-Z0-9._-]*$/.test(text);
}

/** Whether a session id can be a file name and nothing worse. */
export function isSafeSessionId(text: string): boolean {
  return /^[a-zA-Z0-9_-]+$/.test(text);
}

/** Session prefix that AO derives from a project id: `integrator` → `int`, `PyTorch` → `pt`. */
export function sessionPrefixOf(projectId: string): string {
  if (projectId.length <= 4) return projectId.toLowerCase();
  const capitals = projectId.match(/[A-Z]/g) ?? [];
  if (capitals.length > 1) return capitals.join("").toLowerCase();
  const separator = ["-", "_"].find((mark) => projectId.includes(mark));
  if (separator === undefined) return projectId.slice(0, 3).toLowerCase();
  // Empty words (`a--b`) add nothing.
  const initials = projectId.split(separator).map((word) => word.charAt(0));
  return initials.join("").toLowerCase();
}

/** Session id of a numbered session: `int-12`. */
export function sessionIdOf(prefix: string, number: number): string {
  return `${prefix}-${number}`;
}

/** What a session id says. */
export interface SessionIdParts {
  prefix: string;
  /** Absent for V3's single `{prefix}-orchestrator`. */
  number?: number;
  orchestrator: boolean;
}

/**
 * The parts of `{prefix}-{n}`, `{prefix}-orchestrator` and `{prefix}-orchestrator-{n}`; null for
 * anything else, and for numbers too large to count on from.
 */
export function parseSessionId(sessionId: string): SessionIdParts | null {
  if (!isSafeSessionId(sessionId)) return null;
  const word = "-orchestrator";
  const dash = sessionId.lastIndexOf("-");
  const tail = sessionId.slice(dash + 1);
  const head = /^\d+$/.test(tail) && dash > 0 ? sessionId.slice(0, dash) : sessionId;
  const orchestrator = head.endsWith(word) && head.length > word.length;
  const prefix = orchestrator ? head.slice(0, -word.length) : head;
  if (head === sessionId) return orchestrator ? { prefix, orchestrator } : null;
  const number = Number(tail);
  return Number.isSafeInteger(number) ? { prefix, number, orchestrator } : null;
}

/** The parts of an orchestrator's id; null, and soon, for that of any other session. */
export function parseOrchestratorId(sessionId: string): SessionIdParts | null {
  const parts = sessionId.includes("-orchestrator") ? parseSessionId(sessionId) : null;
  return parts?.orchestrator === true ? parts : null;
}

/** tmux name of a V1 session: `{h12}-{prefix}-{n}`. */
export function tmuxNameV1(hash: string, prefix: string, number: number): string {
  return `${hash}-${prefix}-${number}`;
}

/**
 * The parts of a V1 tmux name, null for any other. For `{h12}-{project}-{prefix}-{n}` the prefix
 * comes out as `{project}-{prefix}`, as it does in AO.
 */
export function parseTmuxNameV1(
  name: string,
): { hash: string; prefix: string; number: number } | null {
  const match = /^([a-f0-9]{12})-([a-zA-Z0-9_-]+)-(\d+)$/.exec(name);
  if (!match) return null;
  const [, hash = "", prefix = "", digits = ""] = match;
  return { hash, prefix, number: Number.parseInt(digits, 10) };
}

/** What the name of a directory below the base dir says. */
export interface HashDirParts {
  hash: string;
  /** What follows the hash; absent for a bare `{h12}`. */
  name?: string;
  /** AO's first migrator was there: `….migrated`. */
  migrated: boolean;
  /** Named as the observability dir of a config; a project called `observability` is named alike. */
  observability: boolean;
}

/** The parts of `{h12}`, `{h12}-{name}` and their `.migrated` twins; null for any other name. */
export function parseHashDir(dirName: string): HashDirParts | null {
  const match = /^([0-9a-f]{12})(?:-([^/\0]+?))?(\.migrated)?$/.exec(dirName);
  if (!match) return null;
  const [, hash = "", name, suffix] = match;
  const parts = { hash, migrated: suffix !== undefined, observability: name === "observability" };
  return name === undefined ? parts : { ...parts, name };
}

/** What the file name of an archived session says. */
export interface ArchiveNameParts {
  sessionId: string;
  /** The timestamp as it is spelt in the name. */
  archivedAt: string;
  /** Milliseconds since the epoch, UTC; null when the digits are no date (month 13). */
  time: number | null;
}

/**
 * The parts of `{sid}_{timestamp}`, with or without `.json`; null for any other name.
 *
 * Timestamps are `20260420T143052Z`, `2026-04-20T14:30:52.000Z`, `2026-02-17T10-30-00` and AO's
 * `2026-02-17T10-30-00-000Z`: all UTC, all made from an ISO time by changing its marks.
 */
export function parseArchiveName(fileName: string): ArchiveNameParts | null {
  const match =
    /^([a-zA-Z0-9_-]+)_((\d{4})-?(\d\d)-?(\d\d)T(\d\d)[:-]?(\d\d)[:-]?(\d\d)(?:[.-](\d{3}))?Z?)(?:\.json)?$/.exec(
      fileName,
    );
  if (!match) return null;
  const [, sessionId = "", archivedAt = "", year, month, day, hour, minute, second, ms] = match;
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.${ms ?? "000"}Z`;
  const time = Date.parse(iso);
  // Date.parse takes 30 February for 2 March; only a date that comes back the same is one.
  const real = !Number.isNaN(time) && new Date(time).toISOString() === iso;
  return { sessionId, archivedAt, time: real ? time : null };
}

/** File name of a session that is archived as JSON, unlike those already taken: a second later if need be. */
export function archiveNameAt(
  sessionId: string,
  at: Date,
  isTaken: (name: string) => boolean,
): string {
  for (let ms = at.getTime(); ; ms += 1000) {
    const stamp = new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
    const name = `${sessionId}_${stamp.replace(/[-:]/g, "")}.json`;
    if (!isTaken(name)) return name;
  }
}

/** Directory name of a working directory below Claude's `projects/`. */
export function claudeSlug(absolutePath: string): string {
  return absolutePath.replaceAll(":", "").replace(/[\\/._]/g, "-");
}

/** `~/x` below `home`; every other path as it is, a lone `~` and `~user` included (as AO does). */
export function expandHome(path: string, home: string): string {
  return path.startsWith("~/") ? join(home, path.slice(2)) : path;
}

/**
 * Whether `path` is `dir` or lies below it, by its text alone. Both must be absolute; a path with
 * a `..` in it is outside, because a link before the `..` could lead anywhere.
 */
export function isInside(path: string, dir: string): boolean {
  if (!isAbsolute(path) || !isAbsolute(dir) || path.includes("\0")) return false;
  if (path.split("/").includes("..")) return false;
  const inner = resolve(path);
  const outer = resolve(dir);
  return inner === outer || inner.startsWith(outer === "/" ? "/" : `${outer}/`);
}

/** `sessions/` of a state directory (V1 to V3). */
export function sessionsDir(stateDir: string): string {
  return join(stateDir, "sessions");
}

/** `sessions/archive/` of a state directory. */
export function archiveDir(stateDir: string): string {
  return join(stateDir, "sessions", "archive");
}

/** `worktrees/` of a state directory. */
export function worktreesDir(stateDir: string): string {
  return join(stateDir, "worktrees");
}

/** `feedback-reports/` of a state directory. */
export function feedbackDir(stateDir: string): string {
  return join(stateDir, "feedback-reports");
}

/** `.origin` of a V1 state directory: the file that names its config. */
export function originFile(stateDir: string): string {
  return join(stateDir, ".origin");
}

/** State directory of a project since V2. */
export function projectDir(baseDir: string, projectId: string): string {
  return join(baseDir, "projects", projectId);
}

/** Where the toolkit looks. All paths are absolute. */
export interface Places {
  home: string;
  baseDir: string;
  worktreeRoot: string;
  /** The registry that is in force, whether or not it exists. */
  configFile: string;
  claudeDir: string;
  codexDir: string;
}

/** What a command line may say about {@link Places}, and the environment for the rest. */
export interface PlacesInput {
  home?: string | undefined;
  baseDir?: string | undefined;
  config?: string | undefined;
  worktreeRoot?: string | undefined;
  env: Record<string, string | undefined>;
}

/**
 * Where to look: what was asked for, else AO's own precedence.
 *
 * The registry is `config`, else `AO_GLOBAL_CONFIG`, else
 * `$XDG_CONFIG_HOME/agent-orchestrator/config.yaml`, else `config.yaml` in the base dir, which is
 * `HOME/.agent-orchestrator` by default. With a `home` that is not the environment's own, its
 * variables describe somebody else's disk: they count only where they point into that home.
 *
 * @throws {ToolkitError} `usage` when there is no home.
 */
export function resolvePlaces(input: PlacesInput): Places {
  const { env } = input;
  const homeText = input.home || env.HOME;
  if (!homeText) {
    throw new ToolkitError("usage", 'Cannot find "HOME": it is not set', {
      hint: "name the home directory with --home DIR",
    });
  }
  const home = resolve(homeText);
  const foreign = Boolean(env.HOME) && resolve(env.HOME ?? "") !== home;
  const fromEnv = (name: string): string | undefined => {
    const value = env[name] ? resolve(env[name]) : undefined;
    return value !== undefined && foreign && !isInside(value, home) ? undefined : value;
  };
  const baseDir = resolve(input.baseDir || join(home, ".agent-orchestrator"));
  const xdg = fromEnv("XDG_CONFIG_HOME");
  return {
    home,
    baseDir,
    worktreeRoot: resolve(input.worktreeRoot || join(home, ".worktrees")),
    configFile:
      (input.config ? resolve(input.config) : undefined) ??
      fromEnv("AO_GLOBAL_CONFIG") ??
      (xdg ? join(xdg, "agent-orchestrator", "config.yaml") : undefined) ??
      join(baseDir, "config.yaml"),
    claudeDir: fromEnv("CLAUDE_CONFIG_DIR") ?? join(home, ".claude"),
    codexDir: fromEnv("CODEX_HOME") ?? join(home, ".codex"),
  };
}
