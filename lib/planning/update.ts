/** Changing a live manifest in place, under the lock: deferrals and completed phases. */

import { asDiskFailure, quietly } from "./disk-failure.ts";
import { type Manifest, requireManifest, saveManifest } from "./manifest.ts";
import { type PublishLock, waitForPublishLock } from "./publish-lock.ts";
import { recoverPublishes } from "./recover.ts";
import { migrationDirOf, type Site } from "./site.ts";
import { removeIfEmpty } from "./transactions.ts";

/**
 * Loads the live manifest, changes it and saves it; returns what was saved.
 *
 * @throws ToolkitError `refused` when another run publishes, `interrupted` when the disk fails
 */
export async function updateManifest(
  site: Site,
  slug: string,
  operation: string,
  change: (manifest: Manifest) => Manifest,
): Promise<Manifest> {
  let lock: PublishLock | undefined;
  try {
    lock = await waitForPublishLock(site, operation);
    recoverPublishes(site);
    const dir = migrationDirOf(site, slug);
    const manifest = change(requireManifest(site.disk, dir));
    saveManifest(site.disk, dir, manifest);
    return manifest;
  } catch (error) {
    throw asDiskFailure(error, `change the manifest of "${slug}"`);
  } finally {
    quietly(() => lock?.release());
    if (lock !== undefined) quietly(() => removeIfEmpty(site));
  }
}
