/**
 * The whole way on generated disks: plan, execute, look again, roll back, execute once more. Set
 * `AO_TEST_SEED` for other disks, `AO_TEST_RUNS` for more of them.
 */

import { test } from "bun:test";
import fc from "fast-check";
import { recipes } from "./generated/disks.ts";
import { wholeWay } from "./generated/way.ts";

const seed = Number(process.env.AO_TEST_SEED ?? 20_261_121);
const numRuns = Number(process.env.AO_TEST_RUNS ?? 300);

test(
  `whatever is on a disk, a migration can be made, taken back, and made again (${numRuns} disks)`,
  async () => {
    await fc.assert(fc.asyncProperty(recipes, wholeWay), { seed, numRuns });
  },
  { timeout: 600_000 },
);
