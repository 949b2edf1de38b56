/**
 * A session's `task.yml`: the task's definition as it was at the migration, byte for byte, with
 * four fields that say so.
 */

import { sameJson } from "../edits.ts";
import { ToolkitError } from "../errors.ts";
import { parseYaml, patchYamlText } from "../yaml.ts";
import { writeScalar } from "../yaml-write.ts";
import { type Remark, remark } from "./remark.ts";
import type { TaskSession } from "./session.ts";

type Fields = Record<string, string>;

const note = "Created during migration from flat file structure";

/** The session's status; one that has none did not end as far as anybody knows. */
function statusOf({ fields }: TaskSession): string {
  return fields.get("status")?.text ?? "unknown";
}

/** What a snapshot is made of, besides the definition. */
export interface SnapshotContext {
  session: TaskSession;
  /** When it is made, as timestamps are written. */
  stamp: string;
}

/** A definition with the fields added. */
export interface Snapshot {
  text: string;
  /** Fields that could not be set, and why. */
  remarks: Remark[];
}

/** Why a definition is not used. */
export interface Unusable {
  state: "is empty" | "is not a mapping";
}

/**
 * Adds the fields to a definition, in its line ends; everything else stays as it is. Fields that it
 * has already get the new values where they stand.
 *
 * @param source the definition's path from its version: `tasks/task_design.yml`
 * @param file for places
 * @throws ToolkitError `invalid`, with its place, when it is no YAML or has a key twice
 */
export function snapshotOf(
  text: string,
  { source, file }: { source: string; file: string },
  { session, stamp }: SnapshotContext,
): Snapshot | Unusable {
  const { value, placeOf } = parseYaml(text, file);
  if (value === null) return { state: "is empty" };
  if (typeof value !== "object" || Array.isArray(value)) return { state: "is not a mapping" };
  const fields: Fields = {
    snapshotted_at: stamp,
    source_path: source,
    status_at_snapshot: statusOf(session),
    migration_note: note,
  };
  const appended = append(text, fields);
  if (readsAs(appended, { ...value, ...fields }, file)) return { text: appended, remarks: [] };
  const edits = Object.entries(fields).map(([key, after]) => {
    const before = Object.hasOwn(value, key) ? value[key] : undefined;
    return { pointer: `/${key}`, after, ...(before !== undefined && { before }) };
  });
  const patched = patchYamlText(text, edits);
  const remarks = patched.conflicts.map(({ edit, reason }) =>
    remark(placeOf(edit.pointer), `${edit.pointer.slice(1)} could not be set: ${reason}`),
  );
  return { text: patched.text, remarks };
}

/** The lines behind everything else: right for nearly every definition, and then by far quickest. */
function append(text: string, fields: Fields): string {
  const newline = /\r?\n/.exec(text)?.[0] ?? "\n";
  const lead = text.endsWith("\n") ? "" : newline;
  return text + lead + linesOf(fields).join(newline) + newline;
}

function readsAs(text: string, value: Parameters<typeof sameJson>[0], file: string): boolean {
  try {
    return sameJson(parseYaml(text, file).value, value);
  } catch (error) {
    if (error instanceof ToolkitError) return false;
    throw error;
  }
}

function linesOf(fields: Fields): string[] {
  return Object.entries(fields).map(([key, value]) => `${key}: ${writeScalar(value, "single")}`);
}

/** Session fields that describe the task rather than its run. */
const taskFields = ["title", "name", "description", "task_type", "type", "agent", "status"];

/**
 * A `task.yml` for a task without a definition, from what its session says of it.
 *
 * @param reason why there is none, without a full stop: `tasks/a.yml does not exist`
 */
export function minimalTask(
  task: string,
  reason: string,
  { session, stamp }: SnapshotContext,
): string {
  const known = taskFields.flatMap((name) => {
    const field = session.fields.get(name);
    if (field === undefined) return [];
    return [`${name}: ${field.isString ? writeScalar(field.text, "single") : field.text}`];
  });
  const lines = [
    ...linesOf({ id: task }),
    ...known,
    ...linesOf({ snapshotted_at: stamp }),
    "source_path: null",
    ...linesOf({
      status_at_snapshot: statusOf(session),
      migration_note: `${note}, from session data only: ${reason}`,
    }),
  ];
  return `${lines.join("\n")}\n`;
}
