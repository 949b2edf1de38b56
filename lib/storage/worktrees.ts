/**
 * Worktrees: which ones move, and whose they are. A worktree travels with its session and its git
 * link; one whose owner is not certain stays where it is.
 */

import { isInside, isSafeSessionId } from "../paths.ts";
import type { Decisions } from "./decisions.ts";
import { type Identities, repositoryPath } from "./identity.ts";
import type { Inventory, SessionFile, StateDir, WorktreeLeaf } from "./inventory.ts";
import { workspaceFields } from "./metadata-edits.ts";
import type { PlanOptions } from "./options.ts";
import { lastPart, type Project } from "./project.ts";
import type { ProjectTarget, SessionTarget, WorktreeMove } from "./shape.ts";
import { spelledOf } from "./spelling.ts";

/** Where every worktree goes; those that stay are left out. */
export function planWorktrees(
  inventory: Inventory,
  identities: Identities,
  targets: ProjectTarget[],
  options: PlanOptions,
  decisions: Decisions,
  warnings: string[],
): { moves: WorktreeMove[]; keptDirs: Set<StateDir> } {
  const planner = new WorktreePlanner(inventory, identities, targets, decisions, warnings);
  for (const leaf of inventory.worktrees) planner.inside(leaf);
  if (options.steps.has("adopt-stranded-worktrees")) {
    for (const leaf of planner.usedFirst()) planner.adopt(leaf);
  }
  const { moves, keptDirs } = planner;
  return { moves, keptDirs };
}

/** A session that names a worktree; `target` is null where its directory is left alone. */
interface User {
  id: string;
  sessionId: string;
  target: ProjectTarget | null;
  /** Will be archived by this plan, so that it uses nothing any more. */
  leaving: boolean;
}

class WorktreePlanner {
  readonly moves: WorktreeMove[] = [];
  readonly keptDirs = new Set<StateDir>();
  readonly #taken = new Set<string>();
  readonly #users = new Map<string, User[]>();
  readonly #carriers: { dir: StateDir; target: ProjectTarget; whole: boolean }[] = [];

  constructor(
    readonly inventory: Inventory,
    readonly identities: Identities,
    readonly targets: ProjectTarget[],
    readonly decisions: Decisions,
    readonly warnings: string[],
  ) {
    for (const target of targets) {
      const { home } = target.project;
      if (home !== null) this.#carriers.push({ dir: home, target, whole: true });
      for (const { dir, whole } of target.sources) {
        if (dir.layout !== "v0") this.#carriers.push({ dir, target, whole });
      }
    }
    this.#indexUsers();
  }

