//! What happens in one run, all of it drawn from the seed: limits, faults, what callers do, what handlers do.
use super::random::Random;
use super::transport::{Fault, Plan, Time};
use crate::Shape;
use crate::wire::put_item;
use std::convert::Infallible;

/// The methods that the simulated service has, in the order of their numbers.
pub(super) const SHAPES: [Shape; 5] = [Shape::Unary, Shape::OneWay, Shape::Stream, Shape::Upload, Shape::Duplex];

/// One run.
#[derive(Debug)]
pub(super) struct Scenario {
    /// Nothing goes wrong, and nobody is in a hurry: what can succeed must.
    pub(super) calm: bool,
    pub(super) sizes: Sizes,
    pub(super) up: Plan,
    pub(super) down: Plan,
    /// Calls that the server takes at a time, as it has told the client.
    pub(super) calls_max: u32,
    /// What the server really takes.
    pub(super) jobs_max: usize,
    pub(super) streams_max: usize,
    pub(super) drain: Option<Drain>,
    /// What each caller does, one after the other.
    pub(super) callers: Vec<Vec<Deed>>,
    /// By their numbers, which arguments and answers tell.
    pub(super) calls: Vec<CallPlan>,
}

/// How large things are at most, in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    pub(super) frame: u32,
    pub(super) item: u64,
    /// Of an argument or an answer. It may be larger than a frame.
    pub(super) message: u64,
    pub(super) client_window: u32,
    pub(super) server_window: u32,
}

/// When the server stops, and how long it waits for what runs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Drain {
    pub(super) at: Time,
    pub(super) time_max: Time,
}

/// What a caller does.
#[derive(Debug, Clone)]
pub(super) enum Deed {
    Pause(Time),
    Ping,
    Call(u32),
    /// Unary calls that are started together. Those with `false` are then dropped, the others waited for.
    Together(Vec<(u32, bool)>),
}

/// One call, from both ends.
#[derive(Debug, Clone)]
pub(super) struct CallPlan {
    pub(super) shape: Shape,
    pub(super) allowed: Option<Time>,
    pub(super) argument_bytes: usize,
    pub(super) input: InputPlan,
    pub(super) taking: TakingPlan,
    pub(super) handler: HandlerPlan,
}

/// How the caller's items are sent.
#[derive(Debug, Clone)]
pub(super) struct InputPlan {
    pub(super) items: u32,
    /// So many are sent together.
    pub(super) group: u32,
    pub(super) pause: Time,
    /// Whether it waits until each group is written, as the driver does, and not only at the end.
    pub(super) waits: bool,
    /// Whether it tells the end; else it is dropped.
    pub(super) finishes: bool,
}

/// How the caller takes items.
#[derive(Debug, Clone)]
pub(super) struct TakingPlan {
    /// After so many it drops the call; `None`: it takes all, and the answer.
    pub(super) drops_after: Option<u32>,
    pub(super) pause: Time,
}

/// What the handler does.
#[derive(Debug, Clone)]
pub(super) struct HandlerPlan {
    /// It runs on the thread that reads; else on one that starts after so long.
    pub(super) starts_after: Option<Time>,
    pub(super) steps: Vec<Step>,
    /// How large its answer is; `None`: it panics.
    pub(super) answer_bytes: Option<usize>,
}

/// One thing that a handler does.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    Pause(Time),
    /// Sends so many items together.
    Send(u32),
    /// Takes so many items.
    Take(u32),
    TakeAll,
    StopInput,
}

impl Scenario {
    pub(super) fn draw(random: &mut Random) -> Self {
        let calm = random.once_in(3);
        let bulk = random.once_in(8);
        let sizes = Sizes::draw(random, bulk);
        let (mut up, mut down) = (pipe(random, sizes), pipe(random, sizes));
        let bytes_max = if bulk { 1 << 20 } else { 6000 };
        let fault = if calm { 0 } else { random.up_to(4) };
        up.fault = (fault & 1 > 0).then(|| draw_fault(random, bytes_max));
        down.fault = (fault & 2 > 0).then(|| draw_fault(random, bytes_max));
        let silent = [&up, &down].iter().any(|plan| matches!(plan.fault, Some(Fault::Silence { .. })));
        let draining = !calm && random.once_in(3);
        let few = |random: &mut Random| if !calm && random.once_in(4) { random.within(1, 3) as usize } else { 64 };
        let mut scenario = Self {
            calm,
            sizes,
            up,
            down,
            calls_max: random.scaled(1, 16) as u32,
            jobs_max: few(random),
            streams_max: few(random),
            drain: draining.then(|| Drain { at: random.scaled(1, 1 << 15), time_max: random.scaled(1, 1 << 16) }),
            callers: Vec::new(),
            calls: Vec::new(),
        };
        for _ in 0..random.within(1, 4) {
            let deeds = (0..random.within(1, 5)).map(|_| scenario.deed(random, silent)).collect();
            scenario.callers.push(deeds);
        }
        scenario
    }

    fn deed(&mut self, random: &mut Random, silent: bool) -> Deed {
        match random.up_to(9) {
            0 => Deed::Pause(random.scaled(1, 4000)),
            // A ping has no deadline.
            1 if !silent => Deed::Ping,
            2 => {
                let count = random.within(2, 4);
                Deed::Together(
                    (0..count).map(|_| (self.call(random, Shape::Unary, silent), random.once_in(2))).collect(),
                )
            }
            _ => {
                let shape = random.pick(&SHAPES);
                Deed::Call(self.call(random, shape, silent))
            }
        }
    }

