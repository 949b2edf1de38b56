import { afterAll, beforeAll, describe, expect, setSystemTime, test } from "bun:test";
import { cpSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { undo } from "../../lib/change/transaction.ts";
import { execute } from "../../lib/cli.ts";
import { resumedSchema, taskMigrationSchema } from "../../lib/tasks/document.ts";
import command from "../../scripts/migrate-sessions.ts";
import { makeHost } from "../host.ts";
import {
  changesSince,
  copyCase,
  expectedOf,
  makeProject,
  type Project,
  projectTree,
} from "../lib/tasks/project.ts";
import { runInTerminal, runScript } from "../process.ts";
import { diffTrees } from "../tree.ts";

const script = "scripts/migrate-sessions.ts";

/** Runs it inside this process, with the project as current directory. */
async function call({ root }: Project, ...argv: string[]) {
  const invocation = `bun run ${script}`;
  const { host, written } = makeHost(argv, { cwd: root, invocation });
  const code = await execute(command, host);
  const shown = (text: string) =>
    text.replaceAll(root, "ROOT").replaceAll(/sessions-\d{8}T\d{6}Z-[0-9a-f]{6}/g, "ID");
  return { code, stdout: shown(written.stdout), stderr: shown(written.stderr) };
}

function migrationsOf({ root }: Project): string[] {
  const dir = join(root, ".workflow/migrations");
  return existsSync(dir) ? readdirSync(dir).filter((name) => !name.startsWith(".")) : [];
}

/** Folders of `tests/fixtures/migrate-sessions`, with the exit code of each. */
const cases = {
  /** The documented layout: both endings, a definition or none, history or none. */
  plain: 0,
  /** CRLF, byte order mark, non-ASCII, big integers, no line break at the end. */
  bytes: 0,
  /** Spaces, dots, quotes, dashes. */
  names: 0,
  /** `.yml` and `.yaml` of one definition, and of one session. */
  spellings: 3,
  /** Both structures at once, and whatever else may stand in the way. */
  existing: 3,
  /** Files that are no sessions, and a definition that is none. */
  bad: 3,
  /** Timestamps good and bad, operations with parts missing. */
  operations: 0,
  /** Linked versions and sessions. */
  links: 3,
  /** Definitions of every form. */
  definitions: 0,
};

describe("every documented case", () => {
  beforeAll(() => void setSystemTime(new Date(2025, 11, 16, 12, 0, 0)));
  afterAll(() => void setSystemTime());

  for (const [name, exit] of Object.entries(cases)) {
    const expected = (file: string) => readFileSync(join(expectedOf(name), file), "utf8");

    test(`${name}: the dry run says what would be done, and does nothing`, async () => {
      using project = copyCase(name);
      const before = projectTree(project.root);
      const { code, stdout, stderr } = await call(project, "--dry-run");
      expect({ code, stdout }).toEqual({ code: exit, stdout: expected("dry-run.txt") });
      expect(`${stderr}${undoNote}`).toBe(expected("messages.txt"));
      expect(changesSince(before, project.root)).toEqual([]);
      expect(migrationsOf(project)).toEqual([]);
    });

    test(`${name}: is migrated as expected, then nothing is left to do, then taken back`, async () => {
      using project = copyCase(name);
      const before = projectTree(project.root);
      expect(await call(project, "--yes")).toEqual({
        ...{ code: exit, stdout: expected("summary.txt"), stderr: expected("messages.txt") },
      });
      using wanted = makeProject();
      cpSync(join(expectedOf(name), "workflow"), join(wanted.root, ".workflow"), {
        ...{ recursive: true, verbatimSymlinks: true },
      });
      expect(workflowDiff(wanted, project)).toEqual([]);

      const [id = ""] = migrationsOf(project);
      const after = projectTree(project.root);
      expect((await call(project, "--yes")).code).toBe(exit);
      expect(changesSince(after, project.root)).toEqual([]);
      expect(migrationsOf(project)).toEqual([id]);

      const workflow = join(project.root, ".workflow");
      const commands = { resume: "", rollback: "" };
      const migrationDir = join(workflow, "migrations", id);
      expect(await undo({ migrationDir, roots: [workflow], commands })).toMatchObject({
        ...{ state: "rolled-back", kept: [], warnings: [] },
      });
      expect(changesSince(before, project.root)).toEqual([]);
    });
  }

  test("has a folder, and every folder is one", () => {
    const folders = readdirSync(join(expectedOf("plain"), "../.."));
    expect(folders.sort()).toEqual(Object.keys(cases).sort());
  });
});

/** What a live run says besides. */
const undoNote = `to take it back: bun run scripts/rollback.ts --root . ID\n`;

/** How the project's `.workflow` differs from the wanted one; modes and times are no matter here. */
function workflowDiff(wanted: Project, project: Project): string[] {
  const trees = [wanted, project].map(({ root }) => {
    const tree = projectTree(root);
    for (const [path, entry] of tree) {
      delete entry.mtime;
      entry.mode = 0;
      if (path !== "." && !path.startsWith(".workflow")) tree.delete(path);
    }
    return tree;
  });
  return diffTrees(trees[0] ?? new Map(), trees[1] ?? new Map());
}

describe("with --json", () => {
  test("a dry run is one document with the operations", async () => {
    for (const [name, exit] of Object.entries(cases)) {
      using project = copyCase(name);
      const { code, stdout, stderr } = await call(project, "--dry-run", "--json");
      expect({ name, code, stderr }).toEqual({ name, code: exit, stderr: "" });
      const document = v.parse(taskMigrationSchema, JSON.parse(stdout));
      expect(document).toMatchObject({ dryRun: true, migration: null });
      expect(document.operations?.length).toBeGreaterThan(document.sessions.length);
    }
  });

  test("a migration is one document with its id and the way back", async () => {
    using project = copyCase("bad");
    const { code, stdout, stderr } = await call(project, "--yes", "--json");
    expect({ code, stderr }).toEqual({ code: 3, stderr: "" });
    const document = v.parse(taskMigrationSchema, JSON.parse(stdout));
    expect(document).toMatchObject({
      ...{ dryRun: false, root: "ROOT", totals: { processed: 11, migrated: 1, failed: 10 } },
      migration: { id: "ID", operations: 4, undo: "bun run scripts/rollback.ts --root . ID" },
    });
    const duplicate = document.problems.find(({ file }) => file === "duplicate.yml");
    expect(duplicate?.place).toMatchObject({ line: 3, column: 1 });
  });

  test("nothing to do is a document too", async () => {
    using project = makeProject();
    const { code, stdout } = await call(project, "--json");
    const document = v.parse(taskMigrationSchema, JSON.parse(stdout));
    expect({ code, document }).toMatchObject({
      ...{ code: 0, document: { totals: { processed: 0 }, sessions: [], migration: null } },
    });
  });
});

describe("the flags", () => {
  const two = { "v001/task_sessions/a.yml": "a: 1\n", "v002/task_sessions/b.yml": "b: 1\n" };

  test("--version picks versions, --root the project", async () => {
    using project = makeProject({ ...two, "v003/task_sessions/c.yml": "c: 1\n" });
    using elsewhere = makeProject();
    const root = ["--root", project.root, "--dry-run"];
    const { stdout } = await call(elsewhere, ...root, "--version", "v003", "--version", "v001");
    const files = [...stdout.matchAll(/^Processing: (.*)$/gm)].map(([, file]) => file);
    expect(files).toEqual(["v001/a.yml", "v003/c.yml"]);
    const one = await call(elsewhere, ...root.slice(0, 2), "--version=v002", "--yes", "--json");
    expect(JSON.parse(one.stdout).sessions).toHaveLength(1);
    expect(one.stdout).toContain(`rollback.ts --root ${project.root} ID`);
    expect(existsSync(project.at("v001/task_sessions/a.yml"))).toBe(true);
  });

  test("--version with a version that is not there is refused", async () => {
    using project = makeProject(two);
    expect(await call(project, "--dry-run", "--version", "v01")).toMatchObject({
      code: 2,
      stderr: 'error: Cannot pick version "v01": it does not exist\nhint: did you mean v001?\n',
    });
  });

  test("--quiet leaves the summary and the failures", async () => {
    using project = copyCase("spellings");
    const { stdout, stderr } = await call(project, "--yes", "--quiet");
    expect(stdout).toContain("Failed migrations: 2\n");
    expect(stderr).toContain("both_sessions.yaml: Cannot migrate it");
    expect(stderr).not.toContain("to take it back");
  });

  test("--resume without an interrupted migration is refused", async () => {
    using project = makeProject(two);
    const { code, stderr } = await call(project, "--resume");
    expect(code).toBe(4);
    expect(stderr).toContain("no migration of task sessions was interrupted");
  });

  test("warnings beyond a screenful are counted", async () => {
    using project = makeProject();
    for (let n = 0; n < 30; n += 1) project.write(`v1/task_sessions/t${n}.yml`, "status: done\n");
    const { code, stderr } = await call(project, "--dry-run");
    expect(code).toBe(0);
    expect(stderr.match(/does not exist, so task\.yml is made/g)).toHaveLength(20);
    expect(stderr).toContain("10 more warnings; --json has all of them\n");
  });
});

describe("as a process", () => {
  test("is taken back by the command that it names, with edits, and artifacts stay", async () => {
    using project = copyCase("plain");
    const before = projectTree(project.root);
    const root = ["--root", project.root];
    const migrated = await runScript(script, [...root, "--yes"]);
    const [, words = ""] = /to take it back: bun run scripts\/(.*)/.exec(migrated.stderr) ?? [];
    const [rollback = "", ...rest] = words.split(" ");
    const dir = "v001/task_sessions/task_design";
    project.write(`${dir}/session.yml`, "status: reopened\n");
    project.write(`${dir}/chart.svg`, "<svg/>");
    const undone = await runScript(`scripts/${rollback}`, [...rest, "--yes"]);
    expect(undone.code).toBe(5);
    expect(undone.stdout).toContain(`${project.at(dir)}: holds "chart.svg"`);
    expect(readFileSync(project.at(`${dir}.yml`), "utf8")).toBe("status: reopened\n");
    expect(changesSince(before, project.root).map((line) => line.split(":", 1)[0])).toEqual(
      [
        `~ .workflow/versions/${dir}.yml`,
        `+ .workflow/versions/${dir} (dir)`,
        `+ .workflow/versions/${dir}/chart.svg (file)`,
      ].sort((a, b) => (a.slice(2) < b.slice(2) ? -1 : 1)),
    );
  });

  test("without a terminal and --yes it does nothing, and names the flag", async () => {
    using project = copyCase("plain");
    const before = projectTree(project.root);
    const options = { cwd: project.root, stdin: "y\n" };
    const { code, stdout, stderr } = await runScript(script, [], options);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("hint: answer it with --yes");
    expect(changesSince(before, project.root)).toEqual([]);
  });

  test("with nothing to do it asks nothing", async () => {
    using project = makeProject({ "v001/task_sessions/a/session.yml": "a: 1\n" });
    expect(await runScript(script, ["--root", project.root])).toEqual({
      ...{ code: 0, stdout: "No flat task session files found\n", stderr: "" },
    });
  });

  test("in a terminal it asks, and a no changes nothing", async () => {
    using project = copyCase("plain");
    const before = projectTree(project.root);
    const question = { expect: "Migrate 3 task sessions", send: "n" };
    const options = { cwd: project.root };
    const { code, screen } = await runInTerminal(script, [], [question], options);
    expect(code).toBe(130);
    expect(screen).toContain("Cancelled: nothing was changed");
    expect(changesSince(before, project.root)).toEqual([]);
  });

  test("in a terminal a yes migrates, with the summary on stdout", async () => {
    using project = copyCase("plain");
    const question = { expect: "Migrate 3 task sessions", send: "y" };
    const options = { cwd: project.root, stdoutToFile: true };
    const { code, stdout, screen } = await runInTerminal(script, [], [question], options);
    expect(code).toBe(0);
    expect(stdout).toBe(readFileSync(join(expectedOf("plain"), "summary.txt"), "utf8"));
    expect(screen).toContain("rollback.ts --root . sessions-");
  });

  test("shows its progress in a terminal", async () => {
    using project = makeProject();
    for (let n = 0; n < 2000; n += 1) project.write(`v1/task_sessions/t${n}.yml`, "status: ä\n");
    const { code, raw } = await runInTerminal(script, ["--yes"], [], { cwd: project.root });
    expect(code).toBe(0);
    expect(raw).toMatch(/(Planning|Migrating) \[[#.]{20}\] +\d+% [\d,]+\/[\d,]+/);
  });

  test("killed at any rename, it goes on with --resume", async () => {
    for (const at of [1, 2, 5, 9]) {
      using project = copyCase("plain");
      const before = projectTree(project.root);
      const inject = `inject=rename,renameat,renameat2:signal=SIGKILL:when=${at}`;
      const bun = [process.execPath, "--no-env-file", "--no-install", "--config=/dev/null"];
      const trace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", inject];
      const path = join(import.meta.dir, "../..", script);
      const killed = Bun.spawnSync([...trace, ...bun, path, "--yes"], { cwd: project.root });
      expect({ at, dead: killed.signalCode ?? killed.exitCode }).not.toEqual({ at, dead: 0 });
      const started = migrationsOf(project).length === 1;
      const resumed = await call(project, ...(started ? ["--resume", "--json"] : ["--yes"]));
      expect({ at, ...resumed }).toMatchObject({ at, code: 0 });
      if (started) v.parse(resumedSchema, JSON.parse(resumed.stdout));
      const changes = changesSince(before, project.root).filter((line) => line.startsWith("-"));
      expect(changes).toHaveLength(3);
      expect((await call(project, "--dry-run")).stdout).toBe("No flat task session files found\n");
    }
  });
});
