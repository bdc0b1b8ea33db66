//! Threads: idle ones, orders for them, and new ones where there are none.
//!
//! Threads are alike; what one does is an order. The last one to become idle is the first to be used, and one that is idle
//! for long ends.
use super::engine::{Engine, lock};
use super::job::Job;
use super::seat::{Order, Seat};
use crate::Error;
use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long an idle thread stays.
const IDLE_TIME_MAX: Duration = Duration::from_secs(5);

/// What a handler may use of the stack, and what decoding 128 levels needs in a debug build. Only what is used is real.
const STACK_BYTES: usize = 2 << 20;

#[derive(Debug, Default)]
pub(super) struct Pool(Mutex<Threads>);

#[derive(Debug, Default)]
struct Threads {
    idle: Vec<Arc<Seat>>,
    jobs: VecDeque<Job>,
    /// One thread is being started for jobs. It starts the next, so that nobody who submits jobs waits for more than one.
    starting: bool,
    /// No thread could be had for it: the next that is idle takes the part.
    standby_missing: bool,
    stopped: bool,
    alive: usize,
    handles: Vec<JoinHandle<()>>,
    named: u64,
}

impl Engine {
    /// Gives an order to an idle worker, or to a new one.
    pub(super) fn try_order(self: &Arc<Self>, order: Order) -> Result<(), Error> {
        let mut threads = lock(&self.pool.0);
        if threads.stopped {
            // A thread that starts now would be joined by nobody.
            return Err(Error::System { doing: "starting a thread".to_owned(), text: "the server stops".to_owned() });
        }
        if let Some(seat) = threads.idle.pop() {
            seat.give(order);
            return Ok(());
        }
        self.spawn(&mut threads, Some(order))
    }

    /// The same where nobody can be told that there is no thread. A missing standby is replaced by the next idle worker; a
    /// link without a worker is closed.
    pub(super) fn order(self: &Arc<Self>, order: Order) {
        let link = if let Order::Own(link) = &order { Some(link.clone()) } else { None };
        let standby = matches!(order, Order::Standby);
        if self.try_order(order).is_err() {
            if standby {
                lock(&self.pool.0).standby_missing = true;
            }
            if let Some(link) = link {
                self.close(&link);
            }
        }
    }

    /// Hands a call to a thread of its own. Gives back those that no thread can be had for.
    pub(super) fn submit(self: &Arc<Self>, job: Job) -> Vec<Job> {
        let mut threads = lock(&self.pool.0);
        if threads.stopped {
            return vec![job];
        }
        if let Some(seat) = threads.idle.pop() {
            seat.give(Order::Run(job));
            return Vec::new();
        }
        threads.jobs.push_back(job);
        if threads.starting {
            return Vec::new();
        }
        threads.starting = true;
        if self.spawn(&mut threads, None).is_err() {
            threads.starting = false;
            return threads.jobs.drain(..).collect();
        }
        Vec::new()
    }

    fn spawn(self: &Arc<Self>, threads: &mut Threads, order: Option<Order>) -> Result<(), Error> {
        let engine = self.clone();
        let name = format!("rpc-worker-{}", threads.named);
        let builder = std::thread::Builder::new().name(name).stack_size(STACK_BYTES);
        let handle =
            builder.spawn(move || engine.work(order)).map_err(|error| Error::system("starting a thread", &error))?;
        threads.named += 1;
        threads.alive += 1;
        threads.handles.retain(|handle| !handle.is_finished());
        threads.handles.push(handle);
        Ok(())
    }

    /// A new thread's first order, if it was started for jobs.
    pub(super) fn first_job(self: &Arc<Self>) -> Option<Order> {
        let mut threads = lock(&self.pool.0);
        threads.starting = false;
        let job = threads.jobs.pop_front();
        if !threads.jobs.is_empty() {
            threads.starting = true;
            // If there is none to be had, this one and others do the work, one job after the other.
            threads.starting = self.spawn(&mut threads, None).is_ok();
        }
        job.map(Order::Run)
    }

