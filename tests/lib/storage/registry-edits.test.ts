import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { assess } from "../../../lib/storage/assess.ts";
import { refuseBlocked } from "../../../lib/storage/live.ts";
import { makeDisk } from "../../disk/build.ts";
import { optionsFor } from "./journey.ts";

const bare = { name: "integrator", layout: "v1-bare", storageKey: "bare" } as const;

function planWith(change: (text: string) => string) {
  using disk = makeDisk({ projects: [bare, { name: "backend" }] });
  writeFileSync(disk.configFile, change(readFileSync(disk.configFile, "utf8")));
  const { plan } = assess(optionsFor(disk));
  return { plan, file: disk.configFile };
}

test("an entry that another one merges in blocks the plan, with its place and what to do", async () => {
  const { plan, file } = planWith(
    (text) => `${text.replace(/^( {2}\S*integrator\S*:)/m, "$1 &first")}other:\n  <<: *first\n`,
  );
  expect(plan.blockers.length).toBeGreaterThan(0);
  expect(plan.blockers[0]).toStartWith(`${file}:`);
  expect(plan.blockers[0]).toMatch(/:\d+:\d+: cannot change \/projects\/.*Write it out by hand\.$/);
  await expect(refuseBlocked(plan, { migrate: () => "", rollback: () => "" })).rejects.toThrow();
});

test("an anchor elsewhere in the registry is in nobody's way", () => {
  const { plan } = planWith((text) => `${text}x: &here 1\ny: *here\n`);
  expect(plan.blockers).toEqual([]);
  expect(plan.steps.length).toBeGreaterThan(0);
});
