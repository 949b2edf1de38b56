/** File names that no AO gives: they cannot be shown, or cannot be opened by what a listing says. */

import { readdirSync } from "node:fs";

/** What decoding puts in the place of bytes that are not UTF-8. */
const replacement = "\ufffd";
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const unsafe = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufffd]/;

/** Whether a name has control characters, line breaks or bytes that are not UTF-8 in it. */
export function isUnsafeName(name: string): boolean {
  return unsafe.test(name);
}

/** Why such a name is unsafe, with the bytes of one that is not UTF-8. */
export function whyUnsafe(dir: string, name: string): string {
  if (!name.includes(replacement)) return "the name has control characters in it";
  return `the name is not UTF-8: ${rawNames(dir, name).join(", ")}`;
}

/** The names in a directory that decode to this one, other bytes than printable ASCII escaped. */
function rawNames(dir: string, name: string): string[] {
  try {
    return readdirSync(dir, { encoding: "buffer" })
      .filter((bytes) => bytes.toString("utf8") === name)
      .map((bytes) => [...bytes].map(showByte).join(""))
      .sort();
  } catch {
    return [name];
  }
}

function showByte(byte: number): string {
  const printable = byte >= 0x20 && byte < 0x7f;
  return printable ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`;
}