    /// What a worker does next, when it has done what it was told; `None`: it ends.
    pub(super) fn next_order(&self, seat: &Arc<Seat>) -> Option<Order> {
        {
            let mut threads = lock(&self.pool.0);
            if threads.stopped {
                return None;
            }
            if std::mem::take(&mut threads.standby_missing) {
                return Some(Order::Standby);
            }
            if let Some(job) = threads.jobs.pop_front() {
                return Some(Order::Run(job));
            }
            threads.idle.push(seat.clone());
        }
        loop {
            if let Some(order) = seat.await_order(IDLE_TIME_MAX) {
                return Some(order);
            }
            let mut threads = lock(&self.pool.0);
            match threads.idle.iter().position(|idle| Arc::ptr_eq(idle, seat)) {
                Some(at) => {
                    threads.idle.remove(at);
                    return None;
                }
                // It has been taken off the list: an order is on its way.
                None if !threads.stopped => {}
                None => return seat.await_order(Duration::ZERO),
            }
        }
    }

    /// A thread ends.
    pub(super) fn gone(&self) {
        lock(&self.pool.0).alive -= 1;
        self.ended();
    }

    /// Every thread ends when it has done what it does. Gives the jobs that nobody has begun.
    pub(super) fn stop_threads(&self) -> Vec<Job> {
        let mut threads = lock(&self.pool.0);
        threads.stopped = true;
        threads.idle.drain(..).for_each(|seat| seat.give(Order::Stop));
        threads.jobs.drain(..).collect()
    }

    /// Waits for the threads' ends; false: some are stuck in handlers.
    pub(super) fn join(&self, left: impl Fn() -> Duration) -> bool {
        let all = self.wait_until(left, || lock(&self.pool.0).alive == 0);
        let handles = std::mem::take(&mut lock(&self.pool.0).handles);
        // Those that are still in a handler cannot be waited for: a stuck handler must not keep the process.
        for handle in handles.into_iter().filter(|handle| all || handle.is_finished()) {
            let _ = handle.join();
        }
        all
    }

    /// How many threads there are.
    pub(super) fn threads(&self) -> usize {
        lock(&self.pool.0).alive
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::{Connection, Context, Server, Service};
    use std::time::Instant;

    #[derive(Service)]
    enum Two {
        /// On a thread of its own.
        #[rpc(returns = (), blocking)]
        First,
        /// Where it is read.
        #[rpc(returns = ())]
        Second,
    }

    struct Here;

    impl TwoHandler for Here {
        fn first(&self, _cx: &Context) {}
        fn second(&self, _cx: &Context) {}
    }

    /// A call that has no thread yet is not entered: what is behind it must wait, or it would be entered first.
    #[test]
    fn a_call_that_waits_for_a_thread_holds_its_link() {
        let directory = tempfile::tempdir().unwrap();
        let address = directory.path().join("s");
        let address = address.to_str().unwrap();
        let listening = Server::new(Two::serve(Here)).listen(address).unwrap();
        let engine = &listening.engine;
        let pipeline = Connection::connect(address).unwrap().pipelined();
        let two = Two::client(pipeline.clone());
        // As if a thread for jobs were on its way.
        lock(&engine.pool.0).starting = true;
        let (first, second) = (two.first(), two.second());
        pipeline.flush();
        let start = Instant::now();
        while lock(&engine.pool.0).jobs.is_empty() {
            assert!(start.elapsed() < Duration::from_secs(20), "the first call becomes a job");
            std::thread::yield_now();
        }
        // Whoever read the first call has come to the end of what it read when another connection is answered.
        let other = Two::connect(address).unwrap();
        other.second().unwrap();
        let link = engine.all_links().into_iter().find(|link| link.read().holds > 0).expect("it is held");
        assert!(link.read().held, "the second call waits where it came");
        assert_eq!(lock(&engine.pool.0).jobs.len(), 1, "and the first still has no thread");
        engine.spawn(&mut lock(&engine.pool.0), None).unwrap();
        first.wait().unwrap();
        second.wait().unwrap();
        listening.stop();
    }
}
