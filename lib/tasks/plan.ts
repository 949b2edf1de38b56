/** The way from flat task sessions to directories, as operations; judged from the scan alone. */

import { basename, join } from "node:path";
import type { Operation } from "../change/operation.ts";
import { ToolkitError } from "../errors.ts";
import { operationsLog } from "./operations-log.ts";
import { shownVersions } from "./places.ts";
import { type Remark, remark } from "./remark.ts";
import type { FlatSession, TaskInventory } from "./scan.ts";
import { readTaskSession } from "./session.ts";
import { minimalTask, type SnapshotContext, snapshotOf } from "./snapshot.ts";
import { type Content, unreadable } from "./text-file.ts";
import { formatStamp } from "./timestamps.ts";

/** A session that becomes a directory. */
export interface PlannedSession {
  version: string;
  task: string;
  /** Name of the flat file. */
  file: string;
  /** The directory as the workflow tools show it: `.workflow/versions/v001/task_sessions/a`. */
  directory: string;
  /** Whether it was there before. */
  directoryExists: boolean;
  /** `tasks/a.yml`; null when `task.yml` is made from the session alone, or not at all. */
  definition: string | null;
  /** Files that are there already, and stay. */
  kept: string[];
  /** Operations in the log. */
  logged: number;
}

/** A file, or a whole version, that is left as it is. */
export interface TaskProblem extends Remark {
  version: string;
  /** Name of the flat file; null for a version. */
  file: string | null;
}

export interface TaskPlan {
  /** When it was made, as timestamps are written; the same in all new files. */
  stamp: string;
  sessions: PlannedSession[];
  problems: TaskProblem[];
  warnings: Remark[];
  operations: Operation[];
}

/**
 * Plans the migration of everything that was found. A session that cannot be migrated without
 * guessing is a problem; the others are planned without it.
 *
 * @param options.onProgress called once a session, cheap enough to draw
 */
export function planTasks(
  inventory: TaskInventory,
  options: { now: Date; onProgress?: (done: number, total: number) => void },
): TaskPlan {
  const stamp = formatStamp(options.now);
  const plan: TaskPlan = { stamp, sessions: [], problems: [], warnings: [], operations: [] };
  for (const { version, path, reason } of inventory.closed) {
    const message = `Cannot look into "${path}": ${reason}`;
    plan.problems.push({ version, file: null, place: { file: path }, message });
  }
  const neighbours = { spellings: countSpellings(inventory), moved: new Set<string>() };
  for (const [index, flat] of inventory.sessions.entries()) {
    options.onProgress?.(index + 1, inventory.sessions.length);
    const path = join(flat.dir, flat.name);
    try {
      addSession(plan, flat, neighbours);
      neighbours.moved.add(path);
    } catch (error) {
      if (!(error instanceof ToolkitError)) throw error;
      const { version, name } = flat;
      plan.problems.push({ version, file: name, ...problemOf(error, path) });
    }
  }
  return plan;
}

/** The place of the error, and its message; a definition's says which session it holds back. */
function problemOf({ message, place }: ToolkitError, path: string): Remark {
  if (place === undefined || place.file === path) return remark(place ?? { file: path }, message);
  return remark(place, `${message}; so "${basename(path)}" stays as it is`);
}

/** What a session's place depends on besides the disk. */
interface Neighbours {
  /** Flat files by the directory that they are to become. */
  spellings: Map<string, number>;
  /** Flat files that are gone when the operations so far are done. */
  moved: Set<string>;
}

function countSpellings({ sessions }: TaskInventory): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { dir, task } of sessions) {
    const target = join(dir, task);
    counts.set(target, (counts.get(target) ?? 0) + 1);
  }
  return counts;
}

