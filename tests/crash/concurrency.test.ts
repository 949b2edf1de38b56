/** The proof of concurrency must be able to fail: writers that take no locks lose updates. */

import { expect, test } from "bun:test";
import { readFileSync, renameSync } from "node:fs";
import { makeWorkbench } from "../change/workbench.ts";
import { race } from "./concurrency-race.ts";

const session = '{\n  "project": "old"\n}\n';

test("writers that take locks lose nothing, and every write is found", async () => {
  using bench = makeWorkbench();
  bench.write("sessions/s-1.json", session);
  const files = [bench.at("sessions/s-1.json")];
  const { writes, failures } = await race(files, () => Bun.sleep(20), { writes: 100, rounds: 1 });
  expect(failures).toEqual([]);
  expect(writes).toBeGreaterThanOrEqual(100);
}, 60_000);

test("writers that take no locks are found out", async () => {
  using bench = makeWorkbench();
  bench.write("sessions/s-1.json", session);
  const files = [bench.at("sessions/s-1.json")];
  const goal = { writes: 0, rounds: 25, hasLocks: false };
  const { failures } = await race(files, () => Bun.sleep(20), goal);
  expect(failures.length).toBeGreaterThan(0);
}, 60_000);

test("a program between the two that takes no lock is found out", async () => {
  using bench = makeWorkbench();
  bench.write("sessions/s-1.json", session);
  const files = [bench.at("sessions/s-1.json")];
  const meddle = async () => {
    const old = readFileSync(bench.at("sessions/s-1.json"), "utf8");
    await Bun.sleep(20);
    // In one piece: half a file would end the writers, which read it as AO does.
    bench.write("meddled.json", old);
    renameSync(bench.at("meddled.json"), bench.at("sessions/s-1.json"));
  };
  const { failures } = await race(files, meddle, { writes: 0, rounds: 25 });
  expect(failures.join("\n")).toMatch(/writer_[ab] wrote \d+, but \d+ was there/);
}, 60_000);
