/**
 * The table of a script's arguments, and the strict reading of a command line against it.
 *
 * One table is the source for parsing, for the help page, for completions and for the type of the
 * values. A key in camelCase (`dryRun`) is the flag in kebab-case (`--dry-run`). Nothing is
 * guessed: an unknown flag, an extra word, a missing or a needless value is a usage error.
 */

import { ToolkitError } from "./errors.ts";
import { nearest, printable } from "./text.ts";

interface Described {
  /** What it does, as a phrase without a full stop. */
  description: string;
  /** Heading on the help page. @default "Flags" */
  group?: string;
  /** Keys of flags that cannot be given together with this one. */
  excludes?: readonly string[];
}

/** Present or not. With `default: true` it is spelled `--no-name`, and giving it means false. */
export interface BooleanFlag extends Described {
  type: "boolean";
  default?: true;
}

/**
 * What a value or word is, for completions. Checks and fixes are known; all else
 * is looked up on the disk. A value called FILE or DIR is a path without being told.
 */
export type Completed = "migrations" | "sessions" | "projects" | "plans" | "checks" | "fixes";

interface Valued extends Described {
  /** What stands for the value in usage lines: `FILE`. */
  valueName: string;
  complete?: Completed;
  required?: true;
}

export interface StringFlag extends Valued {
  type: "string";
  default?: string;
  /** May be given again; the value is an array. */
  repeat?: true;
}

export interface EnumFlag extends Valued {
  type: "enum";
  options: readonly string[];
  default?: string;
  repeat?: true;
}

/** A whole number in decimal digits. */
export interface IntegerFlag extends Valued {
  type: "integer";
  min?: number;
  max?: number;
  default?: number;
}

export type Flag = BooleanFlag | StringFlag | EnumFlag | IntegerFlag;
export type Flags = Readonly<Record<string, Flag>>;

/** A word that is no flag. `repeat` takes all that are left, and is the last one. */
export interface Positional {
  description: string;
  complete?: Completed | readonly string[];
  required?: true;
  repeat?: true;
}

/** Positionals in their order on the command line. */
export type Positionals = Readonly<Record<string, Positional>>;

/** What one command line may hold. */
export interface Grammar {
  flags: Flags;
  positionals: Positionals;
}

type Single<F> = F extends { type: "boolean" }
  ? boolean
  : F extends { type: "integer" }
    ? number
    : F extends { type: "enum"; options: readonly (infer Option)[] }
      ? Option
      : string;
type Value<F> = F extends { repeat: true } ? Single<F>[] : Single<F>;
type Certain = { type: "boolean" } | { required: true } | { repeat: true } | { default: unknown };

/** The values of a table: a key without a default is absent when the flag was not given. */
export type Values<Table> = {
  [Key in keyof Table as Table[Key] extends Certain ? Key : never]: Value<Table[Key]>;
} & {
  [Key in keyof Table as Table[Key] extends Certain ? never : Key]?: Value<Table[Key]>;
};

type FlagValue = boolean | number | string | string[];

/** The flags that every script has. */
export const commonFlags = {
  help: { type: "boolean", description: "Show this page" },
  version: { type: "boolean", description: "Show the version" },
  json: { type: "boolean", description: "Print the result as one JSON document, errors too" },
  quiet: { type: "boolean", description: "No notes and no progress" },
  color: { type: "boolean", default: true, description: "No colours, as with NO_COLOR=1" },
  yes: { type: "boolean", description: "Answer yes to every confirmation" },
  home: {
    type: "string",
    valueName: "DIR",
    description: "The home directory whose state is meant (default: $HOME)",
  },
  baseDir: {
    type: "string",
    valueName: "DIR",
    description: "AO's base directory (default: HOME/.agent-orchestrator)",
  },
  config: {
    type: "string",
    valueName: "FILE",
    description: "AO's configuration file (default: the one that AO would find)",
  },
} as const satisfies Flags;

/**
 * The common flags that a command has besides its own. It may have a `--version` of its own that
 * takes a value; then one at the very end, where no value can follow, still shows the version.
 */
export function commonFlagsBeside(own: Flags): Flags {
  return Object.fromEntries(
    Object.entries(commonFlags).filter(([key]) => !Object.hasOwn(own, key)),
  );
}

