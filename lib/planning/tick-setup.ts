/** What a tick needs, from what a command line says. */

import type { TmuxPort } from "../change/options.ts";
import { ToolkitError } from "../errors.ts";
import type { DiskFlags } from "../invocation.ts";
import type { Env } from "../process.ts";
import type { Agent } from "./agent.ts";
import type { BuiltinSource } from "./builtin/source.ts";
import { type Effort, exceeds } from "./effort.ts";
import { executorFor } from "./setup.ts";
import type { Site } from "./site.ts";
import type { TickOptions } from "./tick.ts";

/** The flags of a tick. */
export interface TickArgs extends DiskFlags {
  with?: string;
  root?: string;
  effort: Effort;
  maxEffort: Effort;
  attempts: number;
  commit?: boolean;
  validate?: string;
}

export interface TickSetup {
  args: TickArgs;
  /** Only this migration; undefined for whatever is due. */
  slug: string | undefined;
  agent: Agent;
  sources: readonly BuiltinSource[];
  /** AO's own directory. */
  baseDir: string;
  env: Env;
  invocation: string;
  toolVersion: string;
  tmux: TmuxPort;
  signal: AbortSignal;
  /** Asks before anything is changed; false is no. */
  ask(message: string): Promise<boolean>;
}

/** @throws ToolkitError `usage` when the least effort is more than the most */
export function tickOptions(site: Site, setup: TickSetup): TickOptions {
  const { args, slug, agent, env, signal, ask } = setup;
  const { effort, maxEffort, attempts, commit = false, validate } = args;
  if (exceeds(effort, maxEffort)) {
    const flags = `--effort ${effort} is more than --max-effort ${maxEffort}`;
    throw new ToolkitError("usage", `Cannot tick: ${flags}`);
  }
  const { home, baseDir, config, root } = args;
  const execution = {
    ...setup,
    flags: { home, baseDir, config },
    root,
    validate,
    with: args.with ?? "builtin",
  };
  return {
    ...{ agent, effort, maxEffort, maxAttempts: attempts, commit, signal },
    executorFor: (candidate) => executorFor(site, candidate.slug, execution),
    confirm: (candidate, phase) =>
      ask(`Carry out phase ${phase.name} of ${candidate.slug}? rollback takes it back.`),
    ...(slug === undefined ? {} : { slug }),
    ...(validate === undefined ? {} : { validation: { command: validate, env, cwd: site.root } }),
  };
}