    fn call(&mut self, random: &mut Random, shape: Shape, silent: bool) -> u32 {
        let hurried = silent || !self.calm && random.once_in(3);
        let items = |random: &mut Random| random.scaled(1, 24) as u32 - 1;
        let plan = CallPlan {
            shape,
            allowed: hurried.then(|| random.scaled(64, 1 << 15)),
            argument_bytes: random.scaled(1, self.sizes.message) as usize - 1,
            input: InputPlan {
                items: items(random),
                group: random.within(1, 4) as u32,
                pause: pause(random),
                waits: !random.once_in(4),
                finishes: !random.once_in(6),
            },
            taking: TakingPlan { drops_after: random.once_in(5).then(|| items(random)), pause: pause(random) },
            handler: HandlerPlan::draw(random, shape, self.sizes),
        };
        self.calls.push(plan);
        self.calls.len() as u32 - 1
    }
}

impl Sizes {
    fn draw(random: &mut Random, bulk: bool) -> Self {
        let (frame, window, item, message) = match bulk {
            true => (1 << 18, 1 << 18, 1 << 16, 1 << 17),
            false => (random.within(256, 1024), 256, random.scaled(1, 200), random.scaled(1, 300)),
        };
        // An item that takes very many grants only takes long.
        let mut window = || random.scaled((item / 8).max(1), window).min(frame) as u32;
        let (client_window, server_window) = (window(), window());
        Self { frame: frame as u32, item, message, client_window, server_window }
    }
}

impl HandlerPlan {
    fn draw(random: &mut Random, shape: Shape, sizes: Sizes) -> Self {
        let inline = !shape.has_items() && random.once_in(2);
        let mut steps = Vec::new();
        for _ in 0..if inline { 0 } else { random.up_to(4) } {
            match random.up_to(3) {
                0 => steps.push(Step::Pause(random.scaled(1, 4000))),
                1 | 2 if shape.streams() => steps.push(Step::Send(random.scaled(1, 12) as u32)),
                _ if shape.accepts() => steps.push(Step::Take(random.scaled(1, 12) as u32)),
                _ => {}
            }
        }
        if shape.accepts() {
            steps.push(random.pick(&[Step::TakeAll, Step::TakeAll, Step::StopInput, Step::Pause(1)]));
        }
        if shape.streams() && random.once_in(2) {
            steps.push(Step::Send(random.scaled(1, 24) as u32));
        }
        // One answer in ten is just over what the client takes.
        let message = if random.once_in(10) { u64::from(sizes.frame) } else { sizes.message };
        Self {
            starts_after: (!inline).then(|| pause(random)),
            steps,
            answer_bytes: (!random.once_in(8)).then(|| random.scaled(1, message) as usize),
        }
    }
}

fn pause(random: &mut Random) -> Time {
    if random.once_in(2) { 0 } else { random.scaled(1, 2000) }
}

fn pipe(random: &mut Random, sizes: Sizes) -> Plan {
    // One byte at a time, where that does not take for ever: with few bytes, and few grants.
    let window = sizes.client_window.min(sizes.server_window);
    let min = 1 + (sizes.item + sizes.message) / 64 + 12 / u64::from(window);
    let max = u64::from(sizes.frame);
    let mut bytes = || random.scaled(min, max) as usize;
    let (capacity, write_max, read_max) = (bytes(), bytes(), bytes());
    Plan { capacity, write_max, read_max, delay_max: pause(random), fault: None }
}

fn draw_fault(random: &mut Random, bytes_max: u64) -> Fault {
    let at = random.scaled(1, bytes_max) - 1;
    match random.up_to(3) {
        0 | 1 => Fault::Cut { at, lag: if random.once_in(2) { 0 } else { random.scaled(1, bytes_max) } },
        2 => Fault::Reset { at },
        _ => Fault::Silence { at, fills: random.once_in(2) },
    }
}

/// Who says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Voice {
    Caller,
    Handler,
}

/// The bytes that stand for a call's argument or answer.
pub(super) fn message(call: u32, voice: Voice, bytes: usize) -> Vec<u8> {
    let mut out = call.to_le_bytes().to_vec();
    out.resize(out.len() + bytes, call as u8 ^ voice as u8);
    out
}

/// Which call a message belongs to.
pub(super) fn call_of(message: &[u8]) -> u32 {
    u32::from_le_bytes(message[..4].try_into().expect("four bytes"))
}

/// Appends an item of a call: its number, and so many more bytes that nobody confuses it with another.
pub(super) fn put(call: u32, voice: Voice, number: u32, item_bytes_max: u64, out: &mut Vec<u8>) {
    let mut length = Random::new(u64::from(call) << 33 | u64::from(number) << 1 | voice as u64);
    let length = length.scaled(1, item_bytes_max) as usize - 1;
    let put = put_item(out, |out| {
        out.extend_from_slice(&[voice as u8, call as u8, number as u8]);
        out.resize(out.len() + length, (call * 7 + number) as u8);
        Ok::<_, Infallible>(())
    });
    put.expect("bytes are put without fail");
}
