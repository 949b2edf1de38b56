/** Disks whose worktrees, or the agents' history tied to them, are not as they should be. */

import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeDisk } from "../build.ts";
import { writeClaudeHistory } from "../extras.ts";
import { addSubmodule, addWorktree, addWorktreeFast, git, writeFiles } from "../repos.ts";
import { writeJsonSession } from "../sessions.ts";
import { type BuiltProject, type BuiltSession, named } from "../spec.ts";

const integrator = { name: "integrator", sessions: 2 };

function sessionOf(project: BuiltProject, index = 0): BuiltSession & { worktree: string } {
  const session = project.sessions[index];
  if (session?.worktree === undefined) throw new Error(`no worktree ${index} in ${project.name}`);
  return { ...session, worktree: session.worktree };
}

/** Moves a worktree the way a tool does that knows nothing of git: links keep the old place. */
function moveByHand(project: BuiltProject, index: number, to: string): void {
  const session = sessionOf(project, index);
  mkdirSync(dirname(to), { recursive: true });
  renameSync(session.worktree, to);
  const moved = { ...session, worktree: to, workspace: to };
  project.sessions[index] = moved;
  writeJsonSession({ project, session: moved, index });
}

export const worktreeFaults = named({
  /** Row 1: `gitdir` names where the worktree was; git calls it prunable. */
  movedWorktreeStaleLink: (dir) => {
    const disk = makeDisk({ projects: [{ ...integrator, worktrees: "legacy-root" }] }, dir);
    const project = disk.project("integrator");
    moveByHand(project, 0, join(project.stateDir, "worktrees", "int-1"));
    return disk;
  },

  /** Row 1, too late: after the move somebody pruned, and the admin entry is gone. */
  prunedWorktree: (dir) => {
    const disk = makeDisk({ projects: [{ ...integrator, worktrees: "legacy-root" }] }, dir);
    const project = disk.project("integrator");
    moveByHand(project, 0, join(project.stateDir, "worktrees", "int-1"));
    git(project.repo, "worktree", "prune", "--expire=now");
    return disk;
  },

  /** Row 27: admin entries of worktrees that were removed by hand. */
  staleAdminEntries: (dir) => {
    const disk = makeDisk({ projects: [{ ...integrator, sessions: 3 }] }, dir);
    const project = disk.project("integrator");
    for (const index of [0, 2]) rmSync(sessionOf(project, index).worktree, { recursive: true });
    return disk;
  },

  /** Row 28: sessions that ended and still hold their worktrees. */
  terminatedSessions: (dir) => {
    const disk = makeDisk({ projects: [{ ...integrator, sessions: 3 }] }, dir);
    for (const session of disk.project("integrator").sessions) {
      const { worktree = "" } = session;
      writeFiles(worktree, { "node_modules/big.bin": new Uint8Array(300_000) });
      const text = JSON.stringify({ worktree, branch: session.branch, status: "terminated" });
      writeFileSync(session.file, `${text}\n`);
    }
    return disk;
  },

  /** Row 29: staged, changed, untracked and ignored files, a commit nobody else has, a stash. */
  dirtyWorktree: (dir) => {
    const disk = makeDisk({ projects: [{ ...integrator, worktrees: "legacy-root" }] }, dir);
    const { worktree } = sessionOf(disk.project("integrator"));
    writeFiles(worktree, { README: "stashed\n" });
    git(worktree, "stash", "-q");
    git(worktree, "commit", "-q", "--allow-empty", "-m", "Unpushed");
    writeFiles(worktree, { ".gitignore": "*.log\n", "staged file": "new\n" });
    git(worktree, "add", ".");
    writeFiles(worktree, { README: "changed\n", "un tracked.txt": "?\n", "ignored.log": "!\n" });
    return disk;
  },

  lockedWorktree: (dir) => {
    const disk = makeDisk({ projects: [{ ...integrator, worktrees: "legacy-root" }] }, dir);
    const { repo, sessions } = disk.project("integrator");
    git(repo, "worktree", "lock", "--reason", "being backed up", sessions[0]?.worktree ?? "");
    return disk;
  },

  /** An initialised submodule with a submodule of its own. */
  worktreeWithSubmodule: (dir) => {
    const disk = makeDisk({ projects: [{ ...integrator, worktrees: "none" }] }, dir);
    const project = disk.project("integrator");
    addSubmodule(project.repo, "libs/shared", join(disk.home, "sources"));
    project.sessions.forEach((session, index) => {
      const worktree = join(disk.worktreeRoot, project.key, session.id);
      addWorktree(project.repo, worktree, session.branch);
      git(worktree, "submodule", "update", "-q", "--init", "--recursive");
      const settled = { ...session, worktree, workspace: worktree };
      project.sessions[index] = settled;
      writeJsonSession({ project, session: settled, index });
    });
    return disk;
  },

  /** An agent made a worktree inside its own. */
  worktreeInsideWorktree: (dir) => {
    const disk = makeDisk({ projects: [{ ...integrator, worktrees: "legacy-root" }] }, dir);
    const project = disk.project("integrator");
    const inner = join(sessionOf(project).worktree, ".claude", "worktrees", "inner");
    addWorktreeFast(project.repo, inner, "inner");
    return disk;
  },

  /** Worktrees where AO keeps none: in one of another repository, and beside a project's own. */
  worktreesAside: (dir) => {
    const v1 = { name: "backend", layout: "v1" } as const;
    const disk = makeDisk({ projects: [{ ...integrator, layout: "v1-bare" }, v1] }, dir);
    const [own, other] = [disk.project("integrator"), disk.project("backend")];
    const asides = [
      addWorktreeFast(own.repo, join(sessionOf(own).worktree, ".claude/worktrees/inner"), "inner"),
      addWorktreeFast(other.repo, join(sessionOf(own).worktree, "vendor/other"), "other"),
      addWorktreeFast(own.repo, join(sessionOf(other).worktree, "vendor/own"), "own"),
      addWorktreeFast(own.repo, join(own.stateDir, "scratch/tree"), "scratch"),
      addWorktreeFast(other.repo, join(other.stateDir, "tree"), "tree"),
    ];
    for (const aside of asides) writeClaudeHistory(disk.claudeDir, aside, "now");
    return disk;
  },

  detachedWorktree: (dir) => {
    const disk = makeDisk({ projects: [{ ...integrator, worktrees: "legacy-root" }] }, dir);
    git(sessionOf(disk.project("integrator")).worktree, "checkout", "-q", "--detach");
    return disk;
  },

  /** A full clone where a worktree belongs, as AO's clone workspaces are. */
  clonedWorkspace: (dir) => {
    const disk = makeDisk({ projects: [{ ...integrator, worktrees: "legacy-root" }] }, dir);
    const { repo, sessions } = disk.project("integrator");
    const { worktree = "" } = sessions[0] ?? {};
    git(repo, "worktree", "remove", "--force", worktree);
    git(disk.home, "clone", "-q", repo, worktree);
    return disk;
  },

  /** Worktrees that no session's metadata names: of a known project, and of none. */
  unownedWorktrees: (dir) => {
    const disk = makeDisk({ projects: [integrator] }, dir);
    const { repo, key } = disk.project("integrator");
    addWorktreeFast(repo, join(disk.worktreeRoot, key, "int-7"), "feat/int-7");
    addWorktreeFast(repo, join(disk.worktreeRoot, "somewhere", "else-1"), "else");
    writeFiles(disk.worktreeRoot, { "plain/notes/todo.txt": "not a worktree\n", "file.txt": "" });
    return disk;
  },

  /** Two sessions name one worktree as theirs. */
  contestedWorktree: (dir) => {
    const disk = makeDisk(
      {
        projects: [
          { ...integrator, sessions: 1, worktrees: "legacy-root" },
          { name: "backend", worktrees: "none" },
        ],
      },
      dir,
    );
    const project = disk.project("backend");
    const { worktree } = sessionOf(disk.project("integrator"));
    project.sessions.forEach((session, index) => {
      writeJsonSession({ project, session: { ...session, workspace: worktree }, index });
    });
    return disk;
  },

  /** The repository of a project and its worktrees is gone. */
  repositoryGone: (dir) => {
    const disk = makeDisk({ projects: [{ ...integrator, worktrees: "legacy-root" }] }, dir);
    rmSync(disk.project("integrator").repo, { recursive: true });
    return disk;
  },

  /** Row 11: Claude's directory for a path with `_`, as Claude and as older tools spell it. */
  claudeSlugUnderscore: (dir) =>
    makeDisk(
      {
        projects: [
          {
            name: "my_app",
            layout: "v1-bare",
            worktrees: "legacy-root",
            claude: "now",
            sessions: 2,
          },
          { name: "old_app", layout: "v1-bare", worktrees: "legacy-root", claude: "older" },
        ],
      },
      dir,
    ),

  /** Two worktrees whose Claude directory is one. */
  claudeSlugShared: (dir) =>
    makeDisk(
      {
        projects: ["a_b", "a-b"].map((name) => ({
          name,
          layout: "v1-bare" as const,
          worktrees: "legacy-root" as const,
          claude: "now" as const,
        })),
      },
      dir,
    ),

  /** Row 12: rollouts that name the old place, one archived, one with a long first line. */
  codexCwd: (dir) => {
    const disk = makeDisk(
      { projects: [{ ...integrator, worktrees: "legacy-root", codex: true }] },
      dir,
    );
    const cwd = sessionOf(disk.project("integrator")).worktree;
    const meta = (more: object) =>
      `${JSON.stringify({ type: "session_meta", payload: { id: "x", ...more, cwd } })}\n`;
    writeFiles(disk.codexDir, {
      "archived_sessions/rollout-2026-04-19T09-00-00-a.jsonl": meta({}),
      "sessions/2026/04/21/rollout-2026-04-21T09-00-00-b.jsonl":
        meta({ instructions: "x".repeat(150_000) }) + meta({ second: "line" }),
    });
    return disk;
  },
});

/** Ids of the admin entries of a project's repository. */
export function adminIds(project: BuiltProject): string[] {
  return readdirSync(join(project.repo, ".git", "worktrees")).sort();
}