  #indexUsers(): void {
    const { inventory, targets } = this;
    const leaves = new Set(inventory.worktrees.map((leaf) => leaf.path));
    if (leaves.size === 0) return;
    // Few sessions of a large disk have a worktree that is there; only those are looked up.
    const paths = new Map<SessionFile, string[]>();
    for (const dir of [...inventory.projects, ...inventory.hashDirs]) {
      for (const file of sessionsOf(dir)) {
        const named = pathsAmong(leaves, file, inventory.realPlaces);
        if (named.length > 0) paths.set(file, named);
      }
    }
    const planned = new Map<SessionFile, { session: SessionTarget; target: ProjectTarget }>();
    for (const target of targets) {
      const { sessions, single } = target;
      for (const session of single === null ? sessions : [...sessions, single]) {
        if (paths.has(session.file)) planned.set(session.file, { session, target });
      }
    }
    for (const dir of [...inventory.projects, ...inventory.hashDirs]) {
      for (const file of sessionsOf(dir)) {
        const named = paths.get(file);
        if (named === undefined) continue;
        const plan = planned.get(file);
        if (plan?.session.fate === "twin") continue;
        // What an archived file of a session names is that session's, unless it has a worktree by now.
        const { successor } = plan?.session ?? {};
        if (successor !== undefined && paths.has(successor.file)) continue;
        const sessionId = plan?.session.sessionId ?? file.sessionId;
        const target = plan?.target ?? null;
        const leaving = target?.orchestrators.find((move) => move.file === file)?.becomes === null;
        const id = `${target?.id ?? dir.name}/${sessionId}`;
        const user = { id, sessionId, target, leaving };
        for (const path of named) {
          this.#users.set(path, [...(this.#users.get(path) ?? []), user]);
        }
      }
    }
  }

  /** All worktrees; those that a session names come before one that only has a session's name. */
  usedFirst(): WorktreeLeaf[] {
    const isUnused = ({ path }: WorktreeLeaf) => Number(!this.#users.has(path));
    return this.inventory.worktrees.toSorted((a, b) => isUnused(a) - isUnused(b));
  }

  /** Worktrees inside a state dir go where that dir goes. */
  inside(leaf: WorktreeLeaf): void {
    const carrier = this.#carriers.find(({ dir }) =>
      leaf.path.startsWith(`${dir.path}/worktrees/`),
    );
    if (carrier === undefined) return;
    const { dir, target, whole } = carrier;
    if (!whole && this.#isCopy(leaf)) {
      this.keptDirs.add(dir);
      this.#leave(leaf, `git's own worktree of that name is ${leaf.linkedPath}; this is a copy`);
      return;
    }
    const found = target.sessions.find(
      (candidate) =>
        candidate.dir === dir && !candidate.archived && candidate.file.sessionId === leaf.name,
    );
    const name = this.#free(target, found?.sessionId ?? leaf.name, dir.hash ?? dir.name);
    const to = `${target.dir}/worktrees/${name}`;
    const move = { leaf, from: leaf.path, to, carrier: dir, carried: whole, target };
    if (leaf.path !== to || this.#staleLink(leaf)) {
      this.moves.push({ ...move, sessionId: found?.sessionId ?? null });
    }
  }

  /** Worktrees outside the base dir are adopted when exactly one session, or else one project, owns them. */
  adopt(leaf: WorktreeLeaf): void {
    if (leaf.where !== "legacy-root" && leaf.where !== "v0") return;
    if (leaf.where === "v0" && !isInside(leaf.path, this.inventory.places.home)) {
      this.#leave(leaf, "it lies outside the home directory, where nothing is changed");
      return;
    }
    if (leaf.adminDir === undefined || leaf.commonDir === undefined) {
      this.#leave(leaf, "it is not a git worktree");
      return;
    }
    const owner = this.#ownerOf(leaf);
    if (owner === null) return;
    const to = `${owner.target.dir}/worktrees/${owner.sessionId ?? leaf.name}`;
    if (this.#taken.has(to.toLowerCase())) {
      this.#leave(leaf, `${to} is taken`);
      return;
    }
    this.#taken.add(to.toLowerCase());
    const { target, sessionId } = owner;
    this.moves.push({
      leaf,
      from: leaf.path,
      to,
      carrier: null,
      carried: false,
      target,
      sessionId,
    });
  }

  #ownerOf(leaf: WorktreeLeaf): { target: ProjectTarget; sessionId: string | null } | null {
    const all = this.#users.get(leaf.path) ?? [];
    const staying = all.filter(({ leaving }) => !leaving);
    // Several that all leave have no claim any more; then it is their project's.
    const users = staying.length === 0 && all.length === 1 ? all : staying;
    const [user] = users;
    if (users.length > 1) return this.#decideUser(leaf, users);
    if (user !== undefined) return this.#given(leaf, user);
    const target = this.#projectOf(leaf);
    if (target === null) {
      this.#leave(leaf, "no project on this disk owns it for certain");
      return null;
    }
    if (!isSafeSessionId(leaf.name)) {
      this.#leave(leaf, "its name is not a session id");
      return null;
    }
    return { target, sessionId: null };
  }

  #given(
    leaf: WorktreeLeaf,
    { id, sessionId, target }: User,
  ): { target: ProjectTarget; sessionId: string } | null {
    if (target !== null) return { target, sessionId };
    this.#leave(leaf, `it belongs to ${id}, which is left alone`);
    return null;
  }

  #decideUser(
    leaf: WorktreeLeaf,
    users: User[],
  ): { target: ProjectTarget; sessionId: string } | null {
    const movable = users.filter(({ target }) => target !== null);
    const chosen = this.decisions.ask({
      key: `worktree:${leaf.path}`,
      question: `${leaf.path} is used by ${users.map(({ id }) => id).join(" and ")}. Who owns it?`,
      choices: [
        { value: "leave", label: "leave it where it is" },
        ...movable.map(({ id }) => ({ value: id, label: `move it to ${id}` })),
      ],
      default: "leave",
    });
    const user = movable.find(({ id }) => id === chosen);
    return user === undefined ? null : this.#given(leaf, user);
  }

  /** The one project whose repository this is a worktree of; among several, the one it is named after. */
  #projectOf(leaf: WorktreeLeaf): ProjectTarget | null {
    const owner = candidateProject(leaf, this.inventory, this.identities.projects);
    return this.targets.find(({ project }) => project === owner) ?? null;
  }

  #free(target: ProjectTarget, wanted: string, from: string): string {
    let name = wanted;
    const path = () => `${target.dir}/worktrees/${name}`.toLowerCase();
    for (let n = 1; this.#taken.has(path()); n++) {
      name = `${wanted}__from-${from}${n === 1 ? "" : `-${n}`}`;
    }
    this.#taken.add(path());
    return name;
  }

  #staleLink(leaf: WorktreeLeaf): boolean {
    return leaf.adminDir !== undefined && leaf.linkedPath !== leaf.path;
  }

  /** Another directory is what git's link names; this one only looks like it. */
  #isCopy(leaf: WorktreeLeaf): boolean {
    return this.inventory.worktrees.some(
      (other) =>
        other !== leaf && other.adminDir === leaf.adminDir && other.linkedPath === other.path,
    );
  }

  #leave(leaf: WorktreeLeaf, reason: string): void {
    this.warnings.push(`Worktree ${leaf.path} left alone: ${reason}.`);
  }
}

