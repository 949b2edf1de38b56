/** The runner itself costs little: a step that does next to nothing is over at once. */
import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadRunbook } from "../../../lib/smoke/load.ts";
import { requireAo, scratch } from "./real-ao.ts";
import { walkLanes } from "./walking.ts";

const count = 300;

test("a step costs the runner at most 3 ms beyond the step itself", async () => {
  using folder = scratch();
  const dir = join(folder.path, "lanes");
  mkdirSync(dir);
  const steps = Array.from({ length: count }, (_, index) => [
    `  - id: "1.${index}"`,
    "    title: looks at a file",
    "    why: x",
    "    do:",
    "      - file: $" + "{root}",
    "        expect: { exists: true, kind: directory }",
    "        capture: { kind: kind }",
  ]);
  writeFileSync(
    join(dir, "01-many.yaml"),
    ["lane: 1", "title: many", "why: x", "steps:", ...steps.flat(), ""].join("\n"),
  );
  const { result, entries } = await walkLanes({
    ao: requireAo(),
    tmp: folder.path,
    runbook: loadRunbook(dir),
  });
  expect(result.counts.pass).toBe(count);
  const starts = entries.flatMap((entry) => (entry.type === "start" ? [Date.parse(entry.at)] : []));
  const ends = entries.flatMap((entry) => (entry.type === "end" ? [Date.parse(entry.at)] : []));
  // From the first start to the last end: records between two steps count as the runner's too.
  const perStep = ((ends.at(-1) ?? 0) - (starts[0] ?? 0)) / count;
  expect(perStep).toBeLessThan(3);
});
