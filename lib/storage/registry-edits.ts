/** Edits of the registry: pointers into it, and whether its text lets them through. */

import type { Operation } from "../change/operation.ts";
import { formatPlace } from "../errors.ts";
import type { Registry } from "../registry.ts";
import { parseYaml, patchYamlText } from "../yaml.ts";
import { readPlainYaml } from "../yaml-subset.ts";

/** RFC 6901 pointer of a project's entry; null where the registry keeps projects as a list. */
export function registryPointer(registry: Registry, key: string): string | null {
  const projects = (registry.raw as { projects?: unknown } | null)?.projects;
  if (projects === null || typeof projects !== "object" || Array.isArray(projects)) return null;
  return `/projects/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

/**
 * Edits that cannot be made without changing more than they say, each with its place: behind an
 * anchor, an alias or a merge key. Such a registry has to be written out by its owner first.
 */
export function blockedEdits(registry: Registry, operations: readonly Operation[]): string[] {
  const { file } = registry;
  // Plain text has nothing of the kind, and trying every edit costs more than the rest of the plan.
  if (readPlainYaml(registry.text) !== null) return [];
  const blocked: string[] = [];
  let { text } = registry;
  for (const operation of operations) {
    if (operation.op !== "patchYaml" || operation.path !== file) continue;
    const patched = patchYamlText(text, operation.edits);
    for (const { edit, reason } of patched.conflicts) {
      const place = formatPlace(parseYaml(text, file).placeOf(edit.pointer));
      blocked.push(`${place}: cannot change ${edit.pointer}: ${reason}. Write it out by hand.`);
    }
    text = patched.text;
  }
  return blocked;
}
