/** Taking a migration back: what came after it stays, what it did goes, and damage is told. */

import { describe, expect, test } from "bun:test";
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import * as v from "valibot";
import { errorDocumentSchema } from "../../lib/documents.ts";
import { claudeSlug } from "../../lib/paths.ts";
import { git, writeFiles } from "../disk/repos.ts";
import type { Disk } from "../disk/spec.ts";
import { disks } from "../disk.ts";
import { stateOf } from "../lib/storage/journey.ts";
import { runInTerminal } from "../process.ts";
import { diffTrees, filesBelow, readTree, type Tree } from "../tree.ts";
import { call, run, sandboxOf } from "./migrate/call.ts";

function build(name: string): Disk {
  const make = disks[name];
  if (make === undefined) throw new Error(`no disk "${name}"`);
  return make();
}

/** Executes and gives back the migration's directory. */
async function migrate(disk: Disk): Promise<string> {
  const { code, stdout } = await call("migrate", disk, "--execute", "--yes", "--json");
  expect(code).toBe(0);
  return JSON.parse(stdout).dir;
}

interface ListedMigration {
  id: string;
  state: string;
  kept: number;
  trashBytes: number;
  pruned: boolean;
}

async function list(disk: Disk): Promise<ListedMigration[]> {
  const { stdout } = await call("rollback", disk, "--list", "--json");
  return JSON.parse(stdout).migrations;
}

const sessionText = '{\n  "branch": "feat/new",\n  "status": "working"\n}\n';

