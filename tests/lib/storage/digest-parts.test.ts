/** Each part of a kept scan that a plan depends on is part of its digest. */

import { expect, test } from "bun:test";
import { resolvePlaces } from "../../../lib/paths.ts";
import { inventoryDigest } from "../../../lib/storage/digest.ts";
import type { Inventory, ObservabilityFile, StateDir } from "../../../lib/storage/inventory.ts";
import { home, registry } from "./found.ts";
import { readInventory } from "./frozen/freeze.ts";

const fault = { kind: "unreadable", detail: "denied", place: { file: "/x" } } as const;
const parts: [string, Partial<Inventory>][] = [
  ["a history of Claude's", { claudeProjects: ["-tmp-ao-new"] }],
  ["a rollout of Codex's", { codexRollouts: [{ path: "/x.jsonl", cwd: "/y" }] }],
  ["an orphan's records", { orphanObservability: ["0123456789ab"] }],
  ["an open migration", { openMigrations: ["v3-20261121T100000Z"] }],
  ["something unreadable", { faults: [fault] }],
  ["an unreadable registry", { registryFault: fault }],
  ["a leftover", { leftovers: [{ path: "/x", kind: "unknown", modifiedMs: 0 }] }],
  ["a repository gone", { repos: {} }],
  ["a worktree gone", { worktrees: [] }],
  ["a registry gone", { registry: null }],
  ["a registry kept from before", { preMigration: registry([]) }],
  ["projects gone", { projects: [] }],
  ["V1's directories gone", { hashDirs: [] }],
  ["records gone", { observability: [] }],
  ["V1's configs gone", { originConfigs: {} }],
  ["a place that is a link", { realPlaces: { "/x": "/y" } }],
  ["another place", { places: resolvePlaces({ home, env: {} }) }],
];

test.each(parts)("%s gives another digest", (_, part) => {
  const inventory = readInventory("everyLayout");
  expect(inventoryDigest({ ...inventory, ...part })).not.toBe(inventoryDigest(inventory));
});

const times: [string, Partial<Inventory>][] = [
  ["the time of the scan", { scannedAt: "2027-01-01T00:00:00.000Z" }],
  ["live sessions", { tmux: null }],
  ["held locks", { heldLocks: ["/x.lock"] }],
  ["running AO", { running: null }],
];

test("what a session, an archive or a record says is part of the digest, and sizes are not", () => {
  const { projects, hashDirs, observability, worktrees, leftovers } = readInventory("everyLayout");
  const digestOf = (change: Partial<Inventory>) =>
    inventoryDigest({ ...readInventory("everyLayout"), ...change });
  const before = digestOf({});
  const all = [...projects, ...hashDirs];
  const dirs = (change: (dir: StateDir) => StateDir) =>
    digestOf({ projects: all.map(change), hashDirs: [] });
  const same = dirs((dir) => dir);
  expect(dirs((dir) => ({ ...dir, bytes: 1 }))).toBe(same);
  expect(dirs((dir) => ({ ...dir, sessions: [] }))).not.toBe(same);
  expect(dirs((dir) => ({ ...dir, archives: [] }))).not.toBe(same);
  expect(dirs((dir) => ({ ...dir, migrated: true }))).not.toBe(same);
  const records = (change: Partial<ObservabilityFile>) =>
    digestOf({
      observability: observability.map((dir) => {
        return { ...dir, bytes: 1, files: dir.files.map((file) => ({ ...file, ...change })) };
      }),
    });
  expect(records({ bytes: 1 })).toBe(before);
  expect(records({ projectIds: ["x"] })).not.toBe(before);
  expect(records({ name: "x" })).not.toBe(before);
  expect(digestOf({ worktrees: worktrees.map((leaf) => ({ ...leaf, bytes: 1 })) })).toBe(before);
  const odd = { path: "/x", kind: "unknown", modifiedMs: 1 } as const;
  const later = digestOf({ leftovers: [...leftovers, { ...odd, modifiedMs: 2 }] });
  expect(digestOf({ leftovers: [...leftovers, odd] })).toBe(later);
  expect(digestOf({ leftovers: [...leftovers, { ...odd, path: "/y" }] })).not.toBe(later);
  expect(digestOf({ leftovers: [...leftovers, { ...odd, kind: "lock" }] })).not.toBe(later);
});

test.each(times)("%s gives the same digest", (_, part) => {
  const inventory = readInventory("everyLayout");
  expect(inventoryDigest({ ...inventory, ...part })).toBe(inventoryDigest(inventory));
});
