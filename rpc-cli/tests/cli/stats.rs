//! `stats`.
use crate::pty;
use crate::run::{Place, Seen, Served, Talk};
use crate::zoo::{self, Keeper};
use rpc_core::Limits;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;

fn stats(served: &Served, args: &[&str]) -> Seen {
    served.place.run(&[&["stats", "./s"], args].concat())
}

/// The cells of the row that begins with this one.
fn row<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name}: {text}"));
    line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect()
}

#[test]
fn tables_for_a_person() {
    let served = Served::new();
    served.call(&["Zoo.add", "a=1", "b=2"]).answers("3\n");
    let seen = stats(&served, &[]);
    assert_eq!((seen.code, &*seen.err), (0, ""));
    let first = seen.out.lines().next().unwrap();
    assert!(first.starts_with("serving for "), "{first}");
    assert!(first.contains(&format!(", process {}, ", std::process::id())), "{first}");
    assert!(first.ends_with(" connection open, 2 taken, 0 refused"), "{first}");
    assert_eq!(row(&seen.out, "METHOD ")[..5], ["METHOD", "CALLS", "REFUSED", "FAILED", "CANCELLED"]);
    assert_eq!(row(&seen.out, "Zoo.add ")[..5], ["Zoo.add", "1", "0", "0", "0"]);
    assert!(seen.out.ends_with("\n23 methods have not been called\n"), "{}", seen.out);
    assert!(!seen.out.contains("RUNNING") && !seen.out.contains("Introspection"), "{}", seen.out);
}

#[test]
fn figures_for_a_program() {
    let served = Served::new();
    served.call(&["Zoo.add", "a=1", "b=2"]).answers("3\n");
    let seen = stats(&served, &["-o", "json"]);
    assert_eq!((seen.code, &*seen.err, seen.out.lines().count()), (0, "", 1));
    let figures: Value = serde_json::from_str(&seen.out).unwrap();
    assert_eq!((&figures["pid"], &figures["state"]), (&std::process::id().into(), &"serving".into()));
    assert_eq!(figures["instance"].as_str().unwrap().len(), 16);
    assert_eq!(figures["connections"]["opened"], 2);
    let methods = figures["methods"].as_array().unwrap();
    let add = methods.iter().find(|method| method["method"] == "add" && method["service"] == "Zoo").unwrap();
    assert_eq!(
        (&add["service"], &add["calls"], &add["times"].as_array().unwrap().len()),
        (&"Zoo".into(), &1.into(), &9)
    );
    assert_eq!(figures["incidents"]["stalled"], 0);
    assert_eq!(figures["running"], Value::Array(Vec::new()));
    // What the help tells, and nothing else.
    let help = served.place.run(&["stats", "--help"]).out;
    let keys = [&figures, add, &figures["connections"], &figures["incidents"]]
        .map(|object| object.as_object().unwrap().keys());
    for key in keys.into_iter().flatten() {
        assert!(["open", "opened", "refused"].contains(&&**key) || help.contains(key), "{key}: {help}");
    }
}

/// A call that runs is seen with its caller, on whom it waits.
#[test]
fn calls_that_run() {
    let served = Served::new();
    let mut call = served.place.command(&["call", "./s", "wait_apart", "gate=never", "--timeout", "none"]);
    let mut call = call.spawn().unwrap();
    let seen = loop {
        let seen = stats(&served, &[]);
        if seen.out.contains("\nRUNNING ") {
            break seen;
        }
    };
    let running = row(seen.out.split_once("\nRUNNING ").unwrap().1, "Zoo.wait_apart ");
    assert_eq!(running[3..], [call.id().to_string(), rustix::process::geteuid().as_raw().to_string()], "{}", seen.out);
    call.kill().unwrap();
    call.wait().unwrap();
}

#[test]
fn an_object_a_line_until_ctrl_c() {
    let served = Served::new();
    let mut watch = Talk::with(served.place.command(&["stats", "./s", "--watch", "0.01", "-o", "json"]));
    let calls = |line: &str| {
        let figures: Value = serde_json::from_str(line).unwrap();
        let methods = figures["methods"].as_array().unwrap();
        methods.iter().find(|method| method["method"] == "add" && method["service"] == "Zoo").unwrap()["calls"]
            .as_u64()
            .unwrap()
    };
    assert_eq!(calls(&watch.hear()), 0);
    served.client().add(1, 2).unwrap().unwrap();
    while calls(&watch.hear()) != 1 {}
    kill_process(Pid::from_child(&watch.child), Signal::INT).unwrap();
    assert_eq!(watch.child.wait().unwrap().signal(), Some(2), "which a shell calls 130");
}

#[test]
fn tables_one_after_the_other_in_a_pipe() {
    let served = Served::new();
    served.client().add(1, 2).unwrap().unwrap();
    let mut watch = Talk::with(served.place.command(&["stats", "./s", "--watch=0.01"]));
    let mut heads = Vec::new();
    while heads.len() < 2 {
        heads.extend(Some(watch.hear()).filter(|line| line.starts_with("METHOD ")));
    }
    assert!(!heads[0].contains("CALLS/S") && heads[1].contains("CALLS/S"), "{heads:?}");
    kill_process(Pid::from_child(&watch.child), Signal::KILL).unwrap();
    watch.child.wait().unwrap();
}