describe("what came after a migration", () => {
  test("goes back with the directory it was put into: sessions, reviews, feedback, commits", async () => {
    using disk = build("v1AndV2Mix");
    const before = stateOf(disk);
    await migrate(disk);
    const { id, repo, stateDir } = disk.project("integrator");
    const dir = join(disk.baseDir, "projects", id);
    const added = {
      "sessions/int-77.json": sessionText,
      "code-reviews/runs/run-77.json": "{}\n",
      "code-reviews/findings/finding-77.json": "{}\n",
      "feedback-reports/report_77.kv": "version=1\n",
    };
    writeFiles(dir, added);
    const worktree = join(dir, "worktrees", "int-1");
    writeFiles(worktree, { "later.txt": "later\n" });
    git(worktree, "add", ".");
    git(worktree, "commit", "-q", "-m", "Later");
    writeFiles(worktree, { "un tracked.txt": "?\n" });
    const commit = git(worktree, "rev-parse", "HEAD");

    expect(await run("rollback", disk, "--yes")).toMatchObject({ code: 0, stderr: "" });
    for (const [name, text] of Object.entries(added)) {
      expect(readFileSync(join(stateDir, name), "utf8")).toBe(text);
    }
    expect(git(repo, "rev-parse", "feat/int-1")).toBe(commit);
    const back = disk.project("integrator").sessions[0]?.worktree ?? "";
    expect(git(back, "status", "--porcelain")).toBe('?? "un tracked.txt"');
    expect(readFileSync(join(back, "later.txt"), "utf8")).toBe("later\n");
    const lines = diffTrees(before, stateOf(disk));
    expect(lines.filter((line) => line.startsWith("-"))).toEqual([]);
    const changed = lines.filter((line) => line.startsWith("~")).map((line) => line.split(":")[0]);
    expect(changed.filter((line) => !line?.includes("/.git/"))).toEqual([]);
  });

  test("a session goes back with its worktree: git, its metadata and chats follow", async () => {
    using disk = build("v1AndV2Mix");
    await migrate(disk);
    const { id, repo, stateDir } = disk.project("integrator");
    const later = join(disk.baseDir, "projects", id, "worktrees", "int-77");
    git(repo, "worktree", "add", "-q", "-b", "feat/int-77", later);
    writeFiles(later, { "un tracked.txt": "?\n" });
    const session = { branch: "feat/int-77", worktree: later, mine: [1] };
    const sessions = join(disk.baseDir, "projects", id, "sessions");
    writeFiles(sessions, { "int-77.json": `${JSON.stringify(session, null, 2)}\n` });
    const chats = join(disk.home, ".claude", "projects");
    writeFiles(join(chats, claudeSlug(later)), { "chat.jsonl": "{}\n" });

    const back = join(stateDir, "worktrees", "int-77");
    const preview = await call("rollback", disk, "--dry-run");
    expect(preview.stdout).toContain(`link ${later} at ${back}, with its session and chats`);

    const { stdout } = await run("rollback", disk, "--yes", "--json");
    expect(JSON.parse(stdout).warnings).toEqual([]);
    expect(git(back, "status", "--porcelain")).toBe('?? "un tracked.txt"');
    expect(git(repo, "worktree", "list", "--porcelain")).not.toContain("prunable");
    const [file = ""] = filesBelow(disk.baseDir).filter((path) =>
      /^(?!.*\/migrations\/).*\/int-77\.json$/.test(path),
    );
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({ ...session, worktree: back });
    expect(existsSync(join(chats, claudeSlug(back), "chat.jsonl"))).toBe(true);
    expect(existsSync(join(chats, claudeSlug(later)))).toBe(false);
  });

  test("stays where it was edited: fields of sessions, config.yaml, a file that V3 made", async () => {
    using disk = build("v1AndV2Mix");
    const before = stateOf(disk);
    await migrate(disk);
    const { id } = disk.project("integrator");
    const converted = join(disk.baseDir, "projects", id, "sessions", "int-1.json");
    const later = (text: string) => text.replace(/"branch": "[^"]+"/, '"branch": "feat/later"');
    patch(converted, later);
    const patched = disk.project("agent-orchestrator").sessions[0]?.file ?? "";
    const { key, id: newKey } = disk.project("agent-orchestrator");
    patch(patched.replace(`/${key}/`, `/${newKey}/`), later);
    patch(disk.configFile, (text) =>
      text.replace("port: 3000 ", "port: 4000 ").concat("mine: later # kept\n"),
    );

    const { code, stdout } = await run("rollback", disk, "--yes", "--json");
    expect(code).toBe(5);
    const { kept, state } = JSON.parse(stdout);
    expect(state).toBe("partly-rolled-back");
    expect(kept).toHaveLength(1);
    expect(kept[0].path).toBe(converted);
    expect(kept[0].reason).toMatch(/changed after the migration/);

    // The other fields of the session and of config.yaml are what they were before the migration.
    const session = JSON.parse(readFileSync(patched, "utf8"));
    expect([session.branch, session.project]).toEqual(["feat/later", key]);
    const registry = readFileSync(disk.configFile, "utf8");
    expect(registry).toContain("port: 4000   # dashboard");
    expect(registry).toContain("mine: later # kept\n");
    expect(registry).toContain(`  "${key}":`);
    expect(registry).toContain("storageKey: ");
    // Both the edited session and the one that it was made from are there.
    const old = disk.project("integrator");
    const all = filesBelow(disk.baseDir).filter((path) => !path.includes("/migrations/"));
    const texts = all.map((path) => readFileSync(path, "utf8"));
    expect(texts.filter((text) => text.includes("feat/later"))).toHaveLength(2);
    expect(existsSync(old.sessions[0]?.file ?? "")).toBe(true);
    const gone = diffTrees(before, stateOf(disk)).filter((line) => line.startsWith("-"));
    expect(gone).toEqual([]);
  });

  test("is listed with its reason for people too, and by --list", async () => {
    using disk = build("v1AndV2Mix");
    await migrate(disk);
    editConverted(disk);
    const { code, stdout } = await run("rollback", disk, "--yes");
    expect(code).toBe(5);
    expect(stdout).toMatch(
      /Kept, because it came or changed after the migration \(1\):\n {2}• \/.*int-1\.json: /,
    );
    expect(await list(disk)).toMatchObject([{ state: "partly-rolled-back", kept: 1 }]);
  });
});

function editConverted(disk: Disk): void {
  const { id } = disk.project("integrator");
  const file = join(disk.baseDir, "projects", id, "sessions", "int-1.json");
  appendFileSync(file, "\n");
}

function patch(file: string, change: (text: string) => string): void {
  const text = readFileSync(file, "utf8");
  expect(change(text)).not.toBe(text);
  writeFileSync(file, change(text));
}

