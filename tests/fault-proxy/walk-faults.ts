/** Walks a faulty AO for each of some faults and expects exactly the documented steps to be red. */
import { beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { loadRunbook } from "../../lib/smoke/load.ts";
import { examine, type Target } from "../../lib/smoke/target.ts";
import { requireAo, scratch } from "../lib/smoke/real-ao.ts";
import { lanesDir, walkLanes } from "../lib/smoke/walking.ts";
import type { Fault } from "./faults.ts";
import { makeFaultyAo } from "./shim.ts";

/** Defines a test for each fault; all run side by side. `limit` is in milliseconds. */
export function testFaults(faults: readonly Fault[], limit: number): void {
  let target: Target;
  const runbook = loadRunbook(lanesDir);
  beforeAll(async () => {
    using folder = scratch();
    target = await examine(requireAo(), folder.path, process.env.PATH ?? "");
  }, 30_000);

  describe("a faulty AO", () => {
    for (const fault of faults) {
      const red = fault.red.join(", ") || "nothing";
      test.concurrent(
        `${fault.name}: turns exactly ${red} red`,
        async () => {
          using folder = scratch();
          mkdirSync(join(folder.path, "shim"));
          const ao = makeFaultyAo(target.ao, fault, join(folder.path, "shim"));
          const { entries } = await walkLanes({
            ao,
            tmp: folder.path,
            runbook,
            target: { ...target, ao },
            // The proxy itself cannot move to another port, as the real daemon does.
            selection: { steps: fault.steps, skip: ["1.1-port-taken", ...(fault.skip ?? [])] },
          });
          // Steps that only came along count too: a fault must not hide behind what it blocks.
          const ends = entries.filter((entry) => entry.type === "end");
          const bad = ends.filter(({ status }) => status === "fail" || status === "error");
          const looked = entries.flatMap((entry) => (entry.type === "action" ? entry : []));
          const seen = bad.map(({ step, reason }) => {
            const last = looked.findLast((action) => action.step === step)?.seen;
            return `${step}: ${reason} ${JSON.stringify(last)}`;
          });
          expect({ red: bad.map(({ step }) => step), seen }).toEqual({ red: fault.red, seen });
          const because = new RegExp(fault.because ?? "");
          for (const { reason } of bad) expect(reason).toMatch(because);
          expect(ends.filter(({ status }) => status === "pass").length).toBeGreaterThan(0);
        },
        limit,
      );
    }
  });
}
