//! Numbers that a seed decides.

/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
#[derive(Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 up to `max`, which may be it.
    pub(super) fn up_to(&mut self, max: u64) -> u64 {
        self.next() % (max + 1)
    }

    /// From `min` up to `max`, both included.
    pub(super) fn within(&mut self, min: u64, max: u64) -> u64 {
        min + self.up_to(max - min)
    }

    /// From `min` up to `max`, small numbers as often as large ones of each power of two.
    pub(super) fn scaled(&mut self, min: u64, max: u64) -> u64 {
        let bits = self.within(u64::from(min.max(1).ilog2()), u64::from(max.max(1).ilog2()));
        self.within(1 << bits, (2 << bits) - 1).clamp(min, max)
    }

    /// True once in `times`.
    pub(super) fn once_in(&mut self, times: u64) -> bool {
        self.up_to(times - 1) == 0
    }

    pub(super) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.up_to(of.len() as u64 - 1) as usize]
    }
}
