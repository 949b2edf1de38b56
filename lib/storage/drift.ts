/** Drift: everything on the disk that differs from clean V3, as issues with a kind and a place. */

import type { Fault } from "../errors.ts";
import { formatPlace } from "../errors.ts";
import { parseOrchestratorId, parseSessionId } from "../paths.ts";
import { duplicateRepos } from "./duplicates.ts";
import type { Identities } from "./identity.ts";
import type { Inventory, SessionFile, StateDir } from "./inventory.ts";
import { workspaceFields } from "./metadata-edits.ts";
import { dirLabel, lastPart, type Project, projectLabel } from "./project.ts";
import { conventionOf, tmuxNamesIn } from "./tmux-names.ts";

/** The kinds of AO's own V3 dry run, then those for faults that it had no name for. */
export const issueKinds = [
  "v1-bare-basename",
  "storageKey-field-present",
  "doubled-prefix-tmux",
  "legacy-tmux-in-metadata",
  "legacy-workspace-path",
  "numbered-orchestrator",
  "stranded-worktree",
  "duplicate-repo",
  "observability-leak",
  "stranded-legacy-hash-dir",
  "v1-hash-dir",
  "unknown-owner",
  "unregistered-project",
  "missing-identity",
  "missing-counter",
  "kv-session",
  "kv-in-json",
  "empty-session-file",
  "corrupt-session-copy",
  "stale-session-lock",
  "session-id-mismatch",
  "unsafe-project-field",
  "duplicate-json-key",
  "worktree-link-stale",
  "worktree-not-linked",
  "worktree-admin-stale",
  "prefix-clash",
  "registry-entry-invalid",
  "project-path-gone",
  "local-config-wrapped",
  "schema-version",
  "registry-unreadable",
  "migration-marker",
  "stale-lock",
  "orphan-tmux-session",
  "running-file-stale",
  "unreadable",
  "corrupt",
  "too-large",
  "not-a-file",
  "symlink",
  "unsafe-name",
] as const;

export type IssueKind = (typeof issueKinds)[number];

export interface Issue {
  kind: IssueKind;
  detail: string;
  /** A path, with line and column where they are known, or an id. */
  ref?: string;
}

export interface Drift {
  /** By state directory path. */
  byDir: Map<string, Issue[]>;
  /** About the registry and project-local configs. */
  config: Issue[];
  /** About everything else. */
  disk: Issue[];
}

/** Finds every issue. Pure. */
export function findDrift(inventory: Inventory, identities: Identities): Drift {
  const drift: Drift = { byDir: new Map(), config: [], disk: [] };
  const dirs = [...inventory.projects, ...inventory.hashDirs];
  for (const dir of dirs) drift.byDir.set(dir.path, dirIssues(dir, inventory, identities));
  drift.config.push(...configIssues(inventory, identities));
  drift.disk.push(...worktreeIssues(inventory), ...diskIssues(inventory, identities));
  for (const fault of inventory.faults) {
    const dir = dirs.find(({ path }) => fault.place.file.startsWith(`${path}/`));
    const issues = dir === undefined ? drift.disk : drift.byDir.get(dir.path);
    issues?.push(faultIssue(fault));
  }
  return drift;
}

/** Number of issues of all scopes. */
export function countIssues(drift: Drift): number {
  let count = drift.config.length + drift.disk.length;
  for (const issues of drift.byDir.values()) count += issues.length;
  return count;
}

function faultIssue({ kind, place, detail }: Fault): Issue {
  return { kind, detail: `${formatPlace(place)}: ${detail}`, ref: formatPlace(place) };
}

