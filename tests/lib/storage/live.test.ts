/** What stops a migration before it begins, and what is said to do about it. */

import { describe, expect, test } from "bun:test";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { realDisk } from "../../../lib/change/disk.ts";
import { releaseRunLock, takeRunLock } from "../../../lib/change/lock.ts";
import { ToolkitError } from "../../../lib/errors.ts";
import { resolvePlaces } from "../../../lib/paths.ts";
import type { RunningFile, SessionFile } from "../../../lib/storage/inventory.ts";
import {
  liveReasons,
  refuseBlocked,
  refuseLive,
  refuseRunning,
} from "../../../lib/storage/live.ts";
import type { StoragePlan } from "../../../lib/storage/plan.ts";
import { makeTemp } from "../../temp.ts";
import { base, type Found, inventoryOf, planned, session, stateDir } from "./found.ts";

const calls = {
  migrate: (...words: string[]) => ["migrate", ...words].join(" "),
  rollback: (...words: string[]) => ["rollback", ...words].join(" "),
};

function errorOf(step: () => void): ToolkitError | null {
  try {
    step();
  } catch (error) {
    if (error instanceof ToolkitError) return error;
    throw error;
  }
  return null;
}

describe("a plan that is blocked", () => {
  const blockedBy = (plan: StoragePlan) =>
    refuseBlocked(plan, calls).then(
      () => null,
      (error: ToolkitError) => error,
    );
  const refused = (found: Found) => blockedBy(planned(found).plan);

  test("by an interrupted migration names both ways, or the only one for another script's", async () => {
    const own = await refused({ openMigrations: ["v3-1"] });
    expect(own?.outcome).toBe("refused");
    expect(own?.hint).toContain("migrate --resume");
    expect(own?.hint).toContain("rollback v3-1");
    const other = await refused({ openMigrations: ["sessions-v3-1"] });
    expect(other?.hint).toContain("rollback sessions-v3-1");
    expect(other?.hint).not.toContain("migrate --resume");
  });

  test("by one that runs right now has to wait for that process", async () => {
    const holder = { pid: 4711, command: "migrate", startedAt: "now", migration: "v3-1" };
    const waits = await refused({ openMigrations: ["v3-1"], migrationHolder: holder });
    expect(waits?.hint).toContain("4711");
    expect(waits?.hint).not.toContain("rollback");
    const another = { ...holder, migration: "spawn-2" };
    const stopped = await refused({ openMigrations: ["v3-1"], migrationHolder: another });
    expect(stopped?.hint).toContain("rollback v3-1");
  });

  test("by a registry that cannot be read is invalid, with the place", async () => {
    const place = { file: `${base}/config.yaml`, line: 7 };
    const fault = await refused({ registryFault: { kind: "corrupt", place, detail: "odd" } });
    expect(fault).toMatchObject({ outcome: "invalid", place });
    expect(fault?.hint).toContain("that file");
    expect(await refused({})).toBeNull();
  });

  test("by anything else is refused with what it names, and no migration is offered", async () => {
    const { plan } = planned({});
    const blocked = await blockedBy({ ...plan, blockers: ["one", "two"] });
    expect(blocked).toMatchObject({ outcome: "refused", message: "Cannot migrate: one" });
    expect(blocked?.hint).not.toMatch(/migrate|rollback|undefined/);
  });
});

describe("a run that waits for another", () => {
  test("is refused with its process, goes on when that has ended, and leaves the lock free", async () => {
    const home = makeTemp("live");
    try {
      const places = resolvePlaces({ home, env: {} });
      const migrations = join(places.baseDir, "migrations");
      mkdirSync(migrations, { recursive: true });
      const holder = { pid: process.pid, command: "other", startedAt: "now", migration: "v3-1" };
      const look = (openMigrations: string[]) =>
        refuseRunning(inventoryOf({ places, openMigrations }));
      const take = () => takeRunLock(realDisk, join(migrations, ".lock"), holder);
      const lock = await take();
      await expect(look(["v3-1"])).rejects.toMatchObject({
        outcome: "refused",
        message: expect.stringContaining(`process ${process.pid} (other`),
        hint: expect.stringMatching(/^wait until/),
      });
      expect(await look([])).toBeUndefined();
      releaseRunLock(lock);
      expect(await look(["v3-1"])).toBeUndefined();
      releaseRunLock(await take());
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  });
});

describe("AO is live", () => {
  const dir = `${base}/projects/app`;
  const at = (name: string, fields: SessionFile["fields"] = {}) => session(dir, name, { fields });
  const reasons = (names: string[] | null, sessions: SessionFile[], more: Found = {}) =>
    liveReasons(
      inventoryOf({
        projects: [stateDir("app", { sessions })],
        tmux: names?.map((name) => ({ name }) as never) ?? null,
        ...more,
      }),
    );

  test("while a session runs under its id or a name in its metadata, each name once", () => {
    const sessions = [
      at("app-1"),
      at("app-2", { tmuxName: "two" }),
      at("app-3", { handleId: "3" }),
    ];
    expect(reasons(["app-1", "two", "3", "mail"], sessions)).toHaveLength(3);
    expect(reasons(["mail"], sessions)).toEqual([]);
    expect(reasons(null, sessions)).toEqual([]);
    expect(reasons(["two"], [...sessions, at("app-4", { tmuxName: "two" })])).toHaveLength(1);
  });

  test("while its orchestrator runs, or a session of a V1 directory", () => {
    const orchestrator = session(dir, "app-orchestrator");
    const projects = [stateDir("app", { orchestrator })];
    expect(reasons(["app-orchestrator"], [], { projects })).toHaveLength(1);
    const hashDirs = [
      stateDir("app", { layout: "v1", hash: "0123456789ab", sessions: [at("app-1")] }),
    ];
    expect(reasons(["app-1"], [], { hashDirs })).toHaveLength(1);
  });

  test("while its own process runs, and not because of a file that names another", () => {
    const running = (isAo: boolean): RunningFile => ({
      ...{ path: `${base}/running.json`, pid: 4711, port: 1, alive: true, isAo },
    });
    expect(reasons([], [], { running: running(true) })).toEqual([expect.stringContaining("4711")]);
    expect(reasons([], [], { running: running(false) })).toEqual([]);
  });

  test("and is told with three reasons, and how many more there are", () => {
    const refused = (count: number) => {
      const names = Array.from({ length: count }, (_, n) => `app-${n}`);
      const inventory = inventoryOf({
        projects: [stateDir("app", { sessions: names.map((name) => at(name)) })],
        tmux: names.map((name) => ({ name }) as never),
      });
      return errorOf(() => refuseLive(inventory, "migrate --force"));
    };
    expect(refused(0)).toBeNull();
    expect(refused(3)).toMatchObject({ outcome: "refused" });
    expect(refused(3)?.message).toEndWith("app-2)");
    expect(refused(5)?.message).toContain("app-2");
    expect(refused(5)?.message).not.toContain("app-3");
    expect(refused(5)?.message).toContain("2 more");
    expect(refused(2)?.message).toContain("app-0; session app-1");
    expect(refused(1)?.hint).toContain("migrate --force");
  });
});
