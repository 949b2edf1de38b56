# Prints what zsh offers for a command line: an interactive zsh in a pseudo terminal, a Tab typed.
# usage: zsh -f complete.zsh COMPLETIONS LINE

zmodload zsh/zpty
zpty inner 'zsh -f -i'
# What compadd is given to show, without the menus and colours of the editor.
zpty -w inner 'PS1= PS2= RPS1=; unsetopt zle_bracketed_paste prompt_cr prompt_sp 2>/dev/null; stty -echo'
zpty -w inner 'autoload -Uz compinit && compinit -u -D'
zpty -w inner "source ${(q)1}"
zpty -w inner 'compadd() {
  local -a made given; local -A opts
  if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd "$@"; return; fi
  builtin compadd -A made "$@"
  print -rl -- "OFFER:"${^made}
  builtin compadd "$@"
}'
zpty -w inner 'finish() { print -r -- END; exit }; zle -N finish; bindkey "^X" finish; bindkey "^I" complete-word; print READY'
while zpty -r inner row; do [[ $row == *READY* && $row != *print* ]] && break; done
zpty -n -w inner "$2"$'\t'
zpty -n -w inner $'\x18'
text=
while zpty -r inner row; do
  text+=$row
  [[ $row == *END* ]] && break
done
zpty -d inner
for row in ${(f)text}; do
  row=${row//$'\r'/}
  [[ $row == *OFFER:* ]] && print -r -- ${row##*OFFER:}
done
true
