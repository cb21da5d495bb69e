//! How long tests wait.

use std::time::Duration;

/// How long a test waits for something that takes a fraction of a second; after that it fails.
pub const TIMEOUT: Duration = Duration::from_mins(2);
