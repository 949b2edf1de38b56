/** Two files of one session in one directory: which goes on, with the name, worktree and tmux, and
 * that the other is archived: as a session, killing it would end what the first one works with. */

import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Kept } from "../../../lib/change/options.ts";
import { undo } from "../../../lib/change/transaction.ts";
import { verifyWorktree } from "../../../lib/git.ts";
import { assess } from "../../../lib/storage/assess.ts";
import { follow } from "../../../lib/storage/followers.ts";
import { operationsOf } from "../../../lib/storage/plan.ts";
import { rootsOf } from "../../../lib/storage/roots.ts";
import { makeDisk } from "../../disk/build.ts";
import type { Disk, ProjectSpec } from "../../disk/spec.ts";
import { diffTrees } from "../../tree.ts";
import { base, entry, idAt, planned, repo, session, stateDir } from "./found.ts";
import { apply, leftToDo, optionsFor, stateOf, takeBack } from "./journey.ts";

const worked = "AO has written this";

/** Text goes to JSON, AO writes that, and a rollback has to keep what AO wrote beside the text. */
async function rolledBack(more: Partial<ProjectSpec> = {}, follows = true): Promise<Disk> {
  const disk = makeDisk({ projects: [{ name: "integrator", layout: "v1", sessions: 2, ...more }] });
  const { plan } = assess(optionsFor(disk));
  const since = new Date();
  const { dir } = await apply(disk, plan);
  const { id } = disk.project("integrator");
  const file = join(disk.baseDir, "projects", id, "sessions", "int-1.json");
  const object = JSON.parse(readFileSync(file, "utf8"));
  writeFileSync(file, `${JSON.stringify({ ...object, summary: worked }, null, 2)}\n`);
  const engine = {
    ...{ migrationDir: dir, roots: rootsOf(plan.inventory) },
    commands: { resume: "resume", rollback: "rollback" },
  };
  const { places } = plan.inventory;
  const rollback = { engine, places, env: disk.env, operations: operationsOf(plan), since };
  const afterwards = (kept: readonly Kept[]) =>
    follow({ ...rollback, toolVersion: "0.0.0", mend: "MEND", kept });
  const { kept } = await undo({ ...engine, ...(follows && { afterwards }) });
  expect(kept).toHaveLength(1);
  return disk;
}

/** Session files of the project by name, with what became of AO's work and where it works. */
function sessionsOf(disk: Disk): Record<string, { worked: boolean; worktree: string }> {
  const dir = join(disk.baseDir, "projects", disk.project("integrator").id, "sessions");
  const own = (name: string) =>
    /^int-\d+(_20261121T100000Z)?\.json$/.test(name.slice(name.indexOf("/") + 1));
  const names = [
    ...readdirSync(dir),
    ...readdirSync(`${dir}/archive`).map((name) => `archive/${name}`),
  ].filter(own);
  const read = (name: string) => {
    const { summary, worktree } = JSON.parse(readFileSync(join(dir, name), "utf8"));
    return { worked: summary === worked, worktree: worktree.replace(`${dir}/../`, "") };
  };
  return Object.fromEntries(names.sort().map((name) => [name, read(name)]));
}

/** Touched a while after everything else. */
function touch(path: string): void {
  const later = new Date(Date.now() + 60_000);
  utimesSync(path, later, later);
}

async function migrate(disk: Disk, answers = new Map<string, string>()) {
  const { plan } = assess(optionsFor(disk, answers));
  return { plan, ...(await apply(disk, plan)) };
}

const archived = "archive/int-1_20261121T100000Z.json";

