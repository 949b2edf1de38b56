/** Execution: who is asked, when it refuses, and what has become of everything afterwards. */

import { describe, expect, test } from "bun:test";
import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { claudeSlugs } from "../../../lib/agents.ts";
import { executionSchema, type planRecordSchema } from "../../../lib/storage/record-schema.ts";
import { git } from "../../disk/repos.ts";
import type { Disk } from "../../disk/spec.ts";
import { disks } from "../../disk.ts";
import { stateOf } from "../../lib/storage/journey.ts";
import { runInTerminal } from "../../process.ts";
import { diffTrees, filesBelow, readTree } from "../../tree.ts";
import { call, run, sandboxOf } from "./call.ts";

type PlanRecord = v.InferOutput<typeof planRecordSchema>;

function build(name: string): Disk {
  const make = disks[name];
  if (make === undefined) throw new Error(`no disk "${name}"`);
  return make();
}

async function planOf(disk: Disk): Promise<PlanRecord> {
  return JSON.parse((await call("migrate", disk, "--json")).stdout);
}

/** Nothing has changed, not even a time, but for what a refused run may note beside migrations. */
async function refuses(disk: Disk, argv: string[], code: number): Promise<string> {
  const before = readTree(disk.root, { mtime: true });
  const result = await run("migrate", disk, ...argv);
  expect({ ...result, stdout: "" }).toMatchObject({ code });
  expect(diffTrees(before, readTree(disk.root, { mtime: true }))).toEqual([]);
  return result.stderr;
}

describe("the question", () => {
  const script = "scripts/migrate.ts";

  test("comes after the plan, and Enter means no", async () => {
    using disk = build("cleanV2");
    const before = readTree(disk.root, { mtime: true });
    const keys = [{ expect: "Carry out", send: "\r" }];
    const { code, screen } = await runInTerminal(script, ["--execute"], keys, {
      sandbox: sandboxOf(disk),
    });
    expect(code).toBe(130);
    expect(screen.indexOf("Plan\n")).toBeGreaterThan(0);
    expect(screen.indexOf("Carry out")).toBeGreaterThan(screen.indexOf("Plan\n"));
    expect(diffTrees(before, readTree(disk.root, { mtime: true }))).toEqual([]);
  });

  test("is answered with yes on purpose, and then it is done", async () => {
    using disk = build("cleanV2");
    const keys = [{ expect: "Carry out", send: "y" }];
    const { code, screen } = await runInTerminal(script, ["--execute"], keys, {
      sandbox: sandboxOf(disk),
    });
    expect(code).toBe(0);
    expect(screen).toContain("Verified: scanned again, nothing is left to do.");
    expect(screen).toMatch(/Take it back with:\n +bun run scripts\/rollback\.ts v3-/);
  });

  test("cannot be asked without a terminal: exit 2 names --yes", async () => {
    using disk = build("cleanV2");
    expect(await refuses(disk, ["--execute"], 2)).toContain("--yes");
  });
});

describe("while AO is live", () => {
  test("execution is refused, naming what runs", async () => {
    using disk = build("liveOrchestrator");
    const stderr = await refuses(disk, ["--execute", "--yes"], 4);
    expect(stderr).toMatch(/AO runs as pid \d+/);
    expect(stderr).toContain("int-orchestrator runs in tmux");
    expect(stderr).toContain("--force");
    using sessions = build("liveSessions");
    expect(await refuses(sessions, ["--execute", "--yes"], 4)).toContain("and 1 more");
  });

  test("a running.json of a dead process, or of another program, does not stop it", async () => {
    for (const name of ["deadRunningJson", "reusedPid"]) {
      using disk = build(name);
      expect([name, (await run("migrate", disk, "--execute", "--yes")).code]).toEqual([name, 0]);
    }
  });

  test("--force renames live sessions, and their panes keep their pids", async () => {
    using disk = build("liveSessions");
    const before = panesOf(disk);
    const { totals } = await planOf(disk);
    const renamed = new Map([...before].map(([pid, name]) => [pid, canonical(name)]));
    expect([...before].filter(([pid, name]) => renamed.get(pid) !== name)).toHaveLength(
      totals.tmuxRenames,
    );
    expect((await run("migrate", disk, "--execute", "--yes", "--force")).code).toBe(0);
    expect(panesOf(disk)).toEqual(renamed);
    expect((await run("rollback", disk, "--yes")).code).toBe(0);
    expect(panesOf(disk)).toEqual(before);
  });
});

