//! One whole conversation, by hand: cut into other pieces it comes to the same, and cut off anywhere it ends at once, and
//! never quietly.
use crate::common::Way;
use crate::common::raw::*;
use crate::lure::*;
use rpc_core::Limits;

/// What a client with calls of every kind says. Its inputs are ended, but for the last one's.
fn conversation(gate: &str) -> Vec<u8> {
    let doubled: Vec<u8> = [1u64, 300, 70_000].iter().flat_map(item).collect();
    let (first, second) = doubled.split_at(6);
    [
        hello_with(1000),
        call(1, method::COUNT, &(3u64,)),
        call(2, method::DOUBLE, &()),
        call(3, method::WEIGH, &()),
        frame(INPUT, 2, first),
        call(4, method::ADD, &(1u64,)),
        frame(INPUT, 3, &item(&vec![9u8; 40])),
        frame(INPUT, 2, second),
        frame(INPUT_END, 2, &[0]),
        frame(PING, 5, &[]),
        frame(INPUT_END, 3, &[0]),
        // An end that is none, for a handler that waits for one.
        call(6, method::READ, &(gate,)),
        frame(INPUT, 6, &item(&5u64)),
        frame(INPUT_END, 6, &[1]),
    ]
    .concat()
}

/// What each call has got: its items in one piece, then its answer's kind and body.
fn told(raw: &mut Raw) -> Vec<(u32, Vec<u8>, u8, Vec<u8>)> {
    let (mut items, mut answers) = (vec![Vec::new(); 7], Vec::new());
    while answers.len() < 6 {
        let frame = raw.frame();
        match frame.kind {
            ITEMS => items[frame.call as usize].extend(frame.body),
            REPLY | FAULT | PONG => answers.push((frame.call, frame.kind, frame.body)),
            INPUT_STOP | INPUT_CREDIT | WELCOME => {}
            _ => panic!("{frame:?}"),
        }
    }
    answers.sort();
    answers
        .into_iter()
        .map(|(call, kind, body)| (call, std::mem::take(&mut items[call as usize]), kind, body))
        .collect()
}

fn expected() -> Vec<(u32, Vec<u8>, u8, Vec<u8>)> {
    let items = |numbers: &[u64]| numbers.iter().flat_map(item).collect::<Vec<u8>>();
    let reply = |method: u32, answer: &[u8]| [&[method as u8], answer].concat();
    let stopped = bytes_of(&Fault::NoReply("it stopped before its end".to_owned()));
    vec![
        (1, items(&[0, 1, 2]), REPLY, reply(method::COUNT, &[])),
        (2, items(&[2, 600, 140_000]), REPLY, reply(method::DOUBLE, &[3])),
        (3, vec![], REPLY, reply(method::WEIGH, &[40])),
        (4, vec![], REPLY, reply(method::ADD, &[2])),
        (5, vec![], PONG, vec![]),
        (6, vec![], FAULT, stopped),
    ]
}

/// A small generator: the cuts differ, and are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) as usize % limit
    }
}

#[test]
fn in_any_pieces() {
    on_targets(|target| {
        let whole = conversation("pieces");
        let mut random = Random(7);
        for round in 0..40 {
            let (mut raw, mut rest) = (target.raw(), &whole[..]);
            while !rest.is_empty() {
                let piece = if round == 0 { 1 } else { 1 + random.below(rest.len().min(1 + 3 * round)) };
                raw.send(&rest[..piece]);
                rest = &rest[piece..];
                // Now and then its server has read what there is before more comes.
                std::thread::yield_now();
            }
            assert_eq!(raw.exact(8), PREFACE);
            assert_eq!(told(&mut raw), expected(), "round {round}");
        }
        target.is_quiet();
    });
}

/// By its end where there is one, by a reset, or by half a close: handlers stop, are cancelled, and leave nothing behind.
#[test]
fn cut_off_anywhere() {
    for way in crate::common::SOCKETS {
        let target = Target::with(way, Limits::default());
        let whole = conversation("cut");
        for cut in 0..whole.len() {
            for how in 0..3 {
                let mut raw = target.raw();
                raw.send(&whole[..cut]);
                match how {
                    0 => drop(raw),
                    1 if way == Way::Tcp => raw.reset(),
                    1 => {}
                    _ => {
                        raw.half_close();
                        // The server has nothing more to wait for, and closes.
                        raw.rest();
                    }
                }
            }
        }
        target.is_quiet();
        target.gates().wait_for("cancelled cut");
        assert!(!target.gates().is_open("ended cut"), "what was cut off has no end");
        target.serves_others();
    }
}

/// Whoever waits for items, credit or nothing when its caller goes finds out.
#[test]
fn handlers_are_told_that_their_caller_has_gone() {
    on_targets(|target| {
        for (number, reset) in [(0, false), (1, true)] {
            let gates = ["reads", "sends", "waits"].map(|what| format!("{what} {number}"));
            let [reads, sends, waits] = &gates;
            let mut raw = target.opened(1000);
            raw.send(&call(1, method::READ, &(reads,)));
            raw.send(&[frame(INPUT, 1, &item(&1u64)), call(2, method::FOREVER, &(sends,))].concat());
            raw.send(&call(3, method::HOLD, &(waits,)));
            gates.iter().for_each(|gate| target.gates().wait_for(&format!("at {gate}")));
            if reset {
                raw.reset()
            } else {
                drop(raw)
            }
            target.gates().wait_for(&format!("cancelled {reads}"));
            target.gates().wait_for(&format!("cancelled {sends}"));
            target.gates().wait_for(waits);
        }
        target.is_quiet();
    });
}

/// Threads go back: after many conversations that were cut off there are places for as many streams as ever.
#[test]
fn places_are_free_again() {
    on_targets(|target| {
        for round in 0..20 {
            let mut raw = target.opened(1000);
            let gate = format!("round {round}");
            let calls: Vec<_> =
                (1..=Limits::default().streams_max).map(|id| call(id, method::FOREVER, &(&gate,))).collect();
            raw.send(&calls.concat());
            // Not one is refused.
            let first = raw.frame();
            assert_eq!(first.kind, ITEMS, "{first:?}");
            drop(raw);
            target.is_quiet();
        }
    });
}
