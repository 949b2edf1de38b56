/** What goes wrong on a disk after it was made: each fault picks its place by number. */

import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { shortHash } from "../../../../lib/hash.ts";
import { writeFiles } from "../../../disk/repos.ts";
import type { BuiltProject, BuiltSession, Disk } from "../../../disk/spec.ts";

/** One fault: its kind, a number that picks the place, one that picks the variant. */
export interface Fault {
  kind: FaultKind;
  at: number;
  how: number;
}

/** Contents that no session has, or that only look like one's. */
const garbage: (string | Uint8Array)[] = [
  "",
  "\n",
  "{",
  "[1, 2]\n",
  "null\n",
  '{"worktree": "/a", "worktree": "/b", "tmuxName": "int-int-7"}\n',
  '{"branch":"b","status":"done"}',
  '{\r\n\t"tmuxName": "int-int-7",\r\n\t"n": 1.50\r\n}\r\n',
  "branch=feat/x\nstatus=working\nmine=x=y\n",
  "no pair at all\n",
  Buffer.from("summary=caf\xe9\nstatus=done\n", "latin1"),
  new Uint8Array([0, 255, 254, 0]),
  '{"project": "../../etc", "worktree": "/tmp/../etc/passwd", "sessionId": "../x"}\n',
];

/** File names as AO, people and other tools make them under `sessions/`. */
const sessionNames = [
  "int-1.json",
  "int-7.json",
  "int-7",
  "x-7.json",
  "ao-orchestrator.json",
  "ao-orchestrator-3",
  "INT-1.json",
  "int-1.json.corrupt-1776679200000",
  "-rf.json",
  "int 8.json",
  "notes.txt",
  ".hidden",
  "archive/int-7_20260420T100000Z.json",
  "archive/int-1_20260420T100000Z",
  "archive/int-1_2026-04-20T10:00:00.000Z.json",
  "archive/odd",
  ".ghcache/pulls.json",
  ".ghcache",
];

const extraNames = [
  "notes.txt",
  "plugins/x/state.json",
  "worktrees/stray.txt",
  "worktrees/plain/file.txt",
  "feedback-reports/report_x.kv",
  "code-reviews/runs/run-1.json",
  "observability/0123456789ab/processes/a.json",
  "orchestrator.json",
  "identity.json",
  ".next-session-id.json",
  ".origin",
];

