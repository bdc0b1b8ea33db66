//! What all workers of a server share: its links, who is ready, and who may read whom.
//!
//! How a link gets from one worker to the next is here; what workers do is in `worker`, `poll`, `own`, `serve`, `standby`.
use super::admission::Admission;
use super::greetings::Greetings;
use super::incidents::{Counters, Incident};
use super::link::{Interest, Link, ReadSide, Sent, Spare};
use super::links::Links;
use super::pool::Pool;
use super::recent::Recent;
use super::seat::{Order, Seat};
use super::services::Services;
#[cfg(target_os = "linux")]
use super::set::Set;
use super::signals::StopRequest;
use crate::net::Listener;
use crate::proto::Limits;
use crate::service::Cancel;
use crate::wire::{CallId, DecodeLimits, Message};
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError, Weak};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// How long a thread of a slow call waits for a link with too much unsent to take anything at all. Such threads are few,
/// and a client that wants its answers reads.
const STALL_TIME_MAX: Duration = Duration::from_secs(1);

/// Unsent bytes, beyond those that the client has granted, that are sent before the next call is looked at: calls are small,
/// and what they ask for may not be. What the socket does not take then stops the link from being read.
pub(super) const UNSENT_BYTES_MAX: usize = 256 << 10;

/// Who waits for connections to become readable.
#[derive(Debug)]
pub(super) enum Driver {
    /// One worker, for all of them.
    #[cfg(target_os = "linux")]
    Set(Set),
    /// A worker for each.
    Threads,
}

pub(super) struct Engine {
    pub(super) services: Services,
    pub(super) started: Instant,
    pub(super) admission: Admission,
    pub(super) driver: Driver,
    /// By their place in the set; `None`: it has been closed.
    pub(super) listeners: Mutex<Vec<Option<Arc<Listener>>>>,
    pub(super) links: Mutex<Links>,
    /// Who is told that nothing is left to serve, if that can come to be so.
    pub(super) ends_by: OnceLock<StopRequest>,
    /// Peers that have not said hello.
    pub(super) greetings: Mutex<Greetings>,
    /// A link may be waiting for its peer: the owner of the poll role looks.
    pub(super) stalling: AtomicBool,
    pub(super) incidents: Counters,
    /// Links that wait for a worker.
    #[cfg(target_os = "linux")]
    pub(super) ready: super::ready::Ready,
    pub(super) pool: Pool,
    /// Seats of the workers that run handlers on the thread that reads.
    pub(super) watched: Mutex<Vec<Arc<Seat>>>,
    pub(super) standby: Standby,
    /// What handlers have last called back over.
    pub(super) recent: Mutex<Recent>,
    /// Calls with items that wait for others behind them, or for the standby. They hold the engine, so it does not hold them: a
    /// standby that stops leaves some here.
    pub(super) unflushed: Mutex<Vec<Weak<super::dialogue::Dialogue>>>,
    /// Links whose sockets took no more, and that nobody watches: the standby tries again.
    pub(super) unsent: Mutex<Vec<Arc<Link>>>,
    /// Handlers that run, or wait, on threads of their own.
    pub(super) jobs: AtomicUsize,
    pub(super) draining: AtomicBool,
    /// What handlers see of that.
    pub(super) stopping: Cancel,
    pub(super) stopped: AtomicBool,
    #[cfg(target_os = "linux")]
    pub(super) poll: Mutex<super::poll::Poll>,
    quiet: Mutex<()>,
    quieter: Condvar,
}

/// Who looks after those that run handlers.
#[derive(Debug, Default)]
pub(super) struct Standby {
    pub(super) asleep: AtomicBool,
    pub(super) thread: Mutex<Option<Thread>>,
}

