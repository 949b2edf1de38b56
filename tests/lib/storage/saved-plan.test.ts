import { afterEach, beforeEach, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stepIds } from "../../../lib/storage/options.ts";
import { planStorage } from "../../../lib/storage/plan.ts";
import { recordOf } from "../../../lib/storage/record.ts";
import { demandSamePlan, readSavedPlan } from "../../../lib/storage/saved-plan.ts";
import { makeTemp } from "../../temp.ts";
import { readInventory } from "./frozen/freeze.ts";

let dir: string;
beforeEach(() => {
  dir = makeTemp("saved-plan");
});
afterEach(() => rmSync(dir, { recursive: true }));

const now = new Date("2026-11-21T10:00:00Z");
const answer: [string, string] = ["identity:.ao-sessions", "leave"];

function save(change: (record: Record<string, unknown>) => unknown): string {
  const plan = planStorage(readInventory("everyLayout"), {
    now,
    steps: new Set(stepIds),
    answers: new Map([answer]),
    linkFiles: () => [],
  });
  const record = recordOf(plan, {
    generatedAt: now,
    aoVersion: "0.0.0",
    inventoryDigest: () => "0".repeat(64),
  });
  const file = join(dir, "plan.json");
  writeFileSync(file, JSON.stringify(change(JSON.parse(JSON.stringify(record)))));
  return file;
}

test("a saved plan is asked for again: its moment, its steps and every answer", () => {
  const saved = readSavedPlan(save((record) => record));
  expect(saved.generatedAt).toEqual(now);
  expect([...saved.steps]).toEqual([...stepIds]);
  expect(saved.planId).toMatch(/^[0-9a-f]{16}$/);
  expect(saved.answers.get(answer[0])).toBe(answer[1]);
});

test("a plan without a field it needs is refused, with the field", () => {
  const file = save(({ planId: _, ...rest }) => rest);
  expect(() => readSavedPlan(file)).toThrow(
    expect.objectContaining({ outcome: "invalid", message: expect.stringContaining("planId") }),
  );
});

test("a file that is not there is refused, with its name", () => {
  const file = join(dir, "none.json");
  expect(() => readSavedPlan(file)).toThrow(
    expect.objectContaining({ outcome: "invalid", message: expect.stringContaining(file) }),
  );
});

test.each([
  ["schemaVersion", 2],
  ["generatedAt", "yesterday"],
  ["planId", "0123456789abcde"],
  ["planId", "0123456789abcdef0"],
  ["planId", "0123456789abcdeg"],
  ["selectedSteps", ["rekey-v1-entries", "rekey"]],
  ["decisions", [{ key: "identity:x" }]],
  ["decisions", [{ chosen: "leave" }]],
] as const)("a plan whose %s is %j is refused, with the field and the file", (field, value) => {
  const file = save((record) => ({ ...record, [field]: value }));
  const message = expect.stringMatching(new RegExp(`": ${field}\\S* is missing or wrong$`));
  expect(() => readSavedPlan(file)).toThrow(
    expect.objectContaining({ outcome: "invalid", message, place: { file } }),
  );
});

test("a file that is not JSON is refused, with the place", () => {
  const file = join(dir, "plan.json");
  writeFileSync(file, '{\n  "planId": x\n}');
  expect(() => readSavedPlan(file)).toThrow(
    expect.objectContaining({ outcome: "invalid", place: { file, line: 2, column: 13 } }),
  );
});

test("a plan that the disk no longer leads to is refused, with the command for a new one", () => {
  const saved = readSavedPlan(save((record) => record));
  const migrate = (...words: string[]) => ["migrate", ...words].join(" ");
  const demand = (id: string) => demandSamePlan(saved, { id } as never, migrate);
  expect(() => demand(saved.planId)).not.toThrow();
  expect(() => demand("0123456789abcdef")).toThrow(
    expect.objectContaining({
      outcome: "refused",
      message: expect.stringMatching(new RegExp(`${saved.planId}.*0123456789abcdef`)),
      hint: expect.stringContaining("migrate --output plan.json"),
    }),
  );
});
