//! The README tells the truth: its code is the example's (doctests compile the rest of it), its list is cargo's.

const README: &str = include_str!("../../README.md");

#[test]
fn what_is_shown_as_an_example_is_that_example() {
    for (file, code) in [
        ("kv.rs", include_str!("../src/kv.rs")),
        ("journal.rs", include_str!("../src/journal.rs")),
        ("jobs.rs", include_str!("../src/jobs.rs")),
    ] {
        let (_, example) = code.split_once("\n").unwrap();
        let (_, shown) = README.split_once(&format!("`examples/src/{file}`")).unwrap();
        let (_, shown) = shown.split_once("```rust\n").unwrap();
        let (shown, _) = shown.split_once("```\n").unwrap();
        assert!(shown == example.trim_start_matches('\n'), "copy all of src/{file} but its first line into the README");
    }
}

/// Other systems need other crates; the README has Linux's.
#[cfg(target_os = "linux")]
#[test]
fn the_dependencies_are_cargos() {
    use std::collections::BTreeSet;
    use std::process::Command;

    let list = ["tree", "--package", "rpc-core", "--edges", "normal", "--prefix", "none", "--offline", "--locked"];
    let output = Command::new(env!("CARGO")).args(list).output().unwrap();
    let tree = String::from_utf8(output.stdout).unwrap();
    let ours = ["rpc-core", "rpc-derive"];
    let actual: BTreeSet<_> =
        tree.lines().filter_map(|line| line.split(' ').next()).filter(|name| !ours.contains(name)).collect();
    let (_, section) = README.split_once("## Dependencies\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| ")?.split('|').next());
    let shown: BTreeSet<_> = rows.flat_map(|row| row.split('`').skip(1).step_by(2)).collect();
    assert_eq!(shown, actual);
    assert!(section.contains(&format!("needs {} crates", actual.len())), "there are {}", actual.len());
}
