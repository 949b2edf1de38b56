import { afterEach, describe, expect, test } from "bun:test";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { endedWorktrees } from "../../../lib/doctor/ended-sessions.ts";
import { workIn } from "../../../lib/doctor/worktree-work.ts";
import { makeDisk } from "../../disk/build.ts";
import { git, writeFiles } from "../../disk/repos.ts";
import type { BuiltSession, Disk } from "../../disk/spec.ts";
import { factsOf, look } from "./facts.ts";

const made: Disk[] = [];

afterEach(() => {
  for (const disk of made.splice(0)) disk.cleanup();
});

/** Three sessions with a worktree each. */
function threeSessions(live: string[] = []): { disk: Disk; sessions: BuiltSession[] } {
  const disk = makeDisk({ projects: [{ name: "integrator", sessions: 3, live }] });
  made.push(disk);
  return { disk, sessions: disk.project("integrator").sessions };
}

function write(session: BuiltSession | undefined, fields: object): void {
  const { file = "", worktree } = session ?? {};
  writeFileSync(file, `${JSON.stringify({ worktree, ...fields }, null, 2)}\n`);
}

const endedIds = (disk: Disk) => endedWorktrees(factsOf({ disk })).map((each) => each.sessionId);

describe("a session has ended", () => {
  test("when its status says so, or its lifecycle where it has one", () => {
    const { disk, sessions } = threeSessions();
    write(sessions[0], { status: "merged" });
    write(sessions[1], { lifecycle: { version: 2, session: { state: "terminated" } } });
    write(sessions[2], { status: "working" });
    expect(endedIds(disk)).toEqual(["int-1", "int-2"]);
  });

  test("not while its tmux session lives, nor while another one uses its worktree", () => {
    const { disk, sessions } = threeSessions(["int-1"]);
    write(sessions[0], { status: "killed", tmuxName: "int-1" });
    write(sessions[1], { status: "killed" });
    write(sessions[2], { status: "working", worktree: sessions[1]?.worktree });
    expect(endedIds(disk)).toEqual([]);
  });
});

describe("work in a worktree", () => {
  test("is told as uncommitted, unpushed or none, and asking changes no byte of the index", async () => {
    const { disk, sessions } = threeSessions();
    const [dirty = "", ahead = "", clean = ""] = sessions.map(({ worktree }) => worktree);
    writeFiles(dirty, { "new.txt": "mine\n" });
    git(ahead, "commit", "-q", "--allow-empty", "-m", "Unpushed");
    const work = await workIn([dirty, ahead, clean, "/nowhere"], factsOf({ disk }));
    expect(Object.fromEntries(work)).toEqual({
      [dirty]: { state: "uncommitted", changes: 1 },
      [ahead]: { state: "unpushed" },
      [clean]: { state: "none" },
      "/nowhere": { state: "unknown", reason: "git could not be asked" },
    });
  });

  test("is unknown where the time was up", async () => {
    const { disk, sessions } = threeSessions();
    const path = sessions[0]?.worktree ?? "";
    const work = await workIn([path], factsOf({ disk }), -1);
    expect(work.get(path)).toEqual({ state: "unknown", reason: "time was up" });
  });
});

test.each(["AO-WT-006", "AO-WT-008"])(
  "%s: the command that removes a worktree first names the commits that only its HEAD does",
  async (id) => {
    const { disk, sessions } = threeSessions();
    const [first] = sessions;
    const { worktree = "" } = first ?? {};
    git(worktree, "checkout", "-q", "--detach");
    git(worktree, "commit", "-q", "--allow-empty", "-m", "Only here");
    const head = git(worktree, "rev-parse", "HEAD");
    if (id === "AO-WT-008") write(first, { status: "merged" });
    else rmSync(first?.file ?? "");
    const { findings } = await look(id, { disk });
    const remedy = findings.find(({ ref }) => ref === worktree)?.remedy ?? "";
    const { exitCode } = Bun.spawnSync(["sh", "-c", remedy], { env: disk.env, cwd: disk.root });
    expect([exitCode, existsSync(worktree)]).toEqual([0, false]);
    const { repo } = disk.project("integrator");
    expect(git(repo, "branch", "--contains", head).trim()).toBe("kept-int-1");
  },
);
