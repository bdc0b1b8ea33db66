//! The man pages.
use crate::run::Place;
use std::fs;

#[test]
fn a_page_for_each_command_says_what_help_says() {
    let place = Place::new();
    place.run(&["man", "."]).answers("");
    let mut names: Vec<_> =
        fs::read_dir(place.path("")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let commands = ["call", "completions", "describe", "each", "ls", "man", "ping", "stats", "wait"];
    let expected: Vec<_> = commands.iter().map(|command| format!("rpc-cli-{command}.1")).collect();
    assert_eq!(names, [expected, vec!["rpc-cli.1".to_owned()]].concat());
    for name in names {
        let page = fs::read_to_string(place.path(&name)).unwrap();
        assert!(page.contains(&format!(".TH {} 1", name.trim_end_matches(".1"))), "{page}");
        assert_eq!(page.contains("\n.SH EXAMPLES\n.nf\n"), name == "rpc-cli-call.1", "{page}");
        // Columns stay as they are between these two.
        let has_codes = page.contains(".SH \"EXIT CODES\"\n.nf\n    0  done\n");
        assert_eq!(has_codes, !name.contains("completions") && !name.contains("man"), "{page}");
    }
}

#[test]
fn a_directory_that_is_not_there() {
    let place = Place::new();
    let seen = place.run(&["man", "nowhere"]);
    seen.fails(74, "error: cannot write nowhere/rpc-cli.1: No such file or directory (os error 2)\n");
}
