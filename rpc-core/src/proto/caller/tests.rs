//! A caller fed with frames: no socket, no clock.
use super::*;
use crate::proto::{Voided, put};
use crate::wire::{Cut, Cutter, HEAD_BYTES};

const LIMITS: DecodeLimits = DecodeLimits { memory_bytes_max: 1 << 20 };

fn frame(kind: Kind, id: u32, body: &[u8]) -> (Head, Vec<u8>) {
    (Head { length: body.len() as u32, kind, more: false, fds: 0, call: CallId(id) }, body.to_vec())
}

/// A caller, and what it queues.
struct Fed {
    caller: Caller<char>,
    outbox: Outbox,
}

impl std::ops::Deref for Fed {
    type Target = Caller<char>;

    fn deref(&self) -> &Caller<char> {
        &self.caller
    }
}

impl std::ops::DerefMut for Fed {
    fn deref_mut(&mut self) -> &mut Caller<char> {
        &mut self.caller
    }
}

impl Fed {
    fn give_up(&mut self, id: CallId) -> Outcome {
        self.caller.give_up(id, &mut self.outbox, &mut Vec::new())
    }

    fn take_batch(&mut self) -> Option<Batch> {
        self.caller.take_batch(&mut self.outbox)
    }

    fn wrote(&mut self, batch: Batch, count: usize) {
        self.caller.wrote(batch, count, &mut self.outbox, &mut Vec::new());
    }

    /// A call with items.
    fn open(&mut self, shape: Shape) -> CallId {
        let id = start(self);
        self.caller.open(id, shape);
        id
    }

    fn send(&mut self, id: CallId, bytes: &[u8]) -> Sent {
        self.caller.send_items(id, bytes, &mut self.outbox)
    }

    /// What has come for a call, and how it stands.
    fn items(&mut self, id: CallId) -> (Vec<u8>, Next) {
        let mut buffer = Vec::new();
        loop {
            match self.caller.take_items(id, &mut buffer, &mut self.outbox) {
                Next::Items => {}
                next => return (buffer, next),
            }
        }
    }
}

fn caller() -> Fed {
    let terms = CallTerms { calls_max: 8, reply_bytes_max: 1000, window_bytes: 100, peer_window_bytes: 50 };
    Fed { caller: Caller::new(terms, CallId::NONE), outbox: Outbox::default() }
}

fn start(caller: &mut Fed) -> CallId {
    let mut request = Message::default();
    put(&mut request.bytes, Kind::Call, CallId::NONE, &"request");
    caller.caller.start(&mut request, &mut caller.outbox)
}

fn receive(caller: &mut Fed, (head, body): (Head, Vec<u8>)) -> Vec<char> {
    let mut woken = Vec::new();
    caller.caller.received(head, Body::Part(&body), Fds::default(), LIMITS, &mut caller.outbox, &mut woken);
    woken
}

fn fault(id: u32, fault: &Fault) -> (Head, Vec<u8>) {
    frame(Kind::Fault, id, &postcard::to_stdvec(fault).unwrap())
}

fn written(caller: &mut Fed) -> Vec<(Kind, u32)> {
    let (batch, mut cutter, mut at, mut seen) =
        (caller.take_batch().unwrap_or_default(), Cutter::default(), 0, Vec::new());
    while let Ok(Cut::Frame { head, used, .. }) = cutter.cut(&batch.bytes()[at..], 1 << 20) {
        seen.push((head.kind, head.call.0));
        at += used;
    }
    caller.wrote(batch, at);
    seen
}

#[test]
fn a_call_and_its_answer() {
    let mut caller = caller();
    let id = start(&mut caller);
    assert_eq!(written(&mut caller), [(Kind::Call, id.0)]);
    caller.calls.wait(Waits::Answer(id), 'a');
    assert_eq!(receive(&mut caller, frame(Kind::Reply, id.0, b"yes")), ['a']);
    let mut buffer = Message::default();
    assert_eq!(caller.take(id, &mut buffer), Some(Ok(0)));
    assert_eq!(buffer.bytes, b"yes");
}