/** Pane pid → session name of everything that runs. */
function panesOf(disk: Disk): Map<string, string> {
  const words = ["tmux", "list-panes", "-a", "-F", "#{pane_pid} #{session_name}"];
  const { stdout } = Bun.spawnSync(words, { env: disk.env, stdout: "pipe" });
  const lines = stdout.toString().trim().split("\n");
  return new Map(lines.map((line) => line.split(" ") as [string, string]));
}

/** The session id behind a name of any generation on that disk. */
function canonical(name: string): string {
  return name
    .replace(/^[0-9a-f]{12}-/, "")
    .replace(/^(\w+)-\1-/, "$1-")
    .replace(/-orchestrator-\d+$/, "-orchestrator");
}

describe("a saved plan", () => {
  test("is applied exactly as it was reviewed", async () => {
    using disk = build("v1AndV2Mix");
    const file = join(disk.root, "plan.json");
    await run("migrate", disk, "--output", file);
    const { planId, steps } = JSON.parse(readFileSync(file, "utf8")) as PlanRecord;
    const done = await run("migrate", disk, "--execute", "--plan", file, "--yes", "--json");
    expect(done.code).toBe(0);
    const { dir } = v.parse(executionSchema, JSON.parse(done.stdout));
    const applied = JSON.parse(readFileSync(join(dir, "plan.json"), "utf8"));
    expect(applied.operations).toEqual(steps.flatMap(({ operations }) => operations));
    expect(planId).toMatch(/^[0-9a-f]{16}$/);
  });

  const edits: Record<string, (disk: Disk) => void> = {
    "a session was edited": (disk) => {
      const { file = "" } = disk.project("agent-orchestrator").sessions[0] ?? {};
      writeFileSync(
        file,
        readFileSync(file, "utf8").replace(/"project": "[^"]+"/, '"project": "x"'),
      );
    },
    "a session was added": (disk) => {
      const { stateDir } = disk.project("integrator");
      writeFileSync(join(stateDir, "sessions", "int-50"), "branch=b\nstatus=working\n");
    },
    "a key=value session was edited": (disk) =>
      appendFileSync(disk.project("integrator").sessions[0]?.file ?? "", "status=done\n"),
    "config.yaml was edited": (disk) =>
      writeFileSync(
        disk.configFile,
        readFileSync(disk.configFile, "utf8").replace("storageKey: ", 'storageKey: "0" # '),
      ),
  };

  test.each(Object.entries(edits))("is refused when %s since", async (_, edit) => {
    using disk = build("v1AndV2Mix");
    const file = join(disk.root, "plan.json");
    await run("migrate", disk, "--output", file);
    edit(disk);
    const argv = ["--execute", "--plan", file, "--yes"];
    expect(await refuses(disk, argv, 4)).toContain("the disk changed since it was made");
  });
});

