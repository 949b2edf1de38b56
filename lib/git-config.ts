/**
 * The syntax of git's config files: read with positions, so that one value can be replaced and every
 * other byte (comments, order, spelling) stays.
 *
 * Rules from `git help config`, section "Syntax". Includes are not followed; callers that care look
 * for `include` and `includeif` entries. A line that git would refuse is skipped.
 */

export interface GitConfigEntry {
  /** Lower-cased. */
  section: string;
  /** As written; null for a plain `[section]`. Lower-cased in the old form `[section.sub]`. */
  subsection: string | null;
  /** Lower-cased. */
  key: string;
  /** Unquoted; null for a key without `=`, which git reads as true. */
  value: string | null;
  /** Where the value's text stands in the source: `[start, end)`, without surrounding blanks. */
  start: number;
  end: number;
}

/** Every entry of a config file, in order. */
export function parseGitConfig(text: string): GitConfigEntry[] {
  const entries: GitConfigEntry[] = [];
  let section: Pick<GitConfigEntry, "section" | "subsection"> | null = null;
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  while (at < text.length) {
    const char = text.charAt(at);
    if (/\s/.test(char)) {
      at += 1;
    } else if (char === "#" || char === ";") {
      at = endOfLine(text, at);
    } else if (char === "[") {
      const header = readHeader(text, at);
      section = header;
      at = header === null ? endOfLine(text, at) : header.next;
    } else {
      const entry = readEntry(text, at);
      if (entry !== null && section !== null) {
        const { section: name, subsection } = section;
        const { key, value, start, end } = entry;
        entries.push({ section: name, subsection, key, value, start, end });
      }
      at = entry === null ? endOfLine(text, at) : entry.next;
    }
  }
  return entries;
}

/** The text with one entry's value replaced, quoted where git's syntax needs it. */
export function replaceGitConfigValue(text: string, entry: GitConfigEntry, value: string): string {
  return text.slice(0, entry.start) + quoteValue(value) + text.slice(entry.end);
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end === -1 ? text.length : end + 1;
}

const headerPattern = /\[[ \t]*([A-Za-z0-9.-]+)(?:[ \t]+"((?:[^"\\\n]|\\[^\n])*)")?[ \t]*\]/y;

function readHeader(text: string, at: number) {
  headerPattern.lastIndex = at;
  const match = headerPattern.exec(text);
  if (match === null) return null;
  const name = (match[1] ?? "").toLowerCase();
  const next = headerPattern.lastIndex;
  if (match[2] !== undefined) {
    return { section: name, subsection: match[2].replace(/\\(.)/g, "$1"), next };
  }
  const dot = name.indexOf(".");
  if (dot === -1) return { section: name, subsection: null, next };
  return { section: name.slice(0, dot), subsection: name.slice(dot + 1), next };
}

const keyPattern = /([A-Za-z][A-Za-z0-9-]*)[ \t]*(=?)[ \t]*/y;
const escapes: Record<string, string> = { n: "\n", t: "\t", b: "\b", "\\": "\\", '"': '"' };

function readEntry(text: string, at: number) {
  keyPattern.lastIndex = at;
  const match = keyPattern.exec(text);
  if (match === null) return null;
  const key = (match[1] ?? "").toLowerCase();
  const start = keyPattern.lastIndex;
  if (match[2] !== "=")
    return { key, value: null, start, end: start, next: endOfLine(text, start) };
  const read = readValue(text, start);
  return read === null ? null : { key, start, ...read };
}

/** Reads from the first character of a value; null when quotes or escapes are not git's. */
function readValue(text: string, start: number) {
  let value = "";
  let quoted = false;
  // Unquoted blanks count only once something follows them.
  let blanks = "";
  let end = start;
  let at = start;
  for (; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === "\n" || (char === "\r" && text.charAt(at + 1) === "\n")) {
      if (quoted) return null;
      break;
    }
    if (!quoted && (char === "#" || char === ";")) break;
    if (!quoted && (char === " " || char === "\t")) {
      blanks += char;
      continue;
    }
    value += blanks;
    blanks = "";
    if (char === '"') {
      quoted = !quoted;
    } else if (char === "\\") {
      const continuation = /\\\r?\n/y;
      continuation.lastIndex = at;
      const escaped = escapes[text.charAt(at + 1)];
      if (continuation.test(text)) at = continuation.lastIndex - 1;
      else if (escaped === undefined) return null;
      else {
        value += escaped;
        at += 1;
      }
    } else {
      value += char;
    }
    end = at + 1;
  }
  return quoted ? null : { value, end, next: endOfLine(text, at) };
}

function quoteValue(value: string): string {
  const escaped = value
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replaceAll("\n", "\\n")
    .replaceAll("\t", "\\t")
    .replaceAll("\b", "\\b");
  return /^\s|\s$|[#;]/.test(value) ? `"${escaped}"` : escaped;
}
