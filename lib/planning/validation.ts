/** The validation command: the host's own check that a phase did no harm. */

import { ToolkitError } from "../errors.ts";
import { type Env, ProcessError, run } from "../process.ts";

export interface Validation {
  /** As it was given; split into arguments, no shell. */
  command: string;
  env: Env;
  cwd: string;
  /** @default 1800000 */
  timeoutMs?: number;
}

export type ValidationResult =
  | { state: "green" }
  /** It ran and said no. */
  | { state: "red"; reason: string }
  /** It could not be run, so it said nothing. */
  | { state: "broken"; reason: string };

/**
 * A command as its words; single and double quotes keep spaces, a backslash the next character.
 *
 * @throws ToolkitError `usage` for a quote that is not closed, or no word at all
 */
export function splitCommand(command: string): string[] {
  const form = /\s*((?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s"'\\])+)/gsy;
  const words: string[] = [];
  let end = 0;
  for (const [whole, word = ""] of command.matchAll(form)) {
    end += whole.length;
    words.push(word.replace(/"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)/gs, unquote));
  }
  if (command.slice(end).trim() !== "") refuse(command, "a quote is not closed");
  if (words.length === 0) refuse(command, "there is no command");
  return words;
}

function unquote(_: string, double?: string, single?: string, escaped?: string): string {
  return double?.replace(/\\(.)/gs, "$1") ?? single ?? escaped ?? "";
}

function refuse(command: string, detail: string): never {
  throw new ToolkitError("usage", `Cannot run "${command}": ${detail}`);
}

/** Runs the validation. */
export function validate({
  command,
  env,
  cwd,
  timeoutMs = 1_800_000,
}: Validation): ValidationResult {
  const [program = "", ...args] = splitCommand(command);
  try {
    const result = run(program, args, { env, cwd, timeoutMs });
    if (result.exitCode === 0) return { state: "green" };
    return { state: "red", reason: `validation exited with ${result.exitCode}` };
  } catch (error) {
    if (!(error instanceof ProcessError)) throw error;
    return { state: "broken", reason: error.message };
  }
}
