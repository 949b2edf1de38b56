/**
 * What a tree looks like to the crash sweep: each entry in a line, with all that differs from run
 * to run (ids of migrations, the time of day, process ids) taken out, and every content in it.
 */

import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { shortHash } from "../../lib/hash.ts";

export interface Look {
  /** Relative path → kind, mode, digest or target. */
  entries: Map<string, string>;
  /** Digests of the contents; empty files are left out. */
  contents: Set<string>;
}

/** Everything older than this belongs to the tree, not to a run. */
const began = Date.now() - 60_000;
const moment = /\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+]00:00)?/g;
const id = /\b[a-z0-9-]+-20\d{6}T\d{6}Z-[0-9a-f]{6}\b/g;
const compact = /_(20\d\d)(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/g;

function nowOr(text: string, stamp: string): string {
  return Date.parse(stamp) >= began ? "NOW" : text;
}

/** Text of a run as any other run would have written it. */
export function timeless(text: string): string {
  return (
    text
      .replace(id, "ID")
      .replace(moment, (stamp) => nowOr(stamp, stamp))
      .replace(compact, (stamp, y, m, d, h, min, s) =>
        nowOr(stamp, `${y}-${m}-${d}T${h}:${min}:${s}Z`),
      )
      .replace(/20\d{6}T\d{9}Z-[0-9a-f]{8}/g, "RUN")
      .replace(/__transactions__\/[0-9a-f]{32}/g, "__transactions__/ID")
      .replace(/\.[0-9a-f]{8}\.tmp/g, ".tmp")
      .replace(/"(sum|planDigest|next|base)"(: ?)"(?:sha256:)?[0-9a-f]{32,}"/g, '"$1"$2""')
      // What a directory or file was when it was about to be moved: inode, time.
      .replace(/"id":"(directory|file|symlink):[^"]*"/g, '"id":"$1"')
      .replace(/"pid":\d+/g, '"pid":0')
  );
}

/** Looks at everything below a directory. */
export function lookAt(root: string): Look {
  const look: Look = { entries: new Map(), contents: new Set() };
  visit(root, "", look);
  return look;
}

function visit(dir: string, prefix: string, look: Look): void {
  for (const name of readdirSync(dir).sort()) {
    const path = `${dir}/${name}`;
    const stats = lstatSync(path);
    const mode = (stats.mode & 0o7777).toString(8);
    const key = timeless(`${prefix}${name}`);
    if (stats.isDirectory()) {
      look.entries.set(key, `directory ${mode}`);
      visit(path, `${key}/`, look);
    } else if (stats.isSymbolicLink()) {
      look.entries.set(key, `link ${readlinkSync(path)}`);
    } else {
      const text = timeless(readFileSync(path, "latin1"));
      const sum = digest(text);
      if (text !== "") look.contents.add(sum);
      look.entries.set(key, `file ${mode} ${sum}`);
    }
  }
}

function digest(text: string): string {
  return shortHash(text, 32);
}

/** One value for the whole tree. */
export function keyOf(look: Look): string {
  return digest([...look.entries].map(([path, line]) => `${path}\0${line}`).join("\n"));
}

/** The part of a look that tells the user's state from the record of what was done. */
export function without(look: Look, skip: RegExp): Map<string, string> {
  return new Map([...look.entries].filter(([path]) => !skip.test(path)));
}

/** Differences, a line each. */
export function differences(
  wanted: ReadonlyMap<string, string>,
  found: ReadonlyMap<string, string>,
): string[] {
  const lines: string[] = [];
  for (const [path, line] of wanted) {
    const now = found.get(path);
    if (now === undefined) lines.push(`- ${path}`);
    else if (now !== line) lines.push(`~ ${path}`);
  }
  for (const path of found.keys()) if (!wanted.has(path)) lines.push(`+ ${path}`);
  return lines;
}
