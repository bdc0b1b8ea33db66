//! Topics: who is sent what, in which order, and who waits for whom.
#![cfg(unix)]
mod common;
use common::scripted::numbers::{Numbers, numbers};
use common::{Gates, Probe, SOCKETS, Way, listen};
use rpc_core::{Client, Connection, Context, Error, Outcome, Overflow, Server, Stream, Subscription, Topic};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A moment that no test waits for when all is well.
const PATIENCE: Duration = Duration::from_secs(20);

fn until(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "never: {what}");
        std::thread::yield_now();
    }
}

/// A caller that is subscribed.
fn subscribed(topic: &Arc<Topic<u64>>, overflow: Overflow) -> Stream<u64> {
    let (before, fed) = (topic.subscribers(), topic.clone());
    let stream = numbers(&Connection::local(Numbers(move |cx: &_, out| fed.feed(cx, out, overflow))));
    until("it is subscribed", || topic.subscribers() > before);
    stream
}

/// A caller that is fed from this subscription once its gate is open.
fn behind_a_gate(subscription: Subscription<u64>) -> (Stream<u64>, Gates) {
    let (gates, subscription) = (Gates::default(), Mutex::new(Some(subscription)));
    let gate = gates.clone();
    let connection = Connection::local(Numbers(move |cx: &_, out| {
        let subscription = subscription.lock().unwrap().take().unwrap();
        gate.pass("feed");
        subscription.feed(cx, out)
    }));
    (numbers(&connection), gates)
}

fn all(stream: Stream<u64>) -> Result<Vec<u64>, Error> {
    stream.collect()
}

/// What a subscriber gets that is fed only after all of these were published.
fn afterwards(overflow: Overflow, items: impl IntoIterator<Item = u64>) -> Result<Vec<u64>, Error> {
    let topic = Topic::new();
    let (stream, gates) = behind_a_gate(topic.subscribe(overflow));
    items.into_iter().for_each(|item| topic.publish(item));
    topic.close();
    gates.open("feed");
    all(stream)
}

#[test]
fn every_subscriber_is_sent_everything_in_order() {
    let topic = Arc::new(Topic::new());
    let streams: Vec<_> = (0..3).map(|_| subscribed(&topic, Overflow::Wait(4))).collect();
    let publisher = topic.clone();
    let publisher = std::thread::spawn(move || {
        (0..1000).for_each(|item| publisher.publish(item));
        publisher.close();
    });
    let readers: Vec<_> = streams.into_iter().map(|stream| std::thread::spawn(move || all(stream))).collect();
    for reader in readers {
        assert_eq!(reader.join().unwrap().unwrap(), (0..1000).collect::<Vec<_>>());
    }
    publisher.join().unwrap();
}

/// Items that cannot travel, of which a caller gets something else, more than one, or nothing.
#[test]
fn what_is_sent_of_an_item_is_for_the_handler_to_say() {
    struct Reading(u64);
    let topic = Arc::new(Topic::new());
    let fed = topic.clone();
    let stream = numbers(&Connection::local(Numbers(move |cx: &_, out| {
        fed.subscribe(Overflow::Wait(9)).feed_with(cx, out, |Reading(number), out| match number {
            2 => Ok(()),
            number => out.send_all(&[number * 10, number * 100]),
        })
    })));
    until("it is subscribed", || topic.subscribers() == 1);
    (1..=3).for_each(|number| topic.publish(Reading(number)));
    topic.close();
    assert_eq!(all(stream).unwrap(), [10, 100, 30, 300]);
}

#[test]
fn who_comes_later_is_sent_what_is_published_later() {
    let topic = Arc::new(Topic::new());
    topic.publish(1);
    let stream = subscribed(&topic, Overflow::Wait(9));
    topic.publish(2);
    topic.publish(3);
    topic.close();
    assert_eq!(all(stream).unwrap(), [2, 3]);
}