/// C8: a hostile server ends its connection, and nothing else.
#[test]
fn a_hostile_server() {
    let violated = |answer: (Head, Vec<u8>)| {
        let mut caller = caller();
        let id = start(&mut caller);
        caller.calls.wait(Waits::Answer(id), 'a');
        assert_eq!(receive(&mut caller, answer), ['a'], "everybody is told");
        matches!(caller.end(), Some(End::Violation(_)))
    };
    assert!(violated(frame(Kind::Reply, 99, b"for nobody")));
    assert!(violated(fault(99, &Fault::Panicked)));
    assert!(violated(frame(Kind::Fault, 1, b"\xff\xff")));
    assert!(violated(frame(Kind::Call, 1, b"")));
    assert!(violated(frame(Kind::Hello, 1, b"")));
}

#[test]
fn two_answers_to_one_call() {
    let mut caller = caller();
    let id = start(&mut caller);
    receive(&mut caller, frame(Kind::Reply, id.0, b"1"));
    assert_eq!(caller.end(), None);
    receive(&mut caller, frame(Kind::Reply, id.0, b"2"));
    assert!(matches!(caller.end(), Some(End::Violation(_))));
}

#[test]
fn a_fault_of_a_one_way_call_is_nobodys() {
    let mut caller = caller();
    let mut post = Message::default();
    put(&mut post.bytes, Kind::Call, CallId::NONE, &());
    caller.caller.post(&mut post, &mut caller.outbox);
    receive(&mut caller, fault(1, &Fault::Overloaded));
    assert_eq!(caller.end(), None);
}

/// O1: what was never written was never sent; what was, is unknown.
#[test]
fn outcomes_when_the_connection_dies() {
    let mut caller = caller();
    let (a, b) = (start(&mut caller), start(&mut caller));
    let batch = caller.take_batch().unwrap();
    let first = batch.len() / 2;
    caller.wrote(batch, first + 3);
    caller.over(End::Lost("gone".to_owned()), &mut Vec::new());
    assert_eq!(caller.give_up(a), Outcome::Unknown);
    assert_eq!(caller.give_up(b), Outcome::NotSent);
}

/// O2: a request that is still in the queue is taken back; one that is not is cancelled.
#[test]
fn outcomes_when_the_caller_gives_up() {
    let mut caller = caller();
    let a = start(&mut caller);
    assert_eq!(caller.give_up(a), Outcome::NotSent);
    assert_eq!(written(&mut caller), [(Kind::Void, a.0)]);
    assert_eq!(caller.calls.in_flight(), 0, "no answer will come");

    let b = start(&mut caller);
    written(&mut caller);
    assert_eq!(caller.give_up(b), Outcome::Unknown);
    assert_eq!(written(&mut caller), [(Kind::Cancel, b.0)]);
    receive(&mut caller, frame(Kind::Reply, b.0, b"late"));
    assert_eq!((caller.end(), caller.calls.in_flight()), (None, 0), "late answers are ignored");
}

/// D1: calls after the one that goodbye names did not run.
#[test]
fn goodbye() {
    let mut caller = caller();
    let (a, b) = (start(&mut caller), start(&mut caller));
    receive(&mut caller, frame(Kind::Goodbye, a.0, b""));
    let mut buffer = Message::default();
    assert!(caller.is_closing());
    assert_eq!(caller.take(a, &mut buffer), None);
    assert_eq!(caller.take(b, &mut buffer), Some(Err(Fault::ShuttingDown.into())));
}

/// D1: both halves of a call that goodbye refuses find out.
#[test]
fn goodbye_wakes_both_halves() {
    let mut caller = caller();
    let id = caller.open(Shape::Duplex);
    assert_eq!(caller.send(id, &[7; 50]), Sent::Some(50));
    caller.calls.wait(Waits::Items(id), 'i');
    caller.calls.wait(Waits::Credit(id), 'c');
    assert_eq!(receive(&mut caller, frame(Kind::Goodbye, 0, b"")), ['i', 'c']);
    assert_eq!(caller.items(id).1, Next::Failed);
    assert_eq!(caller.send(id, &[7]), Sent::Stopped);
}