const kinds = {
  garbageSession(disk: Disk, at: number, how: number) {
    const path = join(projectAt(disk, at).stateDir, "sessions", pick(sessionNames, at + how));
    writeUnlessThere(path, pick(garbage, how));
  },
  overwrittenSession(disk: Disk, at: number, how: number) {
    const session = sessionAt(disk, at);
    if (session !== undefined && existsSync(session.file)) {
      writeFileSync(session.file, pick(garbage, how));
    }
  },
  extraFile(disk: Disk, at: number, how: number) {
    const content = pick(garbage, at * 3 + how);
    writeUnlessThere(join(projectAt(disk, at).stateDir, pick(extraNames, how)), content);
  },
  baseFile(disk: Disk, at: number, how: number) {
    const names = [
      "unknown.txt",
      "projects/file.txt",
      ".migration-in-progress",
      "a b/c",
      "sessions/x",
    ];
    writeUnlessThere(join(disk.baseDir, pick(names, how)), pick(garbage, at));
  },
  emptyDir(disk: Disk, at: number, how: number) {
    const inside = ["empty/deeper", "sessions/archive", "worktrees/int-5", "feedback-reports"];
    const { id } = projectAt(disk, at);
    const outside = [
      `${shortHash(`e${at}`, 12)}-gone/sessions`,
      "projects/empty",
      `projects/${id}`,
    ];
    const dirs = [
      ...inside.map((name) => join(projectAt(disk, at).stateDir, name)),
      ...outside.map((name) => join(disk.baseDir, name)),
      join(disk.worktreeRoot, "nobody", "int-3"),
    ];
    const dir = pick(dirs, how);
    if (isFree(dir)) mkdirSync(dir, { recursive: true });
  },
  oddMode(disk: Disk, at: number, how: number) {
    const session = sessionAt(disk, at);
    const paths = [session?.file, projectAt(disk, at).stateDir, disk.configFile, session?.worktree];
    const path = pick(paths, how);
    if (path === undefined || !existsSync(path)) return;
    const isDirectory = lstatSync(path).isDirectory();
    chmodSync(path, pick(isDirectory ? [0o700, 0o750, 0o2755, 0o1777] : [0o600, 0o400, 0o755], at));
  },
  symlink(disk: Disk, at: number, how: number) {
    const { stateDir } = projectAt(disk, at);
    const outside = join(disk.home, "outside");
    writeFiles(outside, {
      "secret.json": '{"status":"done"}\n',
      "project/sessions/out-1": "a=b\n",
    });
    const links: [string, string][] = [
      ["int-7.json", join(stateDir, "sessions", "int-6.json")],
      [join(outside, "secret.json"), join(stateDir, "sessions", "int-8.json")],
      [join(outside, "project"), join(disk.baseDir, "projects", "linked")],
      [outside, join(disk.baseDir, `${shortHash(`l${at}`, 12)}-linked`)],
      ["/nonexistent", join(stateDir, "dangling")],
      [outside, join(stateDir, "worktrees", "int-9")],
      [outside, join(stateDir, "feedback-reports")],
      [outside, join(disk.baseDir, "projects", projectAt(disk, at).id)],
    ];
    const [to, path] = pick(links, how);
    if (!isFree(path)) return;
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(to, path);
  },
  staleLock(disk: Disk, at: number, how: number) {
    const session = sessionAt(disk, at);
    const paths = [
      `${session?.file}.lock`,
      `${disk.configFile}.lock`,
      join(disk.baseDir, "running.lock"),
    ];
    const path = pick(session === undefined ? paths.slice(1) : paths, how);
    if (!existsSync(dirname(path))) return;
    writeFileSync(path, "");
    utimesSync(path, 1_776_679_200, 1_776_679_200);
  },
  migratedTwin(disk: Disk, at: number, how: number) {
    const { stateDir, layout } = projectAt(disk, at);
    if (layout !== "v1" && layout !== "v1-bare-hash") return;
    if (!isFree(`${stateDir}.migrated`) || !existsSync(stateDir)) return;
    cpSync(stateDir, `${stateDir}.migrated`, { recursive: true, verbatimSymlinks: true });
    if (how % 2 === 1) writeFiles(stateDir, { "sessions/late-1": "branch=b\nstatus=done\n" });
  },
  targetThere(disk: Disk, at: number, how: number) {
    const { id, prefix } = projectAt(disk, at);
    const name = pick([`sessions/${prefix}-1.json`, "worktrees/x/f", "empty.txt"], how);
    writeUnlessThere(
      join(disk.baseDir, "projects", id, name),
      '{\n  "branch": "feat/another"\n}\n',
    );
  },
  movedWorktree(disk: Disk, at: number, how: number) {
    const { worktree } = sessionAt(disk, at) ?? {};
    if (worktree === undefined || !existsSync(worktree)) return;
    const { stateDir, prefix } = projectAt(disk, at);
    const place = pick([join(stateDir, "worktrees"), join(disk.worktreeRoot, "elsewhere")], how);
    const to = join(place, `${prefix}-${30 + (how % 3)}`);
    if (!isFree(to)) return;
    mkdirSync(dirname(to), { recursive: true });
    renameSync(worktree, to);
  },
  lostWorktree(disk: Disk, at: number) {
    const { worktree } = sessionAt(disk, at) ?? {};
    if (worktree !== undefined) rmSync(worktree, { recursive: true, force: true });
  },
  lostAdminEntry(disk: Disk, at: number) {
    const admin = join(projectAt(disk, at).repo, ".git", "worktrees");
    const name = existsSync(admin) ? pick(readdirSync(admin).sort(), at) : undefined;
    if (name !== undefined) rmSync(join(admin, name), { recursive: true });
  },
  contested(disk: Disk, at: number, how: number) {
    const [from, to] = [sessionAt(disk, at), sessionAt(disk, at + how + 1)];
    if (from === undefined || to === undefined || !existsSync(to.file)) return;
    const text = readFileSync(to.file, "utf8");
    writeFileSync(to.file, text.replaceAll(to.workspace, from.workspace));
  },
  repositoryGone(disk: Disk, at: number) {
    rmSync(projectAt(disk, at).repo, { recursive: true, force: true });
  },
  registry(disk: Disk, at: number, how: number) {
    if (!existsSync(disk.configFile)) return;
    const text = readFileSync(disk.configFile, "utf8");
    const changes: (() => void)[] = [
      () => rmSync(disk.configFile),
      () => writeFileSync(disk.configFile, `\uFEFF${text.replaceAll("\n", "\r\n")}`),
      () => writeFileSync(disk.configFile, text.replace(/\n$/, "")),
      () => appendFileSync(disk.configFile, "...\n"),
      () => writeFileSync(disk.configFile, text.replace(/projectOrder:\n( {2}- .*\n)+/, "")),
      () => writeFileSync(disk.configFile, text.replace(/^ {4}projectId: .*\n/gm, "")),
      () => writeFileSync(disk.configFile, text.replace(/^( {2}"?[^ ].*"?:)$/gm, "$1 # mine")),
      () => writeFileSync(disk.configFile, ""),
    ];
    pick(changes, how + at)();
  },
  preMigration(disk: Disk) {
    if (!existsSync(disk.configFile)) return;
    writeUnlessThere(
      join(disk.baseDir, "config.yaml.pre-migration"),
      readFileSync(disk.configFile),
    );
  },
  originGone(disk: Disk, at: number) {
    const { configFile } = projectAt(disk, at);
    if (configFile !== undefined) rmSync(configFile, { force: true });
  },
} satisfies Record<string, (disk: Disk, at: number, how: number) => void>;

type FaultKind = keyof typeof kinds;

export const faultArbitrary: fc.Arbitrary<Fault> = fc.record({
  kind: fc.constantFrom(...(Object.keys(kinds) as FaultKind[])),
  at: fc.nat(9),
  how: fc.nat(20),
});

/** Brings one fault upon a disk. */
export function inflict(disk: Disk, { kind, at, how }: Fault): void {
  kinds[kind](disk, at, how);
}

function pick<T>(values: readonly T[], at: number): T {
  return values[at % values.length] as T;
}

function projectAt(disk: Disk, at: number): BuiltProject {
  return pick(disk.projects, at);
}

function sessionAt(disk: Disk, at: number): BuiltSession | undefined {
  return pick(projectAt(disk, at).sessions, Math.floor(at / 2));
}

function isFree(path: string): boolean {
  for (let parent = dirname(path); parent !== dirname(parent); parent = dirname(parent)) {
    const stats = lstatSync(parent, { throwIfNoEntry: false });
    if (stats !== undefined && !stats.isDirectory()) return false;
  }
  return lstatSync(path, { throwIfNoEntry: false }) === undefined;
}

function writeUnlessThere(path: string, content: string | Uint8Array): void {
  if (!isFree(path)) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}
