//! The time limit of tests.

use std::time::Duration;

/// The time after which a test that waits fails. Normally, the wait takes a fraction of a second.
pub const TIMEOUT: Duration = Duration::from_mins(2);
