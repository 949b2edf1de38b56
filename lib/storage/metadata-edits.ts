/** The field edits that make one session's metadata say what is true after the plan. */

import type { Edit, Json } from "../change/operation.ts";
import { keyValueToJson, parseKeyValue } from "../metadata.ts";
import type { SessionFields } from "./inventory.ts";
import type { PathMap } from "./paths-map.ts";
import type { ProjectTarget, SessionTarget } from "./target.ts";
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
} as const satisfies Partial<Record<keyof SessionFields, string>>;

type EditableField = keyof typeof pointers;

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
  const { fields } = session.file;
  const edits: Edit[] = [];
  const edit = (field: EditableField, after: string) => {
    const before = fields[field];
    if (before === undefined || before === after) return;
    edits.push({ pointer: pointers[field], before, after });
  };
  for (const field of ["project", "projectId"] as const) {
    const value = fields[field];
    if (value !== undefined && target.project.names.has(value)) edit(field, target.id);
  }
  for (const field of ["worktree", "workspacePath", "handleWorkspacePath"] as const) {
    const value = fields[field];
    if (value !== undefined) edit(field, context.paths.of(value, session, target));
  }
  const name = context.tmux.nameOf.get(session);
  for (const field of ["tmuxName", "handleId"] as const) {
    const value = fields[field];
    if (name === undefined || value === undefined) continue;
    const known = conventionOf(value, session.formerId, target.project.names);
    if (known !== "unknown") edit(field, name);
  }
  if (fields.sessionId === session.formerId) edit("sessionId", session.sessionId);
  return edits;
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
