import { describe, expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { resolvePlaces } from "../../../lib/paths.ts";
import { listDocumentSchema } from "../../../lib/sessions/document.ts";
import { findSession } from "../../../lib/sessions/find.ts";
import { inspect, listSessions } from "../../../lib/sessions/list.ts";
import { ageText, listDocument, listText, sessionText } from "../../../lib/sessions/report.ts";
import { scan } from "../../../lib/storage/scan.ts";
import { makeDisk } from "../../disk/build.ts";
import type { Disk } from "../../disk/spec.ts";
import { disks } from "../../disk.ts";

const placesOf = (disk: Disk) => resolvePlaces({ home: disk.home, env: disk.env });
const siteOf = (disk: Disk) => ({ places: placesOf(disk), cwd: disk.home, env: disk.env });

/** What the scan of the same disk knows of sessions in use. */
function scanned(disk: Disk): string[] {
  const { projects, hashDirs } = scan(placesOf(disk), { tmux: false, sizes: false, env: disk.env });
  return [...projects, ...hashDirs]
    .filter(({ migrated, layout }) => !migrated && layout !== "v0")
    .flatMap(({ sessions, orchestrator }) => [...sessions, ...(orchestrator ? [orchestrator] : [])])
    .map(({ path, format, fields }) => {
      const usable = format !== "bad" && format !== "empty";
      return `${path} ${usable} ${fields.branch ?? "-"} ${fields.issue ?? "-"}`;
    })
    .sort();
}

describe("a list shows the sessions that a scan finds", () => {
  for (const name of Object.keys(disks)) {
    test(`on the disk ${name}`, async () => {
      using disk = disks[name]?.() ?? makeDisk();
      const listing = await listSessions(disk.baseDir, { checkAll: false, env: disk.env });
      const listed = listing.projects
        .flatMap(({ sessions }) => sessions)
        .map(
          ({ file, fault, branch = "-", issue = "-" }) =>
            `${file} ${fault === undefined} ${branch} ${issue}`,
        );
      expect(listed.sort()).toEqual(scanned(disk));
      v.parse(listDocumentSchema, listDocument(listing, disk.baseDir, Date.now()));
    });
  }
});

test("every layout is listed with what runs and how its worktrees are", async () => {
  using disk = makeDisk({
    projects: [
      { name: "integrator", layout: "v1", sessions: 1, live: true },
      { name: "backend", layout: "v1-bare-hash", sessionPrefix: "be", worktrees: "v1" },
      { name: "bare", layout: "v1-bare", sessionPrefix: "ba" },
      { name: "dashboard", layout: "v2", sessions: 12, builtWorktrees: 2 },
      { name: "web", layout: "v3", sessionPrefix: "web", live: true },
    ],
  });
  writeFileSync(join(disk.project("web").sessions[0]?.worktree ?? "", "new.txt"), "x");
  const { projects } = await listSessions(disk.baseDir, { checkAll: false, env: disk.env });
  const rows = projects.flatMap(({ dir, sessions }) =>
    sessions.map(({ id, running, worktreeState }) => [
      dir.layout,
      id,
      running !== null,
      worktreeState,
    ]),
  );
  expect(rows.sort()).toEqual(
    [
      ["v1", "int-1", true, "clean"],
      ["v1-bare", "ba-1", false, "clean"],
      ["v1-bare-hash", "be-1", false, "clean"],
      ["v2", "das-1", false, "clean"],
      ["v2", "das-2", false, "clean"],
      ...Array.from({ length: 10 }, (_, index) => ["v2", `das-${index + 3}`, false, "missing"]),
      ["v3", "web-1", true, "dirty"],
    ].sort(),
  );
  const dashboard = projects.find(({ dir }) => dir.layout === "v2");
  expect(dashboard?.sessions.map(({ id }) => id)).toEqual(
    Array.from({ length: 12 }, (_, index) => `das-${index + 1}`),
  );
});

test("git is asked about more than 20 worktrees only if that is wanted", async () => {
  using disk = makeDisk({ projects: [{ name: "integrator", sessions: 21 }] });
  const few = await listSessions(disk.baseDir, { checkAll: false, env: disk.env });
  expect(few.unchecked).toBe(21);
  const all = await listSessions(disk.baseDir, { checkAll: true, env: disk.env });
  const states = all.projects.flatMap(({ sessions }) => sessions.map((s) => s.worktreeState));
  expect([...new Set(states)]).toEqual(["clean"]);
});

test("a session of Windows is shown with its pipe", async () => {
  using disk = makeDisk({ projects: [{ name: "integrator", layout: "v1", sessions: 0 }] });
  const pipePath = "\\\\.\\pipe\\ao-pty-int-1";
  const text = `project=integrator\nstatus=working\npipePath=${pipePath}\nptyHostPid=4711\nworktree=C:\\work\\int-1\n`;
  writeFileSync(join(disk.project("integrator").stateDir, "sessions/int-1"), text);
  const session = findSession("int-1", siteOf(disk));
  expect(session).toMatchObject({ pipePath, ptyHostPid: "4711" });
  const listing = await listSessions(disk.baseDir, { checkAll: false, env: disk.env });
  const [document] = listDocument(listing, disk.baseDir, Date.now()).sessions;
  expect(document).toMatchObject({
    pipePath,
    tmux: { alive: null },
    worktree: { state: "unknown" },
  });
  expect(listText(listing, disk.baseDir, Date.now())).toMatch(/int-1 .* pipe +unknown/);
  if (document === undefined) throw new Error("not listed");
  expect(sessionText(document)).toContain(`${pipePath} (on Windows; shown, no more)`);
  const shown = await inspect(session, disk.env);
  expect(shown.running).toBeNull();
});

test("links, pipes and unreadable metadata are told and stop nothing", async () => {
  using disk = makeDisk({ projects: [{ name: "integrator", sessions: 1 }] });
  const sessions = join(disk.project("integrator").stateDir, "sessions");
  writeFileSync(join(sessions, "int-2.json"), '{"branch": ');
  writeFileSync(join(sessions, "int-3.json"), "");
  writeFileSync(join(sessions, "int-4.json"), '{"branch":"a\\u001b[31m\\nb"}');
  symlinkSync("/etc/passwd", join(sessions, "int-5.json"));
  mkdirSync(join(sessions, "int-6.json"));
  Bun.spawnSync(["mkfifo", join(sessions, "int-7.json")]);
  const listing = await listSessions(disk.baseDir, { checkAll: false, env: disk.env });
  const text = listText(listing, disk.baseDir, Date.now());
  expect(text).toContain("int-2    unreadable: JSON is cut off");
  expect(text).toContain("int-3    unreadable: its metadata is empty");
  expect(text).toContain("a\\x1b[31m\\x0ab");
  expect(text).not.toContain("int-5");
  expect(text).not.toContain("int-7");
});

test("ages are told in the largest unit that says something", () => {
  const at = Date.parse("2026-04-20T10:00:00Z");
  const ago = (seconds: number) => ageText(new Date(at - seconds * 1000).toISOString(), at);
  expect([0, 59, 60, 3599, 3600, 172_799, 172_800].map(ago)).toEqual([
    "0s",
    "59s",
    "1m",
    "59m",
    "1h",
    "47h",
    "2d",
  ]);
  expect(ageText(undefined, at)).toBe("-");
  expect(ageText("last week", at)).toBe("-");
});