#[test]
fn drop_oldest_keeps_the_newest() {
    assert_eq!(afterwards(Overflow::DropOldest(3), 1..=10).unwrap(), [8, 9, 10]);
    assert_eq!(afterwards(Overflow::DropOldest(3), 1..=3).unwrap(), [1, 2, 3]);
}

#[test]
fn room_for_none_is_room_for_one() {
    assert_eq!(afterwards(Overflow::DropOldest(0), 1..=3).unwrap(), [3]);
    assert_eq!(afterwards(Overflow::Disconnect(0), 1..=1).unwrap(), [1]);
    assert_eq!(afterwards(Overflow::Wait(0), 1..=1).unwrap(), [1]);
}

#[test]
fn latest_only_keeps_one() {
    assert_eq!(afterwards(Overflow::LatestOnly, 1..=10).unwrap(), [10]);
    assert_eq!(afterwards(Overflow::LatestOnly, 1..=1).unwrap(), [1]);
}

#[test]
fn disconnect_tells_the_caller_that_it_was_too_slow() {
    assert_eq!(afterwards(Overflow::Disconnect(3), 1..=3).unwrap(), [1, 2, 3]);
    let error = afterwards(Overflow::Disconnect(3), 1..=4).unwrap_err();
    assert_eq!(error.outcome(), Outcome::Executed);
    let says =
        "Numbers.numbers: the handler gave no answer: the subscriber is too slow: more than 3 items waited for it";
    assert_eq!(error.to_string(), says);
}

#[test]
fn one_who_is_disconnected_does_not_disturb_others() {
    let topic = Arc::new(Topic::new());
    let (slow, gates) = behind_a_gate(topic.subscribe(Overflow::Disconnect(2)));
    let quick = subscribed(&topic, Overflow::Wait(100));
    (0..50).for_each(|item| topic.publish(item));
    gates.open("feed");
    assert!(matches!(all(slow), Err(Error::NoReply { .. })));
    until("the slow one has left", || topic.subscribers() == 1);
    topic.publish(50);
    topic.close();
    assert_eq!(all(quick).unwrap(), (0..=50).collect::<Vec<_>>());
}

/// Its handler sends an item that does not go out, and nothing else would wake it.
#[test]
fn one_who_takes_nothing_at_all_is_disconnected() {
    for way in [Way::Local, Way::Set, Way::Threads, Way::Tcp] {
        let topic = Arc::new(Topic::new());
        let (fed, directory) = (topic.clone(), tempfile::tempdir().unwrap());
        let handler = Numbers(move |cx: &Context, out| fed.feed(cx, out, Overflow::Disconnect(100_000)));
        let (connection, _server) = match way {
            Way::Local => (Connection::local(handler), None),
            _ => {
                let server = listen(way, Server::new(handler), &directory).unwrap();
                (Connection::connect(&server.addresses()[0].to_string()).unwrap(), Some(server))
            }
        };
        let mut stream = numbers(&connection);
        until("it is subscribed", || topic.subscribers() == 1);
        topic.publish(0);
        assert_eq!(stream.recv().unwrap().unwrap(), 0);
        // A window full of them is sent; then its handler waits, and its queue fills up.
        let next = Mutex::new(1..);
        until("it is disconnected", || {
            next.lock().unwrap().by_ref().take(1000).for_each(|item| topic.publish(item));
            topic.subscribers() == 0
        });
        let last = stream.zip(1..).find_map(|(item, number)| item.map(|item| assert_eq!(item, number)).err());
        assert!(matches!(&last, Some(Error::NoReply { why, .. }) if why.contains("too slow")), "{way:?}: {last:?}");
    }
}

/// What is dropped for a slow subscriber is the user's: it may publish in its turn.
#[test]
fn an_item_that_publishes_when_it_is_dropped() {
    struct Echo(Arc<Topic<Echo>>, u64);
    impl Drop for Echo {
        fn drop(&mut self) {
            if let Some(left) = self.1.checked_sub(1) {
                self.0.publish(Echo(self.0.clone(), left));
            }
        }
    }
    let topic = Arc::new(Topic::new());
    let subscription = topic.subscribe(Overflow::LatestOnly);
    topic.publish(Echo(topic.clone(), 3));
    topic.publish(Echo(topic.clone(), 0));
    drop(subscription);
    assert_eq!(topic.subscribers(), 0);
}

