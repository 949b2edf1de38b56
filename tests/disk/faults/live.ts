/** Disks with something alive on them, or something that only seems to be. */

import { Database } from "bun:sqlite";
import { join } from "node:path";
import { newSession } from "../../../lib/tmux.ts";
import { makeDisk } from "../build.ts";
import { mkdirs } from "../repos.ts";
import { isoTime } from "../sessions.ts";
import { type Disk, named, type ProjectSpec } from "../spec.ts";

const integrator: ProjectSpec = { name: "integrator", sessions: 2 };

/** A store of the Go rewrite with these columns of `sessions`, at this schema version. */
function goStore(disk: Disk, version: number, columns: string[]): Disk {
  const db = new Database(join(mkdirs(join(disk.home, ".ao", "data")), "ao.db"));
  db.run("CREATE TABLE goose_db_version (id INTEGER PRIMARY KEY, version_id, is_applied, tstamp)");
  db.run("CREATE TABLE projects (id TEXT PRIMARY KEY, path TEXT, repo_origin_url TEXT)");
  db.run(`CREATE TABLE sessions (id TEXT PRIMARY KEY, ${columns.join(", ")})`);
  const insert = db.prepare(
    "INSERT INTO goose_db_version (version_id, is_applied, tstamp) VALUES (?, 1, ?)",
  );
  for (let applied = 0; applied <= version; applied += 1) insert.run(applied, isoTime());
  db.close();
  return disk;
}

const columnsAt7 = [
  ..."project_id num issue_id kind harness activity_state activity_last_at is_terminated".split(
    " ",
  ),
  ..."branch workspace_path runtime_handle_id agent_session_id prompt created_at".split(" "),
  ..."updated_at display_name".split(" "),
];

export const liveFaults = named({
  /** Row 10: an orchestrator without a number, live, and AO itself. */
  liveOrchestrator: (dir) =>
    makeDisk(
      {
        projects: [{ ...integrator, orchestrators: ["single"], live: ["int-orchestrator"] }],
        running: "ao",
      },
      dir,
    ),

  /** Live sessions under the names of every generation. */
  liveSessions: (dir) =>
    makeDisk(
      {
        projects: [
          { name: "backend", layout: "v1", sessionPrefix: "be", live: true },
          {
            name: "agent-orchestrator",
            layout: "v1-bare",
            tmux: "doubled",
            orchestrators: [1],
            live: true,
          },
          { ...integrator, live: ["int-2"] },
        ],
      },
      dir,
    ),

  /** Row 32: tmux sessions that no metadata names, AO's and other people's. */
  orphanTmux: (dir) => {
    const disk = makeDisk({ projects: [integrator] }, dir);
    for (const name of ["int-99", "0123456789ab-int-5", "int-int-4", "editor"]) {
      newSession({ name, cwd: disk.home, command: ["sleep", "600"] }, disk.env);
    }
    return disk;
  },

  /** Two live orchestrators of one project. */
  twoLiveOrchestrators: (dir) =>
    makeDisk(
      {
        projects: [
          {
            name: "agent-orchestrator",
            orchestrators: [1, 2],
            live: ["ao-orchestrator-1", "ao-orchestrator-2"],
          },
        ],
      },
      dir,
    ),

  /** Row 33: the process of `running.json` has ended. */
  deadRunningJson: (dir) => makeDisk({ projects: [integrator], running: "dead" }, dir),

  /** Row 33: its pid belongs to somebody else now. */
  reusedPid: (dir) => makeDisk({ projects: [integrator], running: "reused" }, dir),

  /** Row 31: the store says version 7 and lacks a column of version 7. */
  goStoreMismatch: (dir) =>
    goStore(makeDisk({ projects: [integrator] }, dir), 7, columnsAt7.slice(0, -1)),

  /** Row 31: the store was made by a newer build. */
  goStoreNewer: (dir) =>
    goStore(makeDisk({ projects: [integrator] }, dir), 99, [...columnsAt7, "from_the_future"]),
});
