//! A client and a server over a faulty connection, in virtual time: every decision of this module under every kind of
//! trouble, many thousand times, each drawn from a seed and so repeated at will.
//!
//! ```text
//! scenario ─> caller (tasks) ─> line ─> transport <─ link <─ handler (tasks)
//!                  └────────── ledger: what each end saw ──────────┘
//! ```
//! `line` and `link` are drivers as thin as can be: what the real ones do, without sockets and threads. `tap` listens on the
//! way. Every check is an assertion; a failure tells the seed and what happened.
mod caller;
mod handler;
mod ledger;
mod line;
mod link;
mod random;
mod scenario;
mod tap;
mod transport;
mod world;

use super::{CallTerms, Limits};
use caller::Client;
use ledger::Ledger;
use line::Line;
use link::Link;
use random::Random;
use scenario::Scenario;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use tap::Tap;
use transport::{Transport, Way};
use world::{Tasks, Trace, World};

/// How many seeds a plain `cargo test` runs.
const SEEDS: u64 = 10_000;

/// How much of a trace is shown: its end.
const TRACE_LINES_MAX: usize = 400;

/// One run.
struct Run {
    world: Rc<World>,
    line: Rc<Line>,
    link: Rc<Link>,
    ledger: Rc<Ledger>,
    /// What each way said.
    taps: [Rc<RefCell<Tap>>; 2],
    tasks: Tasks,
}

impl Run {
    fn new(seed: u64, trace: Option<Trace>) -> Self {
        let mut random = Random::new(seed);
        let scenario = Rc::new(Scenario::draw(&mut random));
        let transport = Transport::new(scenario.up.clone(), scenario.down.clone());
        let world = Rc::new(World::new(random, transport, trace));
        world.note(|| format!("{scenario:#?}"));
        let ledger = Rc::new(Ledger::new(world.clone(), scenario.clone()));
        let taps = [Way::Up, Way::Down].map(|way| Rc::new(RefCell::new(Tap::new(way))));
        let [up, down] = &taps;
        let line = Rc::new(Line::new(world.clone(), terms(&scenario), up.clone()));
        let limits = limits(&scenario);
        let link = Link::new(world.clone(), scenario.clone(), ledger.clone(), down.clone(), limits);
        let link = Rc::new(link);
        world.spawn(link.worker(), link.clone().work());
        let drainer = world.task();
        world.spawn(drainer, link.clone().drain(drainer));
        for deeds in &scenario.callers {
            let (line, ledger, scenario) = (line.clone(), ledger.clone(), scenario.clone());
            let client = Rc::new(Client { world: world.clone(), line, ledger, scenario });
            let task = world.task();
            world.spawn(task, client.run(task, deeds.clone()));
        }
        Self { world, line, link, ledger, taps, tasks: Tasks::default() }
    }

    fn run(&mut self) {
        self.advance();
        self.ledger.all_ended();
        if self.is_healthy() {
            let (task, line) = (self.world.task(), self.line.clone());
            self.world.spawn(task, async move { line.settle(task).await });
            self.advance();
        }
        self.line.is_clean(self.is_healthy());
        if self.is_healthy() {
            self.link.is_clean();
        }
        self.line.shut();
        self.advance();
        self.link.close();
        self.advance();
        self.link.is_clean();
        assert_eq!(self.tasks.len(), 0, "tasks are left over");
        self.ledger.balance();
    }

    fn is_healthy(&self) -> bool {
        !self.link.lock().closed && !self.world.transport.borrow().has_failed()
    }

    /// Until nothing more happens.
    fn advance(&mut self) {
        let Self { world, line, link, tasks, taps: [up, down], .. } = self;
        let check = || {
            line.check();
            link.check();
        };
        world.run(tasks, check, || line.settled());
        let window = line.window().min(link.limits().window_bytes);
        up.borrow().keeps_within(window, &down.borrow());
        down.borrow().keeps_within(window, &up.borrow());
        down.borrow().stops(&up.borrow());
    }
}

fn terms(scenario: &Scenario) -> CallTerms {
    CallTerms {
        calls_max: scenario.calls_max,
        reply_bytes_max: scenario.sizes.frame,
        window_bytes: scenario.sizes.client_window,
        peer_window_bytes: scenario.sizes.server_window,
    }
}

fn limits(scenario: &Scenario) -> Limits {
    Limits {
        frame_bytes_max: scenario.sizes.frame,
        calls_max: scenario.calls_max,
        streams_max: scenario.streams_max as u32,
        window_bytes: scenario.sizes.server_window,
        jobs_max: scenario.jobs_max,
        // Every answer that may be under way, and small frames.
        unsent_bytes_max: 20 * scenario.sizes.frame as usize + (16 << 10),
        ..Limits::default()
    }
}

/// Whether one seed holds; else why not, and what happened.
fn run(seed: u64) -> Result<(), String> {
    let attempt = |trace: Option<Trace>| catch_unwind(AssertUnwindSafe(|| Run::new(seed, trace).run()));
    if attempt(None).is_ok() {
        return Ok(());
    }
    let trace = Trace::default();
    let payload = attempt(Some(trace.clone())).expect_err("a seed gives the same run again");
    let why = payload.downcast_ref::<String>().cloned();
    let why = why.or_else(|| payload.downcast_ref::<&str>().map(|why| (*why).to_owned())).unwrap_or_default();
    let trace = trace.lock().expect("notes do not panic").clone();
    let lines: Vec<&str> = trace.lines().collect();
    let shown = if std::env::var_os("SIM_SEED").is_some() { 0 } else { lines.len().saturating_sub(TRACE_LINES_MAX) };
    Err(format!("{}\nseed {seed}: {why}\nagain: SIM_SEED={seed} cargo test -p rpc-core sim", lines[shown..].join("\n")))
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a number of seeds, or a seed"))
}

/// `SIM_SEED` runs that seed alone, `SIM_SEEDS` so many.
#[test]
fn every_call_ends_once_and_as_it_is_told() {
    if let Some(seed) = number("SIM_SEED") {
        return run(seed).unwrap_or_else(|why| panic!("{why}"));
    }
    let (next, last) = (AtomicU64::new(0), number("SIM_SEEDS").unwrap_or(SEEDS));
    let work = || loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= last {
            return Ok(());
        }
        // The others stop after the seed that they are at.
        run(seed).inspect_err(|_| next.store(last, Ordering::Relaxed))?;
    };
    let threads = std::thread::available_parallelism().map_or(2, |count| count.get());
    let results: Vec<Result<(), String>> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        running.into_iter().map(|thread| thread.join().expect("a run's panic is caught")).collect()
    });
    results.into_iter().for_each(|result| result.unwrap_or_else(|why| panic!("{why}")));
}
