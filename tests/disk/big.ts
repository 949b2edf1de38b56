/** Big disks for the benchmark: many projects and sessions, a few worktrees with many files. */

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeDisk } from "./build.ts";
import type { Disk, Layout, ProjectSpec, TmuxNaming } from "./spec.ts";

export interface BigDiskSpec {
  /** @default 100 */
  projects?: number;
  /** Sessions and archives of each project, about 1.5 KB each. @default 200 */
  sessionsPerProject?: number;
  /** `{h12}-observability` directories. @default 2000 */
  observability?: number;
  /** Linked worktrees, all of the first few projects. @default 60 */
  worktrees?: number;
  /** Tracked files in each of them. @default 2000 */
  filesPerWorktree?: number;
  /** @default a new directory in the system's temporary directory, on a disk and not in memory */
  dir?: string;
}

// Mostly V2 and bare names with drift, some V1, as on disks that have been in use for a year.
const layouts: Layout[] = [
  "v1-bare",
  "v2",
  "v1-bare",
  "v2",
  "v1-bare",
  "v1",
  "v1-bare",
  "v2",
  "v1",
  "v2",
];
const namings: Partial<Record<Layout, TmuxNaming[]>> = {
  "v1-bare": ["doubled", "v1-double", "v3", "v1"],
  v2: ["v3", "v3", "doubled"],
};
const names = ["agent-orchestrator", "integrator", "safe_split", "backend", "PyTorch", "web"];

/** Makes a benchmark disk. Its content depends on the numbers alone, but for the paths in it. */
export function bigDisk(spec: BigDiskSpec = {}): Disk {
  const { projects = 100, sessionsPerProject = 200, worktrees = 60 } = spec;
  const holders = Math.min(projects, 6);
  const described = Array.from({ length: projects }, (_, index) => {
    const built = Math.floor(worktrees / holders) + (index < worktrees % holders ? 1 : 0);
    return projectAt(index, sessionsPerProject, index < holders ? built : 0);
  });
  for (const project of described.slice(0, holders)) {
    project.extraFiles = Math.max(0, (spec.filesPerWorktree ?? 2000) - 2);
  }
  return makeDisk(
    { projects: described, observability: spec.observability ?? 2000, baseFiles: true },
    spec.dir ?? mkdtempSync(join(tmpdir(), "ao-big-")),
  );
}

function projectAt(index: number, sessionFiles: number, builtWorktrees: number): ProjectSpec {
  const layout = layouts[index % layouts.length] ?? "v2";
  const naming = namings[layout];
  const archives = Math.floor(sessionFiles / 4);
  const orchestrators = layout === "v1-bare" ? [1, 2, 8] : [];
  return {
    name: `${names[index % names.length]}-${index}`,
    layout,
    sessions: Math.max(0, sessionFiles - archives - orchestrators.length),
    archives,
    orchestrators,
    sessionPrefix: `p${index}`,
    worktrees: index % 3 === 0 ? "project" : "legacy-root",
    builtWorktrees,
    ...(naming !== undefined && { tmux: naming[index % naming.length] ?? "v3" }),
    ...(layout === "v1-bare" && index % 2 === 0 && { storageKey: "bare" as const }),
    feedback: index % 10,
    codeReviews: index % 5,
  };
}
