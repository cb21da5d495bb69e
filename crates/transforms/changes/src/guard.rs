//! The removal guard.

use std::fmt;

/// The limits of removals. Both must be exceeded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guard {
    pub(crate) max_removals: u64,
    pub(crate) max_percent: u8,
}

impl Guard {
    /// Whether this number of removals from `live` records is suspicious.
    pub(crate) fn withholds(self, removals: u64, live: u64) -> bool {
        // Integer arithmetic, because rounding could withhold a number of removals that equals the limit.
        let (removed, allowed) =
            (u128::from(removals) * 100, u128::from(live) * u128::from(self.max_percent));
        removals > self.max_removals && removed > allowed
    }
}

impl fmt::Display for Guard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { max_removals, max_percent } = self;
        write!(
            formatter,
            "`max_removals` ({max_removals}) and `max_removed_percent` ({max_percent})"
        )
    }
}
