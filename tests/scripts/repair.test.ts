import { afterEach, describe, expect, test } from "bun:test";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { isFixable } from "../../lib/doctor/check.ts";
import { allChecks } from "../../lib/doctor/checks.ts";
import {
  repairListSchema,
  repairPlanSchema,
  repairResultSchema,
  repairResumedSchema,
} from "../../lib/doctor/repair-document.ts";
import { compareTrees, treeOf } from "../../lib/tree.ts";
import type { Disk } from "../disk/spec.ts";
import { disks } from "../disk.ts";
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

function run(on: Disk, script: "repair" | "rollback" | "doctor", args: string[] = []) {
  const sandbox = { home: on.home, env: { ...on.env, ...noCache }, [Symbol.dispose]() {} };
  return runScript(`scripts/${script}.ts`, args, { sandbox });
}

function bytesOf(on: Disk) {
  const migrations = join(on.baseDir, "migrations");
  return treeOf(on.home, (path) => path === migrations);
}

describe("repair", () => {
  test("lists every fix with what it has to do, and changes nothing", async () => {
    const on = disk("kvInJson");
    const before = treeOf(on.root);
    const { code, stdout } = await run(on, "repair", ["--json"]);
    expect(code).toBe(0);
    const { fixes } = v.parse(repairListSchema, JSON.parse(stdout));
    expect(fixes.map(({ name }) => name)).toEqual(
      allChecks.filter(isFixable).map(({ fix }) => fix.name),
    );
    const due = fixes.find(({ name }) => name === "key-value-sessions");
    expect(due).toMatchObject({ check: "AO-SE-003", safe: false, findings: 1 });
    const text = await run(on, "repair");
    expect(text.stdout).toMatch(/^key-value-sessions +AO-SE-003 +mends 1 finding/m);
    expect(compareTrees(before, treeOf(on.root))).toEqual([]);
  });

  test("does not say of what could not be looked at that there is nothing to do", async () => {
    const { stdout } = await run(disk("unparsableConfig"), "repair");
    expect(stdout).toMatch(/^storage-key +AO-CF-006 +cannot be told +Bring in/m);
    expect(stdout).toMatch(/^run-file +AO-RT-001 +nothing to do +safe/m);
  });

  test("of a base dir that is a file has nothing to say, and the doctor does not call it well", async () => {
    const on = disk("empty");
    rmSync(on.baseDir, { recursive: true });
    writeFileSync(on.baseDir, "");
    const why = `${on.baseDir}: not a directory`;
    expect((await run(on, "repair")).stdout).toMatch(/^identity +AO-ST-005 +cannot be told/m);
    const refused = await run(on, "repair", ["identity", "--yes"]);
    expect(refused).toMatchObject({ code: 4, stderr: `error: Cannot apply "identity": ${why}\n` });
    const { code, stdout } = await run(on, "doctor", ["--only", "storage"]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^ {2}SKIP +AO-ST-011 .*: not a directory$/m);
  });

  test("shows one fix with --dry-run, without the content of files", async () => {
    const on = disk("kvInJson");
    const before = treeOf(on.root);
    const { code, stdout } = await run(on, "repair", ["key-value-sessions", "--dry-run", "--json"]);
    expect(code).toBe(0);
    const plan = v.parse(repairPlanSchema, JSON.parse(stdout));
    expect(plan.fixes[0]?.operations.map((line) => line.split(" ")[0])).toEqual([
      "trash",
      "create",
    ]);
    expect(stdout).not.toContain("INT-7");
    expect(compareTrees(before, treeOf(on.root))).toEqual([]);
  });

  test("applies one fix, and its rollback brings the same bytes", async () => {
    const on = disk("kvInJson");
    const before = bytesOf(on);
    const { code, stdout } = await run(on, "repair", ["AO-SE-003", "--yes", "--json"]);
    expect(code).toBe(0);
    const { mended } = v.parse(repairResultSchema, JSON.parse(stdout));
    expect(mended).toMatchObject([{ fix: "key-value-sessions", left: [], warnings: [] }]);
    const file = join(on.project("integrator").stateDir, "sessions", "int-7.json");
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({
      ...{ branch: "feat/int-7", issue: "INT-7", mine: "x=y" },
    });
    const undo = mended[0]?.undo.split(" ").slice(3) ?? [];
    expect((await run(on, "rollback", [...undo, "--yes"])).code).toBe(0);
    expect(compareTrees(before, bytesOf(on))).toEqual([]);
    const listed = await run(on, "rollback", ["--list"]);
    expect(listed.stdout).toContain(mended[0]?.id ?? "?");
  });

  test("does nothing twice", async () => {
    const on = disk("migrationMarker");
    expect((await run(on, "repair", ["migration-marker", "--yes"])).code).toBe(0);
    const again = await run(on, "repair", ["migration-marker", "--yes"]);
    expect({ code: again.code, stdout: again.stdout }).toEqual({
      ...{ code: 0, stdout: "Nothing to mend.\n" },
    });
  });

  test("finishes what was interrupted, and says when there is nothing of the kind", async () => {
    const on = disk("migrationMarker");
    const none = await run(on, "repair", ["--resume"]);
    expect(none.code).toBe(4);
    expect(none.stderr).toContain("no repair was interrupted");
    const { stdout } = await run(on, "repair", ["migration-marker", "--yes", "--json"]);
    const { mended } = v.parse(repairResultSchema, JSON.parse(stdout));
    const id = mended[0]?.id ?? "";
    const journal = join(on.baseDir, "migrations", id, "journal.jsonl");
    const lines = readFileSync(journal, "utf8").trimEnd().split("\n");
    writeFileSync(journal, `${lines.slice(0, -1).join("\n")}\n`);
    const seen = await run(on, "doctor", ["--only", "AO-MG-001"]);
    expect(seen.code).toBe(1);
    expect(seen.stdout).toContain("repair.ts --resume");
    const blocked = await run(on, "repair", ["identity", "--yes"]);
    expect(blocked.code).toBe(4);
    const finished = await run(on, "repair", ["--resume", "--json"]);
    expect(finished).toMatchObject({ code: 0, stderr: "" });
    expect(v.parse(repairResumedSchema, JSON.parse(finished.stdout)).id).toBe(id);
    expect((await run(on, "doctor", ["--only", "AO-MG-001"])).code).toBe(0);
  });

  test.each([
    [["no-such-fix"], 'Cannot use "no-such-fix": no such fix'],
    [["--dry-run"], 'Cannot use "--dry-run": it goes with the name of a fix'],
    [["locks", "--resume"], 'Cannot use "locks": --resume takes no name'],
  ])("refuses %p as usage", async (args, message) => {
    const { code, stdout, stderr } = await run(disk("empty"), "repair", args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(message);
  });
});
