/** The same inputs, through scripts as processes of their own: what a user really starts. */

import { root } from "../../process.ts";
import type { Row } from "../../proof.ts";
import type { Grammar } from "../hunt.ts";
import { type Placed, parsePlaced, Site } from "../place.ts";
import { Random, seedOf } from "../random.ts";
import { complaintOf } from "../run.ts";
import { lookedAt } from "./disks.ts";
import { listedLanes } from "./lanes.ts";
import { migrationFiles } from "./migrations.ts";
import { stagedPlans } from "./planning.ts";
import { MigrationSite, type Tampered } from "./tampered.ts";
import { taskSessions } from "./tasks.ts";

/** A script with the inputs that it reads, and how they get onto a disk. */
interface Subject {
  script: string;
  calls: readonly string[][];
  grammar: Grammar;
  /** Below the home, all that a call may change. */
  named: readonly string[];
  site(): Promise<Site>;
  place(site: Site, input: Uint8Array): void;
}

const base = "home/.agent-orchestrator";
const plain = async () => new Site();
const placed = (site: Site, input: Uint8Array) => site.place(parsePlaced(input) as Placed);
const lane = (site: Site, input: Uint8Array) =>
  site.place({ files: [["lanes/02-projects.yaml", [Buffer.from(input).toString("base64")]]] });
const disk = { grammar: lookedAt, site: plain, place: placed };
const skipped = ["--skip", "tools", "--skip", "rewrite"];
const state = [base, "home/.worktrees", "home/.claude", "home/.codex"];
const links = ["integrator", "web"].map((name) => `home/repos/${name}/.git/worktrees`);

const subjects: readonly Subject[] = [
  {
    ...{ ...disk, script: "migrate", named: [...state, ...links] },
    calls: [["--no-tmux"], ["--no-tmux", "--json"], ["--execute", "--yes", "--force", "--no-tmux"]],
  },
  { ...disk, script: "doctor", named: [], calls: [skipped, [...skipped, "--json"]] },
  { ...disk, script: "repair", named: [], calls: [[], ["--json"]] },
  {
    ...{ ...disk, script: "sessions", named: [] },
    calls: [["list"], ["list", "--json"], ["info"], ["info", "--json"]],
  },
  {
    ...{ script: "rollback", grammar: migrationFiles, named: [...state, ...links] },
    calls: [["--yes"], ["--yes", "--json"], ["--list"], ["--prune", "--yes"], ["--dry-run"]],
    site: () => MigrationSite.open(),
    place: (site, input) =>
      (site as MigrationSite).prepare(JSON.parse(Buffer.from(input).toString()) as Tampered),
  },
  {
    ...{ script: "migrate-sessions", grammar: taskSessions, named: ["home/.workflow"] },
    calls: [["--dry-run"], ["--yes"], ["--yes", "--json"]],
    ...{ site: plain, place: placed },
  },
  {
    ...{
      script: "migration",
      grammar: stagedPlans,
      named: ["home/root/migrations", "home/.local"],
    },
    calls: [
      ["list"],
      ["doctor", "--all", "--json"],
      ["doctor", "--all", "--fix"],
      ["show", "shed"],
    ].map((call) => [...call, "--root", "root"]),
    ...{ site: plain, place: placed },
  },
  {
    ...{ script: "smoke-runbook", grammar: listedLanes, named: [], site: plain, place: lane },
    calls: [["--list"], ["--list", "--json"], ["--dry-run"]].map((call) => [
      ...call,
      ...["--runbook", "lanes"],
    ]),
  },
];

/** One row a script: `count` inputs, each in a process. */
export async function runProcesses(count: number, atLeast: number, seed: number): Promise<Row[]> {
  const rows: Row[] = subjects.map(({ script }) => ({
    ...{ name: `${script}, as processes`, count: 0, atLeast, unit: "inputs", failures: [] },
  }));
  // Two at a time, each with a disk of its own.
  const queue = [...subjects.entries()];
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [at, subject] = next;
      const row = rows[at];
      if (row !== undefined) await runSubject(subject, row, count, seed);
    }
  };
  await Promise.all([worker(), worker()]);
  for (const { grammar } of subjects) grammar.close?.();
  return rows;
}

async function runSubject(subject: Subject, row: Row, count: number, seed: number): Promise<void> {
  const site = await subject.site();
  try {
    for (let index = 0; index < count && row.failures.length < 3; index += 1) {
      const random = new Random(seedOf(seed, subject.script, index));
      subject.place(site, await subject.grammar.make(random));
      const fault = await runOnce(subject, site, random.pick(subject.calls));
      row.count += 1;
      if (fault !== null) row.failures.push(`${subject.script} #${index}: ${fault}`);
    }
  } finally {
    site.close();
  }
}

async function runOnce(subject: Subject, site: Site, argv: string[]): Promise<string | null> {
  const before = site.tree();
  const command = [`${root}/scripts/${subject.script}.ts`, ...argv];
  const child = Bun.spawn([process.execPath, "--no-env-file", "--config=/dev/null", ...command], {
    cwd: site.home,
    env: {
      ...{ HOME: site.home, PATH: "/nonexistent", TMPDIR: site.dir, TZ: "UTC" },
      // Bun's own; else it is made in the home.
      BUN_RUNTIME_TRANSPILER_CACHE_PATH: `${site.dir}/cache`,
    },
    ...{ stdin: "ignore", stdout: "pipe", stderr: "pipe", timeout: 20_000, killSignal: "SIGKILL" },
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  const code = await child.exited;
  const call = `${subject.script} ${argv.join(" ")}`;
  const [change] = site.changesSince(before, [...subject.named, "cache"]);
  if (change !== undefined) return `${call} changed ${change}`;
  // Usage: a migration or plan of a name that is not there.
  return complaintOf({ code, stdout, stderr }, argv, [2]);
}
