/** What is found on a disk, and what is none of it. */

import { describe, expect, test } from "bun:test";
import { countIssues, findDrift } from "../../../lib/storage/drift.ts";
import type { Leftover, RunningFile, SessionFile } from "../../../lib/storage/inventory.ts";
import {
  base,
  entry,
  type Found,
  home,
  idAt,
  judge,
  repo,
  session,
  stateDir,
  worktree,
} from "./found.ts";

const app = "/r/app";
const id = idAt(app);
const dir = `${base}/projects/${id}`;

/** Issues as `kind ref`, refs relative to the base dir, of a disk with one project. */
function found(more: Found = {}, kinds?: RegExp): string[] {
  const { inventory, ...identities } = judge({
    ...{ entries: [entry(id, app)], repos: [repo(app)] },
    projects: [stateDir(id, { layout: "v2-hashed" })],
    ...more,
  });
  const drift = findDrift(inventory, identities);
  const all = [...[...drift.byDir.values()].flat(), ...drift.config, ...drift.disk];
  expect(countIssues(drift)).toBe(all.length);
  const lines = all.map(
    ({ kind, ref = "" }) => `${kind} ${ref.replace(`${base}/`, "").replace(`projects/${id}`, "P")}`,
  );
  return kinds === undefined ? lines : lines.filter((line) => kinds.test(line));
}

const withSessions = (...sessions: SessionFile[]) => ({
  projects: [stateDir(id, { layout: "v2-hashed", sessions })],
});

describe("sessions", () => {
  test("of key=value are an issue where V2 and V3 keep JSON, not in V1's directories", () => {
    const kv = (at: string) => session(at, "app-1", { format: "kv", text: "" });
    const kinds = /kv-session|kv-in-json|empty|twice|duplicate/;
    for (const layout of ["v1-bare", "v2-hashed", "v3"] as const) {
      const projects = [stateDir(id, { layout, sessions: [kv(dir)] })];
      expect(found({ projects }, kinds)).toEqual(["kv-session P/sessions/app-1.json"]);
    }
    const v1 = stateDir("app", { layout: "v1", hash: "0123456789ab" });
    v1.sessions.push(kv(v1.path));
    expect(found({ hashDirs: [v1] }, kinds)).toEqual([]);
    const other = [
      session(dir, "a-1", { format: "kv-in-json" }),
      session(dir, "a-2", { format: "empty" }),
      session(dir, "a-3", { duplicateKeys: true }),
      session(dir, "a-4"),
    ];
    expect(found(withSessions(...other), kinds)).toEqual([
      "kv-in-json P/sessions/a-1.json",
      "empty-session-file P/sessions/a-2.json",
      "duplicate-json-key P/sessions/a-3.json",
    ]);
  });

  test("name themselves, safe projects and tmux sessions, each name once", () => {
    const named = (sessionId: string, fields: SessionFile["fields"]) =>
      found(withSessions(session(dir, sessionId, { fields })), /sessions\/.*json$/).map(
        (line) => line.split(" ")[0] ?? "",
      );
    expect(named("app-1", { sessionId: "app-1", tmuxName: "app-1" })).toEqual([]);
    expect(named("app-1", { sessionId: "app-2" })).toEqual(["session-id-mismatch"]);
    expect(named("app-orchestrator-2", {})).toEqual(["numbered-orchestrator"]);
    expect(named("app-orchestrator", {})).toEqual([]);
    const doubled = "app-app-1";
    expect(named("app-1", { tmuxName: doubled, handleId: doubled })).toEqual([
      "doubled-prefix-tmux",
    ]);
    expect(named("app-1", { lifecycleTmuxName: "0123456789ab-app-1" })).toEqual([
      "legacy-tmux-in-metadata",
    ]);
    for (const project of ["../x", "a/b", ".", ".."]) {
      expect(named("app-1", { project })).toEqual(["unsafe-project-field"]);
    }
    for (const projectId of ["a..", "..a", "a.b", ".x"]) {
      expect(named("app-1", { projectId })).toEqual([]);
    }
    expect(named("app-1", { worktree: `${home}/.worktrees/a/b` })).toEqual([
      "legacy-workspace-path",
    ]);
    expect(named("app-1", { worktree: `${home}/elsewhere/b` })).toEqual([]);
  });

  test("in archives and in orchestrator.json are looked at for what concerns them", () => {
    const archives = [
      session(dir, "app-orchestrator-2", { duplicateKeys: true, fields: { sessionId: "x-1" } }),
    ];
    const orchestrator = session(dir, "app-orchestrator", {
      ...{ path: `${dir}/orchestrator.json`, fields: { sessionId: "app-orchestrator-3" } },
    });
    const projects = [stateDir(id, { layout: "v2-hashed", archives, orchestrator })];
    expect(found({ projects }, /json$/)).toEqual([
      "duplicate-json-key P/sessions/app-orchestrator-2.json",
      "numbered-orchestrator P/orchestrator.json",
    ]);
  });
});

