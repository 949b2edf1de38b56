/** Temporary directories for tests, in memory where the system has such a place. */

import { accessSync, constants, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * A new directory, as a real path; the caller removes it.
 *
 * On disks without a journal, ext4 looks for an inode that was not freed in the last seconds, so
 * tests that make and remove thousands of files become forty times slower than in memory.
 * `AO_TEST_DIR` names another place, for instance a file system that is to be tested.
 */
export function makeTemp(name: string): string {
  const dir = realpathSync(mkdtempSync(join(process.env.AO_TEST_DIR ?? place(), `ao-${name}-`)));
  made.add(dir);
  return dir;
}

const made = new Set<string>();

/**
 * For runners that make large disks in memory: from now on Ctrl-C removes what {@link makeTemp}
 * made in this process, and ends it.
 */
export function removeTempsOnSignal(): void {
  for (const [signal, number] of Object.entries({ SIGHUP: 1, SIGINT: 2, SIGTERM: 15 })) {
    process.once(signal, () => {
      for (const dir of made) rmSync(dir, { recursive: true, force: true });
      process.exit(128 + number);
    });
  }
}

function place(): string {
  try {
    accessSync("/dev/shm", constants.W_OK);
    return "/dev/shm";
  } catch {
    return tmpdir();
  }
}
