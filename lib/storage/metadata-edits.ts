/** The field edits that make one session's metadata say what is true after the plan. */

import type { Edit, Json } from "../edits.ts";
import { patchJsonText } from "../json.ts";
import type { SessionFields } from "../metadata.ts";
import { keyValueToJson, parseKeyValue } from "../metadata.ts";
import type { SessionFile } from "./inventory.ts";
import type { PathMap } from "./paths-map.ts";
import type { ProjectTarget, SessionTarget } from "./shape.ts";
import { conventionOf, type TmuxPlan } from "./tmux-names.ts";

/** Where each field stands in a session's JSON. */
const pointers = {
  project: "/project",
  projectId: "/projectId",
  sessionId: "/sessionId",
  tmuxName: "/tmuxName",
  handleId: "/runtimeHandle/id",
  worktree: "/worktree",
  workspacePath: "/workspacePath",
  handleWorkspacePath: "/runtimeHandle/data/workspacePath",
  lifecycleTmuxName: "/lifecycle/runtime/tmuxName",
  lifecycleHandleId: "/lifecycle/runtime/handle/id",
  lifecycleWorkspacePath: "/lifecycle/runtime/handle/data/workspacePath",
} as const satisfies Partial<Record<keyof SessionFields, string>>;

/** Fields that name a worktree, and fields that name the tmux session. */
export const workspaceFields = [
  "worktree",
  "workspacePath",
  "handleWorkspacePath",
  "lifecycleWorkspacePath",
] as const;
export const tmuxFields = [
  "tmuxName",
  "handleId",
  "lifecycleTmuxName",
  "lifecycleHandleId",
] as const;

export interface EditContext {
  paths: PathMap;
  tmux: TmuxPlan;
}

/** Edits for one session; empty when its metadata already is right. */
export function metadataEdits(
  session: SessionTarget,
  target: ProjectTarget,
  context: EditContext,
): Edit[] {
  const { fields, format } = session.file;
  const edits = [...changes(session, target, context)];
  return format === "json" && fields.handleText !== undefined
    ? editText(edits, "/runtimeHandle", fields.handleText)
    : edits;
}

/** Whether there are edits for a session; spares making them all. */
export function needsEdits(
  session: SessionTarget,
  target: ProjectTarget,
  context: EditContext,
): boolean {
  return changes(session, target, context).next().done !== true;
}

function* changes(
  session: SessionTarget,
  target: ProjectTarget,
  context: EditContext,
): Generator<Edit, void> {
  const { fields } = session.file;
  const { names } = target.project;
  for (const field of ["project", "projectId"] as const) {
    const before = fields[field];
    if (before === undefined || before === target.id || !names.has(before)) continue;
    yield { pointer: pointers[field], before, after: target.id };
  }
  for (const field of workspaceFields) {
    const before = fields[field];
    if (before === undefined) continue;
    const after = context.paths.of(before, session, target);
    if (after !== before) yield { pointer: pointers[field], before, after };
  }
  const name = context.tmux.nameOf.get(session);
  for (const field of name === undefined ? [] : tmuxFields) {
    const before = fields[field];
    if (before === undefined || name === undefined || before === name) continue;
    if (conventionOf(before, session.formerId, names) === "unknown") continue;
    yield { pointer: pointers[field], before, after: name };
  }
  const { formerId: before, sessionId: after } = session;
  if (fields.sessionId === before && before !== after) {
    yield { pointer: pointers.sessionId, before, after };
  }
}

/** The worktrees that a session's fields name, each once. */
export function namedWorkspaces({ fields }: SessionFile): string[] {
  const named = workspaceFields.flatMap((field) => fields[field] ?? []);
  return [...new Set(named)];
}

/**
 * Edits for the fields of a session that name a worktree.
 *
 * @param placeOf where a path has gone, or the same path
 */
export function workspaceEdits(file: SessionFile, placeOf: (path: string) => string): Edit[] {
  const edits = workspaceFields.flatMap((field): Edit[] => {
    const before = file.fields[field];
    const after = before === undefined ? undefined : placeOf(before);
    if (before === undefined || after === undefined || before === after) return [];
    return [{ pointer: pointers[field], before, after }];
  });
  const { handleText } = file.fields;
  return handleText === undefined ? edits : editText(edits, "/runtimeHandle", handleText);
}

/** Where an object is kept as JSON text, the edits below it become one edit of that text. */
function editText(edits: Edit[], pointer: string, text: string): Edit[] {
  const below = edits.filter((edit) => edit.pointer.startsWith(`${pointer}/`));
  if (below.length === 0) return edits;
  const inner = below.map((edit) => ({ ...edit, pointer: edit.pointer.slice(pointer.length) }));
  const { text: after } = patchJsonText(text, inner);
  return [...edits.filter((edit) => !below.includes(edit)), { pointer, before: text, after }];
}

/** The JSON text of a converted key=value session, with its edits applied. */
export function convertedText(session: SessionTarget, edits: Edit[]): string {
  const document = keyValueToJson(parseKeyValue(session.file.text ?? ""));
  for (const { pointer, after } of edits) {
    if (after !== undefined) setAt(document, pointer.slice(1).split("/"), after);
  }
  return `${JSON.stringify(document, null, 2)}\n`;
}

function setAt(document: { [key: string]: Json }, path: string[], value: Json): void {
  let node = document;
  for (const key of path.slice(0, -1)) {
    const next = node[key];
    if (next === null || typeof next !== "object" || Array.isArray(next)) return;
    node = next;
  }
  const last = path.at(-1);
  if (last !== undefined && Object.hasOwn(node, last)) node[last] = value;
}
