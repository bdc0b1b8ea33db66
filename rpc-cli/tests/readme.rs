//! The README's transcripts are what the real program prints.
//!
//! A block that begins with "```console" is run line by line: `$ command`, then all that it printed. What differs from run
//! to run and from machine to machine is written in the README as on the machine of its reader: see `as_in_the_readme`.
#![cfg(unix)]
use examples::JobRunner;
use examples::jobs::Jobs;
use examples::kv::{Kv, Store};
use rpc_core::Server;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

const README: &str = include_str!("../../README.md");

/// The lines that were typed in a section, each with the lines that it brought.
fn transcript(heading: &str) -> Vec<(String, String)> {
    let (_, section) = README.split_once(&format!("\n## {heading}\n")).expect("the README has that section");
    let (section, _) = section.split_once("\n## ").unwrap();
    let (_, block) = section.split_once("```console\n").expect("the section has a transcript");
    let (block, _) = block.split_once("```\n").unwrap();
    let mut steps: Vec<(String, String)> = Vec::new();
    for line in block.lines() {
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (Some(command), _) => steps.push((command.to_owned(), String::new())),
            (None, Some((_, printed))) => printed.extend([line, "\n"]),
            (None, None) => panic!("the transcript begins with a command"),
        }
    }
    steps
}

/// Runs a line in a shell, in a registry of its own; gives all that appears on the screen.
fn run(line: &str, runtime: &Path) -> String {
    let programs = Path::new(env!("CARGO_BIN_EXE_rpc-cli")).parent().unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{{ {line}\n}} 2>&1")]).current_dir(runtime).env_remove("RPC_ADDR");
    ["CLICOLOR_FORCE", "CI"].into_iter().for_each(|name| _ = shell.env_remove(name));
    shell.env("PATH", path).env("XDG_RUNTIME_DIR", runtime).env("XDG_CACHE_HOME", runtime);
    String::from_utf8(shell.output().unwrap().stdout).unwrap()
}

/// This test's registry, process and user as the README has them. Columns are as wide as what is in them.
fn as_in_the_readme(printed: &str, runtime: &Path) -> String {
    let mut text = printed.replace(runtime.to_str().unwrap(), "/run/user/1000");
    let uid = rustix::process::getuid().as_raw();
    for (ours, theirs) in [(std::process::id(), 4711), (uid, 1000)] {
        text = text.replace(&format!(" {ours} "), &format!(" {theirs} "));
    }
    text
}

/// With single blanks.
fn narrow(text: &str) -> String {
    text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ") + "\n").collect()
}

/// Serves under that name, in a registry with nobody else, and runs a section's transcript.
fn check(heading: &str, name: &str, server: Server) {
    let runtime = tempfile::tempdir().unwrap();
    let registry = runtime.path().join("rpc");
    fs::create_dir(&registry).unwrap();
    fs::set_permissions(&registry, Permissions::from_mode(0o700)).unwrap();
    let _server = server.listen(registry.join(name).with_extension("sock").to_str().unwrap()).unwrap();
    let steps = transcript(heading);
    assert!(steps.len() >= 7, "there are {} steps", steps.len());
    for (command, shown) in steps {
        let printed = as_in_the_readme(&run(&command, runtime.path()), runtime.path());
        if command == "rpc-cli ls" {
            assert_eq!(narrow(&printed), narrow(&shown), "$ {command}");
        } else {
            assert_eq!(printed, shown, "$ {command}");
        }
    }
}

#[test]
fn the_stores_transcript_is_what_the_program_prints() {
    check("From a shell", "kv", Server::new(Kv::serve(Store::default())));
}

#[test]
fn the_job_runners_transcript_is_what_the_program_prints() {
    check("A job runner", "jobs", Server::new(Jobs::serve(JobRunner::default())));
}