describe("after a rollback that kept what AO had written, the next migration", () => {
  test.each([
    ["which followed the worktree back", true],
    ["which left the session pointing at V3", false],
  ])("gives it name and worktree, and archives the text (%s)", async (_, follows) => {
    using disk = await rolledBack({}, follows);
    const before = stateOf(disk);
    const { plan, dir } = await migrate(disk);
    const project = join(disk.baseDir, "projects", disk.project("integrator").id);
    const worktree = join(project, "worktrees", "int-1");
    const sessions = sessionsOf(disk);
    expect(sessions["int-1.json"]).toEqual({ worked: true, worktree });
    expect(sessions[archived]).toEqual({ worked: false, worktree });
    expect(verifyWorktree(worktree, disk.env)).toBeNull();
    expect(readdirSync(join(project, "worktrees")).sort()).toEqual(["int-1", "int-2"]);
    expect(plan.decisions.map(({ key, chosen }) => [key.split(":")[0], chosen])).toEqual([
      ["session-files", "newest"],
    ]);
    expect(leftToDo(disk)).toEqual([]);
    await takeBack(disk, dir, plan);
    expect(diffTrees(before, stateOf(disk))).toEqual([]);
  });

  test("lets the text go on where that was written last: AO of old went on with it", async () => {
    using disk = await rolledBack({ worktrees: "v1" });
    const before = stateOf(disk);
    touch(join(disk.project("integrator").stateDir, "sessions", "int-1"));
    const { plan, dir } = await migrate(disk);
    const project = join(disk.baseDir, "projects", disk.project("integrator").id);
    const worktree = join(project, "worktrees", "int-1");
    const sessions = sessionsOf(disk);
    expect(sessions["int-1.json"]).toEqual({ worked: false, worktree });
    expect(sessions[archived]).toEqual({ worked: true, worktree });
    expect(verifyWorktree(worktree, disk.env)).toBeNull();
    expect(leftToDo(disk)).toEqual([]);
    await takeBack(disk, dir, plan);
    expect(diffTrees(before, stateOf(disk))).toEqual([]);
  });

  test("does as it is told", async () => {
    using disk = await rolledBack();
    const [asked] = assess(optionsFor(disk)).plan.decisions;
    expect(asked?.question).toContain("two files of each of these sessions: int-1.");
    await migrate(disk, new Map([[asked?.key ?? "", "text"]]));
    expect(sessionsOf(disk)["int-1.json"]?.worked).toBe(false);
    expect(sessionsOf(disk)[archived]?.worked).toBe(true);
    expect(existsSync(disk.project("integrator").stateDir)).toBe(false);
  });
});

describe("two files of one session", () => {
  const app = "/r/app";
  const id = idAt(app);
  const dir = `${base}/projects/${id}`;
  const json = session(dir, "app-1", { fields: { branch: "b", tmuxName: "0123456789ab-app-1" } });
  const text = session(dir, "app-1", {
    ...{ path: `${dir}/sessions/app-1`, format: "kv", text: "branch=b\n" },
    fields: { branch: "b", tmuxName: "0123456789ab-app-1" },
  });
  const plan = (sessions: (typeof json)[], tmux: string[] = []) =>
    planned(
      {
        entries: [entry(id, app)],
        repos: [repo(app)],
        projects: [stateDir(id, { layout: "v2-hashed", sessions })],
        tmux: tmux.map((name) => ({ name, panePids: [], path: "/" })),
      },
      { steps: ["rewrite-session-metadata", "rename-tmux-sessions"] },
    );

  test("in a project's own directory: the JSON makes way before the text takes its name", () => {
    const { lines } = plan([{ ...text, newest: true }, json]);
    expect(lines.map((line) => line.replaceAll(`projects/${id}/sessions/`, ""))).toEqual([
      "makeDir archive",
      "move app-1.json → archive/app-1_20261121T100000Z.json",
      "patchJson archive/app-1_20261121T100000Z.json",
      "create app-1.json",
      "trash app-1",
    ]);
  });

  test("have one tmux session, and that is called after the one that goes on", () => {
    const { lines, plan: made } = plan([text, json], ["0123456789ab-app-1"]);
    expect(made.warnings.filter((warning) => warning.includes("tmux"))).toEqual([]);
    const renames = made.steps.flatMap(({ operations }) =>
      operations.filter(({ op }) => op === "renameTmux"),
    );
    expect(renames).toEqual([{ op: "renameTmux", from: "0123456789ab-app-1", to: "app-1" }]);
    expect(
      lines.filter((line) => line.includes("archive/app-1_20261121T100000Z.json")),
    ).toHaveLength(1);
  });

  test("are two sessions where their births differ, and nothing is asked", () => {
    const other = { ...text, fields: { ...text.fields, createdAt: "2026-01-01T00:00:00Z" } };
    const { plan: made } = plan([other, json]);
    expect(made.decisions).toEqual([]);
    expect(made.warnings[0]).toContain("is kept as app-1__from-text");
  });
});
