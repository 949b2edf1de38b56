/** Migrations of this toolkit that were begun on this disk and did not end. */

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { isOpenJournal } from "../../change/open.ts";
import type { Reader } from "./reader.ts";

/** Enough for the last line of a journal: a closing line is short. */
const tailBytes = 64 * 1024;

/** Ids of the migrations below `migrations/` that stopped half-way, sorted; drafts are hidden. */
export function openMigrations(reader: Reader, migrationsDir: string): string[] {
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
