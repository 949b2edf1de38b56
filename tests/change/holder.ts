/**
 * A second process that holds the run lock, for as long as its stdin is open or it is alive.
 *
 *     bun tests/change/holder.ts LOCK_FILE [child]
 *
 * With `child` it starts a process that outlives it, and says its id.
 */

import { realDisk } from "../../lib/change/disk.ts";
import { takeRunLock } from "../../lib/change/lock.ts";

const file = process.argv[2] ?? "";
const holder = {
  pid: process.pid,
  command: "migrate.ts --execute",
  startedAt: "2026-01-01T00:00:00.000Z",
  migration: "v3-20260101T000000Z-abcdef",
};

try {
  const lock = await takeRunLock(realDisk, file, holder);
  const hasChild = process.argv[3] === "child";
  const child = hasChild ? Bun.spawn(["sleep", "30"], { stdio: [null, null, null] }) : null;
  console.log(`held ${child?.pid ?? ""}`);
  await Bun.stdin.text();
  lock.close();
} catch (error) {
  console.log(`refused: ${(error as Error).message}`);
}
