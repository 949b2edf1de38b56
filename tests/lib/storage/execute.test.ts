/** Storage migrations that stop between two batches, and the look for other runs before one. */

import { expect, test } from "bun:test";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { assess } from "../../../lib/storage/assess.ts";
import { execute, jobOf, resumeStorage } from "../../../lib/storage/execute.ts";
import { refuseRunning } from "../../../lib/storage/live.ts";
import { makeDisk } from "../../disk/build.ts";
import { optionsFor } from "./journey.ts";

const run = {
  toolVersion: "0.0.0",
  commands: () => ({ resume: "resume", rollback: "rollback" }),
};

/** V0's directory is found through the config of a V1 directory, which is gone half-way. */
const withV0 = () =>
  makeDisk({
    projects: [
      { name: "ancient", layout: "v0" },
      { name: "integrator", layout: "v1" },
      { name: "backend", layout: "v2" },
    ],
  });

test("a migration that stopped between any two batches goes on, also where V0 was", async () => {
  let stops = 0;
  for (let stop = 1; stop < 20; stop += 1) {
    using disk = withV0();
    const answers = new Map([["identity:.ao-sessions", disk.project("backend").id]]);
    const options = optionsFor(disk, answers);
    const abort = new AbortController();
    let batches = 0;
    const onProgress = ({ phase }: { phase: string }) => {
      if (phase === "apply") batches += 1;
      if (batches > stop) abort.abort();
    };
    const found = assess(options);
    expect(found.plan.steps[0]?.details.join()).toContain(".ao-sessions");
    const stopping = { ...run, onProgress, signal: abort.signal };
    const error = await execute(jobOf(found, options), stopping).then(
      () => null,
      (thrown) => thrown,
    );
    if (error === null) break;
    expect(error.outcome).toBe("interrupted");
    stops += 1;
    expect(
      (await resumeStorage(optionsFor(disk), { ...run, again: () => "again" })).leftovers,
    ).toEqual([]);
    expect(existsSync(join(disk.home, ".ao-sessions", "anc-1"))).toBe(false);
  }
  expect(stops).toBeGreaterThan(1);
}, 20_000);

test("a lock that cannot be looked at is a refusal", async () => {
  using disk = withV0();
  const { inventory } = assess(optionsFor(disk)).plan;
  mkdirSync(join(disk.baseDir, "migrations", ".lock"), { recursive: true });
  const open = refuseRunning({ ...inventory, openMigrations: ["v3-20261121T101112Z-ab12cd"] });
  await expect(open).rejects.toMatchObject({ outcome: "refused" });
});
