//! Items are counted, too.
use crate::common::{SOCKETS, Way};
use crate::talk::*;
use rpc_core::{Introspection, Limits, MethodStats};

fn method(served: &Served, name: &str) -> MethodStats {
    let stats = Introspection::client(served.connection().unwrap()).stats().unwrap();
    stats.methods.into_iter().find(|method| method.method == name).unwrap()
}

#[test]
fn items_are_counted_each_way() {
    for way in SOCKETS {
        let served = Served::with(way, Limits::default());
        let talk = served.connect().unwrap();
        assert_eq!(talk.collect().send_all(&[1, 2, 3]).unwrap(), [1, 2, 3]);
        assert_eq!(talk.count(1000).collect::<Result<Vec<_>, _>>().unwrap().len(), 1000);
        let (collect, count) = (method(&served, "collect"), method(&served, "count"));
        assert_eq!((collect.items_in, collect.items_out, collect.calls), (3, 0, 1), "{way:?}");
        assert_eq!((count.items_in, count.items_out, count.calls), (0, 1000, 1), "{way:?}");
        // Each item has its length before it. Behind the items comes the answer, and with arguments the call begins.
        assert!(collect.bytes_in >= 3 * 5 && count.bytes_out >= 1000 * 5, "{collect:?} {count:?}");
    }
}

/// A stream that goes on for ever is counted while it does.
#[test]
fn items_are_counted_while_their_call_runs() {
    for way in [Way::Set, Way::Threads] {
        let served = Served::with(way, Limits::default());
        let talk = served.connect().unwrap();
        let mut two = talk.two("gate");
        assert_eq!(two.next().unwrap().unwrap(), 1);
        let seen = method(&served, "two");
        assert_eq!((seen.items_out, seen.calls), (1, 0), "{way:?}");
        served.talker.gates.open("gate");
        assert_eq!(two.next().unwrap().unwrap(), 2);
        assert!(two.next().is_none());
        let seen = method(&served, "two");
        assert_eq!((seen.items_out, seen.calls, seen.cancelled), (2, 1, 0), "{way:?}");
    }
}
