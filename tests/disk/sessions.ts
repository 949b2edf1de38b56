/** Session metadata of both formats, as AO writes it. */

import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  updateMetadata,
  writeMetadata,
} from "../../node_modules/@composio/ao-core/dist/metadata.js";
import type { BuiltProject, BuiltSession } from "./spec.ts";

/** The same moment for every disk, and minutes after it. */
export function isoTime(minutes = 0): string {
  return new Date(Date.UTC(2026, 3, 20, 10, 0, 0) + minutes * 60_000).toISOString();
}

/** The three forms of an archive's time that AO has used, in turn. */
export function archiveStamp(index: number): string {
  const iso = isoTime(index * 17);
  const forms = [
    iso.replace(/\.\d+Z$/, "Z").replace(/[-:]/g, ""),
    iso,
    iso.replace(/\.\d+Z$/, "").replaceAll(":", "-"),
  ];
  return forms[index % forms.length] ?? iso;
}

const statuses = ["working", "pr_open", "needs_input", "idle", "killed"];

/** What is known of a session, from which both formats are made. */
export interface SessionFacts {
  project: BuiltProject;
  session: BuiltSession;
  /** Drives which optional fields there are, so that a disk has all variants. */
  index: number;
}

function handleOf({ session }: SessionFacts) {
  const { tmuxName, workspace, id } = session;
  return {
    id: tmuxName ?? id,
    runtimeName: "tmux",
    data: { createdAt: Date.parse(isoTime()), workspacePath: workspace },
  };
}

function lifecycleOf(facts: SessionFacts) {
  const at = isoTime(facts.index);
  return {
    version: 2,
    session: {
      kind: facts.session.orchestrator ? "orchestrator" : "worker",
      state: "working",
      reason: "task_in_progress",
      startedAt: at,
      completedAt: null,
      terminatedAt: null,
      lastTransitionAt: at,
    },
    pr: { state: "none", reason: "not_created", number: null, url: null, lastObservedAt: null },
    runtime: {
      state: "alive",
      reason: "process_running",
      lastObservedAt: at,
      handle: handleOf(facts),
      tmuxName: facts.session.tmuxName ?? null,
    },
  };
}

/** Fields that both formats share, as texts. */
function plainFields({ project, session, index }: SessionFacts): Record<string, string> {
  const status = statuses[index % statuses.length] ?? "working";
  return {
    worktree: session.workspace,
    branch: session.branch,
    status,
    ...(session.tmuxName && { tmuxName: session.tmuxName }),
    ...(session.orchestrator
      ? { role: "orchestrator" }
      : { issue: `${project.prefix.toUpperCase()}-${100 + index}` }),
    ...(status === "pr_open" && { pr: `https://github.com/o/${project.name}/pull/${index}` }),
    project: project.key,
    agent: index % 4 === 3 ? "codex" : "claude-code",
    createdAt: isoTime(index),
  };
}

/**
 * Writes key=value metadata through AO's own V1 core: every second session with its `writeMetadata`,
 * the others, which have keys that it does not know, with `updateMetadata`.
 */
export function writeV1Session(facts: SessionFacts): void {
  const { session, index } = facts;
  const dir = dirname(session.file);
  const fields: Record<string, string> = {
    ...plainFields(facts),
    runtimeHandle: JSON.stringify(handleOf(facts)),
  };
  if (index % 2 === 0) {
    writeMetadata(dir, session.id, {
      ...fields,
      worktree: session.workspace,
      branch: session.branch,
      status: fields.status ?? "working",
      prAutoDetect: "on",
      ...(index % 4 === 0 && { dashboardPort: 3000, terminalWsPort: 14_800 }),
    });
  } else {
    updateMetadata(dir, session.id, {
      ...fields,
      stateVersion: "2",
      statePayload: JSON.stringify(lifecycleOf(facts)),
      userPrompt: "Fix the flaky test: retry = 3 # not a comment",
      prAutoDetect: "off",
      agentReportedState: "working",
      homegrownKey: "kept = as it is",
    });
  }
  // AO names the file after the session; archives are called otherwise.
  const written = join(dir, session.id);
  if (written !== session.file) {
    mkdirSync(dirname(session.file), { recursive: true });
    renameSync(written, session.file);
  }
}

/** The JSON that AO writes since V2. */
export function jsonSession(facts: SessionFacts): Record<string, unknown> {
  const { project, session, index } = facts;
  const { status, ...fields } = plainFields(facts);
  return {
    ...fields,
    ...(index % 2 === 0 ? { status } : {}),
    runtimeHandle: handleOf(facts),
    ...(index % 2 === 1 && { lifecycle: lifecycleOf(facts) }),
    ...(index % 5 === 1 && { dashboard: { port: 3000, terminalWsPort: 14_800 } }),
    ...(index % 3 === 0 && {
      workspacePath: fields.worktree,
      sessionId: session.id,
      kind: session.orchestrator ? "orchestrator" : "worker",
      projectId: project.key,
    }),
    ...(index % 4 === 0 && { agentReportedState: "working", agentReportedAt: isoTime(index) }),
    ...(index % 7 === 0 && { homegrownKey: { kept: ["as", "it", "is"], number: 1e21 } }),
  };
}

export function writeJsonSession(facts: SessionFacts): void {
  mkdirSync(dirname(facts.session.file), { recursive: true });
  writeFileSync(facts.session.file, `${JSON.stringify(jsonSession(facts), null, 2)}\n`);
}
