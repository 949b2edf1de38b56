/** What the files of a migration must look like, and what is said of those that do not. */

import { describe, expect, test } from "bun:test";
import {
  faultIn,
  lineSchema,
  manifestSchema,
  operationSchema,
  planSchema,
} from "../../../lib/change/schema.ts";

const digest = "0123456789abcdef".repeat(4);
const at = "2026-01-01T00:00:00.000Z";
const nested = (levels: number): unknown => (levels === 0 ? 1 : [{ a: nested(levels - 1) }, 1]);

describe("an operation", () => {
  const create = { op: "create", path: "/a", content: "" };
  const patch = { op: "patchJson", path: "/a", edits: [] };
  const files = [{ path: "/f", before: "a", after: "b" }];
  const relink = { op: "relinkWorktree", repo: "/r", worktree: "/w", files };
  const edited = (edit: object) => ({ ...patch, edits: [edit] });

  test.each<[object]>([
    [{ op: "makeDir", path: "/a" }],
    [create],
    [{ ...create, encoding: "utf8", mode: 0 }],
    [{ ...create, encoding: "base64", mode: 0o7777 }],
    [{ op: "move", from: "/a", to: "/b" }],
    [{ ...patch, line: 1 }],
    [edited({ pointer: "", before: null, after: nested(50) })],
    [edited({ pointer: "/a", rename: "b" })],
    [{ op: "patchYaml", path: "/a", edits: [{ pointer: "/a", after: "x" }] }],
    [{ op: "trash", path: "/" }],
    [relink],
    [{ op: "renameTmux", from: "a", to: "b" }],
  ])("may be %j", (operation) => {
    expect(faultIn(operationSchema, operation)).toBeNull();
  });

  test.each<[object, string]>([
    [{ op: "makeDir", path: "a" }, "path: "],
    [{ op: "makeDir", path: `/${"a".repeat(16 * 1024)}` }, "path: "],
    [{ op: "makeDir" }, "path: "],
    [{ op: "makeDir", path: "/a", more: 1 }, "more is no known key"],
    [{ op: "rm", path: "/a" }, "op: "],
    [{ ...create, encoding: "latin1" }, "encoding: "],
    [{ ...create, mode: 0o10000 }, "mode: "],
    [{ ...create, mode: -1 }, "mode: "],
    [{ ...create, mode: 1.5 }, "mode: "],
    [{ op: "move", from: "/a", to: "b" }, "to: "],
    [{ ...patch, line: 0 }, "line: "],
    [{ ...patch, line: 1.5 }, "line: "],
    [{ op: "patchYaml", path: "/a", edits: [], line: 1 }, "line is no known key"],
    [edited({}), "edits.0.pointer: "],
    [edited({ pointer: "/a", rename: 1 }), "edits.0.rename: "],
    [edited({ pointer: "/a", after: nested(51) }), "edits.0.after: is nested too deeply"],
    [edited({ pointer: "/a", before: { b: nested(50) } }), "edits.0.before: is nested too deeply"],
    [{ ...relink, files: [{ path: "f", before: "", after: "" }] }, "files.0.path: "],
    [{ ...relink, files: [{ path: "/f", before: "" }] }, "files.0.after: "],
    [{ op: "renameTmux", from: "a", to: "b".repeat(10_001) }, "to: "],
  ])("is not %j", (operation, fault) => {
    expect(faultIn(operationSchema, operation)).toStartWith(fault);
  });
});

test("a value of another kind than it must be is told without a key", () => {
  expect(faultIn(planSchema, null)).toStartWith("it: ");
  expect(faultIn(lineSchema, {})).toStartWith("it: ");
});