/// Any of our locks: only our own code runs under them, and leaves them whole.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The same without waiting. `None`: somebody else has it.
pub(super) fn try_lock<T>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    match mutex.try_lock() {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

impl Engine {
    pub(super) fn new(services: Services, admission: Admission, driver: Driver) -> Arc<Self> {
        Arc::new_cyclic(|engine| {
            services.belong_to(engine.clone());
            Self::alone(services, admission, driver)
        })
    }

    fn alone(services: Services, admission: Admission, driver: Driver) -> Self {
        Self {
            services,
            started: Instant::now(),
            admission,
            driver,
            listeners: Mutex::default(),
            links: Mutex::default(),
            ends_by: OnceLock::new(),
            greetings: Mutex::default(),
            stalling: AtomicBool::new(false),
            incidents: Counters::default(),
            #[cfg(target_os = "linux")]
            ready: super::ready::Ready::new(std::thread::available_parallelism().map_or(1, std::num::NonZero::get)),
            pool: Pool::default(),
            watched: Mutex::default(),
            standby: Standby::default(),
            recent: Mutex::default(),
            unflushed: Mutex::default(),
            unsent: Mutex::default(),
            jobs: AtomicUsize::new(0),
            draining: AtomicBool::new(false),
            stopping: Cancel::default(),
            stopped: AtomicBool::new(false),
            #[cfg(target_os = "linux")]
            poll: Mutex::default(),
            quiet: Mutex::default(),
            quieter: Condvar::new(),
        }
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.services.catalog.limits
    }

    pub(super) fn decode_limits(&self) -> DecodeLimits {
        DecodeLimits::for_frames_of(self.limits().frame_bytes_max)
    }

    /// Registers the interest that the state asks for. A held link is muted only when bytes really come.
    pub(super) fn arm(&self, link: &Link, read: &mut ReadSide) {
        let reads = match read {
            ReadSide { blocked: Some(_), .. } => false,
            ReadSide { held: true, armed, .. } => armed.read,
            _ => true,
        };
        self.watch(link, read, Interest { read: reads, write: read.writing });
    }

    /// Hears no more of a link that must not be read now: level-triggered, its bytes would be reported for ever.
    pub(super) fn mute(&self, link: &Link, read: &mut ReadSide) {
        self.watch(link, read, Interest { read: false, write: read.writing });
    }

    /// Hears nothing of a link that somebody serves, who [arms](Self::arm) it again.
    #[cfg(target_os = "linux")]
    pub(super) fn ignore(&self, link: &Link, read: &mut ReadSide) {
        self.watch(link, read, Interest::NONE);
    }

    fn watch(&self, link: &Link, read: &mut ReadSide, wanted: Interest) {
        if read.armed == wanted || read.closed {
            return;
        }
        read.armed = wanted;
        #[cfg(target_os = "linux")]
        if let Driver::Set(set) = &self.driver {
            set.watch(link.stream(), link.place, wanted);
        }
        #[cfg(not(target_os = "linux"))]
        let _ = link;
    }

    /// Nobody serves the link, and somebody may: serves what it kept, and reads it again.
    pub(super) fn resume(self: &Arc<Self>, link: &Arc<Link>, mut read: MutexGuard<'_, ReadSide>) {
        if read.closed {
            return;
        }
        read.held = false;
        match &self.driver {
            #[cfg(target_os = "linux")]
            Driver::Set(_) if read.kept.is_none() => self.arm(link, &mut read),
            #[cfg(target_os = "linux")]
            Driver::Set(_) => {
                drop(read);
                self.push_ready(link);
            }
            Driver::Threads => {
                self.arm(link, &mut read);
                drop(read);
                self.order(Order::Own(link.clone()));
            }
        }
    }

    /// A call that held its link has been entered, or has ended.
    pub(super) fn unhold(self: &Arc<Self>, link: &Arc<Link>) {
        let mut read = link.read();
        read.holds -= 1;
        if read.holds == 0 && read.held {
            self.resume(link, read);
        }
    }

    /// Queues the frame of a call's answer, which is emptied, and says how many bytes now wait. The link may need a queue for it.
    pub(super) fn push_answer(
        &self,
        link: &Link,
        call: CallId,
        frame: &mut Message,
        spare: Option<&mut Spare>,
    ) -> usize {
        let unsent = link.push_answer(call, frame, spare);
        self.cut_off(link, unsent);
        unsent
    }

    /// A link that does not read what it asked for is cut off.
    pub(super) fn cut_off(&self, link: &Link, unsent: usize) {
        let limits = self.limits();
        if unsent > limits.unsent_bytes_max.saturating_add(limits.frame_bytes_max as usize) {
            self.incidents.count(Incident::SlowReader);
            self.close(link);
        }
    }

    /// Queues an answer on a thread that nobody else needs: it waits for a link with much unsent, as long as that reads.
    pub(super) fn push_patiently(&self, link: &Arc<Link>, call: CallId, frame: &mut Message) {
        while link.owed() > self.limits().unsent_bytes_max {
            self.flush(link, None);
            let takes = |ready: crate::net::Readiness| ready.write;
            if !link.stream().wait_ready(false, true, Some(STALL_TIME_MAX)).is_ok_and(takes) {
                self.incidents.count(Incident::SlowReader);
                return self.close(link);
            }
        }
        self.push_answer(link, call, frame, None);
    }

    /// Sends what is queued. Where the socket takes no more, somebody is told when it does; and a link with much unsent is not
    /// read until then.
    pub(super) fn flush(&self, link: &Arc<Link>, mut spare: Option<&mut Spare>) {
        loop {
            match (link.flush(spare.as_deref_mut()), &self.driver) {
                (Sent::All, _) => return self.ended(),
                (Sent::Lost, _) => return self.close(link),
                #[cfg(target_os = "linux")]
                (Sent::Blocked { some }, Driver::Set(_)) => {
                    let owes = link.owed() > UNSENT_BYTES_MAX;
                    let mut read = link.read();
                    let since = read.blocked.take().filter(|_| !some);
                    read.writing = true;
                    read.blocked = owes.then(|| since.unwrap_or_else(|| Box::new(Instant::now())));
                    self.arm(link, &mut read);
                    drop(read);
                    return if owes {
                        self.may_stall()
                    };
                }
                // What the client has granted waits for it as long as it likes; its calls and cancels are read meanwhile.
                (Sent::Blocked { .. }, Driver::Threads) if link.owed() <= UNSENT_BYTES_MAX => {
                    return self.send_later(link);
                }
                // Nobody would tell this thread when the socket takes more, so it waits itself. Clients read while they
                // write, so it does.
                (Sent::Blocked { .. }, Driver::Threads) => {
                    let ready = link.stream().wait_ready(false, true, Some(self.limits().stall_time_max));
                    if link.read().closed {
                        return;
                    }
                    if !ready.is_ok_and(|ready| ready.write) {
                        self.incidents.count(Incident::Stalled);
                        return self.close(link);
                    }
                }
            }
        }
    }

    /// Sends what is queued, on a thread that must not wait.
    pub(super) fn flush_at_once(&self, link: &Arc<Link>) {
        match &self.driver {
            #[cfg(target_os = "linux")]
            Driver::Set(_) => self.flush(link, None),
            Driver::Threads => drop(self.try_to_send(link)),
        }
    }

    /// Sends what the socket takes, where nobody is told when that is more. False: it takes nothing.
    pub(super) fn try_to_send(&self, link: &Arc<Link>) -> bool {
        match link.flush(None) {
            Sent::All => self.ended(),
            Sent::Lost => self.close(link),
            Sent::Blocked { some } => {
                self.send_later(link);
                return some;
            }
        }
        true
    }

    /// The standby tries again.
    fn send_later(&self, link: &Arc<Link>) {
        let mut unsent = lock(&self.unsent);
        if !unsent.iter().any(|known| Arc::ptr_eq(known, link)) {
            unsent.push(link.clone());
        }
        drop(unsent);
        self.wake_standby();
    }

    /// Something has ended that a drain may wait for. What has ended, and whether there is a drain, are stored and loaded in
    /// one order (`SeqCst`): either the drain sees the end, or this sees the drain.
    pub(super) fn ended(&self) {
        if self.draining.load(Ordering::SeqCst) {
            let _quiet = lock(&self.quiet);
            self.quieter.notify_all();
        }
    }

    /// Waits until `done`, which [`ended`](Self::ended) may have made true; false: not within `left`.
    pub(super) fn wait_until(&self, left: impl Fn() -> Duration, done: impl Fn() -> bool) -> bool {
        let mut quiet = lock(&self.quiet);
        while !done() {
            let left = left();
            if left.is_zero() {
                return false;
            }
            (quiet, _) = self.quieter.wait_timeout(quiet, left).unwrap_or_else(PoisonError::into_inner);
        }
        true
    }
}

/// What this system has.
pub(super) fn driver() -> io::Result<Driver> {
    #[cfg(target_os = "linux")]
    return Ok(Driver::Set(Set::new()?));
    #[cfg(not(target_os = "linux"))]
    Ok(Driver::Threads)
}
