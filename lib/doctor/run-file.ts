/** The run file of the Go rewrite's daemon, and whether the process that it names is the daemon. */

import { readGitFile } from "../git-files.ts";
import { commandOf, isAlive, isAoCommand } from "../storage/scan/running.ts";
import type { Facts } from "./facts.ts";

export type RunFile =
  | { state: "absent" }
  | { state: "unusable"; detail: string }
  | { state: "dead" | "foreign" | "alive"; pid: number; port: number };

export function readRunFile({ rewrite, env }: Facts): RunFile {
  const text = readGitFile(rewrite.runFile);
  if (text === null) return { state: "absent" };
  let value: { pid?: unknown; port?: unknown } | null;
  try {
    value = JSON.parse(text);
  } catch {
    return { state: "unusable", detail: "it is not JSON" };
  }
  const pid = value?.pid;
  const port = value?.port;
  if (!isNumber(pid, 2 ** 31 - 1) || !isNumber(port, 65_535)) {
    return { state: "unusable", detail: "it names no pid and port" };
  }
  if (!isAlive(pid)) return { state: "dead", pid, port };
  return { state: isAoCommand(commandOf(pid, env)) ? "alive" : "foreign", pid, port };
}

function isNumber(value: unknown, most: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value > 0 && value <= most;
}
