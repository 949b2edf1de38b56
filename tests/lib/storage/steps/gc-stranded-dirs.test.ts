/** What goes to the trash in the end, and what is kept for what could not be used in it. */

import { describe, expect, test } from "bun:test";
import type { Leftover, StateDir } from "../../../../lib/storage/inventory.ts";
import { base, entry, type Found, idAt, planned, repo, session, stateDir } from "../found.ts";

const app = "/r/app";
const id = idAt(app);
const hash = "0123456789ab";
const source = `${base}/${hash}-app`;
const v1 = (more: Partial<StateDir> = {}) => stateDir("app", { layout: "v1", hash, ...more });

function cleared(found: Found) {
  const { lines, plan } = planned(
    {
      entries: [entry(id, app, { storageKey: hash })],
      repos: [repo(app)],
      projects: [stateDir(id, { layout: "v2-hashed" })],
      ...found,
    },
    { steps: ["gc-stranded-dirs"] },
  );
  return { lines, kept: plan.warnings.filter((line) => line.includes(" kept: ")).length };
}

const faultAt = (path: string) => [
  { kind: "corrupt" as const, place: { file: path }, detail: "odd" },
];

describe("a directory that was merged", () => {
  test("goes, and one that became the project does not", () => {
    expect(cleared({ hashDirs: [v1()] })).toEqual({ lines: [`trash ${hash}-app`], kept: 0 });
    expect(cleared({ hashDirs: [v1()], projects: [] }).lines).toEqual([]);
  });

  test("stays with what could not be used in it, unless that was carried over", () => {
    const left = cleared({ hashDirs: [v1()], faults: faultAt(`${source}/sessions/x.json`) });
    expect(left).toEqual({ lines: [], kept: 1 });
    const beside = cleared({ hashDirs: [v1()], faults: faultAt(`${source}2/sessions/x.json`) });
    expect(beside).toEqual({ lines: [`trash ${hash}-app`], kept: 0 });
    const others = [
      { name: "reports", kind: "dir" as const, bytes: 1, children: [] },
      { name: "x.bin", kind: "file" as const, bytes: 1 },
    ];
    for (const carried of ["reports/deep/a.kv", "x.bin"]) {
      const faults = faultAt(`${source}/${carried}`);
      expect(cleared({ hashDirs: [v1({ others })], faults }).lines).toEqual([`trash ${hash}-app`]);
    }
    const bad = session(source, "app-7", { format: "bad" });
    const moved = cleared({ hashDirs: [v1({ sessions: [bad] })], faults: faultAt(bad.path) });
    expect(moved.lines).toEqual([`trash ${hash}-app`]);
  });
});

test("empty V1 directories and markers of AO's migration go, other leftovers stay", () => {
  const left = (kind: Leftover["kind"], name: string) => ({
    ...{ kind, path: `${base}/${name}`, modifiedMs: 0 },
  });
  const leftovers = [
    left("migration-marker", ".migration-in-progress"),
    left("lock", "running.lock"),
    left("unknown", "mine"),
  ];
  const hashDirs = [stateDir("old", { layout: "v1", hash, empty: true })];
  expect(cleared({ hashDirs, leftovers }).lines).toEqual([
    `trash ${hash}-old`,
    "trash .migration-in-progress",
  ]);
});