function dirIssues(dir: StateDir, inventory: Inventory, identities: Identities): Issue[] {
  const issues: Issue[] = [];
  const project = identities.ownerOf.get(dir) ?? null;
  const label = dirLabel(dir);
  if (dir.layout === "v1-bare") {
    const to = project?.id ?? "(unknown: nothing proves its project)";
    const detail = `Project "${dir.name}" uses bare-basename layout; would re-key to "${to}".`;
    issues.push({ kind: "v1-bare-basename", detail, ref: dir.path });
  } else if (dir.layout === "v1" || dir.layout === "v0") {
    const kind = dir.empty ? "stranded-legacy-hash-dir" : "v1-hash-dir";
    const what = dir.empty ? "holds not one file" : `still has ${dir.layout.toUpperCase()} state`;
    issues.push({ kind, detail: `${label} ${what}.`, ref: dir.path });
  } else if (dir.layout === "v1-bare-hash") {
    const what = dir.empty ? "is empty" : "still has state";
    const detail = `Bare hash directory ${label} ${what}.`;
    issues.push({ kind: "stranded-legacy-hash-dir", detail, ref: dir.path });
  }
  if (project === null && !dir.empty) issues.push(ownerIssue(dir, identities));
  if (project !== null && dir === project.home) issues.push(...v3Issues(dir, project));
  for (const file of dir.sessions) sessionIssues(issues, file, dir, project, inventory, false);
  for (const file of dir.archives) sessionIssues(issues, file, dir, project, inventory, true);
  if (dir.orchestrator !== undefined) {
    sessionIssues(issues, dir.orchestrator, dir, project, inventory, false);
  }
  for (const name of dir.corruptCopies) {
    const ref = `${dir.path}/sessions/${name}`;
    const detail = `AO set a corrupt session aside as "${name}"; it is kept.`;
    issues.push({ kind: "corrupt-session-copy", detail, ref });
  }
  for (const name of dir.staleLocks) {
    const ref = `${dir.path}/sessions/${name}`;
    issues.push({ kind: "stale-session-lock", detail: `Lock file "${name}" was left.`, ref });
  }
  return issues;
}

function ownerIssue(dir: StateDir, identities: Identities): Issue {
  const orphan = identities.orphans.find((candidate) => candidate.dir === dir);
  const reason = orphan?.reason ?? "nothing on the disk proves which project it belongs to";
  return { kind: "unknown-owner", detail: `${dirLabel(dir)}: ${reason}.`, ref: dir.path };
}

function v3Issues(dir: StateDir, project: Project): Issue[] {
  const issues: Issue[] = [];
  const ref = dir.path;
  if (project.key === null) {
    const detail = `${dirLabel(dir)} is not in the registry; AO registers it again when it next runs in ${project.path}.`;
    issues.push({ kind: "unregistered-project", detail, ref });
  }
  if (dir.identity === undefined) {
    issues.push({
      kind: "missing-identity",
      detail: `${dirLabel(dir)} has no identity.json.`,
      ref,
    });
  }
  if (dir.nextSessionId === undefined) {
    const detail = `${dirLabel(dir)} has no .next-session-id.json.`;
    issues.push({ kind: "missing-counter", detail, ref });
  }
  return issues;
}

function sessionIssues(
  issues: Issue[],
  file: SessionFile,
  dir: StateDir,
  project: Project | null,
  inventory: Inventory,
  archived: boolean,
): void {
  const ref = file.path;
  const name = lastPart(file.path);
  const inProjects = dir.layout === "v1-bare" || dir.layout === "v2-hashed" || dir.layout === "v3";
  if (file.format === "kv-in-json") {
    issues.push({ kind: "kv-in-json", detail: `"${name}" holds key=value text, not JSON.`, ref });
  } else if (file.format === "kv" && inProjects) {
    issues.push({ kind: "kv-session", detail: `"${name}" is a V1 key=value session.`, ref });
  } else if (file.format === "empty") {
    issues.push({ kind: "empty-session-file", detail: `"${name}" is empty.`, ref });
  }
  if (file.duplicateKeys === true) {
    issues.push({ kind: "duplicate-json-key", detail: `"${name}" has a key twice.`, ref });
  }
  if (archived) return;
  nameIssues(issues, file, project);
  pathIssues(issues, file, inventory);
}

const noNames: ReadonlySet<string> = new Set();