function sessionsOf({ sessions, orchestrator }: StateDir): SessionFile[] {
  return orchestrator === undefined ? sessions : [...sessions, orchestrator];
}

/** The worktrees of a list that a session names, each once. */
function pathsAmong(
  leaves: ReadonlySet<string>,
  { fields }: SessionFile,
  realPlaces: Inventory["realPlaces"],
): string[] {
  const found: string[] = [];
  for (const field of workspaceFields) {
    const named = fields[field];
    const path = named === undefined ? undefined : spelledOf(named, realPlaces);
    if (path !== undefined && leaves.has(path) && !found.includes(path)) found.push(path);
  }
  return found;
}

/** The one project whose repository this is a worktree of; among several, the one it is named after. */
export function candidateProject(
  leaf: WorktreeLeaf,
  inventory: Inventory,
  projects: Project[],
): Project | null {
  const { commonDir, group } = leaf;
  if (commonDir === undefined) return null;
  const path = repositoryPath(commonDir, inventory);
  const same = projects.filter(
    (project) => inventory.repos[project.path]?.commonDir === commonDir || project.path === path,
  );
  const named = same.filter((project) => project.names.has(group) || project.id === group);
  const [only] = [survivors(same), survivors(named)].find(({ size }) => size === 1) ?? [];
  return only ?? null;
}

function survivors(projects: Project[]): Set<Project> {
  return new Set(projects.map((project) => project.mergedInto ?? project));
}

/** The session a stranded worktree is named after, when that could be one. */
export function candidateSession(leaf: WorktreeLeaf): string | null {
  const name = lastPart(leaf.path);
  return isSafeSessionId(name) ? name : null;
}
