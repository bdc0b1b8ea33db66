//! Calls that take long, from outside: threads that take over from each other, and methods that change where they run.
mod common;
use common::{SOCKETS, Way};
use rpc_core::{Client, Context, Listening, Server, Service};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Far longer than anything here takes: what ends at it was lost.
const PATIENCE: Duration = Duration::from_secs(20);

/// A standby sees it twice.
const SLOW: u64 = 4_000;

/// Quick runs after which a slow method is not slow any more, and some.
const UNLEARN: usize = 10;

#[derive(Service)]
enum Places {
    /// The thread that reads.
    #[rpc(returns = String)]
    Reader,
    /// The thread on which this runs, after so many microseconds.
    #[rpc(returns = String)]
    After { micros: u64 },
    /// Keeps how many bytes came, and their sum.
    #[rpc(oneway, blocking)]
    Weigh { bytes: Vec<u8> },
    /// What was kept since this was asked last.
    #[rpc(returns = Vec<(u64, u64)>)]
    Weighed,
}

#[derive(Default)]
struct Here(Mutex<Vec<(u64, u64)>>);

fn here() -> String {
    std::thread::current().name().unwrap_or_default().to_owned()
}

impl PlacesHandler for Here {
    fn reader(&self, _cx: &Context) -> String {
        here()
    }

    fn after(&self, _cx: &Context, micros: u64) -> String {
        if micros > 0 {
            std::thread::sleep(Duration::from_micros(micros));
        }
        here()
    }

    fn weigh(&self, _cx: &Context, bytes: Vec<u8>) {
        self.0.lock().unwrap().push((bytes.len() as u64, sum(&bytes)));
    }

    fn weighed(&self, _cx: &Context) -> Vec<(u64, u64)> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

fn sum(bytes: &[u8]) -> u64 {
    bytes.iter().map(|byte| u64::from(*byte)).sum()
}

fn listen(way: Way) -> (Listening, String, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let listening = common::listen(way, Server::new(Places::serve(Here::default())), &directory).expect("a socket");
    let address = listening.addresses()[0].to_string();
    (listening, address, directory)
}

/// A thief has the place of its victim, whatever that was about to do: else nobody would wait for calls any more, which shows
/// after some rounds as a call that is never answered.
#[test]
fn workers_are_taken_over_from_again_and_again() {
    for way in SOCKETS {
        let (listening, address, _directory) = listen(way);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    let (slow, quick) = (Places::connect(&address).unwrap(), Places::connect(&address).unwrap());
                    let (slow, quick) = (slow.timeout(PATIENCE), quick.timeout(PATIENCE));
                    for _ in 0..12 {
                        slow.after(SLOW).unwrap();
                        quick.reader().unwrap();
                        (0..UNLEARN).for_each(|_| drop(quick.after(0).unwrap()));
                    }
                });
            }
        });
        assert_eq!(listening.stop().cut, 0);
    }
}

/// A method that was slow once, or seemed so on a busy machine, does not pay for it for ever.
#[test]
fn a_slow_method_gets_a_thread_of_its_own_until_it_is_quick_again() {
    let (_listening, address, _directory) = listen(Way::Set);
    let places = Places::connect(&address).unwrap();
    let places = places.timeout(PATIENCE);
    // More than once: on a busy machine any thread may come to read.
    let runs_with_the_reader = || (0..10).all(|_| places.after(0).unwrap() == places.reader().unwrap());
    let until = |wanted: bool| {
        let start = Instant::now();
        while runs_with_the_reader() != wanted {
            assert!(start.elapsed() < PATIENCE, "on the thread that reads: not {wanted}");
            if !wanted {
                // The standby was late: it saw the call once.
                places.after(SLOW).unwrap();
            }
        }
    };
    until(true);
    places.after(SLOW).unwrap();
    until(false);
    until(true);
}

/// Large arguments stay in the buffer that they were read into, while what is behind them is read and run.
#[test]
fn large_arguments_of_slow_calls_are_their_own() {
    for way in SOCKETS {
        let (_listening, address, _directory) = listen(way);
        let places = Places::connect(&address).unwrap();
        let places = places.timeout(PATIENCE);
        for round in 0..20 {
            // Some fit a buffer with others, some are cut wherever a read ends.
            let sizes = [20_000, 100_000, 17_000, 3, 70_000, 16_500, 40_000 + round * 100];
            let sent: Vec<Vec<u8>> = (1..).zip(sizes).map(|(byte, size)| vec![byte; size]).collect();
            sent.iter().for_each(|bytes| places.weigh(bytes.clone()).unwrap());
            let expected: Vec<_> = sent.iter().map(|bytes| (bytes.len() as u64, sum(bytes))).collect();
            assert_eq!(places.weighed().unwrap(), expected, "{way:?}, round {round}");
        }
    }
}
