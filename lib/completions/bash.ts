/** Completions for bash 3.2 and later: one file to source, which calls no program of ours. */

import { type CommandChoice, type CompletionModel, functionName, quoted, spoken } from "./model.ts";

/** The script. Names that it finds on the disk are compared and quoted, never evaluated. */
export function bashCompletions({ program, shortcuts, commands }: CompletionModel): string {
  const name = functionName(program);
  const arms = {
    commands: commands.filter((command) => command.commands.length > 0).map(commandArm),
    flags: commands.map(flagArm),
    values: commands.flatMap(valueArms),
    words: commands.flatMap(wordArms),
    shortcuts: Object.entries(shortcuts).map(([key, path]) => arm(quoted(key), path)),
  };
  const choose = (part: string, on: string, lines: readonly string[]) =>
    [`_${name}_${part}() {`, `  case ${on} in`, ...lines, "    *) return 1 ;;", "  esac", "}"].join(
      "\n",
    );
  return [
    `# Completions of ${program} for bash. Source this file from ~/.bashrc.`,
    choose("command", '"$1"', arms.shortcuts),
    choose("commands", '"$1"', arms.commands),
    choose("flags", '"$1"', arms.flags),
    choose("value", '"$1 $2"', arms.values),
    choose("word", '"$1 $2"', arms.words),
    walker.replaceAll("NAME", name),
    `complete -F ${name} ${[program, ...Object.keys(shortcuts)].join(" ")}`,
    "",
  ].join("\n\n");
}

function arm(pattern: string, text: string): string {
  return `    ${pattern}) echo ${quoted(text)} ;;`;
}

function commandArm({ path, commands }: CommandChoice): string {
  return arm(quoted(path), commands.join(" "));
}

function flagArm({ path, flags }: CommandChoice): string {
  return arm(quoted(path), flags.map(({ spelling }) => spelling).join(" "));
}

function valueArms({ path, flags }: CommandChoice): string[] {
  return flags.flatMap(({ spelling, value }) =>
    value === null ? [] : [arm(quoted(`${path} ${spelling}`), spoken(value))],
  );
}

/** Words by their number; an endless last one takes every number that is left. */
function wordArms({ path, words, endless }: CommandChoice): string[] {
  return words.map((source, index) => {
    const last = endless && index === words.length - 1;
    return arm(last ? `${quoted(`${path} `)}[0-9]*` : quoted(`${path} ${index}`), spoken(source));
  });
}

const walker = `\
# Ids on the disk; names that would need quotes in a shell are none of AO's.
_NAME_ids() {
  shopt -s nullglob
  shopt -u failglob
  local path name kind=$1
  case $1 in
    migrations) set -- "$2"/migrations/*/ ;;
    plans) set -- "$3"/migrations/*/ ;;
    projects) set -- "$2"/projects/*/ ;;
    sessions) set -- "$2"/projects/*/sessions/* "$2"/*/sessions/* ;;
    *) return ;;
  esac
  for path in "$@"; do
    [[ -f $path || $path == */ ]] || continue
    name=\${path%/}
    name=\${name##*/}
    name=\${name%.json}
    # A dot is left in the names of locks and copies beside sessions.
    [[ $kind == sessions && $name == *.* ]] && continue
    [[ $name =~ ^[A-Za-z0-9._-]+$ ]] && printf '%s\\n' "$name"
  done
}

# Everything that a source offers and that begins with the word. $1 source, $2 word, $3 base, $4 root
_NAME_offer() {
  local name
  case $1 in
    words*)
      for name in \${1#words}; do
        [[ $name == "$2"* ]] && COMPREPLY+=("$name")
      done
      ;;
    files | dirs)
      compopt -o filenames 2>/dev/null
      local kind=-f
      [[ $1 == dirs ]] && kind=-d
      while IFS= read -r name; do COMPREPLY+=("$name"); done < <(compgen "$kind" -- "$2")
      ;;
    *)
      while IFS= read -r name; do
        [[ $name == "$2"* ]] && COMPREPLY+=("$name")
      done < <(_NAME_ids "$1" "$3" "$4")
      ;;
  esac
}

NAME() {
  local word=\${COMP_WORDS[COMP_CWORD]} home=$HOME base='' root=. flag='' flags=1 count=0 index given
  local command
  command=$(_NAME_command "\${COMP_WORDS[0]##*/}") || command=
  COMPREPLY=()
  for ((index = 1; index < COMP_CWORD; index += 1)); do
    given=\${COMP_WORDS[index]}
    if [[ $given == = ]]; then
      continue
    elif [[ -n $flag ]]; then
      given=\${given/#\\~/$HOME}
      case $flag in
        --home) home=$given ;;
        --base-dir) base=$given ;;
        --root) root=$given ;;
      esac
      flag=
    elif [[ $flags == 1 && $given == -- ]]; then
      flags=0
    elif [[ $flags == 1 && $given == -* ]]; then
      _NAME_value "$command" "$given" >/dev/null && flag=$given
    elif [[ $count == 0 && " $(_NAME_commands "$command") " == *" $given "* ]]; then
      command="\${command:+$command }$given"
    else
      count=$((count + 1))
    fi
  done
  : "\${base:=$home/.agent-orchestrator}"
  [[ $word == = ]] && word=
  if [[ -n $flag ]]; then
    _NAME_offer "$(_NAME_value "$command" "$flag")" "$word" "$base" "$root"
  elif [[ $flags == 1 && $word == -* ]]; then
    _NAME_offer "words $(_NAME_flags "$command")" "$word"
  else
    [[ $count == 0 ]] && _NAME_offer "words $(_NAME_commands "$command")" "$word"
    _NAME_offer "$(_NAME_word "$command" "$count")" "$word" "$base" "$root"
  fi
}`;