/** `storageKey` as `storage-key`. */
export function kebab(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The flag as it is typed: `--dry-run`, `--no-tmux`. */
export function spell(key: string, flag: Flag): string {
  return `--${flag.type === "boolean" && flag.default === true ? "no-" : ""}${kebab(key)}`;
}

/** The positional as usage lines show it: `SESSION`, `PATH...`. */
export function spellPositional(key: string, positional: Positional): string {
  return kebab(key).toUpperCase() + (positional.repeat === true ? "..." : "");
}

/** The words before `--`, where flags are flags. */
export function beforeSeparator(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf("--");
  return end === -1 ? argv : argv.slice(0, end);
}

/**
 * The index of the first word that is no flag and no flag's value, or -1. Stops at an unknown
 * flag, since nobody knows whether it takes a value.
 *
 * @param flags all flags that may stand before the word
 */
export function findFirstWord(argv: readonly string[], flags: Flags): number {
  const spellings = spellingsOf(flags);
  const words = beforeSeparator(argv);
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? "";
    if (!isFlag(word)) return index;
    const entry = spellings.get(word.split("=", 1)[0] ?? "");
    if (entry === undefined) return -1;
    if (entry.flag.type !== "boolean" && !word.includes("=")) index += 1;
  }
  return -1;
}

/**
 * Reads a command line strictly. The caller knows the table, and with it the type of the result
 * ({@link Values}).
 *
 * @throws ToolkitError `usage` for whatever the grammar does not allow
 */
export function parseArgs(
  argv: readonly string[],
  grammar: Grammar,
  suggestions: readonly string[] = [],
): Record<string, FlagValue> {
  const spellings = spellingsOf(grammar.flags);
  const given = new Map<string, FlagValue>();
  const words: string[] = [];
  const end = beforeSeparator(argv).length;
  for (let index = 0; index < end; index += 1) {
    const word = argv[index] ?? "";
    if (!isFlag(word)) {
      words.push(word);
      continue;
    }
    const equals = word.indexOf("=");
    const spelling = equals === -1 ? word : word.slice(0, equals);
    const entry = spellings.get(spelling) ?? refuseFlag(spelling, [...spellings.keys()]);
    if (entry.flag.type === "boolean") {
      if (equals !== -1) refuse(word, `${spelling} takes no value`);
      given.set(entry.key, entry.flag.default !== true);
      continue;
    }
    if (equals === -1) index += 1;
    const text = equals === -1 ? argv[index] : word.slice(equals + 1);
    addValue(given, entry, readValue(entry, text, { inline: equals !== -1 }));
  }
  words.push(...argv.slice(end + 1));
  placeWords(words, grammar, given, [...suggestions, ...spellings.keys()]);
  checkTogether(grammar.flags, given);
  return withDefaults(grammar, given);
}

interface Entry {
  key: string;
  spelling: string;
  flag: Flag;
}

function spellingsOf(flags: Flags): Map<string, Entry> {
  return new Map(
    Object.entries(flags).map(([key, flag]) => {
      const spelling = spell(key, flag);
      return [spelling, { key, spelling, flag }];
    }),
  );
}

/** A lone `-` is a word; by custom it stands for stdin or stdout. */
function isFlag(word: string): boolean {
  return word.startsWith("-") && word !== "-";
}

function refuse(word: string, state: string, hint?: string): never {
  const message = `Cannot use "${printable(word)}": ${state}`;
  throw new ToolkitError("usage", message, hint === undefined ? {} : { hint });
}

function refuseMissing(name: string): never {
  throw new ToolkitError("usage", `Cannot run without "${name}": it is required`);
}

function refuseFlag(spelling: string, known: readonly string[]): never {
  const state = spelling.startsWith("--") ? "no such flag" : "flags are long, --name";
  refuse(spelling, state, didYouMean(spelling, known));
}

/**
 * The hint for a mistyped word. Dashes and case count nothing in the comparison, but `--tmux` is
 * never answered with `--no-tmux`, which is the opposite.
 */
