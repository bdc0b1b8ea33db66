#compdef rpc-cli
# Completes rpc-cli in zsh. In ~/.zshrc, after compinit: source <(rpc-cli completions zsh)
# It may as well be a file _rpc-cli in a directory of $fpath.

_rpc-cli() {
    local line text
    local -a whole open
    # Never the program that was typed, which could be anybody's: only the one that is installed.
    command rpc-cli __complete zsh -- "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null |
        while IFS= read -r line; do
            text=${line%%$'\t'*}
            # `_describe` takes what follows a colon for the description, and a backslash for a quote.
            if [[ $line == *$'\t'* ]]; then
                line=${line#*$'\t'}
                line="${text//:/\\:}:${line//\\/\\\\}"
            else
                line=${text//:/\\:}
            fi
            # No blank where the word goes on.
            if [[ $text == *[=./] ]]; then
                open+=("$line")
            else
                whole+=("$line")
            fi
        done
    _describe -V 'rpc-cli' whole -- open -S ''
}

if [[ $funcstack[1] == _rpc-cli ]]; then
    _rpc-cli "$@"
else
    compdef _rpc-cli rpc-cli
fi
