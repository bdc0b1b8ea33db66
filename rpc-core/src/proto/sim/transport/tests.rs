//! The transport alone: a simulation is worth as much as what it stands on.
use super::*;

const CALM: Plan = Plan { capacity: 64, write_max: 64, read_max: 64, delay_max: 0, fault: None };

/// A transport whose way up has this plan.
fn up(plan: Plan) -> Transport {
    Transport::new(plan, CALM)
}

fn bytes(count: usize) -> Vec<u8> {
    (0..count).map(|at| (at % 251) as u8).collect()
}

/// Writes and reads until nothing moves any more. Gives what was taken, what was read, and how reading ended.
fn pump(transport: &mut Transport, bytes: &[u8], random: &mut Random) -> (usize, Vec<u8>, Result<Received, Broken>) {
    let (mut now, mut at, mut out) = (0, 0, Vec::new());
    loop {
        let taken = transport.write(Way::Up, now, &bytes[at..], random).unwrap_or(0);
        at += taken;
        let read = transport.read(Way::Up, now, &mut out, random);
        let moved = taken > 0 || matches!(read, Ok(Received::Bytes(_)));
        match transport.next_arrival(now) {
            Some(next) if !moved => now = next,
            None if !moved => return (at, out, read),
            _ => {}
        }
    }
}

#[test]
fn bytes_come_in_order_unchanged_and_none_invented() {
    for seed in 0..2000 {
        let mut random = Random::new(seed);
        let plan = Plan {
            capacity: random.scaled(1, 100) as usize,
            write_max: random.scaled(1, 100) as usize,
            read_max: random.scaled(1, 100) as usize,
            delay_max: random.up_to(50),
            fault: None,
        };
        let bytes = bytes(random.up_to(500) as usize);
        let mut transport = up(plan);
        let (taken, out, read) = pump(&mut transport, &bytes, &mut random);
        assert_eq!((taken, out == bytes, read), (bytes.len(), true, Ok(Received::Nothing)), "seed {seed}");
        transport.shut(Way::Up);
        assert_eq!(pump(&mut transport, &[], &mut random).2, Ok(Received::End), "seed {seed}");
        assert!(!transport.has_failed());
    }
}

#[test]
fn a_cut_cuts_where_it_says() {
    let bytes = bytes(40);
    for at in 0..40 {
        for lag in 0..5 {
            let mut transport = up(Plan { fault: Some(Fault::Cut { at, lag }), read_max: 3, ..CALM });
            let mut random = Random::new(at);
            let (taken, out, read) = pump(&mut transport, &bytes, &mut random);
            assert_eq!(out, bytes[..at as usize]);
            assert_eq!((taken as u64, read), ((at + lag).min(40), Ok(Received::End)));
            let broken = transport.write(Way::Up, 0, b"x", &mut random);
            assert_eq!(broken.is_err(), at + lag <= 40, "cut at {at}, known {lag} later");
        }
    }
}

#[test]
fn silence_tells_nobody() {
    let bytes = bytes(100);
    for (fills, takes) in [(false, 100), (true, 84)] {
        let mut transport = up(Plan { fault: Some(Fault::Silence { at: 20, fills }), ..CALM });
        let mut random = Random::new(1);
        let (taken, out, read) = pump(&mut transport, &bytes, &mut random);
        assert_eq!((taken, out, read), (takes, bytes[..20].to_vec(), Ok(Received::Nothing)), "fills: {fills}");
        assert_eq!(transport.is_writable(Way::Up), !fills);
        assert!(transport.has_failed() && !transport.is_readable(Way::Up, u64::MAX));
        transport.shut(Way::Up);
        assert!(!transport.is_readable(Way::Up, u64::MAX), "nor of the end");
    }
}

#[test]
fn a_reset_breaks_both_ways_and_loses_what_was_not_read() {
    let mut transport = up(Plan { fault: Some(Fault::Reset { at: 20 }), ..CALM });
    let (mut random, mut out) = (Random::new(1), Vec::new());
    transport.write(Way::Down, 0, b"answer", &mut random).unwrap();
    let mut taken = 0;
    while let Ok(count) = transport.write(Way::Up, 0, &[7; 30], &mut random) {
        assert!(count > 0);
        taken += count;
    }
    assert_eq!(taken, 20);
    for way in [Way::Up, Way::Down] {
        assert_eq!(transport.read(way, 0, &mut out, &mut random), Err(Broken));
        assert!(transport.is_readable(way, 0) && transport.is_writable(way), "whoever waits finds out");
    }
    assert!(out.is_empty());
}

#[test]
fn a_full_pipe_takes_nothing() {
    let mut transport = up(Plan { capacity: 10, ..CALM });
    let (mut random, mut out) = (Random::new(1), Vec::new());
    let mut taken = 0;
    while transport.is_writable(Way::Up) {
        taken += transport.write(Way::Up, 0, &[7; 100], &mut random).unwrap();
    }
    assert_eq!((taken, transport.write(Way::Up, 0, b"x", &mut random)), (10, Ok(0)));
    let Ok(Received::Bytes(read)) = transport.read(Way::Up, 0, &mut out, &mut random) else { panic!("ten are here") };
    assert!(transport.is_writable(Way::Up));
    while transport.write(Way::Up, 0, &[7; 100], &mut random).is_ok_and(|count| count > 0) {}
    assert_eq!(transport.taken(Way::Up), 10 + read as u64);
}

#[test]
fn bytes_arrive_at_their_time_and_not_before() {
    let mut transport = up(Plan { delay_max: 1000, ..CALM });
    let mut random = Random::new(3);
    let (mut sent, mut now, mut seen) = (0, 0, 0);
    for _ in 0..4 {
        sent += transport.write(Way::Up, 0, &[7; 10], &mut random).unwrap();
    }
    while let Some(next) = transport.next_arrival(now) {
        let mut out = Vec::new();
        while let Ok(Received::Bytes(count)) = transport.read(Way::Up, next - 1, &mut out, &mut random) {
            seen += count;
        }
        assert!(!transport.is_readable(Way::Up, next - 1) && transport.is_readable(Way::Up, next));
        now = next;
    }
    assert!(seen < sent && now <= 1000);
}

/// What the other side said before this one closed is still there; what is written to a closed end fails.
#[test]
fn closing() {
    let mut transport = up(CALM);
    let (mut random, mut out) = (Random::new(1), Vec::new());
    while transport.taken(Way::Down) < 4 {
        transport.write(Way::Down, 0, b"x", &mut random).unwrap();
    }
    transport.shut(Way::Up);
    assert_eq!(transport.write(Way::Down, 0, b"more", &mut random), Err(Broken));
    assert_eq!(transport.write(Way::Up, 0, b"more", &mut random), Err(Broken));
    while let Ok(Received::Bytes(_)) = transport.read(Way::Down, 0, &mut out, &mut random) {}
    assert_eq!(out, b"xxxx");
    assert_eq!(transport.read(Way::Down, 0, &mut out, &mut random), Ok(Received::End));
    assert_eq!(transport.read(Way::Up, 0, &mut out, &mut random), Ok(Received::End));
}
