//! The scripts, sourced and run by the shells that they are for.
use super::{prompt::Prompt, soon};
use crate::run::{Place, Seen, Served};
use std::{
    env, fs,
    path::Path,
    process::{Command, Stdio},
};

/// Set where all shells are installed: then none may be missing.
const ALL_SHELLS: &str = "RPC_TEST_SHELLS";

/// A shell in `place` that finds the program; none if it is not installed.
fn shell(place: &Place, program: &str, args: &[&str]) -> Option<Command> {
    let there = |program| Command::new(program).arg("--version").stdout(Stdio::null()).status().is_ok();
    for needed in [program, "setsid"] {
        if !there(needed) {
            assert!(env::var_os(ALL_SHELLS).is_none(), "{needed} is not installed, but ${ALL_SHELLS} is set");
            println!("SKIPPED: {needed} is not installed");
            return None;
        }
    }
    let programs = Path::new(env!("CARGO_BIN_EXE_rpc-cli")).parent().unwrap();
    let path = format!("{}:{}", programs.display(), env::var("PATH").unwrap());
    let mut command = Command::new(program);
    command.args(args).current_dir(place.path("")).env("PATH", path).env("RPC_ADDR", "./s");
    command.env("HOME", place.path("")).env("XDG_CACHE_HOME", place.path("cache"));
    command.env("XDG_CONFIG_HOME", place.path("config")).env("XDG_DATA_HOME", place.path("data"));
    Some(command)
}

/// A server whose schema is known to the cache as well, in case that it is asked at a bad moment.
fn known_server() -> Served {
    let served = Served::new();
    fs::write(served.place.path("file"), "").unwrap();
    assert_eq!(served.describe(&[]).code, 0);
    served
}

#[test]
fn the_scripts_are_printed() {
    let place = Place::new();
    for (shell, begin) in [("bash", "# Completes"), ("zsh", "#compdef rpc-cli\n"), ("fish", "# Completes")] {
        let seen = place.run(&["completions", shell]);
        assert!(seen.code == 0 && seen.out.starts_with(begin) && seen.err.is_empty(), "{seen:?}");
    }
}

