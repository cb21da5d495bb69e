//! The adaptive page size.

/// The number of successful pages after which a larger page is tried.
const INITIAL_PATIENCE: u32 = 10;
/// The maximum of `patience`, which doubles each time a larger page times out.
const MAX_PATIENCE: u32 = 640;

/// The number of records to request per page.
///
/// A timeout halves the size, down to one record. `patience` successful pages double it. `patience` doubles each time a
/// larger page times out.
#[derive(Debug)]
pub(crate) struct PageSize {
    max: u32,
    current: u32,
    /// The number of successful pages in a row.
    successes: u32,
    patience: u32,
    /// Whether the current size is the result of growth.
    has_grown: bool,
}

impl PageSize {
    pub(crate) fn new(max: u32) -> Self {
        Self { max, current: max, successes: 0, patience: INITIAL_PATIENCE, has_grown: false }
    }

    pub(crate) fn current(&self) -> u32 {
        self.current
    }

    /// Records a successful page. Returns the new size if it grows.
    pub(crate) fn succeeded(&mut self) -> Option<u32> {
        if self.current == self.max {
            return None;
        }
        self.successes += 1;
        if self.successes < self.patience {
            return None;
        }
        self.current = self.current.saturating_mul(2).min(self.max);
        (self.successes, self.has_grown) = (0, true);
        Some(self.current)
    }

    /// Records a timeout. Returns the new size, or `None` if it can't be smaller.
    pub(crate) fn timed_out(&mut self) -> Option<u32> {
        if self.has_grown {
            self.patience = (self.patience * 2).min(MAX_PATIENCE);
        }
        (self.successes, self.has_grown) = (0, false);
        if self.current <= 1 {
            return None;
        }
        self.current /= 2;
        Some(self.current)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_page_size_halves_down_to_one() {
        let mut size = PageSize::new(100);
        let sizes: Vec<u32> = std::iter::from_fn(|| size.timed_out()).collect();
        assert_eq!(sizes, [50, 25, 12, 6, 3, 1]);
        assert_eq!(size.current(), 1);
    }

    #[test]
    fn the_page_size_grows_back_to_the_configured_limit() {
        let mut size = PageSize::new(100);
        assert_eq!(
            (size.succeeded(), size.timed_out(), size.timed_out()),
            (None, Some(50), Some(25))
        );
        let grown: Vec<(u32, u32)> =
            (1..=40).filter_map(|page| Some((page, size.succeeded()?))).collect();
        assert_eq!(grown, [(10, 50), (20, 100)]);
    }

    #[test]
    fn a_timeout_after_growth_doubles_the_wait_before_the_next_growth() {
        let mut size = PageSize::new(8);
        size.timed_out();
        for pages in [10, 20, 40, 80, 160, 320, 640, 640] {
            assert!((1..pages).all(|_| size.succeeded().is_none()));
            assert_eq!(size.succeeded(), Some(8), "{pages}");
            assert_eq!(size.timed_out(), Some(4));
        }
    }

    proptest! {
        #[test]
        fn the_size_stays_within_bounds(max in 1_u32..=100, successes in prop::collection::vec(any::<bool>(), 0..500)) {
            let mut size = PageSize::new(max);
            for success in successes {
                if success { size.succeeded() } else { size.timed_out() };
                prop_assert!((1..=max).contains(&size.current()));
            }
        }
    }
}
