/**
 * New contents that checking a plan has computed already, kept for applying it. Used only for a
 * file that still looks the same; that it is the same is checked once more when it is swapped.
 */

import { sha256 } from "../hash.ts";
import type { FileStat } from "./disk.ts";

/** The new content of one file. */
export interface Draft {
  content: readonly Uint8Array[];
  bytes: number;
  /** Digests of the file as it was, and of the new content. */
  digests: [before: string, after: string];
}

export function draftOf(before: Uint8Array, content: readonly Uint8Array[]): Draft {
  const hasher = new Bun.CryptoHasher("sha256");
  let bytes = 0;
  for (const part of content) {
    hasher.update(part);
    bytes += part.length;
  }
  return { content, bytes, digests: [sha256(before), hasher.digest("hex")] };
}

/** Most bytes that are kept; what goes beyond is computed again. */
const roomBytes = 16 * 1024 * 1024;
const slabBytes = 1024 * 1024;

interface Entry {
  /** Device, inode, time and size of the file when its content was read. */
  seen: string;
  /** Thousands of small buffers would cost several times what is in them. */
  slab: Uint8Array;
  start: number;
  bytes: number;
  digests: [string, string];
}

export class Drafts {
  readonly #entries = new Map<number, Entry>();
  #bytes = 0;
  #slab = new Uint8Array();
  #used = 0;

  /** @param seen the file when its content was read */
  keep(index: number, seen: FileStat, draft: Draft): void {
    const { bytes, digests } = draft;
    if (bytes > slabBytes || this.#bytes + bytes > roomBytes) return;
    this.#bytes += bytes;
    if (this.#used + bytes > this.#slab.length) {
      this.#slab = new Uint8Array(slabBytes);
      this.#used = 0;
    }
    const start = this.#used;
    for (const part of draft.content) {
      this.#slab.set(part, this.#used);
      this.#used += part.length;
    }
    this.#entries.set(index, { seen: looksOf(seen), slab: this.#slab, start, bytes, digests });
  }

  /** Hands out the draft of an operation, if its file (wherever it is by now) looks the same. */
  take(index: number, now: FileStat): Draft | null {
    const entry = this.#entries.get(index);
    if (entry === undefined) return null;
    this.#entries.delete(index);
    const { slab, start, bytes, digests } = entry;
    this.#bytes -= bytes;
    if (entry.seen !== looksOf(now)) return null;
    return { content: [slab.subarray(start, start + bytes)], bytes, digests };
  }
}

function looksOf({ dev, ino, mtimeNs, size }: FileStat): string {
  return `${dev} ${ino} ${mtimeNs} ${size}`;
}
