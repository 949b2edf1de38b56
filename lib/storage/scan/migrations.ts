/** Migrations of this toolkit that were begun on this disk and did not end. */

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { Reader } from "./reader.ts";

/** Enough for the last line of a journal: a closing line is short. */
const tailBytes = 64 * 1024;

/** Ids of the migrations below `migrations/` that stopped half-way, sorted; drafts are hidden. */
export function openMigrations(reader: Reader, migrationsDir: string): string[] {
  const ids = reader.list(migrationsDir)?.dirs.filter((name) => !name.startsWith(".")) ?? [];
  return ids.filter((id) => isOpen(`${migrationsDir}/${id}/journal.jsonl`));
}

/** A journal is open when it has lines and the last whole one does not end its run. */
function isOpen(journal: string): boolean {
  const tail = readTail(journal);
  const end = tail.lastIndexOf("\n");
  if (end === -1) return tail !== "";
  const line = tail.slice(tail.lastIndexOf("\n", end - 1) + 1, end);
  try {
    const records: { k?: unknown }[] = JSON.parse(line).records;
    return !["end", "pruned"].includes(String(records.at(-1)?.k));
  } catch {
    // Damaged, or longer than any line that ends a run.
    return true;
  }
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
