/** Migrations of this toolkit that were begun on this disk and did not end. */

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { liveHolder } from "../../change/lock.ts";
import { isOpenJournal } from "../../change/open.ts";
import type { Inventory } from "../inventory.ts";
import type { Reader } from "./reader.ts";

/** Enough for the last line of a journal: a closing line is short. */
const tailBytes = 64 * 1024;

/** The migrations below `migrations/` that have not ended, sorted by id, and who works on one. */
export function scanMigrations(
  reader: Reader,
  migrationsDir: string | null,
): Pick<Inventory, "openMigrations" | "migrationHolder"> {
  const openMigrations = migrationsDir === null ? [] : openIn(reader, migrationsDir);
  if (openMigrations.length === 0) return { openMigrations, migrationHolder: null };
  // Most disks have none that is open, and a lock needs libraries that take a while to load.
  const { realDisk } = require("../../change/disk.ts") as typeof import("../../change/disk.ts");
  const holder = liveHolder(realDisk, `${migrationsDir}/.lock`);
  const isIts = holder !== null && openMigrations.includes(holder.migration);
  return { openMigrations, migrationHolder: isIts ? holder : null };
}

/** Drafts are hidden. */
function openIn(reader: Reader, migrationsDir: string): string[] {
  const ids = reader.list(migrationsDir)?.dirs.filter((name) => !name.startsWith(".")) ?? [];
  return ids.filter((id) => isOpenJournal(readTail(`${migrationsDir}/${id}/journal.jsonl`)));
}

function readTail(path: string): string {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch {
    return "";
  }
  try {
    const { size } = fstatSync(fd);
    const buffer = Buffer.alloc(Math.min(size, tailBytes));
    const length = readSync(fd, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString("utf8", 0, length);
  } finally {
    closeSync(fd);
  }
}
