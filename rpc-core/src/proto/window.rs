//! The two halves of a stream: what a receiver has, and what a sender may send.
//!
//! A receiver lets its sender run ahead by a *window* of bytes. The sender pays for each byte with *credit*, and gets new
//! credit when the receiver has taken half a window: often enough that a quick receiver never makes it wait, seldom
//! enough that grants cost nothing. So what a receiver holds of a stream that nobody takes is a window, and no more.

/// How a receiving half stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    /// The last item has come.
    Finished,
    /// The rest will not come.
    Abandoned,
}

/// The receiving half: what has come and is not taken yet.
///
/// Invariant: `bytes.len() + credit + taken <= window`, but for what the last grant has not yet told the sender.
#[derive(Debug)]
pub(crate) struct Inflow {
    bytes: Vec<u8>,
    window: u32,
    /// What the sender may still send.
    credit: u64,
    /// What was taken, and is not granted again.
    taken: u64,
    phase: Phase,
}

/// What a receiver finds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// Bytes, which have been appended.
    Bytes,
    /// Nothing so far.
    Nothing,
    /// All has come, and all is taken.
    Finished,
    /// What has come is taken, and the rest will not come.
    Abandoned,
}

impl Inflow {
    pub(crate) fn new(window: u32) -> Self {
        Self { bytes: Vec::new(), window, credit: window.into(), taken: 0, phase: Phase::Open }
    }

    /// Bytes have come. False: more than the sender might send, or behind the end.
    pub(crate) fn received(&mut self, bytes: &[u8]) -> bool {
        let Some(credit) = self.credit.checked_sub(bytes.len() as u64).filter(|_| self.phase == Phase::Open) else {
            return false;
        };
        self.credit = credit;
        self.bytes.extend_from_slice(bytes);
        true
    }

    /// The sender has sent its last. `complete`: all that it wanted to send. False: it had said so already.
    pub(crate) fn ended(&mut self, complete: bool) -> bool {
        let open = self.phase == Phase::Open;
        if open {
            self.phase = if complete { Phase::Finished } else { Phase::Abandoned };
        }
        open
    }

    /// How many bytes the sender may still send.
    pub(crate) fn room(&self) -> usize {
        usize::try_from(self.credit).unwrap_or(usize::MAX)
    }

    /// Whether more may come.
    pub(crate) fn is_open(&self) -> bool {
        self.phase == Phase::Open
    }

    /// Whether [`take`](Self::take) finds something.
    pub(crate) fn has_some(&self) -> bool {
        !self.bytes.is_empty() || self.phase != Phase::Open
    }

    /// Moves what has come to the end of `buffer`.
    pub(crate) fn take(&mut self, buffer: &mut Vec<u8>) -> Taken {
        if self.bytes.is_empty() {
            return match self.phase {
                Phase::Open => Taken::Nothing,
                Phase::Finished => Taken::Finished,
                Phase::Abandoned => Taken::Abandoned,
            };
        }
        self.taken += self.bytes.len() as u64;
        match buffer.is_empty() {
            true => std::mem::swap(&mut self.bytes, buffer),
            false => buffer.append(&mut self.bytes),
        }
        Taken::Bytes
    }

    /// What the sender is to be granted now, if it is worth telling.
    pub(crate) fn grant(&mut self) -> Option<u32> {
        if self.phase != Phase::Open || self.taken < u64::from(self.window / 2).max(1) {
            return None;
        }
        let grant = u32::try_from(self.taken).unwrap_or(u32::MAX);
        self.taken -= u64::from(grant);
        self.credit += u64::from(grant);
        Some(grant)
    }

    /// How much it holds.
    #[cfg(test)]
    pub(crate) fn held(&self) -> usize {
        self.bytes.len()
    }
}

/// The sending half.
#[derive(Debug)]
pub(crate) struct Outflow {
    window: u32,
    credit: u64,
    stopped: bool,
}

impl Outflow {
    /// To a receiver with this window.
    pub(crate) fn new(window: u32) -> Self {
        Self { window, credit: window.into(), stopped: false }
    }

    /// How many of `wanted` bytes may be sent now. They are paid for.
    pub(crate) fn pay(&mut self, wanted: usize) -> usize {
        let paid = self.credit.min(wanted as u64);
        self.credit -= paid;
        paid as usize
    }

    /// The receiver takes more. False: more than its window, of which it has granted all at first.
    pub(crate) fn granted(&mut self, bytes: u64) -> bool {
        self.credit = self.credit.saturating_add(bytes);
        self.credit <= self.window.into()
    }

    /// The receiver takes nothing any more.
    pub(crate) fn stop(&mut self) {
        self.stopped = true;
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// Whether anything can be sent, or there is no use in waiting for that.
    pub(crate) fn is_ready(&self) -> bool {
        self.credit > 0 || self.stopped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_holds_a_window_and_no_more() {
        let mut inflow = Inflow::new(100);
        assert!(inflow.received(&[1; 60]) && inflow.received(&[2; 40]));
        assert!(!inflow.received(&[3]), "T4: it was not granted");
        assert_eq!(inflow.held(), 100);
    }

    #[test]
    fn credit_comes_back_by_halves() {
        let (mut inflow, mut outflow, mut buffer) = (Inflow::new(100), Outflow::new(100), Vec::new());
        let mut sent = 0;
        for _ in 0..1000 {
            let paid = outflow.pay(30);
            sent += paid;
            assert!(inflow.received(&vec![7; paid]));
            buffer.clear();
            inflow.take(&mut buffer);
            if let Some(grant) = inflow.grant() {
                assert!(grant >= 50 && outflow.granted(grant.into()));
            }
        }
        assert_eq!(sent, 30_000, "a quick receiver never makes its sender wait");
    }

    #[test]
    fn a_window_of_one_byte_still_moves() {
        let (mut inflow, mut outflow) = (Inflow::new(1), Outflow::new(1));
        for _ in 0..3 {
            assert_eq!(outflow.pay(5), 1);
            assert_eq!(outflow.pay(5), 0);
            assert!(inflow.received(&[1]));
            inflow.take(&mut Vec::new());
            assert!(outflow.granted(inflow.grant().unwrap().into()));
        }
    }

    #[test]
    fn the_end_comes_behind_the_last_byte() {
        for (complete, end) in [(true, Taken::Finished), (false, Taken::Abandoned)] {
            let (mut inflow, mut buffer) = (Inflow::new(9), vec![1]);
            assert_eq!(inflow.take(&mut buffer), Taken::Nothing);
            assert!(inflow.received(&[2, 3]));
            assert!(inflow.ended(complete) && !inflow.ended(complete), "once");
            assert!(!inflow.received(&[4]), "nothing follows the end");
            assert_eq!(inflow.take(&mut buffer), Taken::Bytes);
            assert_eq!(buffer, [1, 2, 3]);
            assert_eq!(inflow.take(&mut buffer), end);
        }
    }

    /// T5: a peer cannot overflow what is counted.
    #[test]
    fn absurd_grants_are_refused() {
        let mut outflow = Outflow::new(1000);
        assert_eq!(outflow.pay(10), 10);
        assert!(outflow.granted(10));
        assert!(!outflow.granted(1));
        assert!(!outflow.granted(u64::MAX));
    }
}
