/** `{h12}-observability` directories: what is in them and which projects it is about. */

import type { ObservabilityDir, ObservabilityFile } from "../inventory.ts";
import { linkDetail, specialDetail } from "./entries.ts";
import { isObject, type Listing, type Reader } from "./reader.ts";

/** Reads one directory with everything below it; null when it is a project that has this name. */
export function scanObservability(
  reader: Reader,
  path: string,
  hash: string,
): ObservabilityDir | null {
  const dir: ObservabilityDir = { path, hash, files: [], bytes: 0, oldestMs: Infinity };
  const listing = reader.list(path);
  if (listing?.dirs.includes("sessions") || listing?.dirs.includes("worktrees")) return null;
  if (listing !== null) scanLevel(reader, dir, "", listing);
  if (dir.oldestMs === Infinity) dir.oldestMs = reader.stat(path)?.mtimeMs ?? 0;
  return dir;
}

/** @param below Path of the level, relative to the directory; empty or with a final slash. */
function scanLevel(reader: Reader, dir: ObservabilityDir, below: string, listing: Listing): void {
  for (const name of listing.files) {
    const file = scanFile(reader, dir, below + name);
    if (file !== null) dir.files.push(file);
  }
  for (const name of listing.symlinks) {
    reader.fault("symlink", `${dir.path}/${below}${name}`, linkDetail);
  }
  for (const name of listing.specials) {
    reader.fault("not-a-file", `${dir.path}/${below}${name}`, specialDetail);
  }
  for (const name of listing.dirs) {
    const next = reader.list(`${dir.path}/${below}${name}`);
    if (next !== null) scanLevel(reader, dir, `${below}${name}/`, next);
  }
}

function scanFile(reader: Reader, dir: ObservabilityDir, name: string): ObservabilityFile | null {
  const path = `${dir.path}/${name}`;
  const stats = reader.stat(path);
  if (stats === null) return null;
  dir.bytes += stats.size;
  dir.oldestMs = Math.min(dir.oldestMs, stats.mtimeMs);
  return { name, bytes: stats.size, projectIds: projectIdsIn(reader, path) };
}

function projectIdsIn(reader: Reader, path: string): string[] {
  const text = reader.readLossy(path, "large") ?? "";
  const found = new Set<string>();
  const isLog = /\.ndjson(\.\d+)?$/.test(path);
  for (const line of isLog ? text.split("\n") : [text]) {
    if (!line.includes('"projectId"') && !line.includes("::")) continue;
    try {
      const record: unknown = JSON.parse(line);
      collectProjectIds(record, found);
      collectMetricIds(record, found);
    } catch {
      // A log's last line may be torn; a document is never written half.
      if (!isLog) reader.fault("corrupt", path, "not JSON");
    }
  }
  return [...found].sort();
}

/** Every text called `projectId`, at any depth: at the top, in traces, sessions and health records. */
function collectProjectIds(root: unknown, found: Set<string>): void {
  const queue: unknown[] = [root];
  for (let value = queue.pop(); value !== undefined; value = queue.pop()) {
    if (typeof value !== "object" || value === null) continue;
    if (Array.isArray(value)) {
      for (const item of value) queue.push(item);
      continue;
    }
    const object = value as Record<string, unknown>;
    for (const key in object) {
      const member = object[key];
      if (key === "projectId" && typeof member === "string") found.add(member);
      else if (typeof member === "object") queue.push(member);
    }
  }
}

/** AO's core counts metrics under `{projectId}::{metric}`, and under `unknown` without a project. */
function collectMetricIds(record: unknown, found: Set<string>): void {
  if (!isObject(record) || !isObject(record.metrics)) return;
  for (const bucket in record.metrics) {
    const end = bucket.indexOf("::");
    if (end > 0 && !bucket.startsWith("unknown::")) found.add(bucket.slice(0, end));
  }
}
