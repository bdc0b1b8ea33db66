//! Telling a handler that nobody waits for it, or that it is waited for by a server that stops.
use super::drop_payload;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

/// A flag that is set once, and whom to wake then. Clones are one flag.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cancel(Arc<Flag>);

#[derive(Debug, Default)]
struct Flag {
    set: AtomicBool,
    wakers: Mutex<Wakers>,
}

#[derive(Debug, Default)]
struct Wakers {
    next: u64,
    waiting: Vec<(u64, Waker)>,
}

impl Cancel {
    /// Sets the flag, and then wakes: whoever wakes finds it set.
    pub(crate) fn set(&self) {
        self.0.set.store(true, Ordering::Release);
        let woken = std::mem::take(&mut self.0.lock().waiting);
        for (_, waker) in woken {
            // Somebody else's code, on a thread that reads for others: a panic of it must end neither that nor the other wakers.
            catch_unwind(AssertUnwindSafe(|| waker.wake())).unwrap_or_else(drop_payload);
        }
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0.set.load(Ordering::Acquire)
    }

    /// Wakes when the flag is set; at once if it is.
    pub(crate) fn wake(&self, waker: Waker) -> WakeGuard {
        let mut wakers = self.0.lock();
        let number = wakers.next;
        wakers.next += 1;
        wakers.waiting.push((number, waker));
        drop(wakers);
        // Whoever sets the flag looks for wakers after that; so either he sees this one, or it is set by now.
        if self.is_set() {
            self.set();
        }
        WakeGuard { flag: self.0.clone(), number }
    }
}

impl Flag {
    fn lock(&self) -> MutexGuard<'_, Wakers> {
        self.wakers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A waker that waits for [`Context::on_cancel`](crate::Context::on_cancel) or [`Context::on_stop`](crate::Context::on_stop).
/// Dropping it takes the waker back.
#[derive(Debug)]
#[must_use = "dropping it takes the waker back"]
pub struct WakeGuard {
    flag: Arc<Flag>,
    number: u64,
}

impl Drop for WakeGuard {
    fn drop(&mut self) {
        let mut wakers = self.flag.lock();
        let place = wakers.waiting.iter().position(|(number, _)| *number == self.number);
        let taken_back = place.map(|place| wakers.waiting.swap_remove(place));
        drop(wakers);
        // A waker's `drop` is somebody else's code: not under the lock.
        drop(taken_back);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;
    use std::task::Wake;

    /// Counts how often it is woken, and whether the flag was set each time.
    #[derive(Default)]
    struct Witness {
        cancel: Cancel,
        woken: AtomicUsize,
        too_early: AtomicBool,
    }

    impl Wake for Witness {
        fn wake(self: Arc<Self>) {
            self.woken.fetch_add(1, Ordering::SeqCst);
            self.too_early.fetch_or(!self.cancel.is_set(), Ordering::SeqCst);
        }
    }

    impl Witness {
        fn seen(&self) -> (usize, bool) {
            (self.woken.load(Ordering::SeqCst), self.too_early.load(Ordering::SeqCst))
        }
    }

    #[test]
    fn wakes_after_the_flag_is_set_and_once() {
        let witness = Arc::new(Witness::default());
        let wakes = witness.cancel.wake(witness.clone().into());
        assert_eq!(witness.seen(), (0, false));
        witness.cancel.clone().set();
        witness.cancel.set();
        assert_eq!(witness.seen(), (1, false));
        drop(wakes);
    }

    #[test]
    fn wakes_at_once_when_it_is_set_already() {
        let witness = Arc::new(Witness::default());
        witness.cancel.set();
        let _wakes = witness.cancel.wake(witness.clone().into());
        assert_eq!(witness.seen(), (1, false));
    }

    #[test]
    fn one_that_is_taken_back_is_not_woken_but_others_are() {
        let (first, second) = (Arc::new(Witness::default()), Arc::new(Witness::default()));
        let cancel = Cancel::default();
        let taken_back = cancel.wake(first.clone().into());
        let _kept = cancel.wake(second.clone().into());
        drop(taken_back);
        cancel.set();
        assert_eq!((first.seen().0, second.seen().0), (0, 1));
        assert_eq!(Arc::strong_count(&first), 1);
    }

    #[test]
    fn a_waker_that_panics_keeps_nobody_asleep() {
        struct Panics;
        impl Wake for Panics {
            fn wake(self: Arc<Self>) {
                std::panic::resume_unwind(Box::new("on purpose"));
            }
        }
        let witness = Arc::new(Witness::default());
        let _panics = witness.cancel.wake(Arc::new(Panics).into());
        let _wakes = witness.cancel.wake(witness.clone().into());
        witness.cancel.set();
        assert_eq!(witness.seen(), (1, false));
    }

    /// Nobody is missed between looking at the flag and asking to be woken.
    #[test]
    fn a_race_loses_no_waker() {
        for _ in 0..2000 {
            let witness = Arc::new(Witness::default());
            std::thread::scope(|scope| {
                scope.spawn(|| witness.cancel.set());
                let _wakes = witness.cancel.wake(witness.clone().into());
                while witness.seen().0 == 0 {
                    std::thread::yield_now();
                }
            });
            assert_eq!(witness.seen(), (1, false));
        }
    }
}
