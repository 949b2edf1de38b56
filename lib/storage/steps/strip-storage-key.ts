/** `storageKey` leaves the registry, once no directory is joined through it alone. */

import type { Edit, Json } from "../../edits.ts";
import type { StepBuilder } from "../builder.ts";
import { registryPointer } from "../registry-edits.ts";

export const title = "Strip storageKey from the registry";
export const description =
  "Remove the storageKey field of every project whose state has arrived, and record schemaVersion 3. Comments and order stay.";

export function build(builder: StepBuilder): void {
  const { inventory, identities, options } = builder.context;
  const { registry, places } = inventory;
  if (registry === null) return;
  const kept = new Set(
    identities.orphans.flatMap(({ dir }) => (dir.hash === undefined ? [] : [dir.hash])),
  );
  const edits: Edit[] = [];
  for (const project of identities.projects) {
    const { entry, key, id } = project;
    if (entry?.storageKey === undefined || key === null || project.mergedInto !== null) continue;
    if (project.held !== null || kept.has(entry.storageKey.slice(0, 12))) {
      builder.context.warnings.push(`storageKey of ${key} kept: its state is not migrated.`);
      continue;
    }
    const now = options.steps.has("rekey-v1-entries") ? (id ?? key) : key;
    if (registryPointer(registry, key) === null) continue;
    const pointer = `${registryPointer(registry, now)}/storageKey`;
    edits.push({ pointer, before: entry.storageKey });
    builder.detail(() => `${now}: ${entry.storageKey}`);
  }
  if (edits.length > 0) builder.add({ op: "patchYaml", path: places.configFile, edits });
  markSchema(builder);
}

function markSchema(builder: StepBuilder): void {
  const { registry, places } = builder.context.inventory;
  if (registry === null || registry.schemaVersion === 3) return;
  const before = (registry.raw as { schemaVersion?: Json } | null)?.schemaVersion;
  const edit: Edit = { pointer: "/schemaVersion", after: 3 };
  if (before !== undefined) edit.before = before;
  builder.add({ op: "patchYaml", path: places.configFile, edits: [edit] });
  builder.detail(() => "schemaVersion: 3");
}
