//! A client beside each flood: how much longer its pings take, and whether the server gives back what the flood took.
//!
//! RELIABILITY: the p99 of the others is at most 5 times what it is when nobody floods. That figure is printed; what is
//! asserted is generous: it tells a broken server from a slow machine.
use crate::common::again::{again, role};
use crate::common::{SOCKETS, Way, bait::*};
use crate::flooders::{FLOODS, Flooders, flood_until_let_go};
use crate::{ALONE, descriptors, resident_kib};
use rpc_core::Connection;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

const TEST: &str = "witness::floods_beside_a_witness";

/// The role of the process in which the server and the witness are, and nobody else. Other roles are floods.
const MEASURED: &str = "measured";

/// How long each flood lasts, and the time before them all.
const LASTS: Duration = Duration::from_millis(400);

/// The p99 of the pings may be so many times what it was, or so long.
const SLOWER_MAX: u32 = 50;
const P99_MAX: Duration = Duration::from_millis(20);
/// On a crowded machine it is longer now and then; beside a server that is not fair, always.
const ATTEMPTS: usize = 4;

/// What a flood may take while it lasts: buffers of its connections.
const TAKEN_KIB_MAX: usize = 64 << 10;
/// What may be left of that, and when.
const LEFT_KIB_MAX: usize = 4 << 10;
const BACK: Duration = Duration::from_secs(5);

#[test]
fn floods_beside_a_witness() {
    match role().as_deref() {
        None => measure_apart(),
        Some(MEASURED) => SOCKETS.into_iter().for_each(measure),
        Some(flood) => flood_until_let_go(flood),
    }
}

fn measure_apart() {
    let _alone = ALONE.write().unwrap_or_else(PoisonError::into_inner);
    let child = again(TEST, MEASURED, |command| {
        // mallopt(3): otherwise glibc keeps some MiB of what was freed for each of many threads, which looks like a leak.
        command.env("MALLOC_ARENA_MAX", "1").env("MALLOC_TRIM_THRESHOLD_", "131072")
    });
    let output = child.wait_with_output().unwrap();
    print!("{}", String::from_utf8_lossy(&output.stdout));
    assert!(output.status.success(), "what failed stands above");
}

fn measure(way: Way) {
    let target = Target::new(way);
    let idle = Pings::of(&target.witness, LASTS);
    let base = Taken::now();
    for (name, _) in FLOODS {
        let mut attempts = (0..ATTEMPTS).map(|_| flooded(way, &target, &base, &idle, name));
        assert!(attempts.any(|fine| fine), "{way:?}, {name}: the p99 was too long {ATTEMPTS} times");
        target.serves_others();
    }
    println!("{way:?}: {:?}", target.server.as_ref().unwrap().incidents());
}

/// Whether the witness was served well enough meanwhile. What the flood took is given back in any case.
fn flooded(way: Way, target: &Target, base: &Taken, idle: &Pings, name: &str) -> bool {
    let flooders = Flooders::start(TEST, name, &target.address());
    let beside = Pings::of(&target.witness, LASTS);
    let most = Taken::now();
    let pieces = flooders.stop();
    let what = format!("{way:?}, {name}, {pieces} pieces");
    beside.print_after(idle, &what);
    let back = base.comes_back(target).unwrap_or_else(|left| panic!("{what}: {base:?}, and for ever {left:?}"));
    println!("       {} KiB -> {} KiB, back to {} KiB in {back:?}", base.kib, most.kib, resident_kib());
    assert!(most.kib <= base.kib + TAKEN_KIB_MAX, "{what}: {base:?}, and {most:?} beside it");
    beside.p99 <= P99_MAX.max(idle.p99 * SLOWER_MAX)
}

/// How long pings take.
struct Pings {
    p50: Duration,
    p99: Duration,
    longest: Duration,
}

impl Pings {
    /// One after the other, for so long. A steady rate would show more of a server that stalls now and then, but on a machine
    /// whose CPUs are all taken it shows little else than those who take them.
    fn of(client: &Connection, lasts: Duration) -> Self {
        let (mut times, start) = (Vec::new(), Instant::now());
        while start.elapsed() < lasts {
            let sent = Instant::now();
            client.ping(Duration::from_secs(5)).expect("the witness's ping");
            times.push(sent.elapsed());
        }
        times.sort();
        Self { p50: times[times.len() / 2], p99: times[times.len() * 99 / 100], longest: times[times.len() - 1] }
    }

    fn print_after(&self, idle: &Self, what: &str) {
        let micros = |time: Duration| time.as_micros();
        let (p50, p99) = ((micros(idle.p50), micros(self.p50)), (micros(idle.p99), micros(self.p99)));
        let ratio = self.p99.as_secs_f64() / idle.p99.as_secs_f64();
        println!(
            "flood: p50 {} -> {} us, p99 {} -> {} us, ratio {ratio:.1} ({what}, longest {:?} -> {:?})",
            p50.0, p50.1, p99.0, p99.1, idle.longest, self.longest
        );
    }
}

/// What this process has: the server and the witness, and nothing of the flooders.
#[derive(Debug)]
struct Taken {
    kib: usize,
    descriptors: usize,
}

impl Taken {
    fn now() -> Self {
        Self { kib: resident_kib(), descriptors: descriptors() }
    }

    /// How long it takes until there is not much more than this, or what there is when it is too late.
    fn comes_back(&self, target: &Target) -> Result<Duration, Self> {
        let start = Instant::now();
        loop {
            let (now, took) = (Self::now(), start.elapsed());
            if now.kib <= self.kib + LEFT_KIB_MAX && now.descriptors <= self.descriptors {
                return Ok(took);
            }
            if took > BACK {
                return Err(now);
            }
            target.witness.ping(BACK).expect("the witness's ping");
        }
    }
}
