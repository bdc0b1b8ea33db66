//! Many threads over one connection, one call at a time each.
use super::case::{SHARERS, WARM_CALLS};
use super::framework::{Counter, connect};
use super::measure::{Amount, Run, Tally};
use super::raw::{Inbox, Numbers, REPLY_BYTES, REQUEST_BYTES, put, threads};
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::sync::Mutex;

/// Of the work of a thread that is alone, so that all together do not warm up for ever.
const PART: u64 = 8;

/// They share a lock, which whoever calls holds until the answer is there.
pub(crate) fn raw(address: &str, amount: Amount) -> Run {
    let stream = UnixStream::connect(address).expect("a connection");
    let shared = Mutex::new((stream, Inbox::new(REPLY_BYTES), Vec::new()));
    let call = |number| {
        let (stream, inbox, out) = &mut *shared.lock().expect("nobody has panicked");
        out.clear();
        put(number, REQUEST_BYTES, out);
        stream.write_all(out).expect("the server reads");
        inbox.wait(stream)
    };
    share(amount, call)
}

pub(crate) fn framework(address: &str, amount: Amount) -> Run {
    let client = Counter::client(connect(address));
    share(amount, |number| client.add(number).expect("an answer"))
}

fn share(amount: Amount, call: impl Fn(u64) -> u64 + Sync) -> Run {
    threads(SHARERS, WARM_CALLS / PART, amount.of_weight(PART), || {
        let (mut numbers, call) = (Numbers::default(), &call);
        move |amount| {
            Tally::of(amount, || {
                let number = numbers.next_number();
                assert_eq!(call(number), number + 1);
            })
        }
    })
}