function nameIssues(issues: Issue[], file: SessionFile, project: Project | null): void {
  const ref = file.path;
  const { fields } = file;
  const isSingle = ref.endsWith("/orchestrator.json");
  const sessionId = isSingle
    ? (fields.sessionId ?? `${project?.prefix}-orchestrator`)
    : file.sessionId;
  const parsed = parseOrchestratorId(sessionId);
  if (parsed?.number !== undefined) {
    const to = `${parsed.prefix}-orchestrator`;
    const detail = `Session "${sessionId}" uses a numbered orchestrator suffix; should normalize to "${to}".`;
    issues.push({ kind: "numbered-orchestrator", detail, ref });
  }
  if (fields.sessionId !== undefined && fields.sessionId !== sessionId) {
    const detail = `"${lastPart(ref)}" says it is session "${fields.sessionId}".`;
    issues.push({ kind: "session-id-mismatch", detail, ref });
  }
  for (const name of tmuxNamesIn(fields)) {
    if (name === sessionId) continue;
    const what = isSingle ? "orchestrator.json" : "Session JSON";
    const convention = conventionOf(name, sessionId, project?.names ?? noNames);
    if (convention === "doubled-prefix") {
      const detail = `${what} has doubled-prefix tmuxName "${name}".`;
      issues.push({ kind: "doubled-prefix-tmux", detail, ref });
    } else if (convention === "legacy-storagekey") {
      const detail = `${what} has legacy storageKey-prefixed tmuxName "${name}".`;
      issues.push({ kind: "legacy-tmux-in-metadata", detail, ref });
    }
  }
  for (const value of [fields.project, fields.projectId]) {
    if (value === undefined || !/[/]|^\.\.?$/.test(value)) continue;
    const detail = `"${lastPart(ref)}" names project "${value}", which is no safe id.`;
    issues.push({ kind: "unsafe-project-field", detail, ref });
  }
}

const workspaceNames = {
  worktree: "worktree",
  workspacePath: "workspacePath",
  handleWorkspacePath: "runtimeHandle.data.workspacePath",
  lifecycleWorkspacePath: "lifecycle.runtime.handle.data.workspacePath",
} as const;

function pathIssues(issues: Issue[], file: SessionFile, inventory: Inventory): void {
  const legacy = `${inventory.places.worktreeRoot}/`;
  for (const field of workspaceFields) {
    const path = file.fields[field];
    if (path === undefined || !path.startsWith(legacy)) continue;
    const detail = `"${lastPart(file.path)}" ${workspaceNames[field]} points at the legacy worktree tree: "${path}".`;
    issues.push({ kind: "legacy-workspace-path", detail, ref: file.path });
  }
}

function configIssues(inventory: Inventory, identities: Identities): Issue[] {
  const issues: Issue[] = [];
  const { registry, registryFault } = inventory;
  if (registryFault !== null) {
    const ref = formatPlace(registryFault.place);
    issues.push({ kind: "registry-unreadable", detail: `${ref}: ${registryFault.detail}`, ref });
  }
  if (registry === null) return issues;
  if (registry.schemaVersion !== 3) {
    const detail = "The registry does not say schemaVersion: 3.";
    issues.push({ kind: "schema-version", detail, ref: registry.file });
  }
  for (const { place, detail } of registry.faults) {
    const ref = formatPlace(place);
    issues.push({ kind: "registry-entry-invalid", detail: `${ref}: ${detail}`, ref });
  }
  for (const project of identities.projects) entryIssues(issues, project, inventory);
  for (const { originUrl, projects } of duplicateRepos(identities.projects)) {
    const detail = `Repository ${originUrl} is registered ${projects.length} times: ${projects.map(projectLabel).join(", ")}.`;
    issues.push({ kind: "duplicate-repo", detail, ref: originUrl });
  }
  issues.push(...prefixClashes(identities));
  return issues;
}

function entryIssues(issues: Issue[], project: Project, inventory: Inventory): void {
  const { entry, key } = project;
  if (entry === null || key === null) return;
  const ref = formatPlace(entry.place);
  if (entry.storageKey !== undefined) {
    const detail = `Project "${key}" still has the legacy storageKey field "${entry.storageKey}".`;
    issues.push({ kind: "storageKey-field-present", detail, ref });
  }
  const repo = inventory.repos[project.path];
  if (!project.exists && repo?.unseen !== true) {
    const detail = `Project "${key}" is registered at ${project.path}, which is gone. Restore it or remove the entry.`;
    issues.push({ kind: "project-path-gone", detail, ref });
  }
  const local = repo?.localConfig;
  if (local?.wrapped === true) {
    const detail = `${local.path} is wrapped in "projects:"; AO expects the project's own fields at the top.`;
    issues.push({ kind: "local-config-wrapped", detail, ref: local.path });
  }
}

