//! The same among processes: each has its own descriptors, locks and death.
//!
//! A judge tells all of them to listen at one path, and counts who says yes. Whom a client reaches is told by the kernel:
//! the peer of a connection is the process that listens.

use super::{super::*, at, directory, listen, process::process, soon};
use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::{fs::symlink, net::UnixListener},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Stdio},
};

const PROCESSES: usize = 40;
/// Two or three seconds.
const ROUNDS: usize = 400;

/// How an answer to the judge begins, among what the test runner prints.
const ANSWER: &str = "answer: ";

/// A process that listens when it is told to.
struct Fighter {
    process: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Fighter {
    fn new(directory: &Path) -> Self {
        let mut command = process("exec", "path_war_of_processes::listens_when_told", directory);
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (orders, answers) = (process.stdin.take().unwrap(), BufReader::new(process.stdout.take().unwrap()));
        Self { process, orders, answers }
    }

    fn order(&mut self, order: &str) {
        writeln!(self.orders, "{order}").unwrap();
    }

    fn answer(&mut self) -> String {
        loop {
            let mut line = String::new();
            assert!(self.answers.read_line(&mut line).unwrap() > 0, "a fighter has died");
            if let Some(answer) = line.trim_end().strip_prefix(ANSWER) {
                return answer.to_owned();
            }
        }
    }
}

impl Drop for Fighter {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
#[ignore = "a process of exactly_one_process_wins_each_round"]
fn listens_when_told() {
    let Some(directory) = super::process::own_directory() else { return };
    let address = at(directory.join("x"));
    let mut listener = None;
    // The test runner has begun a line.
    println!();
    for order in std::io::stdin().lines() {
        listener = match order.unwrap().as_str() {
            "listen" => match listen(&address) {
                Ok(listener) => {
                    println!("{ANSWER}yes");
                    Some(listener)
                }
                Err(error) => {
                    let name = format!("{:?}", error.problem);
                    println!("{ANSWER}{}", name.split(' ').next().unwrap());
                    listener
                }
            },
            _ => {
                drop(listener);
                println!("{ANSWER}ended");
                None
            }
        };
    }
}

/// What is at the path when a round begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Nothing,
    StaleSocket,
    DeadLock,
    LiveServer,
    File,
    Link,
    Directory,
    /// What a server leaves that was killed.
    Remains,
    /// A server that is told to end while the others start.
    Ending,
}

const FOUND: [Found; 9] = [
    Found::Nothing,
    Found::StaleSocket,
    Found::DeadLock,
    Found::LiveServer,
    Found::File,
    Found::Link,
    Found::Directory,
    Found::Remains,
    Found::Ending,
];

struct Judge {
    directory: PathBuf,
    fighters: Vec<Fighter>,
}

impl Judge {
    fn path(&self) -> PathBuf {
        self.directory.join("x")
    }

    /// All listen. Gives the one who said yes, if any; the others must have found it there.
    fn round(&mut self) -> Option<usize> {
        self.fighters.iter_mut().for_each(|fighter| fighter.order("listen"));
        self.winner(None)
    }

    fn winner(&mut self, except: Option<usize>) -> Option<usize> {
        let mut winners = Vec::new();
        for (number, fighter) in self.fighters.iter_mut().enumerate().filter(|(number, _)| Some(*number) != except) {
            match fighter.answer().as_str() {
                "yes" => winners.push(number),
                answer => assert_eq!(answer, "AlreadyRunning"),
            }
        }
        assert!(winners.len() <= 1, "{winners:?} all said yes");
        winners.first().copied()
    }

    fn assert_reached(&self, winner: usize) {
        let stream = connect(&at(self.path()), soon()).unwrap();
        assert_eq!(stream.peer().pid, Some(self.fighters[winner].process.id()));
    }

    fn end(&mut self, winner: usize) {
        self.fighters[winner].order("end");
        assert_eq!(self.fighters[winner].answer(), "ended");
    }

