/** Files as text, with a reason where there is none. */

import { readFileSync } from "node:fs";
import { lineColumnAt } from "../edits.ts";
import { errorCode, ToolkitError } from "../errors.ts";

/** Why something cannot be read; line and column from 1, where they are known. */
export interface Fault {
  reason: string;
  line?: number;
  column?: number;
}

/** A file's text, with its byte order mark, or why there is none. */
export type Content = { text: string } | { fault: Fault; missing: boolean };

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Reads a file as text; bytes that are no UTF-8 are a fault, since YAML is text. */
export function readText(path: string): Content {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const missing = ["ENOENT", "ENOTDIR"].includes(errorCode(error) ?? "");
    return { fault: (missing ? misreadName(path) : null) ?? faultOf(error), missing };
  }
  try {
    return { text: utf8.decode(bytes) };
  } catch {
    return { fault: badByte(bytes), missing: false };
  }
}

/** The fault of a name that is not UTF-8: under what was read of it there is nothing. Or null. */
export function misreadName(path: string): Fault | null {
  return path.includes("\ufffd") ? { reason: "its name is not UTF-8" } : null;
}

/** Where bytes stop being UTF-8: there, and not before, decoding does not give them back. */
function badByte(bytes: Buffer): Fault {
  const again = Buffer.from(bytes.toString("utf8"));
  let offset = 0;
  while (bytes[offset] === again[offset]) offset += 1;
  const text = bytes.subarray(0, offset).toString("utf8");
  return { reason: `byte ${offset + 1} is not UTF-8`, ...lineColumnAt(text, text.length) };
}

const reasons: Record<string, string> = {
  EACCES: "there is no permission to read it",
  EISDIR: "it is a directory",
  ENOTDIR: "it is not a directory",
  ELOOP: "its symbolic links go round in a circle",
  ENOENT: "it is not there",
};

/** A system error in words; anything else is thrown on. */
export function faultOf(error: unknown): Fault {
  const code = errorCode(error);
  if (code === undefined) throw error;
  return { reason: reasons[code] ?? `it cannot be read (${code})` };
}

/** The error for a file with a fault. */
export function unreadable(file: string, { reason, line, column }: Fault): ToolkitError {
  const at = line === undefined || column === undefined ? {} : { line, column };
  const place = { file, ...at };
  return new ToolkitError("invalid", `Cannot read "${file}": ${reason}`, { place });
}
