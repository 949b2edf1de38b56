/**
 * Text as a reader meets it: escaping, widths, columns, numbers and the nearest name.
 *
 * Everything here is pure. Names of sessions, branches and files come from other people's disks;
 * whatever shows them passes them through {@link printable} first.
 */

/**
 * Characters that move the cursor, change colours, reorder a line or cannot be seen: controls,
 * format characters (bidirectional, zero-width, tags), line separators and lone surrogates. The
 * zero-width joiners stay, since emoji and several scripts need them.
 */
const unsafe = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/**
 * The text with every control character shown as an escape, so that it can do nothing to a
 * terminal and stays on one line.
 *
 * @example
 * ```ts
 * printable("a\x1b[31mb\u202ec"); // "a\\x1b[31mb\\u{202e}c"
 * ```
 */
export function printable(text: string): string {
  return text.replace(unsafe, (character) => {
    const code = character.codePointAt(0) ?? 0;
    const hex = code.toString(16);
    return code < 0x100 ? `\\x${hex.padStart(2, "0")}` : `\\u{${hex}}`;
  });
}

/**
 * JSON text with the same characters escaped as JSON escapes them, so that it reads as before and
 * can do nothing to a terminal either. `JSON.stringify` leaves all but the oldest controls as they
 * are.
 */
export function printableJson(json: string): string {
  if (/^[\n\x20-\x7e]*$/.test(json)) return json;
  return json.replace(/(?![\n\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    Array.from({ length: character.length }, (_, unit) => {
      return `\\u${character.charCodeAt(unit).toString(16).padStart(4, "0")}`;
    }).join(""),
  );
}

/** The text as one word of a POSIX shell, in quotes where it needs them. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Like {@link printable} for several lines: line breaks stay, and later lines are indented. */
export function printableLines(text: string, indent = "  "): string {
  return text.split(/\r?\n/).map(printable).join(`\n${indent}`);
}

/**
 * Breaks the text between words into lines of at most `width` columns.
 *
 * @param text may hold line breaks, which stay (spaces beside them go), and colour codes
 * @param width in columns, `indent` included; a word that is longer keeps its own line
 * @param indent put before every line that is not empty; default none
 */
export function wrap(text: string, width: number, indent = ""): string {
  return Bun.wrapAnsi(text, Math.max(1, width - indent.length))
    .split("\n")
    .map((line) => (line === "" ? "" : indent + line.trimEnd()))
    .join("\n");
}

/**
 * The text behind a lead such as `  • `, broken between words; later lines begin below its first
 * word. Between 40 and 100 columns wide, whatever there is.
 */
export function hanging(lead: string, text: string, columns: number): string {
  const width = Bun.stringWidth(lead);
  const lines = wrap(text, Math.max(40, Math.min(columns, 100)) - width).split("\n");
  return lead + lines.join(`\n${" ".repeat(width)}`);
}

/**
 * Lays rows out in columns, each as wide as its widest cell. Widths are those seen: colour codes
 * count nothing, wide characters two. No line has trailing spaces.
 *
 * @param options.align one per column, default all `"left"`
 * @param options.gap spaces between columns, default 2
 */
export function table(
  rows: readonly (readonly string[])[],
  options: { align?: readonly ("left" | "right")[]; gap?: number } = {},
): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, Bun.stringWidth(cell));
    }
  }
  const gap = " ".repeat(options.gap ?? 2);
  return rows
    .map((row) =>
      row
        .map((cell, column) => {
          const padding = " ".repeat((widths[column] ?? 0) - Bun.stringWidth(cell));
          return options.align?.[column] === "right" ? padding + cell : cell + padding;
        })
        .join(gap)
        .trimEnd(),
    )
    .join("\n");
}

/**
 * Shortens the text to `width` columns with `…` in the middle; of a path the end says most, so
 * the end keeps two thirds.
 */
export function truncateMiddle(text: string, width: number): string {
  if (Bun.stringWidth(text) <= width) return text;
  if (width <= 1) return width === 1 ? "…" : "";
  const tail = Math.floor(((width - 1) * 2) / 3);
  const head = width - 1 - tail;
  return `${fitting(text, 0, head)}…${fitting(text, -tail, undefined)}`;
}

/** A slice by columns that leaves out a wide character which only half fits. */
function fitting(text: string, start: number, end: number | undefined): string {
  const width = end ?? -start;
  if (width === 0) return "";
  const slice = Bun.sliceAnsi(text, start, end);
  if (Bun.stringWidth(slice) <= width) return slice;
  return end === undefined ? fitting(text, start + 1, end) : fitting(text, start, end - 1);
}

const units = ["B", "KB", "MB", "GB", "TB", "PB"];

/** A number of bytes in units of 1024: `0 B`, `1.5 KB`, `34.6 MB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 1023.95 would be shown as 1024.0, which belongs to the next unit.
  while (value >= (unit === 0 ? 1024 : 1023.95) && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** A whole number with thousands separators: `20,000`. The same in every locale. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A count with its noun: `1 session`, `2,000 sessions`; `many` defaults to `one` and an s. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/**
 * The candidate that was probably meant, or undefined when none is close: the first that begins
 * with the word, else the one with the fewest edits, at most a third of the word's length.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const names = [...candidates];
  if (word === "") return undefined;
  const completed = names.find((name) => name.startsWith(word));
  if (completed !== undefined) return completed;
  let best: string | undefined;
  let fewest = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const name of names) {
    const edits = editDistance(word, name);
    if (edits < fewest) [best, fewest] = [name, edits];
  }
  return best;
}

/** Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1];
      let edits = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) edits = Math.min(edits, (beforeLast[column - 2] ?? 0) + 1);
      current.push(edits);
    }
    [beforeLast, last] = [last, current];
  }
  return last[b.length] ?? 0;
}