describe("a directory", () => {
  test("without an owner says so, unless it is empty; V3's own files are missed in a home", () => {
    const kinds = /unknown-owner|missing|unregistered/;
    expect(found({}, kinds)).toEqual(["missing-identity P", "missing-counter P"]);
    const alone = [stateDir("odd"), stateDir("void", { empty: true })];
    expect(found({ projects: alone }, kinds)).toEqual(["unknown-owner projects/odd"]);
    const full = stateDir(id, {
      ...{ layout: "v3", nextSessionId: 2 },
      identity: {
        ...{ schemaVersion: 3, projectId: id, originUrl: null, path: app, realpath: app },
        sessionPrefix: "app",
      },
    });
    expect(found({ projects: [full] }, kinds)).toEqual([]);
    expect(found({ projects: [full], entries: [] }, kinds)).toEqual(["unregistered-project P"]);
  });

  test("is called by its layout, and by whether there is anything in it", () => {
    const hash = "0123456789ab";
    const dirs = [true, false].flatMap((empty) => [
      stateDir("app", { layout: "v1", hash, empty }),
      stateDir(hash, { layout: "v1-bare-hash", hash, empty }),
    ]);
    const kindOf = (at: number) =>
      found({ hashDirs: dirs.slice(at, at + 1) }, /hash-dir/)[0]?.split(" ")[0];
    expect([0, 1, 2, 3].map(kindOf)).toEqual([
      "stranded-legacy-hash-dir",
      "stranded-legacy-hash-dir",
      "v1-hash-dir",
      "stranded-legacy-hash-dir",
    ]);
  });
});

describe("the disk", () => {
  test("has locks and markers that were left, and nothing of what AO keeps", () => {
    const left = (kind: Leftover["kind"], name: string) => ({
      ...{ kind, path: `${base}/${name}`, modifiedMs: 0 },
    });
    const leftovers = [
      left("lock", "running.lock"),
      left("migration-marker", ".migration-in-progress"),
      left("pre-migration-config", "config.yaml.pre-migration"),
      left("unknown", "x"),
    ];
    expect(found({ leftovers }, /lock|marker|pre-migration/)).toEqual([
      "stale-lock running.lock",
      "migration-marker .migration-in-progress",
    ]);
  });

  test("has a run file that is believed only when its process is AO", () => {
    const running = (more: Partial<RunningFile>) =>
      found(
        {
          running: {
            ...{ path: `${base}/running.json`, pid: 7, port: 1 },
            alive: true,
            isAo: false,
            ...more,
          },
        },
        /running/,
      );
    expect(running({})).toEqual(["running-file-stale running.json"]);
    expect(running({ alive: false })).toEqual(["running-file-stale running.json"]);
    expect(running({ isAo: true })).toEqual([]);
    expect(running({ pid: null })).toEqual([]);
  });

  test("has live tmux sessions that look like AO's and that no metadata names", () => {
    const files = [
      session(dir, "app-1"),
      session(dir, "app-2", { fields: { tmuxName: "app-22" } }),
      session(dir, "app-3", { fields: { handleId: "app-33" } }),
    ];
    const orchestrator = session(dir, "app-orchestrator");
    const projects = [stateDir(id, { layout: "v2-hashed", sessions: files, orchestrator })];
    const names = ["app-1", "app-22", "app-33", "app-orchestrator", "app-9", "mail", "zz-1"];
    names.push("0123456789ab-app-8", "x0123456789ab-app-8");
    const tmux = names.map((name) => ({ name }) as never);
    expect(found({ projects, tmux }, /orphan-tmux/)).toEqual([
      "orphan-tmux-session app-9",
      "orphan-tmux-session 0123456789ab-app-8",
    ]);
    expect(found({ projects, tmux: null }, /orphan-tmux/)).toEqual([]);
  });

  test("has links that git no longer follows", () => {
    const path = `${home}/.worktrees/app/app-1`;
    const stale = worktree(path, repo(app), { where: "legacy-root", linkedPath: "/gone" });
    const { adminDir: _, ...plain } = worktree(`${dir}/worktrees/app-2`, repo(app));
    const entries = [
      { id: "app-1", path: "/gone", exists: false },
      { id: "app-3", path: "/x", exists: false },
      { id: "app-4", path: "/y", exists: true },
    ];
    const repos = [repo(app, { adminEntries: entries })];
    expect(found({ worktrees: [stale, plain], repos }, /worktree/)).toEqual([
      `stranded-worktree ${path}`,
      `worktree-link-stale ${path}`,
      "worktree-not-linked P/worktrees/app-2",
      `worktree-admin-stale ${app}/.git/worktrees/app-3`,
    ]);
  });
});

describe("the registry", () => {
  test("has projects that are gone, keys of older versions and shared prefixes", () => {
    const third = entry("k3", "/r/third", { sessionPrefix: "app" });
    const entries = [entry(id, app, { storageKey: "0123456789ab" }), entry("k2", "/gone"), third];
    const local = { path: `${app}/agent-orchestrator.yaml`, wrapped: true };
    const repos = [repo(app, { localConfig: local }), repo("/r/third")];
    const kinds = /storageKey|gone|prefix-clash|wrapped/;
    expect(found({ entries, repos }, kinds).map((line) => line.split(" ")[0])).toEqual([
      "storageKey-field-present",
      "local-config-wrapped",
      "project-path-gone",
      "prefix-clash",
    ]);
    expect(found({}, kinds)).toEqual([]);
    const unseen = repo("/r/unseen", { exists: false, unseen: true });
    expect(found({ entries: [entry("k4", "/r/unseen")], repos: [unseen] }, kinds)).toEqual([]);
  });
});

test("a fault counts for the directory that it is in, else for the disk", () => {
  const fault = (file: string) => ({ kind: "corrupt" as const, place: { file }, detail: "x" });
  const faults = [fault(`${dir}/sessions/a.json`), fault(`${base}/x.json`)];
  const { inventory, ...identities } = judge({
    ...{ entries: [entry(id, app)], repos: [repo(app)], faults },
    projects: [stateDir(id, { layout: "v2-hashed" })],
  });
  const { byDir, disk } = findDrift(inventory, identities);
  const refs = (issues: { ref?: string }[] = []) => issues.map(({ ref }) => ref);
  expect(refs(byDir.get(dir))).toContain(`${dir}/sessions/a.json`);
  expect(refs(disk)).toContain(`${base}/x.json`);
  expect(refs(disk)).not.toContain(`${dir}/sessions/a.json`);
});
