/** Completions for fish 3.5 and later: a file for `~/.config/fish/completions`. */

import {
  type CommandChoice,
  type CompletionModel,
  type FlagChoice,
  fishQuoted,
  functionName,
  type Source,
} from "./model.ts";

/** The script; flags and commands come with their descriptions. */
export function fishCompletions({ program, shortcuts, commands }: CompletionModel): string {
  const name = `_${functionName(program)}`;
  const programs = [program, ...Object.keys(shortcuts)];
  const summaries = new Map(commands.map(({ path, summary }) => [path, summary]));
  const valued = commands.flatMap(({ path, flags }) =>
    flags.filter(({ value }) => value !== null).map(({ spelling }) => `${path} ${spelling}`),
  );
  const inner = commands.map(({ path }) => path).filter((path) => path !== "");
  return [
    `# Completions of ${program} for fish. Save as ~/.config/fish/completions/${program}.fish.`,
    chosen(`${name}_takes_value`, valued),
    chosen(`${name}_is_command`, inner),
    shortcutsFunction(name, shortcuts),
    walker.replaceAll("NAME", name),
    programs.map((each) => `complete -c ${each} -f`).join("\n"),
    ...commands.map((command) => {
      const reached = programs.filter((each) => reaches(shortcuts[each] ?? "", command.path));
      return entries(command, { name, programs: reached, summaries }).join("\n");
    }),
    "",
  ].join("\n\n");
}

/** A program completes the command that it is, and those inside. */
function reaches(from: string, path: string): boolean {
  return from === "" || path === from || path.startsWith(`${from} `);
}

function chosen(name: string, texts: readonly string[]): string {
  const lines = texts.map((text) => `        ${fishQuoted(text)}`).join(" \\\n");
  return `function ${name}\n    contains -- "$argv" \\\n${lines}\nend`;
}

function shortcutsFunction(name: string, shortcuts: CompletionModel["shortcuts"]): string {
  const cases = Object.entries(shortcuts).flatMap(([key, path]) => [
    `        case ${fishQuoted(key)}`,
    `            echo ${fishQuoted(path)}`,
  ]);
  return [`function ${name}_command`, "    switch $argv[1]", ...cases, "    end", "end"].join("\n");
}

interface About {
  name: string;
  programs: readonly string[];
  summaries: ReadonlyMap<string, string>;
}

function entries(command: CommandChoice, { name, programs, summaries }: About): string[] {
  const { path, commands, flags, words, endless } = command;
  const here = (count: string) => `${name}_at ${fishQuoted(path)} ${count}`.trimEnd();
  const lines: string[] = [];
  const add = (condition: string, rest: string) => {
    const on = programs.map((program) => `-c ${program}`).join(" ");
    lines.push(`complete ${on} -n ${fishQuoted(condition)} ${rest}`);
  };
  for (const inner of commands) {
    const summary = summaries.get(`${path} ${inner}`.trim()) ?? "";
    add(here("0"), `-a ${inner} -d ${fishQuoted(summary)}`);
  }
  for (const flag of flags) add(here(""), flagEntry(flag, name));
  for (const [index, source] of words.entries()) {
    const last = endless && index === words.length - 1;
    const offer = offered(source, name);
    if (offer !== "") add(here(last ? "" : String(index)), offer);
  }
  return lines;
}

function flagEntry({ spelling, description, value }: FlagChoice, name: string): string {
  const about = `-l ${spelling.slice(2)} -d ${fishQuoted(description)}`;
  if (value === null) return about;
  return value === "files" ? `${about} -r -F` : `${about} -x ${offered(value, name)}`.trimEnd();
}

function offered(source: Source, name: string): string {
  if (source === "files") return "-F";
  if (source === "dirs") return "-a '(__fish_complete_directories (commandline -ct))'";
  if (typeof source === "string") return `-a '(${name}_ids ${source})'`;
  return source.length === 0 ? "" : `-a ${fishQuoted(source.join(" "))}`;
}

const walker = `\
# Prints the command that the line has come to, then how many words follow it, then the base
# directory and the root of staged plans.
function NAME_state
    set -l words (commandline -opc)
    set -l command (NAME_command (string replace -r '.*/' '' -- $words[1]))
    test (count $command) -eq 0; and set command ''
    set -l home $HOME
    set -l base ''
    set -l root .
    set -l flag ''
    set -l flags 1
    set -l count 0
    for word in $words[2..-1]
        if test -z "$flag"; and test $flags = 1
            if set -l parts (string match -r -- '^(--(?:home|base-dir|root))=(.*)$' $word)
                set flag $parts[2]
                set word $parts[3]
            end
        end
        if test -n "$flag"
            set word (string replace -r '^~' $HOME -- $word)
            switch $flag
                case --home
                    set home $word
                case --base-dir
                    set base $word
                case --root
                    set root $word
            end
            set flag ''
        else if test $flags = 1; and test "$word" = --
            set flags 0
        else if test $flags = 1; and string match -q -- '-*' $word
            NAME_takes_value "$command $word"; and set flag $word
        else if test $count = 0; and NAME_is_command (string trim -- "$command $word")
            set command (string trim -- "$command $word")
        else
            set count (math $count + 1)
        end
    end
    test -z "$base"; and set base $home/.agent-orchestrator
    printf '%s\\n' "$command" $count "$base" "$root"
end

function NAME_at
    set -l state (NAME_state)
    test "$state[1]" = "$argv[1]"; or return 1
    test (count $argv) -lt 2; or test $state[2] = $argv[2]
end

# Ids on the disk; names that would need quotes in a shell are none of AO's.
function NAME_ids
    set -l state (NAME_state)
    set -l paths
    switch $argv[1]
        case migrations
            set paths $state[3]/migrations/*/
        case plans
            set paths $state[4]/migrations/*/
        case projects
            set paths $state[3]/projects/*/
        case sessions
            set paths $state[3]/projects/*/sessions/* $state[3]/*/sessions/*
            # A dot is left in the names of locks and copies beside them.
            set paths (path filter -f $paths | string replace -r '\\.json$' '' | string match -v -r '\\.[^/]*$')
    end
    for path in $paths
        string match -r -- '^[A-Za-z0-9._-]+$' (string replace -r '^.*/([^/]+?)(?:\\.json)?/?$' '$1' -- $path)
    end
end`;
