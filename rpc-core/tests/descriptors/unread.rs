//! Clients that ask for descriptors and read nothing.
use crate::closed::{call_to, wanted};
use crate::common::Way;
use crate::common::raw::*;
use crate::drawer::*;
use crate::hostile::try_send_beside;
use rpc_core::Limits;
use std::time::Duration;

/// Descriptors of one connection that may be in this process at once: 16 answers that wait, one that is added to them, and
/// one that is being asked for.
const HELD_MAX: usize = 18;

/// What is not sent keeps its descriptors open. A server that went on reading would have none left for anybody else.
#[test]
fn a_server_keeps_few_for_them() {
    let mut limits = Limits::default();
    limits.stall_time_max = Duration::from_secs(1);
    for way in [Way::Set, Way::Threads] {
        let served = Served::new(way, limits.clone());
        let (drawer, file) = (served.connect(), Marked::new());
        let mut raw = Raw::to(&served.address());
        raw.send(&hello_taking(Some(wanted()), 16));
        assert_eq!((raw.exact(8), raw.frame().kind), (PREFACE.to_vec(), WELCOME));
        // Far more than the system keeps of what was not read.
        let cut_off = (1..3000).find(|id| {
            if id % 50 == 0 {
                let held = file.others();
                assert!(held <= HELD_MAX, "{way:?}: it holds {held}");
            }
            !try_send_beside(&raw, &call_to(ECHO, *id, 1), &[&file])
        });
        assert!(cut_off.is_some(), "{way:?}: it reads on");
        assert_eq!(drawer.add(1).unwrap(), 2, "others are served");
        drop(raw);
        file.is_closed("cut off");
    }
}
