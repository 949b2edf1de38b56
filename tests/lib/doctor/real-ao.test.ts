import { afterEach, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { compareTrees, treeOf } from "../../../lib/tree.ts";
import { makeDisk } from "../../disk/build.ts";
import { requireAo } from "../smoke/real-ao.ts";
import { look, type Scene } from "./facts.ts";

const checks = ["001", "002", "003", "004", "005", "006", "007", "008"].map((n) => `AO-RW-${n}`);

const started: { scene: Scene; stop: () => Promise<void> }[] = [];

afterEach(async () => {
  for (const { scene, stop } of started.splice(0)) {
    await stop();
    scene.disk.cleanup();
  }
});

/** A real daemon with a data directory of its own. */
async function startAo(): Promise<{ scene: Scene; dataDir: string; stop: () => Promise<void> }> {
  const disk = makeDisk({});
  const dataDir = join(disk.home, "ao", "data");
  const runFile = join(disk.home, "ao", "running.json");
  const env = { AO_DATA_DIR: dataDir, AO_RUN_FILE: runFile };
  const child = Bun.spawn([requireAo(), "daemon"], {
    env: { ...disk.env, ...env, AO_PORT: String(freePort()) },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
  });
  const stop = async () => {
    child.kill("SIGTERM");
    await Promise.race([child.exited, Bun.sleep(5000)]);
    child.kill("SIGKILL");
  };
  const scene = { disk, env };
  started.push({ scene, stop });
  const end = performance.now() + 8000;
  while ((await look("AO-RW-004", scene)).status !== "pass") {
    if (performance.now() > end) throw new Error("the daemon did not become ready");
    await Bun.sleep(50);
  }
  return { scene, dataDir, stop };
}

function freePort(): number {
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = server;
  server.stop(true);
  return port;
}

describe("a real AO of the rewrite", () => {
  test("is well while it runs, is left as it is, and is well at rest", async () => {
    const { scene, dataDir, stop } = await startAo();
    expect(readdirSync(dataDir)).toContain("ao.db-wal");
    for (const id of checks) expect(await look(id, scene)).toMatchObject({ status: "pass" });
    expect((await look("AO-RW-006", scene)).summary).toBe("version 23, all columns there");

    await stop();
    const before = treeOf(dataDir);
    for (const id of checks) {
      const status = id === "AO-RW-004" ? "skip" : "pass";
      expect(await look(id, scene)).toMatchObject({ status });
    }
    expect(compareTrees(before, treeOf(dataDir))).toEqual([]);
    expect(readdirSync(dataDir)).not.toContain("ao.db-wal");
  });

  test("that was killed has a stale run file and a readable database", async () => {
    const { scene, dataDir } = await startAo();
    const runFile = join(scene.disk.home, "ao", "running.json");
    process.kill(JSON.parse(readFileSync(runFile, "utf8")).pid, "SIGKILL");
    await Bun.sleep(50);
    rmSync(join(dataDir, "ao.db-shm"));
    const before = treeOf(dataDir);
    expect(await look("AO-RW-003", scene)).toMatchObject({ status: "warn" });
    expect(await look("AO-RW-004", scene)).toMatchObject({ status: "skip" });
    for (const id of checks.slice(4))
      expect(await look(id, scene)).toMatchObject({ status: "pass" });
    expect(compareTrees(before, treeOf(dataDir))).toEqual([]);
  });
});