    /// Nothing is left but what nobody of them may touch.
    fn assert_clean(&self) {
        let mut left: Vec<_> = fs::read_dir(&self.directory).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.retain(|name| name != "precious");
        assert!(left.is_empty(), "{left:?}");
        assert_eq!(fs::read_to_string(self.directory.join("precious")).unwrap(), "precious");
    }

    fn one_wins(&mut self) {
        let winner = self.round().expect("one of them says yes");
        self.assert_reached(winner);
        self.end(winner);
    }

    /// Something foreign is there. Whoever has the lock says so; whoever finds the lock taken knows no better.
    fn nobody_wins(&mut self) {
        self.fighters.iter_mut().for_each(|fighter| fighter.order("listen"));
        let answers: Vec<_> = self.fighters.iter_mut().map(Fighter::answer).collect();
        assert!(answers.iter().all(|answer| answer == "Foreign" || answer == "AlreadyRunning"), "{answers:?}");
        assert!(answers.iter().any(|answer| answer == "Foreign"), "{answers:?}");
    }

    /// The old server's end must not take the path from a new one, whenever that came.
    fn one_ends_meanwhile(&mut self) -> bool {
        let old = self.round().expect("one of them says yes");
        let half = self.fighters.len() / 2;
        for number in 0..self.fighters.len() {
            if number == half {
                self.fighters[old].order("end");
            }
            if number != old {
                self.fighters[number].order("listen");
            }
        }
        let new = self.winner(Some(old));
        assert_eq!(self.fighters[old].answer(), "ended");
        if let Some(new) = new {
            self.assert_reached(new);
            self.end(new);
        }
        new.is_some()
    }

    fn fight(&mut self, found: Found) -> bool {
        let path = self.path();
        match found {
            Found::Nothing => self.one_wins(),
            Found::StaleSocket => {
                drop(UnixListener::bind(&path).unwrap());
                self.one_wins();
            }
            Found::DeadLock => {
                fs::write(self.directory.join("x.lock"), "").unwrap();
                drop(UnixListener::bind(self.directory.join("x.new")).unwrap());
                self.one_wins();
            }
            Found::LiveServer => {
                let live = UnixListener::bind(&path).unwrap();
                rustix::net::listen(&live, 4096).unwrap();
                assert_eq!(self.round(), None);
                assert_eq!(connect(&at(&path), soon()).unwrap().peer().pid, Some(std::process::id()));
                drop(live);
                fs::remove_file(&path).unwrap();
            }
            Found::File => {
                fs::write(&path, "mine").unwrap();
                self.nobody_wins();
                assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
                fs::remove_file(&path).unwrap();
            }
            Found::Link => {
                symlink(self.directory.join("precious"), &path).unwrap();
                self.nobody_wins();
                assert_eq!(fs::read_link(&path).unwrap(), self.directory.join("precious"));
                fs::remove_file(&path).unwrap();
            }
            Found::Directory => {
                fs::create_dir(&path).unwrap();
                self.nobody_wins();
                fs::remove_dir(&path).unwrap();
            }
            Found::Remains => {
                let killed = self.round().expect("one of them says yes");
                self.fighters[killed] = Fighter::new(&self.directory);
                assert!(path.exists() && self.directory.join("x.lock").exists());
                self.one_wins();
            }
            Found::Ending => return self.one_ends_meanwhile(),
        }
        false
    }
}

/// RELIABILITY: the one who said yes is reached, nothing foreign is deleted, an old server's end never removes the new path.
#[test]
fn exactly_one_process_wins_each_round() {
    let directory = directory();
    fs::write(directory.path().join("precious"), "precious").unwrap();
    let fighters = (0..PROCESSES).map(|_| Fighter::new(directory.path())).collect();
    let mut judge = Judge { directory: directory.path().to_owned(), fighters };
    let start = std::time::Instant::now();
    let mut successions = 0;
    for round in 0..ROUNDS {
        let found = FOUND[round % FOUND.len()];
        successions += usize::from(judge.fight(found));
        judge.assert_clean();
    }
    eprintln!("{PROCESSES} processes, {ROUNDS} rounds, {successions} successions, {:?}", start.elapsed());
}
