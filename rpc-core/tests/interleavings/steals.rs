//! The number that says which call a worker is in.
use crate::every_order;
use crate::seat::Batch;
use crate::steal::{Running, Stage};
use crate::sync::{Arc, AtomicUsize, Mutex, Ordering};

/// The call of this number: all about it tells which one it is.
fn call(number: u32) -> Running {
    let same = number as usize;
    Running { call: number, service: same, method: same, frame_end: same, fds: same }
}

/// A worker runs two batches of a call each; the standby looks twice, and steals. What is behind a call has one owner, and the
/// thief knows which call it was.
#[test]
fn what_is_behind_a_call_has_one_owner() {
    every_order(|| {
        let (stage, owners) = (Arc::new(Stage::default()), Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]));
        // A link's lock, which is what makes a victim wait for its thief.
        let link = Arc::new(Mutex::new(()));
        let worker = {
            let (stage, owners, link) = (stage.clone(), owners.clone(), link.clone());
            loom::thread::spawn(move || {
                for number in [1, 2] {
                    stage.publish(Some(Batch(number)));
                    stage.enter(number, call(number as u32));
                    if stage.leave(number) {
                        owners[number as usize - 1].fetch_add(1, Ordering::Relaxed);
                        stage.publish(None);
                    } else {
                        drop(link.lock().unwrap());
                    }
                }
            })
        };
        stage.is_stuck();
        if let Some(ticket) = stage.is_stuck()
            && let Some(batch) = stage.batch()
        {
            let _link = link.lock().unwrap();
            if let Some(running) = stage.steal(ticket) {
                assert_eq!((batch, running), (Batch(ticket), call(ticket as u32)));
                owners[ticket as usize - 1].fetch_add(1, Ordering::Relaxed);
            }
        }
        worker.join().unwrap();
        let owners = [0, 1].map(|batch| owners[batch].load(Ordering::Relaxed));
        assert_eq!(owners, [1, 1], "who owned what was behind each call");
    });
}

#[test]
fn only_who_is_seen_twice_in_one_call_is_stuck() {
    every_order(|| {
        let stage = Stage::default();
        assert_eq!(stage.is_stuck(), None, "in no call");
        assert_eq!(stage.is_stuck(), None, "still in no call");
        stage.enter(1, call(1));
        assert_eq!(stage.is_stuck(), None, "seen once");
        assert!(stage.leave(1));
        stage.enter(2, call(2));
        assert_eq!(stage.is_stuck(), None, "in another call");
        assert_eq!(stage.is_stuck(), Some(2), "seen twice");
        assert_eq!(stage.steal(2), Some(call(2)));
        assert_eq!((stage.steal(2), stage.is_stuck(), stage.is_stuck()), (None, None, None), "once is enough");
        assert!(!stage.leave(2), "its rest is another's");
    });
}
