//! A faulty connection in memory: two pipes, virtual time, and faults that are planned beforehand.
//!
//! A pipe is what a stream socket is: it takes some of what is written, keeps at most its capacity, and gives some of what
//! has arrived, in order. What can go wrong is in [`Fault`].
use super::random::Random;
use std::collections::VecDeque;

/// Virtual microseconds since the beginning.
pub(super) type Time = u64;

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// From the client to the server.
    Up,
    /// From the server to the client.
    Down,
}

/// How one way goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The reader finds the end behind `at` bytes. The writer finds it out when it has written `lag` more.
    Cut { at: u64, lag: u64 },
    /// When `at` bytes are written both ways break at once, and what has not been read is lost.
    Reset { at: u64 },
    /// What is written behind `at` bytes never arrives, and nobody is told. `fills`: it takes up room all the same, so that
    /// the writer is stuck at last.
    Silence { at: u64, fills: bool },
}

/// How one way behaves.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    /// Bytes on their way, and not read, at most.
    pub(super) capacity: usize,
    /// What one write takes at most.
    pub(super) write_max: usize,
    /// What one read gives at most.
    pub(super) read_max: usize,
    /// How long bytes are on their way at most.
    pub(super) delay_max: Time,
    pub(super) fault: Option<Fault>,
}

/// The pipe takes, or gives, nothing any more.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Broken;

/// What a read found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Received {
    /// So many bytes, which have been appended.
    Bytes(usize),
    /// None so far.
    Nothing,
    /// The writer has closed.
    End,
}

/// One way.
///
/// Invariant: positions count all bytes that were ever written: `read <= arriving.. <= taken`.
#[derive(Debug)]
struct Pipe {
    plan: Plan,
    /// Bytes from `read` on that will arrive.
    bytes: Vec<u8>,
    /// How many of them are read, and still there.
    at: usize,
    /// Until where bytes arrive, and when.
    arrivals: VecDeque<(u64, Time)>,
    taken: u64,
    read: u64,
    /// The writer has closed: the reader finds the end.
    ended: bool,
    /// The reader has closed: the writer finds that out.
    deaf: bool,
    broken: bool,
}

impl Pipe {
    fn new(plan: Plan) -> Self {
        let (bytes, arrivals) = (Vec::new(), VecDeque::new());
        Self { plan, bytes, at: 0, arrivals, taken: 0, read: 0, ended: false, deaf: false, broken: false }
    }

    /// Until where bytes ever arrive.
    fn heard_until(&self) -> u64 {
        match self.plan.fault {
            Some(Fault::Cut { at, .. } | Fault::Silence { at, .. }) => at,
            Some(Fault::Reset { .. }) | None => u64::MAX,
        }
    }

    /// How many bytes a write may take.
    fn room(&self) -> Result<usize, Broken> {
        let until = match self.plan.fault {
            Some(Fault::Cut { at, lag }) => at + lag,
            Some(Fault::Reset { at }) => at,
            Some(Fault::Silence { .. }) | None => u64::MAX,
        };
        if self.broken || self.deaf || self.ended || self.taken >= until {
            return Err(Broken);
        }
        let kept = match self.plan.fault {
            Some(Fault::Silence { at, fills: false }) => self.taken.min(at.max(self.read)),
            Some(Fault::Cut { at, .. }) => self.taken.min(at.max(self.read)),
            _ => self.taken,
        };
        let room = self.plan.capacity.saturating_sub((kept - self.read) as usize);
        Ok(room.min(usize::try_from(until - self.taken).unwrap_or(usize::MAX)))
    }

    fn write(&mut self, now: Time, bytes: &[u8], random: &mut Random) -> Result<usize, Broken> {
        let some = random.within(1, self.plan.write_max as u64) as usize;
        let count = self.room()?.min(some).min(bytes.len());
        let heard = count.min(usize::try_from(self.heard_until().saturating_sub(self.taken)).unwrap_or(usize::MAX));
        self.bytes.extend_from_slice(&bytes[..heard]);
        self.taken += count as u64;
        if heard > 0 {
            let last = self.arrivals.back().map_or(0, |(_, time)| *time);
            let arrival = last.max(now + random.up_to(self.plan.delay_max));
            self.arrivals.push_back((self.taken.min(self.heard_until()), arrival));
        }
        Ok(count)
    }

    /// How many bytes have arrived and are not read.
    fn here(&self, now: Time) -> usize {
        let arrived = self.arrivals.iter().take_while(|(_, time)| *time <= now).last();
        arrived.map_or(0, |(until, _)| (until - self.read) as usize)
    }

