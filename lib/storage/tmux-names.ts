/**
 * tmux names: which convention a name follows, and what V3 calls the session (its id).
 *
 * A name is only rewritten when it is exactly what an earlier AO would have given this very session:
 * `{h12}-{sid}`, `{h12}-{project}-{n}`, `{h12}-{project}-{sid}` or the doubled `{p}-{sid}`.
 */

import type { SessionFields } from "../metadata.ts";
import { parseSessionId } from "../paths.ts";
import type { Inventory, SessionFile } from "./inventory.ts";
import type { ProjectTarget, SessionTarget, Target } from "./shape.ts";

export type TmuxConvention = "v3" | "doubled-prefix" | "legacy-storagekey" | "unknown";

/** Which convention made this tmux name for this session; `unknown` when none would have. */
export function conventionOf(
  name: string,
  sessionId: string,
  names: ReadonlySet<string>,
): TmuxConvention {
  if (name === sessionId) return "v3";
  const parsed = parseSessionId(sessionId);
  if (parsed === null) return "unknown";
  const plain = parsed.orchestrator ? withoutNumber : (text: string) => text;
  const id = plain(sessionId);
  if (plain(name) === `${parsed.prefix}-${id}`) return "doubled-prefix";
  const legacy = /^[0-9a-f]{12}-(.+)$/.exec(name)?.[1];
  if (legacy === undefined) return "unknown";
  if (plain(legacy) === id) return "legacy-storagekey";
  for (const project of names) {
    if (plain(legacy) === `${project}-${id}`) return "legacy-storagekey";
    if (parsed.number !== undefined && legacy === `${project}-${parsed.number}`) {
      return "legacy-storagekey";
    }
  }
  return "unknown";
}

function withoutNumber(text: string): string {
  return text.replace(/-\d+$/, "");
}

/** Convention of a live session seen by itself, without its metadata. */
export function conventionOfLive(name: string, prefixes: ReadonlySet<string>): TmuxConvention {
  if (/^[0-9a-f]{12}-/.test(name)) return "legacy-storagekey";
  const parsed = parseSessionId(name);
  if (parsed === null) return "unknown";
  for (const prefix of prefixes) {
    if (name.startsWith(`${prefix}-${prefix}-`)) return "doubled-prefix";
  }
  return prefixes.has(parsed.prefix) ? "v3" : "unknown";
}

export interface TmuxPlan {
  /** Live sessions to rename. */
  renames: { from: string; to: string; target: ProjectTarget }[];
  /** Name that a session's metadata should hold; absent = leave what it says. */
  nameOf: Map<SessionTarget, string>;
  warnings: string[];
}

/** Decides every session's tmux name. Nothing is decided when tmux could not be asked. */
export function planTmux(inventory: Inventory, target: Target): TmuxPlan {
  const plan: TmuxPlan = { renames: [], nameOf: new Map(), warnings: [] };
  const live = inventory.tmux === null ? null : new Set(inventory.tmux.map(({ name }) => name));
  const wanted = new Map<string, number>();
  const want = (id: string) => wanted.set(id, (wanted.get(id) ?? 0) + 1);
  for (const id of idsLeftAlone(inventory, target)) want(id);
  const misnamed: { session: SessionTarget; project: ProjectTarget; legacy: string[] }[] = [];
  for (const project of target.projects) {
    for (const session of liveSessions(project)) {
      if (session.successor === undefined) want(finalSessionId(session, project));
      const legacy = legacyNames(session, project);
      if (legacy.length > 0) misnamed.push({ session, project, legacy });
    }
  }
  let unasked = 0;
  for (const { session, project, legacy } of misnamed) {
    if (live === null) {
      unasked += 1;
      continue;
    }
    // What runs under the name that an archived file of it holds is the session itself.
    const to = finalSessionId(session.successor ?? session, project);
    const clash = (wanted.get(to) ?? 0) > 1;
    if (clash) {
      plan.warnings.push(
        `tmux name of ${project.id}/${session.sessionId} left as ${legacy[0]}: another project has a session ${to}.`,
      );
      continue;
    }
    const current = legacy.find((name) => live.has(name));
    if (current !== undefined && live.has(to)) {
      plan.warnings.push(`tmux session ${current} left as it is: ${to} is also live.`);
      continue;
    }
    plan.nameOf.set(session, to);
    const isKnown = plan.renames.some(({ from }) => from === current);
    if (current !== undefined && !isKnown) {
      plan.renames.push({ from: current, to, target: project });
    }
  }
  if (unasked > 0) {
    plan.warnings.push(
      `tmux could not be asked, so the tmux names of ${unasked} session(s) are left as they are.`,
    );
  }
  return plan;
}

/** Ids of sessions whose directories stay as they are: their names are theirs still. */
function idsLeftAlone(inventory: Inventory, target: Target): string[] {
  // A project's target speaks of every session of its directories.
  const planned = new Set(
    target.projects.flatMap(({ project, sources }) => [
      project.home,
      ...sources.map(({ dir }) => dir),
    ]),
  );
  return [...inventory.projects, ...inventory.hashDirs]
    .filter((dir) => !planned.has(dir))
    .flatMap(({ sessions }) => sessions.filter(isUsable).map(({ sessionId }) => sessionId));
}

/** Sessions that are not archived, nor will be; and what is archived because its session goes on. */
function liveSessions(project: ProjectTarget): SessionTarget[] {
  const archived = new Set(
    project.orchestrators.filter(({ becomes }) => becomes === null).map(({ file }) => file),
  );
  const all = project.single === null ? project.sessions : [...project.sessions, project.single];
  return all.filter(
    ({ archived: isArchived, successor, fate, file }) =>
      (!isArchived || successor !== undefined) &&
      fate !== "twin" &&
      !archived.has(file) &&
      isUsable(file),
  );
}

/** Nothing can run under the name of a file that AO cannot read. */
function isUsable({ format }: SessionFile): boolean {
  return format !== "bad" && format !== "empty";
}

/** The id a session has at the very end, orchestrators included. */
export function finalSessionId(session: SessionTarget, project: ProjectTarget): string {
  const move = project.orchestrators.find(({ file }) => file === session.file);
  return move?.becomes ?? session.sessionId;
}

/** The tmux names that a session's fields hold, each once. */
export function tmuxNamesIn(fields: SessionFields): string[] {
  const { tmuxName, handleId, lifecycleTmuxName, lifecycleHandleId } = fields;
  const names: string[] = [];
  // Most fields repeat the first one.
  if (tmuxName !== undefined) names.push(tmuxName);
  if (handleId !== undefined && !names.includes(handleId)) names.push(handleId);
  for (const name of [lifecycleTmuxName, lifecycleHandleId]) {
    if (name !== undefined && !names.includes(name)) names.push(name);
  }
  return names;
}

function legacyNames(session: SessionTarget, project: ProjectTarget): string[] {
  const sessionId = session.formerId;
  return tmuxNamesIn(session.file.fields).filter((name) => {
    // An orchestrator's name was its id, and follows it.
    if (name === sessionId) return losesNumber(session, project);
    const convention = conventionOf(name, sessionId, project.project.names);
    return convention === "doubled-prefix" || convention === "legacy-storagekey";
  });
}

function losesNumber({ file, formerId }: SessionTarget, { orchestrators }: ProjectTarget): boolean {
  return orchestrators.some(
    (move) => move.file === file && move.becomes !== null && move.becomes !== formerId,
  );
}
