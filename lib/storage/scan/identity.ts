/** The small files of a V3 project: `identity.json` and `.next-session-id.json`. */

import type { Identity } from "../inventory.ts";
import { isObject, type Reader } from "./reader.ts";

/** A project's identity; undefined, with a fault, when the file is not one. */
export function readIdentity(reader: Reader, path: string): Identity | undefined {
  const value = reader.readObject(path);
  if (value === null) return undefined;
  const { schemaVersion, projectId, originUrl, sessionPrefix } = value;
  const wrong = ["projectId", "path", "sessionPrefix"].filter(
    (field) => typeof value[field] !== "string" || value[field] === "",
  );
  if (schemaVersion !== 3) wrong.unshift("schemaVersion");
  if (!isTextOrNull(originUrl)) wrong.push("originUrl");
  if (!isTextOrNull(value.realpath)) wrong.push("realpath");
  if (wrong.length > 0) {
    reader.fault("corrupt", path, `no identity: wrong or missing ${wrong.join(", ")}`);
    return undefined;
  }
  const identity: Identity = {
    schemaVersion: 3,
    projectId: String(projectId),
    originUrl: textOrNull(originUrl),
    path: String(value.path),
    realpath: textOrNull(value.realpath),
    sessionPrefix: String(sessionPrefix),
  };
  if (typeof value.displayName === "string") identity.displayName = value.displayName;
  if (typeof value.defaultBranch === "string") identity.defaultBranch = value.defaultBranch;
  if (isObject(value.repo)) identity.repo = textsOf(value.repo);
  return identity;
}

/** `next` of the session counter; undefined, with a fault, when the file is not one. */
export function readCounter(reader: Reader, path: string): number | undefined {
  const value = reader.readObject(path);
  if (value === null) return undefined;
  const { next } = value;
  if (typeof next === "number" && Number.isSafeInteger(next) && next > 0) return next;
  reader.fault("corrupt", path, 'no session counter: "next" is not a positive whole number');
  return undefined;
}

function isTextOrNull(value: unknown): boolean {
  return value === undefined || value === null || typeof value === "string";
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function textsOf(object: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(object).filter(
      (entry): entry is [string, string] => typeof entry[1] === "string",
    ),
  );
}
