/**
 * The target: where every directory, session and worktree of the inventory will stand in V3.
 *
 * Steps only emit the operations that lead there, so that the paths of one step and the metadata
 * written by another can never disagree. Pure.
 */

import { archiveNameAt, isSafeSessionId } from "../paths.ts";
import type { Decisions } from "./decisions.ts";
import type { Identities } from "./identity.ts";
import type { Inventory, SessionFile, StateDir } from "./inventory.ts";
import { decideSuccessors, isSameSession, type Successors } from "./namesakes.ts";
import { type PlanOptions, stepIds } from "./options.ts";
import { assignOrchestrators } from "./orchestrators.ts";
import { isHashDir, lastPart, type Project } from "./project.ts";
import type { Fate, ProjectTarget, SessionTarget, Source, Target } from "./shape.ts";
import { planWorktrees } from "./worktrees.ts";

/** Where planning says what it did not know for certain. */
interface Told {
  decisions: Decisions;
  /** When what this plan archives is archived. */
  now: Date;
  warnings: string[];
}

/** Computes the target of every project that may be migrated. */
export function targetOf(
  inventory: Inventory,
  identities: Identities,
  options: PlanOptions,
  decisions: Decisions,
): Target {
  const warnings: string[] = [];
  const projects: ProjectTarget[] = [];
  for (const project of identities.projects) {
    const target = projectTarget(inventory, identities, project, options, { decisions, warnings });
    if (target === null) continue;
    target.orchestrators = options.steps.has("normalize-orchestrators")
      ? assignOrchestrators(target, inventory, { decisions, now: options.now, warnings })
      : [];
    projects.push(target);
  }
  const { moves, keptDirs } = planWorktrees(
    inventory,
    identities,
    projects,
    options,
    decisions,
    warnings,
  );
  return { projects, worktrees: moves, keptDirs, warnings };
}

function projectTarget(
  inventory: Inventory,
  identities: Identities,
  project: Project,
  options: PlanOptions,
  { decisions, warnings }: Omit<Told, "now">,
): ProjectTarget | null {
  if (project.mergedInto !== null) return null;
  const dirs = project.home === null ? project.others : [project.home, ...project.others];
  if (dirs.length === 0) return null;
  if (project.held !== null || project.id === null) {
    warnings.push(
      `${dirs.map((dir) => lastPart(dir.path)).join(", ")} left alone: ${project.held}.`,
    );
    return null;
  }
  const bare = project.home !== null && project.home.name !== project.id;
  if (bare && !options.steps.has("rekey-v1-entries")) return null;
  const sources = sourcesOf(project, identities, options);
  if (project.home === null && sources.length === 0) return null;
  const dir = `${inventory.places.baseDir}/projects/${project.id}`;
  const target: ProjectTarget = {
    project,
    id: project.id,
    dir,
    standing: project.home?.path ?? dir,
    sources,
    sessions: [],
    single: singleOf(project, sources, dir),
    orchestrators: [],
  };
  assignSessions(target, { decisions, now: options.now, warnings });
  return target;
}

/** The project's own `orchestrator.json`, else the one that the first of its sources brings along. */
function singleOf(
  { home, prefix }: Project,
  sources: Source[],
  projectDir: string,
): SessionTarget | null {
  const inOrder = sources.toSorted((a, b) => stepIds.indexOf(a.step) - stepIds.indexOf(b.step));
  const dirs =
    home === null ? inOrder.map(({ dir }) => dir) : [home, ...inOrder.map(({ dir }) => dir)];
  const dir = dirs.find(({ orchestrator }) => orchestrator !== undefined);
  const file = dir?.orchestrator;
  if (dir === undefined || file === undefined || file.format !== "json") return null;
  const fileName = lastPart(file.path);
  // The id becomes a file name when the file is archived.
  const named = file.fields.sessionId;
  const sessionId =
    named !== undefined && isSafeSessionId(named) ? named : `${prefix}-orchestrator`;
  const path = `${projectDir}/${fileName}`;
  const names = { formerId: sessionId, sessionId, fileName };
  return { file, dir, archived: false, fate: "stay", ...names, path };
}

function sourcesOf(project: Project, identities: Identities, options: PlanOptions): Source[] {
  const stepOf = (dir: StateDir): Source["step"] => {
    if (isHashDir(dir)) return "import-v1-hash-dirs";
    return identities.ownerOf.get(dir) === project ? "rekey-v1-entries" : "same-repo-merge";
  };
  return project.others
    .map((dir) => ({ dir, step: stepOf(dir) }))
    .filter(({ step }) => options.steps.has(step))
    .map((source, at) => ({ ...source, whole: becomesHome(project, source.dir, at) }));
}

