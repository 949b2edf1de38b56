/** Which forms of identifiers are in use on a disk, layer by layer, and what its bytes are. */

import { isProjectId, parseSessionId } from "../paths.ts";
import type { Inventory, SessionFile, StateDir } from "./inventory.ts";
import { lastPart } from "./project.ts";
import { conventionOf } from "./tmux-names.ts";

/** One form of identifier in one layer. */
export interface IdentifierForm {
  layer: string;
  form: string;
  /** Whether V3 names it so. */
  v3: boolean;
  count: number;
  example: string;
}

/** The forms that V3 uses, of every layer that it has. */
const v3Forms: Readonly<Record<string, readonly string[]>> = {
  "Registry key": ["{name}_{hash}"],
  "State directory": ["{name}_{hash}, identity.json"],
  "Session id": ["{prefix}-{n}", "{prefix}-orchestrator"],
  "Project in metadata": ["{name}_{hash}"],
  "tmux name in metadata": ["session id"],
  Worktree: ["projects/{project}/worktrees/{session}"],
};

const dirForms: Readonly<Record<StateDir["layout"], string>> = {
  v0: "the first AO's data directory",
  v1: "{hash}-{name}",
  "v1-bare-hash": "{hash}",
  "v1-bare": "{name}",
  "v2-hashed": "{name}_{hash}, no identity.json",
  v3: "{name}_{hash}, identity.json",
};

const tmuxForms = {
  v3: "session id",
  "doubled-prefix": "{prefix}-{session id}",
  "legacy-storagekey": "{hash}-…",
  unknown: "other",
} as const;

const worktreeForms = {
  "legacy-root": "~/.worktrees/{project}/{session}",
  project: "projects/{project}/worktrees/{session}",
  v1: "{hash}-{name}/worktrees/{session}",
  v0: "beside the first AO's data",
} as const;

/** The forms in the order of the layers, each with how often it is used. */
export function identifierForms(inventory: Inventory): IdentifierForm[] {
  const forms = new Map<string, IdentifierForm>();
  const note = (layer: string, form: string, example: string) => {
    const key = `${layer}\n${form}`;
    const known = forms.get(key);
    const v3 = v3Forms[layer]?.includes(form) ?? false;
    if (known === undefined) forms.set(key, { layer, form, v3, count: 1, example });
    else known.count += 1;
  };
  for (const { key, storageKey } of inventory.registry?.projects ?? []) {
    note("Registry key", isProjectId(key) ? "{name}_{hash}" : "{name}", key);
    if (storageKey !== undefined) note("Registry storageKey", keyForm(storageKey), storageKey);
  }
  const dirs = [...inventory.projects, ...inventory.hashDirs];
  for (const { layout, path } of dirs) note("State directory", dirForms[layout], lastPart(path));
  for (const { path } of inventory.observability) {
    note("Observability", "{hash}-observability", lastPart(path));
  }
  for (const dir of dirs) for (const file of dir.sessions) noteSession(file, note);
  for (const { where, path } of inventory.worktrees) note("Worktree", worktreeForms[where], path);
  return [...Map.groupBy(forms.values(), ({ layer }) => layer).values()].flat();
}

function noteSession(
  { sessionId, fields }: SessionFile,
  note: (layer: string, form: string, example: string) => void,
): void {
  note("Session id", sessionForm(sessionId), sessionId);
  const project = fields.project ?? fields.projectId;
  if (project !== undefined) note("Project in metadata", projectForm(project), project);
  const tmux = fields.tmuxName ?? fields.handleId;
  if (tmux !== undefined) {
    const convention = conventionOf(
      tmux,
      sessionId,
      new Set(project === undefined ? [] : [project]),
    );
    note("tmux name in metadata", tmuxForms[convention], tmux);
  }
}

function keyForm(storageKey: string): string {
  if (/^[0-9a-f]{12}$/.test(storageKey)) return "{hash}";
  return /^[0-9a-f]{12}-/.test(storageKey) ? "{hash}-{name}" : "other";
}

function sessionForm(sessionId: string): string {
  const parsed = parseSessionId(sessionId);
  if (parsed === null) return "other";
  const number = parsed.number === undefined ? "" : "-{n}";
  return `{prefix}${parsed.orchestrator ? "-orchestrator" : ""}${number}`;
}

function projectForm(project: string): string {
  if (project.includes("/")) return "path";
  return isProjectId(project) ? "{name}_{hash}" : "{name}";
}

/** Bytes of one kind of state. */
export interface BytesOfKind {
  kind: string;
  bytes: number;
}

/**
 * Bytes by kind, the most first; kinds without any are left out. Worktrees are there when they were
 * measured.
 */
export function bytesByKind(inventory: Inventory): BytesOfKind[] {
  const totals = new Map<string, number>();
  const add = (kind: string, bytes: number) => totals.set(kind, (totals.get(kind) ?? 0) + bytes);
  for (const dir of [...inventory.projects, ...inventory.hashDirs]) {
    for (const { bytes } of dir.sessions) add("Live sessions", bytes);
    for (const { bytes } of dir.archives) add("Archived sessions", bytes);
    if (dir.orchestrator !== undefined) add("Orchestrators", dir.orchestrator.bytes);
    for (const { name, bytes } of dir.others) add(otherKind(name), bytes);
  }
  for (const { bytes } of inventory.observability) add("Observability", bytes);
  for (const { bytes = 0 } of inventory.worktrees) add("Worktrees", bytes);
  return [...totals]
    .map(([kind, bytes]) => ({ kind, bytes }))
    .filter(({ bytes }) => bytes > 0)
    .sort((a, b) => b.bytes - a.bytes);
}

function otherKind(name: string): string {
  if (name === "observability") return "Observability";
  if (name === "feedback-reports") return "Feedback reports";
  return name === "code-reviews" ? "Code reviews" : "Other files";
}
