/**
 * The only eyes of the scan: bounded reads and typed listings that never wait, never follow a link
 * below the place asked for, and turn every failure into a {@link Fault}.
 */

import {
  closeSync,
  constants,
  type Dirent,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  type Stats,
} from "node:fs";
import type { Fault } from "../../errors.ts";
import { errorCode, type Place } from "../../errors.ts";
import { isUnsafeName, whyUnsafe } from "./names.ts";

/** Names in one directory by what they are; each list sorted by UTF-16 units. */
export interface Listing {
  files: string[];
  dirs: string[];
  symlinks: string[];
  /** Pipes, sockets and devices. */
  specials: string[];
  /** Whatever has a name that cannot be shown or cannot be opened; each is a fault already. */
  unsafe: string[];
}

const sizeLimits = {
  /** One session's metadata, configs and other small files. */
  metadata: 1024 * 1024,
  /** Observability records, and what is only hashed. */
  large: 4 * 1024 * 1024,
} as const;

type Limit = keyof typeof sizeLimits;

const readOnly = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;
// Linux only, and only for one's own files: spares the disk a write for every file that is read.
const keepAccessTime = constants.O_NOATIME ?? 0;

export class Reader {
  readonly faults: Fault[] = [];
  // One buffer for all reads, as large as the largest file needed so far.
  #buffer = Buffer.allocUnsafeSlow(64 * 1024);
  /** Bytes of what was read last, or was too large to read; 0 when it could not be opened. */
  lastSize = 0;

  fault(kind: Fault["kind"], place: Place | string, detail: string): void {
    this.faults.push({ kind, place: typeof place === "string" ? { file: place } : place, detail });
  }

  /** What a directory holds; null when it is not there or cannot be listed (which is a fault). */
  list(dir: string): Listing | null {
    const entries = this.entries(dir);
    if (entries === null) return null;
    const listing: Listing = { files: [], dirs: [], symlinks: [], specials: [], unsafe: [] };
    for (const entry of entries) {
      const { name } = entry;
      if (isUnsafeName(name)) listing.unsafe.push(name);
      else this.#listFor(listing, dir, entry)?.push(name);
    }
    listing.files.sort();
    listing.dirs.sort();
    listing.symlinks.sort();
    listing.specials.sort();
    for (const name of new Set(listing.unsafe.sort())) {
      this.fault("unsafe-name", `${dir}/${name}`, whyUnsafe(dir, name));
    }
    return listing;
  }

  /**
   * Bytes of a regular file. The view is good until the next read.
   *
   * @returns Null when the file is gone, or cannot or must not be read (which is a fault).
   */
  read(path: string, limit: Limit = "metadata"): Buffer | null {
    return this.#load(path, limit) ? this.lastBytes : null;
  }

  /**
   * Text of a regular file, bytes that are not UTF-8 replaced; null as in {@link read}. How many
   * bytes there were is in `lastSize`.
   */
  readLossy(path: string, limit: Limit = "metadata"): string | null {
    return this.#load(path, limit) ? this.#buffer.toString("utf8", 0, this.lastSize) : null;
  }

  /** Bytes of what was read last, good until the next read. */
  get lastBytes(): Buffer {
    return this.#buffer.subarray(0, this.lastSize);
  }

  #load(path: string, limit: Limit): boolean {
    this.lastSize = 0;
    let fd = -1;
    try {
      fd = openQuietly(path);
      this.lastSize = this.#fill(fd, sizeLimits[limit]);
      if (this.lastSize <= sizeLimits[limit]) return true;
      this.lastSize = fstatSync(fd).size;
      this.fault("too-large", path, `${this.lastSize} bytes, over ${sizeLimits[limit]}`);
    } catch (error) {
      this.#failed(path, error);
    } finally {
      if (fd !== -1) closeSync(fd);
    }
    return false;
  }

  /** Reads to the end, or to more than `limit` bytes; returns how many. */
  #fill(fd: number, limit: number): number {
    let length = 0;
    for (;;) {
      const room = Math.min(this.#buffer.length, limit + 1) - length;
      const count = readSync(fd, this.#buffer, length, room, null);
      length += count;
      // A regular file gives less than was asked for only at its end.
      if (count < room || length > limit) return length;
      const larger = Buffer.allocUnsafeSlow(this.#buffer.length * 4);
      this.#buffer.copy(larger, 0, 0, length);
      this.#buffer = larger;
    }
  }

  /** Text of a small regular file, trimmed of a byte order mark; null as in {@link read}. */
  readText(path: string): string | null {
    const bytes = this.read(path);
    if (bytes === null) return null;
    const text = bytes.toString("utf8");
    if (text.includes("\ufffd") && !Buffer.from(text).equals(bytes)) {
      this.fault("corrupt", path, "not UTF-8");
      return null;
    }
    return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  }

  /** A JSON object in a small regular file; null as in {@link read}, or when it is not one. */
  readObject(path: string): Record<string, unknown> | null {
    const text = this.readText(path);
    if (text === null) return null;
    try {
      const value: unknown = JSON.parse(text);
      if (isObject(value)) return value;
      this.fault("corrupt", path, "not a JSON object");
    } catch (error) {
      this.fault("corrupt", path, `not JSON: ${error instanceof Error ? error.message : error}`);
    }
    return null;
  }

  /** As `lstat`; null when it is gone or cannot be asked (which is a fault). */
  stat(path: string): Stats | null {
    try {
      return lstatSync(path);
    } catch (error) {
      this.#failed(path, error);
      return null;
    }
  }

  /** What the system lists; null as in {@link list}. */
  protected entries(dir: string): Dirent[] | null {
    try {
      return readdirSync(dir, { withFileTypes: true });
    } catch (error) {
      this.#failed(dir, error);
      return null;
    }
  }

  #listFor(listing: Listing, dir: string, entry: Dirent): string[] | null {
    if (entry.isFile()) return listing.files;
    if (entry.isDirectory()) return listing.dirs;
    if (entry.isSymbolicLink()) return listing.symlinks;
    // Something special; and some file systems do not tell the type in a listing.
    const stats = this.stat(`${dir}/${entry.name}`);
    if (stats === null) return null;
    if (stats.isFile()) return listing.files;
    if (stats.isDirectory()) return listing.dirs;
    return stats.isSymbolicLink() ? listing.symlinks : listing.specials;
  }

  #failed(path: string, error: unknown): void {
    const code = errorCode(error);
    if (code === undefined) throw error;
    // Gone between the listing and the read: AO may be at work.
    if (code === "ENOENT") return;
    if (code === "ELOOP") this.fault("symlink", path, "a symbolic link; not followed");
    else if (code === "EISDIR") this.fault("not-a-file", path, "a directory");
    else if (code === "ENOTDIR") this.fault("not-a-file", path, "not a directory");
    else if (code === "ENXIO") this.fault("not-a-file", path, "a socket");
    else this.fault("unreadable", path, code);
  }
}

function openQuietly(path: string): number {
  try {
    return openSync(path, readOnly | keepAccessTime);
  } catch (error) {
    if (errorCode(error) !== "EPERM") throw error;
    return openSync(path, readOnly);
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
