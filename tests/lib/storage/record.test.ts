/** The record of a dry run: what it says of directories, and what the plan comes to. */

import { describe, expect, test } from "bun:test";
import * as v from "valibot";
import type { StateDir } from "../../../lib/storage/inventory.ts";
import { recordOf } from "../../../lib/storage/record.ts";
import { executionSchema, planRecordSchema } from "../../../lib/storage/record-schema.ts";
import { rehearsalSchema } from "../../../lib/storage/rehearsal-schema.ts";
import { base, entry, type Found, idAt, planned, repo, session, stateDir } from "./found.ts";

const app = "/r/app";
const id = idAt(app);
const hash = "0123456789ab";
const dir = `${base}/projects/${id}`;
const generatedAt = new Date("2026-11-21T10:00:00Z");

function recorded(found: Found) {
  const inventoryDigest = () => "0".repeat(64);
  return recordOf(planned(found).plan, { generatedAt, aoVersion: "1.2.3", inventoryDigest });
}

const one = (more: Partial<StateDir> = {}): Found => ({
  entries: [entry(id, app, { storageKey: hash })],
  repos: [repo(app)],
  projects: [stateDir(id, { layout: "v2-hashed", ...more })],
});

describe("of a project", () => {
  const project = (more: Partial<StateDir>, found: Found = {}) =>
    recorded({ ...one(more), ...found }).inventory.projects[0];

  test("orchestrators are told by their names, also the one beside the sessions", () => {
    const names = ["app-orchestrator", "app-orchestrator-12", "app-orchestrator-x", "app-1"];
    const sessions = names.map((name) => session(dir, name));
    const orchestrator = session(dir, "boss-orchestrator");
    expect(project({ sessions })?.orchestratorVariants).toEqual(names.slice(0, 2));
    expect(project({ orchestrator })?.orchestratorVariants).toEqual(["boss-orchestrator"]);
    expect(project({})?.orchestratorVariants).toEqual([]);
  });

  test("the live orchestrator is told by the name that tmux has", () => {
    const fields = { tmuxName: "old", handleId: "live" };
    const sessions = [session(dir, "app-orchestrator", { fields }), session(dir, "app-1")];
    const tmux = ["live", "mail"].map((name) => ({ name }) as never);
    expect(project({ sessions }, { tmux })?.liveOrchestratorTmuxName).toBe("live");
    expect(project({ sessions }, { tmux: [] })?.liveOrchestratorTmuxName).toBeNull();
    expect(project({ sessions }, { tmux: null })?.liveOrchestratorTmuxName).toBeNull();
  });
});

test("the record names its moment, tool and digest, and disks without tmux have no sessions", () => {
  const record = recorded({ ...one(), tmux: null });
  expect(record.generatedAt).toBe("2026-11-21T10:00:00.000Z");
  expect([record.aoVersion, record.inventoryDigest]).toEqual(["1.2.3", "0".repeat(64)]);
  expect(record.inventory.liveTmuxSessions).toEqual([]);
  expect(record.inventory.observability.oldestModifiedAt).toBeNull();
});

test("bytes for the trash are those of converted, empty and twice-kept sessions", () => {
  const kv = session(dir, "app-1", { format: "kv", text: "a=1", bytes: 10 });
  const empty = session(dir, "app-2", { format: "empty", bytes: 100 });
  const json = session(dir, "app-3", { bytes: 1000 });
  expect(recorded(one({ sessions: [kv, empty, json] })).totals).toMatchObject({
    ...{ estimatedBytesFreed: 110, sessionsToRewrite: 2, projectsToRekey: 0 },
    ...{ storageKeyFieldsToStrip: 0, bareHashDirsToRemove: 0 },
  });
});

