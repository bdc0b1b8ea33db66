//! Items of 32 bytes by this framework, both ways.
use super::flows::{Flows, Sample};
use super::framework::connect;
use super::measure::{Amount, Run, Tally, cpu_time};
use super::raw_items::{CHECKED, WARM_ITEMS};
use std::time::Instant;

/// Takes items one by one, and looks at each.
pub(crate) fn download(address: &str, amount: Amount) -> Run {
    let mut stream = Flows::client(connect(address)).download();
    let mut next = 0.0;
    let mut take = |count: u64| {
        for _ in 0..count {
            let sample = stream.recv().expect("it has no end").expect("a sample");
            assert_eq!(sample.number, next);
            next += 1.0;
        }
    };
    take(WARM_ITEMS);
    let (start, cpu, mut items) = (Instant::now(), cpu_time(), 0);
    while !amount.is_done(start, Instant::now(), items) {
        take(CHECKED);
        items += CHECKED;
    }
    Run::new(vec![Tally { calls: items, latencies: Vec::new() }], WARM_ITEMS, start.elapsed(), cpu_time() - cpu)
}

/// Sends all with one call, and has them counted.
pub(crate) fn upload(address: &str, amount: Amount) -> Run {
    let flows = Flows::client(connect(address));
    let samples: Vec<Sample> = (0..CHECKED).map(|number| Sample::new(number as f64)).collect();
    let sum = samples.iter().map(|sample| sample.number).sum::<f64>();
    assert_eq!(flows.upload().send_all(&samples).expect("an answer"), (CHECKED, sum));
    let (start, cpu, mut rounds) = (Instant::now(), cpu_time(), 0);
    let more = std::iter::from_fn(|| {
        let done = amount.is_done(start, Instant::now(), rounds * CHECKED);
        rounds += u64::from(!done);
        (!done).then_some(&samples)
    });
    let counted = flows.upload().send_all(more.flatten()).expect("an answer");
    let (took, cpu, items) = (start.elapsed(), cpu_time() - cpu, rounds * CHECKED);
    assert_eq!(counted, (items, rounds as f64 * sum));
    Run::new(vec![Tally { calls: items, latencies: Vec::new() }], CHECKED, took, cpu)
}
