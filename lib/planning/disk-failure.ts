/** What planning does about a disk that fails: say so without a stack trace, and go on cleaning. */

import type { Command } from "../cli.ts";
import { describeError, errorCode, ToolkitError } from "../errors.ts";

/**
 * An error of the disk as one for the user; any other, a mistake of this program included, stays.
 *
 * @param action as in `Cannot <action>: EIO …`
 */
export function asDiskFailure(error: unknown, action: string): unknown {
  if (!isOfDisk(error)) return error;
  return new ToolkitError("interrupted", `Cannot ${action}: ${describeError(error)}`, {
    hint: "mend that and run it again: what was begun is settled first",
    cause: error,
  });
}

/** Those of the runtime itself, such as ERR_INVALID_ARG_TYPE, are mistakes of this program. */
function isOfDisk(error: unknown): boolean {
  return !(error instanceof ToolkitError) && /^E[A-Z0-9]+$/.test(errorCode(error) ?? "");
}

/**
 * Commands for which a disk that does not let them look is no mistake of this program. What writes
 * has its own words for that, see {@link asDiskFailure}.
 */
export function readably(commands: Readonly<Record<string, Command>>): Record<string, Command> {
  const guarded = Object.entries(commands).map(([name, command]): [string, Command] => {
    const { run } = command;
    if (run === undefined) return [name, command];
    const careful: typeof run = async (context) => {
      try {
        return await run(context);
      } catch (error) {
        throw isOfDisk(error) ? unreadable(error) : error;
      }
    };
    return [name, { ...command, run: careful }];
  });
  return Object.fromEntries(guarded);
}

function unreadable(error: unknown): ToolkitError {
  const { path } = error as { path?: unknown };
  const what = typeof path === "string" ? `use "${path}"` : "use the disk";
  return new ToolkitError("invalid", `Cannot ${what}: ${describeError(error)}`, { cause: error });
}

/** Cleans up when the outcome stands already; the next run finds what stays, and does it again. */
export function quietly(step: () => void): void {
  try {
    step();
  } catch {
    // Deliberately nothing: the outcome is the one to tell.
  }
}
