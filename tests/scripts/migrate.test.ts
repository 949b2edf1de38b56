/** The dry run: what it says, and that it changes nothing. Execution has files of its own in `migrate/`. */

import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import * as v from "valibot";
import { errorDocumentSchema } from "../../lib/documents.ts";
import { planRecordSchema } from "../../lib/storage/record-schema.ts";
import { makeDisk } from "../disk/build.ts";
import { writeFiles } from "../disk/repos.ts";
import type { Disk } from "../disk/spec.ts";
import { disks } from "../disk.ts";
import { diffTrees, readTree } from "../tree.ts";
import { call, run } from "./migrate/call.ts";

type RecordOf = v.InferOutput<typeof planRecordSchema>;

/** The dry run's record, checked against its contract. */
async function recordOf(disk: Disk, ...argv: string[]): Promise<RecordOf> {
  const { stdout, stderr } = await call("migrate", disk, "--json", ...argv);
  expect(stderr).toBe("");
  const parsed = v.safeParse(planRecordSchema, JSON.parse(stdout));
  if (!parsed.success) throw new Error(JSON.stringify(v.flatten(parsed.issues)));
  return parsed.output;
}

function build(name: string): Disk {
  const make = disks[name];
  if (make === undefined) throw new Error(`no disk "${name}"`);
  return make();
}

const unreadableRegistry = new Set([
  ...["unparsableConfig", "aliasBomb", "duplicateConfigKeys", "configIsDirectory"],
]);

function tmuxState(disk: Disk): string {
  const format = "#{session_name} #{session_created} #{pane_pid}";
  const words = ["tmux", "list-panes", "-a", "-F", format];
  return Bun.spawnSync(words, {
    env: disk.env,
    stdout: "pipe",
    stderr: "ignore",
  }).stdout.toString();
}

describe.each(Object.keys(disks))("a dry run of %s", (name) => {
  test("changes nothing, fits 80 columns, and its record keeps the contract", async () => {
    using disk = build(name);
    const isLive = existsSync(join(disk.root, "tmux")) && tmuxState(disk);
    const before = readTree(disk.root, { mtime: true });
    const text = await call("migrate", disk, "--dry-run");
    const record = await recordOf(disk);
    expect(diffTrees(before, readTree(disk.root, { mtime: true }))).toEqual([]);
    expect(isLive && tmuxState(disk)).toEqual(isLive);

    const code = unreadableRegistry.has(name) ? 3 : 0;
    expect({ code: text.code, stderr: text.stderr }).toEqual({ code, stderr: "" });
    // Temporary directories have longer names on some systems.
    expect(tooWide(text.stdout.replaceAll(disk.root, "/dev/shm/ao-disk-abcdef"))).toEqual([]);
    expect(record.blockers.length > 0).toBe(code === 3);
    const operations = record.steps.flatMap((step) => step.operations).length;
    if (operations > 0) expect(text.stdout).toContain(`Operations:             ${operations}\n`);
    for (const { order, title, count, details } of record.steps) {
      expect(details.length).toBe(count);
      expect(text.stdout).toContain(`${String(order).padStart(4)}. ${title} (${count})\n`);
    }
  });
});

/** Lines of more than 80 columns that could have been broken. */
function tooWide(text: string): string[] {
  const isOneWord = (line: string) => !/\S\s+\S/.test(line.replace(/^\s*(?:[•›-]\s)?\s*/, ""));
  return text.split("\n").filter((line) => line.length > 80 && !isOneWord(line));
}

