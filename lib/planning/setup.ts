/** From what a command line says to who plans, and how phases are carried out. */

import { join } from "node:path";
import type { Commands, TmuxPort } from "../change/options.ts";
import { ToolkitError } from "../errors.ts";
import { commandMaker, type DiskFlags } from "../invocation.ts";
import { type Agent, commandAgent } from "./agent.ts";
import { builtinAgent } from "./builtin/agent.ts";
import type { BuiltinSource } from "./builtin/source.ts";
import { unfinished } from "./builtin/verify.ts";
import type { Executor } from "./execute.ts";
import { interactiveAgent } from "./interactive.ts";
import { migrationDirOf, type Site, workflowMigrations } from "./site.ts";
import type { PlanningState } from "./state.ts";
import { loadState } from "./state-file.ts";
import { readTaste, type TastePlaces } from "./taste.ts";

export interface AgentSetup {
  /** A shell command, or `builtin`. */
  with: string | undefined;
  /** Gives a command the terminal instead of pipes. @default false */
  interactive?: boolean;
  model: string | undefined;
  timeoutMs: number;
  idleMs: number;
  sources: readonly BuiltinSource[];
  /** Where a command's taste is looked for. @default it has none */
  taste?: Omit<TastePlaces, "root">;
  onOutput?: (text: string) => void;
}

/** @throws ToolkitError `usage` when nobody is named */
export function agentFor(site: Site, setup: AgentSetup): Agent {
  const { with: command, model, timeoutMs, idleMs, sources, onOutput } = setup;
  if (command === undefined) {
    throw new ToolkitError("usage", "Cannot plan: --with is missing", {
      hint: "--with builtin, or a command such as --with 'claude -p'",
    });
  }
  if (command === "builtin") {
    return builtinAgent({
      disk: site.disk,
      sourceFor: (target) => sourceFor(sources, target),
      stateOf: (slug) => stateOf(site, slug),
    });
  }
  const { root } = site;
  const taste = setup.taste === undefined ? null : readTaste({ ...setup.taste, root });
  if (setup.interactive === true) {
    return interactiveAgent({ command, env: site.env, disk: site.disk, taste });
  }
  return commandAgent({
    command,
    env: site.env,
    disk: site.disk,
    timeoutMs,
    idleMs,
    taste,
    ...(model === undefined ? {} : { model }),
    ...(onOutput === undefined ? {} : { onOutput }),
  });
}

/** @throws ToolkitError `usage` for a target that is none of theirs */
export function sourceFor(sources: readonly BuiltinSource[], target: string): BuiltinSource {
  const found = sources.find((source) => source.target === target);
  if (found !== undefined) return found;
  const known = sources.map((source) => source.target).join(", ");
  throw new ToolkitError("usage", `Cannot plan "${target}": builtin knows ${known} only`, {
    hint: "any other target needs --with CMD",
  });
}

function stateOf(site: Site, slug: string): PlanningState {
  const state = loadState({ disk: site.disk, slug, dir: migrationDirOf(site, slug) });
  if (state !== null) return state;
  throw new ToolkitError("invalid", `Cannot carry out "${slug}": it has no planning state`);
}

export interface ExecutorSetup {
  sources: readonly BuiltinSource[];
  toolVersion: string;
  /** AO's own directory: the migrations of its storage are recorded there. */
  baseDir: string;
  tmux: TmuxPort;
  /** How the script was called, for commands in messages. */
  invocation: string;
  /** Flags that say which disk is meant, as given. */
  flags: DiskFlags;
  /** `--root` as given. */
  root: string | undefined;
  /** `--with` as given. */
  with: string;
  /** `--validate` as given. */
  validate?: string | undefined;
}

/** The ways on from a phase that stopped half-way. */
function commandsOf(setup: ExecutorSetup, slug: string, id: string, inRoot: boolean): Commands {
  const { invocation, flags, root: given } = setup;
  const call = commandMaker(invocation, flags);
  const root = given === undefined ? [] : ["--root", given];
  const check = setup.validate === undefined ? [] : ["--validate", setup.validate];
  const records = inRoot ? ["--root", given ?? "."] : [];
  return {
    resume: call("migration", "tick", slug, ...root, "--with", setup.with, ...check),
    rollback: call("rollback", ...records, id),
  };
}

/** How the change engine carries out a migration's phases, by what the migration is for. */
export async function executorFor(
  site: Site,
  slug: string,
  setup: ExecutorSetup,
): Promise<Executor> {
  const { sources, toolVersion, baseDir, tmux } = setup;
  const state = loadState({ disk: site.disk, slug, dir: migrationDirOf(site, slug) });
  const source = sources.find(({ target }) => target === state?.target);
  const isStorage = source?.target === "storage";
  const common = {
    toolVersion,
    migrationsDir: isStorage ? join(baseDir, "migrations") : workflowMigrations(site),
    commands: (id: string) => commandsOf(setup, slug, id, !isStorage),
  };
  if (state === null || source === undefined) return { ...common, roots: [site.root] };
  const now = new Date(state.startedAt);
  const { roots } = await source.plan({ now, answers: new Map() });
  return {
    ...common,
    roots,
    verify: (phase) => unfinished(source, state, phase),
    ...(isStorage ? { tmux } : {}),
  };
}