    /// Whether nothing more will arrive, and the reader is told.
    fn is_over(&self) -> bool {
        match self.plan.fault {
            Some(Fault::Cut { at, .. }) if self.taken >= at => true,
            Some(Fault::Silence { at, .. }) if self.taken >= at => self.deaf,
            _ => self.ended || self.deaf,
        }
    }

    fn read(&mut self, now: Time, out: &mut Vec<u8>, random: &mut Random) -> Result<Received, Broken> {
        if self.broken {
            return Err(Broken);
        }
        let here = self.here(now);
        if here == 0 {
            return Ok(if self.arrivals.is_empty() && self.is_over() { Received::End } else { Received::Nothing });
        }
        let count = here.min(random.within(1, self.plan.read_max as u64) as usize);
        out.extend_from_slice(&self.bytes[self.at..self.at + count]);
        self.at += count;
        if self.at * 2 > self.bytes.len() {
            self.bytes.drain(..self.at);
            self.at = 0;
        }
        self.read += count as u64;
        while self.arrivals.front().is_some_and(|(until, _)| *until <= self.read) {
            self.arrivals.pop_front();
        }
        Ok(Received::Bytes(count))
    }

    fn has_some(&self, now: Time) -> bool {
        self.broken || self.here(now) > 0 || self.arrivals.is_empty() && self.is_over()
    }
}

/// Both ways.
#[derive(Debug)]
pub(super) struct Transport {
    up: Pipe,
    down: Pipe,
}

impl Transport {
    pub(super) fn new(up: Plan, down: Plan) -> Self {
        Self { up: Pipe::new(up), down: Pipe::new(down) }
    }

    fn pipe(&mut self, way: Way) -> &mut Pipe {
        match way {
            Way::Up => &mut self.up,
            Way::Down => &mut self.down,
        }
    }

    fn pipe_ref(&self, way: Way) -> &Pipe {
        match way {
            Way::Up => &self.up,
            Way::Down => &self.down,
        }
    }

    /// Takes some of the bytes; none if there is no room.
    ///
    /// # Errors
    /// When it will never take any more.
    pub(super) fn write(&mut self, way: Way, now: Time, bytes: &[u8], random: &mut Random) -> Result<usize, Broken> {
        let pipe = self.pipe(way);
        let written = pipe.write(now, bytes, random);
        if let Some(Fault::Reset { at }) = pipe.plan.fault
            && pipe.taken >= at
        {
            (self.up.broken, self.down.broken) = (true, true);
        }
        written
    }

    /// Appends some of what has arrived to `out`.
    ///
    /// # Errors
    /// After a reset.
    pub(super) fn read(
        &mut self,
        way: Way,
        now: Time,
        out: &mut Vec<u8>,
        random: &mut Random,
    ) -> Result<Received, Broken> {
        self.pipe(way).read(now, out, random)
    }

    /// Whether a read finds anything, an end included.
    pub(super) fn is_readable(&self, way: Way, now: Time) -> bool {
        self.pipe_ref(way).has_some(now)
    }

    /// Whether a write takes anything, or fails.
    pub(super) fn is_writable(&self, way: Way) -> bool {
        self.pipe_ref(way).room().map_or(true, |room| room > 0)
    }

    /// The end that writes this way closes, for both ways.
    pub(super) fn shut(&mut self, writes: Way) {
        let reads = if writes == Way::Up { Way::Down } else { Way::Up };
        self.pipe(writes).ended = true;
        self.pipe(reads).deaf = true;
    }

    /// When the next bytes arrive.
    pub(super) fn next_arrival(&self, now: Time) -> Option<Time> {
        let later = |pipe: &Pipe| pipe.arrivals.iter().map(|(_, time)| *time).find(|time| *time > now);
        [later(&self.up), later(&self.down)].into_iter().flatten().min()
    }

    /// How many bytes were taken this way.
    pub(super) fn taken(&self, way: Way) -> u64 {
        self.pipe_ref(way).taken
    }

    /// Whether something has gone wrong, that nobody need have noticed yet.
    pub(super) fn has_failed(&self) -> bool {
        let failed = |pipe: &Pipe| match pipe.plan.fault {
            Some(Fault::Cut { at, .. } | Fault::Reset { at } | Fault::Silence { at, .. }) => pipe.taken >= at,
            None => false,
        };
        failed(&self.up) || failed(&self.down)
    }
}

#[cfg(test)]
mod tests;