#[test]
fn wait_holds_the_publisher() {
    let topic = Arc::new(Topic::new());
    let (stream, gates) = behind_a_gate(topic.subscribe(Overflow::Wait(3)));
    let (publisher, published) = (topic.clone(), Arc::new(AtomicU64::new(0)));
    let counted = published.clone();
    let publisher = std::thread::spawn(move || {
        for item in 1..=10 {
            publisher.publish(item);
            counted.fetch_add(1, SeqCst);
        }
        publisher.close();
    });
    until("three wait", || published.load(SeqCst) == 3);
    // Were it not held, it would go on now.
    (0..1000).for_each(|_| std::thread::yield_now());
    assert_eq!(published.load(SeqCst), 3);
    gates.open("feed");
    assert_eq!(all(stream).unwrap(), (1..=10).collect::<Vec<_>>());
    publisher.join().unwrap();
}

/// The publisher waits for one only after all others have the item.
#[test]
fn one_who_is_waited_for_does_not_hold_up_others() {
    let topic = Arc::new(Topic::new());
    let slow = topic.subscribe(Overflow::Wait(1));
    let mut quick = subscribed(&topic, Overflow::Wait(9));
    let publisher = topic.clone();
    let publisher = std::thread::spawn(move || (1..=2).for_each(|item| publisher.publish(item)));
    assert_eq!(quick.recv().unwrap().unwrap(), 1);
    assert_eq!(quick.recv().unwrap().unwrap(), 2);
    drop(slow);
    publisher.join().unwrap();
}

/// Runs what must end although the publisher waits for a subscriber; `leaves` ends that wait.
fn publisher_is_released(topic: &Arc<Topic<u64>>, leaves: impl FnOnce()) {
    let (publisher, published) = (topic.clone(), Arc::new(AtomicU64::new(0)));
    let (counted, (ended, end)) = (published.clone(), channel());
    // More than a stream's window and the queue hold.
    std::thread::spawn(move || {
        for item in 0..200_000 {
            publisher.publish(item);
            counted.fetch_add(1, SeqCst);
        }
        ended.send(()).unwrap();
    });
    until("it publishes", || published.load(SeqCst) > 0);
    assert!(end.try_recv().is_err(), "it does not wait");
    leaves();
    end.recv_timeout(PATIENCE).expect("the publisher still waits");
}

#[test]
fn a_caller_that_leaves_releases_the_publisher() {
    let topic = Arc::new(Topic::new());
    let stream = subscribed(&topic, Overflow::Wait(2));
    publisher_is_released(&topic, || drop(stream));
    until("it has left", || topic.subscribers() == 0);
}

#[test]
fn a_subscription_that_is_dropped_releases_the_publisher() {
    let topic = Arc::new(Topic::new());
    let subscription = topic.subscribe(Overflow::Wait(2));
    publisher_is_released(&topic, || drop(subscription));
    assert_eq!(topic.subscribers(), 0);
}

#[test]
fn closing_releases_the_publisher() {
    let topic = Arc::new(Topic::new());
    let _subscription = topic.subscribe(Overflow::Wait(2));
    let closing = topic.clone();
    publisher_is_released(&topic, move || closing.close());
}

/// Nothing is published: the handler sleeps, and must be woken.
#[test]
fn a_caller_that_goes_is_noticed_at_once() {
    for _ in 0..200 {
        let topic = Arc::new(Topic::new());
        let stream = subscribed(&topic, Overflow::Wait(1));
        drop(stream);
        until("it has left", || topic.subscribers() == 0);
    }
}

