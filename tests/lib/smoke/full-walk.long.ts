/**
 * The whole walk on a real AO, waits included. It takes about two minutes, so `bun test` does not
 * find it by its name: `bun test ./tests/lib/smoke/full-walk.long.ts`.
 */
import { expect, test } from "bun:test";
import { bundledKnownIssues, loadKnownIssues } from "../../../lib/smoke/known.ts";
import { requireAo, scratch } from "./real-ao.ts";
import { collector, findToothless } from "./toothless.ts";
import { walkLanes } from "./walking.ts";

/** Steps whose result hangs on the machine: a real GitHub, or not being root. */
const elsewhere = ["0.3", "1.3-read-only", "6.6-real", "8.3-real"];

test("every step that can run offline passes or is a known issue, in under 150 s", async () => {
  using folder = scratch();
  const { seen: observations, onObservation } = collector();
  const { result } = await walkLanes({
    ao: requireAo(),
    tmp: folder.path,
    known: loadKnownIssues(bundledKnownIssues("R") ?? ""),
    options: { jobs: 12, onObservation },
  });
  const other = result.steps.filter(({ status }) => status !== "pass");
  const seen = other.map(({ id, status, reason }) => `${id} ${status}: ${reason}`);
  const unexpected = other.filter(
    ({ id, status }) => status !== "known" && !elsewhere.includes(id),
  );
  expect({ unexpected: unexpected.map(({ id }) => id), seen }).toEqual({ unexpected: [], seen });
  expect(result.left).toEqual([]);
  expect(result.ms).toBeLessThan(150_000);
  expect(findToothless(observations).toothless).toEqual([]);
}, 240_000);
