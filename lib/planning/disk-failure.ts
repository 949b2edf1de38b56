/** What planning does about a disk that fails: say so without a stack trace, and go on cleaning. */

import { describeError, errorCode, ToolkitError } from "../errors.ts";

/**
 * An error of the disk as one for the user; any other, a mistake of this program included, stays.
 *
 * @param action as in `Cannot <action>: EIO …`
 */
export function asDiskFailure(error: unknown, action: string): unknown {
  // Those of the runtime itself, such as ERR_INVALID_ARG_TYPE, are mistakes.
  const isSystem = /^E[A-Z0-9]+$/.test(errorCode(error) ?? "");
  if (error instanceof ToolkitError || !isSystem) return error;
  return new ToolkitError("interrupted", `Cannot ${action}: ${describeError(error)}`, {
    hint: "run it again: what was begun is settled first",
    cause: error,
  });
}

/** Cleans up when the outcome stands already; the next run finds what stays, and does it again. */
export function quietly(step: () => void): void {
  try {
    step();
  } catch {
    // Deliberately nothing: the outcome is the one to tell.
  }
}
