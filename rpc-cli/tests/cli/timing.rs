//! `-v`: what each step took, on stderr.
use crate::run::Served;

/// `step 0.012 ms` for each step, then the sizes if there was a call.
#[track_caller]
fn tells(err: &str, steps: &[&str], sizes: Option<&str>) {
    let line = err.strip_suffix('\n').unwrap();
    let times = match sizes {
        None => line,
        Some(sizes) => line.strip_suffix(sizes).and_then(|times| times.strip_suffix(", ")).expect(line),
    };
    let told: Vec<_> = times.split(", ").map(|step| step.split(' ').collect::<Vec<_>>()).collect();
    assert_eq!(told.len(), steps.len(), "{line}");
    for (told, step) in told.iter().zip(steps) {
        let [name, time, "ms"] = told[..] else { panic!("{line}") };
        let time: f64 = time.parse().unwrap();
        // Nothing takes no time at all, and a test has to end.
        assert!(name == *step && time > 0.0 && time < 60_000.0, "{line}");
    }
}

#[test]
fn a_call_tells_its_steps_and_sizes() {
    let served = Served::new();
    let seen = served.call(&["-v", "echo", "text=abc"]);
    assert_eq!((seen.code, &*seen.out), (0, "\"abc\"\n"));
    tells(&seen.err, &["connect", "handshake", "schema", "open", "call"], Some("4 bytes out, 4 bytes in"));
}

#[test]
fn a_call_that_fails_tells_them_before_the_error() {
    let served = Served::new();
    let seen = served.call(&["-v", "panic"]);
    let (timing, error) = seen.err.split_once('\n').unwrap();
    assert_eq!(
        (seen.code, error),
        (8, "error: Zoo.panic: the handler panicked\n  what it said is in the server's own output\n")
    );
    tells(&format!("{timing}\n"), &["connect", "handshake", "schema", "open", "call"], Some("0 bytes out, 0 bytes in"));
}

#[test]
fn others_tell_how_they_got_the_schema() {
    let served = Served::new();
    for args in [&["describe", "./s", "echo", "--verbose"][..], &["ls", "./s", "-v"]] {
        let seen = served.place.run(args);
        assert_eq!(seen.code, 0);
        tells(&seen.err, &["connect", "handshake", "schema"], None);
    }
}
