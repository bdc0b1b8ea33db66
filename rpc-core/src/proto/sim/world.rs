//! Virtual time, and tasks that wait in it. A task is what a thread is elsewhere: between two pauses nobody disturbs it, as
//! between taking a lock and giving it back. Which task goes on is drawn from the seed.
use super::random::Random;
use super::transport::{Broken, Received, Time, Transport, Way};
use std::cell::{Cell, RefCell};
use std::fmt::Write as _;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

/// More pauses than any good run needs: tasks go around in circles.
const STEPS_MAX: u64 = 300_000;

/// Names a task.
pub(super) type Task = usize;

/// What a task waits for: the first of these. None of them: it goes on at once.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Gate {
    /// Being woken.
    pub(super) woken: bool,
    pub(super) until: Option<Time>,
    pub(super) readable: Option<Way>,
    pub(super) writable: Option<Way>,
}

/// What happened, line by line. It outlives a panic.
pub(super) type Trace = Arc<Mutex<String>>;

/// Everything that tasks share, but for what they talk about.
pub(super) struct World {
    now: Cell<Time>,
    pub(super) random: RefCell<Random>,
    pub(super) transport: RefCell<Transport>,
    gates: RefCell<Vec<Option<Gate>>>,
    tokens: RefCell<Vec<bool>>,
    spawned: RefCell<Vec<(Task, Running)>>,
    trace: Option<Trace>,
}

type Running = Pin<Box<dyn Future<Output = ()>>>;

impl World {
    pub(super) fn new(random: Random, transport: Transport, trace: Option<Trace>) -> Self {
        Self {
            now: Cell::new(0),
            random: RefCell::new(random),
            transport: RefCell::new(transport),
            gates: RefCell::default(),
            tokens: RefCell::default(),
            spawned: RefCell::default(),
            trace,
        }
    }

    pub(super) fn now(&self) -> Time {
        self.now.get()
    }

    /// A name for a new task.
    pub(super) fn task(&self) -> Task {
        self.gates.borrow_mut().push(None);
        self.tokens.borrow_mut().push(false);
        self.gates.borrow().len() - 1
    }

    /// It begins.
    pub(super) fn spawn(&self, task: Task, running: impl Future<Output = ()> + 'static) {
        self.gates.borrow_mut()[task] = Some(Gate::default());
        self.spawned.borrow_mut().push((task, Box::pin(running)));
    }

    /// Lets others go on until this one may.
    pub(super) async fn pause(&self, task: Task, gate: Gate) {
        self.gates.borrow_mut()[task] = Some(gate);
        let mut paused = false;
        poll_fn(|_| match std::mem::replace(&mut paused, true) {
            false => Poll::Pending,
            true => Poll::Ready(()),
        })
        .await;
    }

    /// Lets others go on, now and then.
    pub(super) async fn yield_now(&self, task: Task) {
        self.pause(task, Gate::default()).await;
    }

    /// Sleeps until somebody wakes this task.
    pub(super) async fn park(&self, task: Task, until: Option<Time>) {
        self.pause(task, Gate { woken: true, until, ..Gate::default() }).await;
        self.tokens.borrow_mut()[task] = false;
    }

    pub(super) fn wake(&self, tasks: &mut Vec<Task>) {
        for task in tasks.drain(..) {
            self.tokens.borrow_mut()[task] = true;
        }
    }

    /// Whoever woke it has been heard.
    pub(super) fn rest(&self, task: Task) {
        self.tokens.borrow_mut()[task] = false;
    }

    /// Whether it is woken, or awake.
    pub(super) fn is_woken(&self, task: Task) -> bool {
        self.tokens.borrow()[task]
    }

    pub(super) fn is_over(&self, until: Option<Time>) -> bool {
        until.is_some_and(|until| until <= self.now())
    }

    pub(super) fn write(&self, way: Way, bytes: &[u8]) -> Result<usize, Broken> {
        let written = self.transport.borrow_mut().write(way, self.now(), bytes, &mut self.random.borrow_mut());
        self.note(|| format!("{way:?}: {written:?} of {} bytes written", bytes.len()));
        written
    }

    pub(super) fn read(&self, way: Way, out: &mut Vec<u8>) -> Result<Received, Broken> {
        let read = self.transport.borrow_mut().read(way, self.now(), out, &mut self.random.borrow_mut());
        self.note(|| format!("{way:?}: read {read:?}"));
        read
    }

    /// Something to know when the run fails.
    pub(super) fn note(&self, what: impl FnOnce() -> String) {
        if let Some(trace) = &self.trace {
            let mut trace = trace.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = writeln!(trace, "{:>9} {}", self.now(), what());
        }
    }

    /// Runs tasks until none can go on, ever. `check` looks around after each step, `settled` before time passes.
    pub(super) fn run(&self, tasks: &mut Tasks, check: impl Fn(), settled: impl Fn()) {
        loop {
            tasks.adopt(self);
            let ready: Vec<usize> = (0..tasks.0.len()).filter(|at| self.is_open(tasks.0[*at].0)).collect();
            if ready.is_empty() {
                settled();
                match self.next_time(tasks) {
                    Some(next) => self.now.set(next),
                    None => return,
                }
                continue;
            }
            let at = self.random.borrow_mut().pick(&ready);
            tasks.step(at);
            check();
        }
    }

    fn is_open(&self, task: Task) -> bool {
        let Some(gate) = self.gates.borrow()[task] else { return false };
        let transport = self.transport.borrow();
        let Gate { woken, until, readable, writable } = gate;
        !woken && until.is_none() && readable.is_none() && writable.is_none()
            || woken && self.is_woken(task)
            || self.is_over(until)
            || readable.is_some_and(|way| transport.is_readable(way, self.now()))
            || writable.is_some_and(|way| transport.is_writable(way))
    }

    /// When something happens next.
    fn next_time(&self, tasks: &Tasks) -> Option<Time> {
        let gates = self.gates.borrow();
        let timers = tasks.0.iter().filter_map(|(task, _)| gates[*task]?.until);
        // Bytes that nobody waits for make nobody go on.
        let reads = tasks.0.iter().any(|(task, _)| gates[*task].is_some_and(|gate| gate.readable.is_some()));
        let arrival = self.transport.borrow().next_arrival(self.now()).filter(|_| reads);
        timers.chain(arrival).min()
    }
}

/// All tasks that have begun and not ended.
#[derive(Default)]
pub(super) struct Tasks(Vec<(Task, Running)>, u64);

impl Tasks {
    fn adopt(&mut self, world: &World) {
        self.0.append(&mut world.spawned.borrow_mut());
    }

    fn step(&mut self, at: usize) {
        self.1 += 1;
        assert!(self.1 < STEPS_MAX, "tasks go around in circles");
        if self.0[at].1.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
            drop(self.0.swap_remove(at));
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
