// The completion scripts. All they know is how to ask `lbctl __complete`; its answer is lines of "word TAB meaning",
// and a last line ":files" where a file name may stand.
import type { Shell } from '../commands/completion.ts';

const BASH = `# bash completion of lbctl; made by "lbctl completion bash"
_lbctl() {
  local line current=\${COMP_WORDS[COMP_CWORD]}
  COMPREPLY=()
  # "=" is a word of its own in bash; what follows it is completed alone.
  [[ $current == "=" ]] && current=
  while IFS= read -r line; do
    if [[ $line == ":files" ]]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$current")
    else
      COMPREPLY+=("$(printf '%q' "\${line%%$'\\t'*}")")
    fi
  done < <("\${COMP_WORDS[0]}" __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _lbctl lbctl ./lbctl
`;

const ZSH = `#compdef lbctl
# zsh completion of lbctl; made by "lbctl completion zsh"
_lbctl() {
  local line files=0
  local -a found
  while IFS= read -r line; do
    if [[ $line == ":files" ]]; then
      files=1
    else
      found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
    fi
  done < <("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  (( \${#found} )) && _describe 'lbctl' found
  (( files )) && _files
}
if [[ $funcstack[1] == _lbctl ]]; then _lbctl "$@"; else compdef _lbctl lbctl; fi
`;

const FISH = `# fish completion of lbctl; made by "lbctl completion fish"
function __lbctl_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for line in ($words[1] __complete -- $words[2..-1] $current 2>/dev/null)
        if test "$line" = ":files"
            __fish_complete_path $current
        else
            echo $line
        end
    end
end
complete -c lbctl -f -a '(__lbctl_complete)'
`;

export const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };
