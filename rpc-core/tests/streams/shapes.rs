//! Every shape, used as its users would.
use crate::talk::*;
use rpc_core::{Client, Error, Outcome, Stopped};
use std::time::{Duration, Instant};

#[test]
fn a_stream_is_an_iterator() {
    on_all(|_, talk| {
        for to in [0, 1, 3, 10_000] {
            let numbers: Result<Vec<_>, _> = talk.count(to).collect();
            assert_eq!(numbers.unwrap(), (0..to).collect::<Vec<_>>(), "{to} items");
        }
        assert_eq!(talk.add(1).unwrap(), 2);
    });
}

#[test]
fn a_summary_follows_the_items() {
    on_all(|_, talk| {
        for (count, size) in [(0, 0), (3, 0), (1000, 100), (5, 300_000), (2, 4_000_000)] {
            let mut chunks = talk.chunks(count, size);
            let mut seen = 0;
            for chunk in chunks.items() {
                assert!(chunk.unwrap() == vec![seen as u8; size as usize], "item {seen} of {size} bytes");
                seen += 1;
            }
            assert_eq!((seen, chunks.finish().unwrap()), (count, count));
        }
        assert_eq!(talk.chunks(1000, 1000).finish().unwrap(), 1000, "nobody took the items");
    });
}

#[test]
fn the_services_own_error_comes_last() {
    on_all(|_, talk| {
        for (fail, verdict) in [(false, Ok("yes".to_owned())), (true, Err("no".to_owned()))] {
            let mut judge = talk.judge(2, fail);
            assert_eq!(judge.items().collect::<Result<Vec<_>, _>>().unwrap(), [0, 1]);
            assert_eq!(judge.finish().unwrap(), verdict);
        }
    });
}

#[test]
fn an_upload_is_answered_once() {
    on_all(|_, talk| {
        assert_eq!(talk.collect().finish().unwrap(), [0u64; 0]);
        let mut collect = talk.collect();
        (0..100).for_each(|number| collect.send(&number).unwrap());
        assert_eq!(collect.finish().unwrap(), (0..100).collect::<Vec<_>>());
        let numbers: Vec<u64> = (0..100_000).collect();
        assert_eq!(talk.collect().send_all(&numbers).unwrap(), numbers);
        let large = vec![vec![1u8; 3_000_000], vec![2; 10], vec![3; 4_000_000]];
        assert_eq!(talk.weigh().send_all(&large).unwrap(), 7_000_010);
    });
}

/// `send` says that no more is wanted; `finish` has the answer.
#[test]
fn an_early_answer_is_not_lost() {
    on_all(|_, talk| {
        let mut sum = talk.sum_of(3);
        let sent = (1..).take(10_000_000).map(|number| sum.send(&number)).find(Result::is_err);
        assert_eq!(sent, Some(Err(Stopped)));
        assert_eq!(sum.finish().unwrap(), 6);
        let numbers: Vec<u64> = (1..=1_000_000).collect();
        assert_eq!(talk.sum_of(3).send_all(&numbers).unwrap(), 6);
    });
}

#[test]
fn items_both_ways_from_two_threads() {
    on_all(|_, talk| {
        for count in [0, 1, 100_000] {
            let (mut numbers, mut doubles) = talk.double();
            std::thread::scope(|scope| {
                scope.spawn(move || {
                    (0..count).for_each(|number| numbers.send(&number).unwrap());
                    numbers.finish();
                });
                let seen: Result<Vec<_>, _> = doubles.items().collect();
                assert_eq!(seen.unwrap(), (0..count).map(|number| 2 * number).collect::<Vec<_>>());
            });
            assert_eq!(doubles.finish().unwrap(), count);
        }
    });
}

/// One question, one answer, again and again, on one thread: nothing waits for more.
#[test]
fn a_dialogue() {
    on_all(|_, talk| {
        let (mut numbers, mut doubles) = talk.double();
        for number in 0..200 {
            numbers.send(&number).unwrap();
            assert_eq!(doubles.recv().unwrap().unwrap(), 2 * number);
        }
        numbers.finish();
        assert!(doubles.recv().is_none());
        assert_eq!(doubles.finish().unwrap(), 200);
    });
}

#[test]
fn an_item_is_there_before_the_next_is_made() {
    on_all(|served, talk| {
        let mut two = talk.two("gate");
        assert_eq!(two.recv().unwrap().unwrap(), 1);
        served.talker.gates.open("gate");
        assert_eq!(two.recv().unwrap().unwrap(), 2);
        assert!(two.recv().is_none());
    });
}

#[test]
fn a_panic_comes_behind_the_items_that_were_sent() {
    on_all(|_, talk| {
        let mut panics = talk.panic(5);
        let seen: Vec<_> = panics.by_ref().take(5).collect::<Result<_, _>>().unwrap();
        assert_eq!(seen, [0, 1, 2, 3, 4]);
        assert!(matches!(panics.recv(), Some(Err(Error::Panicked { method })) if method == "Talk.panic"));
        assert!(panics.recv().is_none(), "once");
        assert!(matches!(panics.finish(), Err(Error::Panicked { .. })));
        assert_eq!(talk.add(1).unwrap(), 2);
    });
}

#[test]
fn an_item_over_the_limit_ends_its_call_alone() {
    on_all(|_, talk| {
        let mut large = talk.too_large(5 << 20);
        assert_eq!(large.recv().unwrap().unwrap(), [1]);
        let error = large.recv().unwrap().unwrap_err();
        assert!(matches!(error, Error::TooLarge { limit: 4_194_304, .. }), "{error}");
        assert_eq!(error.outcome(), Outcome::Executed);
        let mut weigh = talk.weigh();
        assert_eq!(weigh.send(&vec![0; 5 << 20]), Err(Stopped));
        let error = weigh.finish().unwrap_err();
        assert!(matches!(error, Error::TooLarge { limit: 4_194_304, .. }), "{error}");
        assert_eq!(talk.add(1).unwrap(), 2);
    });
}

#[test]
fn a_deadline_is_for_the_whole_call() {
    on_all(|served, talk| {
        let hurried = talk.timeout(Duration::from_millis(500));
        let start = Instant::now();
        let mut silent = hurried.silent("gate");
        assert_eq!(silent.recv().unwrap().unwrap(), 1);
        let error = silent.recv().unwrap().unwrap_err();
        assert!(matches!(error, Error::Deadline { .. }), "{error}");
        assert_eq!(error.outcome(), Outcome::Executed, "an item has come");
        assert!(start.elapsed() >= Duration::from_millis(500));
        served.talker.gates.wait_for("gate");
        // Without one a stream may take for ever, and a unary call has its own.
        let mut two = talk.two("later");
        assert_eq!(two.recv().unwrap().unwrap(), 1);
        served.talker.gates.open("later");
        assert_eq!(two.recv().unwrap().unwrap(), 2);
    });
}