describe("the schema", () => {
  const record = JSON.parse(JSON.stringify(recorded(one({ sessions: [session(dir, "app-1")] }))));
  const faults = (change: object) => {
    const { issues = [] } = v.safeParse(planRecordSchema, { ...record, ...change });
    return issues.map((issue) => v.getDotPath(issue));
  };

  test("takes a record as it is printed", () => {
    expect(faults({})).toEqual([]);
  });

  const decision = {
    ...{
      key: "k",
      question: "q",
      choices: [{ value: "a", label: "b" }],
      default: "a",
      chosen: "a",
    },
  };
  const step = { order: 1, id: "strip-storage-key", title: "t", description: "d", count: 0 };
  test.each<[string, object]>([
    ["schemaVersion", { schemaVersion: 2 }],
    ["generatedAt", { generatedAt: "yesterday" }],
    ["aoVersion", { aoVersion: 1 }],
    ["planId", { planId: "0123456789abcde" }],
    ["planId", { planId: "0123456789abcdefg" }],
    ["planId", { planId: "X123456789abcdef" }],
    ["inventoryDigest", { inventoryDigest: "0" }],
    ["inventoryDigest", { inventoryDigest: "0".repeat(65) }],
    ["selectedSteps.0", { selectedSteps: ["no-step"] }],
    ["inventory.aoBaseDir", { inventory: { ...record.inventory, aoBaseDir: null } }],
    ["inventory.scannedAt", { inventory: { ...record.inventory, scannedAt: "now" } }],
    ["inventory.projects.0.layout", { inventory: withProject({ layout: "v1" }) }],
    ["inventory.projects.0.sessionsCount", { inventory: withProject({ sessionsCount: -1 }) }],
    ["inventory.projects.0.bytes", { inventory: withProject({ bytes: 1.5 }) }],
    [
      "inventory.projects.0.issues.0.kind",
      { inventory: withProject({ issues: [{ kind: "x", detail: "" }] }) },
    ],
    ["inventory.projects.0.more", { inventory: withProject({ more: 1 }) }],
    ["steps.0.id", { steps: [{ ...step, id: "x", details: [], operations: [] }] }],
    ["steps.0.operations.0", { steps: [{ ...step, details: [], operations: [{ op: "rm" }] }] }],
    ["totals.tmuxRenames", { totals: { ...record.totals, tmuxRenames: "1" } }],
    ["decisions.0.decidedBy", { decisions: [{ ...decision, decidedBy: "me" }] }],
    ["warnings.0", { warnings: [1] }],
    ["more", { more: 1 }],
  ])("refuses a record by its %s", (path, change) => {
    expect(faults(change).some((found) => found?.startsWith(path))).toBe(true);
  });

  test("takes decisions of users, and lists that are empty", () => {
    for (const decidedBy of ["default", "user"]) {
      expect(faults({ decisions: [{ ...decision, decidedBy }], steps: [] })).toEqual([]);
    }
  });

  function withProject(change: object) {
    const [project] = record.inventory.projects;
    return { ...record.inventory, projects: [{ ...project, ...change }] };
  }

  test("of an execution and of a rehearsal take what is printed, and nothing else", () => {
    const lists = { warnings: [], leftovers: ["x"] };
    const execution = { schemaVersion: 1, id: "v3", dir: "/m", operations: 3, undo: "u", ...lists };
    const milliseconds = { copy: 0.5, execute: 1, rollback: 0 };
    const rehearsal = {
      ...{ operations: 1, entries: 2, missing: [], differences: ["x"], kept: [], milliseconds },
    };
    const takes = (schema: v.GenericSchema, value: object) => v.safeParse(schema, value).success;
    expect(takes(executionSchema, execution)).toBe(true);
    expect(takes(rehearsalSchema, rehearsal)).toBe(true);
    for (const bad of [{ schemaVersion: 2 }, { operations: -1 }, { undo: null }, { more: 1 }]) {
      expect(takes(executionSchema, { ...execution, ...bad })).toBe(false);
    }
    const negative = { ...milliseconds, copy: -1 };
    for (const bad of [{ entries: 0.5 }, { kept: [1] }, { milliseconds: negative }, { more: 1 }]) {
      expect(takes(rehearsalSchema, { ...rehearsal, ...bad })).toBe(false);
    }
  });
});
