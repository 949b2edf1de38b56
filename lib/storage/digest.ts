/** The digest of an inventory: equal as long as nothing on the disk moved that a plan depends on. */

import type { Inventory, OtherEntry } from "./inventory.ts";

/**
 * SHA-256 over what the scan saw, as 64 hex digits. Left out is what changes while AO merely runs
 * (times, live tmux sessions and processes, held locks, the size of logs), and what depends on how
 * the scan was asked (`tmux`, `sizes`).
 */
export function inventoryDigest(inventory: Inventory): string {
  const hasher = new Bun.CryptoHasher("sha256");
  const add = (part: unknown) => hasher.update(`${JSON.stringify(part)}\n`);
  const { registry, preMigration, observability, worktrees, leftovers } = inventory;
  add([inventory.places, inventory.realPlaces]);
  add([registry?.file, registry?.text, preMigration?.text, inventory.registryFault]);
  for (const dir of [...inventory.projects, ...inventory.hashDirs]) {
    const { sessions, archives, others, bytes: _, ...rest } = dir;
    add([rest, withoutSums(others), sessions, archives]);
  }
  for (const { path, files } of observability) {
    add([path, files.map(({ name, projectIds }) => [name, projectIds])]);
  }
  for (const { bytes: _, ...leaf } of worktrees) add(leaf);
  add(inventory.companions);
  add(inventory.repos);
  add(Object.entries(inventory.originConfigs).map(([path, { text }]) => [path, text]));
  add(leftovers.map(({ path, kind }) => [path, kind]));
  add([inventory.claudeProjects, inventory.codexRollouts, inventory.orphanObservability]);
  add([inventory.openMigrations, inventory.faults]);
  return hasher.digest("hex");
}

/** What checkouts and records in it come to is known only when it was asked for. */
function withoutSums(entries: OtherEntry[]): object[] {
  return entries.map((entry) => {
    if (entry.kind !== "dir") return entry;
    const { bytes: _, children, ...rest } = entry;
    return children === undefined ? rest : { ...rest, children: withoutSums(children) };
  });
}