#[test]
fn the_end_of_the_callers_time_is_noticed() {
    let topic = Arc::new(Topic::new());
    let fed = topic.clone();
    let (ended, end) = channel();
    let ended = Mutex::new(ended);
    let connection = Connection::local(Numbers(move |cx: &Context, out| {
        let fed = fed.feed(cx, out, Overflow::Wait(1));
        ended.lock().unwrap().send((fed, cx.time_left())).unwrap();
        fed
    }));
    let limit = Duration::from_millis(50);
    let start = Instant::now();
    let mut stream = numbers(Probe::client(connection).timeout(limit).channel());
    let (fed, left) = end.recv_timeout(PATIENCE).expect("the handler sleeps on");
    assert_eq!((fed, left), (Err(rpc_core::Stopped), Some(Duration::ZERO)));
    assert!(start.elapsed() >= limit);
    assert!(stream.recv().unwrap().is_err());
}

#[test]
fn a_closed_topic_ends_its_subscribers_with_what_waits() {
    let topic = Arc::new(Topic::new());
    let (stream, gates) = behind_a_gate(topic.subscribe(Overflow::Wait(9)));
    let asleep = subscribed(&topic, Overflow::Wait(9));
    topic.publish(1);
    topic.publish(2);
    topic.close();
    topic.publish(3);
    gates.open("feed");
    assert_eq!(all(stream).unwrap(), [1, 2]);
    assert_eq!(all(asleep).unwrap(), [1, 2]);
    let (late, gates) = behind_a_gate(topic.subscribe(Overflow::Wait(9)));
    gates.open("feed");
    assert_eq!(all(late).unwrap(), [0; 0]);
}

#[test]
fn a_server_that_stops_ends_its_subscribers_with_what_waits() {
    for way in SOCKETS {
        let topic = Arc::new(Topic::new());
        let (fed, gates, directory) = (topic.clone(), Gates::default(), tempfile::tempdir().unwrap());
        let gate = gates.clone();
        let handler = Numbers(move |cx: &Context, out| {
            let subscription = fed.subscribe(Overflow::Wait(2));
            gate.pass("feed");
            subscription.feed(cx, out)
        });
        let server = listen(way, Server::new(handler), &directory).unwrap();
        let address = server.addresses()[0].to_string();
        let connection = Connection::connect(&address).unwrap();
        let (slow, fast) = (numbers(&connection), numbers(&connection));
        until("both are subscribed", || topic.subscribers() == 2);
        topic.publish(1);
        topic.publish(2);
        std::thread::scope(|scope| {
            let drained = scope.spawn(|| server.stop());
            until("the server stops", || Connection::connect(&address).is_err());
            gates.open("feed");
            assert_eq!(all(slow).unwrap(), [1, 2], "{way:?}");
            assert_eq!(all(fast).unwrap(), [1, 2], "{way:?}");
            assert_eq!(drained.join().unwrap().cut, 0, "{way:?}");
        });
        assert_eq!(topic.subscribers(), 0);
    }
}

/// A subscriber that sleeps when its server stops, and a publisher that waits for another one.
#[test]
fn a_server_that_stops_wakes_its_subscribers_and_those_who_wait_for_them() {
    let topic = Arc::new(Topic::new());
    let (fed, directory) = (topic.clone(), tempfile::tempdir().unwrap());
    let server = Server::new(Numbers(move |cx: &Context, out| fed.feed(cx, out, Overflow::Wait(1))));
    let server = listen(Way::Set, server, &directory).unwrap();
    let connection = Connection::connect(&server.addresses()[0].to_string()).unwrap();
    let stream = numbers(&connection);
    until("it is subscribed", || topic.subscribers() == 1);
    let flag = Arc::new(AtomicBool::new(false));
    let publisher = std::thread::spawn({
        let (topic, flag) = (topic.clone(), flag.clone());
        move || (0..).take_while(|_| !flag.load(SeqCst)).for_each(|item| topic.publish(item))
    });
    assert_eq!(server.stop().cut, 0);
    flag.store(true, SeqCst);
    publisher.join().unwrap();
    let seen = all(stream).unwrap();
    assert!(seen.iter().copied().eq(0..seen.len() as u64), "in order, and none is missing");
}

