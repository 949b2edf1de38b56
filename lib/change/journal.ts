/**
 * The journal of a migration: JSON Lines, append-only, each line sealed by a checksum that covers
 * its content and the checksum of the line before.
 *
 * Every append is one line and is flushed before the next, so a crash can tear the last line and
 * no other. A torn tail is dropped; anything else that does not add up is an error.
 */

import { errorCode, ToolkitError } from "../errors.ts";
import { sha256 } from "../hash.ts";
import type { Appender, Disk } from "./disk.ts";
import type { Kept } from "./options.ts";

/**
 * What the engine knew about one operation when it decided to do it (or to take it back); with
 * the plan it is enough to tell from the disk how far the operation got.
 */
export interface Facts {
  /** Index of the operation in the plan. */
  i: number;
  /** create: the new content is staged beside the target, which is on another device. */
  near?: true;
  /** makeDir: the directory was absent. */
  made?: true;
  /** move: what was there, see `identityOf`. */
  id?: string;
  /** create: digest of the content. */
  hash?: string;
  /** Of each file that is patched; null for one that stays. */
  swaps?: (SwapFacts | null)[];
  /** Undo of a patch: the original file itself comes back, rather than a patched one. */
  exact?: true;
  /** Undo of trash, and of a move across devices: where the original is that comes back. */
  aside?: "trash" | "beside";
  /** renameTmux: there was nothing to rename. */
  skip?: true;
}

/** Digests of a file before and after, and whether its private files stand beside it. */
export type SwapFacts = [before: string, after: string, near?: "near"];

export function isNearSwap(facts: SwapFacts | null | undefined): boolean {
  return facts?.[2] === "near";
}

/** One entry of a line. A batch covers operations `from` up to, not including, `to`. */
export type JournalRecord =
  | { k: "start"; run: "apply" | "undo"; at: string }
  | { k: "intent"; from: number; to: number; items: Facts[]; first?: true }
  /** What an undo leaves as it is. */
  | { k: "kept"; items: Kept[] }
  /** The batch that is open is on the disk for good. */
  | { k: "done" }
  /** With `i` that renameTmux came to nothing, so there is nothing to take back. */
  | { k: "warning"; text: string; i?: number }
  | { k: "end"; at: string }
  | { k: "pruned"; at: string };

/** What was read: the records line by line, and where to go on. */
export interface JournalContent {
  lines: JournalRecord[][];
  /** Bytes that are sound; what follows is a torn tail. */
  length: number;
  sum: string;
}

const sumDigits = 32;
const head = '{"sum":"';
const middle = '","records":';

function sumOf(previous: string, body: string): string {
  return sha256(previous + body).slice(0, sumDigits);
}

/** The journal, open for appending. */
export class Journal {
  readonly #appender: Appender;
  #sum: string;
  #broken = false;

  constructor(disk: Disk, file: string, content: JournalContent) {
    this.#appender = disk.openAppend(file, content.length);
    this.#sum = content.sum;
  }

  /** Appends the records as one line and makes it durable. */
  write(records: readonly JournalRecord[]): void {
    if (this.#broken) throw new Error("the journal could not be written before");
    const body = JSON.stringify(records);
    const sum = sumOf(this.#sum, body);
    // Half a line may be out there after a failure; another one after it would hide that.
    this.#broken = true;
    this.#appender.append(`${head}${sum}${middle}${body}}\n`);
    this.#appender.sync();
    this.#broken = false;
    this.#sum = sum;
  }

  close(): void {
    this.#appender.close();
  }
}

/**
 * Reads a journal; a file that is missing is an empty one.
 *
 * @param seed what the first line's checksum continues: the digest of the plan
 * @param check validates the records of a line; returns what is wrong, or null
 * @throws ToolkitError `invalid` with the line that does not add up
 */
export function readJournal(
  disk: Disk,
  file: string,
  seed: string,
  check: (records: unknown) => string | null,
): JournalContent {
  const content: JournalContent = { lines: [], length: 0, sum: seed };
  const bytes = readIfThere(disk, file);
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(10, start);
    // A line without an end was never finished.
    if (end === -1) return content;
    const line = bytes.subarray(start, end).toString("utf8");
    const number = content.lines.length + 1;
    const body = bodyOf(line, content.sum);
    if (body === null) {
      if (isTorn(bytes, start)) return content;
      throw damaged(file, number, "its checksum does not fit: the journal was changed");
    }
    const records: unknown = JSON.parse(body);
    const fault = check(records);
    if (fault !== null) throw damaged(file, number, fault);
    content.lines.push(records as JournalRecord[]);
    content.sum = line.slice(head.length, head.length + sumDigits);
    content.length = end + 1;
    start = end + 1;
  }
  return content;
}

function readIfThere(disk: Disk, file: string): Buffer {
  const kind = disk.lstat(file)?.kind ?? "file";
  // Through a symlink here, what is appended would be written to somewhere else.
  if (kind !== "file") throw damaged(file, 1, `it is a ${kind}, not a file`);
  try {
    const bytes = disk.readFile(file);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return Buffer.alloc(0);
    throw error;
  }
}

/** The sealed part of a line, or null when the seal does not fit. */
function bodyOf(line: string, previous: string): string | null {
  const start = head.length + sumDigits + middle.length;
  const sum = line.slice(head.length, head.length + sumDigits);
  const body = line.slice(start, -1);
  if (line !== `${head}${sum}${middle}${body}}`) return null;
  return sumOf(previous, body) === sum ? body : null;
}

/** An append that a crash cut short leaves no whole line from here on; an edit by hand does. */
function isTorn(bytes: Buffer, start: number): boolean {
  const lines = bytes.subarray(start).toString("utf8").split("\n");
  // What follows the last newline was never finished.
  return !lines.slice(0, -1).some(isJson);
}

function isJson(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

function damaged(file: string, line: number, state: string): ToolkitError {
  return new ToolkitError("invalid", `Cannot read "${file}" line ${line}: ${state}`, {
    place: { file, line },
    hint: "restore the file from a backup; nothing was changed",
  });
}
