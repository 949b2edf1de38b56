/** Becoming another program, as a shell's `exec` does. */

import { dlopen, ptr } from "bun:ffi";
import type { Env } from "../process.ts";

const libraries = [
  "libc.so.6",
  "libc.musl-x86_64.so.1",
  "libc.musl-aarch64.so.1",
  "libSystem.B.dylib",
];

/**
 * Replaces this process by a program; it keeps the terminal, the process id and the open streams.
 * Nothing of this process runs after it, so everything must have been written.
 *
 * @param words absolute path of the program, and its arguments
 * @returns only when the system does not let us; the caller starts a child then
 */
export function becomeProgram(words: readonly string[], env: Env): void {
  const [path = ""] = words;
  const variables = Object.entries(env).filter((entry) => entry[1] !== undefined);
  const program = textOf(path);
  // Held here for as long as C looks at their addresses.
  const texts = words.map(textOf);
  const settings = variables.map(([name, value]) => textOf(`${name}=${value}`));
  const [args, environment] = [addressesOf(texts), addressesOf(settings)];
  for (const library of libraries) {
    try {
      const { symbols } = dlopen(library, {
        execve: { args: ["ptr", "ptr", "ptr"], returns: "i32" },
      });
      symbols.execve(ptr(program), ptr(args), ptr(environment));
      return;
    } catch {
      // Not the library of this system.
    }
  }
}

function textOf(text: string): Buffer {
  return Buffer.from(`${text}\0`);
}

/** Addresses of texts, with a null behind the last, as C wants them. */
function addressesOf(texts: readonly Buffer[]): BigUint64Array {
  return new BigUint64Array([...texts.map((text) => BigInt(ptr(text))), 0n]);
}
