//! Random numbers that depend on a seed alone, on every machine and in every version.

use rand_xoshiro::SplitMix64;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

/// A random number generator. Implements ranges itself, because other versions of the crate `rand` may draw other
/// numbers and so change the generated data.
pub(crate) struct Random(SplitMix64);

impl Random {
    /// The generator of item `index` of `seed`, independent of the generators of all other items.
    pub(crate) fn new(seed: u64, index: u64) -> Self {
        Self(SplitMix64::seed_from_u64(mix(seed) ^ mix(index.wrapping_add(0x5DEE_CE66))))
    }

    /// A number below `bound`; 0 if `bound` is 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let product = u128::from(self.0.next_u64()) * bound as u128;
        usize::try_from(product >> 64).unwrap_or(0)
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high - low + 1)
    }

    /// Returns `true` with a probability of `percent` in 100.
    pub(crate) fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of `items`, which must not be empty. A test checks that no list of the catalog is empty.
    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

/// Spreads the bits of `value`: the step of `SplitMix64` without its addition.
fn mix(value: u64) -> u64 {
    const INCREMENT: u64 = 0x9E37_79B9_7F4A_7C15;
    SplitMix64::seed_from_u64(value.wrapping_sub(INCREMENT)).next_u64()
}
