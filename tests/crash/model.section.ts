/**
 * The model test: any sequence of migrations, rollbacks, edits, sessions made and ended, AO at work,
 * and processes that end at any moment. `model-commands.ts` has the commands for the engine,
 * `model-scripts.ts` those for the scripts on real disks.
 */

import type { ProofSection, Row } from "../proof.ts";
import { realWalks } from "./model-scripts.ts";
import { walks } from "./model-walks.ts";
import { failuresOf } from "./power-property.ts";

export default {
  title: "Model: sequences of commands, each followed by a look at all bytes and states",
  async run({ quick, seed }) {
    return [await engineRow(quick ? 120 : 2000, seed), await scriptsRow(quick ? 4 : 60, seed)];
  },
} satisfies ProofSection;

async function engineRow(runs: number, seed: number): Promise<Row> {
  const counts: Record<string, number> = {};
  const failures = await failuresOf(walks(counts), { seed, numRuns: runs });
  const name = "engine on a simulated disk";
  return { name, ...summed(counts), atLeast: runs * 8, unit: "commands", failures };
}

async function scriptsRow(runs: number, seed: number): Promise<Row> {
  const counts: Record<string, number> = {};
  const failures = await failuresOf(realWalks(10, counts), { seed, numRuns: runs });
  const name = "scripts on real disks";
  return { name, ...summed(counts), atLeast: runs * 5, unit: "commands", failures };
}

function summed(counts: Record<string, number>): Pick<Row, "count" | "note"> {
  const kinds = Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1));
  const count = kinds.reduce((sum, [, times]) => sum + times, 0);
  return { count, note: kinds.map(([name, times]) => `${times} ${name}`).join(", ") };
}