function didYouMean(word: string, known: readonly string[]): string | undefined {
  const bare = (text: string) => text.replace(/^-+/, "");
  const text = bare(word);
  const meant = /[a-z]/.test(text) ? kebab(text) : text.toLowerCase();
  const negative = meant.startsWith("no");
  const alike = known.filter((name) => bare(name).startsWith("no") === negative);
  const name = nearest(meant, alike.map(bare));
  const spelling = alike.find((candidate) => bare(candidate) === name);
  return spelling === undefined ? undefined : `did you mean ${spelling}?`;
}

function readValue(
  { flag, spelling }: Entry,
  text: string | undefined,
  { inline }: { inline: boolean },
): string | number {
  if (flag.type === "boolean") throw new TypeError(`${spelling} takes no value`);
  const usage = `${spelling} ${flag.valueName}`;
  if (text === undefined) refuse(spelling, "its value is missing", usage);
  if (!inline && text.startsWith("--")) {
    refuse(spelling, `its value is missing, "${printable(text)}" is a flag`, usage);
  }
  // An empty value comes from an unset variable; as a path it would mean the working directory.
  if (text === "") refuse(spelling, "its value is empty", usage);
  if (flag.type === "enum" && !flag.options.includes(text)) {
    const state = `expected ${flag.options.join(", ")}`;
    refuse(`${spelling}=${text}`, state, didYouMean(text, flag.options));
  }
  if (flag.type !== "integer") return text;
  const { min = -Number.MAX_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = flag;
  const number = Number(text);
  if (!/^-?\d+$/.test(text) || number < min || number > max) {
    refuse(`${spelling}=${text}`, `expected a whole number${rangeOf(flag)}`);
  }
  return number;
}

function rangeOf({ min, max }: IntegerFlag): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  if (min !== undefined) return `, at least ${min}`;
  return max === undefined ? "" : `, at most ${max}`;
}

function addValue(given: Map<string, FlagValue>, entry: Entry, value: string | number): void {
  const { key, flag, spelling } = entry;
  if ("repeat" in flag && flag.repeat === true) {
    const earlier = given.get(key);
    given.set(key, [...(Array.isArray(earlier) ? earlier : []), String(value)]);
    return;
  }
  if (given.has(key)) refuse(spelling, "it is given more than once");
  given.set(key, value);
}

/** Gives the words to the positionals in their order. */
function placeWords(
  words: readonly string[],
  { positionals }: Grammar,
  given: Map<string, FlagValue>,
  known: readonly string[],
): void {
  let next = 0;
  for (const [key, positional] of Object.entries(positionals)) {
    const taken = words.slice(next, positional.repeat === true ? undefined : next + 1);
    next += taken.length;
    const [first] = taken;
    if (first === undefined) {
      if (positional.required !== true) continue;
      refuseMissing(spellPositional(key, positional));
    }
    if (taken.includes("")) refuse("", `${spellPositional(key, positional)} cannot be empty`);
    given.set(key, positional.repeat === true ? taken : first);
  }
  const extra = words[next];
  if (extra !== undefined) refuse(extra, "unexpected word", didYouMean(extra, known));
}

function checkTogether(flags: Flags, given: ReadonlyMap<string, FlagValue>): void {
  for (const [key, flag] of Object.entries(flags)) {
    if (!given.has(key)) {
      const missing = flag.type !== "boolean" && flag.required === true;
      if (missing) refuseMissing(`${spell(key, flag)} ${flag.valueName}`);
      continue;
    }
    const other = flag.excludes?.find((name) => given.has(name));
    const otherFlag = other === undefined ? undefined : flags[other];
    if (other === undefined || otherFlag === undefined) continue;
    refuse(spell(key, flag), `it cannot go together with ${spell(other, otherFlag)}`);
  }
}

function withDefaults(
  { flags, positionals }: Grammar,
  given: ReadonlyMap<string, FlagValue>,
): Record<string, FlagValue> {
  const values: Record<string, FlagValue> = {};
  for (const [key, flag] of Object.entries(flags)) {
    if (flag.type === "boolean") values[key] = flag.default === true;
    else if ("repeat" in flag && flag.repeat === true) values[key] = [];
    else if (flag.default !== undefined) values[key] = flag.default;
  }
  for (const [key, positional] of Object.entries(positionals)) {
    if (positional.repeat === true) values[key] = [];
  }
  return Object.assign(values, Object.fromEntries(given));
}
