/** The small files of a V3 project, as far as sessions need them. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describeError, errorCode, ToolkitError } from "../errors.ts";
import type { StateDir } from "./state-dirs.ts";

/** What `identity.json` says. */
export interface Identity {
  path: string;
  sessionPrefix: string;
  displayName?: string;
  originUrl?: string;
  defaultBranch?: string;
}

/** The identity of a V3 project; null when there is none or it lacks what it must have. */
export function readIdentity(dir: StateDir): Identity | null {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(join(dir.path, "identity.json"), "utf8"));
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  const { path, sessionPrefix, ...rest } = value as Record<string, unknown>;
  if (!isText(path) || !isText(sessionPrefix)) return null;
  const identity: Identity = { path, sessionPrefix };
  for (const name of ["displayName", "originUrl", "defaultBranch"] as const) {
    const text = rest[name];
    if (isText(text)) identity[name] = text;
  }
  return identity;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

/** Where V3 keeps the number of the next session. */
export function counterFile(dir: StateDir): string {
  return join(dir.path, ".next-session-id.json");
}

/**
 * The number of the next session; null when there is no counter.
 *
 * @throws ToolkitError `invalid` when there is one and it holds no number: a guess could give a
 * number twice
 */
export function readCounter(dir: StateDir): number | null {
  const file = counterFile(dir);
  let next: unknown;
  try {
    next = (JSON.parse(readFileSync(file, "utf8")) as { next?: unknown } | null)?.next;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw unusable(file, describeError(error));
  }
  if (typeof next === "number" && Number.isSafeInteger(next) && next > 0) return next;
  throw unusable(file, '"next" is not a positive whole number');
}

function unusable(file: string, state: string): ToolkitError {
  return new ToolkitError("invalid", `Cannot read session counter "${file}": ${state}`, {
    hint: `move it away; the next spawn counts what is on the disk and writes a new one`,
    place: { file },
  });
}