/// A ping that goodbye has refused is answered all the same: nobody's fault.
#[test]
fn an_answer_that_goodbye_overtook() {
    let mut caller = caller();
    let ping = start(&mut caller);
    receive(&mut caller, frame(Kind::Goodbye, 0, b""));
    assert_eq!(caller.take(ping, &mut Message::default()), Some(Err(Fault::ShuttingDown.into())));
    receive(&mut caller, frame(Kind::Pong, ping.0, b""));
    assert_eq!(caller.end(), None);
    receive(&mut caller, frame(Kind::Pong, 99, b""));
    assert!(matches!(caller.end(), Some(End::Violation(_))), "that was never given out");
}

/// F5: a reply over this side's limit fails its call alone.
#[test]
fn an_oversized_reply() {
    let mut caller = caller();
    let id = start(&mut caller);
    caller.oversized(Head { length: 500, kind: Kind::Reply, more: false, fds: 0, call: id }, 100, &mut Vec::new());
    let taken = caller.take(id, &mut Message::default());
    assert_eq!(taken, Some(Err(Fault::ReplyTooLarge { size: 500, limit: 100 }.into())));
    assert_eq!(caller.end(), None);
}

#[test]
fn ping_is_answered_and_refuse_ends() {
    let mut caller = caller();
    receive(&mut caller, frame(Kind::Ping, 4, b""));
    assert_eq!(written(&mut caller), [(Kind::Pong, 4)]);
    receive(&mut caller, frame(Kind::Refuse, 0, &postcard::to_stdvec(&Refusal::Overloaded).unwrap()));
    assert!(matches!(caller.end(), Some(End::Lost(why)) if why.contains("connections")));
}

#[test]
fn a_large_answer_is_not_copied() {
    let mut caller = caller();
    let id = start(&mut caller);
    let mut bytes = vec![7; HEAD_BYTES + 100_000];
    let at = bytes.as_ptr();
    let head = Head { length: 100_000, kind: Kind::Reply, more: false, fds: 0, call: id };
    let body = Body::Whole { bytes: &mut bytes, start: HEAD_BYTES };
    caller.caller.received(head, body, Fds::default(), LIMITS, &mut caller.outbox, &mut Vec::new());
    let mut buffer = Message::default();
    assert_eq!(caller.take(id, &mut buffer), Some(Ok(HEAD_BYTES)));
    assert_eq!(buffer.bytes.as_ptr(), at);
}

/// After the end nothing is written, and whoever gives up is told the outcome.
#[test]
fn nothing_is_written_after_the_end() {
    let mut caller = caller();
    start(&mut caller);
    caller.over(End::Lost("gone".to_owned()), &mut Vec::new());
    assert!(caller.take_batch().is_none());
}

/// A server that asks without end, and reads no answer, fills no memory.
#[test]
fn pings_without_end() {
    let mut caller = caller();
    for id in 0..100_000 {
        receive(&mut caller, frame(Kind::Ping, id, b""));
    }
    assert_eq!(caller.outbox.queued(), PONGS_MAX * HEAD_BYTES);
    written(&mut caller);
    receive(&mut caller, frame(Kind::Ping, 7, b""));
    assert_eq!(written(&mut caller), [(Kind::Pong, 7)], "it reads them now");
}

/// D4: however much this side has to send itself, a ping is answered.
#[test]
fn a_ping_behind_large_requests() {
    let mut caller = caller();
    for _ in 0..2 {
        let mut request = Message::default();
        put(&mut request.bytes, Kind::Call, CallId::NONE, &vec![7_u8; 100_000]);
        caller.caller.start(&mut request, &mut caller.outbox);
    }
    receive(&mut caller, frame(Kind::Ping, 4, b""));
    assert_eq!(written(&mut caller).last(), Some(&(Kind::Pong, 4)));
}

/// The system takes nothing of the next batch; where that began, and who is woken.
#[cfg(unix)]
fn refuse_first(Fed { caller, outbox }: &mut Fed) -> (u64, Vec<char>) {
    let (batch, mut woken) = (outbox.take(), Vec::new());
    let Some(Voided::Call { id, start }) = outbox.void_first(batch) else { panic!("it begins with a call") };
    caller.not_passed(id, start, &mut woken);
    (start, woken)
}

