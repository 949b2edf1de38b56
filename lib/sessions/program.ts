/** What a session runs. */

import { isAbsolute } from "node:path";
import { type Env, findProgram } from "../process.ts";

/** Programs of AO's agents, where they are not called like the agent. */
const programs: Record<string, string> = {
  "claude-code": "claude",
  cursor: "cursor-agent",
  kimicode: "kimi",
};
/** What AO takes when no config names an agent. */
const defaultAgent = "claude-code";

/** Program and arguments, and how to speak of them. */
export interface Program {
  words: string[];
  shown: string;
}

/**
 * The command that was asked for, run by a shell as its author wrote it; else the project's agent,
 * if it is installed; else the user's shell.
 */
export function programFor(
  agent: string | undefined,
  command: string | undefined,
  env: Env,
): Program {
  if (command !== undefined) return { words: ["/bin/sh", "-c", command], shown: command };
  const name = agent ?? defaultAgent;
  const program = Object.hasOwn(programs, name) ? (programs[name] ?? name) : name;
  const path = /^[a-z0-9][a-z0-9_-]*$/.test(program) ? findProgram(program, env) : null;
  if (path !== null) return { words: [path], shown: program };
  const shell = env.SHELL;
  const usable = shell !== undefined && isAbsolute(shell) && findProgram(shell, env) !== null;
  return usable ? { words: [shell], shown: shell } : { words: ["/bin/sh"], shown: "/bin/sh" };
}