function prefixClashes(identities: Identities): Issue[] {
  const byPrefix = new Map<string, Project[]>();
  for (const project of identities.projects) {
    if (project.mergedInto !== null) continue;
    byPrefix.set(project.prefix, [...(byPrefix.get(project.prefix) ?? []), project]);
  }
  return [...byPrefix]
    .filter(([, projects]) => projects.length > 1)
    .map(([prefix, projects]) => ({
      kind: "prefix-clash",
      detail: `Session prefix "${prefix}" is shared by ${projects.map(projectLabel).join(", ")}. Set a sessionPrefix of its own for all but one.`,
      ref: prefix,
    }));
}

function worktreeIssues(inventory: Inventory): Issue[] {
  const issues: Issue[] = [];
  for (const leaf of inventory.worktrees) {
    const ref = leaf.path;
    if (leaf.where === "legacy-root" || leaf.where === "v0") {
      const detail = `Worktree ${ref} stands outside the base dir.`;
      issues.push({ kind: "stranded-worktree", detail, ref });
    }
    if (leaf.adminDir === undefined) {
      const detail = `${ref} is not a linked git worktree.`;
      issues.push({ kind: "worktree-not-linked", detail, ref });
    } else if (leaf.linkedPath !== leaf.path) {
      const names = leaf.linkedPath === undefined ? "is gone" : `names ${leaf.linkedPath}`;
      const detail = `git's link to ${ref} ${names}; a prune would lose it.`;
      issues.push({ kind: "worktree-link-stale", detail, ref });
    }
  }
  for (const repo of Object.values(inventory.repos)) {
    const found = new Set(inventory.worktrees.map((leaf) => leaf.adminDir));
    for (const entry of repo.adminEntries) {
      const adminDir = `${repo.commonDir}/worktrees/${entry.id}`;
      if (entry.exists || found.has(adminDir)) continue;
      const detail = `${repo.path} lists a worktree at ${entry.path}, which is gone.`;
      issues.push({ kind: "worktree-admin-stale", detail, ref: adminDir });
    }
  }
  return issues;
}

function diskIssues(inventory: Inventory, identities: Identities): Issue[] {
  const issues: Issue[] = [];
  const { observability, leftovers, running, tmux } = inventory;
  if (observability.length > 0) {
    const detail = `${observability.length} observability directories lie at the root of the base dir.`;
    issues.push({ kind: "observability-leak", detail, ref: inventory.places.baseDir });
  }
  for (const { path, kind } of leftovers) {
    const detail = `${lastPart(path)} was left by an interrupted AO migration.`;
    if (kind === "migration-marker") issues.push({ kind, detail, ref: path });
    if (kind === "lock") {
      issues.push({ kind: "stale-lock", detail: `${lastPart(path)} was left.`, ref: path });
    }
  }
  if (running !== null && !running.isAo && running.pid !== null) {
    const state = running.alive ? "now belongs to another program" : "is dead";
    const detail = `running.json names pid ${running.pid}, which ${state}.`;
    issues.push({ kind: "running-file-stale", detail, ref: running.path });
  }
  const known = tmux === null || tmux.length === 0 ? new Set() : knownTmuxNames(inventory);
  const prefixes = new Set(identities.projects.map((project) => project.prefix));
  for (const { name } of tmux ?? []) {
    const parsed = parseSessionId(name.replace(/^[0-9a-f]{12}-/, ""));
    if (parsed === null || !prefixes.has(parsed.prefix) || known.has(name)) continue;
    const detail = `tmux session "${name}" looks like AO's, but no session on this disk names it.`;
    issues.push({ kind: "orphan-tmux-session", detail, ref: name });
  }
  return issues;
}

function knownTmuxNames(inventory: Inventory): Set<string> {
  const names = new Set<string>();
  for (const dir of [...inventory.projects, ...inventory.hashDirs]) {
    for (const { fields, sessionId } of [
      ...dir.sessions,
      ...(dir.orchestrator ? [dir.orchestrator] : []),
    ]) {
      for (const name of [sessionId, fields.tmuxName, fields.handleId]) {
        if (name !== undefined) names.add(name);
      }
    }
  }
  return names;
}
