//! Connects, calls once, closes: again and again.
use super::case::WARM_CALLS;
use super::framework::{Counter, connect};
use super::measure::{Amount, Run, Tally};
use super::raw::{Inbox, Numbers, REPLY_BYTES, REQUEST_BYTES, put, threads};
use std::io::Write;
use std::os::unix::net::UnixStream;

/// Of the work of a call alone.
const WEIGHT: u64 = 4;

/// Its server starts a thread for each.
pub(crate) fn raw(address: &str, amount: Amount) -> Run {
    repeat(amount, |number| {
        let (mut stream, mut out) = (UnixStream::connect(address).expect("a connection"), Vec::new());
        put(number, REQUEST_BYTES, &mut out);
        stream.write_all(&out).expect("the server reads");
        Inbox::new(REPLY_BYTES).wait(&mut stream)
    })
}

pub(crate) fn framework(address: &str, amount: Amount) -> Run {
    repeat(amount, |number| Counter::client(connect(address)).add(number).expect("an answer"))
}

fn repeat(amount: Amount, visit: impl Fn(u64) -> u64 + Sync) -> Run {
    threads(1, WARM_CALLS / WEIGHT, amount.of_weight(WEIGHT), || {
        let (mut numbers, visit) = (Numbers::default(), &visit);
        move |amount| {
            Tally::of(amount, || {
                let number = numbers.next_number();
                assert_eq!(visit(number), number + 1);
            })
        }
    })
}
