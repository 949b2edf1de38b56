/** Rollbacks that are killed themselves, and finished by `--resume` or by calling them again. */

import { expect, test } from "bun:test";
import { statSync } from "node:fs";
import { join } from "node:path";
import { makeDisk } from "../disk/build.ts";
import type { Disk } from "../disk/spec.ts";
import { stateOf } from "../lib/storage/journey.ts";
import { root } from "../process.ts";
import { diffTrees, readTree } from "../tree.ts";
import { call, run, sandboxOf } from "./migrate/call.ts";

/** Enough to take back that a rollback can be met on its way. */
function busyDisk(): Disk {
  const v1 = { layout: "v1" as const, sessions: 60, archives: 8, feedback: 2, builtWorktrees: 2 };
  return makeDisk({
    projects: [
      { name: "integrator", ...v1 },
      { name: "backend", ...v1 },
      { name: "agent-orchestrator", layout: "v1-bare", sessions: 30, builtWorktrees: 1 },
    ],
    observability: 20,
  });
}

/** Executes and gives back the journal of that migration. */
async function migrate(disk: Disk): Promise<string> {
  const { code, stdout } = await call("migrate", disk, "--execute", "--yes", "--json");
  expect(code).toBe(0);
  return join(JSON.parse(stdout).dir, "journal.jsonl");
}

const bytesOf = (journal: string) => statSync(journal).size;

/** Runs a rollback and kills it as soon as the journal has so many bytes. */
async function killAt(disk: Disk, journal: string, bytes: number, argv: string[]): Promise<void> {
  const script = join(root, "scripts/rollback.ts");
  const child = Bun.spawn([process.execPath, script, "--yes", ...argv], {
    env: sandboxOf(disk).env,
    cwd: disk.root,
    stdio: ["ignore", "ignore", "ignore"],
  });
  try {
    while (child.exitCode === null && bytesOf(journal) < bytes) await Bun.sleep(0);
  } finally {
    child.kill("SIGKILL");
  }
  await child.exited;
}

async function stateOfOne(disk: Disk, id: string): Promise<string> {
  const { stdout } = await call("rollback", disk, "--list", "--json");
  const { migrations } = JSON.parse(stdout) as { migrations: { id: string; state: string }[] };
  return migrations.find((migration) => migration.id === id)?.state ?? "none";
}

test(
  "a rollback that is killed, and killed again, is finished by --resume, whenever the kills came",
  async () => {
    using disk = busyDisk();
    const before = stateOf(disk);
    const first = await migrate(disk);
    const start = bytesOf(first);
    expect((await call("rollback", disk, "--yes")).code).toBe(0);
    expect(diffTrees(before, stateOf(disk))).toEqual([]);
    const length = bytesOf(first) - start;

    let [halfWay, twice] = [0, 0];
    for (const part of [0, 0.25, 0.5, 0.75]) {
      const journal = await migrate(disk);
      const id = journal.split("/").at(-2) ?? "";
      const reach = (share: number) => bytesOf(journal) + 1 + share * length;
      const whole = reach(part);
      await killAt(disk, journal, whole, [id]);
      if ((await stateOfOne(disk, id)) === "rolling-back") {
        halfWay += 1;
        const refused = await call("migrate", disk, "--execute", "--yes");
        expect([refused.code, refused.stderr]).toEqual([4, expect.stringContaining(id)]);
        await killAt(disk, journal, reach((1 - part) / 2), ["--resume"]);
        if ((await stateOfOne(disk, id)) === "rolling-back") {
          twice += 1;
          expect((await call("rollback", disk, "--resume", "--yes")).code).toBe(0);
        }
      }
      const state = await stateOfOne(disk, id);
      // The kill may have come before it began.
      if (state === "done") expect((await call("rollback", disk, "--yes")).code).toBe(0);
      else expect(state).toBe("rolled-back");
      expect(diffTrees(before, stateOf(disk))).toEqual([]);
    }
    expect(halfWay).toBeGreaterThanOrEqual(2);
    expect(twice).toBeGreaterThanOrEqual(1);
    expect((await call("rollback", disk, "--resume", "--yes")).code).toBe(4);
  },
  { timeout: 60_000 },
);

test("one that was killed is finished without --resume and without its id, too", async () => {
  using disk = busyDisk();
  const before = stateOf(disk);
  const journal = await migrate(disk);
  await killAt(disk, journal, bytesOf(journal) + 1, []);
  const id = journal.split("/").at(-2) ?? "";
  expect(await stateOfOne(disk, id)).toBe("rolling-back");
  // Its way on is back: it is no migration any more that could be finished.
  const resumed = await run("migrate", disk, "--resume");
  expect(resumed).toMatchObject({ code: 4 });
  const tree = readTree(disk.root, { mtime: true });
  const dryRun = await run("rollback", disk, "--dry-run");
  expect([dryRun.code, dryRun.stdout]).toEqual([0, expect.stringContaining("(rolling-back)")]);
  expect(diffTrees(tree, readTree(disk.root, { mtime: true }))).toEqual([]);
  expect((await run("rollback", disk, "--yes")).code).toBe(0);
  expect(diffTrees(before, stateOf(disk))).toEqual([]);
});
