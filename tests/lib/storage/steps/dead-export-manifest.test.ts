/** Exports that nothing uses are listed in a file of the moment, beside the migrations. */

import { expect, test } from "bun:test";
import { stepIds } from "../../../../lib/storage/options.ts";
import { planStorage } from "../../../../lib/storage/plan.ts";
import { base, inventoryOf } from "../found.ts";

function listed(deadExports?: string[]) {
  const { steps } = planStorage(inventoryOf({}), {
    ...{ steps: new Set(stepIds), answers: new Map(), linkFiles: () => [] },
    now: new Date("2026-11-21T10:20:30.456Z"),
    ...(deadExports !== undefined && { deadExports }),
  });
  return steps.map(({ operations, details }) => ({ operations, details }));
}

test("one name a line, and one thing for each", () => {
  const path = `${base}/migrations/v3-20261121T102030Z.dead-exports.txt`;
  expect(listed(["a.ts: one", "b.ts: two"])).toEqual([
    {
      operations: [
        { op: "makeDir", path: `${base}/migrations` },
        { op: "create", path, content: "a.ts: one\nb.ts: two\n" },
      ],
      details: ["a.ts: one", "b.ts: two"],
    },
  ]);
});

test("there is no file where nothing was asked for, or found", () => {
  expect(listed()).toEqual([]);
  expect(listed([])).toEqual([]);
});
