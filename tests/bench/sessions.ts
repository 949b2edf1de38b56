/** Sessions: the list of a big disk must come at once, whatever is on it. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeDisk } from "../disk/build.ts";
import type { Disk, Layout, ProjectSpec } from "../disk/spec.ts";
import { root } from "../process.ts";
import type { Section } from "./bench.ts";
import { type Figure, figure, megabytes, type Program, repeat, times } from "./measure.ts";

const boundMs = 500;
const layouts: Layout[] = ["v1", "v1-bare", "v2", "v3"];

/** A disk with this many sessions in 100 projects of every layout; as many worktrees as are checked. */
function bigDisk(dir: string, sessions: number, files: number): Disk {
  const projects = Array.from({ length: 100 }, (_, index): ProjectSpec => {
    const layout = layouts[index % layouts.length] ?? "v2";
    const worktrees = layout === "v1" ? "v1" : "project";
    return {
      ...{ name: `project-${index}`, layout, worktrees, sessionPrefix: `p${index}` },
      ...{ sessions: sessions / 100, builtWorktrees: index < 20 ? 1 : 0 },
      ...(index < 20 && { extraFiles: files }),
    };
  });
  return makeDisk({ projects }, dir);
}

function program(disk: Disk, args: readonly string[]): Program {
  const runtime = [process.execPath, "--no-env-file", "--no-install", "--config=/dev/null"];
  return { cmd: [...runtime, join(root, "scripts/sessions.ts"), ...args], env: disk.env };
}

async function timeOf(name: string, call: Program, runs: number): Promise<Figure> {
  const results = await repeat(call, runs);
  const note = `peak ${Math.max(...megabytes(results)).toFixed(0)} MB`;
  return figure(name, times(results), boundMs, "ms", { note });
}

const section: Section = {
  title: "Sessions: a list of 20,000, whole process, git asked about 20 worktrees of 200 files",
  async measure({ quick }) {
    const dir = mkdtempSync(join(tmpdir(), "ao-bench-sessions-"));
    const runs = quick ? 1 : 9;
    try {
      using disk = bigDisk(dir, quick ? 200 : 20_000, 200);
      return [
        await timeOf("list", program(disk, ["list"]), runs),
        await timeOf("list --json", program(disk, ["list", "--json"]), runs),
        await timeOf("info of one session", program(disk, ["info", "p99-1"]), runs),
      ];
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  },
};

export default section;
