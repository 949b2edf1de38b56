import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { realDisk } from "../../../lib/change/disk.ts";
import { listMigrations } from "../../../lib/change/history.ts";
import { nextName } from "../../../lib/sessions/number.ts";
import { reserve } from "../../../lib/sessions/spawn.ts";
import { writeFiles } from "../../disk/repos.ts";
import { dyingDisk } from "../planning/dying-disk.ts";
import {
  changeOptions,
  type Home,
  makeExample,
  makeExampleRepos,
  makeHome,
  projectAt,
} from "./site.ts";

function v1Project(home: Home) {
  makeExampleRepos(home);
  return projectAt(home, makeExample(home), "integrator");
}

/** A V3 project that is in the registry and has two sessions' worth of counter. */
function v3Project(home: Home, next?: unknown) {
  makeExampleRepos(home);
  const path = join(home.home, "repos/integrator");
  writeFiles(home.baseDir, {
    "config.yaml": `schemaVersion: 3\nprojects:\n  integrator_0123456789:\n    path: ${path}\n`,
    "projects/integrator_0123456789/identity.json": JSON.stringify({
      ...{ schemaVersion: 3, projectId: "integrator_0123456789", path, sessionPrefix: "int" },
    }),
    ...(next !== undefined && {
      "projects/integrator_0123456789/.next-session-id.json": JSON.stringify({ next }),
    }),
  });
  return projectAt(home, home.home, "integrator");
}

const request = (project: ReturnType<typeof v1Project>) => ({
  branch: "feat/X-1",
  request: { project, issue: "X-1", now: new Date("2026-02-17T10:30:00Z") },
});

for (const [layout, make] of [
  ["V1", v1Project],
  ["V3", v3Project],
] as const) {
  test(`100 reservations at once give 100 numbers in ${layout}`, async () => {
    using home = makeHome();
    const project = make(home);
    const made = await Promise.all(
      Array.from({ length: 100 }, () => reserve(request(project), home.env, changeOptions(home))),
    );
    const numbers = made.map(({ value }) => value.number).sort((a, b) => a - b);
    expect(numbers).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
    for (const { value } of made) {
      expect(readFileSync(value.file, "utf8")).toContain(value.tmuxName);
    }
    if (layout === "V3") {
      expect(
        JSON.parse(readFileSync(join(project.dir.path, ".next-session-id.json"), "utf8")),
      ).toEqual({
        next: 101,
      });
    }
  }, 60_000);
}

test("a number is never given twice: sessions, archives, worktrees and tmux count", () => {
  using home = makeHome();
  const project = v1Project(home);
  const { path, hash } = project.dir;
  const next = (live: string[] = []) => nextName(project, home.baseDir, new Set(live)).number;
  expect(next()).toBe(1);
  writeFiles(path, {
    "sessions/int-2": "branch=a\n",
    "sessions/int-9x": "",
    "sessions/intx-50": "a=b\n",
  });
  expect(next()).toBe(3);
  writeFiles(path, { "sessions/archive/int-4_2026-02-17T10-30-00-000Z": "branch=a\n" });
  expect(next()).toBe(5);
  writeFiles(path, { "archive/int-6_2026-02-17T10-30-00": "branch=a\n" });
  expect(next()).toBe(7);
  writeFiles(path, { "worktrees/int-8/.git": "" });
  expect(next()).toBe(9);
  expect(next([`${hash}-int-9`, "int-10", `${hash}-int-10`])).toBe(11);
  writeFiles(path, { "sessions/int-orchestrator-40": "branch=a\n" });
  expect(next()).toBe(9);
});

test("V3's counter is never undercut, and one that cannot be read stops the spawn", () => {
  using home = makeHome();
  const project = v3Project(home, 12);
  expect(nextName(project, home.baseDir, new Set()).number).toBe(12);
  writeFiles(project.dir.path, { "sessions/int-20.json": "{}" });
  expect(nextName(project, home.baseDir, new Set()).number).toBe(21);
  for (const text of ["", "{}", '{"next":"5"}', '{"next":0}', "null"]) {
    writeFiles(project.dir.path, { ".next-session-id.json": text });
    expect(() => nextName(project, home.baseDir, new Set())).toThrow("Cannot read session counter");
  }
});

test("projects since V2 with one prefix count on together, because their tmux names would meet", () => {
  using home = makeHome();
  const project = v3Project(home);
  writeFiles(home.baseDir, { "projects/other_0123456789/sessions/int-7.json": "{}" });
  expect(nextName(project, home.baseDir, new Set(["int-8"]))).toEqual({
    ...{ number: 9, id: "int-9", tmuxName: "int-9" },
  });
});

test("a reservation killed at any write is taken back by the next one", async () => {
  let notes = 0;
  for (let at = 1, isDead = true; isDead; at += 1) {
    using home = makeHome();
    const project = v1Project(home);
    const dying = dyingDisk(realDisk, at);
    const options = { ...changeOptions(home), disk: dying.disk };
    await reserve(request(project), home.env, options).catch(() => null);
    dying.bury();
    isDead = dying.isDead();
    const told: string[] = [];
    const after = { ...changeOptions(home, told), isAlive: () => false };
    const next = await reserve(request(project), home.env, after);
    // What had died at its very end was a whole reservation.
    expect([1, 2]).toContain(next.value.number);
    expect(await next.undo()).toEqual([]);
    const { migrations } = await listMigrations(join(home.baseDir, "migrations"));
    expect(migrations.map(({ state }) => state).filter((state) => state !== "done")).toEqual([]);
    const sessions = join(project.dir.path, "sessions");
    const left = existsSync(sessions) ? readdirSync(sessions) : [];
    expect(left).toEqual(next.value.number === 2 ? ["int-1"] : []);
    notes += told.length;
  }
  expect(notes).toBeGreaterThan(3);
}, 60_000);
