/** Runs that meet: killed ones, two at once, and AO writing at the same time. */

import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { makeDisk } from "../../disk/build.ts";
import { writeFiles } from "../../disk/repos.ts";
import type { Disk } from "../../disk/spec.ts";
import { stateOf } from "../../lib/storage/journey.ts";
import { root } from "../../process.ts";
import { diffTrees, readTree } from "../../tree.ts";
import { call, run, sandboxOf } from "./call.ts";

/** Enough to do that a run can be met on its way. */
function busyDisk(): Disk {
  return makeDisk({
    projects: [
      ...["integrator", "backend", "dashboard"].map((name) => ({
        name,
        layout: "v1" as const,
        sessions: 150,
        archives: 20,
        builtWorktrees: 3,
        feedback: 2,
      })),
      { name: "agent-orchestrator", layout: "v1-bare" as const, sessions: 60, builtWorktrees: 2 },
    ],
    observability: 40,
  });
}

/** Starts an execution; the caller ends it. */
function start(disk: Disk): Bun.Subprocess<"ignore", "pipe", "pipe"> {
  const script = join(root, "scripts/migrate.ts");
  return Bun.spawn([process.execPath, script, "--execute", "--yes"], {
    env: sandboxOf(disk).env,
    cwd: disk.root,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
}

/** Waits until the journal of a new migration has as many bytes, or the run has ended. */
async function reach(disk: Disk, child: Bun.Subprocess, bytes: number): Promise<void> {
  const known = migrationsOf(disk);
  while (child.exitCode === null) {
    const id = [...migrationsOf(disk)].find((name) => name.startsWith("v3-") && !known.has(name));
    if (id !== undefined && journalBytes(disk, id) >= bytes) return;
    await Bun.sleep(0);
  }
}

function journalBytes(disk: Disk, id: string): number {
  const journal = join(disk.baseDir, "migrations", id, "journal.jsonl");
  return statSync(journal, { throwIfNoEntry: false })?.size ?? 0;
}

function migrationsOf(disk: Disk): Set<string> {
  const dir = join(disk.baseDir, "migrations");
  return new Set(existsSync(dir) ? readdirSync(dir) : []);
}

async function stateOfNewest(disk: Disk): Promise<string> {
  const { stdout } = await call("rollback", disk, "--list", "--json");
  return JSON.parse(stdout).migrations.at(-1)?.state ?? "none";
}

describe("a run that is killed", () => {
  test(
    "is finished by --resume and taken back by rollback, whenever the kill came",
    async () => {
      using disk = busyDisk();
      const before = stateOf(disk);
      expect((await run("migrate", disk, "--execute", "--yes")).code).toBe(0);
      const after = stateOf(disk);
      const [id = ""] = [...migrationsOf(disk)].filter((name) => name.startsWith("v3-"));
      const whole = journalBytes(disk, id);
      expect((await run("rollback", disk, "--yes")).code).toBe(0);
      expect(diffTrees(before, stateOf(disk))).toEqual([]);

      let halfWay = 0;
      for (const [turn, part] of [0, 0.15, 0.3, 0.5, 0.7, 0.9].entries()) {
        const child = start(disk);
        await reach(disk, child, 1 + part * whole).finally(() => child.kill("SIGKILL"));
        await child.exited;
        const state = await stateOfNewest(disk);
        if (state === "interrupted") halfWay += 1;
        const tree = stateOf(disk);
        if (state === "done" || state === "none") {
          // It had ended, or had not begun.
          expect(diffTrees(state === "done" ? after : before, tree)).toEqual([]);
        } else if (turn % 2 === 0) {
          expect((await run("migrate", disk, "--resume")).code).toBe(0);
          expect(diffTrees(after, stateOf(disk))).toEqual([]);
        }
        if ((await stateOfNewest(disk)) !== "none") {
          expect((await run("rollback", disk, "--yes")).code).toBe(0);
        }
        expect(diffTrees(before, stateOf(disk))).toEqual([]);
      }
      expect(halfWay).toBeGreaterThanOrEqual(2);
    },
    { timeout: 60_000 },
  );

  test("is in the way of a new plan, which names both ways on; --resume without one is refused", async () => {
    using disk = busyDisk();
    const none = await run("migrate", disk, "--resume");
    expect(none.code).toBe(4);
    expect(none.stderr).toContain("nothing was interrupted");
    const child = start(disk);
    await reach(disk, child, 1).finally(() => child.kill("SIGKILL"));
    await child.exited;
    if ((await stateOfNewest(disk)) === "done") throw new Error("the kill came too late");
    const again = await run("migrate", disk, "--execute", "--yes");
    expect(again.code).toBe(4);
    expect(again.stderr).toContain("--resume");
    expect((await run("migrate", disk)).stdout).toContain("was interrupted");
    expect((await run("migrate", disk, "--resume")).code).toBe(0);
    expect((await run("migrate", disk, "--exit-code")).code).toBe(0);
  });
});

describe("two runs at once", () => {
  test("cannot be: the second is refused and names the holder, even while that is suspended", async () => {
    using disk = busyDisk();
    const first = start(disk);
    try {
      await reach(disk, first, 1);
      first.kill("SIGSTOP");
      const before = readTree(disk.home);
      const [id = ""] = [...migrationsOf(disk)].filter((name) => name.startsWith("v3-"));
      for (const second of [
        await run("migrate", disk, "--execute", "--yes"),
        await run("migrate", disk, "--resume"),
        await run("rollback", disk, id, "--yes"),
        await run("rollback", disk, "--yes"),
        await run("migrate", disk, "--rehearse"),
      ]) {
        expect(second.code).toBe(4);
        expect(second.stderr).toContain(`process ${first.pid}`);
        expect(second.stderr).not.toContain("--resume");
      }
      const dryRun = await run("migrate", disk, "--json");
      const { blockers } = JSON.parse(dryRun.stdout);
      expect(blockers).toEqual([expect.stringContaining(`${id} is running, in process`)]);
      expect(diffTrees(before, readTree(disk.home))).toEqual([]);
      first.kill("SIGCONT");
      expect(await first.exited).toBe(0);
    } finally {
      first.kill("SIGKILL");
    }
    expect((await run("migrate", disk, "--exit-code")).code).toBe(0);
  });
});

/**
 * A program that counts in files as AO writes them: under `{file}.lock`, through a rename. It stops
 * when its input ends and prints how often it counted in each.
 */
const writer = `
  import { closeSync, existsSync, openSync, readFileSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
  const [config, ...names] = process.argv.slice(2);
  const counts = {};
  let open = true;
  process.stdin.on("end", () => { open = false; }).resume();
  const bump = (name, places, change) => {
    const file = places.find((path) => existsSync(path));
    if (file === undefined) return;
    const lock = file + ".lock";
    try { closeSync(openSync(lock, "wx")); } catch { return; }
    try {
      const text = change(readFileSync(file, "utf8"));
      writeFileSync(file + ".tmp", text);
      renameSync(file + ".tmp", file);
      counts[name] = (counts[name] ?? 0) + 1;
    } catch {
      // Its directory was moved away under it: AO would report that and try again.
    } finally {
      for (const path of [lock, ...places.map((place) => place + ".lock")]) {
        try { unlinkSync(path); break; } catch {}
      }
    }
  };
  console.log("ready");
  while (open) {
    bump("config", [config], (text) => text.replace(/^port: (\\d+)/m, (_, n) => "port: " + (Number(n) + 1)));
    for (const name of names) {
      bump(name, name.split(","), (text) => {
        const session = JSON.parse(text);
        session.beats = (session.beats ?? 0) + 1;
        return JSON.stringify(session, null, 2) + "\\n";
      });
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  console.log(JSON.stringify(counts));
`;

describe("AO writing at the same time", () => {
  test("loses no update, in sessions or in config.yaml", async () => {
    using disk = makeDisk({
      projects: [
        { name: "integrator", layout: "v1-bare", sessions: 40, tmux: "doubled", builtWorktrees: 4 },
        { name: "backend", sessions: 20, builtWorktrees: 2, worktrees: "legacy-root" },
        { name: "web", layout: "v1", sessions: 40, builtWorktrees: 0 },
      ],
      observability: 20,
    });
    writeFiles(disk.root, { "writer.ts": writer });
    const sessions = ["integrator", "backend"].flatMap((name) => {
      const { id, stateDir, sessions } = disk.project(name);
      return sessions
        .slice(0, 4)
        .map(({ id: session }) =>
          [stateDir, join(disk.baseDir, "projects", id)]
            .map((dir) => join(dir, "sessions", `${session}.json`))
            .join(","),
        );
    });
    const words = [process.execPath, join(disk.root, "writer.ts"), disk.configFile, ...sessions];
    const ao = Bun.spawn(words, {
      env: disk.env,
      stdin: "pipe",
      stdout: "pipe",
      stderr: "inherit",
    });
    try {
      const output = ao.stdout.getReader();
      await output.read();
      const done = await run("migrate", disk, "--execute", "--yes");
      expect(done).toMatchObject({ code: 0 });
      await Bun.sleep(20);
      ao.stdin.end();
      let text = "";
      for (let part = await output.read(); !part.done; part = await output.read()) {
        text += new TextDecoder().decode(part.value);
      }
      const { config, ...counts } = JSON.parse(text);
      expect(Object.keys(counts)).toHaveLength(sessions.length);
      expect(config).toBeGreaterThan(20);
      const registry = readFileSync(disk.configFile, "utf8");
      expect(Number(/^port: (\d+)/m.exec(registry)?.[1])).toBe(3000 + config);
      for (const [name, count] of Object.entries(counts)) {
        const file = name.split(",").find((path) => existsSync(path)) ?? "";
        const { beats, project } = JSON.parse(readFileSync(file, "utf8"));
        expect([file, beats]).toEqual([file, count]);
        expect(project).toMatch(/_[0-9a-f]{10}$/);
      }
    } finally {
      ao.kill("SIGKILL");
    }
  });
});
