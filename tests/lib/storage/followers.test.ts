/** What came after a migration follows its rollback, killed or not; what is older stays. */

import { describe, expect, test } from "bun:test";
import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join, relative, resolve } from "node:path";
import { type Disk as EngineDisk, realDisk } from "../../../lib/change/disk.ts";
import {
  loadMigration,
  loadPlan,
  pruneMigration,
  trashBytes,
  trashDirs,
} from "../../../lib/change/history.ts";
import { undo } from "../../../lib/change/transaction.ts";
import { verifyWorktree } from "../../../lib/git.ts";
import { claudeSlug } from "../../../lib/paths.ts";
import { assess } from "../../../lib/storage/assess.ts";
import { follow, previewFollowers, type Rollback } from "../../../lib/storage/followers.ts";
import { rootsOf } from "../../../lib/storage/roots.ts";
import { faulty } from "../../change/faults.ts";
import { makeDisk } from "../../disk/build.ts";
import { git, writeFiles } from "../../disk/repos.ts";
import type { Disk, ProjectSpec } from "../../disk/spec.ts";
import { disks } from "../../disk.ts";
import { makeTemp } from "../../temp.ts";
import { diffTrees } from "../../tree.ts";
import { apply, optionsFor, stateOf } from "./journey.ts";

interface Stage extends Disposable {
  disk: Disk;
  rollback: Rollback;
  /** The project's directory in V3, and where its rollback takes it. */
  project: string;
  stateDir: string;
}

async function makeStage(disk: Disk | undefined = disks.v1AndV2Mix?.()): Promise<Stage> {
  if (disk === undefined) throw new Error("no disk");
  const { plan } = assess(optionsFor(disk));
  const since = new Date();
  const { dir } = await apply(disk, plan);
  const { id, stateDir } = disk.project("integrator");
  const { operations } = await loadPlan(dir);
  const rollback: Rollback = {
    engine: {
      migrationDir: dir,
      roots: rootsOf(plan.inventory),
      commands: { resume: "resume", rollback: "rollback" },
    },
    places: plan.inventory.places,
    env: disk.env,
    toolVersion: "0.0.0",
    mend: "MEND",
    operations,
    since,
    kept: [],
  };
  const project = join(disk.baseDir, "projects", id);
  return { disk, rollback, project, stateDir, [Symbol.dispose]: () => disk.cleanup() };
}

/** A session that came later. */
function spawn({ disk, project }: Stage, name = "int-77", ...flags: string[]): string {
  const worktree = join(project, "worktrees", name);
  const { repo } = disk.project("integrator");
  git(repo, ...flags, "worktree", "add", "-q", "-b", `feat/${name}`, worktree);
  const session = { branch: `feat/${name}`, worktree };
  writeFiles(project, { [`sessions/${name}.json`]: `${JSON.stringify(session, null, 2)}\n` });
  return worktree;
}

const fileOf = ({ stateDir }: Stage, name = "int-77") => join(stateDir, "sessions", `${name}.json`);
const placeOf = ({ stateDir }: Stage, name = "int-77") => join(stateDir, "worktrees", name);

/** Whether git and the session name the worktree where it is after the rollback. */
function hasFollowed(stage: Stage, name = "int-77"): boolean {
  const { worktree } = JSON.parse(readFileSync(fileOf(stage, name), "utf8"));
  const place = placeOf(stage, name);
  return worktree === place && verifyWorktree(place, stage.disk.env) === null;
}

function takeBack({ rollback }: Stage, disk: EngineDisk = realDisk) {
  const engine = { ...rollback.engine, disk };
  return undo({ ...engine, afterwards: (kept) => follow({ ...rollback, engine, kept }) });
}

/** As far as it goes without what follows. */
async function takeBackAlone({ rollback }: Stage): Promise<void> {
  const died = async () => {
    throw new Error("killed");
  };
  await expect(undo({ ...rollback.engine, afterwards: died })).rejects.toThrow("killed");
}

const stateNow = async ({ rollback }: Stage) =>
  (await loadMigration(rollback.engine.migrationDir)).state;