/// Bash tells a completion function what is typed by variables.
#[test]
fn bash_calls_the_function() {
    let served = known_server();
    let answer = |line: &str| {
        let script = r#"source <(rpc-cli completions bash)
            COMP_WORDBREAKS=$' \t\n"\'><=;|&(:' COMP_LINE=$LINE COMP_POINT=${#LINE}
            _rpc_cli
            printf '<%s>' "${COMPREPLY[@]}""#;
        let mut bash = shell(&served.place, "bash", &["--norc", "-c", script])?;
        Some(Seen::of(bash.env("LINE", line).output().unwrap()))
    };
    for (line, expected) in [
        ("rpc-cli c", "<call><completions>"),
        ("rpc-cli call ./s ec", "<echo>"),
        ("rpc-cli call ./s put entry.no", "<entry.note=>"),
        ("rpc-cli call ./s add a=1 ", "<>"),
        ("rpc-cli --color=a", "<auto><always>"),
        ("rpc-cli describe ./s 'Si", "<Size>"),
    ] {
        let Some(_) = answer(line) else { return };
        let as_expected = || answer(line).is_some_and(|seen| (seen.code, &*seen.out, &*seen.err) == (0, expected, ""));
        assert!(soon(as_expected), "{line}: {:?}", answer(line));
    }
}

#[test]
fn bash_at_a_terminal() {
    let served = known_server();
    let Some(bash) = shell(&served.place, "bash", &["--norc", "--noprofile", "-i"]) else { return };
    let setup = "source <(rpc-cli completions bash); alias rpc=rpc-cli; complete -F _rpc_cli rpc";
    let prompt = Prompt::start(&bash, setup);
    at_a_terminal(&prompt);
    prompt.lists("rpc-cli call ./s Desk.", "Desk.paint");
    prompt.completes("A=1 rpc-cli call ./s ec", "x", &["A=1", "rpc-cli", "call", "./s", "echo", "x"]);
    prompt.lists("true; rpc-cli call ./s own", "owner");
}

#[test]
fn zsh_at_a_terminal() {
    let served = known_server();
    let Some(zsh) = shell(&served.place, "zsh", &["-f", "-i"]) else { return };
    let setup =
        "bindkey -e; autoload -Uz compinit; compinit -u -D; source <(rpc-cli completions zsh); alias rpc=rpc-cli";
    let prompt = Prompt::start(&zsh, setup);
    at_a_terminal(&prompt);
    prompt.lists("rpc-cli describe ./s pa", "-- Panics. panic()");
    prompt.lists("rpc-cli call ./s Desk.", "-- A \\u{1b}[31mred\\u{202e} doc. paint()");
}

/// What both shells do alike.
fn at_a_terminal(prompt: &Prompt) {
    prompt.completes("rpc-cli comp", "x", &["rpc-cli", "completions", "x"]);
    prompt.completes("rpc-cli call ./s ec", "x", &["rpc-cli", "call", "./s", "echo", "x"]);
    prompt.completes("rpc call ./s ec", "x", &["rpc", "call", "./s", "echo", "x"]);
    prompt.completes("rpc-cli --errors=j", "x", &["rpc-cli", "--errors=json", "x"]);
    prompt.completes("rpc-cli call ./s echo te", "x", &["rpc-cli", "call", "./s", "echo", "text=x"]);
    prompt.completes("rpc-cli call ./s put en", "x", &["rpc-cli", "call", "./s", "put", "entry.x"]);
    prompt.completes("rpc-cli call ./s put entry.t", "x", &["rpc-cli", "call", "./s", "put", "entry.tags[]=x"]);
    prompt.completes("rpc-cli call ./s \"ec", "x", &["rpc-cli", "call", "./s", "echo", "x"]);
    prompt.completes("rpc-cli call './s' ec", "x", &["rpc-cli", "call", "./s", "echo", "x"]);
    prompt.completes("rpc-cli call ./s Desk.p", "x", &["rpc-cli", "call", "./s", "Desk.paint", "x"]);
    prompt.completes("rpc-cli call ./s echo text=@fi", "x", &["rpc-cli", "call", "./s", "echo", "text=@file", "x"]);
    prompt.completes("rpc-cli ping :", "x", &["rpc-cli", "ping", ":", "x"]);
    prompt.completes("rpc-cli call : ec", "x", &["rpc-cli", "call", ":", "echo", "x"]);
    let path = env!("CARGO_BIN_EXE_rpc-cli");
    prompt.completes(&format!("{path} call ./s ec"), "x", &[path, "call", "./s", "echo", "x"]);
    prompt.completes("rpc-cli call ./s nothing", "x", &["rpc-cli", "call", "./s", "nothingx"]);
}

#[test]
fn fish_completes() {
    let served = known_server();
    let answer = |line: &str| {
        let script = "rpc-cli completions fish | source; complete -C $LINE";
        let mut fish = shell(&served.place, "fish", &["--no-config", "-c", script])?;
        Some(Seen::of(fish.env("LINE", line).output().unwrap()))
    };
    for (line, expected) in [
        (
            "rpc-cli comp",
            "completions\tPrints a script that completes commands, addresses, methods and arguments on th…\n",
        ),
        ("rpc-cli call ./s ec", "echo\tThe same text. echo(text: String) -> String\n"),
        ("rpc-cli call './s' \"ec", "echo\tThe same text. echo(text: String) -> String\n"),
        ("rpc-cli call ./s put entry.k", "entry.key=\tString What it is found by.\n"),
        (
            "rpc-cli call --out",
            "--output\tHow an answer or item is written [default: pretty on a terminal, else json]\n",
        ),
        ("rpc-cli --errors=j", "--errors=json\tAs one JSON object in one line, for a program\n"),
        (
            "rpc-cli call --output r",
            "raw\tA string and a line end, or bytes alone; nothing for None of these; else json\n",
        ),
        (
            "rpc-cli call ./s Desk.",
            "Desk.add\tAdds an entry. add(entry: Entry)\nDesk.paint\tA \\u{1b}[31mred\\u{202e} doc. paint()\n",
        ),
        ("rpc-cli call ./s nothing", ""),
    ] {
        let Some(_) = answer(line) else { return };
        let as_expected =
            || answer(line).is_some_and(|seen| seen.code == 0 && seen.out == expected && seen.err.is_empty());
        assert!(soon(as_expected), "{line}: {:?}", answer(line));
    }
}
