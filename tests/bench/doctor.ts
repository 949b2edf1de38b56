/** The doctor on a disk of the size that was counted on a real one, with all probes side by side. */

import {
  appendFileSync,
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeDisk } from "../disk/build.ts";
import { mkdirs } from "../disk/repos.ts";
import type { Disk, ProjectSpec } from "../disk/spec.ts";
import { root } from "../process.ts";
import type { Section } from "./bench.ts";
import { type Figure, figure, repeat, times } from "./measure.ts";

const bun = [process.execPath, "--no-env-file", "--no-install", "--config=/dev/null"];
/** Seconds that each of the slow programs takes to say its version, as real agents do. */
const agentSeconds = 0.3;
/** A real disk had 34.6 MB in 162 directories. */
const observabilityBytes = Math.round((34.6 * 2 ** 20) / 162);

/** Eight projects, half of them under bare names, with 74 sessions. */
function projects(worktrees: ProjectSpec["worktrees"], live: boolean): ProjectSpec[] {
  return Array.from({ length: 8 }, (_, index): ProjectSpec => {
    const bare = index < 4;
    const prefix = `p${index}`;
    return {
      name: `project-${index}`,
      layout: bare ? "v1-bare" : "v2",
      sessionPrefix: prefix,
      sessions: 9,
      ...(bare && { tmux: "doubled" as const, storageKey: "bare" as const }),
      ...(index === 0 && { orchestrators: [1, 8], orchestratorFile: true }),
      ...(live && { live: index < 4 ? [1, 2, 3].map((n) => `${prefix}-${n}`) : false }),
      worktrees: worktrees ?? "none",
    };
  });
}

function seedDisk(worktrees: ProjectSpec["worktrees"]): Disk {
  const dir = mkdtempSync(join(tmpdir(), "ao-doctor-bench-"));
  const spec = { projects: projects(worktrees, true), observability: 162, baseFiles: true };
  const disk = makeDisk(spec, dir);
  growObservability(disk);
  return disk;
}

/** Logs as long as they were on the real disk. */
function growObservability({ baseDir }: Disk): void {
  for (const name of readdirSync(baseDir)) {
    if (!name.endsWith("-observability")) continue;
    const log = join(baseDir, name, "processes", "lifecycle-1.ndjson");
    const line = `${JSON.stringify({ at: "2026-04-20T10:00:00.000Z", operation: "poll" })}\n`;
    appendFileSync(log, line.repeat(Math.ceil(observabilityBytes / line.length)));
  }
}

/** Every second session has ended, so that git is asked about its worktree. */
function endHalf(disk: Disk): void {
  const sessions = disk.projects.flatMap((project) => project.sessions);
  for (const { file } of sessions.filter((_, index) => index % 2 === 0)) {
    const { lifecycle: _, ...fields } = JSON.parse(readFileSync(file, "utf8"));
    writeFileSync(file, `${JSON.stringify({ ...fields, status: "terminated" }, null, 2)}\n`);
  }
}

/** The doctor, with programs in its PATH that take as long as real ones. */
function doctorOn(disk: Disk) {
  const slow = mkdirs(join(disk.root, "slow"));
  for (const name of ["gh", "claude", "codex", "opencode", "zellij"]) {
    writeFileSync(join(slow, name), `#!/bin/sh\nsleep ${agentSeconds}\necho ${name} 9.9.9\n`);
    chmodSync(join(slow, name), 0o755);
  }
  const env = { ...disk.env, PATH: `${slow}:${disk.env.PATH}` };
  return { cmd: [...bun, join(root, "scripts/doctor.ts"), "--json"], env, codes: [0, 1] };
}

const section: Section = {
  title: `Doctor (8 projects, 74 sessions, 162 observability dirs; 5 slow programs of ${agentSeconds} s)`,
  async measure({ quick }) {
    const figures: Figure[] = [];
    for (const [name, worktrees] of [
      ["whole doctor", "none"],
      ["whole doctor, a worktree for each session, half of them ended", "project"],
    ] as const) {
      using disk = seedDisk(worktrees);
      if (worktrees !== "none") endHalf(disk);
      const runs = await repeat(doctorOn(disk), quick ? 2 : 9);
      figures.push(figure(name, times(runs), 1000, "ms"));
    }
    return figures;
  },
};
export default section;
