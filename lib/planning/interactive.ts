/** An agent that talks with its user: it has the terminal, and the prompt in a file. */

import { join } from "node:path";
import type { Disk } from "../change/disk.ts";
import { errorCode } from "../errors.ts";
import type { Env } from "../process.ts";
import { type Agent, AgentError, environment } from "./agent.ts";
import { makeDirs } from "./save.ts";

/**
 * A shell command that is given the terminal. It finds its prompt in the file that
 * `MIGRATION_PROMPT` names, is not limited in time, and its answer is empty: what it did counts.
 */
export function interactiveAgent(options: {
  command: string;
  env: Env;
  disk: Disk;
  taste?: string | null;
}): Agent {
  const { command, env, disk } = options;
  return {
    name: command.trim().split(/\s+/)[0]?.split("/").at(-1) ?? "command",
    taste: options.taste ?? null,
    async ask(request) {
      const { role, prompt, cwd, logDir } = request;
      makeDirs(disk, logDir, 0o700);
      disk.writeNew(join(logDir, "prompt.md"), [Buffer.from(prompt)], { mode: 0o600 });
      const fail = (detail: string, code: number | null = null): never => {
        const kind = code === null ? "agent-infra-failure" : "agent-exited-nonzero";
        throw new AgentError(kind, role, detail, logDir, code);
      };
      let code: number;
      // Ctrl-C is for the program that has the terminal, which may well go on; not for this
      // process, nor for the shell between the two.
      const leaveIt = () => {};
      process.on("SIGINT", leaveIt);
      try {
        // In our own process group: only the terminal's foreground group may read from it.
        const child = Bun.spawn(["/bin/sh", "-c", `trap : INT; ${command}`], {
          cwd,
          env: { ...environment(env, request) },
          stdio: ["inherit", "inherit", "inherit"],
        });
        code = await child.exited;
      } catch (cause) {
        return fail(`the agent could not be started: ${errorCode(cause) ?? String(cause)}`);
      } finally {
        process.off("SIGINT", leaveIt);
      }
      return code === 0 ? "" : fail(`the agent exited with ${code}`, code);
    },
  };
}