describe("a plan and a manifest", () => {
  const plan = { schemaVersion: 1, script: "x", title: "x", roots: ["/"], operations: [{}, 1] };
  const manifest = {
    ...{ schemaVersion: 1, id: "x", script: "x", title: "x", createdAt: at, root: "/" },
    ...{ toolVersion: "1", planDigest: digest, operations: 0 },
  };

  test("are as they were written", () => {
    expect([faultIn(planSchema, plan), faultIn(manifestSchema, manifest)]).toEqual([null, null]);
  });

  test.each<[object, string]>([
    [{ planDigest: `${digest}0` }, "planDigest: is no digest"],
    [{ planDigest: `x${digest}` }, "planDigest: is no digest"],
    [{ planDigest: digest.toUpperCase() }, "planDigest: is no digest"],
    [{ createdAt: "yesterday" }, "createdAt: "],
    [{ operations: -1 }, "operations: "],
    [{ operations: 0.5 }, "operations: "],
    [{ schemaVersion: 2 }, "schemaVersion: "],
    [{ root: "here" }, "root: "],
    [{ more: 1 }, "more is no known key"],
  ])("of a later version or another hand are told: %j", (change, fault) => {
    expect(faultIn(manifestSchema, { ...manifest, ...change })).toStartWith(fault);
  });

  test.each<[object, string]>([
    [{ roots: ["/", "x"] }, "roots.1: "],
    [{ schemaVersion: 2 }, "schemaVersion: "],
    [{ operations: {} }, "operations: "],
    [{ more: 1 }, "more is no known key"],
  ])("a plan with %j is told", (change, fault) => {
    expect(faultIn(planSchema, { ...plan, ...change })).toStartWith(fault);
  });
});

describe("a line of the journal", () => {
  const intent = (facts: object) => ({ k: "intent", from: 0, to: 1, items: [{ i: 0, ...facts }] });
  const kept = { index: 0, path: "/a", reason: "is gone" };
  const swap = [digest, digest];

  test.each<[object]>([
    [{ k: "start", run: "apply", at }],
    [{ k: "start", run: "undo", at }],
    [{ ...intent({ near: true, made: true, id: "x", hash: digest, skip: true }), first: true }],
    [intent({ exact: true, aside: "trash", swaps: [null, swap, [...swap, "near"]] })],
    [intent({ aside: "beside" })],
    [{ k: "kept", items: [kept, { ...kept, quiet: true, failed: true }] }],
    [{ k: "done" }],
    [{ k: "warning", text: "x", i: 1 }],
    [{ k: "end", at }],
    [{ k: "pruned", at }],
  ])("may hold %j", (record) => {
    expect(faultIn(lineSchema, [{ k: "done" }, record])).toBeNull();
  });

  test.each<[object, string]>([
    [{ k: "begin" }, "1.k: "],
    [{ k: "start", run: "redo", at }, "1.run: "],
    [{ k: "intent", from: -1, to: 1, items: [] }, "1.from: "],
    [intent({ near: false }), "1.items.0.near: "],
    [intent({ aside: "elsewhere" }), "1.items.0.aside: "],
    [intent({ hash: "x" }), "1.items.0.hash: "],
    [intent({ swaps: [[digest]] }), "1.items.0.swaps.0"],
    [intent({ swaps: [[...swap, "far"]] }), "1.items.0.swaps.0"],
    [intent({ swaps: [["x", digest]] }), "1.items.0.swaps.0"],
    [intent({ more: 1 }), "1.items.0.more is no known key"],
    [{ k: "kept", items: [{ path: "/a", reason: "x" }] }, "1.items.0.index: "],
    [{ k: "kept", items: [{ ...kept, path: 1 }] }, "1.items.0.path: "],
    [{ k: "kept", items: [{ ...kept, quiet: false }] }, "1.items.0.quiet: "],
    [{ k: "kept", items: [{ ...kept, more: 1 }] }, "1.items.0.more is no known key"],
    [{ k: "done", at }, "1.at is no known key"],
    [{ k: "warning", text: 1 }, "1.text: "],
    [{ k: "warning", text: "x", i: "0" }, "1.i: "],
    [{ k: "end" }, "1.at: "],
    [{ k: "pruned", at: "now" }, "1.at: "],
  ])("does not hold %j", (record, fault) => {
    expect(faultIn(lineSchema, [{ k: "done" }, record])).toStartWith(fault);
  });
});
