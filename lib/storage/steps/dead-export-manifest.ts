/** Exports of AO's core package that nothing uses, as a text file beside the migrations. */

import type { StepBuilder } from "../builder.ts";

export const title = "Write the dead-export manifest";
export const description =
  "List the exports of AO's core package that nothing outside its own tests uses, for a later clean-up of AO itself.";

export function build(builder: StepBuilder): void {
  const { options, inventory } = builder.context;
  const names = options.deadExports ?? [];
  if (names.length === 0) return;
  const stamp = options.now
    .toISOString()
    .replace(/\.\d+Z$/, "Z")
    .replace(/[-:]/g, "");
  const path = `${inventory.places.baseDir}/migrations/v3-${stamp}.dead-exports.txt`;
  builder.ensureDir(`${inventory.places.baseDir}/migrations`);
  builder.add({ op: "create", path, content: `${names.join("\n")}\n` });
  for (const name of names) builder.detail(() => name);
}
