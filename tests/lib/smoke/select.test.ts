import { expect, test } from "bun:test";
import { loadRunbook } from "../../../lib/smoke/load.ts";
import type { Entry, Status } from "../../../lib/smoke/record.ts";
import { resultOf } from "../../../lib/smoke/results.ts";
import { stepsToResume } from "../../../lib/smoke/resume.ts";
import { select } from "../../../lib/smoke/select.ts";
import { unitsOf } from "../../../lib/smoke/walk.ts";
import { lanesDir } from "./walking.ts";

const runbook = loadRunbook(lanesDir);

test("lanes and steps add up, and a number means its variants too", () => {
  const chosen = select(runbook, { lanes: ["9"], steps: ["1.1", "5.2"] });
  expect([...chosen]).toEqual(["1.1", "1.1-again", "1.1-port-taken", "5.2", "9.1"]);
  expect([...select(runbook, { steps: ["1.1"], skip: ["1.1-again", "1.1-port-taken"] })]).toEqual([
    "1.1",
  ]);
});

test("from means this step and all after it", () => {
  expect([...select(runbook, { from: "10.2-cursor", lanes: ["10"] })]).toEqual(["10.2-cursor"]);
});

test("what the runbook does not have is a usage error that names it", () => {
  expect(() => select(runbook, { lanes: ["42"] })).toThrow(
    'Cannot walk "42": the runbook has no such lane',
  );
  expect(() => select(runbook, { steps: ["1.99"] })).toThrow("no such step");
  expect(() => select(runbook, { skip: ["x"] })).toThrow("no such lane or step");
});

test("what a chosen step needs comes along, in order, and is marked", () => {
  const [unit] = unitsOf(runbook, new Set(["9.1"]), 1);
  expect(unit?.steps.map(({ step, prerequisite }) => [step.id, prerequisite])).toEqual([
    ["1.1", true],
    ["2.1", true],
    ["9.1", false],
  ]);
});

test("side by side, every lane and track has a world of its own; tracks start first", () => {
  const units = unitsOf(runbook, select(runbook, { lanes: ["6", "9", "10"] }), 4);
  const ids = units.map(({ id }) => id);
  expect(ids).toEqual(
    expect.arrayContaining(["lane-6-observer", "lane-6-reviews", "lane-9-reaper", "lane-10"]),
  );
  expect(ids.indexOf("lane-10")).toBeGreaterThan(ids.indexOf("lane-9-reaper"));
});

function recordOf(statuses: Record<string, Status | undefined>): Entry[] {
  const at = "2026-01-01T00:00:00Z";
  const plan = Object.keys(statuses).map((id) => ({
    id,
    lane: "1",
    laneTitle: "x",
    title: "x",
    why: "x",
    source: "x",
  }));
  return [
    {
      type: "run",
      version: 1,
      run: "r",
      at,
      ao: "/ao",
      generation: "R",
      runtime: "tmux",
      github: "fake",
      agents: "fake",
      runbook: lanesDir,
    },
    { type: "plan", steps: plan },
    ...Object.entries(statuses).flatMap(([step, status]): Entry[] =>
      status === undefined ? [] : [{ type: "end", step, world: "w", status, ms: 1, at }],
    ),
  ];
}

test("a run goes on with what has no result, or with what failed, or from a step", () => {
  const result = resultOf(
    recordOf({ "1.1": "pass", "1.2": "fail", "1.3": "blocked", "1.4": undefined }),
  );
  expect([...stepsToResume(runbook, result, {}, false)]).toEqual(["1.4"]);
  expect([...stepsToResume(runbook, result, {}, true)]).toEqual(["1.2", "1.3"]);
  expect([
    ...stepsToResume(runbook, result, { from: "10.2-cursor", lanes: ["10"] }, false),
  ]).toEqual(["10.2-cursor"]);
});

test("a run of a runbook that has changed does not go on", () => {
  const result = resultOf(recordOf({ "1.77": undefined }));
  expect(() => stepsToResume(runbook, result, {}, false)).toThrow("step 1.77 is gone");
});