describe("one bad thing", () => {
  const bad: Record<string, RegExp> = {
    truncatedJson: /int-7\.json/,
    notAnObject: /int-[78]\.json/,
    nonUtf8: /int-7\.json/,
    hugeMetadata: /int-7\.json/,
    notAFile: /int-[78]\.json/,
    duplicateKeys: /int-7\.json/,
    unsafeNames: /int 7\.json/,
  };

  test.each(Object.entries(bad))("in %s never stops the inventory", async (name, file) => {
    using disk = build(name);
    const { inventory, steps } = await recordOf(disk);
    const [project] = inventory.projects.filter(({ projectId }) => projectId.startsWith("int"));
    const issues = project?.issues.filter(({ ref }) => file.test(ref ?? "")) ?? [];
    expect(issues).not.toEqual([]);
    // The good sessions beside it are there and planned for; it is patched by nothing.
    expect(project?.sessionsCount).toBeGreaterThanOrEqual(2);
    expect(steps.map(({ id }) => id)).toContain("write-identity-json");
    const patched = steps.flatMap(({ operations }) =>
      operations.flatMap((operation) => (operation.op === "patchJson" ? [operation.path] : [])),
    );
    expect(patched.filter((path) => file.test(path))).toEqual([]);
    const { stdout } = await call("migrate", disk, "--verbose");
    for (const { detail } of issues) expect(unwrapped(stdout)).toContain(unwrapped(detail));
  });

  test("has its line and column where there is one", async () => {
    using disk = build("truncatedJson");
    const { inventory } = await recordOf(disk);
    const refs = inventory.projects.flatMap(({ issues }) => issues.map(({ ref }) => ref ?? ""));
    expect(refs.filter((ref) => /int-7\.json:\d+:\d+$/.test(ref))).toHaveLength(1);
  });
});

describe("an unreadable config.yaml", () => {
  test("is a blocker with its place, after the inventory was printed, and exit 3", async () => {
    using disk = build("unparsableConfig");
    const place = new RegExp(`${disk.configFile}:\\d+:\\d+`);
    const text = await run("migrate", disk, "--dry-run");
    expect(text.code).toBe(3);
    expect(text.stdout).toMatch(/Inventory\n {2}Projects: +2\n/);
    expect(unwrapped(text.stdout)).toMatch(place);
    const json = await run("migrate", disk, "--json");
    expect(json.code).toBe(3);
    const record = v.parse(planRecordSchema, JSON.parse(json.stdout));
    expect(record.inventory.projects).toHaveLength(2);
    expect(record.blockers[0]).toMatch(place);
    expect(record.steps).toEqual([]);
  });

  test.each([...unreadableRegistry])("of %s executes nothing", async (name) => {
    using disk = build(name);
    const before = readTree(disk.root, { mtime: true });
    const result = await call("migrate", disk, "--execute", "--yes", "--json");
    expect(result.code).toBe(3);
    const { error } = v.parse(errorDocumentSchema, JSON.parse(result.stdout));
    expect(error).toMatchObject({ outcome: "invalid", place: { file: disk.configFile } });
    expect(diffTrees(before, readTree(disk.root, { mtime: true }))).toEqual([]);
  });
});

describe("a base dir that cannot be listed", () => {
  test("since it is a file, is a blocker and not called V3", async () => {
    using disk = build("empty");
    rmSync(disk.baseDir, { recursive: true });
    writeFileSync(disk.baseDir, "");
    const { code, stdout } = await run("migrate", disk, "--exit-code");
    expect(code).toBe(3);
    expect(stdout).toContain(`\nBlockers\n  • ${disk.baseDir}: not a directory\n`);
    expect(stdout).not.toContain("is V3");
    expect((await call("migrate", disk, "--execute", "--yes")).code).toBe(4);
  });

  test.each([
    ["migrate", []],
    ["migrate", ["--execute", "--yes"]],
    ["rollback", ["--list"]],
  ] as const)("for the system says no, is no bug of %s %j", async (script, words) => {
    using disk = build("empty");
    rmSync(disk.baseDir, { recursive: true });
    symlinkSync(basename(disk.baseDir), disk.baseDir);
    const { code, stdout, stderr } = await call(script, disk, ...words);
    expect([code, stdout]).toEqual([3, ""]);
    expect(stderr).toMatch(/^error: Cannot (load|list) ".*": ELOOP\n/);
  });
});

