//! `jobs`: commands that outlive whoever started them, their output, and every way in which they end.
use super::{TIME_MAX, files, start};
use examples::jobs::{Job, JobError, Jobs, JobsClient, State};
use rpc_core::fixture::TestServer;
use rpc_core::{Client, Error, Limits};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

const JOBS: &str = env!("CARGO_BIN_EXE_jobs");

/// What a job runner keeps of a job's output.
const KEPT_BYTES_MAX: usize = 1 << 20;

struct Scene {
    server: TestServer,
}

impl Scene {
    fn new() -> Self {
        Self { server: start(JOBS) }
    }

    fn client(&self) -> JobsClient {
        Jobs::connect(self.server.address()).unwrap()
    }

    /// What holds up a job that reads it, until it is opened for writing and closed.
    fn pipe(&self) -> PathBuf {
        let pipe = self.server.directory().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        pipe
    }

    /// The status of a command line, what it printed, and what it said.
    fn run(&self, words: &[&str]) -> (Option<i32>, String, String) {
        let output = Command::new(JOBS).arg("--at").arg(self.server.address()).args(words).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    }
}

/// Waits for something that comes to be true by itself.
fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < TIME_MAX, "{what}");
        thread::yield_now();
    }
}

fn state(jobs: &JobsClient, job: u64) -> State {
    jobs.list().unwrap().into_iter().find(|known| known.job == job).unwrap().state
}

/// All that a job prints, and how it ends.
fn follow(jobs: &JobsClient, job: u64) -> (Vec<String>, State) {
    let mut lines = jobs.follow(job);
    let printed = lines.items().collect::<Result<_, _>>().unwrap();
    (printed, lines.finish().unwrap().unwrap())
}

/// A process that may be nobody's child any more. What is killed with its parent is reaped by somebody else, in his own time.
fn has_ended(pid: &str) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    test_kill_process(process(pid)).is_err() || status.is_ok_and(|status| status.contains(") Z "))
}

