/** Bytes that should be text, with the place where they stop being it. */

import { lineColumnAt } from "./edits.ts";

/** Why bytes are no text, and where: line and column from 1. */
export interface Utf8Fault {
  line: number;
  column: number;
  detail: string;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text of UTF-8 bytes, a byte order mark included, or where they stop being UTF-8. */
export function decodeUtf8(bytes: Uint8Array): { text: string } | { fault: Utf8Fault } {
  try {
    return { text: utf8.decode(bytes) };
  } catch {
    return { fault: findFault(bytes) };
  }
}

/** The longest prefix that decodes ends where the fault is; found by halving. */
function findFault(bytes: Uint8Array): Utf8Fault {
  const decodeStart = (length: number): string | null => {
    try {
      const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
      return decoder.decode(bytes.subarray(0, length), { stream: true });
    } catch {
      return null;
    }
  };
  let good = 0;
  let tooLong = bytes.length + 1;
  while (tooLong - good > 1) {
    const middle = (good + tooLong) >>> 1;
    if (decodeStart(middle) === null) tooLong = middle;
    else good = middle;
  }
  const text = decodeStart(good) ?? "";
  const offset = Buffer.byteLength(text);
  return { ...lineColumnAt(text, text.length), detail: `not UTF-8 at byte ${offset + 1}` };
}