/// F9: calls that the system does not pass the descriptors of; others' stay as they are.
#[cfg(unix)]
#[test]
fn a_call_that_is_not_passed_fails_alone() {
    let with_fd = || {
        let (mut request, file) = (Message::default(), std::fs::File::open("/dev/null").unwrap());
        let put = crate::wire::put_message(&mut request, Kind::Call, CallId::NONE, |request| {
            request.fds.push(crate::wire::Descriptor::new(file.into()));
            Ok::<_, ()>(())
        });
        put.unwrap();
        request
    };
    let mut caller = caller();
    let Fed { caller: calls, outbox } = &mut caller;
    let (id, other) = (calls.start(&mut with_fd(), outbox), calls.start(&mut with_fd(), outbox));
    calls.open(id, Shape::Upload);
    assert_eq!(calls.send_items(id, b"item", outbox), Sent::Some(4));
    let (post, later) = (calls.post(&mut with_fd(), outbox), calls.post(&mut with_fd(), outbox));
    calls.calls.wait(Waits::Answer(id), 'a');
    assert_eq!(refuse_first(&mut caller), (0, vec!['a']));
    assert_eq!(caller.take(id, &mut Message::default()), Some(Err(Unanswered::NotPassed)));
    assert_eq!(caller.send(id, b"more"), Sent::Stopped);
    let sent = |caller: &mut Fed| written(caller).into_iter().filter(|frame| frame.0 != Kind::Void).collect::<Vec<_>>();
    assert_eq!(sent(&mut caller), [], "nor does an item of it go out");
    assert_eq!(sent(&mut caller), [(Kind::Call, other.0)]);
    caller.calls.wait(Waits::Written, 'p');
    assert_eq!(refuse_first(&mut caller), (post.start, vec!['p']));
    assert_eq!(caller.caller.posted(&later, &caller.outbox), None);
    assert_eq!(caller.caller.posted(&post, &caller.outbox), Some(Err(Unanswered::NotPassed)));
    while caller.outbox.is_ready() {
        written(&mut caller);
    }
    assert_eq!(caller.caller.posted(&later, &caller.outbox), Some(Ok(())));
    assert!(caller.posts.is_empty() && caller.end().is_none());
}

/// F8: a large answer comes in parts, with others' between.
#[test]
fn an_answer_in_parts() {
    let mut caller = caller();
    let (a, b) = (start(&mut caller), start(&mut caller));
    caller.calls.wait(Waits::Answer(a), 'a');
    let part = |id: CallId, bytes: &[u8]| {
        let (head, body) = frame(Kind::Reply, id.0, bytes);
        (Head { more: true, ..head }, body)
    };
    assert_eq!(receive(&mut caller, part(a, b"first ")), []);
    assert_eq!(receive(&mut caller, frame(Kind::Reply, b.0, b"between")), []);
    assert_eq!(receive(&mut caller, part(a, b"second ")), []);
    assert_eq!(receive(&mut caller, frame(Kind::Reply, a.0, b"last")), ['a']);
    let mut buffer = Message::default();
    assert_eq!(caller.take(a, &mut buffer), Some(Ok(0)));
    assert_eq!(buffer.bytes, b"first second last");
}

#[test]
fn parts_without_end() {
    let mut caller = caller();
    let a = start(&mut caller);
    for _ in 0..11 {
        assert_eq!(caller.end(), None);
        let (head, body) = frame(Kind::Reply, a.0, &[7; 100]);
        receive(&mut caller, (Head { more: true, ..head }, body));
    }
    assert!(matches!(caller.end(), Some(End::Violation(why)) if why.contains("over the limit")));
}

#[test]
fn items_and_then_the_answer() {
    let mut caller = caller();
    let id = caller.open(Shape::Stream);
    caller.calls.wait(Waits::Items(id), 'i');
    assert_eq!(receive(&mut caller, frame(Kind::Items, id.0, b"one")), ['i']);
    assert_eq!(caller.items(id), (b"one".to_vec(), Next::Nothing));
    receive(&mut caller, frame(Kind::Items, id.0, b"two"));
    receive(&mut caller, frame(Kind::Reply, id.0, b"end"));
    assert_eq!(caller.items(id), (b"two".to_vec(), Next::Answered), "the last item is not lost");
    receive(&mut caller, frame(Kind::Items, id.0, b"behind the end"));
    assert!(matches!(caller.end(), Some(End::Violation(_))));
}

