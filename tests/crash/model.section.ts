/**
 * The model test: any sequence of migrations, rollbacks, edits, sessions made and ended, AO at work,
 * and processes that end at any moment. `model-commands.ts` has the commands for the engine,
 * `model-scripts.ts` those for the scripts on real disks.
 */

import type { ProofSection, Row } from "../proof.ts";
import { walks } from "./model-walks.ts";
import { failuresOf } from "./power-property.ts";

export default {
  title: "Model: sequences of commands, each followed by a look at all bytes and states",
  async run({ quick, seed }) {
    return [await engineRow(quick ? 120 : 2000, seed)];
  },
} satisfies ProofSection;

async function engineRow(runs: number, seed: number): Promise<Row> {
  const counts: Record<string, number> = {};
  const failures = await failuresOf(walks(counts), { seed, numRuns: runs });
  const count = Object.values(counts).reduce((sum, each) => sum + each, 0);
  const note = Object.entries(counts)
    .map(([name, times]) => `${times} × ${name}`)
    .join(", ");
  return {
    name: "engine, simulated disk",
    count,
    atLeast: runs * 5,
    unit: "commands",
    failures,
    note,
  };
}
