/** AO's locks in a directory with one session. */

import * as fs from "node:fs";
import { join } from "node:path";
import { realDisk } from "../../lib/change/disk.ts";
import { AoLocks } from "../../lib/change/lock.ts";
import type { Operation } from "../../lib/change/operation.ts";
import { Places } from "../../lib/change/places.ts";

export function patch(path: string): Operation {
  return { op: "patchJson", path, edits: [] };
}

/** Locks of a migration in `base`, an empty directory, with an operation that needs one of them. */
export function makeLocks(base: string, patienceMs = 100) {
  const places = new Places(join(base, "migrations/test-20260101T000000Z-abcdef"));
  fs.mkdirSync(places.dir, { recursive: true });
  fs.mkdirSync(join(base, "sessions"));
  const file = join(base, "sessions/a-1.json");
  fs.writeFileSync(file, "{}");
  const locks = new AoLocks(realDisk, places, patienceMs);
  locks.prepare();
  return { locks, operation: patch(file), lock: `${file}.lock`, places };
}

/** Makes a file look that old. */
export function age(path: string, seconds: number): void {
  const time = Date.now() / 1000 - seconds;
  fs.utimesSync(path, time, time);
}
