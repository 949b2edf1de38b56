/** Pointers into the registry. */

import type { Registry } from "../registry.ts";

/** RFC 6901 pointer of a project's entry; null where the registry keeps projects as a list. */
export function registryPointer(registry: Registry, key: string): string | null {
  const projects = (registry.raw as { projects?: unknown } | null)?.projects;
  if (projects === null || typeof projects !== "object" || Array.isArray(projects)) return null;
  return `/projects/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}
