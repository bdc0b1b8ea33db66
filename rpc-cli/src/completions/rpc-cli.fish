# Completes rpc-cli in fish. In ~/.config/fish/config.fish: rpc-cli completions fish | source

function __rpc_cli_complete
    set -l words (commandline -opc)
    set -e words[1]
    set -l word (commandline -ct)
    # Never the program that was typed, which could be anybody's: only the one that is installed.
    command rpc-cli __complete fish -- $words "$word" 2>/dev/null
end

complete -c rpc-cli -e
complete -c rpc-cli -f -k -a '(__rpc_cli_complete)'
