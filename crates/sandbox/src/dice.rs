//! Random numbers that are the same for ever.

/// A `SplitMix64` generator. It is ours, so that a newer crate never changes what a seed generates.
pub(crate) struct Dice(u64);

impl Dice {
    /// The dice of one thing among those of a seed, independent of all others.
    pub(crate) fn new(seed: u64, index: u64) -> Self {
        Self(mix(seed) ^ mix(index.wrapping_add(0x5DEE_CE66)))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// A number below `bound`, 0 if that is 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let wide = u128::from(self.next()) * bound as u128;
        usize::try_from(wide >> 64).unwrap_or(0)
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high - low + 1)
    }

    /// True in `percent` of 100 cases.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of `things`, which the catalogue never leaves empty.
    pub(crate) fn pick<'a, T>(&mut self, things: &'a [T]) -> &'a T {
        &things[self.below(things.len())]
    }

    /// One of `phrases`.
    pub(crate) fn phrase(&mut self, phrases: &[&'static str]) -> &'static str {
        self.pick::<&str>(phrases)
    }
}

const fn mix(mut value: u64) -> u64 {
    value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}