describe("a worktree that came later", () => {
  test("is linked, and its session names it, before the rollback ends", async () => {
    using stage = await makeStage();
    const later = spawn(stage);
    expect(previewFollowers(stage.rollback)).toEqual([
      `link ${later} at ${placeOf(stage)}, with its session and chats: it came later`,
    ]);
    expect((await takeBack(stage)).warnings).toEqual([]);
    expect(hasFollowed(stage)).toBe(true);
    const tree = stateOf(stage.disk);
    expect(await follow(stage.rollback)).toEqual([]);
    expect(diffTrees(tree, stateOf(stage.disk))).toEqual([]);
    expect(previewFollowers(stage.rollback)).toEqual([]);
  });

  test("is linked also where links are relative, and where its session has ended", async () => {
    using stage = await makeStage();
    const later = spawn(stage);
    const adminDir = git(later, "rev-parse", "--absolute-git-dir");
    writeFileSync(join(later, ".git"), `gitdir: ${relative(later, adminDir)}\n`);
    const gitdir = join(adminDir, "gitdir");
    writeFileSync(gitdir, `${relative(adminDir, join(later, ".git"))}\n`);
    const archive = "sessions/archive/int-77_20261121T101112Z.json";
    writeFiles(stage.project, { [archive]: JSON.stringify({ worktree: later }) });

    expect((await takeBack(stage)).warnings).toEqual([]);
    // Not every git that is about can list such worktrees.
    expect(git(placeOf(stage), "status", "--porcelain")).toBe("");
    const link = readFileSync(gitdir, "utf8").trim();
    expect([link.slice(0, 3), resolve(adminDir, link)]).toEqual(["../", `${placeOf(stage)}/.git`]);
    const archived = readFileSync(join(stage.stateDir, archive), "utf8");
    expect(JSON.parse(archived)).toEqual({ worktree: placeOf(stage) });
  });

  test("keeps its chats from those of another whose path reads the same to Claude", async () => {
    using stage = await makeStage();
    const chats = join(stage.disk.home, ".claude", "projects");
    const slugs = ["int-77", "int_77", "int-78"].map((name) => claudeSlug(spawn(stage, name)));
    const [shared = "", , own = ""] = slugs;
    for (const slug of [shared, own]) writeFiles(join(chats, slug), { "chat.jsonl": "{}\n" });
    const stays = `stay in ${shared}: another worktree's path reads the same to Claude`;
    expect((await takeBack(stage)).warnings.sort()).toEqual(
      ["int-77", "int_77"].map((name) => {
        return `Claude's chats of ${join(stage.project, "worktrees", name)} ${stays}`;
      }),
    );
    for (const name of ["int-77", "int_77", "int-78"]) expect(hasFollowed(stage, name)).toBe(true);
    const exist = [shared, own, claudeSlug(placeOf(stage, "int-78"))];
    expect(exist.map((slug) => existsSync(join(chats, slug)))).toEqual([true, false, true]);
  });

  test("whose link cannot be mended for certain is told", async () => {
    using stage = await makeStage();
    const later = spawn(stage);
    const rollback = { ...stage.rollback, operations: [] };
    const { warnings } = await takeBack({ ...stage, rollback });
    expect(warnings).toEqual([
      `git's link to the worktree ${placeOf(stage)} names ${later}, which is gone; mend it with: MEND`,
    ]);
    expect(existsSync(join(rollback.engine.migrationDir, "after"))).toBe(false);
  });

  test("follows when its directory goes back at last, in a second rollback", async () => {
    using stage = await makeStage();
    spawn(stage);
    const aside = `${stage.stateDir}-aside`;
    writeFiles(stage.stateDir, { "in the way": "" });
    expect((await takeBack(stage)).state).toBe("partly-rolled-back");
    expect(existsSync(join(stage.project, "worktrees", "int-77"))).toBe(true);
    renameSync(stage.stateDir, aside);
    expect((await takeBack(stage)).warnings).toEqual([]);
    expect(hasFollowed(stage)).toBe(true);
  });
});

test("what is older than the migration stays as it was, even where it looks alike", async () => {
  using stage = await makeStage();
  spawn(stage);
  await takeBackAlone(stage);
  const old = new Date(stage.rollback.since.getTime() - 1000);
  for (const path of [join(placeOf(stage), ".git"), fileOf(stage)]) utimesSync(path, old, old);
  const before = stateOf(stage.disk);
  expect(await follow(stage.rollback)).toHaveLength(1);
  expect(diffTrees(before, stateOf(stage.disk))).toEqual([]);
});

test("a session that is no JSON is left, and told", async () => {
  using stage = await makeStage();
  const later = spawn(stage);
  writeFiles(stage.project, { "sessions/int-78": `worktree=${later}\n` });
  const file = join(stage.stateDir, "sessions", "int-78");
  expect((await takeBack(stage)).warnings).toEqual([
    `${file} still names ${later}, which is ${placeOf(stage)} now`,
  ]);
  expect(hasFollowed(stage)).toBe(true);
});