/** V0's sessions lie among whatever else a directory of the user's holds, so it never moves as one. */
function becomesHome({ home }: Project, { layout }: StateDir, at: number): boolean {
  return home === null && at === 0 && layout !== "v0";
}

/** Names that a directory already holds, compared without case so that no file system can merge two. */
class Names {
  readonly #taken = new Set<string>();
  /** Not looked at yet: few directories of many ever meet another. */
  #added: string[] = [];

  has(name: string): boolean {
    for (const added of this.#added) this.#taken.add(added.toLowerCase());
    this.#added = [];
    return this.#taken.has(name.toLowerCase());
  }

  add(name: string): void {
    this.#added.push(name);
  }
}

/** What the directories of a project hold so far. */
interface Held {
  live: Names;
  archived: Names;
  known: KnownSessions;
}

function assignSessions(target: ProjectTarget, told: Told): void {
  const known = new KnownSessions(target.sources);
  const held: Held = { live: new Names(), archived: new Names(), known };
  const { home } = target.project;
  if (home !== null) {
    for (const file of home.archives) held.archived.add(lastPart(file.path));
    for (const file of [...home.sessions, ...home.archives]) known.add(file);
    addSessions(target, home, true, held, told);
  }
  for (const { dir, whole } of target.sources) addSessions(target, dir, whole, held, told);
}

function addSessions(
  target: ProjectTarget,
  dir: StateDir,
  inPlace: boolean,
  { live, archived, known }: Held,
  { decisions, now, warnings }: Told,
): void {
  const isHome = dir === target.project.home;
  // Names of one directory may differ by case alone and did stand side by side; those of two
  // directories, and new ones, must not meet. What cannot be read keeps its name.
  const ids = new Set<string>();
  const given = new Names();
  for (const { sessionId } of dir.sessions) given.add(sessionId);
  const names = new Set(dir.sessions.filter(isBad).map(({ path }) => lastPart(path)));
  const successors = decideSuccessors(dir, decisions);
  const [placed, older]: [SessionTarget[], SessionTarget[]] = [[], []];
  // Those that go on instead of other files; null until they are placed.
  const going = new Map<SessionFile, SessionTarget | null>();
  for (const file of successors.values()) going.set(file, null);
  for (const file of inOrder(dir.sessions, successors)) {
    if (dir.migrated && known.has(file)) {
      placed.push(sessionTarget(target, dir, file, "twin", file.sessionId, false));
      continue;
    }
    const fate = fateOf(file, inPlace);
    const successor = going.get(successors.get(file) ?? file) ?? null;
    if (successor !== null) {
      // Side by side both would run in one tmux session and one worktree, and killing one ends both.
      const { sessionId } = successor;
      const name = archiveNameAt(sessionId, now, (wanted) => archived.has(wanted));
      archived.add(name);
      warnings.push(
        `${lastPart(file.path)} of ${lastPart(dir.path)} is another file of session ${sessionId}; it is archived as ${name}.`,
      );
      const copy = sessionTarget(target, dir, file, fate, sessionId, true, name);
      older.push({ ...copy, successor });
      known.add(file);
      continue;
    }
    let sessionId = file.sessionId;
    let session = sessionTarget(target, dir, file, fate, sessionId, false);
    const isTaken = isHome ? !isBad(file) && names.has(session.fileName) : ids.has(sessionId);
    if (fate !== "set-aside" && (isTaken || (!isHome && live.has(sessionId)))) {
      const wanted = `${sessionId}__from-${isHome ? homeSuffix(file) : (dir.hash ?? dir.name)}`;
      sessionId = freeName(wanted, (name) => live.has(name) || given.has(name));
      given.add(sessionId);
      warnings.push(
        `Session ${file.sessionId} of ${lastPart(dir.path)} also exists in ${target.id}; it is kept as ${sessionId}.`,
      );
      session = sessionTarget(target, dir, file, fate, sessionId, false);
    }
    placed.push(session);
    if (going.has(file)) going.set(file, session);
    known.add(file);
    if (fate === "set-aside") continue;
    ids.add(sessionId);
    names.add(session.fileName);
  }
  // An older file makes way before its name is given to another.
  target.sessions.push(...older, ...placed);
  if (isHome) for (const { sessionId } of dir.sessions) live.add(sessionId);
  for (const sessionId of ids) live.add(sessionId);
  addArchives(target, dir, inPlace, archived);
}

function homeSuffix({ path }: SessionFile): string {
  return path.endsWith(".json") ? "json" : "text";
}

function addArchives(
  target: ProjectTarget,
  dir: StateDir,
  inPlace: boolean,
  archived: Names,
): void {
  const isHome = dir === target.project.home;
  const add = (file: SessionFile, name: string) => {
    archived.add(name);
    const fate = fateOf(file, inPlace);
    target.sessions.push(sessionTarget(target, dir, file, fate, file.sessionId, true, name));
  };
  const renamed: [SessionFile, string][] = [];
  for (const file of dir.archives) {
    const name = archiveName(file);
    if (name !== lastPart(file.path)) renamed.push([file, name]);
    else add(file, isHome ? name : freeArchiveName(name, dir, archived));
  }
  // Those that keep their names came first, so that a converted one goes around them.
  for (const [file, name] of renamed) add(file, freeArchiveName(name, dir, archived));
}

/**
 * Empty files make way first; then come those that go on instead of others. Where else a JSON session
 * and another file have one id, JSON keeps it, and of two the one that has the name already.
 */
function inOrder(files: SessionFile[], successors: Successors): SessionFile[] {
  const ids = new Set(files.map(({ sessionId }) => sessionId));
  if (ids.size === files.length) return files;
  const going = new Set(successors.values());
  const ranks = { empty: 0, json: 2, bad: 4, kv: 4, "kv-in-json": 4 };
  const rank = (file: SessionFile) => {
    if (going.has(file)) return 1;
    return file.format === "json" && !file.path.endsWith(".json") ? 3 : ranks[file.format];
  };
  return files.toSorted((a, b) => rank(a) - rank(b));
}

function isBad({ format }: SessionFile): boolean {
  return format === "bad";
}

function sessionTarget(
  target: ProjectTarget,
  dir: StateDir,
  file: SessionFile,
  fate: Fate,
  sessionId: string,
  archived: boolean,
  archiveFile?: string,
): SessionTarget {
  const fileName = archived
    ? (archiveFile ?? archiveName(file))
    : renamedFile(file, sessionId, fate === "convert" || file.format === "json");
  const folder = archived ? "sessions/archive" : "sessions";
  return {
    file,
    dir,
    archived,
    fate,
    formerId: file.sessionId,
    sessionId,
    fileName,
    path: `${target.dir}/${folder}/${fileName}`,
  };
}

function renamedFile(file: SessionFile, sessionId: string, json: boolean): string {
  if (json) return `${sessionId}.json`;
  const name = lastPart(file.path);
  if (sessionId === file.sessionId) return name;
  return name.endsWith(".json") ? `${sessionId}.json` : sessionId;
}

/** Archives become JSON like live sessions; a file that cannot be read keeps its name. */
function archiveName(file: SessionFile): string {
  const name = lastPart(file.path);
  const convertible = file.format === "kv" && !name.endsWith(".json");
  return convertible ? `${name}.json` : name;
}

function fateOf(file: SessionFile, inPlace: boolean): Fate {
  if (file.format === "kv" || file.format === "kv-in-json") return "convert";
  if (file.format === "empty") return "set-aside";
  return inPlace ? "stay" : "move";
}

/**
 * Sessions that a project already has, to tell which originals AO's migrator has brought there.
 * Without an original there is nothing to tell, and nothing is kept.
 */
class KnownSessions {
  readonly #files = new Map<string, SessionFile[]>();
  readonly #needed: boolean;

