/**
 * Inputs that something once stumbled over, or nearly: each has to be taken as all others are.
 *
 * A case is a file in `tests/fixtures/fuzz/GRAMMAR/`; what a fuzzing run shows goes there as it is.
 */

import { afterAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../process.ts";
import { executedPlan, planFile, registry } from "./grammars/configs.ts";
import { lookedAt, migrated } from "./grammars/disks.ts";
import { laneFiles, listedLanes } from "./grammars/lanes.ts";
import { keyValue, sessionMetadata } from "./grammars/metadata.ts";
import { migrationFiles } from "./grammars/migrations.ts";
import { patchJson, patchYaml } from "./grammars/patches.ts";
import { planDocuments, stagedPlans } from "./grammars/planning.ts";
import { taskSession, taskSessions } from "./grammars/tasks.ts";
import { examine, type Grammar, hunt } from "./hunt.ts";

const grammars: readonly Grammar[] = [
  ...[keyValue, sessionMetadata, patchJson, patchYaml, registry, planFile, executedPlan],
  ...[taskSession, taskSessions, lookedAt, migrated, migrationFiles, planDocuments, stagedPlans],
  ...[laneFiles, listedLanes],
];

const cases = join(root, "tests/fixtures/fuzz");

afterAll(() => {
  for (const grammar of grammars) grammar.close?.();
});

test("every folder of cases belongs to a grammar", () => {
  const names = grammars.map(({ name }) => name);
  expect(readdirSync(cases).filter((folder) => !names.includes(folder))).toEqual([]);
});

for (const folder of readdirSync(cases)) {
  const grammar = grammars.find(({ name }) => name === folder);
  if (grammar === undefined) continue;
  describe(folder, () => {
    test.each(readdirSync(join(cases, folder)).sort())("%s", async (name) => {
      const { fault } = await examine(grammar, readFileSync(join(cases, folder, name)));
      expect(fault).toBeNull();
    });
  });
}

describe("a hunt", () => {
  const options = { quick: true, seed: 1 };
  const share = { full: 400, quick: 200 };

  test("finds a reader that throws, and shows what is left when the input is made smaller", async () => {
    const toothless: Grammar = {
      ...keyValue,
      check(input) {
        if (Buffer.from(input).includes("=")) throw new TypeError("no = please");
        return null;
      },
    };
    const { failures, count } = await hunt(toothless, share, options);
    expect(failures).toHaveLength(5);
    expect(count).toBeLessThan(200);
    expect(failures[0]).toContain("thrown: TypeError: no = please");
    expect(failures[0]).toEndWith('\n    "="');
  });

  test("gives the same inputs for the same seed", async () => {
    const seen: string[][] = [[], []];
    for (const list of seen) {
      const check = (input: Uint8Array) => {
        list.push(Buffer.from(input).toString("base64"));
        return null;
      };
      await hunt({ ...sessionMetadata, check }, share, options);
    }
    expect(seen[0]).toHaveLength(200);
    expect(seen[0]).toEqual(seen[1] as string[]);
    expect(new Set(seen[0]).size).toBeGreaterThan(150);
  });
});
