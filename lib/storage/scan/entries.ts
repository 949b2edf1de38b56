/** Everything below a state dir that is no session: listed to its leaves, so that dirs can be merged. */

import { sha256 } from "../../hash.ts";
import type { OtherEntry } from "../inventory.ts";
import type { Reader } from "./reader.ts";
import { bytesBelow } from "./walk.ts";

export interface EntryOptions {
  /** Hash files of at most 4 MB. */
  digests: boolean;
  /** Walk what is listed as one, to know its bytes. */
  sizes: boolean;
}

const maxDigestBytes = 4 * 1024 * 1024;

/** One file below a directory. */
export function fileEntry(
  reader: Reader,
  dir: string,
  name: string,
  options: EntryOptions,
): OtherEntry {
  const path = `${dir}/${name}`;
  const bytes = reader.stat(path)?.size ?? 0;
  const entry: OtherEntry = { name, kind: "file", bytes };
  if (!options.digests || bytes > maxDigestBytes) return entry;
  const content = reader.read(path, "large");
  if (content !== null) entry.sha256 = sha256(content);
  return entry;
}

/** A symbolic link or special file, which is also a fault. */
export function oddEntry(
  reader: Reader,
  dir: string,
  name: string,
  kind: "symlink" | "other",
): OtherEntry {
  if (kind === "symlink") reader.fault("symlink", `${dir}/${name}`, linkDetail);
  else reader.fault("not-a-file", `${dir}/${name}`, specialDetail);
  return { name, kind, bytes: 0 };
}

export const linkDetail = "a symbolic link; not followed";
export const specialDetail = "a pipe, socket or device";

/**
 * A directory with everything below it.
 *
 * @param depth Levels to list; what lies deeper has no `children`.
 */
export function dirEntry(
  reader: Reader,
  dir: string,
  name: string,
  options: EntryOptions,
  depth = Number.POSITIVE_INFINITY,
): OtherEntry {
  const path = `${dir}/${name}`;
  const entry: OtherEntry = { name, kind: "dir", bytes: 0 };
  const listing = depth > 0 ? reader.list(path) : null;
  const isCheckout = listing?.dirs.includes(".git") || listing?.files.includes(".git");
  if (listing === null || isCheckout) {
    if (options.sizes) entry.bytes = bytesBelow(path);
    return entry;
  }
  entry.children = [
    ...listing.dirs.map((child) => dirEntry(reader, path, child, options, depth - 1)),
    ...listing.files.map((child) => fileEntry(reader, path, child, options)),
    ...listing.symlinks.map((child) => oddEntry(reader, path, child, "symlink")),
    ...listing.specials.map((child) => oddEntry(reader, path, child, "other")),
  ].sort(byName);
  for (const child of entry.children) entry.bytes += child.bytes;
  return entry;
}

export function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1;
}