describe("nothing to do", () => {
  test("on a base dir that is empty, or not there, or V3 already", async () => {
    for (const name of ["empty", "cleanV3"]) {
      using disk = build(name);
      if (name === "empty") rmSync(join(disk.baseDir, "config.yaml"), { force: true });
      const { code, stdout } = await call("migrate", disk, "--exit-code");
      expect([name, code]).toEqual([name, 0]);
      expect(stdout).toContain("Nothing to do");
      expect((await call("migrate", disk, "--execute", "--yes")).code).toBe(0);
      expect(existsSync(join(disk.baseDir, "migrations"))).toBe(false);
    }
    using disk = build("empty");
    rmSync(disk.baseDir, { recursive: true });
    const { code, stdout } = await run("migrate", disk);
    expect(code).toBe(0);
    expect(stdout).toContain("Nothing to do");
    expect(existsSync(disk.baseDir)).toBe(false);
  });
});

describe("what climbs out", () => {
  test("is reported, and nothing outside is planned for, read into the record, or followed", async () => {
    for (const name of ["climbingIds", "climbingFields", "symlinkOut"]) {
      using disk = build(name);
      const { inventory, steps } = await recordOf(disk);
      const places = [disk.baseDir, join(disk.home, "repos"), disk.worktreeRoot];
      const outside = steps
        .flatMap(({ operations }) => operations.flatMap(pathsOf))
        .filter((path) => path.includes("..") || !places.some((dir) => path.startsWith(dir)));
      expect([name, outside]).toEqual([name, []]);
      const kinds = [
        ...inventory.projects.flatMap(({ issues }) => issues),
        ...inventory.globalConfigIssues,
        ...inventory.issues,
      ].map(({ kind }) => kind);
      const wanted = {
        climbingIds: "registry-entry-invalid",
        climbingFields: "unsafe-project-field",
        symlinkOut: "symlink",
      }[name];
      expect([name, kinds]).toEqual([name, expect.arrayContaining([wanted])]);
      const ids = inventory.projects.map(({ projectId }) => projectId);
      expect(ids.filter((id) => /linked|evil|out/.test(id))).toEqual([]);
    }
  });

  test("or would unfold to a billion aliases is refused at once", async () => {
    using disk = build("aliasBomb");
    const begin = performance.now();
    const { code, stdout } = await run("migrate", disk);
    expect(code).toBe(3);
    expect(performance.now() - begin).toBeLessThan(3000);
    expect(stdout).toMatch(/alias/i);
  });
});

function pathsOf(operation: RecordOf["steps"][number]["operations"][number]): string[] {
  if (operation.op === "move") return [operation.from, operation.to];
  if (operation.op === "relinkWorktree") return [operation.worktree, operation.repo];
  return operation.op === "renameTmux" ? [] : [operation.path];
}

/** Text as one line, whatever was broken to fit. */
function unwrapped(text: string): string {
  return text.replaceAll(/\s+/g, "");
}

describe("long lists", () => {
  test("are shortened, and --verbose shows everything", async () => {
    using disk = makeDisk({
      projects: Array.from({ length: 14 }, (_, n) => ({
        name: `app-${n}`,
        layout: "v1-bare" as const,
        sessions: 8,
        worktrees: "none" as const,
        tmux: "doubled" as const,
      })),
      observability: 40,
    });
    const brief = await call("migrate", disk);
    const whole = await call("migrate", disk, "--verbose");
    expect(brief.stdout.split("\n").length).toBeLessThan(150);
    expect(whole.stdout.split("\n").length).toBeGreaterThan(500);
    expect(brief.stdout).toContain("… and 4 more projects (--verbose)");
    expect(brief.stdout).toContain("(and 7 more like this)");
    expect(whole.stdout).not.toContain("(--verbose)");
    for (const { issues } of (await recordOf(disk)).inventory.projects) {
      for (const { detail } of issues) {
        expect(unwrapped(whole.stdout)).toContain(unwrapped(detail));
      }
    }
    expect(tooWide(whole.stdout)).toEqual([]);
  });
});

