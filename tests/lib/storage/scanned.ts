/** Scans of disks that are removed when their test is done. */

import { resolvePlaces } from "../../../lib/paths.ts";
import type { Inventory } from "../../../lib/storage/inventory.ts";
import { scan } from "../../../lib/storage/scan.ts";
import type { Disk } from "../../disk/spec.ts";

const made: Disk[] = [];

/** For `afterEach`. */
export function cleanUp(): void {
  for (const disk of made.splice(0)) disk.cleanup();
}

/** The disk, noted for {@link cleanUp}. */
export function keep(disk: Disk): Disk {
  made.push(disk);
  return disk;
}

export function scanned(disk: Disk, options: { tmux?: boolean; sizes?: boolean } = {}): Inventory {
  const places = resolvePlaces({ home: disk.home, env: disk.env });
  return scan(places, { tmux: false, sizes: false, env: disk.env, ...options });
}

/** Faults as `kind path`, paths relative to the base dir or the home. */
export function faultsOf({ faults, places }: Inventory): string[] {
  const short = (file: string) =>
    file.replace(`${places.baseDir}/`, "").replace(`${places.home}/`, "~/");
  return faults.map(({ kind, place }) => `${kind} ${short(place.file)}`);
}
