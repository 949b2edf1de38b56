/**
 * How a run ends that does not end well: one error, the first, told with the ways on.
 */

import { describeError, errorCode, ToolkitError } from "../errors.ts";
import type { Commands } from "./options.ts";

/** An operation that the disk does not let us do; `path` is where it stands in the way. */
export class Obstacle extends Error {
  constructor(
    readonly path: string,
    readonly reason: string,
  ) {
    super(`"${path}" ${reason}`);
  }
}

/** Codes that concern one path; others (no space, a broken disk, no file handles) concern all. */
const ofOnePath = new Set<string | undefined>([
  "EACCES",
  "EPERM",
  "EROFS",
  "EBUSY",
  "ENOENT",
  "EEXIST",
  "ENOTDIR",
  "EISDIR",
  "ELOOP",
  "EXDEV",
  "ENOTEMPTY",
  "ENAMETOOLONG",
  "EMLINK",
  "ETXTBSY",
]);

/** Whether a failure says something about one path only, so that the others may go on. */
export function concernsOnePath(error: unknown): boolean {
  return error instanceof Obstacle || ofOnePath.has(errorCode(error));
}

/**
 * The error of a run that stopped half-way.
 *
 * @param isUndo a rollback that has begun can only be finished
 */
export function stoppedHalfWay(
  id: string,
  cause: unknown,
  commands: Commands,
  isUndo = false,
): ToolkitError {
  const isCancelled = cause instanceof ToolkitError && cause.outcome === "cancelled";
  const state = isCancelled ? "it was cancelled half-way" : describeError(cause);
  const ways = `to go on: ${commands.resume}\nto go back: ${commands.rollback}`;
  return new ToolkitError("interrupted", `Cannot finish "${id}": ${state}`, {
    hint: isUndo ? `to go on taking it back: ${commands.rollback}` : ways,
    cause,
  });
}

/** The error of a run that stopped before it had changed anything; a bug keeps its stack trace. */
export function nothingChanged(id: string, cause: unknown, action = "start"): unknown {
  const isExpected = cause instanceof Obstacle || errorCode(cause) !== undefined;
  if (cause instanceof ToolkitError || !isExpected) return cause;
  const message = `Cannot ${action} "${id}": ${describeError(cause)}; nothing was changed`;
  return new ToolkitError("refused", message, { cause });
}
