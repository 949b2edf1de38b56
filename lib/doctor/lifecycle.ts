/** The state in a session's lifecycle, which the scan does not interpret. */

import { readBytes } from "../git-files.ts";
import { sniffSession } from "../metadata.ts";

/** `lifecycle.session.state` of a metadata file; undefined when it has none or cannot be read. */
export function readLifecycle(path: string): string | undefined {
  const bytes = readBytes(path);
  if (bytes === null) return undefined;
  const { object } = sniffSession(bytes, path);
  const session = member(member(object, "lifecycle"), "session");
  const state = member(session, "state");
  return typeof state === "string" ? state : undefined;
}

function member(value: unknown, key: string): unknown {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return undefined;
  return (value as Record<string, unknown>)[key];
}
