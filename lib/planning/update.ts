/** Changing a live manifest in place, under the lock: deferrals and completed phases. */

import { type Manifest, requireManifest, saveManifest } from "./manifest.ts";
import { waitForPublishLock } from "./publish-lock.ts";
import { recoverPublishes } from "./recover.ts";
import { migrationDirOf, type Site } from "./site.ts";
import { removeIfEmpty } from "./transactions.ts";

/** Loads the live manifest, changes it and saves it; returns what was saved. */
export async function updateManifest(
  site: Site,
  slug: string,
  operation: string,
  change: (manifest: Manifest) => Manifest,
): Promise<Manifest> {
  const lock = await waitForPublishLock(site, operation);
  try {
    recoverPublishes(site);
    const dir = migrationDirOf(site, slug);
    const manifest = change(requireManifest(site.disk, dir));
    saveManifest(site.disk, dir, manifest);
    return manifest;
  } finally {
    lock.release();
    removeIfEmpty(site);
  }
}