describe("a rollback", () => {
  test("and another execution lead to the same tree as one execution", async () => {
    for (const name of ["everyLayout", "sameSessionTwoHashDirs", "claudeSlugUnderscore"]) {
      using disk = build(name);
      await migrate(disk);
      const once = stateOf(disk);
      expect((await call("rollback", disk, "--yes")).code).toBe(0);
      await migrate(disk);
      expect([name, diffTrees(withoutStamps(once), withoutStamps(stateOf(disk)))]).toEqual([
        name,
        [],
      ]);
    }
  });

  test("works as a process wherever the migration wrote, and asks first", async () => {
    using disk = build("everyLayout");
    const before = stateOf(disk);
    await migrate(disk);
    const after = stateOf(disk);
    expect((await run("rollback", disk)).code).toBe(2);
    const keys = [{ expect: "Take back", send: "\r" }];
    const answered = await runInTerminal("scripts/rollback.ts", [], keys, {
      sandbox: sandboxOf(disk),
    });
    expect(answered.code).toBe(130);
    expect(diffTrees(after, stateOf(disk))).toEqual([]);
    const { code, stdout } = await run("rollback", disk, "--yes");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Rolled back v3-\S+: \d+ operations taken back\./);
    expect(diffTrees(before, stateOf(disk))).toEqual([]);
    const again = await run("rollback", disk, "--yes");
    expect(again.code).toBe(4);
    expect(again.stderr).toContain("there is nothing to take back");
  });

  test("with --dry-run says what it would do, and does nothing", async () => {
    using disk = build("v1AndV2Mix");
    const dir = await migrate(disk);
    const before = readTree(disk.root, { mtime: true });
    const { code, stdout } = await run("rollback", disk, "--dry-run");
    expect(code).toBe(0);
    const { operations } = JSON.parse(readFileSync(join(dir, "plan.json"), "utf8"));
    expect(stdout.trim().split("\n")).toHaveLength(operations.length + 2);
    expect(stdout).toContain("Nothing was changed.");
    expect(diffTrees(before, readTree(disk.root, { mtime: true }))).toEqual([]);
  });

  test("of V0 sessions that were given to a project brings them back", async () => {
    using disk = build("everyLayout");
    const before = stateOf(disk);
    const { id } = disk.project("integrator");
    const answer = `identity:.ao-sessions=${id}`;
    const done = await run("migrate", disk, "--execute", "--yes", "--decide", answer);
    expect(done).toMatchObject({ code: 0 });
    expect(readdirSync(join(disk.home, ".ao-sessions"))).toEqual([]);
    const { code, stderr } = await run("rollback", disk, "--yes");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(diffTrees(before, stateOf(disk))).toEqual([]);
  });
});

/** Archived orchestrators carry the second of their migration in their names. */
function withoutStamps(tree: Tree): Tree {
  const plain = (path: string) => path.replace(/_\d{8}T\d{6}Z(\.json)$/, "_STAMP$1");
  return new Map([...tree].map(([path, entry]) => [plain(path), entry]));
}

describe("--list", () => {
  test("shows every migration, oldest first, with its state", async () => {
    using disk = build("v1AndV2Mix");
    expect((await run("rollback", disk, "--list")).stdout).toStartWith("No migrations in ");
    await migrate(disk);
    await call("rollback", disk, "--yes");
    await migrate(disk);
    const found = await list(disk);
    expect(found.map(({ state }) => state).sort()).toEqual(["done", "rolled-back"]);
    const { code, stdout } = await run("rollback", disk, "--list");
    expect(code).toBe(0);
    for (const { id, state } of found) expect(stdout).toMatch(new RegExp(`${id} +${state}`));
  });

  test("an id that is none, and flags that do not go together, are usage errors", async () => {
    using disk = build("cleanV2");
    await migrate(disk);
    for (const argv of [
      ["v3-20200101T000000Z-aaaaaa", "--yes"],
      ["--older-than", "3d"],
      ["--prune", "--older-than", "soon"],
      ["--list", "--prune"],
      ["some-id", "--list"],
      ["../..", "--yes"],
    ]) {
      const { code, stderr } = await call("rollback", disk, ...argv);
      expect([argv, code]).toEqual([argv, 2]);
      expect(stderr).toStartWith("error: ");
    }
  });
});

