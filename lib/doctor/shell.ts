/** Words of commands that are meant to be pasted. */

import { printable } from "../text.ts";

/** The word as a shell reads it, in quotes where it has to be; nothing in it needs escaping again. */
export function quoted(word: string): string {
  // `~` is a home, and to zsh a word that begins with `=` the name of a program.
  if (/^(?![=~])[\w@%+=:,./~-]+$/.test(word)) return word;
  if (printable(word) === word) return `'${word.replaceAll("'", "'\\''")}'`;
  const escaped = [...word].map((character) =>
    printable(character) === character ? character.replace(/[\\']/, "\\$&") : octal(character),
  );
  return `$'${escaped.join("")}'`;
}

function octal(character: string): string {
  return [...Buffer.from(character)]
    .map((byte) => `\\${byte.toString(8).padStart(3, "0")}`)
    .join("");
}
