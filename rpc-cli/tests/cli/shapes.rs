//! Answers of every shape, and of what no honest server answers, in every format.
#[cfg(target_os = "linux")]
use crate::pty::on_a_terminal;
use crate::run::{Place, Seen};
use rpc_core::{Context, Listening, Schema, Server, Service};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Sets a terminal's title, its colour, and the direction of its text.
const HOSTILE: &str = "\u{1b}]0;\u{9b}31m\u{7f}\u{202e}";

/// All of `-o`.
const FORMATS: [&str; 6] = ["json", "pretty", "raw", "table", "hex", "none"];

/// One method for each shape.
#[derive(Service)]
enum Shapes {
    #[rpc(returns = Vec<Job>)]
    Jobs,
    #[rpc(returns = BTreeMap<String, u32>)]
    Counts,
    #[rpc(returns = BTreeMap<(u8, u8), bool>)]
    Grid,
    #[rpc(returns = Result<Vec<String>, String>)]
    Names,
    #[rpc(returns = char)]
    Letter,
    #[rpc(returns = Option<Vec<u8>>)]
    Picture,
    #[rpc(returns = Title)]
    Title,
    #[doc = "A \u{1b}[31mred\u{9b}\u{202e} doc."]
    #[rpc(returns = Hostile)]
    Hostile,
    #[rpc(returns = String)]
    HostileText,
    #[rpc(returns = BTreeMap<String, String>)]
    HostileMap,
    /// The error has the same text.
    #[rpc(returns = Result<(), Hostile>)]
    HostileError,
    /// Rows of which the first is so long.
    #[rpc(returns = Vec<Job>)]
    Wide { chars: u32, rows: u32 },
    /// Maps that have no key in common.
    #[rpc(returns = Vec<BTreeMap<String, u8>>)]
    Diagonal { rows: u32 },
    /// One map has keys, and so many have none.
    #[rpc(returns = Vec<BTreeMap<String, u8>>)]
    Sparse { rows: u32 },
    /// A text that is so long.
    #[rpc(returns = String)]
    Long { chars: u32 },
}

#[derive(Debug, Serialize, Deserialize, Schema)]
struct Job {
    name: String,
    r#type: Option<u8>,
    after: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize, Schema)]
struct Title(String);

#[derive(Debug, Serialize, Deserialize, Schema)]
struct Hostile {
    text: String,
    map: BTreeMap<String, String>,
}

struct Shaper;

