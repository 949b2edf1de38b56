/**
 * Values of a walk: paths into observations, and `${name}` references filled from captures.
 */
import type { Json } from "./schema.ts";

/** Anything an observation can hold; like JSON, but a field may be undefined. */
export type Value = unknown;

/**
 * The names and indexes of a path such as `json.sessions[0].id` or `headers["content-type"]`.
 *
 * `[*]` stands for every element of a list; `.` alone is the whole observation.
 */
export function parsePath(path: string): (string | number)[] {
  if (path === ".") return [];
  const parts: (string | number)[] = [];
  const token = /\["([^"]*)"\]|\[(\d+|\*|-1)\]|([^.[\]]+)|\./gy;
  while (token.lastIndex < path.length) {
    const at = token.lastIndex;
    const match = token.exec(path);
    if (match === null)
      throw new SyntaxError(`Cannot read path "${path}": stuck at column ${at + 1}`);
    if (match[1] !== undefined) parts.push(match[1]);
    else if (match[2] !== undefined) parts.push(match[2] === "*" ? "*" : Number(match[2]));
    else if (match[3] !== undefined) parts.push(match[3]);
  }
  return parts;
}

/** The value at a path; undefined where there is none. `[*]` makes a list of what each has. */
export function valueAt(root: Value, path: string): Value {
  return walk(root, parsePath(path));
}

function walk(value: Value, parts: (string | number)[]): Value {
  const [part, ...rest] = parts;
  if (part === undefined) return value;
  if (value === null || typeof value !== "object") return undefined;
  if (Array.isArray(value)) {
    if (part === "*") return value.map((item) => walk(item, rest));
    return typeof part === "number" ? walk(value.at(part), rest) : undefined;
  }
  return Object.hasOwn(value, part)
    ? walk((value as Record<string, Value>)[part], rest)
    : undefined;
}

/** Captured and built-in names of one world. */
export type Scope = ReadonlyMap<string, Value>;

const reference = /\$\{([a-z][a-z0-9_.]*)\}/g;

/** The names that a lane value refers to with `${name}`. */
export function referencesOf(value: Value): string[] {
  const names: string[] = [];
  visitText(value, (text) => {
    for (const match of text.matchAll(reference)) names.push(match[1] ?? "");
  });
  return names;
}

/**
 * Fills `${name}` in every text of a value. A text that is one reference takes the captured value
 * with its type; inside a longer text it is written out.
 *
 * @throws ReferenceError naming the reference that nothing has captured.
 */
export function fill<T>(value: T, scope: Scope): T {
  return fillAny(value, scope) as T;
}

function fillAny(value: Value, scope: Scope): Value {
  if (typeof value === "string") return value.includes("${") ? fillText(value, scope) : value;
  if (Array.isArray(value)) return value.map((item) => fillAny(item, scope));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key.includes("${") ? String(fillText(key, scope)) : key,
      fillAny(item, scope),
    ]),
  );
}

function fillText(text: string, scope: Scope): Value {
  const whole = /^\$\{([a-z][a-z0-9_.]*)\}$/.exec(text);
  if (whole?.[1] !== undefined) return look(whole[1], scope);
  return text.replace(reference, (_, key: string) => {
    const found = look(key, scope);
    return typeof found === "string" ? found : JSON.stringify(found);
  });
}

function look(key: string, scope: Scope): Value {
  if (!scope.has(key)) throw new ReferenceError(`nothing has captured \${${key}}`);
  return scope.get(key);
}

function visitText(value: Value, visit: (text: string) => void): void {
  if (typeof value === "string") visit(value);
  else if (value !== null && typeof value === "object") {
    for (const [key, item] of Object.entries(value)) {
      visit(key);
      visitText(item, visit);
    }
  }
}

/** JSON text of a value, for eyes: undefined is `(absent)`, integers of SQLite are plain digits. */
export function show(value: Value): string {
  if (value === undefined) return "(absent)";
  return JSON.stringify(value, (_, item) => (typeof item === "bigint" ? Number(item) : item));
}

/** A deep copy without undefined fields, so that what was seen equals what a record keeps. */
export function plain(value: Value): Json {
  return value === undefined ? null : JSON.parse(show(value));
}
