/** Disks with session files that are not what they should be. */

import {
  mkdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { makeDisk } from "../build.ts";
import { writeFiles } from "../repos.ts";
import { type Disk, named } from "../spec.ts";

/** One V2 project with two good sessions, and files beside them in `sessions/`. */
function diskWith(files: Record<string, string | Uint8Array>, dir: string | undefined): Disk {
  const disk = makeDisk({ projects: [{ name: "integrator", sessions: 2 }] }, dir);
  writeFiles(join(disk.project("integrator").stateDir, "sessions"), files);
  return disk;
}

const good = '{\n  "branch": "feat/x",\n  "status": "working"\n}\n';

export const metadataFaults = named({
  /** Row 15: key=value text in a file called `.json`. */
  kvInJson: (dir) =>
    diskWith({ "int-7.json": "branch=feat/int-7\nstatus=working\nissue=INT-7\nmine=x=y\n" }, dir),

  /** Two files of one session, both JSON, of which only one is called so. */
  jsonWithAndWithoutEnding: (dir) =>
    diskWith({ "int-7": good, "int-7.json": good.replace("feat/x", "feat/y") }, dir),

  /** Row 16: a name that was reserved, or a disk that was full. */
  zeroByteJson: (dir) =>
    diskWith({ "int-7.json": "", "archive/int-8_20260420T100000Z.json": "" }, dir),

  /** Row 17: what AO set aside when it could not read it. */
  corruptCopies: (dir) =>
    diskWith(
      { "int-1.json.corrupt-1776679200000": '{"branch": ', "int-9.json.corrupt-1776679200001": "" },
      dir,
    ),

  /** A file cut off in the middle. */
  truncatedJson: (dir) => {
    const disk = diskWith({ "int-7.json": good.repeat(1) }, dir);
    truncateSync(join(disk.project("integrator").stateDir, "sessions", "int-7.json"), 30);
    return disk;
  },

  /** JSON that is no object. */
  notAnObject: (dir) => diskWith({ "int-7.json": "[1, 2]\n", "int-8.json": "null\n" }, dir),

  /** Bytes that are no UTF-8, in a value and in key=value text. */
  nonUtf8: (dir) => {
    const bytes = Buffer.from(good.replace("x", "\xe9\xff"), "latin1");
    const disk = diskWith({ "int-7.json": bytes }, dir);
    const v1 = join(disk.baseDir, "0123456789ab-latin", "sessions");
    writeFiles(v1, { "lat-1": Buffer.from("summary=caf\xe9\nstatus=done\n", "latin1") });
    return disk;
  },

  /** 40 MB of valid JSON. */
  hugeMetadata: (dir) =>
    diskWith(
      { "int-7.json": `{"branch": "feat/x", "log": "${"x".repeat(40 * 1024 * 1024)}"}\n` },
      dir,
    ),

  /** A key twice in one object: no edit can mean both. */
  duplicateKeys: (dir) =>
    diskWith(
      { "int-7.json": '{"worktree": "/a", "worktree": "/b", "tmuxName": "int-int-7"}\n' },
      dir,
    ),

  /** Unusual but valid: other indents, Windows line ends, a byte order mark, numbers as written. */
  oddJson: (dir) =>
    diskWith(
      {
        "int-7.json": '{"tmuxName":"int-int-7","n":1.50,"big":12345678901234567890,"e":1e5}',
        "int-8.json": '{\r\n\t"tmuxName": "int-int-8",\r\n\t"u": "\\u00e9\\/"\r\n}\r\n',
        "int-9.json": `\uFEFF${good}`,
      },
      dir,
    ),

  /** Things that are no file where a session belongs. */
  notAFile: (dir) => {
    const disk = diskWith({}, dir);
    const sessions = join(disk.project("integrator").stateDir, "sessions");
    mkdirSync(join(sessions, "int-7.json"));
    Bun.spawnSync(["mkfifo", join(sessions, "int-8.json")]);
    return disk;
  },

  /** Links out of the base dir: a session, a state directory, a whole worktree directory. */
  symlinkOut: (dir) => {
    const disk = diskWith({}, dir);
    const { stateDir } = disk.project("integrator");
    const outside = join(disk.home, "outside");
    writeFiles(outside, { "secret.json": good, "project/sessions/out-1.json": good });
    symlinkSync(join(outside, "secret.json"), join(stateDir, "sessions", "int-7.json"));
    symlinkSync(join(outside, "project"), join(disk.baseDir, "projects", "linked"));
    symlinkSync("/", join(stateDir, "worktrees", "int-8"));
    symlinkSync("int-8.json", join(stateDir, "sessions", "int-9.json"));
    return disk;
  },

  /** Names that no session has: with blanks, a newline, a leading dash, dots. */
  unsafeNames: (dir) =>
    diskWith(
      {
        "int 7.json": good,
        "int\n8.json": good,
        "-rf.json": good,
        "..int.json": good,
        "é-1.json": good,
      },
      dir,
    ),

  /** Fields that climb out of the base dir: project, worktree, session id. */
  climbingFields: (dir) =>
    diskWith(
      {
        "int-7.json": JSON.stringify({
          project: "../../../etc",
          projectId: "../x",
          sessionId: "../../int-7",
          worktree: "/tmp/../etc/passwd",
          tmuxName: "int:7.0",
        }),
      },
      dir,
    ),

  /** AO's own locks: one held a moment ago, one forgotten. */
  sessionLocks: (dir) => {
    const disk = diskWith({ "int-1.json.lock": "", "int-2.json.lock": "" }, dir);
    const path = join(disk.project("integrator").stateDir, "sessions", "int-2.json.lock");
    utimesSync(path, 1_776_679_200, 1_776_679_200);
    writeFiles(disk.baseDir, { "startup.lock": "4711\n" });
    return disk;
  },

  /** A session that runs on Windows, where there is no tmux. */
  windowsSession: (dir) => {
    const disk = makeDisk({ projects: [{ name: "integrator", tmux: "none" }] }, dir);
    const [session] = disk.project("integrator").sessions;
    const path = session?.file ?? "";
    const fields = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
    const pipePath = "\\\\.\\pipe\\ao-pty-int-1";
    const handle = { id: "int-1", runtimeName: "process", data: { pipePath } };
    const text = JSON.stringify(
      { ...fields, pipePath, ptyHostPid: 4242, runtimeHandle: handle },
      null,
      2,
    );
    writeFileSync(path, `${text}\n`);
    return disk;
  },
});