impl ShapesHandler for Shaper {
    fn jobs(&self, _cx: &Context) -> Vec<Job> {
        let after = ["build", "a\nb"].map(str::to_owned).to_vec();
        vec![
            Job { name: "build".to_owned(), r#type: Some(7), after: Vec::new() },
            Job { name: "te\tst".to_owned(), r#type: None, after },
        ]
    }
    fn counts(&self, _cx: &Context) -> BTreeMap<String, u32> {
        [("b".to_owned(), 2), ("a long name".to_owned(), 10)].into()
    }
    fn grid(&self, _cx: &Context) -> BTreeMap<(u8, u8), bool> {
        [((1, 2), true)].into()
    }
    fn names(&self, _cx: &Context) -> Result<Vec<String>, String> {
        Ok(vec!["a b".to_owned(), "\"c\"".to_owned()])
    }
    fn letter(&self, _cx: &Context) -> char {
        'é'
    }
    fn picture(&self, _cx: &Context) -> Option<Vec<u8>> {
        Some(vec![0, 0xff, b'\n', 0x1b])
    }
    fn title(&self, _cx: &Context) -> Title {
        Title("two\r\nlines".to_owned())
    }
    fn hostile(&self, _cx: &Context) -> Hostile {
        Hostile { text: HOSTILE.to_owned(), map: [(HOSTILE.to_owned(), HOSTILE.to_owned())].into() }
    }
    fn hostile_text(&self, _cx: &Context) -> String {
        HOSTILE.to_owned()
    }
    fn hostile_map(&self, cx: &Context) -> BTreeMap<String, String> {
        self.hostile(cx).map
    }
    fn hostile_error(&self, cx: &Context) -> Result<(), Hostile> {
        Err(self.hostile(cx))
    }
    fn wide(&self, _cx: &Context, chars: u32, rows: u32) -> Vec<Job> {
        let name = |row| "x".repeat(if row == 0 { chars as usize } else { 1 });
        (0..rows).map(|row| Job { name: name(row), r#type: Some(1), after: Vec::new() }).collect()
    }
    fn diagonal(&self, _cx: &Context, rows: u32) -> Vec<BTreeMap<String, u8>> {
        (0..rows).map(|row| [(row.to_string(), 1)].into()).collect()
    }
    fn sparse(&self, _cx: &Context, rows: u32) -> Vec<BTreeMap<String, u8>> {
        let full = (0..64).map(|key| (format!("{key:064}"), 1)).collect();
        let mut maps = vec![full];
        maps.resize(rows as usize, BTreeMap::new());
        maps
    }
    fn long(&self, _cx: &Context, chars: u32) -> String {
        // Each is six in JSON.
        "\u{1}".repeat(chars as usize)
    }
}

/// A server of shapes at `./s`.
struct Shaped {
    place: Place,
    _server: Listening,
}

impl Shaped {
    fn new() -> Self {
        let place = Place::new();
        let server = Server::new(Shapes::serve(Shaper)).listen(place.path("s").to_str().unwrap()).unwrap();
        Self { place, _server: server }
    }

    fn call(&self, args: &[&str]) -> Seen {
        self.place.run(&[&["call", "./s"], args].concat())
    }

    /// On a terminal that has colours, with these in the environment.
    #[cfg(target_os = "linux")]
    fn on_a_terminal(&self, args: &[&str], variables: &[(&str, &str)]) -> String {
        let mut command = self.place.command(args);
        command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE").env("TERM", "xterm");
        command.envs(variables.iter().copied());
        on_a_terminal(command)
    }
}

#[test]
fn tables_of_structs_maps_and_lists() {
    let shaped = Shaped::new();
    let table = |method| shaped.call(&[method, "-o", "table"]);
    table("jobs").answers(
        "NAME    TYPE  AFTER\n\
         build   7     []\n\
         te\\tst  -     [\"build\",\"a\\nb\"]\n",
    );
    table("counts").answers("NAME         VALUE\na long name  10\nb            2\n");
    table("grid").answers("VALUE\n[[1,2],true]\n");
    table("names").answers("VALUE\na b\n\"c\"\n");
    table("letter").answers("é\n");
    table("title").answers("two\\r\\nlines\n");
}

/// What a table is made of grows with the answer, and not with the square of it.
#[test]
fn tables_stay_small_whatever_a_server_answers() {
    let shaped = Shaped::new();
    let seen = shaped.call(&["wide", "chars=70000", "rows=1000", "-o", "table"]);
    assert_eq!((seen.code, &*seen.err), (0, ""));
    assert!(seen.out.len() < 70_000 + 1000 * 100, "{}", seen.out.len());
    let seen = shaped.call(&["diagonal", "rows=2000", "-o", "table"]);
    assert_eq!((seen.code, &*seen.err, seen.out.lines().count()), (0, "", 2001));
    assert!(seen.out.starts_with("VALUE\n{\"0\":1}\n{\"1\":1}\n") && seen.out.len() < 2001 * 12, "{}", seen.out.len());
    let seen = shaped.call(&["sparse", "rows=2000", "-o", "table"]);
    assert_eq!((seen.code, &*seen.err, seen.out.lines().count()), (0, "", 2001));
    assert!(seen.out.ends_with("}\n{}\n{}\n"));
    let seen = shaped.call(&["long", "chars=1000000", "-o", "table"]);
    let problem = "more than 4 MiB are no table (-o json has no limit)";
    seen.fails(74, &format!("error: cannot write the output: {problem}\n"));
    assert_eq!(shaped.call(&["long", "chars=1000000", "-o", "json"]).out.len(), 6_000_003);
}

/// Forced colours are for what has colours: a file gets the very bytes.
#[test]
fn raw_is_what_the_server_answered_with_colours_too() {
    let shaped = Shaped::new();
    for variables in [&[][..], &[("CLICOLOR_FORCE", "1")]] {
        for color in ["auto", "always", "never"] {
            let raw = |method: &str| {
                let mut command = shaped.place.command(&["call", "./s", method, "-o", "raw", "--color", color]);
                command.envs(variables.iter().copied()).output().unwrap().stdout
            };
            assert_eq!(raw("picture"), [0, 0xff, b'\n', 0x1b], "{color} {variables:?}");
            assert_eq!(raw("title"), b"two\r\nlines\n", "{color} {variables:?}");
            assert_eq!(raw("letter"), "é\n".as_bytes(), "{color} {variables:?}");
        }
    }
    shaped.call(&["names", "-o", "raw"]).answers("[\"a b\",\"\\\"c\\\"\"]\n");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_in_every_format() {
    let shaped = Shaped::new();
    for format in FORMATS.into_iter().filter(|format| *format != "none") {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command = shaped.place.command(&["call", "./s", "title", "-o", format]);
        let seen = Seen::of(command.stdout(full).output().unwrap());
        seen.fails(74, "error: cannot write the output: No space left on device (os error 28)\n");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_has_colours_unless_someone_objects() {
    let shaped = Shaped::new();
    let (plain, colored) = ("\"é\"\n", "\u{1b}[32m\"é\"\u{1b}[0m\n");
    let letter = |color: &str, variables: &[(&str, &str)]| {
        shaped.on_a_terminal(&["call", "./s", "letter", "--color", color], variables)
    };
    assert_eq!(letter("auto", &[]), colored);
    assert_eq!(letter("auto", &[("NO_COLOR", "")]), colored);
    assert_eq!(letter("auto", &[("NO_COLOR", "1")]), plain);
    assert_eq!(letter("auto", &[("TERM", "dumb")]), plain);
    assert_eq!(letter("never", &[("CLICOLOR_FORCE", "1")]), plain);
    assert_eq!(letter("always", &[("NO_COLOR", "1"), ("TERM", "dumb")]), colored);
}

#[cfg(target_os = "linux")]
#[test]
fn nothing_acts_on_a_terminal_in_any_format() {
    let shaped = Shaped::new();
    for color in ["always", "never"] {
        for format in FORMATS {
            for method in ["hostile", "hostile_text", "hostile_map"] {
                let seen = shaped.on_a_terminal(&["call", "./s", method, "-o", format, "--color", color], &[]);
                assert_eq!(seen.contains("31m"), !matches!(format, "hex" | "none"), "{format}: {seen:?}");
                assert_harmless(&seen);
            }
        }
        for errors in ["words", "json"] {
            let args = ["call", "./s", "hostile_error", "--errors", errors, "--color", color];
            let seen = shaped.on_a_terminal(&args, &[]);
            assert!(seen.contains("31m"), "{seen:?}");
            assert_harmless(&seen);
        }
        for format in ["text", "json"] {
            let seen = shaped.on_a_terminal(&["describe", "./s", "--format", format, "--color", color], &[]);
            assert!(seen.contains("[31mred"), "{seen:?}");
            assert_harmless(&seen);
        }
    }
    let picture = shaped.on_a_terminal(&["call", "./s", "picture", "-o", "raw"], &[]);
    assert_eq!(picture, "\\u{0}\u{fffd}\n\\u{1b}\n");
}

/// The colours are ours; beside them there are lines.
#[cfg(target_os = "linux")]
#[track_caller]
fn assert_harmless(seen: &str) {
    let mut rest = seen.to_owned();
    for color in ["0", "1", "31", "32", "34", "35", "36", "90"] {
        rest = rest.replace(&format!("\u{1b}[{color}m"), "");
    }
    let acting = rest.chars().find(|sign| *sign != '\n' && rpc_core::schema::is_unprintable(*sign));
    assert_eq!(acting, None, "{seen:?}");
}