describe("what goes wrong while it follows", () => {
  test("a session that AO is writing is left to it, and all the rest follows", async () => {
    using stage = await makeStage();
    spawn(stage);
    await takeBackAlone(stage);
    const file = fileOf(stage);
    const text = readFileSync(file, "utf8");
    let looks = 0;
    const disk: EngineDisk = {
      ...realDisk,
      readFile(path) {
        // Between the scan and the check of the plan.
        if (path === file && looks++ === 0) writeFileSync(file, text.replaceAll("-77", "-78"));
        return realDisk.readFile(path);
      },
    };
    const { warnings } = await takeBack(stage, disk);
    expect(await stateNow(stage)).not.toBe("rolling-back");
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toStartWith(`${file} could not follow: field /worktree`);
    expect(readFileSync(file, "utf8")).toContain("int-78");
    expect(verifyWorktree(placeOf(stage), stage.disk.env)).toBeNull();
  });

  test("one that may not be changed is told, and the rollback ends without any of it", async () => {
    using stage = await makeStage();
    const later = spawn(stage);
    const file = fileOf(stage);
    const denied = () => {
      throw Object.assign(new Error("EACCES: not yours"), { code: "EACCES" });
    };
    const isIts = (path: string, to: string) => to === file || path === file;
    const disk: EngineDisk = {
      ...realDisk,
      exchange: (a, b) => (isIts(a, b) ? denied() : realDisk.exchange(a, b)),
      replace: (a, b) => (isIts(a, b) ? denied() : realDisk.replace(a, b)),
    };
    const { warnings } = await takeBack(stage, disk);
    expect(await stateNow(stage)).not.toBe("rolling-back");
    expect(warnings).toEqual([
      "what came later could not follow: EACCES: not yours",
      expect.stringContaining(`${placeOf(stage)} names ${later}, which is gone`),
    ]);
  });

  test("a full disk keeps the rollback open, and once there is room it is finished", async () => {
    using stage = await makeStage();
    spawn(stage);
    const after = join(stage.rollback.engine.migrationDir, "after");
    const disk: EngineDisk = {
      ...realDisk,
      writeNew(path, ...rest) {
        if (path.startsWith(after)) throw Object.assign(new Error("full"), { code: "ENOSPC" });
        realDisk.writeNew(path, ...rest);
      },
    };
    await expect(takeBack(stage, disk)).rejects.toMatchObject({ outcome: "interrupted" });
    expect(await stateNow(stage)).toBe("rolling-back");
    expect((await takeBack(stage)).warnings).toEqual([]);
    expect(await stateNow(stage)).not.toBe("rolling-back");
    expect(hasFollowed(stage)).toBe(true);
  });

  test("a kill at any call, and another one on the way on, are of no consequence", async () => {
    using stage = await makeStage();
    spawn(stage);
    await takeBackAlone(stage);
    expect(await stateNow(stage)).toBe("rolling-back");
    const copy = makeTemp("followers");
    try {
      const counting = faulty(realDisk);
      Bun.spawnSync(["cp", "-a", `${stage.disk.home}/.`, copy]);
      await takeBack(stage, counting.disk);
      const calls = counting.calls();
      for (let at = 1; at <= calls; at += 7) {
        rmSync(stage.disk.home, { recursive: true });
        Bun.spawnSync(["cp", "-a", copy, stage.disk.home]);
        // A kill is no error that anybody could catch; here it is one.
        for (const call of [at, calls - at]) {
          const { disk } = faulty(realDisk, { at: call, kind: "tear" });
          await takeBack(stage, disk).catch(() => undefined);
        }
        expect((await takeBack(stage)).warnings).toEqual([]);
        expect(await stateNow(stage)).not.toBe("rolling-back");
        expect(hasFollowed(stage)).toBe(true);
      }
    } finally {
      rmSync(copy, { recursive: true });
    }
  }, 30_000);
});

test("its trash counts with that of the migration, and is emptied with it", async () => {
  const projects: ProjectSpec[] = [{ name: "integrator", layout: "v1", worktrees: "v1" }];
  using stage = await makeStage(makeDisk({ projects }));
  spawn(stage);
  expect(await takeBack(stage)).toMatchObject({ state: "rolled-back", warnings: [] });
  expect(hasFollowed(stage)).toBe(true);
  const { migrationDir, roots } = stage.rollback.engine;
  const trashes = trashDirs(migrationDir);
  expect(trashes.map((dir) => readdirSync(dir).length > 0)).toEqual([true, true]);
  const bytes = trashBytes(migrationDir);
  expect(await pruneMigration(migrationDir, { roots, command: "prune" })).toBe(bytes);
  expect(trashes.flatMap((dir) => readdirSync(dir))).toEqual([]);
});
