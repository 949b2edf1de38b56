/** A command, run to its end: exit code, stdout, stderr, and stdout as JSON where it is that. */
import { runProcess } from "../processes.ts";
import { environmentFor, resolveProgram } from "../sandbox.ts";
import type { ActionType } from "./action.ts";

export const run: ActionType<"run"> = {
  title: ({ run: argv, env, stdin }) => {
    const settings = Object.entries(env ?? {}).map(
      ([key, value]) => `${key}=${quote(value ?? "")} `,
    );
    const input = stdin === undefined ? "" : `echo ${quote(stdin.trimEnd())} | `;
    return `${input}${settings.join("")}${words(argv).map(quote).join(" ")}`;
  },
  async observe(action, { world, timeout }) {
    const [name = "", ...args] = words(action.run);
    const { sandbox, target } = world;
    // What cannot be started has no result: that is the runner's error, not AO's failure.
    const result = await runProcess({
      program: name === "ao" ? target.ao : resolveProgram(sandbox, name),
      args,
      env: environmentFor(sandbox, action.env, action.path),
      cwd: action.cwd ?? sandbox.home,
      timeout,
      ...(action.stdin === undefined ? {} : { stdin: action.stdin }),
    });
    return { ...result, ...jsonOf(result.stdout) };
  },
};

/** The arguments; a reference to a list has become a list in a list. */
function words(argv: readonly unknown[]): string[] {
  return argv.flat().map(String);
}

function jsonOf(stdout: string): { json?: unknown } {
  if (!/^\s*[[{]/.test(stdout)) return {};
  try {
    return { json: JSON.parse(stdout) };
  } catch {
    return {};
  }
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