describe("afterwards", () => {
  test("the disk holds what the dry run counted", async () => {
    for (const name of ["everyLayout", "v1AndV2Mix", "manyArchives", "sameSessionTwoHashDirs"]) {
      using disk = build(name);
      const before = countsOf(disk);
      const record = await planOf(disk);
      const { stdout } = await run("migrate", disk, "--execute", "--yes", "--json");
      const { operations, dir } = v.parse(executionSchema, JSON.parse(stdout));
      const planned = record.steps.flatMap((step) => step.operations);
      expect(operations).toBe(planned.length);
      const after = countsOf(disk);
      // Not one session or archive is lost on the way, and none is key=value any more.
      expect([name, after.sessions + after.archives]).toEqual([
        name,
        before.sessions + before.archives,
      ]);
      expect(after.archives - before.archives).toBe(archivedBy(planned));
      expect(after.text).toBe(0);
      expect(before.text).toBe(planned.filter((one) => isConversion(one)).length);
      expect(before.rootObservability - after.rootObservability).toBe(
        record.totals.observabilityDirsToCollapse,
      );
      expect(before.storageKeys).toBe(record.totals.storageKeyFieldsToStrip);
      expect(after.storageKeys).toBe(0);
      const trashed = filesBelow(join(dir, "trash")).length;
      expect(trashed).toBeGreaterThanOrEqual(before.text);
    }
  });

  test("git says of every worktree what it said before, and would prune none", async () => {
    for (const name of [
      "dirtyWorktree",
      "lockedWorktree",
      "worktreeWithSubmodule",
      "everyLayout",
    ]) {
      using disk = build(name);
      const before = new Map<string, string>();
      for (const { sessions } of disk.projects) {
        for (const { worktree, branch } of sessions) {
          if (worktree !== undefined) before.set(branch, statusOf(worktree));
        }
      }
      expect((await run("migrate", disk, "--execute", "--yes")).code).toBe(0);
      const after = new Map<string, string>();
      for (const { repo, layout } of disk.projects) {
        const listed = git(repo, "worktree", "list", "--porcelain").split("\n\n").slice(1);
        expect(listed.filter((block) => /^prunable/m.test(block))).toEqual([]);
        for (const block of listed) {
          const [, path = ""] = /^worktree (.*)$/m.exec(block) ?? [];
          const [, branch = ""] = /^branch refs\/heads\/(.*)$/m.exec(block) ?? [];
          if (before.has(branch)) after.set(branch, statusOf(path));
          // Nothing proves whose V0's one directory of sessions is, so that is a decision.
          expect(path.startsWith(disk.baseDir)).toBe(layout !== "v0");
        }
      }
      expect([name, after]).toEqual([name, before]);
    }
  });

  test("Claude and Codex find their history at the new place, and at the old one again", async () => {
    using disk = build("everyLayout");
    const before = stateOf(disk);
    const histories = () => ({
      claude: readdirSync(join(disk.claudeDir, "projects")).sort(),
      codex: filesBelow(join(disk.codexDir, "sessions")).map(
        (file) => JSON.parse(readFileSync(file, "utf8").split("\n")[0] ?? "").payload.cwd,
      ),
    });
    const old = histories();
    expect((await run("migrate", disk, "--execute", "--yes")).code).toBe(0);
    const now = histories();
    expect([now.claude.length, now.codex.length]).toEqual([old.claude.length, old.codex.length]);
    for (const cwd of now.codex) expect(existsSync(join(cwd, ".git"))).toBe(true);
    const places = ["integrator", "backend"].flatMap((name) => {
      const dir = join(disk.baseDir, "projects", disk.project(name).id, "worktrees");
      return readdirSync(dir).map((worktree) => claudeSlugs(join(dir, worktree))[0]);
    });
    expect(now.claude).toEqual(places.sort() as string[]);
    expect((await run("rollback", disk, "--yes")).code).toBe(0);
    expect(histories()).toEqual(old);
    expect(diffTrees(before, stateOf(disk))).toEqual([]);
  });
});

function statusOf(worktree: string): string {
  const head = git(worktree, "rev-parse", "HEAD");
  return `${head}\n${git(worktree, "status", "--porcelain=v2", "--branch", "--ignored", "--untracked-files=all")}`;
}

/** What lies on a disk, counted by name and content alone. */
function countsOf(disk: Disk) {
  const counts = { sessions: 0, archives: 0, text: 0, rootObservability: 0, storageKeys: 0 };
  for (const path of filesBelow(disk.home)) {
    const isState = /\/sessions\/(archive\/)?[A-Za-z0-9_-]+-[^/]*$/.test(path);
    if (!isState || path.includes("/migrations/") || path.includes("/.codex/")) continue;
    counts[path.includes("/archive/") ? "archives" : "sessions"] += 1;
    if (!readFileSync(path, "utf8").startsWith("{")) counts.text += 1;
  }
  const names = readdirSync(disk.baseDir);
  counts.rootObservability = names.filter((name) => name.endsWith("-observability")).length;
  const registry = existsSync(disk.configFile) ? readFileSync(disk.configFile, "utf8") : "";
  counts.storageKeys = registry.match(/storageKey:/g)?.length ?? 0;
  return counts;
}

type Operations = PlanRecord["steps"][number]["operations"];

function isConversion(operation: Operations[number]): boolean {
  return operation.op === "create" && /\/sessions\/(archive\/)?[^/]+\.json$/.test(operation.path);
}

function archivedBy(operations: Operations): number {
  return operations.filter(
    (operation) =>
      operation.op === "move" &&
      /\/sessions\/[^/]+$|orchestrator\.json$/.test(operation.from) &&
      /\/sessions\/archive\/[^/]+$/.test(operation.to),
  ).length;
}
