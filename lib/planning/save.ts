/** Writing one file of a plan so that it is the old one or the new one, whatever happens. */

import { basename, dirname, join } from "node:path";
import type { Disk } from "../change/disk.ts";

/**
 * Writes a file through a temporary sibling. On failure the temporary file goes and the old file
 * stays; both are durable before this returns.
 */
export function saveFile(disk: Disk, path: string, content: string | Uint8Array): void {
  const dir = dirname(path);
  // Whoever writes here holds a lock, so one that is there was left by a run that was killed.
  const temporary = join(dir, `.${basename(path)}.tmp`);
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  const mode = disk.lstat(path)?.mode ?? 0o644;
  try {
    if (disk.lstat(temporary) !== null) disk.unlink(temporary);
    disk.writeNew(temporary, [bytes], { mode });
    disk.sync([temporary], []);
    disk.replace(temporary, path);
  } catch (error) {
    try {
      if (disk.lstat(temporary) !== null) disk.unlink(temporary);
    } catch {
      // The first error is the one that counts.
    }
    throw error;
  }
  disk.sync([], [dir]);
}

/** Makes a directory and those above it, as far as they are missing. */
export function makeDirs(disk: Disk, path: string, mode = 0o755): void {
  if (disk.lstat(path)?.kind === "directory") return;
  if (dirname(path) !== path) makeDirs(disk, dirname(path), mode);
  try {
    disk.makeDir(path, mode);
  } catch (error) {
    // Somebody else made it meanwhile, or it is a link to a directory.
    if ((error as { code?: string }).code !== "EEXIST") throw error;
  }
}