describe("flags", () => {
  test("--output saves the record that --json prints, and the text still comes", async () => {
    using disk = build("v1AndV2Mix");
    const file = join(disk.root, "plan.json");
    const { code, stdout } = await run("migrate", disk, "--output", file);
    expect(code).toBe(0);
    expect(stdout).toContain("Inventory\n");
    const saved = v.parse(planRecordSchema, JSON.parse(readFileSync(file, "utf8")));
    const printed = await recordOf(disk);
    expect(saved.planId).toBe(printed.planId);
    expect(saved.inventoryDigest).toBe(printed.inventoryDigest);
    expect(saved.steps.map(({ id, count }) => [id, count])).toEqual(
      printed.steps.map(({ id, count }) => [id, count]),
    );
  });

  test("--output to a place that cannot be written is exit 3 and names it", async () => {
    using disk = build("cleanV2");
    const file = join(disk.root, "not", "there.json");
    const { code, stderr } = await call("migrate", disk, "--output", file);
    expect(code).toBe(3);
    expect(stderr).toContain(`Cannot write "${file}"`);
  });

  test("--exit-code is 1 when there is something to migrate", async () => {
    using disk = build("cleanV2");
    expect((await call("migrate", disk, "--exit-code")).code).toBe(1);
    expect((await call("migrate", disk)).code).toBe(0);
  });

  test("--only brings along what a step needs, --skip refuses to leave that out", async () => {
    using disk = build("everyLayout");
    const ids = async (...argv: string[]) =>
      (await recordOf(disk, ...argv)).steps.map(({ id }) => id);
    expect(await ids("--only", "collapse-observability")).toEqual([
      "rekey-v1-entries",
      "rewrite-session-metadata",
      "collapse-observability",
    ]);
    const all = await ids();
    expect(await ids("--skip", "collapse-observability", "--skip", "gc-stranded-dirs")).toEqual(
      all.filter((id) => id !== "collapse-observability" && id !== "gc-stranded-dirs"),
    );
    const refused = await call("migrate", disk, "--skip", "rekey-v1-entries");
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/Cannot skip "rekey-v1-entries": [a-z0-9-]+ needs it/);
    expect(refused.stderr).toContain("add --skip ");
    expect((await call("migrate", disk, "--only", "rekey")).code).toBe(2);
  });

  test("--no-tmux asks no tmux, and leaves tmux names as they are", async () => {
    using disk = build("liveSessions");
    const asked = await recordOf(disk);
    expect(asked.totals.tmuxRenames).toBeGreaterThan(0);
    const { inventory, totals, warnings } = await recordOf(disk, "--no-tmux");
    expect(inventory.liveTmuxSessions).toEqual([]);
    expect(totals.tmuxRenames).toBe(0);
    expect(warnings.join("\n")).toContain("tmux could not be asked");
  });

  test("--plan without --execute, and a file that is no plan, are told", async () => {
    using disk = build("cleanV2");
    writeFiles(disk.root, { "no.json": '{\n  "schemaVersion": 3,\n}\n', "other.json": "{}" });
    expect((await call("migrate", disk, "--plan", "no.json")).code).toBe(2);
    const execute = ["--execute", "--yes", "--plan"];
    const broken = await call("migrate", disk, ...execute, "no.json");
    expect(broken.code).toBe(3);
    expect(broken.stderr).toContain("no.json:3:1");
    const other = await call("migrate", disk, ...execute, "other.json");
    expect(other.code).toBe(3);
    expect(other.stderr).toContain("schemaVersion is missing or wrong");
    const missing = await call("migrate", disk, ...execute, "missing.json");
    expect(missing.code).toBe(3);
  });
});
