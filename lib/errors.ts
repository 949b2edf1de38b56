/**
 * Outcomes of a command and the one error class that carries them.
 *
 * Every failure that a user can cause or meet is a {@link ToolkitError}; anything else that reaches
 * the entry line is a bug (exit 70, with a stack trace).
 */

/** Something the scan could not use. It is reported and left alone. */
export interface Fault {
  kind:
    | "unreadable" // EACCES, EIO, …
    | "corrupt" // not JSON, not UTF-8, not an object
    | "too-large" // over the size the scan reads
    | "not-a-file" // a directory, socket or device where a file belongs
    | "symlink" // a link out of the base dir, or where AO never makes one
    | "unsafe-name"; // an id or name that could climb out or is not AO's
  place: Place;
  detail: string;
}

/** Exit codes of every script; the table in the README is generated from the same names. */
export const exitCodes = {
  done: 0,
  findings: 1,
  usage: 2,
  invalid: 3,
  refused: 4,
  interrupted: 5,
  bug: 70,
  cancelled: 130,
} as const;

/** How a command ended; decides its exit code. */
export type Outcome = keyof typeof exitCodes;

/** A position in a file, both 1-based; `column` counts UTF-16 units, as editors do. */
export interface Place {
  file: string;
  line?: number;
  column?: number;
}

interface Details {
  /** What to do next, preferably a command that can be pasted. */
  hint?: string;
  place?: Place;
  cause?: unknown;
  /** Ends the process in the place of the outcome's own code. */
  exitCode?: number | null;
}

/** An error for the user: `Cannot <action> "<value>": <state>`, with outcome, place and remedy. */
export class ToolkitError extends Error {
  readonly outcome: Exclude<Outcome, "done" | "bug">;
  readonly hint: string | undefined;
  readonly place: Place | undefined;
  /** Of a program that was run for the user, which says more than ours; null for all else. */
  readonly exitCode: number | null;

  constructor(outcome: ToolkitError["outcome"], message: string, details: Details = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "ToolkitError";
    this.outcome = outcome;
    this.hint = details.hint;
    this.place = details.place;
    this.exitCode = details.exitCode ?? null;
  }
}

/** `file:line:col`, leaving out what is not known. */
export function formatPlace(place: Place): string {
  return [place.file, place.line, place.column].filter((part) => part !== undefined).join(":");
}

/** The message of anything thrown, with the system error code where there is one. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message;
}

/** The `code` of a system error (`ENOENT`, `ENOSPC`, …), if this is one. */
export function errorCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
}