  constructor(sources: readonly Source[]) {
    this.#needed = sources.some(({ dir }) => dir.migrated);
  }

  add(file: SessionFile): void {
    if (!this.#needed) return;
    const name = this.#nameOf(file);
    const files = this.#files.get(name);
    if (files === undefined) this.#files.set(name, [file]);
    else files.push(file);
  }

  has(file: SessionFile): boolean {
    return (this.#files.get(this.#nameOf(file)) ?? []).some((known) => sameSession(file, known));
  }

  /** An earlier migration may have taken an orchestrator's number away, or archived it. */
  #nameOf({ sessionId }: SessionFile): string {
    return sessionId.replace(/-orchestrator-\d+$/, "-orchestrator");
  }
}

/** Whether a `.migrated` original and a migrated session are one. */
function sameSession(a: SessionFile, b: SessionFile): boolean {
  if (a.format === "bad" || b.format === "bad" || b.format === "empty") return false;
  return isSameSession(a, b);
}

function freeName(wanted: string, isTaken: (name: string) => boolean): string {
  for (let n = 1; ; n++) {
    const name = n === 1 ? wanted : `${wanted}-${n}`;
    if (!isTaken(name)) return name;
  }
}

function freeArchiveName(name: string, dir: StateDir, taken: Names): string {
  if (!taken.has(name)) return name;
  const stem = name.replace(/\.json$/, "");
  const ending = name.slice(stem.length);
  for (let n = 1; ; n++) {
    const candidate = `${stem}__from-${dir.hash ?? dir.name}${n === 1 ? "" : `-${n}`}${ending}`;
    if (!taken.has(candidate)) return candidate;
  }
}
