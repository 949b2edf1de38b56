/** The smoke runner: what it costs per step, told from a lane whose steps do next to nothing. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadRunbook } from "../../lib/smoke/load.ts";
import type { Target } from "../../lib/smoke/target.ts";
import { walkLanes } from "../lib/smoke/walking.ts";
import type { Section } from "./bench.ts";
import { figure } from "./measure.ts";

const boundMs = 3;

/** No step of this lane asks AO for anything. */
const target: Target = {
  ao: "/bin/true",
  generation: "R",
  runtime: "tmux",
  startsWith: "ao daemon",
  version: "none",
};

/** A lane of steps that look at a directory and keep what they saw. */
function laneOf(steps: number): string {
  const lines = Array.from({ length: steps }, (_, index) => [
    `  - id: "1.${index}"`,
    "    title: looks at a directory",
    "    why: x",
    "    do:",
    "      - file: $" + "{root}",
    "        expect: { exists: true, kind: directory }",
    "        capture: { kind: kind }",
  ]);
  return ["lane: 1", "title: many", "why: x", "steps:", ...lines.flat(), ""].join("\n");
}

/** Milliseconds a step, from the first start to the last end, so that records between count too. */
async function perStep(steps: number): Promise<number> {
  const tmp = mkdtempSync(join(tmpdir(), "s"));
  try {
    const lanes = join(tmp, "lanes");
    mkdirSync(lanes);
    writeFileSync(join(lanes, "01-many.yaml"), laneOf(steps));
    const { result, entries } = await walkLanes({
      ao: target.ao,
      tmp,
      target,
      runbook: loadRunbook(lanes),
    });
    if (result.counts.pass !== steps) throw new Error(JSON.stringify(result.counts));
    const at = (type: "start" | "end") =>
      entries.flatMap((entry) => (entry.type === type ? [Date.parse(entry.at)] : []));
    return ((at("end").at(-1) ?? Number.NaN) - (at("start")[0] ?? Number.NaN)) / steps;
  } finally {
    rmSync(tmp, { recursive: true, force: true });
  }
}

const section: Section = {
  title: "Smoke runner: time beyond the step itself",
  async measure({ quick }) {
    const samples: number[] = [];
    await perStep(100);
    for (let n = 0; n < (quick ? 3 : 9); n++) samples.push(await perStep(quick ? 200 : 1_000));
    return [figure("a step that looks at a directory", samples, boundMs, "ms")];
  },
};
export default section;