/// T3, T4: a receiver grants what it has taken, by halves of the smaller window; and not a byte more is let in.
#[test]
fn credit_is_granted_and_kept() {
    let mut caller = caller();
    let id = caller.open(Shape::Stream);
    written(&mut caller);
    receive(&mut caller, frame(Kind::Items, id.0, &[1; 24]));
    caller.items(id);
    assert_eq!(written(&mut caller), []);
    receive(&mut caller, frame(Kind::Items, id.0, &[1; 26]));
    caller.items(id);
    assert_eq!(written(&mut caller), [(Kind::Credit, id.0)]);
    receive(&mut caller, frame(Kind::Items, id.0, &[1; 50]));
    assert_eq!((caller.end(), caller.held()), (None, 50));
    receive(&mut caller, frame(Kind::Items, id.0, &[1]));
    assert!(matches!(caller.end(), Some(End::Violation(_))));
}

#[test]
fn input_waits_for_credit() {
    let mut caller = caller();
    let id = caller.open(Shape::Upload);
    assert_eq!(caller.send(id, &[7; 80]), Sent::Some(50));
    assert_eq!(caller.send(id, &[7; 30]), Sent::Some(0));
    caller.calls.wait(Waits::Credit(id), 'c');
    assert_eq!(receive(&mut caller, frame(Kind::InputCredit, id.0, &[20])), ['c']);
    assert_eq!(caller.send(id, &[7; 30]), Sent::Some(20));
    caller.caller.end_items(id, true, &mut caller.outbox);
    assert_eq!(caller.send(id, &[7]), Sent::Stopped, "nothing follows the end");
    let kinds: Vec<_> = written(&mut caller).into_iter().map(|frame| frame.0).collect();
    assert_eq!(kinds, [Kind::Call, Kind::Input, Kind::Input, Kind::InputEnd]);
}

/// Else who writes while it waits would take every pause of the socket for what it waits for, and go around in circles.
#[test]
fn a_call_without_items_waits_for_its_answer() {
    let mut caller = caller();
    let id = caller.open(Shape::Upload);
    assert!(!caller.has_come(Waits::Items(id)));
    receive(&mut caller, frame(Kind::Reply, id.0, b"yes"));
    assert!(caller.has_come(Waits::Items(id)));
}

/// A peer may say no more and still take nothing: who writes must not wait for it.
#[test]
fn nobody_waits_behind_the_end() {
    let mut caller = caller();
    let id = caller.open(Shape::Duplex);
    assert!(!caller.has_come(Waits::Answer(id)) && !caller.has_come(Waits::Written));
    caller.over(End::Lost("gone".to_owned()), &mut Vec::new());
    assert!(caller.has_come(Waits::Answer(id)) && caller.has_come(Waits::Written));
}

/// A service that has answered, or wants no more, ends the sending.
#[test]
fn an_early_end_stops_the_sender() {
    for last in [Kind::InputStop, Kind::Reply, Kind::Fault] {
        let mut caller = caller();
        let id = caller.open(Shape::Duplex);
        assert_eq!(caller.send(id, &[7; 50]), Sent::Some(50));
        caller.calls.wait(Waits::Credit(id), 'c');
        let body = if last == Kind::Fault { postcard::to_stdvec(&Fault::Panicked).unwrap() } else { Vec::new() };
        assert_eq!(receive(&mut caller, frame(last, id.0, &body)), ['c'], "{last:?}");
        assert_eq!(caller.send(id, &[7]), Sent::Stopped, "{last:?}");
    }
}

/// C7: frames of a call that was given up are late, and nobody's fault.
#[test]
fn items_of_a_cancelled_call() {
    let mut caller = caller();
    let id = caller.open(Shape::Duplex);
    written(&mut caller);
    assert_eq!(caller.send(id, &[7; 50]), Sent::Some(50));
    assert_eq!(caller.give_up(id), Outcome::Unknown);
    for kind in [Kind::Items, Kind::InputCredit, Kind::InputStop] {
        receive(&mut caller, frame(kind, id.0, &[1; 1]));
    }
    assert_eq!((caller.end(), caller.calls.in_flight(), caller.streams()), (None, 1, 0));
    assert_eq!(caller.give_up(id), Outcome::Unknown, "the other half may say so, too");
    receive(&mut caller, frame(Kind::Reply, id.0, b"late"));
    assert_eq!((caller.end(), caller.calls.in_flight()), (None, 0));
}

