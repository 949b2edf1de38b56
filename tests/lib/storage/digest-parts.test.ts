/** Each part of a kept scan that a plan depends on is part of its digest. */

import { expect, test } from "bun:test";
import { inventoryDigest } from "../../../lib/storage/digest.ts";
import type { Inventory } from "../../../lib/storage/inventory.ts";
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

test.each(times)("%s gives the same digest", (_, part) => {
  const inventory = readInventory("everyLayout");
  expect(inventoryDigest({ ...inventory, ...part })).toBe(inventoryDigest(inventory));
});
