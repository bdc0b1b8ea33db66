//! Connections: so many in all, so many a user.
use crate::common::raw::*;
use crate::common::{SOCKETS, Way, bait::*};
use rpc_core::Limits;

/// Fills the server, with the witness; gives all that got in.
fn fill(target: &Target, most: usize) -> Vec<Raw> {
    let all = (1..most).map(|_| target.opened()).collect();
    let mut refused = target.raw();
    refused.send(&hello(Some(wanted())));
    assert_eq!(refused.refusal(), Refusal::Overloaded);
    assert_eq!(target.incidents().refused, 1);
    all
}

#[test]
fn one_connection_too_many_is_told_so() {
    for way in SOCKETS {
        for which in ["all", "one user's"] {
            let mut limits = Limits::default();
            match which {
                "all" => limits.connections_max = 4,
                _ => limits.user_connections_max = 4,
            }
            let target = Target::with(way, limits);
            let mut all = fill(&target, 4);
            // A place that is given back is free once the server has seen the end.
            drop(all.pop());
            let again = std::iter::repeat_with(|| {
                let mut raw = target.raw();
                raw.send(&hello(Some(wanted())));
                frames(&raw.until_answered()).last().map(|frame| frame.kind)
            });
            assert!(again.take(10_000).any(|kind| kind == Some(WELCOME)), "{way:?}, {which}: no place is ever free");
        }
    }
}

/// Over TCP a user is an address: another one gets in.
#[test]
#[cfg(target_os = "linux")]
fn another_address_has_places_of_its_own() {
    let mut limits = Limits::default();
    limits.user_connections_max = 4;
    let target = Target::with(Way::Tcp, limits);
    let _all = fill(&target, 4);
    let mut other = Raw::from([127, 0, 0, 2], &target.address());
    other.open(Some(wanted()));
}
