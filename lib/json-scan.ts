/**
 * Offsets in JSON text: where members stand, and where a text stops being JSON.
 *
 * {@link entriesAt} and {@link skipValue} trust their text to be JSON (they are used after
 * `JSON.parse` took it), which makes them short and fast; nothing here recurses.
 */

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

/** The first offset from here that holds no JSON white space. */
export function skipSpace(text: string, offset: number): number {
  let at = offset;
  while (isSpace(text.charCodeAt(at))) at++;
  return at;
}

/** The offset behind a string that starts here. */
function skipString(text: string, offset: number): number {
  for (let at = offset; ; ) {
    at = text.indexOf('"', at + 1);
    if (at === -1) return text.length;
    let before = at - 1;
    while (text.charCodeAt(before) === backslash) before--;
    if ((at - before) % 2 === 1) return at + 1;
  }
}

/** The offset behind the value that starts here. */
export function skipValue(text: string, offset: number): number {
  const first = text.charCodeAt(offset);
  if (first === quote) return skipString(text, offset);
  if (first !== openBrace && first !== openBracket) {
    let at = offset;
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === comma || code === closeBrace || code === closeBracket || isSpace(code)) break;
    }
    return at;
  }
  let depth = 0;
  for (let at = offset; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) at = skipString(text, at) - 1;
    else if (code === openBrace || code === openBracket) depth++;
    else if ((code === closeBrace || code === closeBracket) && --depth === 0) return at + 1;
  }
  return text.length;
}

/** A member of an object or an item of an array; an item has an empty key at its start. */
export interface Entry {
  /** The quotes included. */
  keyStart: number;
  keyEnd: number;
  start: number;
  end: number;
}

/** The entries of the object or array that starts here, and the offset of its closing mark. */
export function entriesAt(text: string, offset: number): { entries: Entry[]; close: number } {
  const entries: Entry[] = [];
  const named = text.charCodeAt(offset) === openBrace;
  for (let at = skipSpace(text, offset + 1); ; at = skipSpace(text, at + 1)) {
    const code = text.charCodeAt(at);
    if (code === closeBrace || code === closeBracket) return { entries, close: at };
    const keyEnd = named ? skipString(text, at) : at;
    const start = named ? skipSpace(text, skipSpace(text, keyEnd) + 1) : at;
    const end = skipValue(text, start);
    entries.push({ keyStart: at, keyEnd, start, end });
    at = skipSpace(text, end);
    if (text.charCodeAt(at) !== comma) return { entries, close: at };
  }
}

/** Whether this is the entry's key, escapes resolved. */
export function hasKey(text: string, entry: Entry, key: string): boolean {
  const start = entry.keyStart + 1;
  const length = entry.keyEnd - 1 - start;
  if (length === key.length && text.startsWith(key, start)) return !key.includes("\\");
  // An escape makes a key longer than what it stands for.
  if (length <= key.length) return false;
  const raw = text.slice(entry.keyStart, entry.keyEnd);
  return raw.includes("\\") && JSON.parse(raw) === key;
}

/** How many object members a JSON text has, repeated ones each counted. */
export function countMembers(text: string): number {
  let count = 0;
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at)) {
    at = skipSpace(text, skipString(text, at));
    if (text.charCodeAt(at) === 0x3a) count++;
  }
  return count;
}

type Expected = "value" | "value or ]" | "key" | "key or }" | ":" | ", or end";

/**
 * The offset at which the text stops being JSON; its length when it is cut off, null when it is
 * JSON. A byte order mark is allowed.
 */
export function jsonErrorOffset(text: string): number | null {
  const open: number[] = [];
  let expected: Expected = "value";
  let at = text.startsWith("\ufeff") ? 1 : 0;
  for (;;) {
    at = skipSpace(text, at);
    if (at >= text.length) return open.length === 0 && expected === ", or end" ? null : at;
    const code = text.charCodeAt(at);
    const top = open.at(-1);
    if (expected === ", or end" && open.length === 0) return at;
    if (code === closeBrace || code === closeBracket) {
      const empty = expected === (code === closeBrace ? "key or }" : "value or ]");
      if (!empty && (expected !== ", or end" || top !== code)) return at;
      open.pop();
      expected = ", or end";
      at++;
    } else if (expected === ", or end") {
      if (code !== comma) return at;
      expected = top === closeBrace ? "key" : "value";
      at++;
    } else if (expected === ":") {
      if (code !== 0x3a) return at;
      expected = "value";
      at++;
    } else if (expected === "key" || expected === "key or }") {
      const token = code === quote ? stringToken(text, at) : { error: at };
      if ("error" in token) return token.error;
      expected = ":";
      at = token.end;
    } else if (code === openBrace || code === openBracket) {
      open.push(code === openBrace ? closeBrace : closeBracket);
      expected = code === openBrace ? "key or }" : "value or ]";
      at++;
    } else {
      const token = code === quote ? stringToken(text, at) : wordToken(text, at);
      if ("error" in token) return token.error;
      expected = ", or end";
      at = token.end;
    }
  }
}

type Token = { end: number } | { error: number };

function stringToken(text: string, offset: number): Token {
  for (let at = offset + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) return { end: at + 1 };
    if (code < 0x20) return { error: at };
    if (code === backslash) {
      const escaped = /^(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/.exec(text.slice(at + 1, at + 6));
      if (!escaped) return { error: at };
      at += escaped[0].length;
    }
  }
  return { error: text.length };
}

function wordToken(text: string, offset: number): Token {
  const end = skipValue(text, offset);
  const word = text.slice(offset, end);
  if (/^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/.test(word)) {
    return { end };
  }
  return { error: offset };
}