/// T6: what no call has, nobody may send.
#[test]
fn items_that_nobody_asked_for() {
    let violated = |shape: Shape, kind: Kind, body: &[u8]| {
        let mut caller = caller();
        let id = caller.open(shape);
        receive(&mut caller, frame(kind, id.0, body));
        matches!(caller.end(), Some(End::Violation(_)))
    };
    assert!(violated(Shape::Upload, Kind::Items, b"x"));
    assert!(violated(Shape::Stream, Kind::InputCredit, &[1]));
    assert!(violated(Shape::Stream, Kind::InputStop, b""));
    assert!(violated(Shape::Upload, Kind::InputCredit, b""), "malformed");
    assert!(violated(Shape::Upload, Kind::InputCredit, &[0xff, 0xff, 0xff, 0xff, 0xff, 1]), "absurd");
    let mut caller = caller();
    receive(&mut caller, frame(Kind::Items, 5, b"x"));
    assert!(matches!(caller.end(), Some(End::Violation(_))), "a call that was never made");
}

/// A dead peer ends a stream with an error, behind what had come.
#[test]
fn the_end_of_the_connection_is_no_quiet_end() {
    let mut caller = caller();
    let id = caller.open(Shape::Duplex);
    receive(&mut caller, frame(Kind::Items, id.0, b"one"));
    caller.calls.wait(Waits::Credit(id), 'c');
    let mut woken = Vec::new();
    caller.over(End::Lost("gone".to_owned()), &mut woken);
    assert_eq!(woken, ['c']);
    assert_eq!(caller.items(id), (b"one".to_vec(), Next::Failed));
    assert_eq!(caller.send(id, b"x"), Sent::Stopped);
}

/// A descriptor, and how many hold it.
#[cfg(unix)]
fn descriptor() -> std::sync::Arc<std::os::fd::OwnedFd> {
    std::sync::Arc::new(std::fs::File::open("/dev/null").unwrap().into())
}

#[cfg(unix)]
fn receive_beside(caller: &mut Fed, (head, body): (Head, Vec<u8>), fds: Fds) {
    let outbox = &mut caller.outbox;
    caller.caller.received(head, Body::Part(&body), fds, LIMITS, outbox, &mut Vec::new());
}

/// F9: an answer has the descriptors of its first part, and those that nobody waits for are closed.
#[cfg(unix)]
#[test]
fn descriptors_come_with_the_first_part() {
    let (mut caller, fd) = (caller(), descriptor());
    let with = |fd: &crate::wire::Descriptor| -> Fds { [fd.clone()].into_iter().collect() };
    let (id, given_up) = (start(&mut caller), start(&mut caller));
    let (head, body) = frame(Kind::Reply, id.0, b"first ");
    receive_beside(&mut caller, (Head { more: true, ..head }, body), with(&fd));
    receive(&mut caller, frame(Kind::Reply, id.0, b"last"));
    let mut answer = Message::default();
    assert_eq!(caller.take(id, &mut answer), Some(Ok(0)));
    assert_eq!(answer, Message { bytes: b"first last".to_vec(), fds: with(&fd) });
    drop(answer);
    written(&mut caller);
    caller.give_up(given_up);
    receive_beside(&mut caller, frame(Kind::Reply, given_up.0, b"late"), with(&fd));
    assert_eq!((caller.end(), std::sync::Arc::strong_count(&fd)), (None, 1), "late, and closed");
    let id = start(&mut caller);
    let (head, body) = frame(Kind::Reply, id.0, b"first ");
    receive(&mut caller, (Head { more: true, ..head }, body));
    receive_beside(&mut caller, frame(Kind::Reply, id.0, b"last"), with(&fd));
    assert!(matches!(caller.end(), Some(End::Violation(why)) if why.contains("further part")));
    assert_eq!(std::sync::Arc::strong_count(&fd), 1);
}
