/** For every check a disk where it finds nothing and one where it finds something. */

import { readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { undo } from "../../../lib/change/transaction.ts";
import { mend, remedyOf } from "../../../lib/doctor/mend.ts";
import type { Status } from "../../../lib/doctor/run.ts";
import { findFix } from "../../../lib/doctor/select.ts";
import { tmuxPort } from "../../../lib/storage/execute.ts";
import { rootsOf } from "../../../lib/storage/roots.ts";
import { makeDisk } from "../../disk/build.ts";
import { deadPid } from "../../disk/live.ts";
import { git, writeFiles } from "../../disk/repos.ts";
import type { Disk } from "../../disk/spec.ts";
import { disks } from "../../disk.ts";
import { factsOf, type Scene, stubs } from "./facts.ts";
import { damageStore, storeDisk, writeRunFile } from "./stores.ts";

type Make = () => Scene | Promise<Scene>;

export interface Pair {
  healthy: Make;
  broken: Make;
  /** How the check ends on the broken disk. */
  status: Status;
}

const old = new Date("2026-04-20T10:00:00Z");

function named(name: string): Make {
  return () => {
    const build = disks[name];
    if (build === undefined) throw new Error(`no disk "${name}"`);
    return { disk: build() };
  };
}

function pair(broken: string | Make, status: Status, healthy: string | Make = "cleanV3"): Pair {
  const make = (what: string | Make) => (typeof what === "string" ? named(what) : what);
  return { healthy: make(healthy), broken: make(broken), status };
}

function program(name: string, good: string, bad: string | null, status: Status): Pair {
  const scene = (body: string | null) => () => {
    const disk = makeDisk({});
    return { disk, env: stubs(disk, body === null ? {} : { [name]: body }) };
  };
  return { healthy: scene(`echo ${good}`), broken: scene(bad), status };
}

function store(options: Parameters<typeof storeDisk>[0]): Make {
  return () => ({ disk: storeDisk(options) });
}

function after(make: () => Disk, change: (disk: Disk) => void): Make {
  return () => {
    const disk = make();
    change(disk);
    return { disk };
  };
}

const one = () => makeDisk({ projects: [{ name: "integrator", sessions: 2 }] });
const session = "INSERT INTO sessions (id, project_id, is_terminated, workspace_path) VALUES ";

/** A disk on which a fix was applied; `id` of its migration. */
async function mended(name: string, make: () => Disk): Promise<{ disk: Disk; id: string }> {
  const disk = make();
  const facts = factsOf({ disk });
  const again = () => factsOf({ disk });
  const { id } = await mend(await remedyOf(findFix(name), facts), facts, mendOptions, again);
  return { disk, id };
}

export const mendOptions = {
  script: "repair" as const,
  toolVersion: "0.0.0",
  commands: () => ({ resume: "repair --resume", rollback: "rollback" }),
};

/** Takes a migration back through the engine. */
export function rollBack(disk: Disk, id: string) {
  const facts = factsOf({ disk });
  return undo({
    migrationDir: join(facts.migrationsDir, id),
    roots: rootsOf(facts.inventory),
    commands: mendOptions.commands(),
    tmux: tmuxPort(disk.env),
  });
}

async function interruptedMigration(): Promise<Scene> {
  const { disk, id } = await mended("identity", () => disks.cleanV2?.() ?? makeDisk());
  const journal = join(disk.baseDir, "migrations", id, "journal.jsonl");
  const lines = readFileSync(journal, "utf8").trimEnd().split("\n");
  writeFileSync(journal, `${lines.slice(0, -1).join("\n")}\n`);
  return { disk };
}

async function partlyRolledBack(): Promise<Scene> {
  const { disk, id } = await mended("identity", () => disks.cleanV2?.() ?? makeDisk());
  writeFileSync(join(disk.project("integrator").stateDir, "identity.json"), "{}\n");
  await rollBack(disk, id);
  return { disk };
}

/** A worktree that is gone, and whose entry is locked, detached, or has staged work. */
function lockedEntry(disk: Disk): void {
  const [first] = disk.project("integrator").sessions;
  const { repo } = disk.project("integrator");
  git(repo, "worktree", "lock", first?.worktree ?? "");
  rmSync(first?.worktree ?? "", { recursive: true });
}

export const pairs: Record<string, Pair> = {
  "AO-TL-002": program("git", "git version 2.39.5", "echo git version 2.20.1", "fail"),
  "AO-TL-003": program("tmux", "tmux 3.3a", null, "warn"),
  "AO-TL-004": program("zellij", "zellij 0.44.3", "echo zellij 0.40.0", "info"),
  "AO-TL-005": program("gh", "gh version 2.40.1", "exit 3", "warn"),
  "AO-TL-006": program("gh", "gho_abcdefgh12345678", "exit 1", "warn"),
  "AO-TL-007": program("claude", "2.1.0", null, "info"),
  "AO-TL-008": program("codex", "codex-cli 0.46.0", null, "info"),
  "AO-TL-009": program("opencode", "1.0.1", null, "info"),

  "AO-CF-001": pair("unparsableConfig", "fail"),
  "AO-CF-002": pair("climbingIds", "fail"),
  "AO-CF-003": pair("registryPathGone", "fail"),
  "AO-CF-004": pair("prefixClash", "warn"),
  "AO-CF-005": pair("wrappedLocalConfig", "warn"),
  "AO-CF-006": pair(
    () => ({ disk: makeDisk({ projects: [{ name: "integrator", storageKey: "bare" }] }) }),
    "info",
  ),
  "AO-CF-007": pair("twoCheckouts", "info"),
  "AO-CF-008": pair(() => {
    const disk = one();
    return { disk, env: { AO_GLOBAL_CONFIG: join(disk.home, "nowhere.yaml") } };
  }, "warn"),

  "AO-ST-001": pair("notAFile", "warn"),
  "AO-ST-002": pair("v1AndV2Mix", "warn"),
  "AO-ST-003": pair("bareNameRegistryHashed", "info"),
  "AO-ST-004": pair("emptyV1Dirs", "info"),
  "AO-ST-005": pair("cleanV2", "info"),
  "AO-ST-006": pair("cleanV2", "info"),
  "AO-ST-007": pair("observabilityLeak", "info"),
  "AO-ST-008": pair("manyOrchestrators", "info"),
  "AO-ST-009": pair("tmuxNamings", "info"),
  "AO-ST-010": pair("strandedWorktrees", "info"),
  "AO-ST-011": pair("unknownBareProject", "warn"),
  "AO-ST-012": pair("unknownBareProject", "info"),

  "AO-SE-001": pair("truncatedJson", "fail"),
  "AO-SE-002": pair("zeroByteJson", "warn"),
  "AO-SE-003": pair("kvInJson", "fail"),
  "AO-SE-004": pair("corruptCopies", "info"),
  "AO-SE-005": pair("climbingFields", "warn"),
  "AO-SE-006": pair("climbingFields", "fail"),
  "AO-SE-007": pair("duplicateKeys", "warn"),
  "AO-SE-008": pair("unsafeNames", "warn"),

  "AO-WT-001": pair("movedWorktreeStaleLink", "fail"),
  "AO-WT-002": pair("prunedWorktree", "fail"),
  "AO-WT-003": pair("staleAdminEntries", "warn"),
  "AO-WT-004": pair(after(one, lockedEntry), "warn"),
  "AO-WT-005": pair("staleAdminEntries", "warn"),
  "AO-WT-006": pair("unownedWorktrees", "info"),
  "AO-WT-007": pair("terminatedSessions", "warn"),
  "AO-WT-008": pair("terminatedSessions", "info"),

  "AO-RT-001": pair("deadRunningJson", "warn"),
  "AO-RT-002": pair(
    after(one, (disk) => {
      writeFiles(disk.baseDir, { "startup.lock": `${deadPid()}\n`, "config.yaml.lock": "" });
      for (const name of ["startup.lock", "config.yaml.lock"]) {
        utimesSync(join(disk.baseDir, name), old, old);
      }
    }),
    "warn",
  ),
  "AO-RT-003": pair("sessionLocks", "warn"),
  "AO-RT-004": pair("orphanTmux", "warn"),
  "AO-RT-005": pair("liveSessions", "warn"),

  "AO-MG-001": pair(interruptedMigration, "fail"),
  "AO-MG-002": pair(partlyRolledBack, "warn"),
  "AO-MG-003": pair(async () => {
    const { disk } = await mended("key-value-sessions", () => disks.kvInJson?.() ?? one());
    return { disk, now: new Date(Date.now() + 40 * 24 * 60 * 60 * 1000) };
  }, "info"),
  "AO-MG-004": pair("migrationMarker", "warn"),

  "AO-RW-001": pair(
    after(
      () => makeDisk({}),
      (disk) => writeRunFile(disk, { pid: 1, port: 1 }),
    ),
    "fail",
    store({}),
  ),
  "AO-RW-002": pair(
    after(
      () => makeDisk({}),
      (disk) => writeFiles(join(disk.home, ".ao"), { data: "a file\n" }),
    ),
    "fail",
    store({}),
  ),
  "AO-RW-003": pair(
    after(storeDisk, (disk) => writeRunFile(disk, { pid: deadPid(), port: 3001 })),
    "warn",
    store({}),
  ),
  "AO-RW-005": pair(after(storeDisk, damageStore), "fail", store({})),
  "AO-RW-006": pair(store({ without: "prompt" }), "fail", store({})),
  "AO-RW-007": pair(store({ sql: [`${session} ('a-1', 'nobody', 1, '')`] }), "fail", store({})),
  "AO-RW-008": pair(
    store({ sql: [`${session} ('a-1', NULL, 0, '/nowhere/a-1')`] }),
    "warn",
    store({}),
  ),
};
