/**
 * What can stand where on a command line, as shells need it: one flat table of commands, made
 * from the tables that the command lines are read with.
 */

import {
  type Completed,
  commonFlagsBeside,
  type Flag,
  kebab,
  type Positional,
  spell,
} from "../args.ts";
import type { Page } from "../help.ts";

/** What the caller knows already, since it does not depend on the disk. */
type Known = "checks" | "fixes";

/** What completes a word: paths and ids are looked up by the shell, words are known beforehand. */
export type Source = "files" | "dirs" | Exclude<Completed, Known> | readonly string[];

export interface FlagChoice {
  /** `--dry-run` */
  spelling: string;
  description: string;
  /** Null for a flag without a value; an empty list where a value cannot be known. */
  value: Source | null;
}

export interface CommandChoice {
  /** Names from the outermost command on, joined by spaces: `""`, `doctor`, `doctor explain`. */
  path: string;
  summary: string;
  /** Names of the commands inside. */
  commands: string[];
  flags: FlagChoice[];
  /** What completes the words that are no flags, in their order. */
  words: Source[];
  /** Whether the last of `words` goes on for ever. */
  endless: boolean;
}

/** Everything a completion script is made from. */
export interface CompletionModel {
  /** The program whose first word is a command of the table: `aokit`. */
  program: string;
  /** Programs that are one command of the table: `ao-doctor` → `doctor`. */
  shortcuts: Readonly<Record<string, string>>;
  commands: CommandChoice[];
}

/** Words that a table can only name, since making them loads a lot. */
export type KnownWords = Readonly<Record<Known, readonly string[]>>;

/** Lays a tree of commands out as a table, the outermost first. */
export function commandChoices(root: Page, known: KnownWords, path = ""): CommandChoice[] {
  const { summary, args, positionals, commands } = root;
  const words = Object.values(positionals);
  const choice: CommandChoice = {
    ...{ path, summary, commands: Object.keys(commands) },
    flags: Object.entries({ ...args, ...commonFlagsBeside(args) }).map(([key, flag]) => ({
      spelling: spell(key, flag),
      description: flag.description,
      value: valueSource(flag, known),
    })),
    words: words.map(({ complete }) => sourceOf(complete, known)),
    endless: words.at(-1)?.repeat === true,
  };
  const inner = Object.entries(commands).map(([name, command]) =>
    commandChoices(command, known, `${path} ${name}`.trim()),
  );
  return [choice, ...inner.flat()];
}

/** Programs that are installed beside the outermost one, for those of the commands that have one. */
export function shortcutsOf(
  programs: readonly string[],
  commands: readonly CommandChoice[],
): Record<string, string> {
  const paths = new Set(commands.map(({ path }) => path));
  const entries = programs.map((program) => [program, program.replace(/^ao-/, "")] as const);
  return Object.fromEntries(entries.filter(([, path]) => paths.has(path)));
}

/** The function name that a program's completions go by in a shell: `_aokit`. */
export function functionName(program: string): string {
  return `_${kebab(program).replaceAll("-", "_")}`;
}

function valueSource(flag: Flag, known: KnownWords): Source | null {
  if (flag.type === "boolean") return null;
  if (flag.type === "enum") return flag.options;
  if (flag.type === "integer") return [];
  if (flag.complete !== undefined) return sourceOf(flag.complete, known);
  if (/^(FILE|BIN)$/.test(flag.valueName)) return "files";
  return flag.valueName === "DIR" ? "dirs" : [];
}

function sourceOf(complete: Positional["complete"], known: KnownWords): Source {
  if (complete === undefined) return [];
  return complete === "checks" || complete === "fixes" ? known[complete] : complete;
}

/** A text in single quotes, for bash and zsh; fish needs {@link fishQuoted}. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** A text in single quotes, inside which fish knows `\'` and `\\`. */
export function fishQuoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

/** A source as one word a shell function can act on: the kind, or `words` and the words. */
export function spoken(source: Source): string {
  if (typeof source === "string") return source;
  const odd = source.find((word) => !/^[\w.:/@+-]+$/.test(word));
  if (odd !== undefined) throw new TypeError(`"${odd}" would need quotes in a shell`);
  return ["words", ...source].join(" ");
}
