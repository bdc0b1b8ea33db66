# Completes rpc-cli in bash. In ~/.bashrc: source <(rpc-cli completions bash)
# An alias of one word, such as `alias rpc=rpc-cli`, also needs: complete -F _rpc_cli rpc

_rpc_cli() {
    local candidate
    COMPREPLY=()
    # Never the program that was typed, which could be anybody's: only the one that is installed.
    while IFS= read -r candidate; do
        COMPREPLY+=("$candidate")
    done < <(command rpc-cli __complete bash -- "$COMP_WORDBREAKS" "${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
    # No blank where the word goes on.
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=./] ]]; then
        compopt -o nospace 2>/dev/null
    fi
}

complete -F _rpc_cli rpc-cli
