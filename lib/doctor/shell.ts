/** Words of commands that are meant to be pasted. */

/** The word as a shell reads it, in single quotes where it has to be. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./~-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