describe("--prune", () => {
  test("deletes the trash of finished migrations and nothing else", async () => {
    using disk = build("v1AndV2Mix");
    const dir = await migrate(disk);
    const bytes = (await list(disk))[0]?.trashBytes ?? 0;
    expect(bytes).toBeGreaterThan(0);
    const before = stateOf(disk);
    const records = readTree(dir);
    expect((await run("rollback", disk, "--prune")).code).toBe(2);
    const dry = await run("rollback", disk, "--prune", "--dry-run");
    expect(dry.stdout).toContain("Would free");
    expect(diffTrees(records, readTree(dir))).toEqual([]);

    const young = await run("rollback", disk, "--prune", "--older-than", "30d", "--yes");
    expect(young.stdout).toContain("No finished migration has trash to prune.");
    expect(diffTrees(records, readTree(dir))).toEqual([]);

    const { code, stdout } = await run("rollback", disk, "--prune", "--yes", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ bytes, freed: bytes });
    expect(diffTrees(before, stateOf(disk))).toEqual([]);
    const gone = diffTrees(records, readTree(dir)).filter((line) => line.startsWith("-"));
    expect(gone.length).toBeGreaterThan(0);
    expect(gone.filter((line) => !/^- trash\//.test(line))).toEqual([]);
    expect(await list(disk)).toMatchObject([{ state: "done", pruned: true, trashBytes: 0 }]);
  });

  test("leaves the trash of a migration that stopped half-way, or was taken back in part", async () => {
    using disk = build("v1AndV2Mix");
    const dir = await migrate(disk);
    editConverted(disk);
    expect((await call("rollback", disk, "--yes")).code).toBe(5);
    const before = readTree(dir);
    const { stdout } = await run("rollback", disk, "--prune", "--yes");
    expect(stdout).toContain("No finished migration has trash to prune.");
    expect(diffTrees(before, readTree(dir))).toEqual([]);
  });
});

describe("damage", () => {
  const damages: Record<string, (dir: string) => void> = {
    "a manifest that is no JSON": (dir) => writeFileSync(join(dir, "manifest.json"), "{"),
    "a manifest that is gone": (dir) => rmSync(join(dir, "manifest.json")),
    "a manifest with another shape": (dir) => writeFileSync(join(dir, "manifest.json"), "[]\n"),
    "a plan that was edited": (dir) =>
      patch(join(dir, "plan.json"), (text) => text.replace('"move"', '"trash"')),
    "a plan that is gone": (dir) => rmSync(join(dir, "plan.json")),
    "a journal with a changed line": (dir) =>
      patch(join(dir, "journal.jsonl"), (text) => text.replace(/"k":"done"/, '"k":"gone"')),
    "a journal that is gone": (dir) => rmSync(join(dir, "journal.jsonl")),
    "a journal cut to its first bytes": (dir) => truncateSync(join(dir, "journal.jsonl"), 20),
    "a journal that lost its second half": (dir) =>
      patch(join(dir, "journal.jsonl"), (text) => text.slice(0, text.length / 2)),
    "a journal with lines added": (dir) => appendFileSync(join(dir, "journal.jsonl"), '{"a":1}\n'),
  };

  test.each(Object.entries(damages))(
    "of %s is exit 3, without a stack trace, and changes nothing",
    async (_, damage) => {
      using disk = build("v1AndV2Mix");
      const dir = await migrate(disk);
      damage(dir);
      const before = stateOf(disk);
      const id = dir.slice(dir.lastIndexOf("/") + 1);
      const named = await run("rollback", disk, id, "--yes", "--json");
      expect([named.code, named.stdout]).toEqual([3, expect.stringContaining(id)]);
      const text = await run("rollback", disk, id, "--yes");
      expect([text.code, text.stdout]).toEqual([3, ""]);
      expect(text.stderr).toStartWith("error: ");
      expect(text.stderr).not.toMatch(/\.ts:\d+:\d+/);
      v.parse(errorDocumentSchema, JSON.parse(named.stdout));
      expect(diffTrees(before, stateOf(disk))).toEqual([]);
    },
  );

  test("of one migration does not hide the others", async () => {
    using disk = build("v1AndV2Mix");
    const dir = await migrate(disk);
    const copy = join(dirname(dir), "v3-20200101T000000Z-aaaaaa");
    mkdirSync(copy);
    cpSync(join(dir, "manifest.json"), join(copy, "manifest.json"));
    utimesSync(copy, 0, 0);
    const { code, stdout } = await run("rollback", disk, "--list");
    expect(code).toBe(3);
    expect(stdout).toMatch(/v3-20200101T000000Z-aaaaaa +damaged: /);
    expect(stdout).toMatch(/ done +\d+/);
    expect((await run("rollback", disk, "--yes")).code).toBe(0);
  });

  test("of the newest one is told when no id says which one is meant", async () => {
    using disk = build("v1AndV2Mix");
    const dir = await migrate(disk);
    const before = stateOf(disk);
    const id = "v3-29991231T235959Z-aaaaaa";
    mkdirSync(join(dirname(dir), id));
    const { code, stderr } = await run("rollback", disk, "--yes");
    expect([code, stderr]).toEqual([3, expect.stringContaining(`migration, "${id}": Cannot read`)]);
    const older = dir.slice(dir.lastIndexOf("/") + 1);
    expect(stderr).toContain(`all the same: bun run scripts/rollback.ts ${older}\n`);
    expect(diffTrees(before, stateOf(disk))).toEqual([]);
    expect((await run("rollback", disk, older, "--yes")).code).toBe(0);
  });
});
