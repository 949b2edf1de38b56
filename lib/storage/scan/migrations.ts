/** Migrations of this toolkit that were begun on this disk and did not end. */

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { isAbsolute } from "node:path";
import { liveHolder } from "../../change/lock.ts";
import { isOpenJournal } from "../../change/open.ts";
import type { Places } from "../../paths.ts";
import type { Inventory } from "../inventory.ts";
import { fixedRoots, lstatOrNull } from "../roots.ts";
import type { Reader } from "./reader.ts";
import type { NamedDir } from "./v0.ts";

/** Enough for the last line of a journal, where a closing line is short, and a plan's roots. */
const partBytes = 64 * 1024;

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
  return ids.filter((id) =>
    isOpenJournal(readPart(`${migrationsDir}/${id}/journal.jsonl`, "tail")),
  );
}

/**
 * V0's data directories as far as earlier storage migrations knew them. Which config names one may
 * have been known only from a V1 directory that such a migration took in.
 */
export function rememberedDataDirs(
  reader: Reader,
  migrationsDir: string,
  places: Places,
): NamedDir[] {
  const ids = reader.list(migrationsDir)?.dirs.filter((name) => name.startsWith("v3-")) ?? [];
  const roots = ids.flatMap((id) => rootsIn(`${migrationsDir}/${id}/plan.json`));
  const others = new Set(fixedRoots(places));
  // A file is the registry of that time, where another one is in force now.
  const isFile = (root: string) => lstatOrNull(root)?.isFile() === true;
  const isOther = (root: string) => others.has(root) || root.endsWith("/worktrees") || isFile(root);
  return [...new Set(roots)].filter((root) => !isOther(root)).map((path) => ({ path }));
}

/** The roots in the first line of a plan: `{…,"roots":[…],"operations":[`. */
function rootsIn(file: string): string[] {
  const [head = ""] = readPart(file, "head").split("\n", 1);
  try {
    const { roots } = JSON.parse(`${head}]}`) as { roots?: unknown };
    return Array.isArray(roots) ? roots.filter(isPath) : [];
  } catch {
    return [];
  }
}

function isPath(value: unknown): value is string {
  return typeof value === "string" && isAbsolute(value) && !value.includes("\0");
}

/** The beginning or end of a file; empty when it cannot be read. */
function readPart(path: string, part: "head" | "tail"): string {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch {
    return "";
  }
  try {
    const { size } = fstatSync(fd);
    const buffer = Buffer.alloc(Math.min(size, partBytes));
    const length = readSync(
      fd,
      buffer,
      0,
      buffer.length,
      part === "head" ? 0 : size - buffer.length,
    );
    return buffer.toString("utf8", 0, length);
  } catch {
    return "";
  } finally {
    closeSync(fd);
  }
}
