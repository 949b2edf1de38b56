import { afterEach, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { realDisk } from "../../../lib/change/disk.ts";
import { Journal } from "../../../lib/change/journal.ts";
import { releaseRunLock, takeRunLock } from "../../../lib/change/lock.ts";
import { readMigration } from "../../../lib/change/migration.ts";
import { Places } from "../../../lib/change/places.ts";
import { sections } from "../../../lib/doctor/check.ts";
import { bunReport } from "../../../lib/doctor/checks/tl-001-bun.ts";
import { allChecks } from "../../../lib/doctor/checks.ts";
import { runCheck } from "../../../lib/doctor/run.ts";
import { findCheck } from "../../../lib/doctor/select.ts";
import { issueKinds } from "../../../lib/storage/drift.ts";
import { compareTrees, treeOf } from "../../../lib/tree.ts";
import { makeDisk } from "../../disk/build.ts";
import { deadPid } from "../../disk/live.ts";
import { mkdirs, writeFiles } from "../../disk/repos.ts";
import { disks } from "../../disk.ts";
import { factsOf, look, type Scene, stubs } from "./facts.ts";
import { pairs } from "./scenes.ts";
import { databaseOf, startDaemon, storeDisk, writeRunFile, writeStore } from "./stores.ts";

const made: Scene[] = [];

afterEach(() => {
  for (const { disk } of made.splice(0)) disk.cleanup();
});

async function keep(scene: Scene | Promise<Scene>): Promise<Scene> {
  const built = await scene;
  made.push(built);
  return built;
}

describe("the table of checks", () => {
  test("has ids once, each of its section, in the order of the report", () => {
    const ids = allChecks.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const order = Object.keys(sections);
    const places = allChecks.map(({ section }) => order.indexOf(section));
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });

  test("has names of fixes once", () => {
    const names = allChecks.flatMap(({ fix }) => fix?.name ?? []);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
  });

  test("shows every kind of drift", () => {
    const kinds = new Set(allChecks.flatMap(({ kinds }) => kinds ?? []));
    expect(issueKinds.filter((kind) => !kinds.has(kind))).toEqual([]);
  });

  test("has a pair of disks for every check but the two that need more", () => {
    const others = allChecks.filter(({ id }) => pairs[id] === undefined).map(({ id }) => id);
    expect(others).toEqual(["AO-TL-001", "AO-RW-004"]);
  });
});

describe("each check", () => {
  for (const [id, { healthy, broken, status }] of Object.entries(pairs)) {
    test(`${id} finds nothing on a healthy disk and something on a broken one`, async () => {
      expect(await look(id, await keep(healthy()))).toMatchObject({ status: "pass", findings: [] });
      const scene = await keep(broken());
      const before = treeOf(scene.disk.home);
      const result = await look(id, scene);
      expect(result).toMatchObject({ status });
      expect(result.findings.length).toBeGreaterThan(0);
      const { check } = result;
      for (const { remedy } of result.findings) expect(remedy ?? check.fix?.name).toBeString();
      expect(compareTrees(before, treeOf(scene.disk.home))).toEqual([]);
    });
  }

  test("AO-RT-004 says when tmux is there and fails, and no other check mistakes it for a file", async () => {
    const { disk } = await keep({
      disk: makeDisk({ projects: [{ name: "integrator", layout: "v3", live: true }] }),
    });
    const env = stubs(disk, { tmux: "echo boom >&2; exit 1" });
    const { status, findings } = await look("AO-RT-004", { disk, env });
    expect(status).toBe("fail");
    expect(findings[0]?.message).toStartWith("Nobody knows what runs in tmux: ");
    expect((await look("AO-ST-001", { disk, env })).status).toBe("pass");
    expect((await look("AO-RT-005", { disk, env })).status).toBe("skip");
  });

  test("AO-ST-011 calls no project unregistered when the registry cannot be read", async () => {
    const disk = disks.unparsableConfig?.() ?? makeDisk();
    const scene = await keep({ disk });
    expect(await look("AO-CF-001", scene)).toMatchObject({ status: "fail" });
    expect(await look("AO-ST-011", scene)).toMatchObject({ status: "skip", findings: [] });
  });

  test("AO-MG-001 names only commands that there are", async () => {
    const scene = await keep(pairs["AO-MG-001"]?.broken() ?? { disk: makeDisk() });
    const [id = ""] = readdirSync(join(scene.disk.baseDir, "migrations")).filter((name) =>
      name.startsWith("repair-"),
    );
    const manifest = join(scene.disk.baseDir, "migrations", id, "manifest.json");
    const text = readFileSync(manifest, "utf8");
    const remedies: string[] = [];
    for (const script of ["repair", "doctor", "migrate", "sessions"]) {
      writeFileSync(manifest, text.replace(/"script": "[a-z]+"/, `"script": "${script}"`));
      const [finding] = (await look("AO-MG-001", scene)).findings;
      remedies.push(finding?.remedy ?? "");
    }
    writeFileSync(manifest, "{");
    const [finding] = (await look("AO-MG-001", scene)).findings;
    expect([...remedies, finding?.remedy]).toEqual([
      `repair --resume, or rollback ${id}`,
      `repair --resume, or rollback ${id}`,
      `migrate --resume, or rollback ${id}`,
      `rollback ${id}`,
      expect.stringContaining("from a backup"),
    ]);
  });

  test("AO-MG-001 tells a rollback that is at work from one that stopped", async () => {
    const scene = await keep(pairs["AO-MG-001"]?.broken() ?? { disk: makeDisk() });
    const dir = join(scene.disk.baseDir, "migrations");
    const [id = ""] = readdirSync(dir).filter((name) => name.startsWith("repair-"));
    const places = new Places(join(dir, id));
    const { journal } = await readMigration(realDisk, places);
    const at = new Date().toISOString();
    new Journal(realDisk, places.journal, journal).write([{ k: "start", run: "undo", at }]);
    expect(await look("AO-MG-001", scene)).toMatchObject({ status: "fail" });
    const holder = { pid: process.pid, command: "rollback", startedAt: at, migration: id };
    const lock = await takeRunLock(realDisk, places.lock, holder);
    const summary = `${id} is running right now`;
    expect(await look("AO-MG-001", scene)).toMatchObject({ status: "pass", summary });
    releaseRunLock(lock);
  });

  test("AO-RT-004 knows the sessions of Go AO as well", async () => {
    const disk = disks.orphanTmux?.() ?? makeDisk();
    await keep({ disk });
    expect((await look("AO-RT-004", { disk })).findings).toHaveLength(2);
    mkdirs(join(disk.home, ".ao", "data"));
    const columns = "id, is_terminated, workspace_path, runtime_handle_id";
    writeStore(disk, { sql: [`INSERT INTO sessions (${columns}) VALUES ('s', 0, '', 'int-99')`] });
    const { findings } = await look("AO-RT-004", { disk });
    expect(findings.map(({ ref }) => ref)).toEqual(["0123456789ab-int-5"]);
  });

  test("AO-WT-006 tells nobody to remove what a session works in", async () => {
    const disk = disks.clonedWorkspace?.() ?? makeDisk();
    const { findings } = await look("AO-WT-006", await keep({ disk }));
    const clone = disk.project("integrator").sessions[0]?.worktree ?? "";
    const message = `Session int-1 names ${clone}, which is not a linked git worktree`;
    expect(findings).toMatchObject([{ message, remedy: `git -C ${clone} status` }]);
    const facts = factsOf({ disk });
    const file = join(disk.project("integrator").stateDir, "sessions");
    facts.inventory.faults.push({ kind: "unreadable", place: { file }, detail: "EACCES" });
    const check = findCheck("AO-WT-006");
    expect(await runCheck(check, facts)).toMatchObject({ status: "skip", findings: [] });
  });

  test("AO-RW-003 stops a daemon that is dead, and removes a file that names another program", async () => {
    const { disk } = await keep({ disk: storeDisk() });
    const remedies: (string | undefined)[] = [];
    for (const pid of [deadPid(), process.pid]) {
      writeRunFile(disk, { pid, port: 1 });
      remedies.push((await look("AO-RW-003", { disk })).findings[0]?.remedy);
    }
    expect(remedies).toEqual(["ao stop", `rm ${disk.home}/.ao/running.json`]);
  });

  test("AO-RW-005 has another remedy for a file that cannot be read than for a damaged one", async () => {
    const { disk } = await keep({ disk: storeDisk() });
    rmSync(databaseOf(disk));
    mkdirs(databaseOf(disk));
    const { status, findings } = await look("AO-RW-005", { disk });
    expect([status, findings[0]?.remedy]).toEqual(["fail", `ls -l ${databaseOf(disk)}`]);
  });

  test("AO-RW-007 names the database by its whole path", async () => {
    const scene = await keep(pairs["AO-RW-007"]?.broken() ?? { disk: makeDisk() });
    const { findings } = await look("AO-RW-007", scene);
    const database = `${scene.disk.home}/.ao/data/ao.db`;
    expect(findings[0]?.remedy).toContain(` ${database} `);
  });

  test("AO-TL-001 compares the version of bun", () => {
    expect(bunReport("1.4.5").findings).toEqual([]);
    expect(bunReport("2.0.0").findings).toEqual([]);
    expect(bunReport("1.3.9").findings).toMatchObject([{ level: "fail" }]);
  });
});

describe("AO-RW-004", () => {
  for (const [answer, status, words] of [
    ["well", "pass", undefined],
    ["silent", "fail", "accepts /healthz and does not answer"],
    ["other-pid", "fail", "/healthz answers for pid 1, not for"],
    ["not-ready", "warn", "/readyz says 503 starting instead of ready"],
    ["other-service", "fail", "is not AO's daemon"],
  ] as const) {
    test(`${status}es when the daemon answers: ${answer}`, async () => {
      const { disk } = await keep({ disk: storeDisk() });
      const daemon = await startDaemon(disk, answer);
      try {
        const result = await look("AO-RW-004", { disk });
        expect(result.status).toBe(status);
        expect(result.findings[0]?.message ?? "").toContain(words ?? "");
        expect(result.milliseconds).toBeLessThan(4000);
      } finally {
        daemon.stop();
      }
    });
  }

  test("says when the process lives and nobody listens", async () => {
    const { disk } = await keep({ disk: storeDisk() });
    const daemon = await startDaemon(disk, "well");
    writeRunFile(disk, { pid: daemon.pid, port: 1 });
    try {
      const { findings } = await look("AO-RW-004", { disk });
      expect(findings[0]?.message).toContain("Nobody listens");
      expect(findings[0]?.remedy).toBe(`ao stop || kill ${daemon.pid}`);
      writeFiles(join(disk.home, ".ao"), { "daemon.log": "boom\n" });
      const again = await look("AO-RW-004", { disk });
      expect(again.findings[0]?.remedy).toBe(`tail ${disk.home}/.ao/daemon.log`);
    } finally {
      daemon.stop();
    }
  });
});
