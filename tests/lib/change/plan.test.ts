import { expect, test } from "bun:test";
import type { Operation } from "../../../lib/change/operation.ts";
import { planDigest } from "../../../lib/change/plan.ts";

const operations: Operation[] = [
  { op: "makeDir", path: "/a" },
  { op: "create", path: "/a/b", content: "c", mode: 0o600 },
  { op: "move", from: "/x", to: "/y" },
  { op: "patchJson", path: "/j", line: 2, edits: [{ pointer: "/a", before: 1, after: null }] },
  { op: "patchYaml", path: "/y", edits: [{ pointer: "/a", rename: "b" }] },
  { op: "trash", path: "/t" },
  {
    op: "relinkWorktree",
    repo: "/r",
    worktree: "/w",
    files: [{ path: "/f", before: "", after: "x" }],
  },
  { op: "renameTmux", from: "a", to: "b" },
];

function reversed(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(reversed);
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, item]) => [key, reversed(item)]),
  );
}

test("the digest does not depend on the order of keys", () => {
  expect(planDigest(reversed(operations) as Operation[])).toBe(planDigest(operations));
  const nested = (after: object): Operation[] => [
    { op: "patchJson", path: "/j", edits: [{ pointer: "/a", after: [after] as never }] },
  ];
  expect(planDigest(nested({ a: 1, b: { c: 2, d: 3 } }))).toBe(
    planDigest(nested({ b: { d: 3, c: 2 }, a: 1 })),
  );
});

test("the digest survives JSON, and undefined is absent", () => {
  expect(planDigest(JSON.parse(JSON.stringify(operations)) as Operation[])).toBe(
    planDigest(operations),
  );
  const create = { op: "create", path: "/a", content: "" } as const;
  expect(planDigest([{ ...create, mode: undefined } as unknown as Operation])).toBe(
    planDigest([create]),
  );
});

test("the digest of a plan that was saved once stays what it was", () => {
  const after = { list: [1, [null, { b: 1, a: "x" }], []], none: null, flag: false };
  const nested: Operation[] = [
    { op: "patchYaml", path: "/y", edits: [{ pointer: "/b", before: ["v"], after }] },
  ];
  expect(planDigest([...operations, ...nested])).toBe(
    "464725e4d3c00bd4540edba2ec9aa2986d74276f73bbaa47b78b2277a36d7dc4",
  );
});

test("every change to a plan changes the digest", () => {
  const digests = new Set([planDigest(operations), planDigest(operations.toReversed())]);
  const variants: Operation[] = [
    { op: "makeDir", path: "/b" },
    { op: "trash", path: "/a" },
    { op: "create", path: "/a", content: "" },
    { op: "create", path: "/a", content: "", mode: 0 },
    { op: "create", path: "/a", content: "", encoding: "base64" },
    { op: "patchJson", path: "/a", edits: [] },
    { op: "patchYaml", path: "/a", edits: [] },
    { op: "patchJson", path: "/a", edits: [], line: 1 },
    { op: "patchJson", path: "/a", edits: [{ pointer: "/a" }] },
    { op: "patchJson", path: "/a", edits: [{ pointer: "/a", before: null }] },
    { op: "patchJson", path: "/a", edits: [{ pointer: "/a", after: null }] },
    { op: "patchJson", path: "/a", edits: [{ pointer: "/a", rename: "" }] },
    { op: "patchYaml", path: "/a", edits: [{ pointer: "/a" }] },
    { op: "patchYaml", path: "/a", edits: [{ pointer: "/a", after: [1] }] },
    { op: "patchYaml", path: "/a", edits: [{ pointer: "/a", after: [2] }] },
    { op: "patchYaml", path: "/a", edits: [{ pointer: "/a", after: { 0: 1 } }] },
    { op: "patchYaml", path: "/a", edits: [{ pointer: "/a", after: { b: 1 } }] },
  ];
  for (const variant of variants) digests.add(planDigest([variant]));
  expect(digests.size).toBe(variants.length + 2);
});
