/** What becomes of the registry: merged entries leave, bare keys become ids, storage keys go. */

import { describe, expect, test } from "bun:test";
import type { RegistryProject } from "../../../../lib/registry.ts";
import type { StepId } from "../../../../lib/storage/options.ts";
import {
  base,
  entry,
  type Found,
  idAt,
  judge,
  planned,
  registry,
  repo,
  stateDir,
  worktree,
} from "../found.ts";

const origin = "https://github.com/o/app.git";
const paths = ["/r/a", "/r/b", "/r/c"];
const repos = paths.map((path) => repo(path, { originUrl: origin }));
const ids = paths.map((path) => idAt(path, origin));
const raw = { path: "as it is" };

/** A registry with these entries, all of them in its map. */
function of(entries: RegistryProject[], more: object = {}): Found {
  const projects = Object.fromEntries(entries.map(({ key }) => [key, { ...raw, key }]));
  const read = { ...registry(entries), raw: { projects }, schemaVersion: 3, ...more };
  return { repos, registry: read } as Found;
}

/** Edits of the registry by one step, and what it says of them. */
function edited(step: StepId, found: Found, answers: [string, string][] = []) {
  const { plan } = planned(found, { answers });
  const made = plan.steps.find(({ id }) => id === step);
  const operations = made?.operations.filter(({ op }) => op === "patchYaml") ?? [];
  for (const operation of operations)
    expect(operation).toHaveProperty("path", `${base}/config.yaml`);
  return {
    edits: operations.map((operation) => (operation.op === "patchYaml" ? operation.edits : [])),
    details: made?.details ?? [],
    warnings: plan.warnings,
  };
}

describe("registrations of one repository that are merged", () => {
  const entries = ["a", "b", "c"].map((key, n) => entry(key, paths[n] ?? ""));
  const [{ key = "" } = {}] = judge({ entries, repos }).decisions.list;
  const into = (name: string): [string, string][] => [[key, `into:${name}`]];

  test("leave the registry, the last in the order of projects first", () => {
    const found = of(entries, { projectOrder: ["b", "x", "a", "c"] });
    expect(edited("same-repo-merge", found, into("c"))).toMatchObject({
      edits: [
        [
          { pointer: "/projects/a", before: { ...raw, key: "a" } },
          { pointer: "/projectOrder/2", before: "a" },
        ],
        [
          { pointer: "/projects/b", before: { ...raw, key: "b" } },
          { pointer: "/projectOrder/0", before: "b" },
        ],
      ],
      details: ["a → c", "b → c"],
    });
    expect(edited("same-repo-merge", found).edits).toEqual([]);
  });

  test("leave it also where it has no order, or an order that does not name them", () => {
    for (const more of [{}, { projectOrder: ["c"] }]) {
      const { edits } = edited("same-repo-merge", of(entries, more), into("c"));
      expect(edits.map((each) => each.map(({ pointer }) => pointer))).toEqual([
        ["/projects/a"],
        ["/projects/b"],
      ]);
    }
  });

  test("stay in one that is a list", () => {
    const found = of(entries, { raw: { projects: [] } });
    expect(edited("same-repo-merge", found, into("c")).edits).toEqual([]);
  });

  test("bring their directory along, and its worktrees are linked anew", () => {
    const from = `${base}/projects/a/worktrees/x-1`;
    const found = {
      ...of(entries),
      projects: [stateDir("a", { worktrees: ["x-1"] }), stateDir("c")],
      worktrees: [worktree(from, repos[0] ?? repo(""))],
    };
    const { lines } = planned(found, { answers: into("c"), steps: ["same-repo-merge"] });
    expect(lines.filter((line) => !line.startsWith("patchYaml"))).toEqual([
      `makeDir projects/${ids[2]}/worktrees`,
      `move projects/a/worktrees/x-1 → projects/${ids[2]}/worktrees/x-1`,
      `relinkWorktree projects/${ids[2]}/worktrees/x-1`,
    ]);
  });
});

describe("an entry under a bare key", () => {
  const one = { repos: [repo("/r/a")] };
  const id = idAt("/r/a");
  const rekeyed = (more: Partial<RegistryProject>, file: object = {}) =>
    edited("rekey-v1-entries", { ...of([entry("a", "/r/a", more)], file), ...one });

  test("takes its id for a key, after what mentions it", () => {
    expect(rekeyed({})).toMatchObject({
      edits: [[{ pointer: "/projects/a", rename: id }]],
      details: [`registry: a → ${id}`],
    });
    const mentions = rekeyed({ projectId: "a" }, { projectOrder: ["a", "b"] });
    expect(mentions.edits).toEqual([
      [
        { pointer: "/projects/a/projectId", before: "a", after: id },
        { pointer: "/projectOrder/0", before: "a", after: id },
      ],
      [{ pointer: "/projects/a", rename: id }],
    ]);
    expect(rekeyed({ projectId: "other" }, { projectOrder: ["b"] }).edits).toHaveLength(1);
  });

  test("keeps it in a registry that is a list, and where it is the id already", () => {
    expect(rekeyed({}, { raw: { projects: [] } }).edits).toEqual([]);
    const hashed = { ...of([entry(id, "/r/a", { projectId: id })]), ...one };
    expect(edited("rekey-v1-entries", hashed).edits).toEqual([]);
  });
});

describe("a storage key", () => {
  const hash = "0123456789ab";
  const id = idAt("/r/a");
  const stripped = (entries: RegistryProject[], more: Found = {}, file: object = {}) =>
    edited("strip-storage-key", { ...of(entries, file), repos: [repo("/r/a")], ...more });

  test("goes from under the key that its project has then", () => {
    expect(stripped([entry("a", "/r/a", { storageKey: hash })])).toMatchObject({
      edits: [[{ pointer: `/projects/${id}/storageKey`, before: hash }]],
      details: [`${id}: ${hash}`],
    });
    expect(stripped([entry("a", "/r/a")]).edits).toEqual([]);
    const list = { raw: { projects: [] } };
    expect(stripped([entry("a", "/r/a", { storageKey: hash })], {}, list).edits).toEqual([]);
  });

  test("stays while a directory is found through it alone", () => {
    const kept = (name: string) => `storageKey of ${name} kept: its state is not migrated.`;
    const gone = [entry("gone", "/r/gone", { storageKey: `${hash}-gone` })];
    const orphan = { hashDirs: [stateDir("x", { layout: "v1", hash })] };
    const { edits, warnings } = stripped(gone, orphan);
    expect(edits).toEqual([]);
    expect(warnings).toContain(kept("gone"));
  });

  test("has the schema's version beside it, which becomes 3", () => {
    const marked = (file: object) => {
      const { edits, details } = stripped([entry(id, "/r/a")], {}, file);
      return [edits, details];
    };
    const projects = { [id]: raw };
    const now = { pointer: "/schemaVersion", after: 3 };
    expect(marked({ schemaVersion: undefined, raw: { projects } })).toEqual([
      [[now]],
      ["schemaVersion: 3"],
    ]);
    expect(marked({ schemaVersion: 2, raw: { projects, schemaVersion: 2 } })[0]).toEqual([
      [{ ...now, before: 2 }],
    ]);
    expect(marked({ schemaVersion: undefined, raw: null })[0]).toEqual([[now]]);
    expect(marked({})).toEqual([[], []]);
  });
});