/** @throws ToolkitError when the session has to stay as it is; then nothing was added */
function addSession(plan: TaskPlan, flat: FlatSession, neighbours: Neighbours): void {
  const path = join(flat.dir, flat.name);
  const target = join(flat.dir, flat.task);
  const text = textOf(flat.content, path);
  checkTarget(flat, neighbours);
  const session = readTaskSession(text, path);
  const warnings = [...session.remarks];
  const directoryExists = flat.target.kind === "directory";
  const names = flat.target.kind === "directory" ? flat.target.names : [];
  const kept = ["task.yml", "operations.log"].filter((name) => names.includes(name));
  for (const name of kept) {
    const message = "it was there before and stays as it is";
    warnings.push(remark({ file: join(target, name) }, message));
  }
  const operations: Operation[] = [{ op: "move", from: path, to: join(target, "session.yml") }];
  if (!directoryExists) operations.unshift({ op: "makeDir", path: target });
  // What is made from a private file is as private.
  const mode = flat.mode & 0o666;
  let definition: string | null = null;
  if (!kept.includes("task.yml")) {
    const task = taskFile(flat, { session, stamp: plan.stamp }, warnings);
    definition = task.definition;
    operations.push({ op: "create", path: join(target, "task.yml"), content: task.text, mode });
  }
  let logged = 0;
  if (!kept.includes("operations.log")) {
    logged = session.operations.length;
    const content = operationsLog(flat.task, plan.stamp, session.operations);
    operations.push({ op: "create", path: join(target, "operations.log"), content, mode });
  }
  plan.operations.push(...operations);
  plan.warnings.push(...warnings);
  plan.sessions.push({
    ...{ version: flat.version, task: flat.task, file: flat.name },
    directory: `${shownVersions}/${flat.version}/task_sessions/${flat.task}`,
    ...{ directoryExists, definition, kept, logged },
  });
}

/** @throws ToolkitError when something stands where the session is to go */
function checkTarget(flat: FlatSession, { spellings, moved }: Neighbours): void {
  const target = join(flat.dir, flat.task);
  if ((spellings.get(target) ?? 0) > 1) {
    const other = flat.name.endsWith(".yml") ? `${flat.task}.yaml` : `${flat.task}.yml`;
    throw inTheWay(flat, `"${other}" is a session of the same task`);
  }
  const found = flat.target;
  if (found.kind === "other" && !moved.has(target)) {
    throw inTheWay(flat, `"${flat.task}" beside it is ${found.what}`);
  }
  if (found.kind === "directory" && found.names.includes("session.yml")) {
    throw inTheWay(flat, `"${flat.task}/session.yml" exists, and is the one that is read`);
  }
}

function inTheWay({ dir, name }: FlatSession, state: string): ToolkitError {
  const file = join(dir, name);
  return new ToolkitError("invalid", `Cannot migrate "${file}": ${state}`, { place: { file } });
}

/** The content of `task.yml`, and the name of the definition that it was made from. */
function taskFile(
  flat: FlatSession,
  context: SnapshotContext,
  warnings: Remark[],
): { text: string; definition: string | null } {
  const [definition, other] = flat.definitions;
  if (definition === undefined) {
    const reason = `tasks/${flat.task}.yml does not exist`;
    const made = `${reason}, so task.yml is made from the session alone`;
    warnings.push(remark({ file: join(flat.dir, flat.name) }, made));
    return { text: minimalTask(flat.task, reason, context), definition: null };
  }
  const { name: source, path: file } = definition;
  if (other !== undefined) {
    warnings.push(remark({ file: other.path }, `it is passed over, since ${source} exists too`));
  }
  const made = snapshotOf(textOf(definition.content, file), { source, file }, context);
  if ("text" in made) {
    warnings.push(...made.remarks);
    return { text: made.text, definition: source };
  }
  const message = `it ${made.state}, so task.yml is made from the session alone`;
  warnings.push(remark({ file, line: 1, column: 1 }, message));
  const reason = `${source} ${made.state}`;
  return { text: minimalTask(flat.task, reason, context), definition: null };
}

function textOf(content: Content, file: string): string {
  if ("text" in content) return content.text;
  throw unreadable(file, content.fault);
}
