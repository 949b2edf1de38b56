/**
 * What is swept: each operation with the tree it begins on, the command, and the ways out of a
 * wreck that it promises.
 */

import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { realDisk } from "../../lib/change/disk.ts";
import { testEnv } from "../disk/repos.ts";
import { toApproval, writePlan } from "../lib/planning/site.ts";
import { root as repository } from "../process.ts";
import { answersFor, everyFault, mendable } from "./sweep-disk.ts";

/** A script with its arguments. */
export interface Command {
  script: string;
  args: string[];
}

/** A tree as it may be in the end: as before, as after, or one step of a plan further. */
export type End = "old" | "new" | "next";

/** One command that leads out of a wreck. */
export interface Way extends Command {
  name: string;
  /** What the tree may be when the command says that it is done. */
  done: End[];
  /** What it may be when the command refuses, since there is nothing (left) to do. */
  refused: End[] | "any";
  goal: End[];
  /** Leads on when the way left the tree at another end than its goal. */
  orElse?: Command;
  /** The ways out of the wreck that this command leaves when it is killed. @default the same */
  after?: Way[];
}

export interface Operation {
  name: string;
  /** What a full run has to reach: a little below what a run had. */
  atLeast: number;
  /** Builds the tree and brings it to where the command begins. */
  begin(root: string): Begun;
}

export interface Begun {
  env: Record<string, string>;
  command: Command;
  ways: Way[];
  /** Commands that lead from the tree that was built to where `command` begins. */
  before: Step[];
  /** Which end the tree has when the command was carried out. */
  leadsTo: End;
  /** Commands that show what `new` and `next` look like, on the tree that was built. */
  shows: Partial<Record<End, Command[]>>;
  /** Paths that are no state of the user's: records, logs, locks. */
  skip: RegExp;
  /** The contents of `old` may be replaced by those of `new`: a publish supersedes them. */
  supersedes?: boolean;
  /** Exit codes besides the usual ones that mean: nothing was changed. */
  unchanged?: number[];
}

/** A command that is part of the way to the beginning; killed at a call if that is said. */
export interface Step extends Command {
  /** Share of its calls that it makes before it is killed. */
  killAt?: number;
}

const call = (script: string, ...args: string[]): Command => ({
  script: `scripts/${script}.ts`,
  args: [...args, "--json"],
});

const rollback = (...args: string[]) => call("rollback", "--yes", ...args);

/** Back to the old tree, for whatever went through the change engine. */
function wayBack(...args: string[]): Way {
  const again = plainWayBack(...args);
  return { ...again, after: [again, wayFurtherBack(...args)] };
}

function plainWayBack(...args: string[]): Way {
  const way = rollback(...args);
  return { name: "rollback", ...way, done: ["old"], refused: ["old"], goal: ["old"] };
}

/** For a rollback that was killed; refuses when that one had not begun. */
function wayFurtherBack(...args: string[]): Way {
  const orElse = rollback(...args);
  const after = [plainWayBack(...args)];
  return {
    ...{ name: "rollback --resume", ...rollback("--resume", ...args), orElse, after },
    ...{ done: ["old"], refused: "any", goal: ["old"] },
  };
}

function wayForward(command: Command, again: Command): Way {
  return {
    ...{ name: "resume", ...command, orElse: again },
    ...{ done: ["new"], refused: ["old", "new"], goal: ["new"] },
  };
}

const records = /^home\/\.agent-orchestrator\/migrations(\/|$)/;

function storage(top: string) {
  const disk = everyFault(mkdir(top));
  const execute = call("migrate", "--execute", "--yes", ...answersFor(disk));
  return {
    ...{ env: disk.env, execute, resume: call("migrate", "--resume"), skip: records },
    shows: { new: [execute] },
  };
}

const execute: Operation = {
  name: "migrate --execute",
  atLeast: 1_500,
  begin(top) {
    const { execute: command, resume, ...rest } = storage(top);
    const ways = [wayForward(resume, command), wayBack()];
    return { ...rest, command, ways, before: [], leadsTo: "new" };
  },
};

const resume: Operation = {
  name: "migrate --resume",
  atLeast: 600,
  begin(top) {
    const { execute: first, resume: command, ...rest } = storage(top);
    const ways = [wayForward(command, first), wayBack()];
    return { ...rest, command, ways, before: [{ ...first, killAt: 0.7 }], leadsTo: "new" };
  },
};

const takeBack: Operation = {
  name: "rollback",
  atLeast: 800,
  begin(top) {
    const { execute: first, resume: _, ...rest } = storage(top);
    const ways = [wayBack(), wayFurtherBack()];
    return { ...rest, command: rollback(), ways, before: [first], leadsTo: "old" };
  },
};

const sessions: Operation = {
  name: "migrate-sessions",
  atLeast: 380,
  begin(top) {
    const home = mkdir(join(top, "home"));
    const project = join(top, "project");
    for (const name of ["plain", "bytes"]) {
      const input = join(repository, "tests/fixtures/migrate-sessions", name, "input");
      cpSync(input, project, { recursive: true, verbatimSymlinks: true });
    }
    const where = ["--root", project];
    const command = call("migrate-sessions", "--yes", ...where);
    const ways = [
      wayForward(call("migrate-sessions", "--resume", ...where), command),
      wayBack(...where),
    ];
    return {
      ...{ env: testEnv(home), command, ways, before: [], leadsTo: "new" },
      ...{ shows: { new: [command] }, skip: /^project\/\.workflow\/migrations(\/|$)/ },
    };
  },
};

const publish: Operation = {
  name: "migration tick",
  atLeast: 620,
  begin(top) {
    const home = mkdir(join(top, "home"));
    const root = mkdir(join(top, "project"));
    const env = testEnv(home);
    const now = () => new Date("2026-03-04T05:06:07.008Z");
    const site = { root, stateDir: join(home, "none"), disk: realDisk, env, now };
    writePlan(site, "shed", { told: toApproval.slice(0, 3) });
    const decide = "*final-decision:*) echo final-decision: approve-auto - small and safe;;";
    const agent = `case "$(cat)" in ${decide} *) echo no findings;; esac`;
    const command = call("migration", "tick", "--root", root, "--with", agent);
    const look = call("migration", "list", "--root", root);
    const ways: Way[] = [
      {
        ...{ name: "list", ...look, orElse: command },
        ...{ done: ["old", "new"], refused: [], goal: ["new"] },
      },
      { name: "tick", ...command, done: ["new", "next"], refused: [], goal: ["new", "next"] },
    ];
    return {
      ...{ env, command, ways, before: [], leadsTo: "new", supersedes: true, unchanged: [1] },
      ...{
        shows: { new: [command], next: [command, command] },
        skip: /^(home|project\/migrations\/__transactions__)(\/|$)/,
      },
    };
  },
};

/** A fix of the doctor, by its name. */
function repair(name: string, atLeast: number): Operation {
  return {
    name: `repair ${name}`,
    atLeast,
    begin(top) {
      const disk = mendable(mkdir(top));
      const command = call("repair", name, "--yes");
      const ways = [wayForward(call("repair", "--resume"), command), wayBack()];
      return {
        ...{ env: disk.env, command, ways, before: [], leadsTo: "new" },
        ...{ shows: { new: [command] }, skip: records },
      };
    },
  };
}

/** In the order of the table. */
export const operations: readonly Operation[] = [
  execute,
  resume,
  takeBack,
  sessions,
  publish,
  repair("key-value-sessions", 290),
  repair("worktree-links", 180),
];

function mkdir(path: string): string {
  mkdirSync(path, { recursive: true });
  return path;
}