#[test]
fn a_dropped_topic_ends_its_subscribers_with_what_waits() {
    let topic = Topic::new();
    let (stream, gates) = behind_a_gate(topic.subscribe(Overflow::Wait(9)));
    topic.publish(1);
    drop(topic);
    gates.open("feed");
    assert_eq!(all(stream).unwrap(), [1]);
    // And one that sleeps when it happens.
    let topic = Topic::new();
    let (mut stream, gates) = behind_a_gate(topic.subscribe(Overflow::Wait(9)));
    gates.open("feed");
    topic.publish(1);
    assert_eq!(stream.recv().unwrap().unwrap(), 1);
    drop(topic);
    assert!(stream.recv().is_none());
    stream.finish().unwrap();
}

/// Publisher and count, as one number.
const PUBLISHERS: u64 = 3;

/// Checks that each publisher's items come in order, and that none is missing if `all` are to come.
fn check(seen: &[u64], all: bool) {
    let mut last = HashMap::new();
    for item in seen {
        let (publisher, count) = (item % PUBLISHERS, item / PUBLISHERS);
        if let Some(last) = last.insert(publisher, count) {
            assert!(count > last, "publisher {publisher}: {count} after {last}");
            assert!(!all || count == last + 1, "publisher {publisher}: {count} after {last}, and none between");
        }
    }
}

#[test]
fn subscribers_come_and_go_under_load() {
    let topic = Arc::new(Topic::new());
    let (over, seen) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for publisher in 0..PUBLISHERS {
            let (topic, over) = (&topic, &over);
            scope.spawn(move || {
                for count in 0.. {
                    if over.load(SeqCst) {
                        return;
                    }
                    topic.publish(count * PUBLISHERS + publisher);
                }
            });
        }
        let members: Vec<_> = (0..6)
            .map(|member| {
                let (topic, seen) = (&topic, &seen);
                scope.spawn(move || {
                    for round in 0..30 {
                        let overflow = match member % 3 {
                            0 => Overflow::Wait(1 + round % 5),
                            1 => Overflow::DropOldest(1 + round % 5),
                            _ => Overflow::LatestOnly,
                        };
                        let fed = topic.clone();
                        let handler = Numbers(move |cx: &_, out| fed.feed(cx, out, overflow));
                        let stream = numbers(&Connection::local(handler));
                        let items: Vec<_> = stream.take(round * 7).map(Result::unwrap).collect();
                        assert_eq!(items.len(), round * 7);
                        check(&items, member % 3 == 0);
                        seen.fetch_add(items.len(), SeqCst);
                    }
                })
            })
            .collect();
        let results: Vec<_> = members.into_iter().map(|member| member.join()).collect();
        over.store(true, SeqCst);
        results.into_iter().for_each(Result::unwrap);
    });
    until("all have left", || topic.subscribers() == 0);
    eprintln!("{} items", seen.load(SeqCst));
}

#[test]
fn all_see_the_same_order() {
    let topic = Arc::new(Topic::new());
    let streams: Vec<_> = (0..3).map(|_| subscribed(&topic, Overflow::Wait(2))).collect();
    let readers: Vec<_> = streams.into_iter().map(|stream| std::thread::spawn(move || all(stream).unwrap())).collect();
    std::thread::scope(|scope| {
        for publisher in 0..PUBLISHERS {
            let topic = &topic;
            scope.spawn(move || (0..500).for_each(|count| topic.publish(count * PUBLISHERS + publisher)));
        }
    });
    topic.close();
    let orders: Vec<_> = readers.into_iter().map(|reader| reader.join().unwrap()).collect();
    assert_eq!(orders[0].len(), 500 * PUBLISHERS as usize);
    assert!(orders.iter().all(|order| *order == orders[0]));
    check(&orders[0], true);
}
