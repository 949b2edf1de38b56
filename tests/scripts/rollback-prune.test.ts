/** Pruning: what it asks, and what an earlier one left. */

import { describe, expect, test } from "bun:test";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Disk } from "../disk/spec.ts";
import { disks } from "../disk.ts";
import { call, run } from "./migrate/call.ts";

function build(name: string): Disk {
  const make = disks[name];
  if (make === undefined) throw new Error(`no disk "${name}"`);
  return make();
}

/** Executes and gives back the migration's directory. */
async function migrate(disk: Disk): Promise<string> {
  const { code, stdout } = await call("migrate", disk, "--execute", "--yes", "--json");
  expect(code).toBe(0);
  return JSON.parse(stdout).dir;
}

describe("--prune", () => {
  test("warns of what cannot be taken back then, not of what has been", async () => {
    using disk = build("kvInJson");
    await migrate(disk);
    const question = async () => (await call("rollback", disk, "--prune")).stderr;
    expect(await question()).toContain("for good? Those that are done cannot be taken back");
    expect((await call("rollback", disk, "--yes")).code).toBe(0);
    expect(await question()).toMatch(/^error: Cannot ask "Empty the trash of .* for good\?":/);
  });

  test("goes on with a trash that an earlier one was killed in", async () => {
    using disk = build("kvInJson");
    const dir = await migrate(disk);
    expect((await run("rollback", disk, "--prune", "--yes")).code).toBe(0);
    // The record of pruning comes first; this file was not reached.
    writeFileSync(join(dir, "trash", "0-rest"), "12345");
    const { code, stdout } = await run("rollback", disk, "--prune", "--yes", "--json");
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { bytes: 5, freed: 5 }]);
    expect(readdirSync(join(dir, "trash"))).toEqual([]);
  });
});
