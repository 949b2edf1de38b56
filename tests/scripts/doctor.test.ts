import { afterEach, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { allChecks } from "../../lib/doctor/checks.ts";
import {
  checksDocumentSchema,
  type DoctorDocument,
  doctorDocumentSchema,
} from "../../lib/doctor/document.ts";
import { repairPlanSchema, repairResultSchema } from "../../lib/doctor/repair-document.ts";
import { compareTrees, treeOf } from "../../lib/tree.ts";
import { makeDisk } from "../disk/build.ts";
import type { Disk } from "../disk/spec.ts";
import { disks } from "../disk.ts";
import { stubs } from "../lib/doctor/facts.ts";
import { runScript } from "../process.ts";

/** Bun's own cache of compiled scripts would else be made in the home of the disk. */
const noCache = { BUN_RUNTIME_TRANSPILER_CACHE_PATH: "0" };

const made: Disk[] = [];

afterEach(() => {
  for (const disk of made.splice(0)) disk.cleanup();
});

function disk(name: string): Disk {
  const built = disks[name]?.();
  if (built === undefined) throw new Error(`no disk "${name}"`);
  made.push(built);
  return built;
}

function doctor(on: Disk, args: string[] = [], env: Record<string, string> = {}) {
  const sandbox = { home: on.home, env: { ...on.env, ...noCache }, [Symbol.dispose]() {} };
  return runScript("scripts/doctor.ts", args, { sandbox, env, timeoutMs: 20_000 });
}

async function report(on: Disk, args: string[] = [], env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await doctor(on, ["--json", ...args], env);
  const document = v.parse(doctorDocumentSchema, JSON.parse(stdout));
  return { code, stderr, document };
}

function statusOf(document: DoctorDocument, id: string): string | undefined {
  return document.checks.find((check) => check.id === id)?.status;
}

describe("doctor", () => {
  test("says that a clean disk is healthy, and leaves every byte", async () => {
    const on = disk("cleanV3");
    const before = treeOf(on.root);
    const { code, stdout, stderr } = await doctor(on, ["--skip", "tools"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain(
      "Worktrees\n  PASS   AO-WT-001  broken links of worktrees: none of 5\n",
    );
    expect(stdout).toMatch(
      /\nHealthy: \d+ passed, 0 notes, 0 warnings, 0 failures, 8 skipped\.\n$/,
    );
    expect(compareTrees(before, treeOf(on.root))).toEqual([]);
  });

  test("exits 1 with a failure, and shows findings, remedies and fixes", async () => {
    const on = disk("movedWorktreeStaleLink");
    const { code, stdout } = await doctor(on, ["--skip", "tools"]);
    expect(code).toBe(1);
    expect(stdout).toContain("FAIL   AO-WT-001  broken links of worktrees\n      • git's link to");
    expect(stdout).toContain("mend: bun run scripts/repair.ts worktree-links\n");
    expect(stdout).toContain("\nNot healthy: ");
  });

  test("exits 0 with warnings only", async () => {
    const { code, document } = await report(disk("deadRunningJson"), ["--skip", "tools"]);
    expect({ code, healthy: document.healthy }).toEqual({ code: 0, healthy: true });
    expect(statusOf(document, "AO-RT-001")).toBe("warn");
  });

  test("prints a document of its schema on every kind of disk", async () => {
    for (const name of ["everyLayout", "unparsableConfig", "symlinkOut", "empty", "unsafeNames"]) {
      const { document, stderr } = await report(disk(name), ["--skip", "tools"]);
      expect(stderr).toBe("");
      expect(document.totals.crash).toBe(0);
      expect(document.checks).toHaveLength(allChecks.length - 9);
    }
  });

  test("takes ids and sections, in any case, for --only and --skip", async () => {
    const on = disk("cleanV3");
    const only = await report(on, ["--only", "sessions", "--only", "ao-wt-001"]);
    expect(only.document.checks.map(({ id }) => id)).toEqual([
      ...allChecks.filter(({ section }) => section === "sessions").map(({ id }) => id),
      "AO-WT-001",
    ]);
    const skip = await report(on, ["--only", "config", "--skip", "AO-CF-001"]);
    expect(skip.document.checks.map(({ id }) => id)).not.toContain("AO-CF-001");
  });

  test("passes the flags that name the disk on to its remedies", async () => {
    const on = disk("migrationMarker");
    const args = ["--only", "AO-MG-004", "--base-dir", on.baseDir];
    const { document } = await report(on, args);
    expect(document.checks[0]?.fix?.command).toBe(
      `bun run scripts/repair.ts migration-marker --base-dir ${on.baseDir}`,
    );
  });

  test("lists its checks and explains each", async () => {
    const on = disk("empty");
    const listed = await doctor(on, ["--list-checks"]);
    expect(listed.stdout.trimEnd().split("\n")).toHaveLength(allChecks.length);
    const { code, stdout } = await doctor(on, ["explain", "AO-WT-003"]);
    expect(code).toBe(0);
    for (const part of ["What\n", "Why\n", "How found\n", "How mended\n", "Source\n", "Fix\n"]) {
      expect(stdout).toContain(part);
    }
    const json = await doctor(on, ["explain", "worktree-entries", "--json"]);
    const { checks } = v.parse(checksDocumentSchema, JSON.parse(json.stdout));
    expect(checks).toMatchObject([{ id: "AO-WT-003", fix: { safe: false } }]);
    const all = await doctor(on, ["--list-checks", "--json"]);
    expect(v.parse(checksDocumentSchema, JSON.parse(all.stdout)).checks).toHaveLength(
      allChecks.length,
    );
  });

  test.each([
    [["--only", "AO-WT-03"], 'Cannot use "AO-WT-03": no such check or section\nhint: did you mean'],
    [["explain", "AO-XX-001"], 'Cannot use "AO-XX-001": no such check'],
    [["--fix", "worktree-link"], 'Cannot use "worktree-link": no such fix\nhint: did you mean'],
    [["--fix", "AO-WT-007"], 'Cannot fix "AO-WT-007": it has no fix'],
    [["AO-WT-003"], 'Cannot use "AO-WT-003": it goes with --fix'],
    [["--dry-run"], 'Cannot use "--dry-run": it goes with --fix'],
  ])("refuses %p as usage", async (args, message) => {
    const { code, stdout, stderr } = await doctor(disk("empty"), args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(message);
  });

  test("keeps secrets of config, sessions and environment out of all output", async () => {
    const on = makeDisk({
      projects: [{ name: "integrator", storageKey: "bare" }, { name: "backend" }],
    });
    made.push(on);
    const text = readFileSync(on.configFile, "utf8");
    const secrets = ["ghp_0123456789abcdefghij", "hunter2hunter2", "xoxb-123456789-abcdef"];
    const [token = "", password = "", bot = ""] = secrets;
    const remote = `https://me:${password}@github.com/o/integrator.git`;
    writeFileSync(
      on.configFile,
      `${text.replaceAll("https://github.com/o/backend.git", remote)}notifiers:\n  slack:\n    token: ${bot}\n    broken: [${token}\n`,
    );
    const env = { GITHUB_TOKEN: token, MY_PASSWORD: password };
    for (const args of [[], ["--verbose"], ["--json"], ["--fix", "--dry-run"]]) {
      const { stdout, stderr } = await doctor(on, args, env);
      for (const secret of secrets) expect(stdout + stderr).not.toContain(secret);
    }
  });

  test("does not hang with a tool that does: it is killed and told after five seconds", async () => {
    const on = disk("empty");
    const { PATH: dir } = stubs(on, { codex: "/bin/sleep 600 & exec /bin/sleep 600" });
    const start = performance.now();
    const { document } = await report(on, ["--only", "tools"], {
      PATH: `${dir}:${on.env.PATH}`,
    });
    expect(performance.now() - start).toBeLessThan(9000);
    const codex = document.checks.find(({ id }) => id === "AO-TL-008");
    expect(codex).toMatchObject({
      status: "warn",
      findings: [{ message: "codex does not answer in 5 s" }],
    });
    expect(statusOf(document, "AO-TL-002")).toBe("pass");
  }, 15_000);
});

describe("doctor --output and --format", () => {
  test("writes a page, Markdown and JSON of the very report that it prints", async () => {
    const on = disk("movedWorktreeStaleLink");
    const names = ["doctor.html", "doctor.md", "doctor.json"];
    const args = ["--skip", "tools", ...names.flatMap((name) => ["--output", name]), "--json"];
    const sandbox = { home: on.home, env: { ...on.env, ...noCache }, [Symbol.dispose]() {} };
    const { code, stdout } = await runScript("scripts/doctor.ts", args, { sandbox, cwd: on.root });
    expect(code).toBe(1);
    const [page = "", markdown = "", json = ""] = names.map((name) =>
      readFileSync(join(on.root, name), "utf8"),
    );
    expect(JSON.parse(json)).toEqual(JSON.parse(stdout));
    expect(page).toContain('<details id="AO-WT-001" open>');
    expect(page).toContain("repair.ts worktree-links");
    expect(markdown).toContain("### FAIL AO-WT-001 broken links of worktrees\n\n- git");
  });

  test("refuses a file that says no format, and one that cannot be written", async () => {
    const on = disk("empty");
    const usage = await doctor(on, ["--output", "doctor.txt"]);
    expect(usage).toMatchObject({ code: 2, stderr: expect.stringContaining("no format") });
    const invalid = await doctor(on, ["--only", "config", "--output", "/proc/none/doctor.md"]);
    expect(invalid).toMatchObject({ code: 3, stderr: expect.stringContaining("Cannot write") });
  });

  test("annotates a workflow, in the file of the workspace where the finding is in one", async () => {
    const on = disk("unparsableConfig");
    const args = ["--format", "github", "--skip", "tools"];
    const env = { GITHUB_WORKSPACE: on.baseDir, FORCE_COLOR: "1" };
    const { code, stdout } = await doctor(on, args, env);
    expect(code).toBe(1);
    const lines = stdout.trimEnd().split("\n");
    expect(lines[0]).toBe("::group::AO doctor");
    const token = lines[1]?.replace("::stop-commands::", "") ?? "";
    expect(token).toMatch(/^[0-9a-f-]{36}$/);
    expect(lines.filter((line) => line === `::${token}::`)).toHaveLength(1);
    const errors = lines.filter((line) => line.startsWith("::error "));
    expect(errors[0]).toMatch(/^::error file=config\.yaml,line=\d+,col=\d+,title=AO-CF-001 /);
    expect(lines.at(-1)).toStartWith("Not healthy: ");
    expect(stdout).not.toContain("\x1b");
  });
});

describe("doctor --fix", () => {
  test("shows what it would do with --dry-run, and does nothing", async () => {
    const on = disk("movedWorktreeStaleLink");
    const before = treeOf(on.home);
    const { code, stdout } = await doctor(on, ["--fix", "--dry-run", "--json"]);
    expect(code).toBe(0);
    const plan = v.parse(repairPlanSchema, JSON.parse(stdout));
    expect(plan.fixes.map(({ name }) => name)).toEqual(["worktree-links"]);
    expect(plan.fixes[0]?.operations[0]).toStartWith("relinkWorktree ");
    expect(compareTrees(before, treeOf(on.home))).toEqual([]);
  });

  test("applies the safe ones only, and a rollback of each brings the same bytes", async () => {
    const on = disk("movedWorktreeStaleLink");
    writeFileSync(join(on.baseDir, ".migration-in-progress"), "2026-04-20T10:00:00.000Z");
    const migrations = join(on.baseDir, "migrations");
    const bytes = () => treeOf(on.home, (path) => path === migrations);
    const before = bytes();
    const { code, stdout } = await doctor(on, ["--fix", "--yes", "--json", "--skip", "tools"]);
    expect(code).toBe(0);
    const result = v.parse(repairResultSchema, JSON.parse(stdout));
    expect(result.mended.map(({ fix, left }) => [fix, left])).toEqual([
      ["worktree-links", []],
      ["migration-marker", []],
    ]);
    expect(result.report?.healthy).toBe(true);
    for (const { id } of result.mended.toReversed()) {
      const sandbox = { home: on.home, env: { ...on.env, ...noCache }, [Symbol.dispose]() {} };
      const undone = await runScript("scripts/rollback.ts", [id, "--yes"], { sandbox });
      expect({ code: undone.code, stderr: undone.stderr }).toEqual({ code: 0, stderr: "" });
    }
    expect(compareTrees(before, bytes())).toEqual([]);
  });

  test("asks first, and where nobody can be asked names the flag", async () => {
    const on = disk("migrationMarker");
    const { code, stdout, stderr } = await doctor(on, ["--fix"]);
    expect(code).toBe(2);
    expect(stdout).toContain("migration-marker");
    expect(stderr).toContain("answer it with --yes");
  });

  test("reports when there is nothing to do", async () => {
    const { code, stdout } = await doctor(disk("cleanV3"), ["--fix", "--skip", "tools"]);
    expect(code).toBe(0);
    expect(stdout).toContain("Healthy: ");
  });

  test("is refused with 3 where the registry cannot be read, with 4 while AO is live", async () => {
    const unreadable = await doctor(disk("unparsableConfig"), ["--fix", "storage-key", "--yes"]);
    expect(unreadable.code).toBe(3);
    expect(unreadable.stderr).toContain('Cannot apply "storage-key"');
    const live = await doctor(disk("liveOrchestrator"), ["--fix", "AO-ST-005", "--yes"]);
    expect(live.code).toBe(4);
    expect(live.stderr).toContain("AO is live");
    expect(live.stderr).toContain("doctor.ts --fix AO-ST-005 --force");
  });
});
