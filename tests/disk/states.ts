/** The disk states that the migration was first asked for, and a few more whole ones. */

import { makeDisk } from "./build.ts";
import { named, type ProjectSpec } from "./spec.ts";

const integrator: ProjectSpec = { name: "integrator", sessions: 3, archives: 2 };
const backend: ProjectSpec = { name: "backend", sessions: 2, sessionPrefix: "be" };

/** Each makes its disk in a new temporary directory, or in the one given. */
export const states = named({
  /** Two projects in the V2 layout with nothing wrong but what V3 adds. */
  cleanV2: (dir) =>
    makeDisk(
      { projects: [{ ...integrator, feedback: 1, codeReviews: 1 }, backend], baseFiles: true },
      dir,
    ),

  /** V1 directories, bare-basename projects and V2 projects side by side. */
  v1AndV2Mix: (dir) =>
    makeDisk(
      {
        projects: [
          { ...integrator, layout: "v1", feedback: 2 },
          { ...backend, layout: "v1", worktrees: "v1", archives: 1, archiveCopies: 2 },
          { name: "agent-orchestrator", layout: "v1-bare", sessions: 2, storageKey: "bare" },
          { name: "safe-split", layout: "v1-bare-hash", worktrees: "v1" },
          { name: "dashboard", sessions: 2, feedback: 1 },
        ],
        observability: 7,
      },
      dir,
    ),

  /** One repository registered twice: as a bare name and as a hashed id. */
  dualRegistered: (dir) =>
    makeDisk(
      {
        projects: [
          { name: "integrator", layout: "v1-bare", sessions: 2, storageKey: "bare" },
          { name: "integrator-2", origin: "https://github.com/o/integrator.git", sessions: 2 },
        ],
      },
      dir,
    ),

  /** Observability directories that AO leaked into its base dir. */
  observabilityLeak: (dir) =>
    makeDisk({ projects: [integrator, { ...backend, layout: "v1-bare" }], observability: 23 }, dir),

  /** Worktrees below `~/.worktrees` of projects that have moved on. */
  strandedWorktrees: (dir) =>
    makeDisk(
      {
        projects: [
          { ...integrator, worktrees: "legacy-root" },
          { ...backend, layout: "v1-bare", worktrees: "legacy-root", claude: "now", codex: true },
        ],
      },
      dir,
    ),

  /** Orchestrators with numbers, under three tmux conventions, one in `orchestrator.json`. */
  numberedOrchestrators: (dir) =>
    makeDisk(
      {
        projects: [
          {
            name: "agent-orchestrator",
            layout: "v1-bare",
            tmux: "doubled",
            orchestrators: [1, 2, 8],
            orchestratorFile: true,
            worktrees: "legacy-root",
          },
          { ...backend, orchestrators: [1, "single"], tmux: "v1-double" },
        ],
      },
      dir,
    ),

  /** What a finished migration leaves: nothing to do. */
  cleanV3: (dir) =>
    makeDisk(
      {
        projects: [
          { ...integrator, layout: "v3" },
          { ...backend, layout: "v3" },
        ],
      },
      dir,
    ),

  /** The complete example of the architecture plan: one config, two projects, in list form. */
  seedExample: (dir) =>
    makeDisk(
      {
        listForm: true,
        projects: [
          { name: "integrator", layout: "v1", worktrees: "v1" },
          { name: "backend", layout: "v1", worktrees: "v1", sessionPrefix: "be" },
        ],
      },
      dir,
    ),

  /** Every layout at once. */
  everyLayout: (dir) =>
    makeDisk(
      {
        projects: [
          { name: "ancient", layout: "v0", sessions: 2 },
          { ...integrator, layout: "v1", claude: "older", codex: true },
          { name: "safe_split", layout: "v1-bare-hash", sessions: 2 },
          { name: "agent-orchestrator", layout: "v1-bare", orchestrators: [1, 8], sessions: 2 },
          { ...backend, claude: "now" },
          { name: "PyTorch", layout: "v3", sessions: 2 },
        ],
        observability: 12,
        baseFiles: true,
      },
      dir,
    ),

  /** A base dir with nothing in it. */
  empty: (dir) => makeDisk({}, dir),
});
