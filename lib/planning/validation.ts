/** The validation command: the host's own check that a phase did no harm. */

import { resolve } from "node:path";
import { ToolkitError } from "../errors.ts";
import { type Env, findProgram } from "../process.ts";
import { runGroup } from "./group.ts";

export interface Validation {
  /** As it was given; split into arguments, no shell. */
  command: string;
  env: Env;
  cwd: string;
  /** @default 1800000 */
  timeoutMs?: number;
  signal?: AbortSignal;
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

/**
 * Runs the validation.
 *
 * @throws ToolkitError `cancelled` when the signal came
 */
export async function validate(validation: Validation): Promise<ValidationResult> {
  const { command, env, cwd, timeoutMs = 1_800_000, signal } = validation;
  const [program = "", ...args] = splitCommand(command);
  // A path is meant from where it runs, not from where we are.
  const path = findProgram(program.includes("/") ? resolve(cwd, program) : program, env);
  if (path === null)
    return { state: "broken", reason: `validation: "${program}" is not installed` };
  const ended = await runGroup({
    words: [path, ...args],
    ...{ cwd, env, timeoutMs },
    ...(signal === undefined ? {} : { signal }),
  });
  if (ended.stopped === "cancelled") {
    throw new ToolkitError("cancelled", "Cancelled while the validation was running");
  }
  if (ended.startFault !== null) {
    return { state: "broken", reason: `validation could not be started: ${ended.startFault}` };
  }
  if (ended.stopped === "timeout") return { state: "broken", reason: "validation timed out" };
  if (ended.exitCode === 0) return { state: "green" };
  const how = ended.exitCode === null ? `died of ${ended.signal}` : `exited with ${ended.exitCode}`;
  return { state: "red", reason: `validation ${how}` };
}