/// The second one ends its server, and with that itself.
#[test]
fn a_terminal_shows_the_tables_at_one_place() {
    let Served { place, server, .. } = Served::new();
    let (mut server, mut tables) = (Some(server), 0);
    let shown = pty::on_a_terminal_that(place.command(&["stats", "./s", "--watch=0.01", "--timeout=200ms"]), |line| {
        tables += usize::from(line.contains("\u{1b}[Hserving for "));
        server.take_if(|_| tables == 2).map(|server| server.stop());
    });
    assert!(tables >= 2 && shown.contains("\u{1b}[K\n\u{1b}[J\u{1b}[Hserving for "), "{shown:?}");
    assert!(shown.contains(" stats: "), "{shown:?}");
}

/// The terminal has another size at a later table: no line is wider, and none is scrolled away.
#[test]
fn a_terminal_that_changes_its_size() {
    let Served { place, server, .. } = Served::new();
    let (mut server, mut rows, mut tables, mut fits) = (Some(server), Vec::new(), 0, false);
    let command = place.command(&["stats", "./s", "--watch=0.01", "--timeout=200ms"]);
    pty::on_a_terminal_that_changes(command, |line| {
        let line = line.replace("\u{1b}[K", "").replace("\u{1b}[J", "");
        let Some(first) = line.strip_prefix("\u{1b}[H") else {
            rows.push(line);
            return None;
        };
        let table = std::mem::replace(&mut rows, vec![first.to_owned()]);
        tables += 1;
        fits = table.len() == 2 && table.iter().all(|row| row.trim_end().chars().count() <= 20);
        // Its end is the program's, too.
        server.take_if(|_| fits || tables == 500).map(|server| server.stop());
        server.as_ref().map(|_| (3, 20))
    });
    assert!(fits, "the last of {tables} tables: {rows:?}");
}

#[test]
fn a_server_that_is_started_anew_while_it_is_watched() {
    let Served { place, server, keeper } = Served::new();
    let mut watch = Talk::with(place.command(&["stats", "./s", "-w", "0.01", "-o", "json"]));
    let mut hear = || serde_json::from_str::<Value>(&watch.hear()).unwrap();
    let first = hear();
    server.stop();
    let _again = zoo::server(&keeper).listen(place.path("s").to_str().unwrap()).unwrap();
    let second = std::iter::repeat_with(&mut hear).find(|figures| figures["instance"] != first["instance"]).unwrap();
    assert_eq!(second["pid"], first["pid"], "both are of this process");
    hear();
    kill_process(Pid::from_child(&watch.child), Signal::INT).unwrap();
    assert_eq!(watch.child.wait().unwrap().signal(), Some(2));
}

/// While nobody is there Ctrl-C ends it as well.
#[test]
fn ctrl_c_while_the_server_is_away() {
    let Served { place, server, .. } = Served::new();
    let mut watch = Talk::with(place.command(&["stats", "./s", "-w", "0.01", "-o", "json", "--timeout", "1h"]));
    watch.hear();
    server.stop();
    kill_process(Pid::from_child(&watch.child), Signal::INT).unwrap();
    assert_eq!(watch.child.wait().unwrap().signal(), Some(2));
}

#[test]
fn a_pipe_that_nobody_reads_any_more() {
    let served = Served::new();
    let mut command = served.place.command(&["stats", "./s", "--watch=0.01"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("serving for "), "{line}");
    let seen = Seen::of(child.wait_with_output().unwrap());
    assert_eq!(seen.err, "", "as with `| head`: {}", seen.code);
}

#[test]
fn a_server_that_dies_while_it_is_watched() {
    let served = Served::new();
    let mut watch =
        Talk::with(served.place.command(&["stats", "./s", "-w", "0.01", "-o", "json", "--timeout", "200ms"]));
    watch.hear();
    served.server.stop();
    let seen = watch.end();
    assert!([3, 5, 7].contains(&seen.code), "{} {}", seen.code, seen.err);
    assert!(seen.err.starts_with("error: stats: "), "{}", seen.err);
}

#[test]
fn pauses_that_are_none() {
    let place = Place::new();
    for watch in [&["--watch=0"][..], &["--watch", "./s"], &["-w", "-1"]] {
        let seen = place.run(&[&["stats"], watch, &["./s"]].concat());
        assert_eq!((seen.code, &*seen.out), (2, ""), "{watch:?}: {}", seen.err);
    }
    let seen = place.run(&["stats", "--watch", "./s"]);
    assert!(seen.err.contains("does the address come first?"), "{}", seen.err);
}

/// A server that tells nothing of itself is there all the same.
#[test]
fn a_server_without_introspection() {
    let place = Place::new();
    let server = zoo::server(&Keeper::default()).limits(Limits::default()).without_introspection();
    let _server = server.listen(place.path("s").to_str().unwrap()).unwrap();
    for args in [&["stats", "./s"][..], &["describe", "./s"], &["call", "./s", "add", "a=1", "b=2"]] {
        let seen = place.run(args);
        let told = "it serves Zoo, Desk, and does without Introspection (`ping` works)";
        seen.fails(6, &format!("error: ./s tells nothing of itself: {told}\n"));
    }
    assert_eq!(place.run(&["ping", "./s", "-c", "1"]).code, 0);
}