/// The program that a process runs.
fn name(pid: &str) -> String {
    let output = Command::new("ps").args(["-o", "comm=", "-p", pid]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

fn process(pid: &str) -> Pid {
    Pid::from_raw(pid.parse().unwrap()).unwrap()
}

#[test]
fn a_daemon_and_its_command_line() {
    let scene = Scene::new();
    let printed = |text: &str| (Some(0), text.to_owned(), String::new());
    assert_eq!(scene.run(&["start", "echo out; echo err >&2; printf end; exit 3"]), printed("1\n"));
    assert_eq!(scene.run(&["follow", "1"]), (Some(3), "out\nerr\nend\n".to_owned(), String::new()));
    assert_eq!(scene.run(&["start", "sleep 100"]), printed("2\n"));
    let first = "1\tExited { code: 3 }\techo out; echo err >&2; printf end; exit 3\n";
    assert_eq!(scene.run(&["list"]), printed(&format!("{first}2\tRunning\tsleep 100\n")));
    assert_eq!(scene.run(&["cancel", "2"]), printed(""));
    assert_eq!(scene.run(&["list"]), printed(&format!("{first}2\tKilled\tsleep 100\n")), "at once");
    let killed = "jobs: job 2 was killed\n";
    assert_eq!(scene.run(&["follow", "2"]), (Some(1), String::new(), killed.to_owned()));
    assert_eq!(scene.run(&["cancel", "2"]), printed(""), "it is done once more in vain");
    for command in ["follow", "cancel"] {
        assert_eq!(scene.run(&[command, "7"]), (Some(1), String::new(), "jobs: there is no job 7\n".to_owned()));
    }
    scene.server.stop().unwrap();
    assert_eq!(files(&scene.server), [""; 0]);
}

#[test]
fn everybody_who_follows_a_job_sees_all_of_it_as_it_comes() {
    let scene = Scene::new();
    let (jobs, pipe) = (scene.client(), scene.pipe());
    // A job that prints what it is told.
    let job = jobs.start(&format!("echo begun; cat {}", pipe.display())).unwrap().unwrap();
    let mut early = jobs.follow(job);
    assert_eq!(early.recv().unwrap().unwrap(), "begun");
    let mut told = OpenOptions::new().write(true).open(&pipe).unwrap();
    told.write_all(b"more\n").unwrap();
    assert_eq!(early.recv().unwrap().unwrap(), "more", "while it runs");
    let mut late = scene.client().follow(job);
    let both = [late.recv(), late.recv()].map(|line| line.unwrap().unwrap());
    assert_eq!(both, ["begun", "more"]);
    drop(told);
    for mut lines in [early, late] {
        assert!(lines.recv().is_none());
        assert_eq!(lines.finish().unwrap(), Ok(State::Exited { code: 0 }));
    }
    assert_eq!(follow(&jobs, job), (vec!["begun".to_owned(), "more".to_owned()], State::Exited { code: 0 }));
}

#[test]
fn cancel_kills_all_that_a_job_has_started() {
    let scene = Scene::new();
    let jobs = scene.client();
    // The shell has ended, waits, or can print no more: a job is what it has started, too.
    for command in ["sleep 100 & echo $!", "sleep 100 & echo $!; wait", "echo $$; exec sleep 100 >/dev/null 2>&1"] {
        let job = jobs.start(command).unwrap().unwrap();
        let mut lines = jobs.follow(job);
        let pid = lines.recv().unwrap().unwrap();
        wait_until("it does not sleep", || name(&pid) == "sleep");
        assert_eq!(state(&jobs, job), State::Running, "{command}");
        jobs.cancel(job).unwrap().unwrap();
        assert!(lines.recv().is_none());
        let end = lines.finish().unwrap().unwrap();
        assert!(matches!(end, State::Killed | State::Exited { code: 0 }), "{command}: {end:?}");
        wait_until("it runs on", || has_ended(&pid));
    }
}

#[test]
fn a_job_that_is_cancelled_is_over_when_the_answer_comes() {
    let scene = Scene::new();
    let jobs = scene.client();
    for _ in 0..50 {
        let job = jobs.start("sleep 100").unwrap().unwrap();
        jobs.cancel(job).unwrap().unwrap();
        assert_eq!(state(&jobs, job), State::Killed);
    }
}

#[test]
fn a_server_that_stops_kills_its_jobs_and_does_not_wait_for_followers() {
    let scene = Scene::new();
    let (jobs, pipe) = (scene.client(), scene.pipe());
    // One that prints all the time once it may, and one that prints no more.
    let printing = format!("echo $$; cat {}; exec yes", pipe.display());
    let followed = [printing.as_str(), "echo $$; exec sleep 100"].map(|command| {
        let mut lines = jobs.follow(jobs.start(command).unwrap().unwrap());
        (lines.recv().unwrap().unwrap(), lines)
    });
    drop(OpenOptions::new().write(true).open(&pipe).unwrap());
    let start = Instant::now();
    scene.server.stop().unwrap();
    assert!(start.elapsed() < Limits::default().drain_time_max, "{:?}", start.elapsed());
    for (pid, mut lines) in followed {
        lines.items().for_each(|line| drop(line.unwrap()));
        assert_eq!(lines.finish().unwrap(), Ok(State::Running));
        wait_until("the job outlives its server", || has_ended(&pid));
    }
}

#[test]
fn a_killed_server_is_told_and_leaves_its_jobs_behind() {
    let scene = Scene::new();
    let jobs = scene.client();
    let job = jobs.start("echo $$; exec sleep 100").unwrap().unwrap();
    let mut lines = jobs.follow(job);
    let pid = lines.recv().unwrap().unwrap();
    scene.server.kill().unwrap();
    let error = lines.finish().unwrap_err();
    assert!(matches!(error, Error::Disconnected { .. }), "{error:?}");
    assert!(!has_ended(&pid));
    kill_process(process(&pid), Signal::KILL).unwrap();
}

#[test]
fn whoever_follows_no_longer_leaves_the_job_alone_and_no_handler_behind() {
    let scene = Scene::new();
    let jobs = scene.client();
    let job = jobs.start("echo begun; sleep 100").unwrap().unwrap();
    // Far more than a server lets run at once: some end before they wait for more, and show nothing.
    for _ in 0..2 * Limits::default().jobs_max {
        let mut lines = jobs.follow(job);
        assert_eq!(lines.recv().unwrap().unwrap(), "begun");
    }
    let late = jobs.clone().timeout(Duration::from_millis(100)).follow(job).finish().unwrap_err();
    assert!(matches!(late, Error::Deadline { .. }), "{late:?}");
    assert_eq!(state(&jobs, job), State::Running);
    scene.server.stop().unwrap();
}

#[test]
fn the_last_output_is_kept_and_whoever_was_too_slow_is_told_how_much_is_missing() {
    let scene = Scene::new();
    let jobs = scene.client();
    let counted: String = (1..=1_000_000).map(|number| format!("{number}\n")).collect();
    let pipe = scene.pipe();
    let job = jobs.start(&format!("echo begun; cat {}; seq 1000000", pipe.display())).unwrap().unwrap();
    let mut slow = scene.client().follow(job);
    assert_eq!(slow.recv().unwrap().unwrap(), "begun");
    // Nobody reads on until the job has ended, and the job does not wait for that.
    drop(OpenOptions::new().write(true).open(&pipe).unwrap());
    wait_until("the job waits for its follower", || state(&jobs, job) != State::Running);

    let (printed, end) = follow(&jobs, job);
    assert_eq!(end, State::Exited { code: 0 });
    let kept = printed.join("\n") + "\n";
    assert!(kept == counted[counted.len() - KEPT_BYTES_MAX..], "it ends with {:?}", printed.last());

    let read: String = slow.items().map(|line| line.unwrap() + "\n").collect();
    let (mut at, mut gaps) = (0, 0);
    for piece in read.split("\n[") {
        let piece = match piece.split_once(" bytes are missing here: they came too fast]\n") {
            Some((missing, piece)) => {
                at += missing.parse::<usize>().unwrap();
                gaps += 1;
                piece
            }
            None => piece,
        };
        assert!(counted[at..].starts_with(piece), "what is read behind gap {gaps} is not what comes there");
        at += piece.len();
    }
    assert_eq!(at, counted.len(), "all else is there");
    assert!(gaps > 0, "a window and a mebibyte hold less");
    assert_eq!(slow.finish().unwrap(), Ok(State::Exited { code: 0 }));
}

#[test]
fn a_hundred_jobs_are_known_and_what_ended_makes_room() {
    let scene = Scene::new();
    let jobs = scene.client();
    let ended = jobs.start("true").unwrap().unwrap();
    follow(&jobs, ended);
    for job in 2..=101 {
        assert_eq!(jobs.start("sleep 100").unwrap(), Ok(job));
    }
    assert_eq!(jobs.cancel(ended).unwrap(), Err(JobError::Unknown { job: ended }));
    assert_eq!(jobs.start("true").unwrap(), Err(JobError::Full { jobs_max: 100 }));
    let list = jobs.list().unwrap();
    let second = Job { job: 2, state: State::Running, command: "sleep 100".to_owned() };
    assert_eq!((list.len(), &list[0]), (100, &second));
    scene.server.stop().unwrap();
}
