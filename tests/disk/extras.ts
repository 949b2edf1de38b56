/** What lies beside sessions: observability, reports, reviews, agents' history, AO's own files. */

import { utimesSync } from "node:fs";
import { join } from "node:path";
import { claudeSlugs } from "../../lib/agents.ts";
import { shortHash } from "../../lib/hash.ts";
import { writeFiles } from "./repos.ts";
import { isoTime } from "./sessions.ts";
import type { BuiltProject, BuiltSession } from "./spec.ts";

/** A stable UUID for a name. */
export function uuidOf(name: string): string {
  const hex = shortHash(name, 32);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join("-");
}

/** Feedback reports in AO's key=value form. */
export function feedbackFiles(project: BuiltProject, count: number): Record<string, string> {
  const files: Record<string, string> = {};
  for (let index = 1; index <= count; index += 1) {
    const stamp = isoTime(index).replace(/[:.]/g, "-");
    const id = `report_${stamp}_${shortHash(`${project.name}${index}`, 8)}`;
    files[`feedback-reports/${id}.kv`] = [
      "version=1",
      `id=${id}`,
      "tool=bug_report",
      `createdAt=${isoTime(index)}`,
      `dedupeKey=${shortHash(id, 16)}`,
      `title=Report ${index}`,
      "body=It broke = twice",
      `session=${project.prefix}-1`,
      "source=agent",
      "confidence=0.8",
      "evidence.0=a log line",
      "",
    ].join("\n");
  }
  return files;
}

/** Code reviews: runs and their findings. */
export function codeReviewFiles(project: BuiltProject, count: number): Record<string, string> {
  const files: Record<string, string> = {};
  for (let index = 1; index <= count; index += 1) {
    const session = `${project.prefix}-${index}`;
    const run = { id: `run-${index}`, projectId: project.key, sessionId: session, status: "done" };
    const finding = { id: `finding-${index}`, runId: run.id, file: "src/main.txt", line: 2 };
    files[`code-reviews/runs/run-${index}.json`] = `${JSON.stringify(run, null, 2)}\n`;
    files[`code-reviews/findings/finding-${index}.json`] = `${JSON.stringify(finding, null, 2)}\n`;
  }
  return files;
}

/** One process's snapshot; `where` says in which part of it the project is named. */
function snapshot(projectId: string | undefined, where: number, index: number) {
  const at = isoTime(index);
  const named = (part: number) =>
    where % 4 === part && projectId !== undefined ? { projectId } : {};
  const bucket = where % 4 === 3 && projectId !== undefined ? projectId : "unknown";
  const trace = {
    id: uuidOf(`trace${index}`),
    timestamp: at,
    operation: "spawn",
    outcome: "success",
  };
  return {
    version: 1,
    component: "lifecycle",
    pid: 1000 + index,
    updatedAt: at,
    metrics: { [`${bucket}::spawn`]: { total: 1, success: 1, failure: 0, lastAt: at } },
    traces: [{ ...trace, ...named(0) }],
    sessions: { "int-1": { sessionId: "int-1", operation: "spawn", updatedAt: at, ...named(1) } },
    health: { "scm.poll": { surface: "scm.poll", status: "ok", updatedAt: at, ...named(2) } },
  };
}

/**
 * `count` directories `{h12}-observability`, as AO left one behind for every config path it was ever
 * started with. Every fifth names no project; some have logs beside the snapshot.
 */
export function writeObservability(baseDir: string, projectIds: string[], count: number): void {
  for (let index = 0; index < count; index += 1) {
    const dir = join(baseDir, `${shortHash(`observability ${index}`, 12)}-observability`);
    const orphan = index % 5 === 4 || projectIds.length === 0;
    const projectId = orphan ? undefined : projectIds[index % projectIds.length];
    const text = `${JSON.stringify(snapshot(projectId, index, index), null, 2)}\n`;
    const line = `${JSON.stringify({ at: isoTime(index), ...(projectId && { projectId }) })}\n`;
    const files: Record<string, string> = { [`processes/lifecycle-${1000 + index}.json`]: text };
    if (index % 3 === 1) files[`processes/lifecycle-${1000 + index}.ndjson`] = line.repeat(3);
    if (index % 6 === 1) files[`processes/lifecycle-${1000 + index}.ndjson.1`] = line;
    if (index % 7 === 2) files["openclaw-health.json"] = '{"status":"ok"}\n';
    writeFiles(dir, files);
    for (const name of Object.keys(files)) {
      const time = Date.parse(isoTime(-index)) / 1000;
      utimesSync(join(dir, name), time, time);
    }
  }
}

/** Claude's history of a worktree, in the directory that Claude or older tools chose. */
export function writeClaudeHistory(
  claudeDir: string,
  worktree: string,
  spelling: "now" | "older",
): void {
  const slugs = claudeSlugs(worktree);
  const slug = (spelling === "now" ? slugs[0] : slugs.at(-1)) ?? "";
  const id = uuidOf(worktree);
  const lines = [
    { type: "summary", summary: "Fix the flaky test" },
    { type: "user", sessionId: id, cwd: worktree, timestamp: isoTime(), message: { role: "user" } },
  ];
  writeFiles(join(claudeDir, "projects", slug), {
    [`${id}.jsonl`]: lines.map((line) => `${JSON.stringify(line)}\n`).join(""),
  });
}

/** A Codex rollout that was recorded in a worktree. */
export function writeCodexRollout(codexDir: string, worktree: string): void {
  const id = uuidOf(worktree);
  const lines = [
    {
      timestamp: isoTime(),
      type: "session_meta",
      payload: {
        id,
        timestamp: isoTime(),
        cwd: worktree,
        originator: "codex_cli_rs",
        cli_version: "0.46.0",
      },
    },
    { timestamp: isoTime(1), type: "turn_context", payload: { cwd: worktree } },
  ];
  writeFiles(join(codexDir, "sessions", "2026", "04", "20"), {
    [`rollout-2026-04-20T10-00-00-${id}.jsonl`]: lines
      .map((line) => `${JSON.stringify(line)}\n`)
      .join(""),
  });
}

/** Agents' history of a session's worktree, as its project's description asks for. */
export function writeAgentHistory(
  places: { claudeDir: string; codexDir: string },
  project: BuiltProject,
  session: BuiltSession,
): void {
  const { claude, codex } = project.spec;
  if (session.worktree === undefined) return;
  if (claude !== undefined) writeClaudeHistory(places.claudeDir, session.worktree, claude);
  if (codex) writeCodexRollout(places.codexDir, session.worktree);
}

/** What AO leaves in its base dir over time. */
export function writeBaseFiles(baseDir: string, projects: BuiltProject[]): void {
  const ids = projects.map(({ key }) => key);
  writeFiles(baseDir, {
    "activity-events.db": new Uint8Array(4096),
    "recovery.log": `${isoTime()} recovered nothing\n`,
    "last-stop.json": `${JSON.stringify({ stoppedAt: isoTime(), projects: ids })}\n`,
    "daemon-children.json": "[]\n",
    "windows-pty-hosts.json": "{}\n",
    "plugins/package.json": "{}\n",
    "portfolio/preferences.json": '{"version":1}\n',
    "portfolio/registered.json": `${JSON.stringify({ projects: ids }, null, 2)}\n`,
    ".bun-tmp/left.tmp": "x",
  });
}
