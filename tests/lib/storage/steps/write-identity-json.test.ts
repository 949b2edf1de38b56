/** What V3 notes of a project, and where it notes nothing. */

import { expect, test } from "bun:test";
import type { RegistryProject } from "../../../../lib/registry.ts";
import type { StateDir } from "../../../../lib/storage/inventory.ts";
import { type StepId, selectSteps } from "../../../../lib/storage/options.ts";
import { planStorage } from "../../../../lib/storage/plan.ts";
import {
  entry,
  idAt,
  identityOf,
  inventoryOf,
  planned,
  registry,
  repo,
  session,
  short,
  stateDir,
} from "../found.ts";

const app = "/r/app";
const id = idAt(app);

function written(more: Partial<RegistryProject> = {}, home: Partial<StateDir> = {}) {
  const { plan } = planned({
    entries: [entry(id, app, more)],
    repos: [repo(app, { realpath: "/disk/app" })],
    projects: [stateDir(id, { layout: "v2-hashed", ...home })],
  });
  const step = plan.steps.find((each) => each.id === "write-identity-json");
  const [operation] = step?.operations ?? [];
  const text = operation?.op === "create" ? operation.content : null;
  return {
    identity: text === null ? null : (JSON.parse(text) as object),
    warned: plan.warnings.filter((line) => line.includes("identity.json")).length,
  };
}

test("it is what the registry and git say, without what they do not", () => {
  const usual = {
    ...{ schemaVersion: 3, projectId: id, displayName: "app", originUrl: null },
    ...{ path: app, realpath: "/disk/app", sessionPrefix: "app" },
  };
  expect(written().identity).toEqual(usual);
  const full = { name: "Name", defaultBranch: "main", sessionPrefix: "zz", repo: { owner: "o" } };
  expect(written(full).identity).toEqual({
    ...{ ...usual, displayName: "Name", defaultBranch: "main", sessionPrefix: "zz" },
    repo: { owner: "o" },
  });
  expect(written({ name: "Name", displayName: "Shown", repo: "o/app" }).identity).toEqual({
    ...usual,
    displayName: "Shown",
  });
});

test("one that is there stays, and one that cannot be read is told", () => {
  expect(written({}, { identity: identityOf(app, id) })).toEqual({ identity: null, warned: 0 });
  const others = [{ name: "identity.json", kind: "file" as const, bytes: 1 }];
  expect(written({}, { others })).toEqual({ identity: null, warned: 1 });
});

test("it comes with a directory that is imported alone, when the registry does not have the project", () => {
  const hash = "0123456789ab";
  const config = { ...registry([entry("app", app)]), file: "/c/agent-orchestrator.yaml" };
  const imported = (entries: RegistryProject[], steps: StepId[] = []) => {
    const dir = stateDir("app", { layout: "v1", hash, origin: config.file });
    const hashDirs = [{ ...dir, sessions: [session(dir.path, "app-1")] }];
    const found = {
      entries,
      repos: [repo(app)],
      hashDirs,
      originConfigs: { [config.file]: config },
    };
    const plan = planStorage(inventoryOf(found), {
      ...{ now: new Date(0), answers: new Map(), linkFiles: () => [] },
      steps: selectSteps(["import-v1-hash-dirs", ...steps], []),
    });
    return plan.steps.flatMap(({ id, operations }) =>
      operations.flatMap((each) => (each.op === "create" ? [`${id} ${short(each.path)}`] : [])),
    );
  };
  const place = `projects/${id}/identity.json`;
  expect(imported([])).toEqual([`import-v1-hash-dirs ${place}`]);
  expect(imported([], ["write-identity-json"])).toEqual([`write-identity-json ${place}`]);
  expect(imported([entry(id, app)])).toEqual([]);
});
