/** Processes that a disk's run files speak of. */

import { chmodSync } from "node:fs";
import { join } from "node:path";
import { mkdirs, writeFiles } from "./repos.ts";
import { isoTime } from "./sessions.ts";
import type { Disk } from "./spec.ts";

/**
 * `running.json` of a process that is gone, of one that is not AO (this one), or of one whose command
 * line looks like AO's; the last is ended by the disk's cleanup.
 */
export function writeRunning(disk: Disk, kind: "dead" | "reused" | "ao"): void {
  const pid = { dead: deadPid, reused: () => process.pid, ao: () => startLookalike(disk) }[kind]();
  const running = {
    pid,
    configPath: disk.configFile,
    port: 3000,
    startedAt: isoTime(),
    projects: disk.projects.map(({ key }) => key),
  };
  writeFiles(disk.baseDir, { "running.json": `${JSON.stringify(running, null, 2)}\n` });
}

/** A process id that was in use a moment ago and is not any more. */
export function deadPid(): number {
  return Bun.spawnSync(["true"]).pid;
}

// A shell script named `ao` that waits on its input: its command line reads `sh …/bin/ao start`.
function startLookalike(disk: Disk): number {
  const script = join(mkdirs(join(disk.root, "bin")), "ao");
  writeFiles(join(disk.root, "bin"), { ao: "#!/bin/sh\nread -r line\n" });
  chmodSync(script, 0o755);
  const child = Bun.spawn([script, "start"], { env: disk.env, stdin: "pipe", stdout: "ignore" });
  child.unref();
  disk.defer(() => child.kill("SIGKILL"));
  return child.pid;
}
