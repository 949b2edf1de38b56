/**
 * A growing text file: its size, and what was added since.
 */
import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";

/** Bytes read at the most: the end of a log says what happened. */
const sizeLimit = 1024 * 1024;

/** Bytes of a file; 0 when there is none. */
export function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}

/** Text of a file from a byte on, at most the last megabyte of it; empty when there is no file. */
export function readFrom(path: string, start: number): string {
  try {
    const handle = openSync(path, "r");
    try {
      const size = fstatSync(handle).size;
      const from = Math.max(start, size - sizeLimit);
      const buffer = Buffer.alloc(Math.max(0, size - from));
      readSync(handle, buffer, 0, buffer.length, from);
      return buffer.toString("utf8");
    } finally {
      closeSync(handle);
    }
  } catch {
    return "";
  }
}
