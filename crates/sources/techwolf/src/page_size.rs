//! How many jobs a page is asked for with.

/// After how many pages in a row a larger one is tried again, at first.
const PATIENCE: u32 = 10;
/// And at last, when larger pages keep timing out.
const MOST_PATIENCE: u32 = 640;

/// The number of jobs a page is asked for with: what the options say, less where pages time out.
///
/// A page that times out is asked for with half as many jobs, down to one. What worked is kept for some pages, then
/// doubled; each time that proves to have been too early, twice as many pages go by before the next attempt.
#[derive(Debug)]
pub(crate) struct PageSize {
    most: u32,
    now: u32,
    /// Pages in a row that came in time.
    in_time: u32,
    patience: u32,
    /// Whether this size was reached by growing.
    has_grown: bool,
}

impl PageSize {
    pub(crate) fn new(most: u32) -> Self {
        Self { most, now: most, in_time: 0, patience: PATIENCE, has_grown: false }
    }

    /// How many jobs the next page is asked for with.
    pub(crate) fn now(&self) -> u32 {
        self.now
    }

    /// Takes note of a page that came in time. The new size if it grows.
    pub(crate) fn came(&mut self) -> Option<u32> {
        if self.now == self.most {
            return None;
        }
        self.in_time += 1;
        if self.in_time < self.patience {
            return None;
        }
        self.now = self.now.saturating_mul(2).min(self.most);
        (self.in_time, self.has_grown) = (0, true);
        Some(self.now)
    }

    /// Takes note of a page that did not come in time. The new size, unless it can't be smaller.
    pub(crate) fn timed_out(&mut self) -> Option<u32> {
        if self.has_grown {
            self.patience = (self.patience * 2).min(MOST_PATIENCE);
        }
        (self.in_time, self.has_grown) = (0, false);
        if self.now <= 1 {
            return None;
        }
        self.now /= 2;
        Some(self.now)
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
        assert_eq!(size.now(), 1);
    }

    #[test]
    fn the_page_size_grows_back_to_the_configured_limit() {
        let mut size = PageSize::new(100);
        assert_eq!((size.came(), size.timed_out(), size.timed_out()), (None, Some(50), Some(25)));
        let grown: Vec<(u32, u32)> =
            (1..=40).filter_map(|page| Some((page, size.came()?))).collect();
        assert_eq!(grown, [(10, 50), (20, 100)]);
    }

    #[test]
    fn a_timeout_after_growth_doubles_the_wait_before_the_next_growth() {
        let mut size = PageSize::new(8);
        size.timed_out();
        for pages in [10, 20, 40, 80, 160, 320, 640, 640] {
            assert!((1..pages).all(|_| size.came().is_none()));
            assert_eq!(size.came(), Some(8), "{pages}");
            assert_eq!(size.timed_out(), Some(4));
        }
    }

    proptest! {
        #[test]
        fn the_page_size_stays_within_bounds(most in 1_u32..=100, in_time in prop::collection::vec(any::<bool>(), 0..500)) {
            let mut size = PageSize::new(most);
            for in_time in in_time {
                if in_time { size.came() } else { size.timed_out() };
                prop_assert!((1..=most).contains(&size.now()));
            }
        }
    }
}
