/**
 * Which operations may share a batch: those whose paths do not touch. Then every one of them can
 * be judged on the disk alone, whichever others had reached it when the power went.
 */

import { aoLockRules } from "./lock.ts";
import { dirOf, type Operation, touchedBy } from "./operation.ts";

/** Most operations in a batch. */
export const batchOperations = 1000;
/** A batch ends with the operation whose new content brings it to this many bytes. */
export const batchBytes = 8 * 1024 * 1024;

/** Paths as a case-insensitive, normalising file system would tell them apart. */
export function fold(path: string): string {
  return path.toLowerCase().normalize("NFC");
}

/**
 * The paths of one batch. No path is equal to, above or below another's, except below a directory
 * that the batch makes: its absence means that nothing below it is there either.
 */
export class BatchPaths {
  readonly #touched = new Set<string>();
  readonly #above = new Set<string>();
  readonly #made = new Set<string>();
  /** AO's locks that stand until the batch ends, and the directories in which they do. */
  readonly #locks = new Set<string>();
  readonly #locked = new Set<string>();

  /** Takes the operation in, or returns false when it has to wait for the next batch. */
  accept(operation: Operation): boolean {
    const { writes, needs } = touchedBy(operation);
    const makes = operation.op === "makeDir";
    const paths = [...writes, ...needs].map(fold);
    const locks = aoLockRules(operation).map(({ lock }) => fold(lock));
    if (paths.some((path) => this.#meets(path, makes))) return false;
    // Taken back, it would not be empty: nor would the one above it, which is looked at before.
    if (operation.op === "makeDir" && this.#locked.has(fold(operation.path))) return false;
    if (paths.some((path) => this.#locks.has(path))) return false;
    if (locks.some((lock) => this.#touched.has(lock))) return false;
    for (const lock of locks) {
      this.#locks.add(lock);
      this.#locked.add(dirOf(lock));
    }
    for (const path of paths) {
      this.#touched.add(path);
      if (makes) this.#made.add(path);
      for (let dir = dirOf(path); !this.#above.has(dir); dir = dirOf(dir)) this.#above.add(dir);
    }
    return true;
  }

  #meets(path: string, makes: boolean): boolean {
    if (this.#touched.has(path) || (this.#above.has(path) && !makes)) return true;
    // A directory with a touched path below it was looked at before, and nothing above it can be
    // touched any more.
    for (let dir = dirOf(path); !this.#above.has(dir); dir = dirOf(dir)) {
      if (this.#touched.has(dir) && !this.#made.has(dir)) return true;
      if (dir === "/") return false;
    }
    return false;
  }
}
