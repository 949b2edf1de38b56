/**
 * The moments of the fast path at which two commands, or a kill, can meet: a hold that lands just
 * before the run has its lock, and a run that ends before it has filed what allowed it.
 */

import { afterEach, describe, expect, spyOn, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { realDisk } from "../../../lib/change/disk.ts";
import { execute, type Script } from "../../../lib/cli.ts";
import type { FastPathTarget } from "../../../lib/planning/fast-path.ts";
import migrate from "../../../scripts/migrate.ts";
import migrateSessions from "../../../scripts/migrate-sessions.ts";
import migration from "../../../scripts/migration.ts";
import type { Disk } from "../../disk/spec.ts";
import { disks } from "../../disk.ts";
import { makeHost } from "../../host.ts";
import { writeText } from "../../lib/planning/site.ts";
import { makeTemp } from "../../temp.ts";

const scripts: Record<string, Script> = {
  migrate,
  migration,
  "migrate-sessions": migrateSessions,
};

interface Place extends Disposable {
  root: string;
  env: Record<string, string | undefined>;
  target: FastPathTarget;
  /** Where what is carried out at once is recorded. */
  migrationsDir: string;
  /** Carries it out. */
  go: [name: string, ...argv: string[]];
  /** Whether anything of it was carried out. */
  isDone(): boolean;
}

function storage(): Place {
  const disk = disks.cleanV2?.() as Disk;
  const { root, env, baseDir } = disk;
  const { stateDir = root } = disk.project("integrator");
  return {
    ...{ root, env, target: "storage", migrationsDir: join(baseDir, "migrations") },
    go: ["migrate", "--execute", "--yes"],
    isDone: () => existsSync(join(stateDir, "identity.json")),
    [Symbol.dispose]: () => disk[Symbol.dispose](),
  };
}

function taskSessions(): Place {
  const root = makeTemp("moment");
  const version = join(root, ".workflow/versions/v001");
  writeText(join(version, "task_sessions/a.yml"), "session_id: s\ntask_id: a\noperations: []\n");
  writeText(join(version, "tasks/a.yml"), "id: a\ntitle: A\n");
  return {
    ...{ root, env: { HOME: root, PATH: process.env.PATH }, target: "task-sessions" },
    migrationsDir: join(root, ".workflow/migrations"),
    go: ["migrate-sessions", "--yes"],
    isDone: () => !existsSync(join(version, "task_sessions/a.yml")),
    [Symbol.dispose]: () => rmSync(root, { recursive: true }),
  };
}

const places: [string, () => Place][] = [
  ["migrate", storage],
  ["migrate-sessions", taskSessions],
];

async function call(at: Place, name: string, ...argv: string[]) {
  const invocation = `bun run scripts/${name}.ts`;
  const { host, written } = makeHost(argv, { env: at.env, cwd: at.root, invocation });
  const command = scripts[name];
  if (command === undefined) throw new Error(`no script ${name}`);
  const code = await execute(command, host);
  return { code, stdout: written.stdout, stderr: written.stderr };
}

/** Has something happen at the last moment before a run takes its lock. */
function beforeTheLock(act: () => void): void {
  const tryLock = realDisk.tryLock;
  spyOn(realDisk, "tryLock").mockImplementationOnce((path) => {
    act();
    return tryLock(path);
  });
}

afterEach(() => {
  spyOn(realDisk, "tryLock").mockRestore();
});

describe.each(places)("%s", (_, make) => {
  test("sees a hold that landed just before it had the lock, and changes nothing", async () => {
    using at = make();
    const file = join(at.migrationsDir, "fast-path.json");
    expect((await call(at, "migration", "review", at.target, "--hold", "Wait.")).code).toBe(0);
    renameSync(file, `${file}.later`);
    beforeTheLock(() => renameSync(`${file}.later`, file));
    const refused = await call(at, ...at.go);
    expect(refused.code).toBe(4);
    expect(refused.stderr).toContain(`${at.target} is held back (Wait.)`);
    expect(at.isDone()).toBe(false);
    expect(readdirSync(at.migrationsDir).sort()).toEqual([".lock", "fast-path.json"]);
  });

  test("sees that another plan was approved meanwhile, and changes nothing", async () => {
    using at = make();
    const file = join(at.migrationsDir, "fast-path.json");
    expect((await call(at, "migration", "review", at.target, "--hold", "Wait.")).code).toBe(0);
    expect((await call(at, "migration", "review", at.target, "--yes")).code).toBe(0);
    const text = readFileSync(file, "utf8");
    beforeTheLock(() =>
      writeText(file, text.replace(/"approved_plan": "./, '"approved_plan": "~')),
    );
    const refused = await call(at, ...at.go);
    expect(refused.code).toBe(4);
    expect(refused.stderr).toContain(`${at.target} was reviewed meanwhile`);
    expect(at.isDone()).toBe(false);
    writeText(file, text);
    expect((await call(at, ...at.go)).code).toBe(0);
    expect(at.isDone()).toBe(true);
  });
});
