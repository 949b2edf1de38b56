/** What belongs to a rollback besides its operations: the run is not over before that is. */

import { expect, test } from "bun:test";
import { join } from "node:path";
import { loadMigration } from "../../../lib/change/history.ts";
import { applyPlan, undo } from "../../../lib/change/transaction.ts";
import { errorOf, makeWorkbench } from "../../change/workbench.ts";
import { SimulatedDisk } from "../../simulated-disk.ts";

test("a rollback that stops in it is open, and calls it again until it comes to its end", async () => {
  using bench = makeWorkbench();
  bench.write("a", "a");
  const before = bench.tree();
  await bench.apply([{ op: "move", from: bench.at("a"), to: bench.at("b") }]);
  const calls: string[] = [];
  const step = (says: string[] | Error) => async () => {
    calls.push(bench.exists("a") ? "after" : "before");
    if (says instanceof Error) throw says;
    return says;
  };
  const { options } = bench;
  const error = await errorOf(undo({ ...options, afterwards: step(new Error("a fault")) }));
  expect(error).toMatchObject({
    outcome: "interrupted",
    hint: expect.stringContaining("rollback"),
  });
  expect(error.message).toEndWith(": a fault");
  expect((await loadMigration(options.migrationDir)).state).toBe("rolling-back");

  const done = await undo({ ...options, afterwards: step(["a word"]) });
  expect(done).toMatchObject({ state: "rolled-back", undone: 0, warnings: ["a word"] });
  expect((await loadMigration(options.migrationDir)).state).toBe("rolled-back");
  // What has come to its end is over.
  const again = await undo({ ...options, afterwards: step([]) });
  expect(again).toMatchObject({ state: "rolled-back", warnings: ["a word"] });
  expect(calls).toEqual(["after", "after"]);
  expect(bench.since(before)).toEqual([]);
});

test("a migration below it has a lock of its own, and finds all that was taken back durable", async () => {
  const disk = new SimulatedDisk();
  const [migrations, root] = ["/base/migrations", "/base/tree"];
  for (const dir of ["/base", migrations, root]) disk.makeDir(dir);
  disk.writeNew(`${root}/a`, [Buffer.from("a")], { mode: 0o644 });
  disk.flushAll();
  const commands = { resume: "resume", rollback: "rollback" };
  const options = { migrationDir: join(migrations, "m-1"), roots: [root], commands, disk };
  const plan = (from: string, to: string) => ({
    ...{ script: "test", title: "a test", roots: [root] },
    operations: [{ op: "move" as const, from: `${root}/${from}`, to: `${root}/${to}` }],
  });
  await applyPlan({ ...options, plan: plan("a", "b"), toolVersion: "0.0.0" });
  let survived: string[] = [];
  const result = await undo({
    ...options,
    async afterwards() {
      // As few changes survive the cut as may.
      survived = disk.afterPowerCut(() => 0).readDir(root);
      const migrationDir = join(options.migrationDir, "after", "m-1-after-1");
      const below = { ...options, migrationDir, plan: plan("a", "c"), toolVersion: "0.0.0" };
      return (await applyPlan(below)).warnings;
    },
  });
  expect(result.state).toBe("rolled-back");
  expect(survived).toEqual(["a"]);
  expect(disk.readDir(root)).toEqual(["c"]);
  expect(disk.readDir(migrations).filter((name) => name !== ".lock")).toEqual(["m-1"]);
});
