import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, rmSync, symlinkSync, truncateSync } from "node:fs";
import { sha256 } from "../../../../lib/hash.ts";
import { Reader } from "../../../../lib/storage/scan/reader.ts";
import {
  scanFlatDir,
  scanHashDir,
  scanProjectDir,
} from "../../../../lib/storage/scan/state-dir.ts";
import { mkdirs, writeFiles } from "../../../disk/repos.ts";
import { makeTemp } from "../../../temp.ts";

let dir = "";
beforeAll(() => {
  dir = makeTemp("state-dir");
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const options = { now: Date.now(), heldLocks: [], digests: false, sizes: false };
const hash = "0123456789ab";
let made = 0;

/** Files in a state directory of this name, with a parent of its own. */
function state(name: string, files: Record<string, string>): { parent: string; path: string } {
  const parent = `${dir}/${made++}`;
  const path = mkdirs(`${parent}/${name}`);
  writeFiles(path, files);
  return { parent, path };
}

const identity = {
  schemaVersion: 3,
  projectId: "integrator_0123456789",
  displayName: "Integrator",
  originUrl: "git@github.com:o/integrator.git",
  path: "/code/integrator",
  realpath: "/code/integrator",
  sessionPrefix: "int",
  repo: { owner: "o", name: "integrator" },
  defaultBranch: "main",
};

describe("a directory below projects/", () => {
  test("is bare, hashed or V3 by its name and its identity", () => {
    const layouts = [
      ["integrator", {}],
      ["integrator_0123456789", {}],
      ["integrator_0123456789", { "identity.json": JSON.stringify(identity) }],
      ["integrator", { "identity.json": JSON.stringify(identity) }],
      ["integrator_0123456789", { "identity.json": "{}" }],
    ] as const;
    const found = layouts.map(([name, files]) => {
      const { parent } = state(name, files);
      return scanProjectDir(new Reader(), parent, name, options);
    });
    expect(found.map(({ layout }) => layout)).toEqual([
      "v1-bare",
      "v2-hashed",
      "v3",
      "v1-bare",
      "v2-hashed",
    ]);
    expect(found[2]?.identity).toEqual({ ...identity, schemaVersion: 3 });
    expect(found[4]?.others.map(({ name }) => name)).toEqual(["identity.json"]);
  });

  test("tells what is wrong with an identity or a counter, and lists the file", () => {
    const { parent, path } = state("x_0123456789", {
      "identity.json": '{"schemaVersion": 2, "projectId": "", "path": "/x", "originUrl": 7}',
      ".next-session-id.json": '{"next": 0}',
    });
    const reader = new Reader();
    const found = scanProjectDir(reader, parent, "x_0123456789", options);
    expect(reader.faults).toEqual([
      {
        kind: "corrupt",
        place: { file: `${path}/.next-session-id.json` },
        detail: 'no session counter: "next" is not a positive whole number',
      },
      {
        kind: "corrupt",
        place: { file: `${path}/identity.json` },
        detail: "no identity: wrong or missing schemaVersion, projectId, sessionPrefix, originUrl",
      },
    ]);
    expect(found.others.map(({ name }) => name)).toEqual([
      ".next-session-id.json",
      "identity.json",
    ]);
  });

  test("has its counter, its single orchestrator, its worktrees and everything else by name", () => {
    const { parent, path } = state("x", {
      "sessions/x-1.json": '{"branch": "b"}',
      "sessions/archive/x-2_20260420T143052Z.json": "{}",
      "archive/x-3_2026-02-17T10-30-00": "status=done\n",
      "archive/notes.txt": "kept",
      "worktrees/x-1/README": "",
      "worktrees/x-9/README": "",
      "worktrees/stray.txt": "stray",
      "feedback-reports/report_1.kv": "a=1\n",
      "code-reviews/runs/run-1.json": "{}",
      "observability/0123456789ab/processes/a-1.json": "{}",
      "checkout/.git/HEAD": "ref: refs/heads/main\n",
      "orchestrator.json": '{"sessionId": "x-orchestrator-8"}',
      ".next-session-id.json": '{"next": 7}',
    });
    symlinkSync("/", `${path}/root`);
    const reader = new Reader();
    const found = scanProjectDir(reader, parent, "x", options);
    expect(found.archives.map(({ sessionId }) => sessionId)).toEqual(["x-3", "x-2"]);
    expect(found.worktrees).toEqual(["x-1", "x-9"]);
    expect(found.orchestrator?.fields).toEqual({ sessionId: "x-orchestrator-8" });
    expect(found.nextSessionId).toBe(7);
    expect(found.others).toEqual([
      {
        name: "archive",
        kind: "dir",
        bytes: 4,
        children: [{ name: "notes.txt", kind: "file", bytes: 4 }],
      },
      { name: "checkout", kind: "dir", bytes: 0 },
      {
        name: "code-reviews",
        kind: "dir",
        bytes: 2,
        children: [
          {
            name: "runs",
            kind: "dir",
            bytes: 2,
            children: [{ name: "run-1.json", kind: "file", bytes: 2 }],
          },
        ],
      },
      {
        name: "feedback-reports",
        kind: "dir",
        bytes: 4,
        children: [{ name: "report_1.kv", kind: "file", bytes: 4 }],
      },
      {
        name: "observability",
        kind: "dir",
        bytes: 0,
        children: [{ name: "0123456789ab", kind: "dir", bytes: 0 }],
      },
      { name: "root", kind: "symlink", bytes: 0 },
      {
        name: "worktrees",
        kind: "dir",
        bytes: 5,
        children: [{ name: "stray.txt", kind: "file", bytes: 5 }],
      },
    ]);
    expect(reader.faults).toEqual([
      {
        kind: "symlink",
        place: { file: `${path}/root` },
        detail: "a symbolic link; not followed",
      },
    ]);
    expect(found.bytes).toBe(15 + 2 + 12 + 4 + 5 + 4 + 2 + 33);
  });
});

describe("a V1 directory", () => {
  test("has its hash, its name and its config; bare and migrated ones too", () => {
    const names = [`${hash}-my project`, hash, `${hash}-x.migrated`, `${hash}.migrated`];
    const found = names.map((name) => {
      const { parent } = state(name, { ".origin": "/code/agent-orchestrator.yaml\n" });
      return scanHashDir(new Reader(), parent, name, options);
    });
    const facts = found.map(({ layout, name, migrated, origin }) => {
      return [layout, name, migrated, origin];
    });
    expect(facts).toEqual([
      ["v1", "my project", false, "/code/agent-orchestrator.yaml"],
      ["v1-bare-hash", hash, false, "/code/agent-orchestrator.yaml"],
      ["v1", "x", true, "/code/agent-orchestrator.yaml"],
      ["v1-bare-hash", hash, true, "/code/agent-orchestrator.yaml"],
    ]);
    expect(found.every((dir) => dir.hash === hash && !dir.empty)).toBe(true);
  });

  test("has a fault when its .origin is not a path", () => {
    const { parent } = state(`${hash}-x`, { ".origin": "../agent-orchestrator.yaml" });
    const reader = new Reader();
    const found = scanHashDir(reader, parent, `${hash}-x`, options);
    expect(found.origin).toBeUndefined();
    expect(found.others.map(({ name }) => name)).toEqual([".origin"]);
    expect(reader.faults.map(({ detail }) => detail)).toEqual([
      "not the absolute path of a config",
    ]);
  });

  test("has a fault when its .origin is far too large to be one", () => {
    const { parent, path } = state(`${hash}-x`, { ".origin": "/code/x.yaml" });
    truncateSync(`${path}/.origin`, 300 * 1024 * 1024);
    const reader = new Reader();
    expect(scanHashDir(reader, parent, `${hash}-x`, options).origin).toBeUndefined();
    expect(reader.faults.map(({ kind }) => kind)).toEqual(["too-large"]);
  });

  test("has digests of its files where they are asked for, up to 4 MB", () => {
    const { parent } = state(`${hash}-x`, {
      "feedback-reports/small.kv": "a=1\n",
      "feedback-reports/large.bin": "x".repeat(4 * 1024 * 1024 + 1),
    });
    const found = scanHashDir(new Reader(), parent, `${hash}-x`, { ...options, digests: true });
    expect(found.others[0]?.children).toEqual([
      { name: "large.bin", kind: "file", bytes: 4 * 1024 * 1024 + 1 },
      { name: "small.kv", kind: "file", bytes: 4, sha256: sha256("a=1\n") },
    ]);
  });

  test("is empty only when there is not one file below it", () => {
    const isEmpty = (prepare: (path: string) => void) => {
      const { parent, path } = state(`${hash}-x`, {});
      mkdirs(`${path}/sessions/archive`);
      mkdirs(`${path}/worktrees/x-1/src`);
      prepare(path);
      return scanHashDir(new Reader(), parent, `${hash}-x`, options).empty;
    };
    const one = (file: string) => (path: string) => writeFiles(path, { [file]: "" });
    expect(isEmpty(() => {})).toBe(true);
    for (const file of [
      ".origin",
      "sessions/x-1",
      "sessions/archive/odd",
      "sessions/.ghcache/pulls.json",
      "sessions/x-1.lock",
      "worktrees/x-1/src/a.ts",
      "feedback-reports/deep/down/report.kv",
      "int\n1",
    ]) {
      expect([file, isEmpty(one(file))]).toEqual([file, false]);
    }
    expect(isEmpty((path) => symlinkSync("/", `${path}/link`))).toBe(false);
    expect(isEmpty((path) => symlinkSync("/", `${path}/worktrees/x-1/link`))).toBe(false);
  });

  test("may have sessions/ that is no directory", () => {
    const { parent, path } = state(`${hash}-x`, { sessions: "a file\n" });
    mkdirSync(`${path}/real`);
    symlinkSync("real", `${path}/worktrees`);
    const reader = new Reader();
    const found = scanHashDir(reader, parent, `${hash}-x`, options);
    expect(found.sessions).toEqual([]);
    expect(found.others.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
      "real dir",
      "sessions file",
      "worktrees symlink",
    ]);
    expect(reader.faults.map(({ kind }) => kind)).toEqual(["symlink"]);
  });
});

test("of V0's flat directory only names that read as session ids are opened", () => {
  const { path } = state(".ao-sessions", {
    "int-1": "project=integrator\nstatus=done\n",
    "be-orchestrator": "project=backend\n",
    "archive/int-2_2026-02-17T10-30-00": "status=done\n",
    "notes.txt": "mine",
    ".profile": "export SECRET=1\n",
  });
  const found = scanFlatDir(new Reader(), path);
  expect(found.layout).toBe("v0");
  expect(found.sessions.map(({ sessionId, fields }) => [sessionId, fields.project])).toEqual([
    ["be-orchestrator", "backend"],
    ["int-1", "integrator"],
  ]);
  expect(found.archives.map(({ sessionId }) => sessionId)).toEqual(["int-2"]);
  expect(found.otherSessionEntries).toEqual([".profile", "notes.txt"]);
});
