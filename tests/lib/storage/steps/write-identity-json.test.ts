/** What V3 notes of a project, and where it notes nothing. */

import { expect, test } from "bun:test";
import type { RegistryProject } from "../../../../lib/registry.ts";
import type { StateDir } from "../../../../lib/storage/inventory.ts";
import { entry, idAt, identityOf, planned, repo, stateDir } from "../found.ts";

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
