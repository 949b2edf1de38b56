/** The help page of a command, made from the same tables that its command line is read with. */

import {
  commonFlagsBeside,
  type Flag,
  type Flags,
  type Positionals,
  spell,
  spellPositional,
} from "./args.ts";
import { exitCodes, type Outcome } from "./errors.ts";
import type { Style } from "./terminal.ts";
import { wrap } from "./text.ts";

/** What a command says about itself. */
export interface Page {
  /** What it does in one line, without a full stop. */
  summary: string;
  /** Paragraphs, separated by empty lines. */
  description?: string;
  args: Flags;
  positionals: Positionals;
  commands: Readonly<Record<string, Page>>;
  /** What it does without one of its commands; without it, one has to be named. */
  run?: unknown;
  /** `command` is what follows the script: `--execute --yes`. */
  examples: readonly { command: string; text: string }[];
  /**
   * What an exit code means here, where there is more to say than {@link exitMeanings} does;
   * `other` for codes that are not ours.
   */
  exits: Partial<Record<Outcome | "other", string>>;
  /** Files that it reads or writes. */
  files: readonly { path: string; text: string }[];
}

/** What the exit codes mean in every script. */
export const exitMeanings: Readonly<Record<Outcome, string>> = {
  done: "done, healthy, or nothing to do",
  findings: "findings: what was looked at is not as it should be",
  usage: "usage, or an answer was needed and nobody could be asked",
  invalid: "state or input unreadable or invalid",
  refused: "refused: locked, live sessions, stale plan, a blocker or open decision",
  interrupted: "stopped half-way: resume or roll back (the message has both commands)",
  bug: "a bug here (with a stack trace)",
  cancelled: "cancelled",
};

/** Variables that are looked at everywhere; a flag always wins. */
const environment: readonly Entry[] = [
  { left: "HOME", right: "whose state is meant, without --home" },
  { left: "AO_GLOBAL_CONFIG", right: "AO's configuration file, without --config" },
  { left: "CLAUDE_CONFIG_DIR, CODEX_HOME", right: "where agents keep their history" },
  { left: "TMUX_TMPDIR", right: "where tmux keeps its socket" },
  { left: "NO_COLOR, FORCE_COLOR", right: "no colours; colours also in a pipe" },
  { left: "CI", right: "nobody is asked: what needs an answer ends with 2" },
];

interface Entry {
  left: string;
  right: string;
}

/**
 * The page as text that ends with a line break. Lines are at most `width` columns, unless a
 * single word or an example is longer.
 *
 * @param options.invocation how the command is called: `bun run scripts/sessions.ts list`
 * @param options.width columns, default 80
 */
export function helpPage(
  page: Page,
  options: { invocation: string; style: Style; width?: number },
): string {
  const { invocation, style, width = 80 } = options;
  const commands = Object.entries(page.commands);
  const sections = [
    wrap(page.summary, width),
    wrap(`${style.bold("Usage:")} ${invocation} ${usageOf(page)}`, width),
  ];
  if (page.description !== undefined) sections.push(wrap(page.description, width));
  const section = (title: string, entries: readonly Entry[], after = "") => {
    if (entries.length === 0) return;
    sections.push(`${style.bold(`${title}:`)}\n${formatEntries(entries, width)}${after}`);
  };
  section(
    "Commands",
    commands.map(([name, { summary, positionals }]) => ({
      left: [name, ...positionalUsage(positionals)].join(" "),
      right: summary,
    })),
    `\n  (${invocation} COMMAND --help shows its flags)`,
  );
  section(
    "Arguments",
    Object.entries(page.positionals).map(([key, positional]) => ({
      left: spellPositional(key, positional),
      right: positional.description,
    })),
  );
  for (const [title, entries] of groupFlags(page.args)) section(title, entries);
  section(
    "Common flags",
    Object.entries(commonFlagsBeside(page.args)).map((entry) => flagEntry(entry)),
  );
  if (page.examples.length > 0) {
    const examples = page.examples.map(({ command, text }) => {
      const call = `${invocation} ${command}`.trimEnd();
      return `${wrap(text, width, "  ")}\n    ${style.cyan(call)}`;
    });
    sections.push([style.bold("Examples:"), ...examples].join("\n"));
  }
  section("Exit codes", exitEntries(page.exits));
  section("Environment", environment);
  section(
    "Files",
    page.files.map(({ path, text }) => ({ left: path, right: text })),
  );
  return `${sections.join("\n\n")}\n`;
}

function usageOf({ args, positionals, commands, run }: Page): string {
  const words = Object.entries(args).flatMap(([key, flag]) =>
    flag.type !== "boolean" && flag.required === true ? [flagUsage(key, flag)] : [],
  );
  words.push("[flags]", ...positionalUsage(positionals));
  if (Object.keys(commands).length > 0) words.unshift(run === undefined ? "COMMAND" : "[COMMAND]");
  return words.join(" ");
}

function positionalUsage(positionals: Positionals): string[] {
  return Object.entries(positionals).map(([key, positional]) => {
    const name = spellPositional(key, positional);
    return positional.required === true ? name : `[${name}]`;
  });
}

function flagUsage(key: string, flag: Flag): string {
  return flag.type === "boolean" ? spell(key, flag) : `${spell(key, flag)} ${flag.valueName}`;
}

function flagEntry([key, flag]: readonly [string, Flag], sameAs?: string): Entry {
  const notes = [flag.description];
  if (flag.type === "enum") notes.push(sameAs ?? `one of ${flag.options.join(", ")}`);
  if ("repeat" in flag && flag.repeat === true) notes.push("may be repeated");
  if (flag.type !== "boolean") {
    if (flag.required === true) notes.push("required");
    if (flag.default !== undefined) notes.push(`default ${flag.default}`);
  }
  return { left: flagUsage(key, flag), right: notes.join("; ") };
}

/** Flags under their headings, in the order of the table. */
function groupFlags(flags: Flags): Map<string, Entry[]> {
  const groups = new Map<string, Entry[]>();
  for (const entry of Object.entries(flags)) {
    const title = entry[1].group ?? "Flags";
    groups.set(title, [...(groups.get(title) ?? []), flagEntry(entry, sameChoices(entry, flags))]);
  }
  return groups;
}

/** For a flag with the choices of an earlier one: that one, instead of a long list once more. */
function sameChoices(
  [key, flag]: readonly [string, Flag],
  flags: Readonly<Record<string, Flag>>,
): string | undefined {
  if (flag.type !== "enum") return undefined;
  const [first] = Object.entries(flags).filter(
    ([, other]) => other.type === "enum" && other.options === flag.options,
  );
  if (first === undefined || first[0] === key) return undefined;
  return `one of those of ${spell(first[0], first[1])}`;
}

function exitEntries(exits: Page["exits"]): Entry[] {
  const ours = (Object.keys(exitCodes) as Outcome[]).map((outcome) => ({
    left: String(exitCodes[outcome]),
    right: exits[outcome] ?? exitMeanings[outcome],
  }));
  return exits.other === undefined ? ours : [...ours, { left: "other", right: exits.other }];
}

/** Two columns; a left side that is too long for its column has the line for itself. */
function formatEntries(entries: readonly Entry[], width: number): string {
  const longest = Math.max(...entries.map(({ left }) => left.length));
  const column = 2 + Math.min(longest, 24) + 2;
  return entries
    .map(({ left, right }) => {
      const text = wrap(right, width, " ".repeat(column));
      const label = `  ${left}`;
      return label.length + 2 > column
        ? `${label}\n${text}`
        : label.padEnd(column) + text.trimStart();
    })
    .join("\n");
}
