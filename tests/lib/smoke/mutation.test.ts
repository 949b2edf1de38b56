/**
 * Every automatic expectation can fail: each is tried on changed versions of what a real AO showed.
 */
import { expect, test } from "bun:test";
import { requireAo, scratch } from "./real-ao.ts";
import { collector, findToothless } from "./toothless.ts";
import { walkLanes } from "./walking.ts";

/** What wants waits of half a minute and more is tried in `full-walk.long.ts`. */
const waiting = ["6.1", "6.2", "6.4", "6.5", "6.6", "9"];

test("a change of anything that the lanes expect is caught by the expectation", async () => {
  using folder = scratch();
  const { seen, onObservation } = collector();
  const { result } = await walkLanes({
    ao: requireAo(),
    tmp: folder.path,
    selection: { skip: waiting },
    options: { jobs: 6, onObservation },
  });
  const bad = result.steps.filter(({ status }) => ["fail", "error", "blocked"].includes(status));
  // The known issues of this build, walked here without the list of them.
  expect(bad.map(({ id }) => id)).toEqual(["3.7-dirty-row", "8.1-document", "8.2-no-row"]);
  const { toothless, tried } = findToothless(seen);
  expect(toothless).toEqual([]);
  expect(seen.length).toBeGreaterThan(200);
  expect(tried).toBeGreaterThan(2_000);
}, 60_000);

test("an expectation that cannot fail is found out", () => {
  const observation = { stdout: "text", rows: [{ n: 1 }, { n: 2 }] };
  const where = "1.1 run";
  const find = (expected: Parameters<typeof findToothless>[0][number]["expect"]) =>
    findToothless([{ where, expect: expected, observation }]).toothless.length;
  expect(find({ stdout: { not: { matches: "^never$" } } })).toBeGreaterThan(0);
  expect(find({ stdout: { type: "string" } })).toBe(0);
});
