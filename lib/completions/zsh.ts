/** Completions for zsh: a file for `fpath`, or to source after `compinit`. */

import { type CommandChoice, type CompletionModel, functionName, quoted, spoken } from "./model.ts";

/** The script; flags and commands come with their descriptions. */
export function zshCompletions({ program, shortcuts, commands }: CompletionModel): string {
  const name = functionName(program);
  const summaries = new Map(commands.map(({ path, summary }) => [path, summary]));
  const programs = [program, ...Object.keys(shortcuts)].join(" ");
  const choose = (part: string, on: string, lines: readonly string[]) =>
    [`_${name}_${part}() {`, "  reply=()", `  case ${on} in`, ...lines, "    *) return 1 ;;"]
      .concat("  esac", "}")
      .join("\n");
  return [
    `#compdef ${programs}`,
    `# Completions of ${program} for zsh. Name this file ${name} in a directory of $fpath, or source it.`,
    choose(
      "command",
      '"$1"',
      Object.entries(shortcuts).map(([key, path]) => arm(quoted(key), [path])),
    ),
    choose(
      "commands",
      '"$1"',
      commands
        .filter((command) => command.commands.length > 0)
        .map((command) => commandArm(command, summaries)),
    ),
    choose("flags", '"$1"', commands.map(flagArm)),
    choose("value", '"$1 $2"', commands.flatMap(valueArms)),
    choose("word", '"$1 $2"', commands.flatMap(wordArms)),
    walker.replaceAll("NAME", name),
    `if [[ $funcstack[1] == ${name} ]]; then\n  ${name} "$@"\nelse\n  compdef ${name} ${programs}\nfi`,
    "",
  ].join("\n\n");
}

function arm(pattern: string, items: readonly string[]): string {
  return `    ${pattern}) reply=(${items.map(quoted).join(" ")}) ;;`;
}

/** `name:description`, with the colons of the name escaped. */
function described(name: string, description: string): string {
  return `${name.replaceAll(":", "\\:")}:${description}`;
}

function commandArm({ path, commands }: CommandChoice, summaries: Map<string, string>): string {
  const items = commands.map((name) =>
    described(name, summaries.get(`${path} ${name}`.trim()) ?? ""),
  );
  return arm(quoted(path), items);
}

function flagArm({ path, flags }: CommandChoice): string {
  const items = flags.map(({ spelling, description }) => described(spelling, description));
  return arm(quoted(path), items);
}

function valueArms({ path, flags }: CommandChoice): string[] {
  return flags.flatMap(({ spelling, value }) =>
    value === null ? [] : [arm(quoted(`${path} ${spelling}`), spoken(value).split(" "))],
  );
}

function wordArms({ path, words, endless }: CommandChoice): string[] {
  return words.map((source, index) => {
    const last = endless && index === words.length - 1;
    const pattern = last ? `${quoted(`${path} `)}[0-9]*` : quoted(`${path} ${index}`);
    return arm(pattern, spoken(source).split(" "));
  });
}

const walker = `\
# Offers what the source in $reply has. $1 base directory, $2 root of staged plans
_NAME_offer() {
  local -a found
  case $reply[1] in
    words) found=("\${(@)reply[2,-1]}") ;;
    files) _files; return ;;
    dirs) _files -/; return ;;
    migrations) found=("$1"/migrations/*(N/:t)) ;;
    plans) found=("$2"/migrations/*(N/:t)) ;;
    projects) found=("$1"/projects/*(N/:t)) ;;
    sessions)
      found=("$1"/projects/*/sessions/*(N.:t) "$1"/*/sessions/*(N.:t))
      found=(\${found%.json})
      # A dot is left in the names of locks and copies beside them.
      found=(\${found:#*.*})
      ;;
    *) return 1 ;;
  esac
  # Names that would need quotes in a shell are none of AO's.
  found=(\${(M)found:#[A-Za-z0-9._-]##})
  (( $#found )) && compadd -a found
}

NAME() {
  setopt localoptions extendedglob
  local -a reply
  local home=$HOME base= root=. flag= given command=
  local -i flags=1 count=0 index
  _NAME_command "\${words[1]:t}" && command=$reply[1]
  for (( index = 2; index < CURRENT; index += 1 )); do
    given=\${(Q)words[index]}
    if [[ -n $flag ]]; then
      given=\${given/#\\~/$HOME}
      case $flag in
        --home) home=$given ;;
        --base-dir) base=$given ;;
        --root) root=$given ;;
      esac
      flag=
    elif (( flags )) && [[ $given == -- ]]; then
      flags=0
    elif (( flags )) && [[ $given == --*=* ]]; then
      case \${given%%=*} in
        --home) home=\${given#*=} ;;
        --base-dir) base=\${given#*=} ;;
        --root) root=\${given#*=} ;;
      esac
    elif (( flags )) && [[ $given == -* ]]; then
      _NAME_value "$command" "$given" && flag=$given
    elif (( ! count )) && _NAME_commands "$command" && (( $reply[(I)$given:*] )); then
      command="\${command:+$command }$given"
    else
      count+=1
    fi
  done
  : \${base:=$home/.agent-orchestrator}
  if [[ -z $flag ]] && (( flags )) && [[ $words[CURRENT] == --*=* ]]; then
    flag=\${words[CURRENT]%%=*}
    compset -P 1 '*='
  fi
  if [[ -n $flag ]]; then
    _NAME_value "$command" "$flag" && _NAME_offer "$base" "$root"
    return
  fi
  if (( flags )) && [[ $words[CURRENT] == -* ]]; then
    _NAME_flags "$command" && _describe -o flag reply
    return
  fi
  local -i result=1
  (( ! count )) && _NAME_commands "$command" && _describe command reply && result=0
  _NAME_word "$command" "$count" && _NAME_offer "$base" "$root" && result=0
  return result
}`;
