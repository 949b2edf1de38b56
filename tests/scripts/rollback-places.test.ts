/** Rollbacks of what was migrated at other places than the usual ones, or where some are gone. */

import { afterEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { verifyWorktree } from "../../lib/git.ts";
import { makeDisk } from "../disk/build.ts";
import { git } from "../disk/repos.ts";
import type { Disk } from "../disk/spec.ts";
import { stateOf } from "../lib/storage/journey.ts";
import { root } from "../process.ts";
import { diffTrees } from "../tree.ts";
import { call, sandboxOf } from "./migrate/call.ts";

const made: Disk[] = [];
afterEach(() => {
  for (const disk of made.splice(0)) disk.cleanup();
});

function make(): Disk {
  const project = { layout: "v1", worktrees: "legacy-root", claude: "now" } as const;
  const names = ["integrator", "backend"];
  const disk = makeDisk({ projects: names.map((name) => ({ name, ...project })) });
  made.push(disk);
  return disk;
}

/** Types a command as it was printed. */
function type(disk: Disk, command: string) {
  const { env } = sandboxOf(disk);
  const PATH = `${join(root, "node_modules/.bin")}:${env.PATH}`;
  const { exitCode, stdout, stderr } = Bun.spawnSync(["sh", "-c", `${command} --yes --json`], {
    cwd: root,
    env: { ...env, PATH },
  });
  const text = stdout.toString();
  if (!text.startsWith("{")) throw new Error(`no document from ${command}: ${text}${stderr}`);
  return { code: exitCode, document: JSON.parse(text) };
}

/** Old worktrees and Claude's chats stand on another disk. */
function moveAway(disk: Disk): { worktreeRoot: string; claudeDir: string } {
  const [worktreeRoot, claudeDir] = [join(disk.root, "big disk/wt"), join(disk.root, "claude")];
  mkdirSync(join(disk.root, "big disk"));
  renameSync(disk.worktreeRoot, worktreeRoot);
  for (const { repo, sessions } of disk.projects) {
    for (const { file, worktree = "" } of sessions) {
      const now = worktree.replace(disk.worktreeRoot, worktreeRoot);
      git(repo, "worktree", "repair", now);
      writeFileSync(file, readFileSync(file, "utf8").replaceAll(worktree, now));
      const slug = (path: string) => path.replace(/[^A-Za-z0-9]/g, "-");
      const chats = join(disk.claudeDir, "projects");
      renameSync(join(chats, slug(worktree)), join(chats, slug(now)));
    }
  }
  renameSync(disk.claudeDir, claudeDir);
  return { worktreeRoot, claudeDir };
}

describe("a migration with other places", () => {
  test("is taken back by the command that it printed", async () => {
    const disk = make();
    const { worktreeRoot } = moveAway(disk);
    const before = stateOf(disk);
    const words = ["--execute", "--yes", "--json", "--worktree-root", worktreeRoot];
    const { stdout } = await call("migrate", disk, ...words);
    const { undo } = JSON.parse(stdout);
    expect(type(disk, undo).document).toMatchObject({ state: "rolled-back", warnings: [] });
    expect(diffTrees(before, stateOf(disk))).toEqual([]);
  }, 20_000);

  test("without their names is refused with the command that names them", async () => {
    const disk = make();
    const { worktreeRoot, claudeDir } = moveAway(disk);
    const before = stateOf(disk);
    disk.env.CLAUDE_CONFIG_DIR = claudeDir;
    await call("migrate", disk, "--execute", "--yes", "--worktree-root", worktreeRoot);
    const { CLAUDE_CONFIG_DIR: _, ...env } = disk.env;
    const forgetful = { ...disk, env };
    const after = stateOf(disk);
    for (const words of [[], ["--dry-run"]]) {
      const refused = await call("rollback", forgetful, "--yes", "--json", ...words);
      expect(refused.code).toBe(4);
      expect(diffTrees(after, stateOf(disk))).toEqual([]);
      const { message, hint } = JSON.parse(refused.stdout).error;
      expect(message).toEndWith("too, which nothing names now");
      expect(hint).toStartWith(`CLAUDE_CONFIG_DIR=${claudeDir} bun run scripts/rollback.ts v3-`);
      expect(hint).toContain(`--worktree-root '${worktreeRoot}'`);
      if (words.length > 0) expect(type(forgetful, hint).code).toBe(0);
    }
    expect(diffTrees(before, stateOf(disk))).toEqual([]);
  }, 20_000);
});

describe("since the migration somebody", () => {
  test("removed the emptied root of old worktrees: it is there again", async () => {
    const disk = make();
    const before = stateOf(disk);
    await call("migrate", disk, "--execute", "--yes");
    rmSync(disk.worktreeRoot, { recursive: true });
    expect((await call("rollback", disk, "--yes")).code).toBe(0);
    expect(diffTrees(before, stateOf(disk))).toEqual([]);
  }, 20_000);

  test("emptied the trash: sessions stay as they are by now, with their worktrees", async () => {
    const disk = make();
    await call("migrate", disk, "--execute", "--yes");
    expect((await call("rollback", disk, "--prune", "--yes")).code).toBe(0);
    const { code, stdout } = await call("rollback", disk, "--yes", "--json");
    expect([code, JSON.parse(stdout).warnings]).toEqual([5, []]);
    for (const { sessions } of disk.projects) {
      for (const { worktree = "", file } of sessions) {
        expect(verifyWorktree(worktree, disk.env)).toBeNull();
        const session = JSON.parse(readFileSync(`${file}.json`, "utf8"));
        expect(session).toMatchObject({
          worktree,
          runtimeHandle: { data: { workspacePath: worktree } },
        });
      }
    }
    expect((await call("migrate", disk, "--execute", "--yes")).code).toBe(0);
  }, 20_000);

  test("removed a repository: all else goes back, and what does not is told", async () => {
    const disk = make();
    await call("migrate", disk, "--execute", "--yes");
    const { repo } = disk.project("backend");
    rmSync(repo, { recursive: true });
    const { code, stdout } = await call("rollback", disk, "--yes", "--json");
    const { kept } = JSON.parse(stdout);
    expect([code, kept.length, existsSync(repo)]).toEqual([5, 1, false]);
    expect(kept[0].path).toStartWith(`${repo}/.git/worktrees/`);
    expect(kept[0].reason).toBe("is gone");
    for (const { sessions } of disk.projects) {
      for (const { worktree = "", file } of sessions) {
        expect([existsSync(worktree), existsSync(file)]).toEqual([true, true]);
      }
    }
    const { worktree = "" } = disk.project("integrator").sessions[0] ?? {};
    expect(verifyWorktree(worktree, disk.env)).toBeNull();
  }, 20_000);
});

test("an older one is taken back as asked, and the newer one that may build on it is named", async () => {
  const disk = make();
  const migrate = async (...words: string[]) => {
    const { stdout } = await call("migrate", disk, "--execute", "--yes", "--json", ...words);
    return JSON.parse(stdout).id;
  };
  const first = await migrate("--only", "import-v1-hash-dirs");
  const dryRun = async () => (await call("rollback", disk, first, "--dry-run")).stderr;
  expect(await dryRun()).toBe("");
  const second = await migrate();
  expect(await dryRun()).toContain(`newest first: bun run scripts/rollback.ts ${second}`);
  expect((await call("rollback", disk, "--dry-run")).stderr).toBe("");
  expect((await call("rollback", disk, "--yes")).code).toBe(0);
  expect(await dryRun()).toBe("");
});
